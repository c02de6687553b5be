//! Parts of a graph as graphs of petgraph, against the edges that are dumped and the facts that were told.

use std::collections::{BTreeMap, BTreeSet};

use idweave::analytics::{Analyze, EdgeWeight, IdGraph};
use idweave::petgraph::graph::EdgeReference;
use idweave::petgraph::visit::EdgeRef;
use idweave::{EdgeDump, EdgeKind, Fact, Id, Op, Read};

use super::world::World;
use super::{same, told_to_both};
use crate::laws::campaign::{Sizes, campaign, report};
use crate::support::generate::{Flavour, Random};

const SIZES: Sizes = Sizes { least: 10, most: 90, one_in: 4 };

/// An edge, and when its evidence was told: first observed, last observed, first commit.
type Told = (EdgeDump, i64, i64, u64);

/// Whether a fact is evidence of an edge.
fn speaks_of(fact: &Fact, edge: &EdgeDump) -> bool {
    match &fact.op {
        Op::Link { a, b, .. } => {
            edge.kind == EdgeKind::Same && ((a, b) == (&edge.a, &edge.b) || (b, a) == (&edge.a, &edge.b))
        }
        Op::Supersede { old, new, .. } => {
            edge.kind == EdgeKind::Supersede && (old, new) == (&edge.a, &edge.b)
        }
        _ => false,
    }
}

/// The edges between some ids.
fn between(ids: &BTreeSet<&Id>, edges: &[EdgeDump], world: &World<'_>) -> Vec<String> {
    let inside = edges.iter().filter(|edge| ids.contains(&edge.a) && ids.contains(&edge.b));
    let told = world.told();
    let said = |edge: &EdgeDump| {
        let facts = told.iter().filter(|(_, fact)| speaks_of(fact, edge));
        let times: Vec<i64> = facts.clone().map(|(_, fact)| fact.at.ms()).collect();
        let seq = facts.map(|(seq, _)| *seq).min().unwrap();
        let told: Told = (
            EdgeDump { conflict: None, ..edge.clone() },
            *times.iter().min().unwrap(),
            *times.iter().max().unwrap(),
            seq,
        );
        format!("{} {} {told:?}", edge.a, edge.b)
    };
    let mut all: Vec<String> = inside.map(said).collect();
    all.sort();
    all
}

/// The edges of a graph, said in the same way.
fn edges_of(graph: &IdGraph) -> Vec<String> {
    let said = |edge: EdgeReference<'_, EdgeWeight>| {
        let (a, b, weight) = (&graph[edge.source()].id, &graph[edge.target()].id, edge.weight());
        let dumped = EdgeDump {
            a: a.clone(),
            b: b.clone(),
            kind: weight.kind,
            strength: weight.strength,
            status: weight.status,
            level: weight.level,
            evidence: weight.evidence as usize,
            conflict: None,
        };
        let told: Told =
            (dumped, weight.first_observed.ms(), weight.last_observed.ms(), weight.first_recorded);
        format!("{a} {b} {told:?}")
    };
    let mut all: Vec<String> = graph.edge_references().map(said).collect();
    all.sort();
    all
}

/// The ids that live edges lead to.
fn family<'w>(world: &'w World<'_>, start: &'w Id) -> BTreeSet<&'w Id> {
    let mut found = BTreeSet::from([start]);
    loop {
        let before = found.len();
        for edge in &world.edges {
            let is_live = edge.strength.name() != "hint"
                && !edge.is_void()
                && !matches!(edge.reason, Some("hub" | "blocked"));
            if is_live && (found.contains(&edge.a) || found.contains(&edge.b)) {
                found.extend([&edge.a, &edge.b]);
            }
        }
        if found.len() == before {
            return found;
        }
    }
}

fn is_graph_of(
    what: &str,
    graph: &IdGraph,
    ids: BTreeSet<&Id>,
    edges: &[EdgeDump],
    world: &World<'_>,
) -> Result<(), String> {
    let shown: BTreeSet<&Id> = ids.into_iter().filter(|id| !world.restricted.contains(*id)).collect();
    let mut found = BTreeMap::new();
    for vertex in graph.node_weights() {
        let entity = world.entity_of(&vertex.id);
        same("entity", &(vertex.entity, vertex.person.0), &(entity.number, entity.person))?;
        let flags = (entity.superseded.contains(&vertex.id), world.blocked.contains(&vertex.id));
        same("flags", &(vertex.superseded, vertex.blocked), &flags)?;
        found.insert(&vertex.id, ());
    }
    same(what, &found.into_keys().collect::<Vec<_>>(), &shown.iter().copied().collect::<Vec<_>>())?;
    same(what, &edges_of(graph), &between(&shown, edges, world))
}

fn graphs_agree(facts: &[Fact], random: &mut Random) -> Result<(), String> {
    let (graph, oracle, times) = told_to_both(facts, random)?;
    let view = graph.view();
    let world = World::of(&oracle, &view, times, random);
    let edges: Vec<EdgeDump> = view.edges().map(|edge| edge.unwrap()).collect();
    for entity in &world.entities {
        let found = view.entity_graph(entity.number).map_err(|error| error.to_string())?;
        is_graph_of("an entity", &found, entity.ids.iter().collect(), &edges, &world)?;
        let Some(first) = entity.ids.iter().find(|id| !world.restricted.contains(*id)) else { continue };
        let found = view.family_graph(first).map_err(|error| error.to_string())?;
        is_graph_of("a family", &found, family(&world, first), &edges, &world)?;
    }
    // Ids of a kind, and accepted edges between them alone.
    let kind = world.ids().next().map(|id| id.kind().clone());
    let found = view
        .subgraph(|vertex| Some(vertex.id.kind()) != kind.as_ref(), |edge| edge.status.reason().is_none())
        .map_err(|error| error.to_string())?;
    let wanted = world.ids().filter(|id| Some(id.kind()) != kind.as_ref()).collect();
    let accepted: Vec<EdgeDump> = edges.into_iter().filter(|edge| edge.status.reason().is_none()).collect();
    is_graph_of("a part", &found, wanted, &accepted, &world)
}

#[test]
fn graphs_of_petgraph_hold_the_ids_and_edges_they_say() {
    report(campaign("graphs of petgraph", Flavour::Commuting, SIZES, graphs_agree));
}
