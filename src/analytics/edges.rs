//! What became of edges: accepted ones by strength, rejected ones by rule and scopes.

use std::collections::BTreeMap;

use hashbrown::HashMap;

use crate::analytics::pass::{Columns, counted_space};
use crate::model::{KindScope, Strength};
use crate::records::{Pair, Phase};
use crate::resolve::{Level, Reason, Status};

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
    /// Edges rejected as `cardinality`, by the space that would have held too many (3.7); group openids by app.
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
}

/// The counts.
#[derive(Default)]
pub(crate) struct EdgeCount {
    accepted: BTreeMap<Strength, u64>,
    accepted_persons: BTreeMap<Strength, u64>,
    /// By rule and columns, the smaller first.
    rejected: HashMap<(Reason, u32, u32), u64>,
    cardinality: BTreeMap<KindScope, u64>,
}

impl EdgeCount {
    /// Counts the edges of a pair between ids of two columns, which are asked for if they matter.
    pub(crate) fn pair<E>(
        &mut self,
        pair: &Pair,
        columns: impl FnOnce() -> Result<(u32, u32), E>,
    ) -> Result<(), E> {
        let told = || pair.edges.iter().filter(|edge| edge.state.phase != Phase::Silent);
        let is_rejected = |status: Status| status != Status::Accepted;
        let (x, y) = if told().any(|edge| is_rejected(edge.state.status)) { columns()? } else { (0, 0) };
        for edge in told() {
            let state = &edge.state;
            match (state.status, state.level) {
                (Status::Rejected(reason), _) => {
                    *self.rejected.entry((reason, x.min(y), x.max(y))).or_default() += 1;
                    if let (Reason::Cardinality, Some(conflict)) = (reason, &state.conflict) {
                        *self.cardinality.entry(counted_space(&conflict.space)).or_default() += 1;
                    }
                }
                (Status::Accepted, Level::Entity) => {
                    *self.accepted.entry(state.force.strength).or_default() += 1
                }
                (Status::Accepted, Level::Person) => {
                    *self.accepted_persons.entry(state.force.strength).or_default() += 1;
                }
            }
        }
        Ok(())
    }

    pub(crate) fn add(&mut self, other: EdgeCount) {
        let EdgeCount { accepted, accepted_persons, rejected, cardinality } = other;
        accepted.into_iter().for_each(|(key, count)| *self.accepted.entry(key).or_default() += count);
        for (key, count) in accepted_persons {
            *self.accepted_persons.entry(key).or_default() += count;
        }
        rejected.into_iter().for_each(|(key, count)| *self.rejected.entry(key).or_default() += count);
        cardinality.into_iter().for_each(|(key, count)| *self.cardinality.entry(key).or_default() += count);
    }

    pub(crate) fn finish(self, columns: &Columns) -> Edges {
        let mut rejected = BTreeMap::new();
        for ((reason, x, y), count) in self.rejected {
            // Columns are in the order of their spaces.
            if let (Some(x), Some(y)) = (columns.space(x as usize), columns.space(y as usize)) {
                rejected.insert(Rejected { reason, spaces: (x.clone(), y.clone()) }, count);
            }
        }
        let EdgeCount { accepted, accepted_persons, cardinality, .. } = self;
        Edges { accepted, accepted_persons, rejected, cardinality }
    }
}
