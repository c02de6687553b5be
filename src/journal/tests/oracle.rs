//! A workload's history, and the check of a disk against it.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::path::{Path, PathBuf};

use super::sim_disk::{Image, Mode, SimDisk};
use crate::error::{Error, Result};
use crate::journal::create::Identity;
use crate::journal::format::Secret;
use crate::journal::open::Recovery;
use crate::journal::{Journal, Options, Tail};

/// A frame as read: seq, time, payload.
pub(super) type Read = (u64, i64, Vec<u8>);

pub(super) fn dir() -> PathBuf {
    PathBuf::from("/db")
}

pub(super) fn options() -> Options {
    Options { file_bytes_max: 2048, resolver_version: 7 }
}

pub(super) fn identity() -> Identity {
    Identity { uuid: *b"\xA0uuid-for-tests\xFF", secret: Secret([0x5E; 32]) }
}

/// The payload of a frame: different for every seq, and for the frames put in place of lost ones.
pub(super) fn payload(seq: u64, size: usize, life: u8) -> Vec<u8> {
    (0..size).map(|i| (seq as u8).wrapping_mul(31) ^ (i as u8) ^ life.wrapping_mul(0x55)).collect()
}

pub(super) fn recorded_at(seq: u64) -> i64 {
    1_700_000_000_000 + seq as i64
}

pub(super) fn create(disk: &SimDisk) -> Result<Journal> {
    Journal::create_as(disk.vfs(), &dir(), options(), identity())
}

pub(super) fn open(disk: &SimDisk) -> Result<(Journal, Recovery, Vec<Read>)> {
    let mut frames = Vec::new();
    let (journal, recovery) = Journal::open(disk.vfs(), &dir(), options(), &mut |frame| {
        frames.push((frame.seq, frame.recorded_at, frame.payload.to_vec()));
        Ok(())
    })?;
    Ok((journal, recovery, frames))
}

/// An operation of a workload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Act {
    Small,
    Large,
    Sync,
    Reopen,
    Roll,
}

pub(super) const ACTS: [Act; 5] = [Act::Small, Act::Large, Act::Sync, Act::Reopen, Act::Roll];

/// What was asked of a disk, and when, counted in changes of the disk.
#[derive(Debug, Default)]
pub(super) struct History {
    pub(super) frames: Vec<Vec<u8>>,
    issued_at: Vec<usize>,
    acked: Vec<(usize, u64)>,
    created: usize,
    /// Where the last operation began.
    pub(super) last_act: usize,
}

/// What a disk may hold: at least the first `acked`, at most the first `issued` of the frames.
#[derive(Debug, Clone, Copy)]
pub(super) struct Want<'a> {
    pub(super) frames: &'a [Vec<u8>],
    pub(super) acked: u64,
    pub(super) issued: u64,
    pub(super) created: bool,
}

impl History {
    pub(super) fn want(&self, cut: usize) -> Want<'_> {
        let acked = self.acked.iter().filter(|(at, _)| *at <= cut).map(|(_, seq)| *seq).max();
        Want {
            frames: &self.frames,
            acked: acked.unwrap_or(0),
            issued: self.issued_at.iter().filter(|at| **at < cut).count() as u64,
            created: self.created <= cut,
        }
    }
}

/// Runs a workload on a new disk, without faults.
pub(super) fn run(acts: &[Act]) -> (SimDisk, History) {
    let disk = SimDisk::new();
    let mut history = History::default();
    perform(&disk, acts, &mut history).unwrap();
    (disk, history)
}

/// Runs a workload up to the first error; what was acknowledged is in the history.
pub(super) fn perform(disk: &SimDisk, acts: &[Act], history: &mut History) -> Result<()> {
    history.created = usize::MAX;
    let mut journal = create(disk)?;
    history.created = disk.cuts();
    for act in acts {
        history.last_act = disk.cuts();
        match act {
            Act::Small | Act::Large => {
                let seq = history.frames.len() as u64 + 1;
                let size = if *act == Act::Small { 20 + seq as usize } else { 1300 };
                history.frames.push(payload(seq, size, 0));
                history.issued_at.push(disk.cuts());
                journal.append(seq, recorded_at(seq), &payload(seq, size, 0))?;
            }
            Act::Sync => {
                let durable = journal.sync()?;
                history.acked.push((disk.cuts(), durable));
            }
            Act::Roll => journal.roll()?,
            Act::Reopen => {
                journal.close()?;
                history.acked.push((disk.cuts(), history.frames.len() as u64));
                let (again, recovery, frames) = open(disk)?;
                assert_eq!(recovery.tail, Tail::Clean);
                assert_eq!(frames.len(), history.frames.len());
                journal = again;
            }
        }
    }
    Ok(())
}

/// Opens what a crash left, holds it against the oracle, opens it again, and goes on writing. Returns how many
/// frames survived.
pub(super) fn verify(image: &Image, want: Want<'_>) -> Result<u64, String> {
    let disk = SimDisk::from_image(image);
    let (journal, first, frames) = match open(&disk) {
        Err(Error::NotFound { .. }) if !want.created => {
            drop(create(&disk).map_err(|e| format!("create again: {e:?}"))?);
            open(&disk).map_err(|e| format!("open of what was created again: {e:?}"))?
        }
        other => other.map_err(|e| format!("open: {e:?}"))?,
    };
    drop(journal);
    let count = frames.len() as u64;
    if count < want.acked || count > want.issued {
        return Err(format!("{count} frames of {} to {}", want.acked, want.issued));
    }
    compare(&frames, want.frames)?;
    let last = frames.last().map(|f| f.1);
    if first.last_seq != count || first.last_recorded_at != last {
        return Err(format!("{first:?} for {count} frames"));
    }
    if !matches!(first.tail, Tail::Clean) && first.tail != (Tail::Cut { from_seq: count + 1 }) {
        return Err(format!("{first:?} for {count} frames"));
    }
    let (mut journal, second, again) = open(&disk).map_err(|e| format!("second open: {e:?}"))?;
    if (second, &again) != (first, &frames) {
        return Err(format!("second open: {second:?} after {first:?}"));
    }
    let next = payload(count + 1, 33, 1);
    journal
        .append(count + 1, recorded_at(count + 1), &next)
        .and_then(|()| journal.sync())
        .and_then(|_| journal.close())
        .map_err(|e| format!("going on: {e:?}"))?;
    let (_, third, all) = open(&disk).map_err(|e| format!("third open: {e:?}"))?;
    let expected: Vec<Vec<u8>> = frames.into_iter().map(|f| f.2).chain([next]).collect();
    compare(&all, &expected)?;
    if all.len() != expected.len() || third.tail != Tail::Clean {
        return Err(format!("third open: {third:?}"));
    }
    Ok(count)
}

/// The frames read are the first ones of those expected, to the byte.
pub(super) fn compare(read: &[Read], expected: &[Vec<u8>]) -> Result<(), String> {
    for (i, (seq, at, payload)) in read.iter().enumerate() {
        let wrong = *seq != i as u64 + 1 || *at != recorded_at(*seq) || expected.get(i) != Some(payload);
        if wrong {
            return Err(format!("frame {} of {} is not the one written", i + 1, read.len()));
        }
    }
    Ok(())
}

/// Counts the disks looked at, leaves out those seen before, and keeps what went wrong.
#[derive(Debug, Default)]
pub(super) struct Campaign {
    pub(super) images: u64,
    pub(super) distinct: u64,
    pub(super) cuts: u64,
    pub(super) violations: Vec<String>,
    seen: HashSet<u64>,
    hasher: RandomState,
}

impl Campaign {
    /// Checks all disks of one cut; `each` is called for every new one that is good.
    pub(super) fn cut(
        &mut self,
        at: (&SimDisk, usize),
        modes: &[Mode],
        sample: (u32, u64),
        label: &dyn Fn() -> String,
        want: Want<'_>,
        each: &mut dyn FnMut(&mut Campaign, &Image),
    ) {
        self.cuts += 1;
        for mode in modes {
            for (index, image) in at.0.crash_images(at.1, *mode, sample.0, sample.1).iter().enumerate() {
                self.images += 1;
                let key = (image, want.frames, want.acked, want.issued, want.created);
                if !self.seen.insert(self.hasher.hash_one(key)) {
                    continue;
                }
                self.distinct += 1;
                match verify(image, want) {
                    Ok(_) => each(self, image),
                    Err(e) => {
                        self.violations.push(format!("{} cut {} {mode:?} #{index}: {e}", label(), at.1))
                    }
                }
            }
        }
    }

    /// Prints the figures and fails on a violation.
    #[expect(clippy::print_stdout, reason = "a campaign's figures are for people")]
    pub(super) fn report(&self, name: &str) {
        println!(
            "{name}: {} cuts, {} images, {} distinct, {} violations",
            self.cuts,
            self.images,
            self.distinct,
            self.violations.len()
        );
        assert!(self.violations.is_empty(), "{:#?}", &self.violations[..self.violations.len().min(10)]);
    }
}

/// A number from the environment, for campaigns longer than the default.
pub(super) fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|v| v.parse().ok()).unwrap_or(default)
}

/// Paths inside the database.
pub(super) fn path(name: &str) -> PathBuf {
    Path::new("/db").join(name)
}
