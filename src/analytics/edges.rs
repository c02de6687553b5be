//! What became of edges: accepted ones by strength, rejected ones by rule and scopes.

use std::collections::BTreeMap;

use crate::model::{KindScope, Strength};
use crate::resolve::{Level, Reason};

/// Edges by what became of them. Each edge of [`Read::edges`](crate::Read::edges) is counted once; those whose evidence is all
/// retracted are in neither.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Edges {
    /// Accepted edges, inside entities.
    pub accepted: BTreeMap<Strength, u64>,
    /// Accepted edges between the entities of persons.
    pub accepted_persons: BTreeMap<Strength, u64>,
    /// Rejected edges, by rule and the spaces of their ends. Those whose rule [`Reason::is_conflict`] are conflicts.
    pub rejected: BTreeMap<Rejected, u64>,
    /// Edges rejected as `cardinality`, by the space that would have held too many (3.7).
    pub cardinality: BTreeMap<KindScope, u64>,
}

/// Why edges were rejected, and between what.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rejected {
    /// The rule.
    pub reason: Reason,
    /// The spaces of the two ends, the smaller first; group openids by app.
    pub spaces: (KindScope, KindScope),
}

impl Edges {
    /// Rejected edges by rule alone.
    pub fn by_reason(&self) -> BTreeMap<Reason, u64> {
        let mut reasons = BTreeMap::new();
        for (rejected, count) in &self.rejected {
            *reasons.entry(rejected.reason).or_default() += count;
        }
        reasons
    }

    /// Edges in conflict with what is known, as [`Read::conflicts`](crate::Read::conflicts) lists them, those of restricted ids
    /// too.
    pub fn conflicts(&self) -> u64 {
        self.by_reason().iter().filter(|(reason, _)| reason.is_conflict()).map(|(_, count)| count).sum()
    }

    pub(crate) fn accepted_at(&mut self, level: Level) -> &mut BTreeMap<Strength, u64> {
        match level {
            Level::Entity => &mut self.accepted,
            Level::Person => &mut self.accepted_persons,
        }
    }
}
