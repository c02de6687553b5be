//! How far measures are from one sequential read of the snapshot they are made of.
//!
//! `cargo bench --bench analytics` makes a snapshot of `IDWEAVE_BENCH_IDS` ids (default 1,000,000; five an account, a third of
//! the accounts somebody's contact, a tenth with a phone, of which some are shared), reads the file once from one end to the
//! other with a checksum, and measures: the coverage matrix alone, each other measure alone, and all of them in one pass, with one thread and
//! with two; and compares two snapshots. `IDWEAVE_BENCH_DIR` keeps the snapshots for another run. It prints seconds on the clock
//! (medians of `IDWEAVE_BENCH_ROUNDS`, default 3) and seconds of processors, in which ratios are told, for others may use the machine;
//! memory is the most that was held beside the mapped file.
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a bench reports by printing and fails loudly"
)]

#[path = "support/accounts.rs"]
#[expect(dead_code, reason = "shared with the other benches")]
mod accounts;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use idweave::analytics::{Analyze, Measure, Measuring};
use idweave::model::RelationKind;
use idweave::{Fact, Graph, Id, Op, Snapshot, Time};

use accounts::{IDS_PER_ACCOUNT, NOW, START_MS, Spaces, link, mix};

/// Employees that contacts are spread over.
const EMPLOYEES: u64 = 500;

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().expect("a number"))
}

/// The facts of an account: its links, and maybe an employee and a phone.
fn facts(spaces: &Spaces, account: u64) -> Vec<Fact> {
    let mut facts = spaces.facts(account);
    let at = Time::from_ms(START_MS + i64::try_from(account).expect("small"));
    if account.is_multiple_of(3) {
        let userid: Id =
            format!("userid:ww00000000000000c1:staff{}", mix(account) % EMPLOYEES).parse().expect("an id");
        let attrs = BTreeMap::from([
            ("add_way".to_owned(), (mix(account) % 4).to_string()),
            ("state".to_owned(), format!("shop{}", mix(account) % 40)),
        ]);
        let (kind, source) = (RelationKind::Follows, "work.contact_get".to_owned());
        let op = Op::Relate { kind, from: userid, to: spaces.external(account), source, attrs };
        facts.push(Fact { at, batch: None, op });
    }
    if account.is_multiple_of(10) {
        // One phone in fifty is used by the next account too.
        let owner = if account.is_multiple_of(500) { account + 10 } else { account };
        let phone: Id = format!("phone:key1:{:064x}", u128::from(mix(owner))).parse().expect("an id");
        facts.push(link(phone, spaces.unionid(account), "phone.mini", at));
    }
    facts
}

/// Makes the snapshot of all accounts, and of all but a hundredth.
fn make(dir: &Path, accounts: u64) -> [PathBuf; 2] {
    let snapshots = ["before", "after"].map(|name| dir.join(format!("{name}.snapshot")));
    if snapshots.iter().all(|path| path.exists()) {
        return snapshots;
    }
    let begun = Instant::now();
    let spaces = Spaces::new();
    let first = accounts - accounts / 100;
    let filled = Graph::options().bulk_load(dir.join("db"), NOW, |load| {
        (0..first)
            .flat_map(|account| facts(&spaces, account))
            .try_for_each(|fact| load.apply(&fact).map(drop))
    });
    let (graph, ()) = filled.expect("a bulk load");
    graph.snapshot(&snapshots[0]).expect("a snapshot");
    for share in (first..accounts).collect::<Vec<_>>().chunks(1_000) {
        let told = graph.write(NOW.plus_ms(Time::DAY_MS), |tx| {
            let all = share.iter().flat_map(|account| facts(&spaces, *account));
            all.into_iter().try_for_each(|fact| tx.apply(&fact).map(drop))
        });
        told.expect("a commit");
    }
    graph.snapshot(&snapshots[1]).expect("a snapshot");
    graph.close().expect("it closes");
    println!("made in {:.0} s", begun.elapsed().as_secs_f64());
    snapshots
}

/// Memory held beside mapped files, in MiB.
fn held_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("RssAnon:")).unwrap_or_default();
    let kib: f64 = line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).unwrap_or(0.0);
    kib / 1024.0
}

/// Seconds of the processors that this process has used, in steps of a hundredth.
fn used_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks = after_name.split_whitespace().skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok());
    ticks.sum::<f64>() / 100.0
}

/// What a round took.
#[derive(Clone, Copy)]
struct Taken {
    /// Median seconds on the clock.
    seconds: f64,
    /// Mean seconds of processors: what a machine that others use too can be asked.
    used: f64,
    /// The most memory that was held meanwhile beside what was held before, in MiB.
    mib: f64,
}

fn measure(rounds: u64, mut round: impl FnMut()) -> Taken {
    let (before, over) = (held_mib(), AtomicBool::new(false));
    std::thread::scope(|scope| {
        let watched = scope.spawn(|| {
            let mut most = before;
            while !over.load(Ordering::Relaxed) {
                most = most.max(held_mib());
                std::thread::park_timeout(std::time::Duration::from_millis(10));
            }
            most
        });
        let used = used_seconds();
        let mut times: Vec<f64> = (0..rounds)
            .map(|_| {
                let begun = Instant::now();
                round();
                begun.elapsed().as_secs_f64()
            })
            .collect();
        let used = (used_seconds() - used) / rounds as f64;
        over.store(true, Ordering::Relaxed);
        times.sort_by(f64::total_cmp);
        let mib = watched.join().expect("a watch") - before;
        Taken { seconds: times[times.len() / 2], used, mib }
    })
}

/// Reads a file from one end to the other, and takes a checksum of it, as whoever believes what it says must.
fn read(path: &Path) {
    let mut file = File::open(path).expect("a file");
    let mut bytes = vec![0; 1 << 20];
    let mut sum = 0_u32;
    loop {
        let count = file.read(&mut bytes).expect("bytes");
        if count == 0 {
            break;
        }
        sum = crc32c::crc32c_append(sum, &bytes[..count]);
    }
    std::hint::black_box(sum);
}

fn main() {
    let accounts = setting("IDWEAVE_BENCH_IDS", 1_000_000) / IDS_PER_ACCOUNT;
    let rounds = setting("IDWEAVE_BENCH_ROUNDS", 3);
    let place = tempfile::tempdir().expect("a directory");
    let dir = std::env::var("IDWEAVE_BENCH_DIR").map_or_else(|_| place.path().to_owned(), PathBuf::from);
    let [before, after] = make(&dir, accounts);
    let bytes = std::fs::metadata(&after).expect("a file").len();
    let snapshot = Snapshot::open(&after).expect("a snapshot");
    read(&after);
    let many = (2_000_000_000 / bytes).clamp(1, 100);
    let once = measure(rounds * many, || read(&after));
    let rate = bytes as f64 / once.used / 1_048_576.0;
    println!(
        "snapshot of {} MiB; read once with a checksum: {:.3} s used, {rate:.0} MiB/s",
        bytes >> 20,
        once.used
    );
    println!("{:<12} threads  seconds     used  x read  M ids/s used     MiB", "");
    let tell = |name: &str, threads: usize, taken: Taken, ids: u64| {
        let Taken { seconds, used, mib } = taken;
        let (times, rate) = (used / once.used, ids as f64 / used / 1e6);
        println!("{name:<12} {threads:>7} {seconds:8.3} {used:8.3} {times:7.1} {rate:13.2} {mib:7.0}");
    };
    let mut ids = 0;
    for threads in [1, 2] {
        let wanted = Measuring::at(NOW).threads(NonZeroUsize::new(threads).expect("not zero"));
        for which in Measure::ALL.iter().map(|one| vec![*one]).chain([Measure::ALL.to_vec()]) {
            let name = if which.len() == 1 { which[0].name() } else { "all" };
            let wanted = wanted.clone().only(&which);
            let taken = measure(rounds, || ids = snapshot.analyze(&wanted).expect("an answer").ids);
            tell(name, threads, taken, ids);
        }
    }
    // Each account has its ids once: the answers are known.
    let analysis = snapshot.analyze(&Measuring::at(NOW)).expect("an answer");
    let coverage = analysis.coverage.expect("wanted");
    let spaces = Spaces::new();
    assert_eq!(coverage.of(&spaces.unionid, &spaces.external), accounts, "every account has both");
    assert_eq!(analysis.contacts.expect("wanted").total.open, accounts.div_ceil(3), "a third are contacts");
    let earlier = Snapshot::open(&before).expect("a snapshot");
    for threads in [1, 2] {
        let threads = NonZeroUsize::new(threads).expect("not zero");
        let mut born = 0;
        let taken =
            measure(rounds, || born = snapshot.compare_with(&earlier, threads).expect("an answer").born);
        tell("compare", threads.get(), taken, ids);
        assert!(born >= accounts / 100, "the last accounts are new");
    }
}
