//! The homes side by side: the same facts into each, the same questions, the same damage.
//!
//! `cargo bench --features sled --bench homes` makes a database of `IDWEAVE_BENCH_IDS` ids (default 200,000) in each home, each in a
//! process of its own (sled has a lock for the whole process, and memory is measured), and prints a table.
//! `IDWEAVE_BENCH_FLIPS` (default 200) changes of one bit are tried on a small database of each.
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a bench reports by printing and fails loudly"
)]

#[path = "support/accounts.rs"]
mod accounts;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use idweave::{Fact, Graph, HomeKind, Read, Translation};

use accounts::{COMMIT_FACTS, IDS_PER_ACCOUNT, NOW, Spaces, mix};

const LOOKUPS: u64 = 20_000;
const SINGLE_COMMITS: u64 = 200;
/// Accounts of the database that is harmed.
const HARMED: u64 = 100;

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().expect("a number"))
}

fn home(name: &str) -> HomeKind {
    match name {
        "sled" => HomeKind::sled(),
        _ => HomeKind::Native,
    }
}

fn commit(graph: &Graph, facts: &[Fact]) {
    graph.write(NOW, |tx| facts.iter().try_for_each(|fact| tx.apply(fact).map(drop))).expect("a commit");
}

/// Bytes of the files in a directory.
fn bytes_in(dir: &Path) -> u64 {
    let size =
        |path: PathBuf| if path.is_dir() { bytes_in(&path) } else { fs::metadata(path).unwrap().len() };
    fs::read_dir(dir).unwrap().map(|entry| size(entry.unwrap().path())).sum()
}

/// The most memory this process held, in MiB.
fn peak_mib() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("0 kB");
    line.trim().trim_end_matches(" kB").trim().parse::<f64>().unwrap_or(0.0) / 1024.0
}

fn micros(time: Duration, count: u64) -> f64 {
    time.as_secs_f64() * 1e6 / count as f64
}

/// Facts in, durable commits of 1,000; seconds.
fn ingest(dir: &Path, name: &str, spaces: &Spaces, accounts: u64) -> (Graph, f64) {
    let graph = Graph::options().home(home(name)).delta_bytes(32 << 20).create(dir).expect("a graph");
    let begun = Instant::now();
    let mut facts = Vec::new();
    for account in 0..accounts {
        facts.extend(spaces.facts(account));
        if facts.len() >= COMMIT_FACTS || account + 1 == accounts {
            commit(&graph, &facts);
            facts.clear();
        }
    }
    (graph, begun.elapsed().as_secs_f64())
}

/// The time of a lookup, in microseconds, each answer checked.
fn lookups(graph: &Graph, spaces: &Spaces, accounts: u64) -> f64 {
    let view = graph.view();
    let asked: Vec<_> = (0..LOOKUPS).map(|turn| mix(turn) % accounts).collect();
    let ids: Vec<_> =
        asked.iter().map(|account| (spaces.openid(1, *account), spaces.unionid(*account))).collect();
    let begun = Instant::now();
    for (openid, unionid) in &ids {
        let found = view.translate(openid, &spaces.unionid, NOW).expect("an answer");
        assert_eq!(found, Translation::Found(vec![unionid.clone()]));
    }
    micros(begun.elapsed(), LOOKUPS)
}

/// One home in this process: prints its figures, a line each.
fn measure(name: &str) {
    let accounts = setting("IDWEAVE_BENCH_IDS", 200_000) / IDS_PER_ACCOUNT;
    let (place, spaces) = (tempfile::tempdir().unwrap(), Spaces::new());
    let dir = place.path().join("db");
    let (graph, seconds) = ingest(&dir, name, &spaces, accounts);
    println!("ingest, facts/s\t{:.0}", accounts as f64 * 4.0 / seconds);
    let begun = Instant::now();
    for turn in 0..SINGLE_COMMITS {
        commit(&graph, &spaces.facts(accounts + turn)[..1]);
    }
    println!("one durable commit, us\t{:.0}", micros(begun.elapsed(), SINGLE_COMMITS));
    println!("memory while writing, MiB\t{:.0}", peak_mib());
    graph.checkpoint().expect("a checkpoint");
    println!("one lookup, everything written out, us\t{:.2}", lookups(&graph, &spaces, accounts));
    graph.close().expect("closed");
    println!("bytes an id on disk\t{:.0}", bytes_in(&dir) as f64 / (accounts * IDS_PER_ACCOUNT) as f64);
    let begun = Instant::now();
    let graph = Graph::open(&dir).expect("opened");
    println!("open, ms\t{:.1}", begun.elapsed().as_secs_f64() * 1e3);
    println!("one lookup after opening, us\t{:.2}", lookups(&graph, &spaces, accounts));
    drop(graph);
    println!("{}", damage(name, place.path(), &spaces));
}

/// Everything a database answers; or why it does not.
fn dump(dir: &Path) -> idweave::Result<String> {
    let graph = Graph::open(dir)?;
    let (view, mut text) = (graph.view(), String::new());
    for entity in view.entities() {
        text += &format!("{:?}\n", entity?);
    }
    for edge in view.edges() {
        text += &format!("{:?}\n", edge?);
    }
    Ok(text)
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target)
        } else {
            assert!(fs::copy(entry.path(), target).is_ok())
        }
    }
}

fn files_in(dir: &Path) -> Vec<PathBuf> {
    let inside = |path: PathBuf| if path.is_dir() { files_in(&path) } else { vec![path] };
    fs::read_dir(dir).unwrap().flat_map(|entry| inside(entry.unwrap().path())).collect()
}

/// One bit changed, again and again: what became of it.
fn damage(name: &str, place: &Path, spaces: &Spaces) -> String {
    let (dir, harmed) = (place.join("small"), place.join("harmed"));
    let (graph, _) = ingest(&dir, name, spaces, HARMED);
    graph.checkpoint().expect("a checkpoint");
    commit(&graph, &spaces.facts(HARMED));
    graph.close().expect("closed");
    let expected = dump(&dir).expect("whole");
    let mut files: Vec<PathBuf> =
        files_in(&dir).into_iter().filter(|file| !file.starts_with(dir.join("feed"))).collect();
    files.retain(|file| fs::metadata(file).unwrap().len() > 0);
    files.sort_by_key(|file| std::cmp::Reverse(fs::metadata(file).unwrap().len()));
    let flips = setting("IDWEAVE_BENCH_FLIPS", 200);
    let (mut told, mut same, mut silent) = (0, 0, 0);
    for turn in 0..flips {
        copy(&dir, &harmed);
        // Two of three in the largest file, which holds the records.
        let pick = if turn % 3 < 2 { 0 } else { mix(turn) as usize % files.len() };
        let file = harmed.join(files[pick].strip_prefix(&dir).unwrap());
        let mut bytes = fs::read(&file).unwrap();
        let used = bytes.iter().rposition(|byte| *byte != 0).map_or(bytes.len(), |last| last + 1);
        bytes[mix(turn + 1) as usize % used] ^= 1 << (turn % 8);
        fs::write(&file, bytes).unwrap();
        match dump(&harmed) {
            Err(_) => told += 1,
            Ok(found) if found == expected => same += 1,
            Ok(_) => silent += 1,
        }
        fs::remove_dir_all(&harmed).unwrap();
    }
    format!("{flips} changed bits: told / no effect / silent\t{told} / {same} / {silent}")
}

fn main() {
    if let Ok(name) = std::env::var("IDWEAVE_BENCH_HOME") {
        measure(&name);
        return;
    }
    let run = |name: &str| {
        let own = std::env::current_exe().expect("this program");
        let output = Command::new(own).env("IDWEAVE_BENCH_HOME", name).output().expect("it runs");
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text")
    };
    let (native, sled) = (run("native"), run("sled"));
    println!("| {} ids | native | sled |\n|---|---|---|", setting("IDWEAVE_BENCH_IDS", 200_000));
    for (native, sled) in native.lines().zip(sled.lines()) {
        let (what, native) = native.split_once('\t').expect("a figure");
        println!("| {what} | {native} | {} |", sled.split_once('\t').expect("a figure").1);
    }
}
