//! The bytes of version 1 of segments, snapshots and a manifest that names segments, kept in `tests/data/format_v1`:
//! what was written once stays readable, and the same facts give the same bytes.
//!
//! `empty` is a new database, closed: it gives the others their identity. It is told `testdata/format_v1/facts.ndjson`
//! and `segments.ndjson`, eight facts a commit, with a checkpoint at each empty line; `checkpointed` is what it has
//! become, `snapshot` what it published then. All are hex (`support/hex.rs`). `IDWEAVE_BLESS` writes them anew, `empty`
//! only if it is missing.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use idweave::model::{Placeholders, RelationKind};
use idweave::{
    Durability, ErasedBytes, Error, Fact, Graph, Level, Read, ReadMode, Reason, Recovery, Snapshot, Status,
    VerifyLevel, ndjson,
};

use crate::segments::answers::{Questions, text};
use crate::segments::history::commit;
use crate::support::hex::{from_hex, to_hex};

const TOLD: [&str; 2] = [
    include_str!("../../../testdata/format_v1/facts.ndjson"),
    include_str!("../../data/format_v1/segments.ndjson"),
];
const HUB: &str = "userid:ww00000000000000c1:hub";

/// A directory of the golden bytes, or a file of them.
fn kept(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/format_v1").join(name)
}

fn is_blessed() -> bool {
    std::env::var_os("IDWEAVE_BLESS").is_some()
}

/// The files of a closed database by their paths in it, but for the lock, which is empty.
fn files_of(db: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    for dir in ["", "feed", "journal", "segments"] {
        let found = fs::read_dir(db.join(dir)).into_iter().flatten().map(|entry| entry.unwrap());
        let found = found.filter(|entry| entry.file_type().unwrap().is_file() && entry.file_name() != "LOCK");
        files.extend(found.map(|entry| {
            let name = Path::new(dir).join(entry.file_name());
            (name.to_str().unwrap().to_owned(), fs::read(entry.path()).unwrap())
        }));
    }
    files.sort();
    files
}

/// Holds files against the golden ones, or makes these anew.
fn assert_kept(dir: &str, files: &[(String, Vec<u8>)]) {
    let place = |name: &str| kept(dir).join(format!("{}.hex", name.replace('/', "-")));
    if is_blessed() {
        drop(fs::remove_dir_all(kept(dir)));
        fs::create_dir_all(kept(dir)).unwrap();
        files.iter().for_each(|(name, bytes)| fs::write(place(name), to_hex(bytes)).unwrap());
    }
    for (name, bytes) in files {
        let golden = fs::read_to_string(place(name)).unwrap();
        let is_same = to_hex(bytes) == golden;
        assert!(is_same, "{name}: a change of the format needs a new version, and this one kept readable");
    }
    assert_eq!(
        fs::read_dir(kept(dir)).unwrap().count(),
        files.len(),
        "{dir}: a file is not written any more"
    );
}

/// Makes a database of golden bytes.
fn place(dir: &str, db: &Path) {
    for part in ["feed", "journal", "segments"] {
        fs::create_dir_all(db.join(part)).unwrap();
    }
    for entry in fs::read_dir(kept(dir)).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().replace('-', "/");
        fs::write(db.join(name), from_hex(&fs::read_to_string(&path).unwrap())).unwrap();
    }
}

/// The facts, in the shares that checkpoints divide.
fn shares() -> Vec<Vec<Fact>> {
    let parse = |line: &str| ndjson::parse(line, 1, &Placeholders::default()).unwrap();
    TOLD.concat().split("\n\n").map(|share| share.lines().map(parse).collect()).collect()
}

/// Tells the facts; whether each was new, already known or refused does not matter. In a database the merge that the
/// erasures ask for fails, so that a segment is left that hides what the one below it still holds.
fn tell(graph: &Graph, db: Option<&Path>) {
    for (number, share) in shares().iter().enumerate() {
        let in_the_way = db.filter(|_| number == 2).map(|db| db.join("segments").join("0000000003.seg"));
        in_the_way.iter().for_each(|path| fs::create_dir(path).unwrap());
        if number > 0 {
            assert_eq!(graph.checkpoint().is_err(), in_the_way.is_some());
        }
        in_the_way.iter().for_each(|path| fs::remove_dir(path).unwrap());
        for facts in share.chunks(8) {
            commit(graph, facts, Durability::Sync).unwrap();
        }
    }
}

fn questions() -> Questions {
    let mut questions = Questions::about(&shares().concat());
    questions.add(HUB.parse().unwrap(), RelationKind::Follows);
    questions
}

/// What a graph without files answers that was told the facts just now.
fn right() -> String {
    let graph = Graph::options().in_memory().unwrap();
    tell(&graph, None);
    text(questions().all(&graph.view()))
}

/// A database that was told the facts, open.
fn told(dir: &Path) -> Graph {
    let db = dir.join("db");
    if is_blessed() && !kept("empty").exists() {
        Graph::create(dir.join("blessed")).unwrap().close().unwrap();
        assert_kept("empty", &files_of(&dir.join("blessed")));
    }
    place("empty", &db);
    let graph = Graph::options().auto_checkpoint(false).open(&db).unwrap();
    tell(&graph, Some(&db));
    graph
}

#[test]
fn the_same_facts_give_the_bytes_of_the_first_release() {
    let place = tempfile::tempdir().unwrap();
    told(place.path()).close().unwrap();
    let files = files_of(&place.path().join("db"));
    assert_eq!(files.iter().filter(|(name, _)| name.starts_with("segments/")).count(), 2);
    assert_kept("checkpointed", &files);
    let graph = Graph::open(place.path().join("db")).unwrap();
    let published = place.path().join("today");
    graph.snapshot(&published).unwrap();
    assert_kept("snapshot", &[("snapshot".to_owned(), fs::read(published).unwrap())]);
}

#[test]
fn the_golden_facts_reach_every_operation_and_every_status() {
    let facts = shares().concat();
    let kinds: BTreeSet<&str> = facts.iter().map(|fact| fact.op.name()).collect();
    assert_eq!(kinds.len(), 21, "{kinds:?}");
    let graph = Graph::options().in_memory().unwrap();
    tell(&graph, None);
    let edges: Vec<_> = graph.view().edges().map(Result::unwrap).collect();
    let found: BTreeSet<String> =
        edges.iter().map(|edge| format!("{:?} {:?}", edge.level, edge.status)).collect();
    let expected = Reason::ALL.map(Status::Rejected).into_iter().chain([Status::Accepted]);
    for status in expected {
        assert!(edges.iter().any(|edge| edge.status == status), "{status:?} is not among {found:?}");
    }
    let joined = |level| edges.iter().any(|edge| edge.level == level && edge.status == Status::Accepted);
    assert!(joined(Level::Entity) && joined(Level::Person));
    assert!(graph.view().conflicts().count() > 5);
}

#[test]
fn a_database_of_version_1_opens_and_goes_on() {
    let right = right();
    for mode in [ReadMode::Mapped, ReadMode::Pread, ReadMode::InMemory] {
        let dir = tempfile::tempdir().unwrap();
        place("checkpointed", dir.path());
        let graph = Graph::options().read_mode(mode).auto_checkpoint(false).open(dir.path()).unwrap();
        assert_eq!(graph.recovery(), Recovery::Clean);
        assert!(graph.verify(VerifyLevel::Full).unwrap().rows > 100);
        assert!(text(questions().all(&graph.view())) == right, "{mode:?}");
        let more = r#"{"op":"link","a":"openid:a:more","b":"unionid:u:more","source":"mp.user_info","at":1798700000000}"#;
        let more = ndjson::parse(more, 1, &Placeholders::default()).unwrap();
        assert!(commit(&graph, &[more], Durability::Sync).unwrap());
        let all = text(questions().all(&graph.view()));
        assert_eq!(graph.erased_bytes().unwrap(), ErasedBytes::AtNextCheckpoint);
        assert!(graph.checkpoint().unwrap().written_bytes > 0);
        assert_eq!(graph.erased_bytes().unwrap(), ErasedBytes::Gone);
        assert!(text(questions().all(&graph.view())) == all, "{mode:?}");
        assert!(graph.verify(VerifyLevel::Full).is_ok() && graph.check().unwrap().is_empty());
    }
}

/// The golden snapshot, changed.
fn snapshot(dir: &Path, change: impl FnOnce(&mut Vec<u8>)) -> PathBuf {
    let mut bytes = from_hex(&fs::read_to_string(kept("snapshot/snapshot.hex")).unwrap());
    change(&mut bytes);
    let file = dir.join("snapshot");
    fs::write(&file, bytes).unwrap();
    file
}

#[test]
fn a_snapshot_of_version_1_answers_in_every_mode() {
    let (dir, right) = (tempfile::tempdir().unwrap(), right());
    let file = snapshot(dir.path(), |_| {});
    for mode in [ReadMode::Mapped, ReadMode::Pread, ReadMode::InMemory] {
        let snapshot = Snapshot::open_with(&file, mode).unwrap();
        assert!(snapshot.verify(VerifyLevel::Full).unwrap().rows > 100);
        assert!(text(questions().all(&snapshot)) == right, "{mode:?}");
    }
    Graph::restore(&file, dir.path().join("db")).unwrap();
    let graph = Graph::open(dir.path().join("db")).unwrap();
    assert!(text(questions().all(&graph.view())) == right);
}

#[test]
fn a_later_version_and_an_unknown_feature_are_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    // By `src/segment/format.rs`: the version, the features that a reader must know, and those that it may ignore.
    for (at, value, refused) in [(8, 2, true), (8, 0, true), (12, 1, true), (12, 8, true), (16, 8, false)] {
        let file = snapshot(dir.path(), |bytes| {
            bytes[at] = value;
            let sum = crc32c::crc32c(&bytes[..252]);
            bytes[252..256].copy_from_slice(&sum.to_le_bytes());
        });
        match Snapshot::open(&file) {
            Err(Error::FormatVersion { found, oldest: 1, newest: 1 }) => {
                assert!(refused && found == u32::from(value), "byte {at}: {found}");
            }
            Ok(snapshot) => assert!(!refused && snapshot.verify(VerifyLevel::Full).is_ok(), "byte {at}"),
            Err(error) => panic!("byte {at}: {error}"),
        }
    }
}
