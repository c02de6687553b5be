//! Hubs of relations: an app with many subscribers, an employee with 50,000 contacts, a chat with 500 members.
//!
//! `cargo bench --bench relations` bulk-loads an app with `IDWEAVE_BENCH_SUBSCRIBERS` subscribers (default 1,000,000)
//! and says how soon `neighbors` gives the first of them, how many it gives a second, what memory that takes, what
//! counting costs, and what one more subscriber and the checkpoint after it cost. `IDWEAVE_BENCH_MEMORY` (default 1,024)
//! bounds the changes in memory of the load, in MiB.
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
use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

use idweave::model::{Direction, RelationKind, When};
use idweave::{Fact, Graph, Id, Op, Read, Time};

use accounts::{NOW, START_MS, Spaces};

const CONTACTS: u64 = 50_000;
const MEMBERS: u64 = 500;
const OPENED: usize = 1_000;

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().expect("a number"))
}

fn id(text: &str) -> Id {
    text.parse().expect("an id")
}

fn relate(kind: RelationKind, from: Id, to: Id, number: u64, attrs: &[(&str, &str)]) -> Fact {
    let at = Time::from_ms(START_MS + i64::try_from(number % 100_000_000).expect("small"));
    let attrs: BTreeMap<String, String> =
        attrs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Fact { at, batch: None, op: Op::Relate { kind, from, to, source: "mp.user_get".to_owned(), attrs } }
}

/// Memory of this process in MiB: held now, and the most since the last [`forget_peak`].
fn memory_mib() -> (f64, f64) {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let of = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name)).unwrap_or_default();
        line.split_whitespace().nth(1).and_then(|kib| kib.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
    };
    (of("RssAnon:"), of("VmHWM:"))
}

struct Hub {
    name: &'static str,
    id: Id,
    kind: RelationKind,
    direction: Direction,
    size: u64,
}

fn hubs(subscribers: u64) -> [Hub; 3] {
    let hub = |name, text, kind, direction, size| Hub { name, id: id(text), kind, direction, size };
    [
        hub(
            "an app's subscribers",
            "app::wx00000000000000a1",
            RelationKind::Subscribes,
            Direction::In,
            subscribers,
        ),
        hub(
            "an employee's contacts",
            "userid:ww00000000000000c1:zhangsan",
            RelationKind::Follows,
            Direction::Out,
            CONTACTS,
        ),
        hub(
            "a chat's members",
            "chat_id:ww00000000000000c1:wr1",
            RelationKind::MemberOf,
            Direction::In,
            MEMBERS,
        ),
    ]
}

fn build(place: &Path, hubs: &[Hub; 3]) -> Graph {
    let spaces = Spaces::new();
    let [app, employee, chat] = hubs;
    let begun = Instant::now();
    let options = Graph::options().delta_bytes(setting("IDWEAVE_BENCH_MEMORY", 1024) << 20);
    let (graph, ()) = options
        .bulk_load(place, NOW, |load| {
            for number in 0..app.size {
                let (kind, from) = (app.kind.clone(), spaces.openid(0, number));
                load.apply(&relate(kind, from, app.id.clone(), number, &[])).map(drop)?;
            }
            for number in 0..employee.size {
                let (kind, to) = (employee.kind.clone(), spaces.external(number));
                let attrs = [("add_way", "1"), ("state", "channel-7")];
                load.apply(&relate(kind, employee.id.clone(), to, number, &attrs)).map(drop)?;
            }
            for number in 0..chat.size {
                let (kind, from) = (chat.kind.clone(), spaces.external(number));
                load.apply(&relate(kind, from, chat.id.clone(), number, &[])).map(drop)?;
            }
            Ok(())
        })
        .expect("a database");
    let (_, peak) = memory_mib();
    let took = begun.elapsed().as_secs_f64();
    let relations = hubs.iter().map(|hub| hub.size).sum::<u64>() as f64;
    println!(
        "{relations:.0} relations built in {took:.1} s, {:.0} a second; peak memory {peak:.0} MiB",
        relations / took
    );
    graph
}

fn measure(read: &impl Read, hub: &Hub) {
    let (id, kind, direction) = (&hub.id, &hub.kind, hub.direction);
    println!("{}: {}", hub.name, hub.size);
    let begun = Instant::now();
    for _ in 0..OPENED {
        let first = read.neighbors(id, kind, direction, When::Ever).next();
        black_box(first.expect("a neighbour").expect("undamaged"));
    }
    println!("  first of them           {:10.1} us", begun.elapsed().as_secs_f64() / OPENED as f64 * 1e6);
    let (before, _) = memory_mib();
    let (mut count, mut most) = (0_u64, before);
    let begun = Instant::now();
    for interval in read.neighbors(id, kind, direction, When::Ever) {
        black_box(interval.expect("undamaged"));
        count += 1;
        if count % (1 << 16) == 0 {
            most = most.max(memory_mib().0);
        }
    }
    let took = begun.elapsed().as_secs_f64();
    assert_eq!(count, hub.size, "every neighbour");
    println!("  all of them             {took:10.3} s  {:.0} a second", count as f64 / took);
    println!("  memory meanwhile        {:10.1} MiB more", most - before);
    let begun = Instant::now();
    for _ in 0..OPENED {
        assert_eq!(read.count_neighbors(id, kind, direction, When::Ever).expect("undamaged"), hub.size);
    }
    println!("  counted, ever told      {:10.1} us", begun.elapsed().as_secs_f64() / OPENED as f64 * 1e6);
    let begun = Instant::now();
    assert_eq!(read.count_neighbors(id, kind, direction, When::Open).expect("undamaged"), hub.size);
    println!("  counted, open now       {:10.3} s", begun.elapsed().as_secs_f64());
}

/// What one more costs, and the checkpoint after it.
fn add_one(graph: &Graph, hub: &Hub) {
    let spaces = Spaces::new();
    let mut commits = Vec::new();
    let mut checkpoints = Vec::new();
    for more in 0..5 {
        let begun = Instant::now();
        for place in 0..100 {
            let number = hub.size + more * 100 + place;
            let one = relate(hub.kind.clone(), spaces.openid(0, number), hub.id.clone(), number, &[]);
            graph.apply(NOW, &one).expect("one more");
        }
        commits.push(begun.elapsed().as_secs_f64() / 100.0);
        let begun = Instant::now();
        graph.checkpoint().expect("a checkpoint");
        checkpoints.push(begun.elapsed().as_secs_f64());
    }
    commits.sort_by(f64::total_cmp);
    checkpoints.sort_by(f64::total_cmp);
    println!("one more subscriber");
    println!("  a durable commit        {:10.1} us", commits[2] * 1e6);
    println!(
        "  a checkpoint of 100     {:10.1} ms (median of five), {:.1} ms the slowest",
        checkpoints[2] * 1e3,
        checkpoints[4] * 1e3
    );
    let count = graph.view().count_neighbors(&hub.id, &hub.kind, hub.direction, When::Ever);
    assert_eq!(count.expect("undamaged"), hub.size + 500);
}

fn main() {
    let hubs = hubs(setting("IDWEAVE_BENCH_SUBSCRIBERS", 1_000_000));
    let place = tempfile::tempdir().expect("a directory");
    let graph = build(&place.path().join("db"), &hubs);
    let view = graph.view();
    hubs.iter().for_each(|hub| measure(&view, hub));
    drop(view);
    add_one(&graph, &hubs[0]);
    let more =
        Hub { size: hubs[0].size + 500, id: hubs[0].id.clone(), kind: hubs[0].kind.clone(), ..hubs[0] };
    println!("with what came since");
    measure(&graph.view(), &more);
}
