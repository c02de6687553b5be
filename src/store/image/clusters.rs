//! Which nodes are written again, and which of them side by side.

use std::collections::BTreeSet;

use crate::error::Result;
use crate::records::{NodeNo, PairKey, Slot};
use crate::store::lens::Lens;
use crate::store::source::Source;
use crate::store::state::State;

/// Nodes of a record, unless one entity has more.
const CLUSTER_MAX: usize = 64;
/// A longer list says nothing of what belongs side by side.
const CLOSE_LIST_MAX: usize = 64;

/// The nodes to be written.
pub(super) struct Clusters {
    /// In order of their first members; each in order.
    pub(super) all: Vec<Vec<NodeNo>>,
    /// Every node with the place of its cluster in `all`, in order.
    places: Vec<(NodeNo, u32)>,
    /// Pairs that lay inside a record that is replaced.
    pub(super) were_near: BTreeSet<PairKey>,
}

impl Clusters {
    /// Whether two nodes are written side by side.
    pub(super) fn are_near(&self, key: PairKey) -> bool {
        let place = |number| {
            let at = self.places.binary_search_by_key(&number, |(known, _)| *known).ok()?;
            self.places.get(at).map(|(_, place)| *place)
        };
        place(key.a).is_some_and(|of_a| place(key.b) == Some(of_a))
    }
}

/// Finds what a state's delta makes to be written again (M1).
pub(super) fn clusters_of(state: &State) -> Result<Clusters> {
    let mut wanted: Vec<NodeNo> = state.delta.nodes.values().map(|(number, _)| *number).collect();
    wanted.extend(state.delta.pairs.values().flat_map(|(key, _)| [key.a, key.b]));
    wanted.sort_unstable();
    wanted.dedup();
    let mut nodes: Vec<NodeNo> = Vec::with_capacity(wanted.len());
    let mut were_near = BTreeSet::new();
    let mut replaced: BTreeSet<NodeNo> = BTreeSet::new();
    let is_base = state.layers.is_empty();
    for number in wanted {
        let lens = Lens::on(state);
        lens.answer(|lens| {
            if lens.node(number).is_some() {
                nodes.push(number);
            }
            if is_base || replaced.contains(&number) {
                return;
            }
            let Some(family) = lens.family_below(number) else { return };
            for (member, _) in &family.nodes {
                replaced.insert(*member);
                if lens.node(*member).is_some() {
                    nodes.push(*member);
                }
            }
            were_near.extend(family.pairs.iter().map(|pair| pair.key()));
        })?;
    }
    nodes.sort_unstable();
    nodes.dedup();
    let all = cluster(state, &nodes)?;
    let of_cluster = |(cluster, place): (&Vec<NodeNo>, u32)| {
        cluster.iter().map(move |number| (*number, place)).collect::<Vec<_>>()
    };
    let mut places: Vec<(NodeNo, u32)> = all.iter().zip(0..).flat_map(of_cluster).collect();
    places.sort_unstable();
    Ok(Clusters { all, places, were_near })
}

/// Finds the root of a place, shortening the way.
fn root(parents: &mut [usize], mut place: usize) -> usize {
    while let Some(parent) = parents.get(place).copied().filter(|parent| *parent != place) {
        let above = parents.get(parent).copied().unwrap_or(parent);
        if let Some(own) = parents.get_mut(place) {
            *own = above;
        }
        place = above;
    }
    place
}

fn unite(parents: &mut [usize], x: usize, y: usize) {
    let (x, y) = (root(parents, x), root(parents, y));
    if let Some(parent) = parents.get_mut(x.max(y)) {
        *parent = x.min(y);
    }
}

/// Groups nodes that live pairs join; entities stay whole.
fn cluster(state: &State, nodes: &[NodeNo]) -> Result<Vec<Vec<NodeNo>>> {
    let mut families: Vec<usize> = (0..nodes.len()).collect();
    let mut entities = Vec::with_capacity(nodes.len());
    let place_of = |number: NodeNo| nodes.binary_search(&number).ok();
    for (place, number) in nodes.iter().enumerate() {
        let joined = Lens::on(state).answer(|lens| joined_to(lens, *number))?;
        let (entity, others) = joined.unwrap_or((*number, Vec::new()));
        entities.push(entity);
        for other in others.into_iter().chain([entity]).filter_map(place_of) {
            unite(&mut families, place, other);
        }
    }
    // By family, then by entity: a cluster ends with its family, or where the next entity has no more room.
    let mut sorted: Vec<(usize, NodeNo, NodeNo)> = Vec::with_capacity(nodes.len());
    for (place, (number, entity)) in nodes.iter().zip(entities).enumerate() {
        sorted.push((root(&mut families, place), entity, *number));
    }
    sorted.sort_unstable();
    let mut clusters: Vec<Vec<NodeNo>> = Vec::new();
    for family in sorted.chunk_by(|x, y| x.0 == y.0) {
        let mut open: Vec<NodeNo> = Vec::with_capacity(family.len().min(CLUSTER_MAX));
        for entity in family.chunk_by(|x, y| x.1 == y.1) {
            if !open.is_empty() && open.len() + entity.len() > CLUSTER_MAX {
                clusters.push(std::mem::take(&mut open));
            }
            open.extend(entity.iter().map(|(_, _, number)| *number));
        }
        clusters.push(open);
    }
    clusters.iter_mut().for_each(|cluster| cluster.sort_unstable());
    clusters.sort_unstable();
    Ok(clusters)
}

/// A node's entity, and the other ends of its live pairs, as far as its lists are short.
fn joined_to(lens: &Lens<&State>, number: NodeNo) -> Option<(NodeNo, Vec<NodeNo>)> {
    let Some(Slot::Live(node)) = lens.slot(number) else { return None };
    let short = node.groups.iter().filter(|group| group.candidate && group.links.len() <= CLOSE_LIST_MAX);
    let others = short.flat_map(|group| lens.links(number, group));
    let live = others.filter(|other| lens.pair(PairKey::new(number, *other)).is_some_and(|pair| pair.live));
    Some((node.entity, live.collect()))
}
