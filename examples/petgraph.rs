//! Parts of a graph as graphs of `petgraph`: which ids hold an account together, and who shares a phone.
//!
//! `cargo run --example petgraph`
#![expect(clippy::print_stdout, reason = "an example prints")]

use std::error::Error;

use idweave::analytics::{Analyze, IdGraph};
use idweave::model::Strength;
use idweave::petgraph::Undirected;
use idweave::petgraph::algo::{articulation_points::articulation_points, connected_components};
use idweave::petgraph::visit::EdgeRef;
use idweave::{Graph, Read, Status, Time, ndjson};

const FACTS: &str = include_str!("../testdata/analytics/example.ndjson");
/// 2025-03-10
const NOW: Time = Time::from_ms(1_741_536_000_000);

fn main() -> Result<(), Box<dyn Error>> {
    let graph = Graph::options().in_memory()?;
    for line in FACTS.lines() {
        graph.apply(NOW, &ndjson::parse(line, 1, &Default::default())?)?;
    }
    let view = graph.view();

    // One account: the ids without which it would fall apart, by an algorithm of petgraph.
    let du = view.resolve(&"unionid:main:du".parse()?)?.ok_or("unionid:main:du is known")?;
    let account = view.entity_graph(du.entity)?;
    let undirected = account.map(|_, vertex| vertex.id.clone(), |_, _| ()).into_edge_type::<Undirected>();
    for place in articulation_points(&undirected) {
        println!("without {} the account would fall apart", undirected[place]);
    }
    for edge in account.edge_references() {
        let (from, to) = (&account[edge.source()].id, &account[edge.target()].id);
        println!("{from} - {to}: {}, {} evidence", edge.weight().strength, edge.weight().evidence);
    }

    // Everything around an id, rejected edges too: why a card is not of two people.
    let family = view.family_graph(&"custom.card:shop:c77".parse()?)?;
    let rejected = family.edge_weights().filter_map(|edge| edge.status.reason());
    println!(
        "{} ids are resolved together; rejected: {:?}",
        family.node_count(),
        rejected.collect::<Vec<_>>()
    );

    // A part of the whole graph: hints alone. Who hangs together by them may be one person.
    let hints: IdGraph = view.subgraph(
        |vertex| !vertex.hint_hub,
        |edge| edge.strength == Strength::Hint && edge.status != Status::Accepted,
    )?;
    let alone =
        hints.node_indices().filter(|place| hints.neighbors_undirected(*place).next().is_none()).count();
    println!("{} group(s) of ids share a hint", connected_components(&hints) - alone);
    Ok(())
}
