//! Writing the feed: one record a commit, in files of a few megabytes.
//!
//! # Invariants
//!   F1 records have the seqs of their commits, without gaps, across files.
//!   F2 a record is only lost where the journal still has its commit: the feed is flushed before a checkpoint lets frames
//!      go, and an open that replays a commit without a record makes it again, the same.
//!   F3 what is ahead of the journal, or torn, is cut off, durably, before anything is written behind it.
//!   F4 a file is begun when every record before it is durable, and holds a record when its name is.
//!   F5 what an earlier session wrote and segments do not cover is written again before it counts as flushed: a flush that
//!      failed may have left bytes that can be read, count as clean, and are not on the medium.
//!   F6 what is damaged where no frame can make it again is kept, so that whoever reads it is told.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::feed::changes::Changes;
use crate::feed::layout::{
    FILE_HEADER_BYTES, Head, feed_dir, file_header, file_in, files, head_of, read_from, record, refuse,
    take_record,
};
use crate::feed::record::put_changes;
use crate::vfs::{OpenMode, Vfs, VfsFile};

/// The size at which the next file is begun.
const FILE_BYTES_MAX: u64 = 4 << 20;
/// Records that a file has at least before the next one is begun for the retention's sake.
const FILE_RECORDS_MIN: u64 = 256;
/// A file holds about this part of what the retention keeps, so that not much more is kept.
const RETAINED_FILES: u64 = 4;

/// How long records are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FeedRetention {
    /// For ever.
    #[default]
    All,
    /// Those of so many commits at least, and not many more: whole files go, of a few hundred commits or a fourth of these,
    /// whenever there is a checkpoint.
    Commits(u64),
    /// Those of so many milliseconds before the last commit at least, in terms of when commits were recorded.
    For {
        /// The milliseconds.
        ms: i64,
    },
    /// None: there is no feed, and what was kept of one is removed.
    None,
}

/// The file that records are written to.
#[derive(Debug)]
struct Current {
    file: Box<dyn VfsFile>,
    /// Where the next record goes.
    end: u64,
    /// The first commit in it, and when that was recorded.
    first: u64,
    first_at: i64,
    /// What lies from here on was written by an earlier session (F5).
    unsure: Option<u64>,
}

/// The feed of a database, open for writing.
#[derive(Debug)]
pub(crate) struct FeedLog {
    vfs: Arc<dyn Vfs>,
    dir: PathBuf,
    uuid: [u8; 16],
    retention: FeedRetention,
    /// The last commit that segments covered when the feed was opened.
    covered_seq: u64,
    /// The last commit with a record; what comes next has no gap to it.
    last_seq: u64,
    /// `None` = the next record begins a file of its own.
    current: Option<Current>,
}

/// What was found in a file.
struct Found {
    /// The last of its records without a gap; one less than the first if there is none.
    last_seq: u64,
    first_at: i64,
    /// Where the record behind that one begins.
    end: u64,
    /// Where records begin that no segment covers; 0 = the file with them.
    sure_end: u64,
    /// There are bytes behind `end`, or the head is damaged.
    is_damaged: bool,
}

impl FeedLog {
    /// Opens the feed of a database whose journal begins after `covered_seq`; one that does not reach there begins anew.
    pub(crate) fn open(
        vfs: Arc<dyn Vfs>,
        database: &Path,
        uuid: [u8; 16],
        covered_seq: u64,
        retention: FeedRetention,
    ) -> Result<FeedLog> {
        let dir = feed_dir(database);
        let mut log =
            FeedLog { vfs, dir, uuid, retention, covered_seq, last_seq: covered_seq, current: None };
        if retention == FeedRetention::None {
            log.remove_from(0)?;
            return Ok(log);
        }
        while let Some(first) = log.files()?.pop() {
            let found = log.look_into(first, u64::MAX)?;
            if first > covered_seq && found.last_seq < first {
                // It was begun and not finished; the journal has its commits.
                log.remove_from(first)?;
                continue;
            }
            if found.last_seq >= covered_seq {
                log.resume(first, &found)?;
            } else if !found.is_damaged {
                // There was no feed for a while.
                log.remove_from(0)?;
            }
            break;
        }
        Ok(log)
    }

    /// The last commit with a record.
    pub(crate) fn last_seq(&self) -> u64 {
        self.last_seq
    }

    fn files(&self) -> Result<Vec<u64>> {
        files(&*self.vfs, &self.dir)
    }

    /// Removes, durably, the files whose first commit is this one or a later one.
    fn remove_from(&self, from: u64) -> Result<()> {
        // The last one first: should this be cut short, there is no gap.
        let gone: Vec<u64> = self.files()?.into_iter().filter(|first| *first >= from).rev().collect();
        gone.iter().try_for_each(|first| self.vfs.remove(&file_in(&self.dir, *first)))?;
        if gone.is_empty() { Ok(()) } else { self.vfs.sync_dir(&self.dir) }
    }

    /// Reads the records of a file up to a commit.
    fn look_into(&self, first: u64, through: u64) -> Result<Found> {
        let path = file_in(&self.dir, first);
        let bytes = read_from(&*self.vfs, &path, 0)?;
        let head = head_of(&self.uuid, &bytes);
        refuse(&path, head)?;
        let last_seq = first.saturating_sub(1);
        let mut found = Found { last_seq, first_at: 0, end: 0, sure_end: 0, is_damaged: head != Head::Ours };
        if found.is_damaged {
            return Ok(found);
        }
        let mut at = FILE_HEADER_BYTES;
        while let Some((seq, recorded_at, _, len)) =
            bytes.get(at..).and_then(|rest| take_record(&self.uuid, rest))
            && seq == found.last_seq + 1
            && seq <= through
        {
            if seq == first {
                found.first_at = recorded_at;
            }
            (found.last_seq, at) = (seq, at + len);
            if seq <= self.covered_seq {
                found.sure_end = at as u64;
            }
        }
        found.is_damaged = at < bytes.len();
        found.end = at as u64;
        Ok(found)
    }

    /// Goes on in a file behind its records, and cuts off what is there (F3).
    fn resume(&mut self, first: u64, found: &Found) -> Result<()> {
        let file = self.vfs.open(&file_in(&self.dir, first), OpenMode::Write)?;
        if file.len()? > found.end {
            file.set_len(found.end)?;
            file.sync_data()?;
        }
        self.last_seq = found.last_seq;
        let unsure = Some(found.sure_end).filter(|sure| *sure < found.end);
        self.current = Some(Current { file, end: found.end, first, first_at: found.first_at, unsure });
        Ok(())
    }

    /// Forgets the records of commits after `last_seq`: the journal has them no longer.
    pub(crate) fn forget_after(&mut self, last_seq: u64) -> Result<()> {
        if self.last_seq <= last_seq {
            return Ok(());
        }
        self.current = None;
        self.remove_from(last_seq + 1)?;
        if let Some(first) = self.files()?.pop() {
            let found = self.look_into(first, last_seq)?;
            self.resume(first, &found)?;
        }
        self.last_seq = last_seq;
        Ok(())
    }

    /// Writes the record of the next commit; it is not durable yet.
    pub(crate) fn append(&mut self, seq: u64, recorded_at: i64, changes: &Changes<u32>) -> Result<()> {
        if seq != self.last_seq + 1 {
            return Err(Error::Internal { what: "a commit's record does not follow the one before it" });
        }
        let payload = put_changes(changes);
        let too_large = Error::TooLarge { what: "the changes of a commit", limit: u64::from(u32::MAX) };
        let bytes = record(&self.uuid, seq, recorded_at, &payload).ok_or(too_large)?;
        if self.current.as_ref().is_none_or(|current| self.is_full(current, seq, recorded_at)) {
            self.begin_file(seq, recorded_at)?;
        }
        let Some(current) = &mut self.current else {
            return Err(Error::Internal { what: "the feed has no file" });
        };
        current.file.write_at(current.end, &bytes)?;
        current.end += bytes.len() as u64;
        self.last_seq = seq;
        Ok(())
    }

    /// Whether a record goes to the next file.
    fn is_full(&self, current: &Current, seq: u64, recorded_at: i64) -> bool {
        let records = seq.saturating_sub(current.first);
        let is_share = match self.retention {
            FeedRetention::All | FeedRetention::None => false,
            FeedRetention::Commits(count) => records >= count / RETAINED_FILES,
            FeedRetention::For { ms } => {
                let span = recorded_at.saturating_sub(current.first_at);
                span >= ms / RETAINED_FILES.cast_signed()
            }
        };
        current.end >= FILE_BYTES_MAX || (is_share && records >= FILE_RECORDS_MIN)
    }

    /// Begins a file (F4).
    fn begin_file(&mut self, first: u64, first_at: i64) -> Result<()> {
        self.flush()?;
        if !self.vfs.exists(&self.dir)? {
            self.vfs.create_dir(&self.dir)?;
            if let Some(database) = self.dir.parent() {
                self.vfs.sync_dir(database)?;
            }
        }
        let file = self.vfs.open(&file_in(&self.dir, first), OpenMode::Create)?;
        file.set_len(0)?;
        let header = file_header(&self.uuid);
        file.write_at(0, &header)?;
        file.sync_all()?;
        self.vfs.sync_dir(&self.dir)?;
        self.current = Some(Current { file, end: header.len() as u64, first, first_at, unsure: None });
        Ok(())
    }

    /// Makes every record durable.
    fn flush(&mut self) -> Result<()> {
        let Some(current) = &mut self.current else { return Ok(()) };
        let Some(from) = current.unsure else { return current.file.sync_data() };
        let path = file_in(&self.dir, current.first);
        let mut bytes = read_from(&*self.vfs, &path, from)?;
        bytes.truncate(usize::try_from(current.end.saturating_sub(from)).unwrap_or(usize::MAX));
        current.file.write_at(from, &bytes)?;
        current.file.sync_all()?;
        if from == 0 {
            self.vfs.sync_dir(&self.dir)?;
            if let Some(database) = self.dir.parent() {
                self.vfs.sync_dir(database)?;
            }
        }
        current.unsure = None;
        Ok(())
    }

    /// Makes the records durable, and removes what need not be kept.
    pub(crate) fn sync(&mut self, newest: i64) -> Result<()> {
        self.flush()?;
        self.retain(newest)
    }

    /// Removes files of which no record need be kept.
    fn retain(&self, newest: i64) -> Result<()> {
        if self.retention == FeedRetention::All {
            return Ok(());
        }
        let files = self.files()?;
        for (first, next) in files.iter().zip(files.iter().skip(1)) {
            let goes = match self.retention {
                FeedRetention::Commits(count) => {
                    next.saturating_sub(1) <= self.last_seq.saturating_sub(count)
                }
                FeedRetention::For { ms } => {
                    let following = self.first_at(*next)?;
                    following.is_some_and(|at| newest.saturating_sub(at) > ms.max(0))
                }
                FeedRetention::All | FeedRetention::None => false,
            };
            if !goes {
                break;
            }
            self.vfs.remove(&file_in(&self.dir, *first))?;
        }
        Ok(())
    }

    /// When the first commit of a file was recorded.
    fn first_at(&self, first: u64) -> Result<Option<i64>> {
        if let Some(current) = self.current.as_ref().filter(|current| current.first == first) {
            return Ok(Some(current.first_at));
        }
        let bytes = read_from(&*self.vfs, &file_in(&self.dir, first), FILE_HEADER_BYTES as u64)?;
        Ok(take_record(&self.uuid, &bytes).map(|(_, recorded_at, _, _)| recorded_at))
    }
}
