//! Which nodes are written again, and which of them side by side.

use std::collections::{BTreeMap, BTreeSet};

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
    /// The place of each node's cluster in `all`.
    place: BTreeMap<NodeNo, usize>,
    /// Pairs that lay inside a record that is replaced.
    pub(super) were_near: BTreeSet<PairKey>,
}

impl Clusters {
    /// Whether two nodes are written side by side.
    pub(super) fn are_near(&self, key: PairKey) -> bool {
        let place = |number| self.place.get(&number);
        place(key.a).is_some() && place(key.a) == place(key.b)
    }
}

/// Finds what a state's delta makes to be written again (M1).
pub(super) fn clusters_of(state: &State) -> Result<Clusters> {
    let mut wanted: Vec<NodeNo> = state.delta.nodes.values().map(|(number, _)| *number).collect();
    wanted.extend(state.delta.pairs.values().flat_map(|(key, _)| [key.a, key.b]));
    wanted.sort_unstable();
    wanted.dedup();
    let mut nodes: BTreeSet<NodeNo> = BTreeSet::new();
    let mut were_near = BTreeSet::new();
    let mut replaced: BTreeSet<NodeNo> = BTreeSet::new();
    for number in wanted {
        let lens = Lens::on(state);
        lens.answer(|lens| {
            if lens.node(number).is_some() {
                nodes.insert(number);
            }
            if replaced.contains(&number) {
                return;
            }
            let Some(family) = lens.family_below(number) else { return };
            for (member, _) in &family.nodes {
                replaced.insert(*member);
                if lens.node(*member).is_some() {
                    nodes.insert(*member);
                }
            }
            were_near.extend(family.pairs.iter().map(|pair| pair.key()));
        })?;
    }
    let nodes: Vec<NodeNo> = nodes.into_iter().collect();
    let all = cluster(state, &nodes)?;
    let of_cluster = |(place, cluster): (usize, &Vec<NodeNo>)| {
        cluster.iter().map(move |number| (*number, place)).collect::<Vec<_>>()
    };
    let place = all.iter().enumerate().flat_map(of_cluster).collect();
    Ok(Clusters { all, place, were_near })
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
    let mut grouped: BTreeMap<usize, BTreeMap<NodeNo, Vec<NodeNo>>> = BTreeMap::new();
    for (place, (number, entity)) in nodes.iter().zip(entities).enumerate() {
        let family = root(&mut families, place);
        grouped.entry(family).or_default().entry(entity).or_default().push(*number);
    }
    let mut clusters: Vec<Vec<NodeNo>> = Vec::new();
    for entities in grouped.into_values() {
        let mut open: Vec<NodeNo> = Vec::new();
        for entity in entities.into_values() {
            if !open.is_empty() && open.len() + entity.len() > CLUSTER_MAX {
                clusters.push(std::mem::take(&mut open));
            }
            open.extend(entity);
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
