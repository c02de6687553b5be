//! The bytes of version 1 of segments and snapshots, and of a manifest that names a segment, kept in
//! `tests/data/format_v1`: what was written once stays readable, and the same facts give the same bytes.
//!
//! `begun.snapshot` is an empty database: its identity is in every file, so all begin by restoring it. `facts.ndjson`
//! beside it is told, a commit of eight facts at a time. `IDWEAVE_BLESS` writes what is missing of the first two anew,
//! and the other files always. The form of the files is that of the journal's: hex, 32 bytes a line after the
//! offset, lines of zeros left out, the length last.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use idweave::model::{Placeholders, RelationKind};
use idweave::{Durability, Error, Fact, Graph, ReadMode, Snapshot, VerifyLevel, ndjson};

use crate::segments::answers::{Questions, text};
use crate::segments::history::{HUB, commit, hub};
use crate::support::generate::{Flavour, stream};

/// Files of a database that was told the facts, checkpointed and closed.
const FILES: [&str; 2] = ["MANIFEST", "segments/0000000002.seg"];

fn kept(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/format_v1").join(name)
}

fn hex_of(file: &str) -> PathBuf {
    kept(&format!("segmented-{}.hex", file.rsplit('/').next().unwrap()))
}

fn is_blessed() -> bool {
    std::env::var_os("IDWEAVE_BLESS").is_some()
}

fn to_hex(bytes: &[u8]) -> String {
    let mut text = String::new();
    for (i, line) in bytes.chunks(32).enumerate() {
        if line.iter().any(|b| *b != 0) {
            write!(text, "{:06x}:", i * 32).unwrap();
            line.iter().for_each(|b| write!(text, " {b:02x}").unwrap());
            text.push('\n');
        }
    }
    writeln!(text, "{:06x}", bytes.len()).unwrap();
    text
}

fn from_hex(file: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    for line in std::fs::read_to_string(file).unwrap().lines() {
        let (at, rest) = line.split_once(':').unwrap_or((line, ""));
        bytes.resize(usize::from_str_radix(at, 16).unwrap(), 0);
        bytes.extend(rest.split_whitespace().map(|b| u8::from_str_radix(b, 16).unwrap()));
    }
    bytes
}

fn place() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

/// The empty database that all begin with.
fn begun(dir: &Path) -> Graph {
    let (file, snapshot) = (kept("begun.snapshot.hex"), dir.join("begun.snapshot"));
    if is_blessed() && !file.exists() {
        Graph::create(dir.join("blessed")).unwrap().snapshot(&snapshot).unwrap();
        std::fs::write(&file, to_hex(&std::fs::read(&snapshot).unwrap())).unwrap();
    }
    std::fs::write(&snapshot, from_hex(&file)).unwrap();
    Graph::restore(&snapshot, dir.join("db")).unwrap();
    Graph::options().auto_checkpoint(false).open(dir.join("db")).unwrap()
}

/// Of every kind, and a list that is too long for its record.
fn facts() -> Vec<Fact> {
    let file = kept("segmented.ndjson");
    if is_blessed() && !file.exists() {
        let streams = Flavour::ALL.into_iter().zip(0..).flat_map(|(flavour, seed)| stream(seed, flavour, 60));
        let lines = hub().into_iter().flatten().chain(streams).map(|fact| ndjson::print(&fact) + "\n");
        std::fs::write(&file, lines.collect::<String>()).unwrap();
    }
    let lines = std::fs::read_to_string(file).unwrap();
    lines.lines().map(|line| ndjson::parse(line, 1, &Placeholders::default()).unwrap()).collect()
}

fn tell(graph: &Graph, facts: &[Fact]) {
    for facts in facts.chunks(8) {
        commit(graph, facts, Durability::Sync).unwrap();
    }
}

fn questions(facts: &[Fact]) -> Questions {
    let mut questions = Questions::about(facts);
    questions.add(HUB.parse().unwrap(), RelationKind::Follows);
    questions
}

/// What a graph that was told the facts just now answers.
fn answers(facts: &[Fact]) -> String {
    let graph = Graph::options().in_memory().unwrap();
    tell(&graph, facts);
    text(questions(facts).all(&graph.view()))
}

#[test]
fn the_same_facts_give_the_bytes_of_the_first_release() {
    let (place, facts) = (place(), facts());
    let graph = begun(place.path());
    tell(&graph, &facts);
    graph.checkpoint().unwrap();
    graph.snapshot(place.path().join("db/snapshot")).unwrap();
    graph.close().unwrap();
    for file in FILES.into_iter().chain(["snapshot"]) {
        let hex = to_hex(&std::fs::read(place.path().join("db").join(file)).unwrap());
        if is_blessed() {
            std::fs::write(hex_of(file), &hex).unwrap();
        }
        let kept = std::fs::read_to_string(hex_of(file)).unwrap();
        assert!(
            hex == kept,
            "{file}: a change of the format needs a new version, and this one kept readable"
        );
    }
}

#[test]
fn a_snapshot_of_version_1_answers_in_every_mode() {
    let (place, facts) = (place(), facts());
    let file = place.path().join("snapshot");
    std::fs::write(&file, from_hex(&hex_of("snapshot"))).unwrap();
    let expected = answers(&facts);
    for mode in [ReadMode::Mapped, ReadMode::Pread, ReadMode::InMemory] {
        let snapshot = Snapshot::open_with(&file, mode).unwrap();
        assert!(snapshot.verify(VerifyLevel::Full).unwrap().rows > 0);
        assert!(text(questions(&facts).all(&snapshot)) == expected, "{mode:?}");
    }
}

#[test]
fn a_database_of_version_1_opens_and_goes_on() {
    let (place, facts) = (place(), facts());
    let graph = begun(place.path());
    tell(&graph, &facts);
    graph.checkpoint().unwrap();
    graph.close().unwrap();
    for file in FILES {
        std::fs::write(place.path().join("db").join(file), from_hex(&hex_of(file))).unwrap();
    }
    let graph = Graph::open(place.path().join("db")).unwrap();
    graph.verify(VerifyLevel::Full).unwrap();
    assert!(text(questions(&facts).all(&graph.view())) == answers(&facts));
    let more = r#"{"op":"link","a":"openid:a:more","b":"unionid:u:more","source":"mp.user_info","at":1798700000000}"#;
    let more = ndjson::parse(more, 1, &Placeholders::default()).unwrap();
    assert!(commit(&graph, &[more], Durability::Sync).unwrap());
}

#[test]
fn a_later_version_and_an_unknown_feature_are_refused_by_name() {
    let place = place();
    let file = place.path().join("snapshot");
    // The fields of the header, by `segment/format.rs`: a version of 2, a feature that readers must know, and one that
    // they may ignore.
    for (at, found) in [(8, Some(2)), (12, Some(1)), (16, None)] {
        let mut bytes = from_hex(&hex_of("snapshot"));
        bytes[at] = found.unwrap_or(1) as u8;
        let sum = crc32c::crc32c(&bytes[..252]);
        bytes[252..256].copy_from_slice(&sum.to_le_bytes());
        std::fs::write(&file, bytes).unwrap();
        match (Snapshot::open(&file), found) {
            (Err(Error::FormatVersion { found: told, .. }), Some(found)) => assert_eq!(told, found),
            (Ok(snapshot), None) => assert!(snapshot.verify(VerifyLevel::Full).is_ok()),
            (other, _) => panic!("{at}: {:?}", other.map(|snapshot| snapshot.seq())),
        }
    }
}
