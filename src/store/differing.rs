//! What two states, of which one came out of the other, say differently of identities.
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

/// Edges in conflict with what is known.
type Conflicts = Vec<(Direct, Reason)>;

/// Of what is otherwise now: what was there before, and what is.
#[derive(Debug, Default)]
pub(crate) struct Differing {
    /// `None` = there is no id of that number.
    pub(crate) nodes: BTreeMap<NodeNo, (Option<Identity>, Option<Identity>)>,
    /// The edges in conflict among those of a pair.
    pub(crate) conflicts: BTreeMap<PairKey, (Conflicts, Conflicts)>,
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
            // What only the one before has touched is as it is below.
            let is = match is {
                Some((_, slot)) => Identity::at(Some(slot)),
                None => Identity::at(now.slot_below_delta(*number)),
            };
            if was != is {
                nodes.push((*number, (was, is)));
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
            let is = match is {
                Some((_, pair)) => conflicts_in(pair.as_deref()),
                None => conflicts_in(now.pair_below_delta(*key)),
            };
            if was != is {
                conflicts.push((*key, (was, is)));
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
        // In order: neighbours lie in one record.
        let mut nodes: Vec<(NodeNo, Option<Identity>)> =
            delta.nodes.values().map(|(number, slot)| (*number, Identity::at(Some(slot)))).collect();
        nodes.sort_unstable_by_key(|(number, _)| *number);
        for (number, is) in nodes {
            if before.ask(|before| Identity::at(before.slot(number)))? != is {
                self.nodes.push(number);
            }
        }
        let mut pairs: Vec<(PairKey, Conflicts)> =
            delta.pairs.values().map(|(key, pair)| (*key, conflicts_in(pair.as_deref()))).collect();
        pairs.sort_unstable_by_key(|(key, _)| *key);
        for (key, is) in pairs {
            if before.ask(|before| conflicts_in(before.pair(key)))? != is {
                self.pairs.push(key);
            }
        }
        Ok(())
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
            let was = before.ask(|before| Identity::at(before.slot(number)))?;
            let is = now.ask(|now| Identity::at(now.slot(number)))?;
            if was != is {
                differing.nodes.insert(number, (was, is));
            }
        }
        for key in self.pairs {
            let was = before.ask(|before| conflicts_in(before.pair(key)))?;
            let is = now.ask(|now| conflicts_in(now.pair(key)))?;
            if was != is {
                differing.conflicts.insert(key, (was, is));
            }
        }
        Ok(differing)
    }
}

fn conflicts_in(pair: Option<&Pair>) -> Conflicts {
    pair.map_or_else(Vec::new, conflicts_of)
}

/// The edges of a pair that are in conflict with what is known.
fn conflicts_of(pair: &Pair) -> Conflicts {
    let reasons = pair.edges.iter().filter(|edge| !edge.evidence.is_empty());
    let reasons = reasons.filter_map(|edge| Some((edge.direct, edge.state.conflict_reason()?)));
    reasons.collect()
}
