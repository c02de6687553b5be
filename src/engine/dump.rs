//! Ordered scans: entities, edges, conflicts, and figures.

use crate::engine::answer::{EdgeDump, EntityDump, EntityId, PersonId, Stats};
use crate::engine::walk::entity_members;
use crate::resolve::{Reason, Status};
use crate::store::{Direct, Edge, NodeNo, Pair, PairNo, Phase, Source};

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
pub(crate) fn dump_entities<S: Source>(source: &S) -> impl Iterator<Item = EntityDump> + use<'_, S> {
    (0..source.number_count()).filter_map(|number| dump_entity(source, number))
}

/// An edge as it is dumped; `None` if all its evidence is retracted.
pub(crate) fn dump_edge(source: &impl Source, pair: &Pair, edge: &Edge) -> Option<EdgeDump> {
    if edge.state.phase == Phase::Silent {
        return None;
    }
    let (a, b) = (source.node(pair.a)?, source.node(pair.b)?);
    let in_order = match edge.direct {
        Direct::Same => a.id < b.id,
        Direct::AToB => true,
        Direct::BToA => false,
    };
    let (first, second) = if in_order { (&a.id, &b.id) } else { (&b.id, &a.id) };
    Some(EdgeDump {
        a: first.clone(),
        b: second.clone(),
        kind: edge.direct.kind(),
        strength: edge.state.force.strength,
        status: edge.state.status,
        level: edge.state.level,
        evidence: edge.state.evidence_count as usize,
        conflict: edge.state.conflict.as_deref().cloned(),
    })
}

fn dump_pair(source: &impl Source, number: PairNo) -> Vec<EdgeDump> {
    let Some(pair) = source.pair(number) else { return Vec::new() };
    pair.edges.iter().filter_map(|edge| dump_edge(source, &pair, edge)).collect()
}

/// Every edge, in order of first appearance.
pub(crate) fn dump_edges<S: Source>(source: &S) -> impl Iterator<Item = EdgeDump> + use<'_, S> {
    (0..source.pair_count()).flat_map(|number| dump_pair(source, number))
}

/// Whether a rejected edge is something for people to look at.
pub(crate) fn is_conflict(edge: &EdgeDump) -> bool {
    matches!(
        edge.status,
        Status::Rejected(Reason::Cardinality | Reason::Cycle | Reason::Size | Reason::Oversize)
    )
}

/// Figures about the graph, counted by a scan.
pub(crate) fn stats(source: &impl Source) -> Stats {
    let mut stats = Stats { seq: source.seq(), recorded_at: source.recorded_at(), ..Stats::default() };
    for number in 0..source.number_count() {
        let Some(node) = source.node(number) else { continue };
        stats.ids += 1;
        stats.entities += u64::from(node.entity == number);
        stats.persons += u64::from(node.entity == number && node.person == number);
        if let Ok(space) = node.id.kind_scope() {
            *stats.ids_by_space.entry(space).or_default() += 1;
        }
    }
    for number in 0..source.pair_count() {
        let Some(pair) = source.pair(number) else { continue };
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
    stats.relations = (0..source.relation_count()).filter(|n| source.relation(*n).is_some()).count() as u64;
    stats.erased = source.tomb_count();
    stats
}
