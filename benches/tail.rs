//! How long a reader waits while the graph is written to: `view` alone, and a whole question (take a view, translate,
//! let the view go), when nothing else happens, beside a thread that only computes, beside durable commits, and beside
//! commits and checkpoints.
//!
//! `cargo bench --bench tail` builds a graph of `IDWEAVE_BENCH_IDS` ids (default 1,000,000), most of them in segments,
//! and asks for `IDWEAVE_BENCH_SECONDS` (default 5) in each phase. On a machine with other work compare the
//! phases of one run.
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a bench reports by printing and fails loudly"
)]

#[path = "support/accounts.rs"]
mod accounts;

use std::hint::black_box;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use idweave::{Graph, Id, Read, Translation};

use accounts::{COMMIT_FACTS, IDS_PER_ACCOUNT, NOW, Spaces, mix};

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().expect("a number"))
}

/// What goes on beside the reader.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Beside {
    Nothing,
    Computing,
    Commits,
    CommitsAndCheckpoints,
}

/// Nanoseconds of one operation, many times.
struct Times(Vec<u64>);

impl Times {
    fn note(&mut self, begun: Instant) {
        self.0.push(u64::try_from(begun.elapsed().as_nanos()).unwrap_or(u64::MAX));
    }

    fn print(mut self, name: &str) {
        self.0.sort_unstable();
        let at = |share: f64| {
            let place = (self.0.len() as f64 * share) as usize;
            Duration::from_nanos(self.0.get(place.min(self.0.len() - 1)).copied().unwrap_or(0))
        };
        println!(
            "  {name:9} p50 {:>9.2?}  p99 {:>9.2?}  p99.9 {:>9.2?}  p99.99 {:>9.2?}  max {:>9.2?}  of {}",
            at(0.5),
            at(0.99),
            at(0.999),
            at(0.9999),
            at(1.0),
            self.0.len()
        );
    }
}

fn commit(graph: &Graph, spaces: &Spaces, first: u64) {
    let accounts = first..first + COMMIT_FACTS as u64 / 4;
    let facts: Vec<_> = accounts.flat_map(|account| spaces.facts(account)).collect();
    graph.write(NOW, |tx| facts.iter().try_for_each(|fact| tx.apply(fact).map(drop))).expect("a commit");
}

/// Asks until the time is over.
fn read(graph: &Graph, asked: &[(Id, Id)], spaces: &Spaces, over: Duration) -> (Times, Times) {
    let (mut views, mut questions) = (Times(Vec::new()), Times(Vec::new()));
    let begun = Instant::now();
    for (id, expected) in asked.iter().cycle() {
        let start = Instant::now();
        let view = graph.view();
        views.note(start);
        let answer = view.translate(id, &spaces.external, NOW).expect("an answer");
        drop(view);
        questions.note(start);
        assert!(matches!(&answer, Translation::Found(found) if found.first() == Some(expected)));
        if begun.elapsed() > over {
            break;
        }
    }
    (views, questions)
}

fn phase(graph: &Graph, spaces: &Spaces, asked: &[(Id, Id)], next: &AtomicU64, beside: Beside) {
    let over = Duration::from_secs(setting("IDWEAVE_BENCH_SECONDS", 5));
    let (done, commits, checkpoints) = (AtomicBool::new(false), AtomicU64::new(0), AtomicU64::new(0));
    let (views, questions) = std::thread::scope(|scope| {
        match beside {
            Beside::Nothing => {}
            Beside::Computing => {
                scope.spawn(|| {
                    let mut at = 0;
                    while !done.load(Ordering::Relaxed) {
                        at = black_box(mix(at));
                    }
                });
            }
            Beside::Commits | Beside::CommitsAndCheckpoints => {
                scope.spawn(|| {
                    while !done.load(Ordering::Relaxed) {
                        commit(graph, spaces, next.fetch_add(COMMIT_FACTS as u64 / 4, Ordering::Relaxed));
                        commits.fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
        }
        if beside == Beside::CommitsAndCheckpoints {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    graph.checkpoint().expect("a checkpoint");
                    checkpoints.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        let times = read(graph, asked, spaces, over);
        done.store(true, Ordering::Relaxed);
        times
    });
    let name = match beside {
        Beside::Nothing => "nothing else".to_owned(),
        Beside::Computing => "beside a thread that computes".to_owned(),
        Beside::Commits => format!("beside {} durable commits of {COMMIT_FACTS} facts", commits.into_inner()),
        Beside::CommitsAndCheckpoints => format!(
            "beside {} such commits and {} checkpoints",
            commits.into_inner(),
            checkpoints.into_inner()
        ),
    };
    println!("{name}");
    views.print("view");
    questions.print("question");
}

fn main() {
    let accounts = setting("IDWEAVE_BENCH_IDS", 1_000_000) / IDS_PER_ACCOUNT;
    let place = tempfile::tempdir().expect("a directory");
    let spaces = Spaces::new();
    let options = Graph::options().delta_bytes(1 << 30);
    let (graph, ()) = options
        .auto_checkpoint(false)
        .bulk_load(place.path().join("db"), NOW, |load| {
            (0..accounts)
                .flat_map(|account| spaces.facts(account))
                .try_for_each(|fact| load.apply(&fact).map(drop))
        })
        .expect("a database");
    let asked: Vec<(Id, Id)> = (0..200_000)
        .map(|at| mix(at) % accounts)
        .map(|account| (spaces.openid(0, account), spaces.external(account)))
        .collect();
    let next = AtomicU64::new(accounts);
    for beside in [Beside::Nothing, Beside::Computing, Beside::Commits, Beside::CommitsAndCheckpoints] {
        phase(&graph, &spaces, &asked, &next, beside);
    }
    graph.close().expect("it closes");
}
