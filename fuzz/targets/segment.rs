//! Bytes of a segment, whatever they are: it opens or is refused, and every question, commit and checkpoint gets an answer
//! or a typed error. Never a panic, a hang, or memory by what the bytes claim.
//!
//! The input is a byte of flags, a byte that chooses what is asked, and a whole file or a list of edits to a good one.
//! The checksums of the outcome are made right again if a flag says so: edits then reach what lies behind them. That
//! an edit does not pass the checksums as they were is the concern of `tests/it/segments/`.
#![no_main]

#[path = "../bounded.rs"]
mod bounded;
#[path = "../../tests/it/support/hex.rs"]
#[allow(dead_code, reason = "golden bytes are only read here")]
mod hex;
#[path = "../../tests/it/support/sim_disk/mod.rs"]
#[allow(dead_code, unused_imports, reason = "the fuzzer needs a part of the simulated disk")]
mod sim_disk;

use std::path::Path;
use std::sync::LazyLock;

use idweave::model::{Direction, Placeholders, RelationKind, When};
use idweave::vfs::{OpenMode, Vfs};
use idweave::{
    EntityId, Fact, Graph, Id, KindScope, Options, Read, ReadMode, Snapshot, Time, VerifyLevel, ndjson,
};
use libfuzzer_sys::fuzz_target;
use sim_disk::{Image, SimDisk};

const NOW: Time = Time::from_ms(1_798_761_600_000);
const DIR: &str = "/db";
const SNAPSHOT: &str = "/snapshot";
const SEGMENTS: [&str; 2] = ["/db/segments/0000000001.seg", "/db/segments/0000000002.seg"];
/// The file that the two are merged into.
const MERGED: &str = "/db/segments/0000000003.seg";
/// Of the ids and facts, which are many: the time a run takes is bounded.
const ASKED: usize = 8;
const TOLD: usize = 4;

/// A new database, so that the bytes of all others are the same in every run.
const EMPTY: [(&str, &str); 2] = [
    ("/db/MANIFEST", include_str!("../../tests/data/format_v1/empty/MANIFEST.hex")),
    (
        "/db/journal/0000000001.log",
        include_str!("../../tests/data/format_v1/empty/journal-0000000001.log.hex"),
    ),
];
const FACTS: &str = include_str!("../../tests/data/format_v1/segments.ndjson");

/// What is in the flags.
mod flag {
    /// The input is a file, not edits.
    pub const WHOLE: u8 = 1;
    pub const PREAD: u8 = 2;
    pub const RESEALED: u8 = 4;
    /// A segment of a database that is written to, not a snapshot.
    pub const DATABASE: u8 = 8;
    /// Its upper segment.
    pub const UPPER: u8 = 16;
}

/// A database of two segments and a journal, its snapshot, and what they were told.
struct Base {
    database: Image,
    snapshot: Vec<u8>,
    facts: Vec<Fact>,
    ids: Vec<Id>,
    spaces: Vec<KindScope>,
}

static BASE: LazyLock<Base> = LazyLock::new(|| {
    let disk = SimDisk::new();
    let vfs = disk.vfs();
    for dir in ["/db", "/db/journal", "/db/segments"] {
        vfs.create_dir(Path::new(dir)).expect("a directory");
    }
    EMPTY.iter().for_each(|(name, hex)| put(&*vfs, name, &hex::from_hex(hex)));
    let parse = |line: &str| ndjson::parse(line, 1, &Placeholders::default()).expect("a fact");
    let shares = FACTS.split("\n\n").map(|share| share.lines().map(parse).collect::<Vec<_>>());
    let graph = options(&disk).open(DIR).expect("a graph");
    let mut facts = Vec::new();
    for (number, share) in shares.enumerate() {
        match number {
            0 => {}
            1 => drop(graph.checkpoint().expect("a checkpoint")),
            // It merges everything, for there are erasures; where it cannot, two segments are left.
            _ => {
                vfs.create_dir(Path::new(MERGED)).expect("a directory");
                graph.checkpoint().expect_err("a merge into a directory");
            }
        }
        tell(&graph, &share);
        facts.extend(share);
    }
    drop(graph);
    let mut database = disk.live_image();
    database.remove(Path::new(MERGED));
    let disk = SimDisk::from_image(&database);
    options(&disk).open(DIR).expect("a graph").snapshot(SNAPSHOT).expect("a snapshot");
    let snapshot = disk.live_image().file(Path::new(SNAPSHOT)).expect("its bytes").to_vec();
    let mut ids: Vec<Id> = facts.iter().flat_map(|fact| fact.op.ids()).cloned().collect();
    ids.sort();
    ids.dedup();
    let mut spaces: Vec<KindScope> = ids.iter().filter_map(|id| id.kind_scope().ok()).collect();
    spaces.sort();
    spaces.dedup();
    Base { database, snapshot, facts, ids, spaces }
});

fn put(vfs: &dyn Vfs, name: &str, bytes: &[u8]) {
    let file = vfs.open(Path::new(name), OpenMode::Create).expect("a file");
    file.write_at(0, bytes).expect("room");
}

fn options(disk: &SimDisk) -> Options {
    Graph::options().vfs(disk.vfs()).auto_checkpoint(false)
}

/// A commit of facts, whatever comes of it.
fn tell(graph: &Graph, facts: &[Fact]) {
    drop(graph.write(NOW, |tx| {
        facts.iter().for_each(|fact| drop(tx.apply(fact)));
        Ok(())
    }));
}

/// Edits yet to be read: a byte that says which, and its numbers.
struct Edits<'a>(&'a [u8]);

impl Edits<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (field, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*field)
    }

    /// A place of a file, and how much there is from it on.
    fn place(&mut self, bytes: &[u8]) -> Option<(usize, usize)> {
        let [a, b, c] = self.take()?;
        let at = u32::from_le_bytes([a, b, c, 0]) as usize % bytes.len();
        Some((at, bytes.len() - at))
    }

    fn len(&mut self) -> Option<usize> {
        self.take().map(u16::from_le_bytes).map(usize::from)
    }

    /// Makes the next edit; `None` if there is none.
    fn next(&mut self, bytes: &mut Vec<u8>) -> Option<()> {
        let [which] = self.take()?;
        if bytes.is_empty() {
            return None;
        }
        match which % 6 {
            0 => {
                let (at, _) = self.place(bytes)?;
                let [bits] = self.take()?;
                bytes[at] ^= bits;
            }
            1 => {
                let (at, _) = self.place(bytes)?;
                let field: [u8; 4] = self.take()?;
                bytes.iter_mut().skip(at).zip(field).for_each(|(byte, new)| *byte = new);
            }
            2 => {
                let ((from, have), (to, room)) = (self.place(bytes)?, self.place(bytes)?);
                let len = self.len()?.min(have).min(room);
                bytes.copy_within(from..from + len, to);
            }
            3 => {
                let ((x, x_room), (y, y_room)) = (self.place(bytes)?, self.place(bytes)?);
                let len = self.len()?.min(x_room).min(y_room);
                (0..len).for_each(|at| bytes.swap(x + at, y + at));
            }
            4 => bytes.truncate(bytes.len().saturating_sub(self.len()?)),
            _ => bytes.resize(bytes.len() + self.len()?, 0),
        }
        Some(())
    }
}

/// Asks every verb about some ids and scans one thing, whatever comes of it.
fn ask(read: &impl Read, from: usize) {
    let Base { ids, spaces, .. } = &*BASE;
    drop((read.stats(), read.mark("mp/next_openid")));
    for number in (from as u64..).take(ASKED).chain([u64::from(u32::MAX), u64::MAX]) {
        drop(read.entity(EntityId(number)));
    }
    let mut out = Vec::new();
    for (at, id) in ids.iter().cycle().skip(from).take(ASKED).enumerate() {
        drop((read.resolve(id), read.person(id), read.suggestions(id)));
        let space = &spaces[(from + at) % spaces.len()];
        drop(read.translate(id, space, NOW));
        let other = &ids[(from + 7 * at) % ids.len()];
        drop((read.same(id, other), read.explain(id, other)));
        drop(read.contacts_of(id, id.scope()));
        for direction in [Direction::Out, Direction::In] {
            read.neighbors(id, &RelationKind::Follows, direction, When::Ever).for_each(drop);
        }
    }
    let some = &ids[from % ids.len()..];
    drop(read.translate_many(
        &some[..some.len().min(2 * ASKED)],
        &spaces[from % spaces.len()],
        NOW,
        &mut out,
    ));
    match from % 5 {
        0 => read.entities().for_each(drop),
        1 => read.edges().for_each(drop),
        2 => read.conflicts().for_each(drop),
        3 => read.facts().for_each(drop),
        _ => {}
    }
}

fn ask_snapshot(bytes: &[u8], mode: ReadMode, from: usize) {
    let disk = SimDisk::new();
    put(&*disk.vfs(), SNAPSHOT, bytes);
    if let Ok(snapshot) = Snapshot::open_on(&*disk.vfs(), Path::new(SNAPSHOT), mode) {
        ask(&snapshot, from);
        drop(snapshot.verify(VerifyLevel::Fast));
        if from % 5 == 4 {
            drop(snapshot.verify(VerifyLevel::Full));
        }
    }
}

/// Opens a database, asks, tells more, and writes all of it anew.
fn use_database(segment: &str, bytes: &[u8], mode: ReadMode, from: usize) {
    let mut image = BASE.database.clone();
    image.change(Path::new(segment), |file| *file = bytes.to_vec());
    let disk = SimDisk::from_image(&image);
    let Ok(graph) = options(&disk).read_mode(mode).open(DIR) else { return };
    ask(&graph.view(), from);
    let facts: Vec<Fact> = BASE.facts.iter().cycle().skip(from * TOLD).take(TOLD).cloned().collect();
    let again = facts.iter().map(|fact| Fact { at: NOW, ..fact.clone() });
    tell(&graph, &again.collect::<Vec<_>>());
    drop(graph.checkpoint());
    match from % 4 {
        0 => drop(graph.snapshot(SNAPSHOT)),
        1 => drop(graph.verify(VerifyLevel::Full)),
        2 => drop(graph.check()),
        _ => {}
    }
}

fuzz_target!(|input: &[u8]| {
    let [flags, from, rest @ ..] = input else { return };
    let has = |flag| flags & flag != 0;
    let segment = Path::new(SEGMENTS[usize::from(has(flag::UPPER))]);
    let mut bytes = match has(flag::DATABASE) {
        _ if has(flag::WHOLE) => rest.to_vec(),
        true => BASE.database.file(segment).expect("a segment").to_vec(),
        false => BASE.snapshot.clone(),
    };
    if !has(flag::WHOLE) {
        let mut edits = Edits(rest);
        while edits.next(&mut bytes).is_some() {}
    }
    if has(flag::RESEALED) {
        idweave::fuzzing::reseal_segment(&mut bytes);
    }
    let mode = if has(flag::PREAD) { ReadMode::Pread } else { ReadMode::InMemory };
    match has(flag::DATABASE) {
        true => use_database(segment.to_str().expect("a name"), &bytes, mode, usize::from(*from)),
        false => ask_snapshot(&bytes, mode, usize::from(*from)),
    }
});
