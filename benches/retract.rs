//! What it takes to take a bad import back: a retraction by source of a tenth as many facts as the graph has ids.
//!
//! `cargo bench --bench retract` builds a graph of `IDWEAVE_BENCH_IDS` ids (default 1,000,000), imports bad links that
//! join every two accounts, half of them with a person's word, and retracts their source. The entities, persons and
//! edges after it are held against those before the import.
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a bench reports by printing and fails loudly"
)]

#[path = "support/accounts.rs"]
mod accounts;

use std::fmt::Display;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use idweave::model::{Selector, Strength};
use idweave::{Durability, Fact, Graph, Op, Options, Read, Time, View};
use sha2::{Digest, Sha256};

use accounts::{COMMIT_FACTS, IDS_PER_ACCOUNT, NOW, START_MS, Spaces, link, mix};

const SOURCE: &str = "import.bad";
/// The argument of the process that prepares the database.
const PREPARE: &str = "prepare";
const MIB: f64 = 1024.0 * 1024.0;

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().expect("a number"))
}

/// Memory of the process that is not a file's, in bytes.
fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("RssAnon:")).unwrap_or_default();
    let kib: u64 = line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).unwrap_or(0);
    kib * 1024
}

/// The most memory that was seen while something was done.
fn peak_of<T>(act: impl FnOnce() -> T) -> (T, u64) {
    let (done, peak) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let watch = thread::spawn({
        let (done, peak) = (done.clone(), peak.clone());
        move || {
            while !done.load(Ordering::Relaxed) {
                peak.fetch_max(memory(), Ordering::Relaxed);
                thread::sleep(Duration::from_millis(5));
            }
        }
    });
    let value = act();
    done.store(true, Ordering::Relaxed);
    watch.join().expect("the watch ends");
    (value, peak.load(Ordering::Relaxed))
}

/// Entities and persons with their numbers, and every edge that evidence speaks for.
fn digest(view: &View) -> String {
    let mut hash = Sha256::new();
    // By their texts: Debug shows ids as hashes that another process knows otherwise.
    let mut tell = |text: &dyn Display| hash.update(format!("{text} "));
    for entity in view.entities() {
        let entity = entity.expect("an entity");
        tell(&entity.entity);
        tell(&entity.person);
        entity.ids.iter().chain(&entity.superseded).for_each(|id| tell(id));
    }
    for edge in view.edges() {
        let edge = edge.expect("an edge");
        if edge.evidence > 0 {
            tell(&edge.a);
            tell(&edge.b);
            tell(&format_args!("{:?} {:?} {:?} {:?}", edge.kind, edge.strength, edge.status, edge.level));
        }
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A link between two accounts that have nothing to do with each other.
fn bad(spaces: &Spaces, number: u64) -> Fact {
    let at = Time::from_ms(START_MS + i64::try_from(number).expect("small"));
    let mut fact = link(spaces.external(2 * number), spaces.openid(2, 2 * number + 1), SOURCE, at);
    if let Op::Link { strength, .. } = &mut fact.op {
        *strength = (mix(number) & 1 == 0).then_some(Strength::Asserted);
    }
    fact
}

fn options() -> Options {
    Graph::options().delta_bytes(setting("IDWEAVE_BENCH_MEMORY", 256) << 20)
}

fn build(db: &Path, spaces: &Spaces, accounts: u64) -> Graph {
    let facts = (0..accounts).flat_map(|account| spaces.facts(account));
    let load = options().bulk_load(db, NOW, |load| {
        let mut facts = facts;
        facts.try_for_each(|fact| load.apply(&fact).map(drop))
    });
    load.expect("a database").0
}

/// Builds the graph and imports the bad facts. What is told of the graph between the two: digest, entities after.
fn prepare(db: &Path) {
    let ids = setting("IDWEAVE_BENCH_IDS", 1_000_000);
    let accounts = ids / IDS_PER_ACCOUNT;
    let spaces = Spaces::new();
    let graph = build(db, &spaces, accounts);
    let before = digest(&graph.view());
    let bad_facts: Vec<Fact> = (0..accounts / 2).map(|number| bad(&spaces, number)).collect();
    let begun = Instant::now();
    for facts in bad_facts.chunks(COMMIT_FACTS) {
        let tell = |tx: &mut idweave::Tx| facts.iter().try_for_each(|fact| tx.apply(fact).map(drop));
        graph.write_with(NOW, Durability::Buffered, tell).expect("a commit");
    }
    graph.checkpoint().expect("a checkpoint");
    println!("{ids} ids; {} bad facts imported in {:.1} s", bad_facts.len(), begun.elapsed().as_secs_f64());
    assert_ne!(digest(&graph.view()), before, "the import did harm");
    let joined = graph.view().stats().expect("figures").entities;
    graph.close().expect("closed");
    println!("{before} {joined}");
}

/// Has another process prepare the database, whose memory is not counted then.
fn prepared(db: &Path) -> (String, u64) {
    let bench = std::env::current_exe().expect("a bench");
    let output =
        Command::new(bench).arg(PREPARE).arg(db).stderr(Stdio::inherit()).output().expect("a process");
    assert!(output.status.success(), "prepared");
    let text = String::from_utf8(output.stdout).expect("text");
    let (head, last) = text.trim_end().rsplit_once('\n').expect("two lines");
    println!("{head}");
    let (before, joined) = last.split_once(' ').expect("two words");
    (before.to_owned(), joined.parse().expect("a number"))
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if arguments.get(1).is_some_and(|argument| argument == PREPARE) {
        return prepare(Path::new(&arguments[2]));
    }
    let place = tempfile::tempdir().expect("a directory");
    let db = place.path().join("db");
    let (before, joined) = prepared(&db);
    let graph = options().open(&db).expect("a graph");
    let at_rest = memory();
    let retract = Fact {
        at: NOW,
        batch: None,
        op: Op::Retract(Selector::Source { source: SOURCE.to_owned(), scope: None, from: None, to: NOW }),
    };
    let begun = Instant::now();
    let mut told = 0;
    let progress = |settling: idweave::Settling| {
        let tenth = settling.done * 10 / settling.total.max(1);
        if tenth > told {
            told = tenth;
            let mib = memory() as f64 / MIB;
            println!("  {:3} % after {:.1} s, {mib:.0} MiB", tenth * 10, begun.elapsed().as_secs_f64());
        }
    };
    let (written, peak) = peak_of(|| graph.write_large(NOW, |tx| tx.apply(&retract), progress));
    let seq = written.expect("a commit").seq;
    println!("retracted as commit {seq} in {:.1} s", begun.elapsed().as_secs_f64());
    println!(
        "memory: {:.0} MiB at rest, {:.0} MiB at most; the bound of the delta is {} MiB",
        at_rest as f64 / MIB,
        peak as f64 / MIB,
        setting("IDWEAVE_BENCH_MEMORY", 256)
    );
    let parted = graph.view().stats().expect("figures").entities;
    println!("{joined} entities before, {parted} after");
    assert_eq!(digest(&graph.view()), before, "as if it had never been told");
    let record = graph.changes(seq).expect("the feed").next().expect("a record").expect("whole");
    println!("the feed tells of {} splits", record.changes.split.len());
    println!("the dump is the one of before, byte by byte (SHA-256 {})", &before[..16]);
}
