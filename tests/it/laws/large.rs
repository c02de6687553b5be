//! Large changes: settled beside the writer, in little memory, and in the end as any commit.

use std::cell::Cell;

use idweave::{ChangeRecord, Fact, Graph, Op, Outcome, Tx};

use crate::laws::campaign::{campaign, report};
use crate::laws::{Check, RARE};
use crate::segments::answers::{Questions, text};
use crate::support::generate::{Flavour, NOW, Random, commits};
use crate::support::homes::{Bed, Home, streams, under_test};

/// So little that a change of a few records is written out several times.
const DELTA_BYTES: u64 = 3_000;

/// Facts that are told by the thread that settles, more than there is room for: it must not wait for itself.
const MEANWHILE: usize = 30;

/// What happened in a campaign, so that it is known to have tried something.
#[derive(Debug, Default)]
struct Seen {
    /// Commits were made while a change was settled.
    meanwhile: Cell<usize>,
    /// A change was seen to be written out before it was complete.
    written_out: Cell<usize>,
}

fn is_large(fact: &Fact) -> bool {
    match &fact.op {
        // An alias may make links, which number ids.
        Op::Corp { aliases, .. } => aliases.is_empty(),
        Op::Retract(_) | Op::Unretract(_) | Op::Rules { .. } | Op::Kind { .. } => true,
        Op::App { .. } | Op::OpenAccount { .. } | Op::Provider { .. } => true,
        _ => false,
    }
}

/// Tells what is not refused.
fn tell(tx: &mut Tx, facts: &[Fact]) -> idweave::Result<usize> {
    let told = facts.iter().filter(|fact| matches!(tx.apply(fact), Ok(Outcome::Recorded)));
    Ok(told.count())
}

fn write(graph: &Graph, facts: &[Fact]) -> Check {
    graph.write(NOW, |tx| tell(tx, facts)).map(drop).map_err(|error| format!("write: {error}"))
}

fn write_plain(graph: &Graph, large: &Large) -> Check {
    graph.write(NOW, |tx| large.tell(tx)).map(drop).map_err(|error| format!("write: {error}"))
}

fn open(bed: &Bed) -> Result<Graph, String> {
    bed.options().delta_bytes(DELTA_BYTES).open(bed.path()).map_err(|error| format!("open: {error}"))
}

/// Facts of a large change, and a commit that it undoes.
#[derive(Debug)]
struct Large {
    facts: Vec<Fact>,
    undoes: Option<u64>,
}

impl Large {
    /// Tells what is not refused.
    fn tell(&self, tx: &mut Tx) -> idweave::Result<usize> {
        let told = tell(tx, &self.facts)?;
        let undone = self.undoes.map(|seq| tx.undo(seq));
        Ok(told + usize::from(matches!(undone, Some(Ok(true)))))
    }
}

/// What a stream is told as: commits, and large changes with the commits that are made meanwhile.
fn shares(facts: &[Fact], random: &mut Random) -> Vec<(Vec<Fact>, Option<Large>)> {
    let mut shares = Vec::new();
    for commit in commits(facts, random) {
        let (facts, small): (Vec<Fact>, Vec<Fact>) = commit.into_iter().partition(is_large);
        let undoes = random.one_in(3).then(|| 1 + random.below(shares.len() + 1) as u64);
        let is_some = !facts.is_empty() || undoes.is_some();
        shares.push((small, is_some.then_some(Large { facts, undoes })));
    }
    shares
}

/// Tells a large change, and commits while it is settled; whether those came first.
fn write_large(
    (graph, bed): (&Graph, &Bed),
    (large, meanwhile): (&Large, &[Fact]),
    questions: &Questions,
    (random, seen): (&mut Random, &Seen),
) -> Result<bool, String> {
    let mut waits = random.below(12);
    let (mut is_told, mut failed) = (false, Ok(()));
    graph.checkpoint().map_err(|error| error.to_string())?;
    let (segments, mut is_written_out) = (bed.written_out(), false);
    let shown = text(questions.all(&graph.view()));
    let progress = |_| {
        is_written_out |= bed.written_out() != segments;
        if waits > 0 || is_told {
            waits = waits.saturating_sub(1);
            return;
        }
        is_told = true;
        failed = same_line("while it is settled", &text(questions.all(&graph.view())), &shown);
        if failed.is_err() {
            return;
        }
        failed = meanwhile.chunks(2).try_for_each(|facts| write(graph, facts));
    };
    let written = graph.write_large(NOW, |tx| large.tell(tx), progress);
    written.map_err(|error| format!("a large change: {error}"))?;
    seen.written_out.set(seen.written_out.get() + usize::from(is_written_out));
    seen.meanwhile.set(seen.meanwhile.get() + usize::from(is_told && !meanwhile.is_empty()));
    failed.map(|()| is_told)
}

fn records(graph: &Graph) -> Result<Vec<ChangeRecord>, String> {
    let changes = graph.changes(1).map_err(|error| error.to_string())?;
    changes.collect::<idweave::Result<_>>().map_err(|error| error.to_string())
}

fn same_line(what: &str, found: &str, expected: &str) -> Check {
    let lines = found.lines().zip(expected.lines()).filter(|(found, expected)| found != expected);
    let told: String =
        lines.take(6).map(|(found, expected)| format!("  large: {found}\n  plain: {expected}\n")).collect();
    if found == expected { Ok(()) } else { Err(format!("{what}:\n{told}")) }
}

fn is_as_any_commit(facts: &[Fact], random: &mut Random, seen: &Seen) -> Check {
    let questions = Questions::about(facts);
    let bed = Bed::new(under_test().unwrap_or(Home::Native));
    let graph = open(&bed)?;
    let plain = Graph::options().in_memory().map_err(|error| error.to_string())?;
    for (small, large) in shares(facts, random) {
        let Some(mut large) = large else {
            write(&graph, &small)?;
            write(&plain, &small)?;
            continue;
        };
        // A commit that is made meanwhile is there for the plain graph alone.
        large.undoes = large.undoes.filter(|seq| *seq <= graph.view().seq());
        let shown = text(questions.all(&graph.view()));
        if random.one_in(4) {
            let foreseen = graph.what_if(NOW, |tx| large.tell(tx)).map_err(|error| error.to_string())?;
            let expected = plain.what_if(NOW, |tx| large.tell(tx)).map_err(|error| error.to_string())?;
            if foreseen != expected {
                return Err(format!("foreseen: {foreseen:?}\nexpected: {expected:?}"));
            }
            same_line("a look has changed the graph", &text(questions.all(&graph.view())), &shown)?;
        }
        let (meanwhile, later) = small.split_at(small.len().min(MEANWHILE));
        if write_large((&graph, &bed), (&large, meanwhile), &questions, (random, seen))? {
            meanwhile.chunks(2).try_for_each(|facts| write(&plain, facts))?;
            write_plain(&plain, &large)?;
            later.chunks(2).try_for_each(|facts| write(&graph, facts).and_then(|()| write(&plain, facts)))?;
        } else {
            write_plain(&plain, &large)?;
            small.chunks(2).try_for_each(|facts| write(&graph, facts).and_then(|()| write(&plain, facts)))?;
        }
        same_line("after it", &text(questions.all(&graph.view())), &text(questions.all(&plain.view())))?;
    }
    let expected = text(questions.all(&plain.view()));
    let (found, of_plain) = (records(&graph)?, records(&plain)?);
    if found != of_plain {
        let first = found.iter().zip(&of_plain).find(|(found, plain)| found != plain);
        return Err(format!("the feed: {first:#?}"));
    }
    let of_then = facts.iter().filter(|fact| !matches!(fact.op, Op::Mark { .. }));
    let questions_then = Questions::about(&of_then.cloned().collect::<Vec<_>>());
    for seq in 0..=plain.view().seq() {
        let past = |graph: &Graph| {
            let past = graph.view().as_of(seq).map_err(|error| error.to_string())?;
            Ok::<String, String>(text(questions_then.all(&past)))
        };
        same_line(&format!("as of {seq}"), &past(&graph)?, &past(&plain)?)?;
    }
    graph.close().map_err(|error| format!("close: {error}"))?;
    let graph = open(&bed)?;
    same_line("reopened", &text(questions.all(&graph.view())), &expected)?;
    let findings = graph.check().map_err(|error| error.to_string())?;
    if findings.is_empty() { Ok(()) } else { Err(format!("check: {findings:?}")) }
}

#[test]
pub(super) fn a_large_change_is_as_any_commit_that_comes_behind_those_made_meanwhile() {
    for flavour in Flavour::ALL {
        let seen = Seen::default();
        report(campaign("large", flavour, RARE, |facts, random| is_as_any_commit(facts, random, &seen)));
        println!("{flavour:?}: {seen:?}");
        // A few streams need not reach everything.
        let has_few = streams().is_some();
        assert!(has_few || (seen.meanwhile.get() > 10 && seen.written_out.get() > 10), "{seen:?}");
    }
}
