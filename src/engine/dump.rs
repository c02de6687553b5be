//! Ordered scans: entities, edges, conflicts, and figures.

use crate::engine::answer::{EdgeDump, EntityDump, Stats};
use crate::engine::facts::flatten;
use crate::engine::relations::groups_from;
use crate::engine::walk::{entity_members, pairs_from};
use crate::error::Result;
use crate::model::{EntityId, Id, PersonId};
use crate::records::{Direct, Edge, NodeNo, Pair, PairKey, Phase};
use crate::resolve::{Reason, Status};
use crate::store::{Lens, Source, State};

/// The entity whose number is `root`; `None` if that number is no entity's.
pub(crate) fn dump_entity(source: &impl Source, root: NodeNo) -> Option<EntityDump> {
    let node = source.node(root)?;
    if node.entity != root {
        return None;
    }
    let (class, person) = (node.id.class(), PersonId(u64::from(node.person)));
    let mut ids = Vec::new();
    let mut superseded = Vec::new();
    for member in entity_members(source, root) {
        let Some(member) = source.node(member) else { continue };
        ids.push(member.id.clone());
        if member.superseded {
            superseded.push(member.id.clone());
        }
    }
    ids.sort_unstable();
    superseded.sort_unstable();
    Some(EntityDump { entity: EntityId(u64::from(root)), class, person, ids, superseded })
}

/// Every entity, in order of their numbers.
pub(crate) fn dump_entities(state: &State) -> impl Iterator<Item = Result<EntityDump>> + '_ {
    let mut lens = Lens::on(state);
    let entity = move |number| lens.ask(|lens| dump_entity(lens, number)).transpose();
    (0..state.number_count).filter_map(entity)
}

/// An edge as it is dumped; `None` if all its evidence is retracted.
pub(crate) fn dump_edge(source: &impl Source, pair: &Pair, edge: &Edge) -> Option<EdgeDump> {
    if edge.state.phase == Phase::Silent {
        return None;
    }
    let (a, b) = (source.node(pair.a)?, source.node(pair.b)?);
    Some(edge_as_it_is(edge, &a.id, &b.id).0)
}

/// An edge between the two ids of its pair, whatever became of it; and whether its ends are in the pair's order.
pub(crate) fn edge_as_it_is(edge: &Edge, a: &Id, b: &Id) -> (EdgeDump, bool) {
    let in_order = match edge.direct {
        Direct::Same => a < b,
        Direct::AToB => true,
        Direct::BToA => false,
    };
    let (first, second) = if in_order { (a, b) } else { (b, a) };
    let dumped = EdgeDump {
        a: first.clone(),
        b: second.clone(),
        kind: edge.direct.kind(),
        strength: edge.state.force.strength,
        status: edge.state.status,
        level: edge.state.level,
        evidence: edge.state.evidence_count as usize,
        conflict: edge.state.conflict.as_deref().cloned(),
    };
    (dumped, in_order)
}

fn dump_pair(source: &impl Source, key: PairKey) -> Vec<EdgeDump> {
    let Some(pair) = source.pair(key) else { return Vec::new() };
    pair.edges.iter().filter_map(|edge| dump_edge(source, pair, edge)).collect()
}

/// The edges of the pairs that a node is the smaller end of.
pub(crate) fn dump_edges_from(source: &impl Source, number: NodeNo) -> Vec<EdgeDump> {
    pairs_from(source, number).into_iter().flat_map(|pair| dump_pair(source, pair)).collect()
}

/// Every edge, in order of the numbers of its ends, the smaller first.
pub(crate) fn dump_edges(state: &State) -> impl Iterator<Item = Result<EdgeDump>> + '_ {
    let mut lens = Lens::on(state);
    (0..state.number_count).flat_map(move |number| flatten(lens.ask(|lens| dump_edges_from(lens, number))))
}

/// Whether a rejected edge is something for people to look at.
pub(crate) fn is_conflict(edge: &EdgeDump) -> bool {
    edge.status.reason().is_some_and(Reason::is_conflict)
}

/// Figures about the graph, counted by a scan.
pub(crate) fn stats(state: &State) -> Result<Stats> {
    let mut stats = Stats { seq: state.seq, recorded_at: state.recorded_at, ..Stats::default() };
    for number in 0..state.number_count {
        Lens::on(state).answer(|lens| count_from(lens, number, &mut stats))?;
    }
    stats.erased = state.tomb_count;
    Ok(stats)
}

/// Counts a node, the pairs it is the smaller end of, and the relations that begin at it.
pub(crate) fn count_from(source: &impl Source, number: NodeNo, stats: &mut Stats) {
    let Some(node) = source.node(number) else { return };
    stats.ids += 1;
    stats.entities += u64::from(node.entity == number);
    stats.persons += u64::from(node.entity == number && node.person == number);
    if let Ok(space) = node.id.kind_scope() {
        *stats.ids_by_space.entry(space).or_default() += 1;
    }
    for pair in pairs_from(source, number).into_iter().filter_map(|key| source.pair(key)) {
        for edge in &pair.edges {
            stats.evidence += edge.evidence.len() as u64;
            if edge.state.phase != Phase::Silent {
                stats.edges += 1;
                if let Status::Rejected(reason) = edge.state.status {
                    *stats.rejected.entry(reason).or_default() += 1;
                }
            }
        }
    }
    stats.relations += groups_from(source, number).map(|group| group.links.len() as u64).sum::<u64>();
}
