//! Parts of a graph as graphs of `petgraph`, with typed weights: what a user's own algorithms run on.

use std::collections::{BTreeMap, BTreeSet};

use petgraph::Graph;
use petgraph::graph::NodeIndex;

use crate::engine::{all_pairs, entity_members, live_pairs, verbs};
use crate::error::Result;
use crate::model::{EntityId, Id, PersonId, Strength, Time};
use crate::records::{Direct, Edge, NodeNo, Pair, Phase};
use crate::resolve::{EdgeKind, Level, Status};
use crate::store::{Lens, Source, State};

/// Ids and the edges between them. An edge leads from the old id of a supersede edge to the new one, and from the smaller id
/// of a same edge to the greater; two ids may have up to three edges.
pub type IdGraph = Graph<IdVertex, EdgeWeight>;

/// An id as a vertex. Restricted ids are in no graph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdVertex {
    /// The id.
    pub id: Id,
    /// Its entity.
    pub entity: EntityId,
    /// Its person.
    pub person: PersonId,
    /// Another id took its place.
    pub superseded: bool,
    /// It binds nothing.
    pub blocked: bool,
    /// Its hint edges reach too many entities (3.8).
    pub hint_hub: bool,
}

/// An edge and what stands behind it. Edges whose evidence is all retracted are in no graph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EdgeWeight {
    /// Its kind.
    pub kind: EdgeKind,
    /// Its strength; of an edge left without counting evidence, the strength it had.
    pub strength: Strength,
    /// What became of it, with the reason if it was rejected.
    pub status: Status,
    /// Where that was decided.
    pub level: Level,
    /// Evidences of it that are not retracted.
    pub evidence: u64,
    /// When the first evidence of it was observed, retracted ones too.
    pub first_observed: Time,
    /// When the last was.
    pub last_observed: Time,
    /// The commit that brought the first.
    pub first_recorded: u64,
}

/// The ids of an entity and the edges between them.
pub(crate) fn entity_graph(state: &State, entity: EntityId) -> Result<IdGraph> {
    Lens::on(state).answer(|lens| {
        let members = verbs::number_now(lens, entity).map(|number| entity_members(lens, number));
        graph_of(lens, members.unwrap_or_default())
    })
}

/// The ids that live edges lead to from an id, over any number of them.
pub(crate) fn family_graph(state: &State, id: &Id) -> Result<IdGraph> {
    Lens::on(state).answer(|lens| {
        let mut family: Vec<NodeNo> = verbs::answerable(lens, id).into_iter().collect();
        let mut met: BTreeSet<NodeNo> = family.iter().copied().collect();
        let mut next = 0;
        while let Some(number) = family.get(next).copied() {
            next += 1;
            let others = live_pairs(lens, number).into_iter().map(|(other, _)| other);
            family.extend(others.filter(|other| met.insert(*other)));
        }
        graph_of(lens, met.into_iter().collect())
    })
}

/// The ids and edges of the whole graph that are wanted.
pub(crate) fn subgraph(
    state: &State,
    mut keep_id: impl FnMut(&IdVertex) -> bool,
    mut keep_edge: impl FnMut(&EdgeWeight) -> bool,
) -> Result<IdGraph> {
    let mut graph = IdGraph::new();
    let mut places: BTreeMap<NodeNo, NodeIndex> = BTreeMap::new();
    let mut lens = Lens::on(state);
    for number in 0..state.number_count {
        if let Some(vertex) = lens.ask(|lens| vertex(lens, number))?.filter(|vertex| keep_id(vertex)) {
            places.insert(number, graph.add_node(vertex));
        }
    }
    for number in places.keys() {
        lens.ask(|lens| add_edges(lens, *number, &places, &mut keep_edge, &mut graph))?;
    }
    Ok(graph)
}

/// The graph of some ids, in order of their numbers.
fn graph_of(lens: &Lens<&State>, numbers: Vec<NodeNo>) -> IdGraph {
    let mut graph = IdGraph::new();
    let mut places = BTreeMap::new();
    for number in numbers {
        if let Some(vertex) = vertex(lens, number) {
            places.insert(number, graph.add_node(vertex));
        }
    }
    for number in places.keys() {
        add_edges(lens, *number, &places, &mut |_| true, &mut graph);
    }
    graph
}

fn vertex(lens: &Lens<&State>, number: NodeNo) -> Option<IdVertex> {
    let node = lens.node(number).filter(|node| !node.restricted)?;
    let person = lens.node(node.entity)?.person;
    Some(IdVertex {
        id: node.id.clone(),
        entity: EntityId(u64::from(node.entity)),
        person: PersonId(u64::from(person)),
        superseded: node.superseded,
        blocked: node.blocked,
        hint_hub: node.hint_hub,
    })
}

/// Adds the edges of the pairs that a number is the smaller end of.
fn add_edges(
    lens: &Lens<&State>,
    number: NodeNo,
    places: &BTreeMap<NodeNo, NodeIndex>,
    keep_edge: &mut impl FnMut(&EdgeWeight) -> bool,
    graph: &mut IdGraph,
) {
    let mut pairs: Vec<&Pair> = all_pairs(lens, number)
        .into_iter()
        .filter(|(other, _)| number < *other && places.contains_key(other))
        .filter_map(|(_, key)| lens.pair(key))
        .collect();
    pairs.sort_unstable_by_key(|pair| pair.key());
    for pair in pairs {
        let (Some(a), Some(b)) = (places.get(&pair.a).copied(), places.get(&pair.b).copied()) else {
            continue;
        };
        for edge in &pair.edges {
            let Some(weight) = weight(edge).filter(|weight| keep_edge(weight)) else { continue };
            let id = |place| graph.node_weight(place).map(|vertex| &vertex.id);
            let in_order = match edge.direct {
                Direct::Same => id(a) < id(b),
                Direct::AToB => true,
                Direct::BToA => false,
            };
            let (from, to) = if in_order { (a, b) } else { (b, a) };
            graph.add_edge(from, to, weight);
        }
    }
}

/// What stands behind an edge; `None` if all its evidence is retracted.
fn weight(edge: &Edge) -> Option<EdgeWeight> {
    let (state, evidence) = (&edge.state, &edge.evidence);
    if state.phase == Phase::Silent {
        return None;
    }
    Some(EdgeWeight {
        kind: edge.direct.kind(),
        strength: state.force.strength,
        status: state.status,
        level: state.level,
        evidence: u64::from(state.evidence_count),
        first_observed: evidence.iter().map(|told| told.observed_at).min()?,
        last_observed: evidence.iter().map(|told| told.observed_at).max()?,
        first_recorded: evidence.iter().map(|told| told.recorded_seq).min()?,
    })
}
