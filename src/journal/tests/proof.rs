//! What recovery takes as proof, one case each: chains, marks, sessions, later files, the seal.

use super::oracle::{Act, create, open, path, payload, recorded_at, run};
use super::sim_disk::{Image, SimDisk};
use crate::error::{Error, Result};
use crate::journal::Tail;

/// A disk with frames of these payload sizes in one flushed group; the bytes depend on `life`.
fn written(life: u8, sizes: &[usize], roll_after: Option<u64>) -> SimDisk {
    let disk = SimDisk::new();
    let mut journal = create(&disk).unwrap();
    for (seq, size) in (1u64..).zip(sizes) {
        journal.append(seq, recorded_at(seq), &payload(seq, *size, life)).unwrap();
        if roll_after == Some(seq) {
            journal.roll().unwrap();
        }
    }
    journal.sync().unwrap();
    disk
}

fn found(image: &Image) -> Result<(u64, Tail)> {
    let (_, recovery, frames) = open(&SimDisk::from_image(image))?;
    assert_eq!(recovery.last_seq, frames.len() as u64);
    Ok((recovery.last_seq, recovery.tail))
}

fn what(image: &Image) -> &'static str {
    match found(image) {
        Err(Error::Corrupt { what, .. }) => what,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_frame_of_another_life_of_the_database_does_not_follow() {
    let (ours, theirs) = (written(0, &[50, 50], None).live_image(), written(1, &[50, 50], None).live_image());
    let log = path("journal/0000000001.log");
    let second = 64 + 44 + 50;
    let mut mixed = ours;
    mixed.change(&log, |b| b[second..].copy_from_slice(&theirs.file(&log).unwrap()[second..]));
    assert_eq!(found(&mixed).unwrap(), (1, Tail::Cut { from_seq: 2 }));
}

#[test]
fn a_log_file_of_another_life_of_the_database_does_not_follow() {
    let [ours, theirs] = [0, 1].map(|life| written(life, &[50, 50], Some(1)).live_image());
    let log = path("journal/0000000002.log");
    let mut mixed = ours;
    mixed.change(&log, |b| *b = theirs.file(&log).unwrap().to_vec());
    assert_eq!(what(&mixed), "the log file does not follow the one before");
}

#[test]
fn bytes_behind_the_last_frame_of_a_file_that_is_not_the_last_are_damage() {
    let mut image = written(0, &[50, 50], Some(1)).live_image();
    image.change(&path("journal/0000000001.log"), |b| b.push(0));
    assert_eq!(what(&image), "a frame's header is cut short");
}

#[test]
fn a_mark_of_an_earlier_session_is_not_believed() {
    let disk = written(0, &[50], None);
    let (mut journal, ..) = open(&disk).unwrap();
    for group in [&[2u64][..], &[3, 4]] {
        for seq in group {
            journal.append(*seq, recorded_at(*seq), &payload(*seq, 50, 0)).unwrap();
        }
        journal.sync().unwrap();
    }
    drop(journal);
    // The mark in the second slot says 4; the last group is lost, and this is told once it is opened.
    let disk = disk.damage(&path("journal/0000000001.log"), |b| b.truncate(64 + 2 * 94));
    let (mut journal, recovery, _) = open(&disk).unwrap();
    assert_eq!(recovery.tail, Tail::Cut { from_seq: 3 });
    journal.append(3, recorded_at(3), b"instead").unwrap();
    journal.sync().unwrap();
    drop(journal);
    assert_eq!(found(&disk.live_image()).unwrap(), (3, Tail::Clean));
}

#[test]
fn a_frame_of_an_earlier_session_is_never_cut() {
    let (disk, _) = run(&[Act::Small, Act::Reopen, Act::Small]);
    let mut image = disk.live_image();
    let size = 44 + 21;
    image.change(&path("journal/0000000001.log"), |b| {
        b.truncate(64 + size);
        b[64 + 50] ^= 1;
    });
    assert_eq!(what(&image), "a frame's payload does not hold");
    image.change(&path("journal/0000000001.log"), |b| b.truncate(64));
    assert_eq!(what(&image), "the log ends before the last session began");
}

#[test]
fn a_sealed_manifest_of_an_earlier_time_does_not_fit_a_longer_log() {
    let sealed = run(&[Act::Small, Act::Reopen]).0.live_image();
    let mut image = run(&[Act::Small, Act::Reopen, Act::Small, Act::Reopen]).0.live_image();
    image.change(&path("MANIFEST"), |b| *b = sealed.file(&path("MANIFEST")).unwrap().to_vec());
    assert_eq!(what(&image), "the log does not end where it was sealed");
}
