//! What the oracle answers: plain ordered values, so that two answers compare with `==`.

use std::collections::BTreeSet;

use idweave::Time;

/// Strength of an evidence or an edge, weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Power {
    Hint,
    Provisional,
    Business,
    Confirmed,
    Platform,
    Asserted,
}

impl Power {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Power::Hint => "hint",
            Power::Provisional => "provisional",
            Power::Business => "business",
            Power::Confirmed => "confirmed",
            Power::Platform => "platform",
            Power::Asserted => "asserted",
        }
    }

    pub(crate) fn of_name(name: &str) -> Option<Power> {
        [Power::Hint, Power::Provisional, Power::Business, Power::Platform, Power::Asserted]
            .into_iter()
            .find(|power| power.name() == name)
    }
}

/// One entity.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Entity {
    pub(crate) ids: BTreeSet<String>,
    pub(crate) superseded: BTreeSet<String>,
    pub(crate) class: &'static str,
}

/// One edge and how it ended.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Edge {
    /// The smaller end of a `same` edge, the old one of a `supersede`.
    pub(crate) a: String,
    pub(crate) b: String,
    /// `same` or `supersede`.
    pub(crate) kind: &'static str,
    pub(crate) strength: &'static str,
    /// `accepted` or `rejected`.
    pub(crate) status: &'static str,
    pub(crate) reason: Option<&'static str>,
    /// `entity` or `person`.
    pub(crate) level: &'static str,
    /// Distinct unretracted evidences.
    pub(crate) evidence: usize,
}

/// The whole answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) entities: BTreeSet<Entity>,
    /// Each person as the set of its entities, each as the set of its ids.
    pub(crate) persons: BTreeSet<BTreeSet<BTreeSet<String>>>,
    pub(crate) edges: BTreeSet<Edge>,
    /// For each edge rejected as `cardinality` by 3.7: (a, b, kind), the (kind, scope), the ids of it.
    pub(crate) cardinality: BTreeSet<(String, String, &'static str, String, Vec<String>)>,
}

/// An interval of a relation; without an end it is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Interval {
    pub(crate) from: Time,
    pub(crate) to: Option<Time>,
}

/// A recorded negative answer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Absence {
    pub(crate) id: String,
    pub(crate) target: String,
    pub(crate) source: String,
    pub(crate) at: Time,
}
