//! unresolved: which ids lack a unionid, since when, and in which order they are worth asking about.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use idweave::{AskAgain, Fact, KindScope, Lack, Op, Read, Time};

use crate::laws::campaign::{campaign, report};
use crate::laws::engine::{feed, new_graph};
use crate::laws::subject::Subject;
use crate::laws::{Check, SMALL};
use crate::support::generate::{Flavour, Random, commits};
use crate::support::oracle::Oracle;

/// First seen, last seen, the last negative answer.
type Known = (Option<Time>, Option<Time>, Option<Time>);

/// The ids of a space that should be asked about, as the oracle knows them, in order of worth.
fn expected(oracle: &Oracle, space: &KindScope, asked: &AskAgain) -> Vec<(String, Known)> {
    let (state, outcome) = (oracle.state(), oracle.resolve());
    let mut seen: BTreeMap<String, Vec<Time>> = BTreeMap::new();
    for (key, evidence) in &state.edges {
        for end in [&key.a, &key.b] {
            seen.entry(end.to_string()).or_default().extend(evidence.iter().map(|told| told.key.at));
        }
    }
    for fact in &state.relation_facts {
        for end in [&fact.from, &fact.to] {
            seen.entry(end.to_string()).or_default().push(fact.at);
        }
    }
    let mut found = Vec::new();
    for id in state.ids.iter().filter(|id| id.space() == space.as_str()) {
        let text = id.to_string();
        let Some(entity) = outcome.entities.iter().find(|entity| entity.ids.contains(&text)) else {
            continue;
        };
        let is_out =
            entity.superseded.contains(&text) || state.blocked.contains(id) || state.restricted.contains(id);
        let has = |other: &&String| other.starts_with("unionid:") && !entity.superseded.contains(*other);
        if is_out || entity.ids.iter().any(|other| has(&other)) {
            continue;
        }
        let about = state.absences.iter().filter(|told| entity.ids.contains(&told.id));
        let absent = about.filter(|told| told.target.starts_with("unionid:")).map(|told| told.at).max();
        if absent.is_some_and(|at| asked.now.since(at) < asked.believed_ms) {
            continue;
        }
        let times = seen.get(&text).map_or(&[][..], Vec::as_slice);
        found.push((text, (times.iter().min().copied(), times.iter().max().copied(), absent)));
    }
    found.sort_by_key(|(id, (_, last, absent))| (absent.is_some(), Reverse(*last), id.clone()));
    found
}

fn unresolved_agrees(facts: &[Fact], random: &mut Random) -> Check {
    let facts = without_topology(facts);
    let (graph, mut oracle) = (new_graph()?, Oracle::new());
    for commit in commits(&facts, random) {
        feed(&graph, &commit)?;
        oracle.commit(&commit);
    }
    agrees(&graph, &oracle, &facts, random)
}

/// Where a unionid would be the topology says; without one any will do.
pub(super) fn without_topology(facts: &[Fact]) -> Vec<Fact> {
    let is_kept = |fact: &&Fact| !matches!(fact.op, Op::App { .. } | Op::Corp { .. });
    facts.iter().filter(is_kept).cloned().collect()
}

/// Whether both say the same of every space.
pub(super) fn agrees(graph: &Subject, oracle: &Oracle, facts: &[Fact], random: &mut Random) -> Check {
    let Some(moment) = facts.get(random.below(facts.len().max(1))).map(|fact| fact.at) else { return Ok(()) };
    let ids = facts.iter().flat_map(|fact| fact.op.ids());
    let spaces = ids.filter(|id| ["openid", "external_userid"].contains(&id.kind().name()));
    for space in spaces.filter_map(|id| id.kind_scope().ok()) {
        for most in [usize::MAX, 2] {
            let asked = AskAgain { most, ..AskAgain::at(moment) };
            let found = graph.view().unresolved(&space, &asked).map_err(|error| error.to_string())?;
            if found.iter().any(|one| one.lack != Lack::Unionid || one.space.is_some()) {
                return Err(format!("{space}: {found:?}"));
            }
            let found = found
                .into_iter()
                .map(|one| (one.id.to_string(), (one.since, one.last_seen, one.absent.map(|(at, _)| at))));
            let found: Vec<(String, Known)> = found.collect();
            let mut expected = expected(oracle, &space, &asked);
            expected.truncate(most);
            if found != expected {
                return Err(format!("{space} at {moment}:\nengine {found:?}\noracle {expected:?}"));
            }
        }
    }
    Ok(())
}

#[test]
pub(super) fn what_lacks_a_unionid_is_what_the_oracle_says_in_its_order() {
    for flavour in [Flavour::Kept, Flavour::Commuting] {
        report(campaign("unresolved", flavour, SMALL, unresolved_agrees));
    }
}
