//! How far a lookup is from the memory it reads: `translate` and `translate_many` on segments beside dependent and
//! independent random reads over as many bytes.
//!
//! `cargo bench --bench lookup` builds a graph of `IDWEAVE_BENCH_IDS` ids (default 1,000,000) with checkpoints, asks it
//! as it lies (several segments, `IDWEAVE_BENCH_DELTA` percent of the accounts not in any segment, default 5) and from
//! a snapshot (one segment). `IDWEAVE_BENCH_MODE` says how segments are read: `mapped` (default), `memory`, `pread`. The ratios it prints are what to quote.
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a bench reports by printing and fails loudly"
)]

#[path = "support/accounts.rs"]
mod accounts;

use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

use idweave::{Durability, Graph, Id, Options, Read, ReadMode, Translation};

use accounts::{COMMIT_FACTS, IDS_PER_ACCOUNT, NOW, Spaces, mix};

/// Questions a round, unless `IDWEAVE_BENCH_ASKED` says otherwise.
const ASKED: u64 = 400_000;
const ROUNDS: usize = 5;
/// Ids that are asked for at once.
const BATCH: usize = 1_000;

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().expect("a number"))
}

/// Median nanoseconds of an operation done `count` times a round.
fn measure(count: usize, mut round: impl FnMut()) -> f64 {
    let mut times: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let begun = Instant::now();
            round();
            begun.elapsed().as_nanos() as f64 / count as f64
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[ROUNDS / 2]
}

/// A buffer of so many bytes, as words in a random cycle.
struct Memory {
    words: Vec<u64>,
    lines: usize,
}

impl Memory {
    fn new(bytes: usize) -> Memory {
        let lines = (bytes / 64).max(2);
        let mut order: Vec<u32> = (0..u32::try_from(lines).expect("fits")).collect();
        for at in (1..lines).rev() {
            order.swap(at, (mix(at as u64) % (at as u64)) as usize); // Sattolo: one cycle
        }
        let mut words = vec![0_u64; lines * 8];
        for (line, next) in order.iter().enumerate() {
            words[line * 8] = u64::from(*next);
        }
        Memory { words, lines }
    }

    fn dependent(&self, count: usize) -> u64 {
        let mut line = 0_usize;
        for _ in 0..count {
            line = self.words[line * 8] as usize;
        }
        line as u64
    }

    fn independent(&self, count: usize) -> u64 {
        let lines = self.lines as u64;
        (0..count as u64)
            .map(|at| self.words[(((mix(at) >> 32) * lines) >> 32) as usize * 8])
            .fold(0, u64::wrapping_add)
    }
}

/// A graph of three segments (most, some, a few) and a delta.
fn build(options: Options, dir: &Path, spaces: &Spaces, accounts: u64, delta_percent: u64) -> Graph {
    let in_segments = accounts - accounts * delta_percent / 100;
    let begun = Instant::now();
    let say = |stop: u64| println!("{stop} accounts, {:.0} s", begun.elapsed().as_secs_f64());
    let [most, some, few] = [in_segments * 90 / 100, in_segments * 98 / 100, in_segments];
    let filled = options.bulk_load(dir, NOW, |load| {
        (0..most).flat_map(|account| spaces.facts(account)).try_for_each(|fact| load.apply(&fact).map(drop))
    });
    let (graph, ()) = filled.expect("a bulk load");
    say(most);
    for (from, to) in [(most, some), (some, few), (few, accounts)] {
        let told: Vec<u64> = (from..to).collect();
        for share in told.chunks(COMMIT_FACTS / 4) {
            let facts = || share.iter().flat_map(|account| spaces.facts(*account));
            let told = graph.write_with(NOW, Durability::Buffered, |tx| {
                facts().try_for_each(|fact| tx.apply(&fact).map(drop))
            });
            told.expect("a commit");
        }
        if to == accounts {
            graph.sync().expect("views show what is durable");
        } else {
            graph.checkpoint().expect("a checkpoint");
        }
        say(to);
    }
    graph
}

fn ask(
    name: &str,
    view: &(impl Read + Sync),
    sample: &[(Id, Id)],
    spaces: &Spaces,
    dependent: f64,
    independent: f64,
) {
    let one = measure(sample.len(), || {
        for (id, expected) in sample {
            match view.translate(id, &spaces.external, NOW).expect("an answer") {
                Translation::Found(found) if found[0] == *expected => {}
                other => panic!("a wrong answer: {other:?}"),
            }
        }
    });
    println!("{name}: translate {one:.0} ns = {:.2} x a dependent read", one / dependent);
    let ids: Vec<Id> = sample.iter().map(|(id, _)| id.clone()).collect();
    let mut out = Vec::with_capacity(BATCH);
    let many = measure(ids.len(), || {
        for (batch, expected) in ids.chunks(BATCH).zip(sample.chunks(BATCH)) {
            out.clear();
            view.translate_many(batch, &spaces.external, NOW, &mut out).expect("answers");
            let is_right = |(answer, (_, expected)): (&Translation, &(Id, Id))| matches!(answer, Translation::Found(found) if found[0] == *expected);
            assert!(out.iter().zip(expected).all(is_right), "translate_many answers right");
        }
    });
    println!("{name}: translate_many {many:.0} ns an id = {:.2} x an independent read", many / independent);
    let halves = ids.split_at(ids.len() / 2);
    let both = measure(ids.len(), || {
        std::thread::scope(|scope| {
            for half in [halves.0, halves.1] {
                scope.spawn(move || {
                    for id in half {
                        black_box(view.translate(id, &spaces.external, NOW).expect("an answer"));
                    }
                });
            }
        });
    });
    println!("{name}: two threads {both:.0} ns an id = {:.2} x the rate of one", one / both);
}

fn main() {
    let asked = setting("IDWEAVE_BENCH_ASKED", ASKED) as usize;
    let ids = setting("IDWEAVE_BENCH_IDS", 1_000_000);
    let accounts = ids / IDS_PER_ACCOUNT;
    let spaces = Spaces::new();
    // `IDWEAVE_BENCH_DIR` keeps the graph for another run.
    let place = tempfile::tempdir().expect("a directory");
    let dir =
        std::env::var("IDWEAVE_BENCH_DIR").map_or_else(|_| place.path().to_owned(), std::path::PathBuf::from);
    let mode = match std::env::var("IDWEAVE_BENCH_MODE").as_deref() {
        Ok("memory") => ReadMode::InMemory,
        Ok("pread") => ReadMode::Pread,
        _ => ReadMode::Mapped,
    };
    let options = || Graph::options().delta_bytes(8 << 30).auto_checkpoint(false).read_mode(mode);
    let graph = if dir.join("MANIFEST").exists() {
        options().open(&dir).expect("it opens")
    } else {
        build(options(), &dir, &spaces, accounts, setting("IDWEAVE_BENCH_DELTA", 5))
    };
    let bytes: u64 = std::fs::read_dir(dir.join("segments"))
        .expect("segments")
        .map(|file| file.expect("a file").metadata().expect("its size").len())
        .sum();
    println!("{ids} ids, segments of {:.1} bytes an id", bytes as f64 / ids as f64);
    let memory = Memory::new(usize::try_from(bytes).expect("fits"));
    let dependent = measure(asked, || {
        black_box(memory.dependent(asked));
    });
    let independent = measure(asked, || {
        black_box(memory.independent(asked));
    });
    println!(
        "random reads over {} MB: dependent {dependent:.0} ns, independent {independent:.1} ns",
        bytes >> 20
    );
    let sample: Vec<(Id, Id)> = (0..asked as u64)
        .map(|at| {
            let account = mix(at) % accounts;
            (spaces.openid((at % 3) as usize, account), spaces.external(account))
        })
        .collect();
    ask("as it lies", &graph.view(), &sample, &spaces, dependent, independent);
    let in_segments = accounts - accounts * setting("IDWEAVE_BENCH_DELTA", 5) / 100;
    for (name, from, to) in [("only in segments", 0, in_segments), ("only in memory", in_segments, accounts)]
    {
        if from < to {
            let ids = (0..asked as u64 / 10).map(|at| from + mix(at) % (to - from));
            let sample: Vec<(Id, Id)> = ids
                .map(|account| (spaces.openid((account % 3) as usize, account), spaces.external(account)))
                .collect();
            ask(name, &graph.view(), &sample, &spaces, dependent, independent);
        }
    }
    drop(graph);
    let begun = Instant::now();
    let graph = options().open(&dir).expect("it opens");
    println!("open: {:.1} ms", begun.elapsed().as_secs_f64() * 1e3);
    graph.close().expect("it closes");
}
