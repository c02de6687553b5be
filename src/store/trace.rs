//! What records said of identities before a change touched them, noted while somebody wants to know the difference.
//!
//! # Invariants
//!   T1 every node and every pair that a draft changed since the trace began is in it, as it was before the first change.

use std::collections::BTreeMap;

use crate::records::{Direct, Node, NodeNo, Pair, PairKey, Slot};
use crate::resolve::Reason;

/// The identity of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) entity: NodeNo,
    /// Of a node that carries its entity's number.
    pub(crate) person: NodeNo,
    pub(crate) superseded: bool,
}

impl Identity {
    /// That of a node.
    pub(crate) fn of(node: &Node) -> Identity {
        Identity { entity: node.entity, person: node.person, superseded: node.superseded }
    }
}

/// What was there before.
#[derive(Debug, Default)]
pub(crate) struct Trace {
    /// `None` = there was no id of that number.
    pub(crate) nodes: BTreeMap<NodeNo, Option<Identity>>,
    /// The edges in conflict among those of a pair.
    pub(crate) conflicts: BTreeMap<PairKey, Vec<(Direct, Reason)>>,
}

impl Trace {
    /// Notes what stands at a number, unless that is noted.
    pub(in crate::store) fn node(&mut self, number: NodeNo, slot: Option<&Slot>) {
        self.nodes.entry(number).or_insert_with(|| match slot {
            Some(Slot::Live(node)) => Some(Identity::of(node)),
            _ => None,
        });
    }

    /// Notes a pair, unless that is noted.
    pub(in crate::store) fn pair(&mut self, key: PairKey, pair: Option<&Pair>) {
        self.conflicts.entry(key).or_insert_with(|| pair.map_or_else(Vec::new, conflicts_of));
    }
}

/// The edges of a pair that are in conflict with what is known.
pub(crate) fn conflicts_of(pair: &Pair) -> Vec<(Direct, Reason)> {
    let reasons = pair.edges.iter().filter(|edge| !edge.evidence.is_empty());
    let reasons = reasons.filter_map(|edge| Some((edge.direct, edge.state.conflict_reason()?)));
    reasons.collect()
}
