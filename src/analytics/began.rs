//! Relations that began: new contacts of employees and new followers of apps, by which way and channel they came.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::ops::Range;

use hashbrown::HashMap;

use crate::analytics::day::ChinaDay;
use crate::analytics::pass::Shared;
use crate::analytics::ranked::Ranked;
use crate::engine::counting;
use crate::error::Result;
use crate::model::{Id, Time};
use crate::records::{NodeNo, Relation, RelationKey};
use crate::resolve::{RelationEvent, attributes};
use crate::store::{Lens, Source, State};

/// Relations of a kind that began in the time asked about: where new contacts and new followers came from.
///
/// # Definition
/// What is counted is an interval of a relation (3.9) that begins in that time, under its owner, under the day in China it
/// began, and under the way and the channel that are known of it at its end, or now if it is open.
///
/// | measure | relation | owner | way | channel |
/// |---|---|---|---|---|
/// | [`Contacts`](crate::analytics::Measure::Contacts) | `follows` | the employee | `add_way` | `state` |
/// | [`Followers`](crate::analytics::Measure::Followers) | `subscribes` | the app | `scene` | `qr_scene_str` |
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Began {
    /// All of them.
    pub total: BeganCount,
    /// By day.
    pub days: BTreeMap<ChinaDay, BeganCount>,
    /// By way: the platform's word for how it came about; `None` where it is not known.
    pub ways: BTreeMap<Option<String>, BeganCount>,
    /// Channels there are, `None` among them if some have none.
    pub channel_count: u64,
    /// By channel, the company's own word: those with the most, then in order of their text, `None` first.
    pub channels: Vec<(Option<String>, BeganCount)>,
    /// Owners that have any.
    pub owner_count: u64,
    /// Owners with the most, then in order of their ids.
    pub owners: Vec<OwnerBegan>,
}

/// Intervals that began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, PartialOrd, Ord)]
pub struct BeganCount {
    /// All of them.
    pub began: u64,
    /// Of those, the first between those two.
    pub first: u64,
    /// Of those that began, that are still open.
    pub open: u64,
}

/// What began at one owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnerBegan {
    /// The employee, or the app.
    pub id: Id,
    /// How many.
    pub count: BeganCount,
}

impl BeganCount {
    pub(crate) fn add(&mut self, other: BeganCount) {
        self.began += other.began;
        self.first += other.first;
        self.open += other.open;
    }
}

/// The counts.
pub(crate) struct BeganCounts {
    /// The attribute that says the way, and that of the channel.
    attrs: [&'static str; 2],
    total: BeganCount,
    days: BTreeMap<ChinaDay, BeganCount>,
    ways: BTreeMap<Option<String>, BeganCount>,
    channels: BTreeMap<Option<String>, BeganCount>,
    owners: HashMap<NodeNo, BeganCount>,
}

impl BeganCounts {
    /// Of contacts.
    pub(crate) fn of_contacts() -> BeganCounts {
        BeganCounts::new(["add_way", "state"])
    }

    /// Of followers.
    pub(crate) fn of_followers() -> BeganCounts {
        BeganCounts::new(["scene", "qr_scene_str"])
    }

    fn new(attrs: [&'static str; 2]) -> BeganCounts {
        BeganCounts {
            attrs,
            total: BeganCount::default(),
            days: BTreeMap::new(),
            ways: BTreeMap::new(),
            channels: BTreeMap::new(),
            owners: HashMap::new(),
        }
    }

    /// Counts the intervals of a relation that begin in the time asked about.
    pub(crate) fn relation(
        &mut self,
        owner: NodeNo,
        events: &[RelationEvent<'_>],
        intervals: &[(Time, Option<Time>)],
        asked: Range<Time>,
    ) {
        for (place, (since, until)) in intervals.iter().enumerate() {
            if *since < asked.start || *since >= asked.end {
                continue;
            }
            let count =
                BeganCount { began: 1, first: u64::from(place == 0), open: u64::from(until.is_none()) };
            let mut attrs = attributes(events, until.unwrap_or(Time::MAX));
            let [way, channel] = self.attrs.map(|name| attrs.remove(name));
            self.total.add(count);
            self.days.entry(ChinaDay::of(*since)).or_default().add(count);
            self.ways.entry(way).or_default().add(count);
            self.channels.entry(channel).or_default().add(count);
            self.owners.entry(owner).or_default().add(count);
        }
    }

    pub(crate) fn add(&mut self, other: BeganCounts) {
        self.total.add(other.total);
        other.days.into_iter().for_each(|(key, count)| self.days.entry(key).or_default().add(count));
        other.ways.into_iter().for_each(|(key, count)| self.ways.entry(key).or_default().add(count));
        other.channels.into_iter().for_each(|(key, count)| self.channels.entry(key).or_default().add(count));
        other.owners.into_iter().for_each(|(key, count)| self.owners.entry(key).or_default().add(count));
    }

    pub(crate) fn finish(self, shared: &Shared<'_>) -> Result<Began> {
        let BeganCounts { total, days, ways, channels, owners, .. } = self;
        let (channel_count, owner_count) = (channels.len() as u64, owners.len() as u64);
        let mut most = Ranked::of(shared.wanted.listed);
        channels.into_iter().for_each(|(channel, count)| most.show((Reverse(count.began), channel, count)));
        let channels = most.into_sorted().into_iter().map(|(_, channel, count)| (channel, count)).collect();
        let mut most = Ranked::of(shared.wanted.listed);
        for (number, count) in owners {
            let id = Lens::on(shared.state).answer(|lens| {
                let node = lens.node(number).filter(|node| !node.restricted)?;
                Some(node.id.clone())
            })?;
            id.into_iter().for_each(|id| most.show((Reverse(count.began), id, count)));
        }
        let owners = most.into_sorted().into_iter();
        let owners = owners.map(|(_, id, count)| OwnerBegan { id, count }).collect();
        Ok(Began { total, days, ways, channel_count, channels, owner_count, owners })
    }
}

/// The facts of a relation that count, as 3.9 takes them.
pub(crate) fn counting_events<'r>(
    state: &State,
    key: RelationKey,
    relation: &'r Relation,
    none: &'r BTreeMap<String, String>,
) -> Result<Vec<RelationEvent<'r>>> {
    let spaces = if state.source_retractions.is_empty() {
        [None, None]
    } else {
        [state.brief(key.from)?, state.brief(key.to)?].map(|brief| brief.map(|brief| brief.space))
    };
    let spaces: Vec<&str> = spaces.into_iter().flatten().map(|space| state.text(space)).collect();
    Ok(counting(&Lens::on(state), relation, &spaces, none))
}
