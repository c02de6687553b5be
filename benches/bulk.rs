//! How quickly a first import is built: `Graph::bulk_load` from an iterator of facts, beside reading as many bytes of
//! input once and sorting their ids.
//!
//! `cargo bench --bench bulk` builds a graph of `IDWEAVE_BENCH_IDS` ids (default 1,000,000; five an account, four facts)
//! within `IDWEAVE_BENCH_MEMORY` MiB of changes (default 1,024). With `IDWEAVE_BENCH_NDJSON=FILE` it writes the same
//! facts to a file for `idweave build`, and ids to ask for to `FILE.ids`, and measures nothing.
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a bench reports by printing and fails loudly"
)]

#[path = "support/accounts.rs"]
#[expect(dead_code, reason = "shared with the other benches")]
mod accounts;

use std::fs::File;
use std::hint::black_box;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::Path;
use std::time::Instant;

use idweave::{Graph, Read, ndjson};

use accounts::{IDS_PER_ACCOUNT, NOW, Spaces, mix};

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().expect("a number"))
}

fn main() {
    let accounts = setting("IDWEAVE_BENCH_IDS", 1_000_000) / IDS_PER_ACCOUNT;
    match std::env::var_os("IDWEAVE_BENCH_NDJSON") {
        Some(file) => write_ndjson(Path::new(&file), accounts),
        None => measure(accounts),
    }
}

fn write_ndjson(path: &Path, accounts: u64) {
    let mut out = BufWriter::new(File::create(path).expect("a file"));
    let mut ids = BufWriter::new(File::create(path.with_extension("ids")).expect("a file"));
    let spaces = Spaces::new();
    for account in 0..accounts {
        for fact in spaces.facts(account) {
            writeln!(out, "{}", ndjson::print(&fact)).expect("room");
        }
        let asked = mix(account) % accounts;
        writeln!(ids, "{}", spaces.openid(0, asked)).expect("room");
    }
    out.flush().and_then(|()| ids.flush()).expect("room");
}

/// The most memory this process has held so far, in MiB.
fn peak_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap_or_default();
    let kib: f64 = line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).unwrap_or(0.0);
    kib / 1024.0
}

fn measure(accounts: u64) {
    let ids = (accounts * IDS_PER_ACCOUNT) as f64;
    let place = tempfile::tempdir().expect("a directory");
    let spaces = Spaces::new();

    let begun = Instant::now();
    let made: usize = (0..accounts).map(|account| black_box(spaces.facts(account)).len()).sum();
    let making = begun.elapsed().as_secs_f64();

    let begun = Instant::now();
    let options = Graph::options().delta_bytes(setting("IDWEAVE_BENCH_MEMORY", 1024) << 20);
    let (graph, ()) = options
        .bulk_load(place.path().join("db"), NOW, |load| {
            (0..accounts)
                .flat_map(|account| spaces.facts(account))
                .try_for_each(|fact| load.apply(&fact).map(drop))
        })
        .expect("a database");
    let building = begun.elapsed().as_secs_f64();
    let peak = peak_mib();

    let stats = graph.view().stats().expect("figures");
    assert_eq!(stats.ids, accounts * IDS_PER_ACCOUNT, "every id is there");
    let size = graph.verify(idweave::VerifyLevel::Full).expect("an undamaged graph").bytes;
    println!("{ids:.0} ids in {made} facts");
    println!("making the facts        {making:8.2} s");
    println!(
        "building                {building:8.2} s  {:.0} ids/s, {:.0} ids/s without the making",
        ids / building,
        ids / (building - making)
    );
    println!("peak memory             {peak:8.0} MiB");
    println!("on disk                 {:8.1} bytes an id", size as f64 / ids);

    let input = place.path().join("facts");
    write_ndjson(&input, accounts);
    let begun = Instant::now();
    let mut named: Vec<u128> = Vec::new();
    for line in BufReader::new(File::open(&input).expect("the input")).lines() {
        let line = line.expect("a line");
        for part in line.split('"').filter(|part| part.contains(':') && part.len() > 20) {
            let bytes = part.as_bytes();
            let tail = bytes.last_chunk::<16>().unwrap_or_else(|| panic!("an id of the bench is long"));
            named.push(u128::from_le_bytes(*tail));
        }
    }
    named.sort_unstable();
    let sorting = begun.elapsed().as_secs_f64();
    println!(
        "reading and sorting     {sorting:8.2} s  building takes {:.1} times as long",
        building / sorting
    );
    black_box(named);
}
