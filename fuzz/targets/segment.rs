//! Bytes of a segment behind right checksums: whatever a snapshot says, it opens or is refused, and every question
//! gets an answer or a typed error. Never a panic, a hang, or memory by what the bytes claim.
//!
//! Checksums of segments are off in fuzz builds (`segment/checksum.rs`), so that edits reach what lies behind them;
//! what they catch is the concern of `tests/it/segments/flips.rs`. The input is a whole file, or a list of edits to one:
//! three bytes of offset and a byte that is XORed there.
#![no_main]

#[path = "../../tests/it/support/sim_disk/mod.rs"]
#[allow(dead_code, unused_imports, reason = "the fuzzer needs a part of the simulated disk")]
mod sim_disk;

use std::path::Path;
use std::sync::LazyLock;

use idweave::model::{Direction, Placeholders, RelationKind};
use idweave::vfs::OpenMode;
use idweave::{EntityId, Graph, Id, KindScope, Read, ReadMode, Snapshot, Time, VerifyLevel, ndjson};
use libfuzzer_sys::fuzz_target;
use sim_disk::SimDisk;

const NOW: Time = Time::from_ms(1_798_761_600_000);
const FILE: &str = "/snapshot";
/// Where the header says how many numbers there are, from its third byte on: a scan takes as long as there are numbers, so
/// that millions of them, claimed, would be millions looked for.
const MANY_NUMBERS: std::ops::Range<usize> = 74..80;
/// Of the ids, which are many: the time a run takes is bounded.
const ASKED: usize = 24;

struct Base {
    snapshot: Vec<u8>,
    ids: Vec<Id>,
    spaces: Vec<KindScope>,
}

static BASE: LazyLock<Base> = LazyLock::new(|| {
    let disk = SimDisk::new();
    let graph = Graph::options().vfs(disk.vfs()).auto_checkpoint(false).create("/db").expect("a graph");
    let lines = include_str!("../../tests/data/format_v1/segments.ndjson").lines();
    let facts: Vec<_> =
        lines.map(|line| ndjson::parse(line, 1, &Placeholders::default()).expect("a fact")).collect();
    let told = graph.write(NOW, |tx| {
        facts.iter().for_each(|fact| drop(tx.apply(fact)));
        Ok(())
    });
    told.expect("a commit");
    graph.snapshot(FILE).expect("a snapshot");
    let snapshot = disk.live_image().file(Path::new(FILE)).expect("its bytes").to_vec();
    let mut ids: Vec<Id> = facts.iter().flat_map(|fact| fact.op.ids()).cloned().collect();
    ids.sort();
    ids.dedup();
    let mut spaces: Vec<KindScope> = ids.iter().filter_map(|id| id.kind_scope().ok()).collect();
    spaces.sort();
    spaces.dedup();
    Base { snapshot, ids, spaces }
});

/// Asks everything, whatever comes of it.
fn ask(snapshot: &Snapshot, from: usize) {
    let Base { ids, spaces, .. } = &*BASE;
    drop((snapshot.stats(), snapshot.mark("m1")));
    for number in 0..ASKED as u64 {
        drop(snapshot.entity(EntityId(number)));
    }
    let mut out = Vec::new();
    for (at, id) in ids.iter().cycle().skip(from).take(ASKED).enumerate() {
        drop((snapshot.resolve(id), snapshot.person(id), snapshot.suggestions(id)));
        let space = &spaces[(from + at) % spaces.len()];
        drop(snapshot.translate(id, space, NOW));
        drop(snapshot.translate_many(&ids[..ids.len().min(ASKED)], space, NOW, &mut out));
        let other = &ids[(from + 7 * at) % ids.len()];
        drop((snapshot.same(id, other), snapshot.explain(id, other)));
        drop(snapshot.contacts_of(id, id.scope()));
        for direction in [Direction::Out, Direction::In] {
            snapshot.neighbors(id, &RelationKind::Follows, direction).for_each(drop);
        }
    }
    snapshot.entities().for_each(drop);
    snapshot.edges().for_each(drop);
    snapshot.conflicts().for_each(drop);
    snapshot.facts().for_each(drop);
    drop((snapshot.verify(VerifyLevel::Fast), snapshot.verify(VerifyLevel::Full)));
}

fuzz_target!(|input: &[u8]| {
    let [which, from, rest @ ..] = input else { return };
    let bytes = if which & 1 == 1 {
        let mut bytes = rest.to_vec();
        bytes.get_mut(MANY_NUMBERS).into_iter().for_each(|many| many.fill(0));
        bytes
    } else {
        let mut bytes = BASE.snapshot.clone();
        for edit in rest.chunks_exact(4) {
            let at = u32::from_le_bytes([edit[0], edit[1], edit[2], 0]) as usize % bytes.len();
            if !MANY_NUMBERS.contains(&at) {
                bytes[at] ^= edit[3];
            }
        }
        bytes.truncate(bytes.len() - usize::from(which >> 2));
        bytes
    };
    let mode = if which & 2 == 2 { ReadMode::Pread } else { ReadMode::InMemory };
    let disk = SimDisk::new();
    let vfs = disk.vfs();
    let file = vfs.open(Path::new(FILE), OpenMode::Create).expect("a file");
    file.write_at(0, &bytes).expect("room");
    if let Ok(snapshot) = Snapshot::open_on(&*vfs, Path::new(FILE), mode) {
        ask(&snapshot, usize::from(*from));
    }
});
