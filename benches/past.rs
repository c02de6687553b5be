//! What a question about the past costs beside the same question about the present.
//!
//! `cargo bench --bench past` writes `IDWEAVE_BENCH_IDS` ids (default 1,000,000) in commits, the later half of which tells
//! of every account what the earlier half left out, so that half of what is asked as of the middle was different then.
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a bench reports by printing and fails loudly"
)]

#[path = "support/accounts.rs"]
mod accounts;

use std::time::Instant;

use idweave::{Durability, Fact, Graph, Id, Past, Read, Time, Translation};

use accounts::{COMMIT_FACTS, IDS_PER_ACCOUNT, NOW, Spaces, mix};

/// Questions a round, unless `IDWEAVE_BENCH_ASKED` says otherwise.
const ASKED: u64 = 20_000;
const ROUNDS: usize = 5;

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().expect("a number"))
}

/// Median nanoseconds of an operation done `count` times a round.
fn measure<S>(count: usize, mut begin: impl FnMut() -> S, mut round: impl FnMut(S)) -> f64 {
    let mut times: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let fresh = begin();
            let begun = Instant::now();
            round(fresh);
            begun.elapsed().as_nanos() as f64 / count as f64
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[ROUNDS / 2]
}

fn ask(view: &impl Read, spaces: &Spaces, sample: &[(Id, Id)], found: bool) {
    for (id, expected) in sample {
        match view.translate(id, &spaces.unionid, NOW).expect("an answer") {
            Translation::Found(ids) if found && ids[0] == *expected => {}
            Translation::Unknown if !found => {}
            other => panic!("a wrong answer: {other:?}"),
        }
    }
}

fn main() {
    let asked = setting("IDWEAVE_BENCH_ASKED", ASKED);
    let accounts = setting("IDWEAVE_BENCH_IDS", 1_000_000) / IDS_PER_ACCOUNT;
    let spaces = Spaces::new();
    let place = tempfile::tempdir().expect("a directory");
    let graph = Graph::options()
        .delta_bytes(8 << 30)
        .auto_checkpoint(false)
        .create_if_missing(true)
        .open(place.path())
        .expect("a graph");
    let write = |facts: &[Fact]| {
        let told = graph.write_with(NOW, Durability::Buffered, |tx| {
            facts.iter().try_for_each(|fact| tx.apply(fact).map(drop))
        });
        told.expect("a commit").seq
    };
    let mut seqs = Vec::new();
    // First the openids of two apps; then that of the third, and the contact.
    for half in [0..2, 2..4] {
        let facts: Vec<Fact> =
            (0..accounts).flat_map(|account| spaces.facts(account)[half.clone()].to_vec()).collect();
        seqs.push(facts.chunks(COMMIT_FACTS).map(write).last().expect("commits"));
        graph.checkpoint().expect("a checkpoint");
    }
    let [middle, last] = seqs[..] else { panic!("two halves") };
    let view = graph.view();
    println!("{accounts} accounts, {last} commits, {middle} of them the first half");
    let sample: Vec<(Id, Id)> = (0..asked)
        .map(|at| mix(at) % accounts)
        .map(|account| (spaces.openid(0, account), spaces.unionid(account)))
        .collect();
    let later: Vec<(Id, Id)> = (0..asked)
        .map(|at| mix(at) % accounts)
        .map(|account| (spaces.openid(2, account), spaces.unionid(account)))
        .collect();
    let count = sample.len();
    let live = measure(count, || (), |()| ask(&view, &spaces, &sample, true));
    println!("live: translate {live:.0} ns");
    let tell = |name: &str, past: &dyn Fn() -> Past, sample: &[(Id, Id)], found: bool| {
        let first = measure(count, past, |past| ask(&past, &spaces, sample, found));
        let again = past();
        ask(&again, &spaces, sample, found);
        let again = measure(count, || (), |()| ask(&again, &spaces, sample, found));
        println!(
            "{name}: first {first:.0} ns = {:.1} x live, asked again {again:.0} ns = {:.1} x",
            first / live,
            again / live
        );
    };
    let as_of = |seq: u64| view.as_of(seq).expect("a past");
    tell("as of the last commit, nothing changed", &|| as_of(last), &sample, true);
    tell("as of the middle, two ids came since", &|| as_of(middle), &sample, true);
    tell("as of the middle, not there yet", &|| as_of(middle), &later, false);
    let until = |ms: i64| view.observed_until(Time::from_ms(ms)).expect("a past");
    tell("observed until now, nothing changed", &|| until(NOW.ms()), &sample, true);
    let begun = measure(1_000, || (), |()| (0..1_000).for_each(|_| drop(as_of(middle))));
    println!("as_of by itself: {begun:.0} ns");
}
