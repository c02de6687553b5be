//! The simulated disk keeps what was flushed and loses, tears and reorders the rest.

use std::collections::BTreeSet;
use std::path::Path;

use idweave::Error;
use idweave::vfs::{OpenMode, Vfs};

use crate::support::sim_disk::{Fault, Fill, Image, Mode, SimDisk};

const LOST: Mode = Mode::Subset { sector: 512, fill: Fill::Lost };

/// What a file may hold after a crash at the end.
fn after_crash(disk: &SimDisk, mode: Mode, name: &str) -> BTreeSet<Option<Vec<u8>>> {
    let images = disk.crash_images(disk.cuts(), mode, 10, 1);
    images.iter().map(|image| image.file(Path::new(name)).map(<[u8]>::to_vec)).collect()
}

/// A disk with a durable file of this content.
fn with_file(content: &[u8]) -> SimDisk {
    let disk = SimDisk::new();
    let file = disk.open(Path::new("/f"), OpenMode::CreateNew).unwrap();
    file.write_at(0, content).unwrap();
    file.sync_all().unwrap();
    disk.sync_dir(Path::new("/")).unwrap();
    disk
}

#[test]
fn what_was_flushed_is_certain() {
    let disk = with_file(b"kept");
    for mode in Mode::ALL {
        assert_eq!(after_crash(&disk, mode, "/f"), BTreeSet::from([Some(b"kept".to_vec())]), "{mode:?}");
    }
}

#[test]
fn a_file_without_its_directory_flushed_may_be_gone() {
    let disk = SimDisk::new();
    disk.open(Path::new("/f"), OpenMode::Create).unwrap().sync_all().unwrap();
    assert_eq!(after_crash(&disk, LOST, "/f"), BTreeSet::from([None, Some(Vec::new())]));
    assert_eq!(after_crash(&disk, Mode::Prefix, "/f"), BTreeSet::from([Some(Vec::new())]));
}

#[test]
fn a_rename_happens_or_not_and_may_come_before_the_data() {
    let disk = with_file(b"old");
    disk.open(Path::new("/new"), OpenMode::Create).unwrap().write_at(0, b"new").unwrap();
    disk.rename(Path::new("/new"), Path::new("/f")).unwrap();
    let found = after_crash(&disk, LOST, "/f");
    let expected = [b"old".to_vec(), b"new".to_vec(), Vec::new()].map(Some);
    assert_eq!(found, BTreeSet::from(expected));
}

#[test]
fn a_removal_that_was_not_flushed_may_be_undone() {
    let disk = with_file(b"x");
    disk.remove(Path::new("/f")).unwrap();
    assert_eq!(after_crash(&disk, LOST, "/f"), BTreeSet::from([None, Some(b"x".to_vec())]));
    assert!(!disk.exists(Path::new("/f")).unwrap());
    assert!(disk.list(Path::new("/")).unwrap().is_empty());
}

#[test]
fn a_write_is_torn_at_sectors_and_filled_with_what_the_mode_says() {
    let disk = with_file(&[1; 1024]);
    let file = disk.open(Path::new("/f"), OpenMode::Write).unwrap();
    file.write_at(0, &[2; 1024]).unwrap();
    let halves = |fill| {
        let found = after_crash(&disk, Mode::Subset { sector: 512, fill }, "/f");
        found.into_iter().flatten().map(|b| (b[0], b[512])).collect::<BTreeSet<_>>()
    };
    assert_eq!(halves(Fill::Lost), BTreeSet::from([(1, 1), (1, 2), (2, 1), (2, 2)]));
    assert_eq!(halves(Fill::Zeros), BTreeSet::from([(0, 0), (0, 2), (2, 0), (2, 2)]));
    assert_eq!(halves(Fill::Ones), BTreeSet::from([(255, 255), (255, 2), (2, 255), (2, 2)]));
}

#[test]
fn a_length_may_come_without_its_data_and_data_without_its_length() {
    let disk = with_file(b"");
    let file = disk.open(Path::new("/f"), OpenMode::Write).unwrap();
    file.write_at(0, b"ab").unwrap();
    file.set_len(1).unwrap();
    let found = after_crash(&disk, Mode::Subset { sector: 512, fill: Fill::Length }, "/f");
    let expected = [&[0u8][..], &[0, 0], b"a", b"ab"].map(|b| Some(b.to_vec()));
    assert_eq!(found, BTreeSet::from(expected));
}

#[test]
fn the_same_bytes_over_flushed_ones_change_nothing() {
    let disk = with_file(b"same");
    disk.open(Path::new("/f"), OpenMode::Write).unwrap().write_at(1, b"am").unwrap();
    for mode in Mode::ALL {
        assert_eq!(after_crash(&disk, mode, "/f"), BTreeSet::from([Some(b"same".to_vec())]));
    }
}

#[test]
fn a_flush_that_fails_drops_what_was_dirty_and_the_next_one_does_not_bring_it_back() {
    let disk = with_file(b"old");
    let file = disk.open(Path::new("/f"), OpenMode::Write).unwrap();
    disk.inject(Some(Fault::SyncDrops { index: 0 }));
    file.write_at(0, b"new").unwrap();
    assert!(matches!(file.sync_data(), Err(Error::Io { .. })));
    file.sync_data().unwrap();
    assert_eq!(disk.syncs(), 2);
    let mut read = [0; 3];
    file.read_at(0, &mut read).unwrap();
    assert_eq!(&read, b"new", "the process still sees it");
    assert_eq!(after_crash(&disk, Mode::Prefix, "/f"), BTreeSet::from([Some(b"old".to_vec())]));
}

#[test]
fn a_full_disk_takes_what_fits() {
    let disk = with_file(b"");
    let file = disk.open(Path::new("/f"), OpenMode::Write).unwrap();
    disk.inject(Some(Fault::Space { bytes: 3 }));
    assert!(matches!(file.write_at(0, b"12345"), Err(Error::Io { .. })));
    assert_eq!(file.len().unwrap(), 3);
    disk.inject(None);
    file.write_at(3, b"45").unwrap();
    assert_eq!(disk.calls(), 1);
    assert_eq!(disk.live_image().file(Path::new("/f")), Some(&b"12345"[..]));
}

#[test]
fn a_call_fails_once_or_for_ever() {
    let disk = with_file(b"");
    for (forever, second) in [(false, true), (true, false)] {
        disk.inject(Some(Fault::Call { index: 0, forever }));
        assert!(disk.exists(Path::new("/f")).is_err());
        assert_eq!(disk.exists(Path::new("/f")).is_ok(), second);
    }
}

#[test]
fn a_lock_is_held_by_one_and_damage_makes_another_disk() {
    let disk = with_file(b"a");
    let held = disk.vfs().lock(Path::new("/LOCK")).unwrap();
    assert!(matches!(disk.lock(Path::new("/LOCK")), Err(Error::Locked { .. })));
    drop(held);
    drop(disk.lock(Path::new("/LOCK")).unwrap());
    let damaged = disk.damage(Path::new("/f"), |b| b[0] ^= 1).live_image();
    assert_eq!(damaged.file(Path::new("/f")), Some(&b"`"[..]));
    assert_eq!(damaged.files().count(), 2);
    let mut without: Image = damaged;
    without.remove(Path::new("/f"));
    assert!(!SimDisk::from_image(&without).exists(Path::new("/f")).unwrap());
}
