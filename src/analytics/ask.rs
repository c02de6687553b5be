//! What is measured, and how: the measures that are wanted, the moment they are about, threads, lengths of lists.

use std::collections::BTreeSet;
use std::fmt;
use std::num::NonZeroUsize;

use crate::model::Time;

/// Entries of a list of named findings, unless said otherwise.
const LISTED: usize = 100;
/// From so many ids on an entity is looked at as one that may be several, unless said otherwise.
const CROWDED_IDS: usize = 32;

/// A measure. What exactly it counts stands at the type of its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Measure {
    /// [`Coverage`](crate::analytics::Coverage)
    Coverage,
    /// [`Scopes`](crate::analytics::Scopes)
    Reach,
    /// [`Funnel`](crate::analytics::Funnel)
    Funnel,
    /// [`Growth`](crate::analytics::Growth)
    Growth,
    /// [`Sizes`](crate::analytics::Sizes)
    Sizes,
    /// [`Degrees`](crate::analytics::Degrees)
    Degrees,
    /// [`Edges`](crate::analytics::Edges)
    Edges,
    /// [`Hubs`](crate::analytics::Hubs)
    Hubs,
    /// [`WeakJoints`](crate::analytics::WeakJoints)
    WeakJoints,
    /// [`Suspects`](crate::analytics::Suspects)
    Suspects,
    /// [`Began`](crate::analytics::Began): contacts of employees
    Contacts,
    /// [`Began`](crate::analytics::Began): followers of apps
    Followers,
}

impl Measure {
    /// Every measure.
    pub const ALL: [Measure; 12] = [
        Measure::Coverage,
        Measure::Reach,
        Measure::Funnel,
        Measure::Growth,
        Measure::Sizes,
        Measure::Degrees,
        Measure::Edges,
        Measure::Hubs,
        Measure::WeakJoints,
        Measure::Suspects,
        Measure::Contacts,
        Measure::Followers,
    ];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Measure::Coverage => "coverage",
            Measure::Reach => "reach",
            Measure::Funnel => "funnel",
            Measure::Growth => "growth",
            Measure::Sizes => "sizes",
            Measure::Degrees => "degrees",
            Measure::Edges => "edges",
            Measure::Hubs => "hubs",
            Measure::WeakJoints => "weak-joints",
            Measure::Suspects => "suspects",
            Measure::Contacts => "contacts",
            Measure::Followers => "followers",
        }
    }

    /// The measure of a name.
    ///
    /// ```
    /// use idweave::analytics::Measure;
    /// assert!(Measure::ALL.iter().all(|measure| Measure::parse(measure.name()) == Some(*measure)));
    /// ```
    pub fn parse(name: &str) -> Option<Measure> {
        Measure::ALL.into_iter().find(|measure| measure.name() == name)
    }
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What to measure. Begin with [`Measuring::at`].
///
/// ```
/// use idweave::analytics::{Analyze, Measure, Measuring};
/// use idweave::{Graph, Time};
/// let graph = Graph::options().in_memory()?;
/// let wanted = Measuring::at(Time::from_ms(1_735_689_600_000)).only(&[Measure::Coverage]);
/// let analysis = graph.view().analyze(&wanted)?;
/// assert_eq!(analysis.coverage.map(|coverage| coverage.spaces.len()), Some(0));
/// assert!(analysis.growth.is_none());
/// # Ok::<(), idweave::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Measuring {
    pub(crate) measures: BTreeSet<Measure>,
    pub(crate) now: Time,
    pub(crate) threads: NonZeroUsize,
    pub(crate) listed: usize,
    pub(crate) crowded_ids: usize,
    pub(crate) began_from: Time,
    pub(crate) began_to: Time,
}

impl Measuring {
    /// Every measure, at the moment `now` (pending ids and bindings of apps are looked at as they are then), in one thread.
    pub fn at(now: Time) -> Measuring {
        Measuring {
            measures: Measure::ALL.into_iter().collect(),
            now,
            threads: NonZeroUsize::MIN,
            listed: LISTED,
            crowded_ids: CROWDED_IDS,
            began_from: Time::MIN,
            began_to: Time::MAX,
        }
    }

    /// These measures and no others: what none of them needs is not read.
    #[must_use]
    pub fn only(mut self, measures: &[Measure]) -> Measuring {
        self.measures = measures.iter().copied().collect();
        self
    }

    /// In so many threads, the caller's among them. They end before the answer is given; answers are the same for any number.
    #[must_use]
    pub fn threads(mut self, threads: NonZeroUsize) -> Measuring {
        self.threads = threads;
        self
    }

    /// At most so many entries in each list of named findings (default 100); how many there are is counted beside it.
    #[must_use]
    pub fn listed(mut self, most: usize) -> Measuring {
        self.listed = most;
        self
    }

    /// From so many ids on an entity is [`OverRule::Crowded`](crate::analytics::OverRule) where one bridge holds it together
    /// (default 32).
    #[must_use]
    pub fn crowded_ids(mut self, ids: usize) -> Measuring {
        self.crowded_ids = ids;
        self
    }

    /// [`Began`](crate::analytics::Began), contacts and followers, of the time from `from` on and before `to` (default: all).
    #[must_use]
    pub fn began_between(mut self, from: Time, to: Time) -> Measuring {
        (self.began_from, self.began_to) = (from, to);
        self
    }

    /// Whether a measure is wanted.
    pub fn wants(&self, measure: Measure) -> bool {
        self.measures.contains(&measure)
    }
}
