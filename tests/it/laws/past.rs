//! The past: every verb on it answers as the graph did then.

use std::collections::{BTreeMap, BTreeSet};

use idweave::{Fact, Id, Op, Read, View};

use crate::laws::campaign::{campaign, report};
use crate::laws::engine::{dump, equal, fed, feed, new_graph};
use crate::laws::{Check, RARE, SMALL};
use crate::segments::answers::{Questions, text};
use crate::support::generate::{Flavour, Random, commits};

/// Cursors of applications are not kept of the past.
fn without_marks(facts: &[Fact]) -> Vec<Fact> {
    facts.iter().filter(|fact| !matches!(fact.op, Op::Mark { .. })).cloned().collect()
}

/// The lines that differ.
fn differing(now: &str, then: &str) -> String {
    let lines = now.lines().zip(then.lines()).filter(|(now, then)| now != then);
    lines.take(6).map(|(now, then)| format!("  past: {now}\n  then: {then}\n")).collect()
}

fn as_of_is_what_was(facts: &[Fact], random: &mut Random) -> Check {
    let facts = without_marks(facts);
    let questions = Questions::about(&facts);
    let graph = new_graph()?;
    let mut then: BTreeMap<u64, String> = BTreeMap::new();
    then.insert(0, text(questions.all(&graph.view())));
    for commit in commits(&facts, random) {
        feed(&graph, &commit)?;
        let view = graph.view();
        then.insert(view.seq(), text(questions.all(&view)));
    }
    for (seq, then) in then {
        let past = graph.view().as_of(seq).map_err(|error| format!("as of {seq}: {error}"))?;
        let now = text(questions.all(&past));
        if now != then {
            return Err(format!("as of {seq}:\n{}", differing(&now, &then)));
        }
    }
    Ok(())
}

#[test]
pub(super) fn every_answer_as_of_a_commit_is_the_one_of_then() {
    report(campaign("as of", Flavour::Kept, RARE, as_of_is_what_was));
}

#[test]
pub(super) fn an_alias_that_was_told_of_later_is_not_known_of_then() {
    report(campaign("as of, aliases", Flavour::Aliases, RARE, |facts, random| {
        let is_kept = |fact: &&Fact| !matches!(fact.op, Op::Erase { .. });
        let facts: Vec<Fact> = facts.iter().filter(is_kept).cloned().collect();
        as_of_is_what_was(&facts, random)
    }));
}

#[test]
pub(super) fn what_was_erased_since_is_not_there_of_then() {
    report(campaign("as of, erased", Flavour::Commuting, SMALL, |facts, random| {
        let facts = without_marks(facts);
        let commits = commits(&facts, random);
        let graph = new_graph()?;
        let mut seqs = Vec::new();
        for commit in &commits {
            feed(&graph, commit)?;
            seqs.push(graph.view().seq());
        }
        let place = random.below(commits.len().max(1));
        let (Some(seq), Some((before, since))) = (seqs.get(place), commits.split_at_checked(place + 1))
        else {
            return Ok(());
        };
        let then = new_graph()?;
        for commit in before {
            feed(&then, commit)?;
        }
        for commit in since {
            let erasures = commit.iter().filter(|fact| matches!(fact.op, Op::Erase { .. }));
            feed(&then, &erasures.cloned().collect::<Vec<_>>())?;
        }
        let past = graph.view().as_of(*seq).map_err(|error| format!("as of {seq}: {error}"))?;
        equal(&format!("as of {seq}"), "past", &dump(&past), "then", &dump(&then.view()))
    }));
}

/// The ids of an id's entity in a view.
fn entity_in(view: &View, id: &Id) -> Result<BTreeSet<Id>, String> {
    let entity = view.resolve(id).map_err(|error| error.to_string())?;
    let members = entity.map_or_else(Vec::new, |entity| entity.members);
    Ok(members.into_iter().map(|member| member.id).collect())
}

#[test]
pub(super) fn history_tells_every_commit_that_changed_an_entity() {
    report(campaign("history", Flavour::Kept, SMALL, |facts, random| {
        // Who was restricted then says nothing of whose entity it was.
        let told = |fact: &&Fact| !matches!(fact.op, Op::Mark { .. } | Op::Restrict { .. });
        let facts: Vec<Fact> = facts.iter().filter(told).cloned().collect();
        let graph = new_graph()?;
        let mut views = Vec::new();
        for commit in commits(&facts, random) {
            feed(&graph, &commit)?;
            views.push(graph.view());
        }
        let ids: BTreeSet<Id> = facts.iter().flat_map(|fact| fact.op.ids()).cloned().collect();
        for id in &ids {
            let mut expected = Vec::new();
            let mut before = BTreeSet::new();
            for view in &views {
                let after = entity_in(view, id)?;
                let joined: Vec<Id> = after.difference(&before).cloned().collect();
                let left: Vec<Id> = before.difference(&after).cloned().collect();
                if !joined.is_empty() || !left.is_empty() {
                    expected.push((view.seq(), view.recorded_at(), joined, left));
                }
                before = after;
            }
            let steps = graph.view().history(id).map_err(|error| error.to_string())?;
            if steps.iter().any(|step| step.because.is_empty()) {
                return Err(format!("a step of {id} without a reason: {steps:?}"));
            }
            let steps = steps.into_iter().filter(|step| !step.joined.is_empty() || !step.left.is_empty());
            let found: Vec<_> =
                steps.map(|step| (step.seq, step.recorded_at, step.joined, step.left)).collect();
            if found != expected {
                return Err(format!("the history of {id} is {found:?}, and was {expected:?}"));
            }
        }
        Ok(())
    }));
}

#[test]
pub(super) fn what_was_observed_until_a_moment_is_a_graph_that_saw_nothing_later() {
    report(campaign("observed until", Flavour::Kept, SMALL, |facts, random| {
        let facts = without_marks(facts);
        let graph = new_graph()?;
        for commit in commits(&facts, random) {
            feed(&graph, &commit)?;
        }
        for _ in 0..3 {
            let Some(until) = facts.get(random.below(facts.len().max(1))).map(|fact| fact.at) else {
                return Ok(());
            };
            let seen: Vec<Fact> = facts.iter().filter(|fact| fact.at <= until).cloned().collect();
            let past = graph.view().observed_until(until).map_err(|error| error.to_string())?;
            let expected = dump(&fed(&seen)?.view());
            equal(&format!("until {until:?}"), "past", &dump(&past), "seen", &expected)?;
        }
        Ok(())
    }));
}
