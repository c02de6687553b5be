//! The bytes of format version 1, kept in `tests/data/format_v1`: what was written once stays readable.
//!
//! The files are hex (`tests/it/support/hex.rs`).

use std::path::Path;

use super::oracle::{Act, compare, open, path, run};
use super::sim_disk::{Image, SimDisk};
use crate::hex::{from_hex, to_hex};
use crate::journal::Tail;

const ACTS: [Act; 9] = [
    Act::Small,
    Act::Sync,
    Act::Small,
    Act::Reopen,
    Act::Small,
    Act::Sync,
    Act::Roll,
    Act::Small,
    Act::Reopen,
];
const NAMES: [&str; 4] = ["MANIFEST", "journal/0000000001.log", "journal/0000000002.log", "journal/MARK"];

fn data(name: &str) -> std::path::PathBuf {
    let file = format!("{}.hex", name.rsplit('/').next().unwrap());
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/format_v1").join(file)
}

#[test]
fn the_bytes_of_version_1_are_those_of_the_first_release() {
    let image = run(&ACTS).0.live_image();
    for name in NAMES {
        let hex = to_hex(image.file(&path(name)).unwrap());
        if std::env::var_os("IDWEAVE_BLESS").is_some() {
            std::fs::create_dir_all(data(name).parent().unwrap()).unwrap();
            std::fs::write(data(name), &hex).unwrap();
        }
        let kept = std::fs::read_to_string(data(name)).unwrap();
        assert_eq!(
            hex, kept,
            "{name}: a change of the format needs a new version, and this one kept readable"
        );
    }
}

#[test]
fn a_database_of_version_1_opens() {
    let (disk, history) = run(&ACTS);
    let mut image: Image = disk.live_image();
    for name in NAMES {
        let bytes = from_hex(&std::fs::read_to_string(data(name)).unwrap());
        image.change(&path(name), |b| *b = bytes);
    }
    let (journal, recovery, frames) = open(&SimDisk::from_image(&image)).unwrap();
    compare(&frames, &history.frames).unwrap();
    assert_eq!((frames.len(), recovery.tail), (4, Tail::Clean));
    assert_eq!((journal.resolver_version(), journal.secret()), (7, &[0x5E; 32]));
}
