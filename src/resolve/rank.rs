//! 3.3 Rank: the order in which edges are looked at, strongest and oldest first, ties broken by text.

use std::cmp::Ordering;

use crate::model::{Id, Strength, Time};

/// What an edge is ranked by. `old` is the superseded end of a supersede edge.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ranked<'a> {
    pub(crate) x: &'a Id,
    pub(crate) y: &'a Id,
    pub(crate) old: Option<&'a Id>,
    pub(crate) strength: Strength,
    pub(crate) since: Time,
}

/// Orders edges by rank: the first is looked at first.
pub(crate) fn by_rank(left: &Ranked<'_>, right: &Ranked<'_>) -> Ordering {
    right
        .strength
        .cmp(&left.strength)
        .then(left.since.cmp(&right.since))
        .then_with(|| joined(left).cmp(joined(right)))
        .then_with(|| left.old.cmp(&right.old))
}

/// The bytes of `text(x) + "|" + text(y)` with x < y.
fn joined<'a>(edge: &Ranked<'a>) -> impl Iterator<Item = u8> + use<'a> {
    let (low, high) = if edge.x < edge.y { (edge.x, edge.y) } else { (edge.y, edge.x) };
    low.as_str().bytes().chain(std::iter::once(b'|')).chain(high.as_str().bytes())
}
