//! What the change feed costs a writer, and how quickly it is read.
//!
//! `cargo bench --bench feed` writes `IDWEAVE_BENCH_IDS` ids (default 250,000) in commits of 1,000 facts with the feed and
//! without it, in turns, and then reads the feed from its beginning.
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a bench reports by printing and fails loudly"
)]

#[path = "support/accounts.rs"]
mod accounts;

use std::time::Instant;

use idweave::{Durability, Fact, FeedRetention, Graph};

use accounts::{COMMIT_FACTS, IDS_PER_ACCOUNT, NOW, Spaces, mix};

const ROUNDS: usize = 5;

/// A graph, and the seconds that its facts took.
fn write(dir: &std::path::Path, facts: &[Fact], commit_facts: usize, feed: FeedRetention) -> (Graph, f64) {
    let options = Graph::options().feed(feed).create_if_missing(true).auto_checkpoint(false);
    let graph = options.delta_bytes(8 << 30).open(dir).expect("a graph");
    let begun = Instant::now();
    for commit in facts.chunks(commit_facts) {
        let told = graph.write_with(NOW, Durability::Buffered, |tx| {
            commit.iter().try_for_each(|fact| tx.apply(fact).map(drop))
        });
        told.expect("a commit");
    }
    graph.sync().expect("it is durable");
    let seconds = begun.elapsed().as_secs_f64();
    (graph, seconds)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn main() {
    let ids = std::env::var("IDWEAVE_BENCH_IDS");
    let ids: u64 = ids.map_or(250_000, |text| text.parse().expect("a number"));
    let spaces = Spaces::new();
    let accounts = ids / IDS_PER_ACCOUNT;
    // In no order, so that commits touch accounts that others began.
    let mut facts: Vec<Fact> = (0..accounts).flat_map(|account| spaces.facts(account)).collect();
    facts.sort_by_cached_key(|fact| mix(fact.at.ms() as u64 ^ mix(fact.op.ids().len() as u64)));
    for commit_facts in [COMMIT_FACTS, 1] {
        let facts = if commit_facts == 1 { &facts[..facts.len().min(20_000)] } else { &facts };
        let (mut with, mut without) = (Vec::new(), Vec::new());
        for round in 0..ROUNDS {
            let place = tempfile::tempdir().expect("a directory");
            let (graph, seconds) = write(&place.path().join("with"), facts, commit_facts, FeedRetention::All);
            with.push(seconds);
            without.push(write(&place.path().join("without"), facts, commit_facts, FeedRetention::None).1);
            if round + 1 == ROUNDS {
                let begun = Instant::now();
                let records = graph.changes(1).expect("a feed").inspect(|record| assert!(record.is_ok()));
                let count = records.count();
                let seconds = begun.elapsed().as_secs_f64();
                println!(
                    "reading: {count} records of {commit_facts} facts in {seconds:.2} s, {:.0} records/s, {:.0} facts/s",
                    count as f64 / seconds,
                    facts.len() as f64 / seconds
                );
            }
        }
        let (with, without) = (median(with), median(without));
        println!(
            "writing commits of {commit_facts}: {:.0} facts/s with the feed, {:.0} without: {:.2} x the time",
            facts.len() as f64 / with,
            facts.len() as f64 / without,
            with / without
        );
    }
}
