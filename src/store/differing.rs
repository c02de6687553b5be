//! What two states, of which one came out of the other, say differently of identities: before, that is, for what is now is
//! asked of the later state.
//!
//! Nothing is noted while a state changes: tables share what did not, and only what they do not share is looked at.
//!
//! # Invariants
//!   T1 every node and every pair whose identities or conflicts differ is found, and no other.

use std::collections::BTreeMap;

use crate::error::Result;
use crate::records::{Direct, Node, NodeNo, Pair, PairKey, Slot};
use crate::resolve::Reason;
use crate::store::delta::Delta;
use crate::store::draft::Draft;
use crate::store::lens::Lens;
use crate::store::source::Source;
use crate::store::state::State;

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

    fn at(slot: Option<&Slot>) -> Option<Identity> {
        match slot {
            Some(Slot::Live(node)) => Some(Identity::of(node)),
            Some(Slot::Gone(_)) | None => None,
        }
    }
}

/// What was there before, of what is otherwise now.
#[derive(Debug, Default)]
pub(crate) struct Differing {
    /// `None` = there was no id of that number.
    pub(crate) nodes: BTreeMap<NodeNo, Option<Identity>>,
    /// The edges in conflict among those of a pair.
    pub(crate) conflicts: BTreeMap<PairKey, Vec<(Direct, Reason)>>,
}

impl Differing {
    /// Compares a state with what became of it. Both have the same layers below their deltas.
    pub(crate) fn between(before: &State, now: &Draft) -> Differing {
        let mut nodes = Vec::new();
        now.delta.nodes.differences(&before.delta.nodes, &mut |was, is| {
            let Some((number, _)) = is.or(was) else { return };
            let was = match was {
                Some((_, slot)) => Identity::at(Some(slot)),
                None if *number >= before.number_count => None,
                None => Identity::at(now.slot_below_delta(*number)),
            };
            if was != Identity::at(is.map(|(_, slot)| slot)) {
                nodes.push((*number, was));
            }
        });
        let mut conflicts = Vec::new();
        now.delta.pairs.differences(&before.delta.pairs, &mut |was, is| {
            let Some((key, _)) = is.or(was) else { return };
            let was = match was {
                Some((_, pair)) => pair.as_deref(),
                None if key.b >= before.number_count => None,
                None => now.pair_below_delta(*key),
            };
            let was = conflicts_in(was);
            if was != conflicts_in(is.and_then(|(_, pair)| pair.as_deref())) {
                conflicts.push((*key, was));
            }
        });
        Differing { nodes: nodes.into_iter().collect(), conflicts: conflicts.into_iter().collect() }
    }
}

/// Where two states may differ that do not share their layers: of what a change wrote out, what differs from the state it
/// began with.
#[derive(Default)]
pub(crate) struct Candidates {
    nodes: Vec<NodeNo>,
    pairs: Vec<PairKey>,
}

impl Candidates {
    /// Notes what of a delta differs from a state.
    pub(crate) fn note(&mut self, before: &State, delta: &Delta) -> Result<()> {
        let mut before = Lens::on(before);
        for (number, slot) in delta.nodes.values() {
            if Identity::at(before.slot(*number)) != Identity::at(Some(slot)) {
                self.nodes.push(*number);
            }
            before.shed();
        }
        for (key, pair) in delta.pairs.values() {
            if conflicts_in(before.pair(*key)) != conflicts_in(pair.as_deref()) {
                self.pairs.push(*key);
            }
            before.shed();
        }
        before.take_fault().map_or(Ok(()), Err)
    }

    /// What two states say differently: at the candidates, and wherever either has something in memory.
    pub(crate) fn differing(mut self, before: &State, now: &mut Draft) -> Result<Differing> {
        for delta in [&before.delta, &now.delta] {
            self.nodes.extend(delta.nodes.values().map(|(number, _)| *number));
            self.pairs.extend(delta.pairs.values().map(|(key, _)| *key));
        }
        self.nodes.sort_unstable();
        self.nodes.dedup();
        self.pairs.sort_unstable();
        self.pairs.dedup();
        let mut before = Lens::on(before);
        let mut differing = Differing::default();
        for number in self.nodes {
            let was = Identity::at(before.slot(number));
            if was != Identity::at(now.slot(number)) {
                differing.nodes.insert(number, was);
            }
            before.shed();
            now.shed();
        }
        for key in self.pairs {
            let was = conflicts_in(before.pair(key));
            if was != conflicts_in(now.pair(key)) {
                differing.conflicts.insert(key, was);
            }
            before.shed();
            now.shed();
        }
        before.take_fault().or(now.take_fault()).map_or(Ok(differing), Err)
    }
}

fn conflicts_in(pair: Option<&Pair>) -> Vec<(Direct, Reason)> {
    pair.map_or_else(Vec::new, conflicts_of)
}

/// The edges of a pair that are in conflict with what is known.
pub(crate) fn conflicts_of(pair: &Pair) -> Vec<(Direct, Reason)> {
    let reasons = pair.edges.iter().filter(|edge| !edge.evidence.is_empty());
    let reasons = reasons.filter_map(|edge| Some((edge.direct, edge.state.conflict_reason()?)));
    reasons.collect()
}
