//! What a platform lists against what the graph holds open: what is new, and what is gone.

use std::collections::BTreeSet;

use crate::engine::Read;
use crate::error::Result;
use crate::graph::Graph;
use crate::model::{Direction, Fact, Id, Op, RelationKind, Time, When};

/// The difference between a list and the open relations of an id.
pub(super) struct Difference {
    /// Listed, but not open.
    pub(super) new: Vec<Id>,
    /// Open, but not listed.
    pub(super) gone: Vec<Id>,
}

/// Compares a list with the open relations of an id, of a kind and a direction.
pub(super) fn compare(
    graph: &Graph,
    (id, kind, direction): (&Id, &RelationKind, Direction),
    listed: BTreeSet<Id>,
) -> Result<Difference> {
    let (view, mut listed, mut gone) = (graph.view(), listed, Vec::new());
    for interval in view.neighbors(id, kind, direction, When::Open) {
        let interval = interval?;
        let other = if direction == Direction::Out { interval.to } else { interval.from };
        if !listed.remove(&other) {
            gone.push(other);
        }
    }
    Ok(Difference { new: listed.into_iter().collect(), gone })
}

/// The relation is no more.
pub(super) fn ended(kind: RelationKind, (from, to): (Id, Id), source: &str, at: Time) -> Fact {
    Fact { at, batch: None, op: Op::Unrelate { kind, from, to, source: source.to_owned() } }
}
