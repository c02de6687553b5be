//! What being watched costs: lookups without an observer, with counters, and with counters and a clock, in turns.
//!
//! `cargo bench --bench observe` builds a graph of `IDWEAVE_BENCH_IDS` ids (default 1,000,000) with one segment and asks it
//! and a snapshot of it. A snapshot has no place for an observer: there the compiler leaves the question out.
//! The ratios it prints are what to quote: medians of the rounds, each beside its turn of the plain view.
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a bench reports by printing and fails loudly"
)]

#[path = "support/accounts.rs"]
mod accounts;

use std::sync::Arc;
use std::time::Instant;

use idweave::observe::{Counters, Verb};
use idweave::{Graph, Id, Read, Snapshot, Translation};

use accounts::{COMMIT_FACTS, IDS_PER_ACCOUNT, NOW, Spaces, mix};

const ROUNDS: usize = 15;
const ASKED: u64 = 200_000;

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Nanoseconds of a `translate`.
fn one_by_one(read: &impl Read, ids: &[Id], spaces: &Spaces) -> f64 {
    let begun = Instant::now();
    for id in ids {
        let answer = read.translate(id, &spaces.external, NOW).expect("an answer");
        assert!(matches!(answer, Translation::Found(_)), "every account has one");
    }
    begun.elapsed().as_nanos() as f64 / ids.len() as f64
}

/// Nanoseconds of an id of `translate_many`, in batches as large as commits.
fn in_batches(read: &impl Read, ids: &[Id], spaces: &Spaces) -> f64 {
    let mut out = Vec::with_capacity(COMMIT_FACTS);
    let begun = Instant::now();
    for batch in ids.chunks(COMMIT_FACTS) {
        out.clear();
        read.translate_many(batch, &spaces.external, NOW, &mut out).expect("answers");
    }
    begun.elapsed().as_nanos() as f64 / ids.len() as f64
}

fn main() {
    let ids = std::env::var("IDWEAVE_BENCH_IDS");
    let ids: u64 = ids.map_or(1_000_000, |text| text.parse().expect("a number"));
    let (spaces, accounts) = (Spaces::new(), ids / IDS_PER_ACCOUNT);
    let place = tempfile::tempdir().expect("a directory");
    let dir = place.path().join("db");
    let built = Graph::options().bulk_load(&dir, NOW, |load| {
        (0..accounts)
            .flat_map(|account| spaces.facts(account))
            .try_for_each(|fact| load.apply(&fact).map(drop))
    });
    let (graph, ()) = built.expect("a bulk load");
    let file = place.path().join("snapshot");
    graph.snapshot(&file).expect("a snapshot");
    graph.close().expect("it closes");
    let snapshot = Snapshot::open(&file).expect("it opens");
    let begin = Instant::now();
    let counting = Arc::new(Counters::default());
    let timing = Arc::new(Counters::default().with_clock(move || begin.elapsed()));
    let open = |name: &str| {
        let copy = place.path().join(name);
        Graph::restore(&file, &copy).expect("it restores");
        copy
    };
    let options = || Graph::options().auto_checkpoint(false);
    let plain = options().open(dir).expect("it opens");
    let counted = options().observer(counting.clone()).open(open("counted")).expect("it opens");
    let timed = options().observer(timing.clone()).open(open("timed")).expect("it opens");
    let sample: Vec<Id> = (0..ASKED).map(|at| spaces.openid((at % 3) as usize, mix(at) % accounts)).collect();
    println!("{ids} ids, {ASKED} questions a round, {ROUNDS} rounds");
    let views = [&plain, &counted, &timed].map(Graph::view);
    for (verb, is_batch) in [("translate", false), ("translate_many", true)] {
        let mut ratios: [Vec<f64>; 3] = Default::default();
        let mut ns = Vec::new();
        for _ in 0..ROUNDS {
            let of = |at: usize| match is_batch {
                true => in_batches(&views[at], &sample, &spaces),
                false => one_by_one(&views[at], &sample, &spaces),
            };
            let unwatched = of(0);
            let bare = match is_batch {
                true => in_batches(&snapshot, &sample, &spaces),
                false => one_by_one(&snapshot, &sample, &spaces),
            };
            ratios[0].push(unwatched / bare);
            ratios[1].push(of(1) / unwatched);
            ratios[2].push(of(2) / unwatched);
            ns.push(unwatched);
        }
        let [unused, counters, clock] = ratios.map(median);
        println!("{verb}: {:.0} ns without an observer", median(ns));
        println!("  a view without an observer = {unused:.3} x a snapshot, which has no place for one");
        println!("  with counters {counters:.3} x, with counters and a clock {clock:.3} x that");
    }
    let many = timing.lookups(Verb::TranslateMany, "found");
    assert_eq!(many, ROUNDS as u64 * ASKED, "every id of every batch was counted");
}
