//! Damage is told, never passed over: flipped bits, cut, missing, foreign and stale files.

use std::path::{Path, PathBuf};

use super::oracle::{Act, compare, identity, open, options, path, recorded_at, run};
use super::sim_disk::{Image, SimDisk};
use crate::error::{Error, Result};
use crate::journal::create::Identity;
use crate::journal::{Journal, Tail};

const ALL: [Act; 12] = [
    Act::Small,
    Act::Sync,
    Act::Small,
    Act::Reopen,
    Act::Small,
    Act::Sync,
    Act::Roll,
    Act::Small,
    Act::Small,
    Act::Sync,
    Act::Small,
    Act::Small,
];
/// Of `ALL`, played to the end and not closed: frames 4 and 5 are the last sync group, 6 and 7 came after it.
const FRAMES: u64 = 7;
const LAST_GROUP: u64 = 4;
const ACKED: u64 = 5;

/// The workload, stopped without a close.
fn unclean() -> (Image, Vec<Vec<u8>>) {
    let (disk, history) = run(&ALL);
    (disk.live_image(), history.frames)
}

/// The same, closed.
fn clean() -> (Image, Vec<Vec<u8>>) {
    let (disk, history) = run(&[ALL.as_slice(), &[Act::Reopen]].concat());
    (disk.live_image(), history.frames)
}

/// How many frames there are and how it ends, the frames being checked.
fn outcome(image: &Image, frames: &[Vec<u8>]) -> Result<(u64, Tail)> {
    let (_, recovery, read) = open(&SimDisk::from_image(image))?;
    compare(&read, frames).unwrap();
    assert_eq!(recovery.last_seq, read.len() as u64);
    Ok((recovery.last_seq, recovery.tail))
}

/// Calls `check` with every file's name and every disk on which one bit of it is flipped.
fn flip_all(image: &Image, mut check: impl FnMut(&Path, usize, &Image)) -> u64 {
    let mut flips = 0;
    let names: Vec<PathBuf> = image.files().map(|(p, _)| p.to_owned()).collect();
    let mut damaged = image.clone();
    for name in names {
        let size = image.file(&name).unwrap().len();
        for bit in 0..size * 8 {
            damaged.change(&name, |b| b[bit / 8] ^= 1 << (bit % 8));
            check(&name, bit / 8, &damaged);
            damaged.change(&name, |b| b[bit / 8] ^= 1 << (bit % 8));
            flips += 1;
        }
    }
    flips
}

fn is_log(name: &Path) -> bool {
    name.extension().is_some_and(|e| e == "log")
}

/// The image with a file cut to a length.
fn cut(image: &Image, name: &Path, len: usize) -> Image {
    let mut image = image.clone();
    image.change(name, |b| b.truncate(len));
    image
}

#[test]
fn after_a_clean_close_every_flipped_bit_of_a_log_is_corrupt_and_others_lose_nothing() {
    let (image, frames) = clean();
    let flips = flip_all(&image, |name, at, damaged| match outcome(damaged, &frames) {
        Err(Error::Corrupt { .. }) if is_log(name) => {}
        // Each slot of the manifest has a twin; the mark does not matter after a close.
        Ok((FRAMES, Tail::Clean)) if !is_log(name) => {}
        other => panic!("{} byte {at}: {other:?}", name.display()),
    });
    assert!(flips > 70_000);
}

#[test]
fn after_an_unclean_stop_a_flipped_bit_is_never_silent_and_never_cuts_before_the_last_group() {
    let (image, frames) = unclean();
    flip_all(&image, |name, at, damaged| match outcome(damaged, &frames) {
        Ok((FRAMES, Tail::Clean)) if !is_log(name) => {}
        Ok((k, Tail::Cut { from_seq })) if is_log(name) && k + 1 >= LAST_GROUP => {
            assert!(from_seq == k + 1 && k < FRAMES);
        }
        Err(Error::Corrupt { .. }) if is_log(name) => {}
        other => panic!("{} byte {at}: {other:?}", name.display()),
    });
}

#[test]
fn a_cut_is_reported_only_where_the_end_may_be_torn() {
    let (image, frames) = unclean();
    let log = path("journal/0000000002.log");
    let size = image.file(&log).unwrap().len();
    let mut torn = image.clone();
    torn.change(&log, |b| b[size - 1] ^= 1);
    assert_eq!(outcome(&torn, &frames).unwrap(), (6, Tail::Cut { from_seq: 7 }));
    // Frame 4 belongs to the last group, but frame 6 says that 5 was durable.
    let mut proved = image;
    proved.change(&log, |b| b[64 + 44] ^= 1);
    assert!(matches!(outcome(&proved, &frames), Err(Error::Corrupt { offset: 64, .. })));
}

#[test]
fn after_a_clean_close_every_truncation_and_extension_of_a_log_is_corrupt() {
    let (image, frames) = clean();
    for name in image.files().map(|(p, _)| p.to_owned()).collect::<Vec<_>>() {
        for len in 0..image.file(&name).unwrap().len() {
            let found = outcome(&cut(&image, &name, len), &frames);
            let manifest_lost = name == path("MANIFEST") && len < 4096;
            if is_log(&name) || manifest_lost {
                assert!(matches!(found, Err(Error::Corrupt { .. })), "{} {len}: {found:?}", name.display());
            } else {
                assert_eq!(found.unwrap(), (FRAMES, Tail::Clean), "{} {len}", name.display());
            }
        }
        for extra in [&[0u8][..], &[0; 512], &[0xFF; 44]] {
            let mut longer = image.clone();
            longer.change(&name, |b| b.extend_from_slice(extra));
            let found = outcome(&longer, &frames);
            assert_eq!(is_log(&name), found.is_err_and(|e| e.is_corruption()), "{}", name.display());
        }
    }
}

#[test]
fn after_a_kill_every_truncation_that_loses_an_acknowledged_frame_is_told() {
    let (image, frames) = unclean();
    for name in image.files().map(|(p, _)| p.to_owned()).filter(|p| is_log(p)).collect::<Vec<_>>() {
        for len in 0..image.file(&name).unwrap().len() {
            match outcome(&cut(&image, &name, len), &frames) {
                Err(Error::Corrupt { .. }) => {}
                Ok((k, Tail::Clean)) => assert!(k >= ACKED, "{len}"),
                Ok((k, Tail::Cut { from_seq })) => assert!(k + 1 >= LAST_GROUP && from_seq == k + 1),
                other => panic!("{} {len}: {other:?}", name.display()),
            }
        }
    }
}

#[test]
fn the_mark_notices_a_log_that_ends_early_at_a_frames_boundary() {
    let (disk, history) = run(&[Act::Small, Act::Sync, Act::Small, Act::Small, Act::Sync]);
    let image = disk.live_image();
    let log = path("journal/0000000001.log");
    let frame = |seq: usize| 44 + history.frames[seq - 1].len();
    let early = cut(&image, &log, 64 + frame(1));
    assert_eq!(outcome(&early, &history.frames).unwrap(), (1, Tail::Cut { from_seq: 2 }));
    let earlier = cut(&image, &log, 64);
    assert!(matches!(outcome(&earlier, &history.frames), Err(Error::Corrupt { offset: 64, .. })));
    // Without the mark the last group's loss at a boundary cannot be seen: the mark is a lower bound only.
    let mut unmarked = early;
    unmarked.remove(&path("journal/MARK"));
    assert_eq!(outcome(&unmarked, &history.frames).unwrap(), (1, Tail::Clean));
}

#[test]
fn every_zeroed_sector_of_a_closed_log_is_corrupt() {
    let (image, frames) = clean();
    for name in image.files().map(|(p, _)| p.to_owned()).filter(|p| is_log(p)).collect::<Vec<_>>() {
        for at in (0..image.file(&name).unwrap().len()).step_by(64) {
            let mut rotten = image.clone();
            rotten.change(&name, |b| b.iter_mut().skip(at).take(64).for_each(|b| *b = 0));
            assert!(outcome(&rotten, &frames).is_err_and(|e| e.is_corruption()), "{}", name.display());
        }
    }
}

#[test]
fn a_missing_file_is_corrupt_and_a_missing_mark_is_not() {
    for (image, frames) in [clean(), unclean()] {
        for (name, _) in image.files() {
            let mut without = image.clone();
            without.remove(name);
            let found = outcome(&without, &frames);
            if name.ends_with("MARK") || name.ends_with("LOCK") {
                assert_eq!(found.unwrap().0, FRAMES);
            } else {
                assert!(matches!(found, Err(Error::Corrupt { .. })), "{}: {found:?}", name.display());
            }
        }
    }
}

#[test]
fn swapped_foreign_and_stale_files_are_corrupt() {
    let first = path("journal/0000000001.log");
    let second = path("journal/0000000002.log");
    let other = SimDisk::new();
    let stranger = Identity { uuid: [7; 16], ..identity() };
    let mut journal = Journal::create_as(other.vfs(), &path(""), options(), stranger).unwrap();
    journal.append(1, recorded_at(1), b"theirs").unwrap();
    journal.close().unwrap();
    for (image, frames) in [clean(), unclean()] {
        let bytes = |name: &Path| image.file(name).unwrap().to_vec();
        let mut swapped = image.clone();
        swapped.change(&first, |b| *b = bytes(&second));
        swapped.change(&second, |b| *b = bytes(&first));
        assert!(outcome(&swapped, &frames).is_err_and(|e| e.is_corruption()));
        for name in [&first, &path("MANIFEST")] {
            let mut foreign = image.clone();
            foreign.change(name, |b| *b = other.live_image().file(name).unwrap().to_vec());
            assert!(outcome(&foreign, &frames).is_err_and(|e| e.is_corruption()));
        }
    }
    // A log of the same database from an earlier time, put back under a newer manifest.
    let (stale, _) = run(&[Act::Small, Act::Reopen]);
    let (disk, history) = run(&[Act::Small, Act::Reopen, Act::Small, Act::Reopen]);
    let back = disk.damage(&first, |b| *b = stale.live_image().file(&first).unwrap().to_vec());
    assert!(outcome(&back.live_image(), &history.frames).is_err_and(|e| e.is_corruption()));
}

#[test]
fn two_damaged_manifest_slots_are_corrupt() {
    let (image, frames) = clean();
    let mut damaged = image;
    damaged.change(&path("MANIFEST"), |b| {
        b[100] ^= 1;
        b[4096 + 50] ^= 1;
    });
    assert!(outcome(&damaged, &frames).is_err_and(|e| e.is_corruption()));
}

#[test]
fn a_future_version_is_told_as_such() {
    let (image, frames) = clean();
    let future = |block: &mut [u8]| {
        block[8] = 3;
        let (body, crc) = block.split_last_chunk_mut::<4>().unwrap();
        *crc = crc32c::crc32c(body).to_le_bytes();
    };
    let mut manifest = image.clone();
    manifest.change(&path("MANIFEST"), |b| future(&mut b[4096..]));
    let mut log = image;
    log.change(&path("journal/0000000002.log"), |b| future(&mut b[..64]));
    for newer in [manifest, log] {
        let found = outcome(&newer, &frames);
        assert!(
            matches!(found, Err(Error::FormatVersion { found: 3, oldest: 1, newest: 1 | 2 })),
            "{found:?}"
        );
    }
}
