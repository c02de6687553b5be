//! Walking what is kept: the live pairs of an id and the members of an entity, on any source.

use std::collections::BTreeSet;

use crate::resolve::{Level, Status};
use crate::store::{Edge, NodeNo, Pair, PairNo, Phase, Source};

/// The live pairs of a node and their other ends. Hubs' groups are not looked into.
pub(crate) fn live_pairs(source: &impl Source, number: NodeNo) -> Vec<(NodeNo, PairNo)> {
    let Some(node) = source.node(number) else { return Vec::new() };
    let limit = source.rules().hub_limit;
    let small = node.groups.iter().filter(|g| g.candidate && (g.passing || g.links.len() <= limit));
    let pairs = small.flat_map(|group| group.links.iter());
    pairs.filter(|(_, pair)| source.pair(*pair).is_some_and(|pair| pair.live)).collect()
}

/// Whether an edge was accepted by 3.7.
pub(crate) fn binds(edge: &Edge) -> bool {
    edge.state.phase == Phase::Candidate
        && edge.state.status == Status::Accepted
        && edge.state.level == Level::Entity
}

/// Whether a pair holds an edge that 3.7 accepted.
pub(crate) fn is_bond(pair: &Pair) -> bool {
    pair.live && pair.edges.iter().any(binds)
}

/// The members of the entity that holds `start`, in order of their numbers; empty if there is none.
pub(crate) fn entity_members(source: &impl Source, start: NodeNo) -> Vec<NodeNo> {
    if source.node(start).is_none() {
        return Vec::new();
    }
    let mut members = BTreeSet::from([start]);
    let mut stack = vec![start];
    while let Some(node) = stack.pop() {
        for (other, pair) in live_pairs(source, node) {
            if source.pair(pair).is_some_and(|pair| is_bond(&pair)) && members.insert(other) {
                stack.push(other);
            }
        }
    }
    members.into_iter().collect()
}

/// Every pair of a node and its other end: live ones, hubs' stars, hints and rejected ones.
pub(crate) fn all_pairs(source: &impl Source, number: NodeNo) -> Vec<(NodeNo, PairNo)> {
    let node = source.node(number);
    node.map_or_else(Vec::new, |node| node.groups.iter().flat_map(|group| group.links.iter()).collect())
}
