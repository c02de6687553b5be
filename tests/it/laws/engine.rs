//! The engine as the laws see it: fed facts, dumped in the oracle's words.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use idweave::{Fact, Read, Status};

use crate::laws::subject::Subject;
use crate::support::generate::NOW;
use crate::support::homes::options_on_disk;
use crate::support::oracle::{Edge, Entity, Outcome};

/// What the engine said of one fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Told {
    New,
    AlreadyKnown,
    Refused(String),
}

pub(crate) fn new_graph() -> Result<Subject, String> {
    Ok(Subject::new())
}

pub(crate) fn on_disk(path: &Path) -> Result<Subject, String> {
    let graph = options_on_disk().open(path);
    graph.map(Subject::of).map_err(|error| format!("open: {error}"))
}

/// The facts in one commit.
pub(crate) fn feed(graph: &Subject, facts: &[Fact]) -> Result<Vec<Told>, String> {
    let mut told = Vec::new();
    graph
        .write(NOW, |tx| {
            for fact in facts {
                told.push(match tx.apply(fact) {
                    Ok(outcome) if format!("{outcome:?}").starts_with("AlreadyKnown") => Told::AlreadyKnown,
                    Ok(_) => Told::New,
                    Err(error) => Told::Refused(error.to_string()),
                });
            }
            Ok(())
        })
        .map_err(|error| format!("write: {error}"))?;
    Ok(told)
}

/// A new graph that was told the facts in one commit.
pub(crate) fn fed(facts: &[Fact]) -> Result<Subject, String> {
    let graph = new_graph()?;
    feed(&graph, facts)?;
    Ok(graph)
}

/// Everything the view says of entities, persons and edges, but no numbers.
pub(crate) fn dump(view: &impl Read) -> Outcome {
    let mut outcome = Outcome::default();
    let mut persons: BTreeMap<u64, BTreeSet<BTreeSet<String>>> = BTreeMap::new();
    for entity in view.entities().map(|e| e.expect("no damage")) {
        let ids: BTreeSet<String> = entity.ids.iter().map(ToString::to_string).collect();
        let superseded = entity.superseded.iter().map(ToString::to_string).collect();
        persons.entry(entity.person.0).or_default().insert(ids.clone());
        outcome.entities.insert(Entity { ids, superseded, class: entity.class.name() });
    }
    outcome.persons = persons.into_values().collect();
    for edge in view.edges().map(|e| e.expect("no damage")) {
        let (status, reason) = match edge.status {
            Status::Accepted => ("accepted", None),
            Status::Rejected(reason) => ("rejected", Some(reason.name())),
        };
        let is_new = outcome.edges.insert(Edge {
            a: edge.a.to_string(),
            b: edge.b.to_string(),
            kind: edge.kind.name(),
            strength: edge.strength.name(),
            status,
            reason,
            level: edge.level.name(),
            evidence: edge.evidence,
        });
        assert!(is_new, "an edge was listed twice");
    }
    outcome
}

/// Entity number -> person number and ids.
pub(crate) fn numbers(view: &impl Read) -> BTreeMap<u64, (u64, BTreeSet<String>)> {
    view.entities()
        .map(|e| e.expect("no damage"))
        .map(|entity| {
            let ids = entity.ids.iter().map(ToString::to_string).collect();
            (entity.entity.0, (entity.person.0, ids))
        })
        .collect()
}

/// Compares two answers and tells what only one of them has.
pub(crate) fn equal(
    what: &str,
    left_name: &str,
    left: &Outcome,
    right_name: &str,
    right: &Outcome,
) -> Result<(), String> {
    let mut told = String::new();
    let mut compare = |kind: &str, left: BTreeSet<String>, right: BTreeSet<String>| {
        for only in left.difference(&right) {
            told += &format!("  {kind} only of {left_name}: {only}\n");
        }
        for only in right.difference(&left) {
            told += &format!("  {kind} only of {right_name}: {only}\n");
        }
    };
    fn texts<T: std::fmt::Debug>(items: &BTreeSet<T>) -> BTreeSet<String> {
        items.iter().map(|item| format!("{item:?}")).collect()
    }
    compare("entity", texts(&left.entities), texts(&right.entities));
    compare("person", texts(&left.persons), texts(&right.persons));
    compare("edge", texts(&left.edges), texts(&right.edges));
    if told.is_empty() { Ok(()) } else { Err(format!("{what}:\n{told}")) }
}
