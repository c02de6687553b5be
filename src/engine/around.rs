//! edges_around: every edge of an entity's ids, with its evidence, as far as somebody wants to look.

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::answer::{EdgeAround, EdgesAround, MoreEdges};
use crate::engine::dump::dump_edge;
use crate::engine::reading::{answerable_edge, evidence_of, restricted_free};
use crate::engine::resolve::answerable;
use crate::engine::retract::stands;
use crate::engine::walk::entity_members;
use crate::model::{EntityId, Id};
use crate::records::{NodeNo, PairKey, Sym};
use crate::store::Source;

/// The edges of the entity that holds an id. Of each member's edges that leave the entity no more than `most` for each
/// kind and scope at their other ends are looked at, the oldest ids first; the rest is counted.
pub(crate) fn edges_around(source: &impl Source, id: &Id, most: usize) -> EdgesAround {
    let mut found = EdgesAround::default();
    let Some(start) = answerable(source, id) else { return found };
    let members = entity_members(source, start);
    let mut keys = BTreeSet::new();
    for member in &members {
        let Some(node) = source.node(*member).filter(|node| restricted_free(node)) else { continue };
        let mut outside: BTreeMap<Sym, usize> = BTreeMap::new();
        for group in &node.groups {
            let outside = outside.entry(group.space).or_default();
            for other in source.links(*member, group) {
                let is_inside = members.binary_search(&other).is_ok();
                *outside += usize::from(!is_inside);
                if is_inside || *outside <= most {
                    keys.insert(PairKey::new(*member, other));
                }
            }
        }
        let more = |(space, outside): (Sym, usize)| {
            let ids = outside.saturating_sub(most) as u64;
            let space = source.text(space).parse().ok().filter(|_| ids > 0)?;
            Some(MoreEdges { id: node.id.clone(), space, ids })
        };
        found.more.extend(outside.into_iter().filter_map(more));
        found.bans.extend(bans_of(source, *member));
    }
    found.edges = keys.into_iter().flat_map(|key| edges_of(source, key)).collect();
    found.more.sort_unstable_by(|x, y| (&x.id, &x.space).cmp(&(&y.id, &y.space)));
    found.bans.sort_unstable();
    found.bans.dedup();
    found
}

/// The edges of a pair, if both its ends may be answered.
fn edges_of(source: &impl Source, key: PairKey) -> Vec<EdgeAround> {
    let Some(pair) = source.pair(key) else { return Vec::new() };
    let (Some(a), Some(b)) = (source.node(pair.a), source.node(pair.b)) else { return Vec::new() };
    if !restricted_free(a) || !restricted_free(b) {
        return Vec::new();
    }
    let around = |edge| {
        let dumped = answerable_edge(source, dump_edge(source, pair, edge)?);
        let evidence = evidence_of(source, edge, |evidence| stands(source, a, b, evidence));
        let in_order = if dumped.a == a.id { [a, b] } else { [b, a] };
        let entities = in_order.map(|node| EntityId(u64::from(node.entity)));
        Some(EdgeAround { edge: dumped, evidence, entities })
    };
    pair.edges.iter().filter_map(around).collect()
}

fn bans_of(source: &impl Source, number: NodeNo) -> Vec<(Id, Id)> {
    let Some(node) = source.node(number) else { return Vec::new() };
    let others = node.bans.iter().filter_map(|other| source.node(*other));
    let free = others.filter(|other| restricted_free(other));
    free.map(|other| (node.id.clone().min(other.id.clone()), node.id.clone().max(other.id.clone()))).collect()
}
