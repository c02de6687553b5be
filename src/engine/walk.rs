//! Walking what is kept: the live pairs of an id and the members of an entity, on any source.

use crate::records::{Edge, Group, Node, NodeNo, Pair, PairKey, Phase};
use crate::resolve::{Level, Status};
use crate::store::Source;

/// The live pairs of a node and their other ends. Hubs' groups are not looked into.
pub(crate) fn live_pairs(source: &impl Source, number: NodeNo) -> Vec<(NodeNo, PairKey)> {
    let Some(node) = source.node(number) else { return Vec::new() };
    let live = live_pairs_within(source, number, node, source.rules().hub_limit);
    live.map(|(other, _)| (other, PairKey::new(number, other))).collect()
}

/// The same of a node at hand, where groups longer than a limit hold none.
pub(crate) fn live_pairs_within<'s>(
    source: &'s impl Source,
    number: NodeNo,
    node: &'s Node,
    limit: usize,
) -> impl Iterator<Item = (NodeNo, &'s Pair)> {
    let small = move |group: &&Group| group.candidate && (group.passing || group.links.len() <= limit);
    let others = node.groups.iter().filter(small).flat_map(move |group| source.links(number, group));
    let pairs = others.filter_map(move |other| Some((other, source.pair(PairKey::new(number, other))?)));
    pairs.filter(|(_, pair)| pair.live)
}

/// Whether an edge was accepted by 3.7.
pub(crate) fn binds(edge: &Edge) -> bool {
    edge.state.phase == Phase::Candidate
        && edge.state.status == Status::Accepted
        && edge.state.level == Level::Entity
}

/// The members of the entity that holds `start`, in order of their numbers; empty if there is none.
pub(crate) fn entity_members(source: &impl Source, start: NodeNo) -> Vec<NodeNo> {
    let Some(root) = source.node(start).map(|node| node.entity) else { return Vec::new() };
    let members = source.node(root).and_then(|node| node.members.clone());
    members.map_or_else(|| vec![root], |members| members.iter().map(|member| member.number).collect())
}

/// The pairs of a node that can join or conflict: live ones and hints. A hub's star is not among them.
pub(crate) fn close_pairs(source: &impl Source, number: NodeNo) -> Vec<(NodeNo, PairKey)> {
    let mut pairs = live_pairs(source, number);
    let hinting = source.node(number).filter(|node| !node.hint_hub);
    let hinted = hinting.iter().flat_map(|node| source.hints(number, node));
    pairs.extend(hinted.map(|other| (other, PairKey::new(number, other))));
    pairs.sort_unstable();
    pairs.dedup();
    pairs
}

/// The pairs that a node is the smaller end of, in order.
pub(crate) fn pairs_from(source: &impl Source, number: NodeNo) -> Vec<PairKey> {
    let all = all_pairs(source, number).into_iter().map(|(_, pair)| pair);
    let mut own: Vec<PairKey> = all.filter(|pair| pair.a == number).collect();
    own.sort_unstable();
    own
}

/// Every pair of a node and its other end: live ones, hubs' stars, hints and rejected ones.
pub(crate) fn all_pairs(source: &impl Source, number: NodeNo) -> Vec<(NodeNo, PairKey)> {
    let groups = source.node(number).map_or(&[][..], |node| &node.groups);
    let others = groups.iter().flat_map(|group| source.links(number, group));
    others.map(|other| (other, PairKey::new(number, other))).collect()
}
