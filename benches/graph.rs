//! The engine's own questions: how fast facts go in, how fast ids come out, what one durable commit costs,
//! and what a junk value touched by 100,000 users does.
//!
//! `cargo bench --bench graph` builds a graph of `IDWEAVE_BENCH_IDS` ids (default 1,000,000; 5 ids an
//! account: a unionid, three openids, an external_userid) with durable commits of 1,000 facts and asks it.
//! Absolute times depend on the machine; the ratios it prints are what to quote.
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a bench reports by printing and fails loudly"
)]

#[path = "support/accounts.rs"]
mod accounts;

use std::hint::black_box;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use criterion::Criterion;
use idweave::{Durability, Fact, Graph, Id, Outcome, Read, Time, Translation};

use accounts::{COMMIT_FACTS, IDS_PER_ACCOUNT, NOW, SEED, START_MS, Spaces, link, mix};

/// A durable commit.
fn commit(graph: &Graph, facts: &[Fact]) {
    let fill = |tx: &mut idweave::Tx| {
        for fact in facts {
            assert!(matches!(tx.apply(fact)?, Outcome::Recorded | Outcome::AlreadyKnown));
        }
        Ok(())
    };
    graph.write(NOW, fill).expect("a commit");
}

/// Facts into a fresh graph, in durable commits; the accounts come in order, their facts together.
fn ingest(dir: &Path, spaces: &Spaces, accounts: u64) -> Graph {
    let graph = Graph::options().create(dir).expect("a graph");
    let mut facts: Vec<Fact> = Vec::with_capacity(COMMIT_FACTS);
    let (mut count, mut busy) = (0_u64, Duration::ZERO);
    let mut slice = (0_u64, Duration::ZERO);
    for account in 0..accounts {
        facts.extend(spaces.facts(account));
        if facts.len() >= COMMIT_FACTS || account + 1 == accounts {
            let begun = Instant::now();
            commit(&graph, &facts);
            busy += begun.elapsed();
            count += facts.len() as u64;
            facts.clear();
            let ids = (account + 1) * IDS_PER_ACCOUNT;
            if ids.is_multiple_of(1_000_000) {
                let rate = (count - slice.0) as f64 / (busy - slice.1).as_secs_f64();
                println!("ingest: {ids} ids, the last million at {rate:.0} facts/s");
                slice = (count, busy);
            }
        }
    }
    println!(
        "ingest: {count} facts ({} ids) in durable commits of {COMMIT_FACTS}: {:.0} facts/s in {:.1} s",
        accounts * IDS_PER_ACCOUNT,
        count as f64 / busy.as_secs_f64(),
        busy.as_secs_f64()
    );
    graph
}

/// The same facts again: nothing is written.
fn ingest_known(graph: &Graph, spaces: &Spaces, accounts: u64) {
    let known = accounts.min(50_000);
    let seq = graph.view().seq();
    let (mut count, mut busy) = (0_u64, Duration::ZERO);
    for first in (0..known).step_by(COMMIT_FACTS / 4) {
        let last = (first + COMMIT_FACTS as u64 / 4).min(known);
        let facts: Vec<Fact> = (first..last).flat_map(|account| spaces.facts(account)).collect();
        let begun = Instant::now();
        commit(graph, &facts);
        busy += begun.elapsed();
        count += facts.len() as u64;
    }
    assert_eq!(graph.view().seq(), seq, "known facts write nothing");
    println!("known facts: {:.0} facts/s over {count} facts", count as f64 / busy.as_secs_f64());
}

/// One durable single-fact commit against a bare append + fdatasync of as many bytes, alternating.
fn single_commits(dir: &Path, graph: &Graph, spaces: &Spaces, accounts: u64) {
    const ROUNDS: u64 = 300;
    let mut bare = std::fs::File::options().append(true).create(true).open(dir.join("bare")).expect("a file");
    let bytes = [7_u8; 190];
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let fact = spaces.facts(accounts + 1_000_000 + round).swap_remove(0);
        let begun = Instant::now();
        commit(graph, std::slice::from_ref(&fact));
        ours.push(begun.elapsed());
        let begun = Instant::now();
        bare.write_all(&bytes).expect("a write");
        bare.sync_data().expect("a flush");
        theirs.push(begun.elapsed());
    }
    ours.sort();
    theirs.sort();
    let (ours, theirs) = (ours[ours.len() / 2], theirs[theirs.len() / 2]);
    let ratio = ours.as_secs_f64() / theirs.as_secs_f64();
    println!(
        "single durable commit: median {ours:.1?}, bare append + fdatasync {theirs:.1?}, ratio {ratio:.2} \
         ({ROUNDS} rounds, alternating)"
    );
}

/// 100,000 users touch one junk value: the whole flood, and what its last thousand costs against its second.
fn junk_flood(spaces: &Spaces) {
    const USERS: u64 = 100_000;
    for (what, junk) in [
        ("a card (hub)", "custom.card:shop:junk-card"),
        (
            "a phone (hub of hints)",
            "phone:k1:00000000000000000000000000000000000000000000000000000000000000ab",
        ),
        ("a pending id", "pending_id:ww00000000000000c1:junk-pending"),
    ] {
        for facts_per_commit in [1_000_usize, 1] {
            let junk: Id = junk.parse().expect("an id");
            let graph = Graph::options().durability(Durability::Buffered).in_memory().expect("a graph");
            let mut slices: Vec<Duration> = Vec::new();
            let begun = Instant::now();
            for first in (0..USERS).step_by(1_000) {
                let at = |user: u64| Time::from_ms(START_MS + i64::try_from(user).expect("small"));
                let facts: Vec<Fact> = (first..first + 1_000)
                    .map(|user| link(spaces.openid(0, user), junk.clone(), "import.crm", at(user)))
                    .collect();
                let slice = Instant::now();
                for part in facts.chunks(facts_per_commit) {
                    commit(&graph, part);
                }
                slices.push(slice.elapsed());
            }
            let total = begun.elapsed();
            let view = graph.view_dirty();
            assert_eq!(view.entities().count() as u64, USERS + 1, "junk binds nobody");
            let (first, last) = (slices[1].as_secs_f64(), slices[slices.len() - 1].as_secs_f64());
            println!(
                "junk flood: {USERS} users on {what}, commits of {facts_per_commit}: {:.2} s, \
                 last thousand / second thousand = {:.2}",
                total.as_secs_f64(),
                last / first
            );
        }
    }
}

fn questions(criterion: &mut Criterion, graph: &Graph, spaces: &Spaces, accounts: u64) {
    let view = graph.view();
    let account = |turn: u64| mix(turn) % accounts;
    let sample: Vec<(Id, Id)> =
        (0..65_536).map(|turn| (spaces.openid(0, account(turn)), spaces.external(account(turn)))).collect();
    for (openid, external) in sample.iter().take(2_000) {
        let answer = view.translate(openid, &spaces.external, NOW).expect("an answer");
        assert_eq!(answer, Translation::Found(vec![external.clone()]), "translate answers right");
    }
    let mut at = 0_usize;
    criterion.bench_function("translate openid -> external_userid", |bencher| {
        bencher.iter(|| {
            at = (at + 1) % sample.len();
            black_box(view.translate(&sample[at].0, &spaces.external, NOW))
        });
    });
    criterion.bench_function("resolve openid", |bencher| {
        bencher.iter(|| {
            at = (at + 1) % sample.len();
            black_box(view.resolve(&sample[at].0))
        });
    });
    criterion.bench_function("view", |bencher| bencher.iter(|| black_box(graph.view())));
}

fn main() {
    let ids: u64 = std::env::var("IDWEAVE_BENCH_IDS").ok().and_then(|v| v.parse().ok()).unwrap_or(1_000_000);
    let accounts = ids / IDS_PER_ACCOUNT;
    let spaces = Spaces::new();
    let dir = tempfile::tempdir().expect("a directory");
    println!("graph bench: {ids} ids in {accounts} accounts, seed {SEED:#x}");
    let graph = ingest(&dir.path().join("db"), &spaces, accounts);
    ingest_known(&graph, &spaces, accounts);
    single_commits(dir.path(), &graph, &spaces, accounts);
    let mut criterion = Criterion::default().configure_from_args().sample_size(30);
    questions(&mut criterion, &graph, &spaces, accounts);
    graph.close().expect("a clean close");
    let begun = Instant::now();
    let graph = Graph::open(dir.path().join("db")).expect("a graph");
    println!("open by replay: {:.2} s", begun.elapsed().as_secs_f64());
    drop(graph);
    junk_flood(&spaces);
    criterion.final_summary();
}
