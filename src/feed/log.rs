//! Writing the feed: one record a commit, in files of a few megabytes.
//!
//! # Invariants
//!   F1 records have the seqs of their commits, without gaps, across files.
//!   F2 a record is only lost where the journal still has its commit: the feed is flushed before a checkpoint lets frames
//!      go, and an open that replays a commit without a record makes it again, the same.
//!   F3 what is ahead of the journal, or torn, is cut off, durably, before anything is written behind it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::feed::changes::Changes;
use crate::feed::layout::{FILE_HEADER_BYTES, feed_dir, file_header, file_in, files, record, take_record};
use crate::feed::record::put_changes;
use crate::vfs::{OpenMode, Vfs, VfsFile};

/// The size at which the next file is begun.
const FILE_BYTES_MAX: u64 = 4 << 20;

/// How long records are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FeedRetention {
    /// For ever.
    #[default]
    All,
    /// Those of so many commits at least: whole files go, of a few megabytes each.
    Commits(u64),
    /// Those of so many milliseconds before the last commit, at least.
    For {
        /// The milliseconds.
        ms: i64,
    },
    /// None: there is no feed.
    None,
}

/// The feed of a database, open for writing.
#[derive(Debug)]
pub(crate) struct FeedLog {
    vfs: Arc<dyn Vfs>,
    dir: PathBuf,
    uuid: [u8; 16],
    retention: FeedRetention,
    /// The last commit with a record; what comes next has no gap to it.
    last_seq: u64,
    /// Where the next record goes; `None` = into a file of its own.
    open: Option<(Box<dyn VfsFile>, u64)>,
    /// The names of files may not be durable.
    names_unsynced: bool,
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
            FeedLog { vfs, dir, uuid, retention, last_seq: covered_seq, open: None, names_unsynced: true };
        log.vfs.create_dir(&log.dir)?;
        while let Some(first) = files(&*log.vfs, &log.dir)?.pop() {
            if let Some((last_seq, end)) = log.whole_records(first, u64::MAX)? {
                log.cut(first, end)?;
                log.last_seq = last_seq;
                break;
            }
            // Its first record was torn.
            log.vfs.remove(&file_in(&log.dir, first))?;
        }
        if log.last_seq < covered_seq {
            for first in files(&*log.vfs, &log.dir)? {
                log.vfs.remove(&file_in(&log.dir, first))?;
            }
            (log.open, log.last_seq) = (None, covered_seq);
        }
        Ok(log)
    }

    /// The last commit with a record.
    pub(crate) fn last_seq(&self) -> u64 {
        self.last_seq
    }

    /// The last of the whole records of a file up to a commit, and where it ends; `None` if there is none.
    fn whole_records(&self, first: u64, through: u64) -> Result<Option<(u64, u64)>> {
        let bytes = read_file(&*self.vfs, &file_in(&self.dir, first))?;
        if bytes.get(..FILE_HEADER_BYTES) != Some(&file_header(&self.uuid)) {
            return Ok(None);
        }
        let (mut next, mut at) = (first, FILE_HEADER_BYTES);
        while let Some((seq, _, _, len)) = bytes.get(at..).and_then(|rest| take_record(&self.uuid, rest))
            && seq == next
            && seq <= through
        {
            (next, at) = (next + 1, at + len);
        }
        Ok((next > first).then_some((next - 1, at as u64)))
    }

    /// Opens a file whose records end at `end`, and cuts off what is behind (F3).
    fn cut(&mut self, first: u64, end: u64) -> Result<()> {
        let file = self.vfs.open(&file_in(&self.dir, first), OpenMode::Write)?;
        if file.len()? > end {
            file.set_len(end)?;
            file.sync_data()?;
        }
        self.open = Some((file, end));
        Ok(())
    }

    /// Forgets the records of commits after `last_seq`: the journal has them no longer.
    pub(crate) fn forget_after(&mut self, last_seq: u64) -> Result<()> {
        if self.last_seq <= last_seq {
            return Ok(());
        }
        self.open = None;
        while let Some(first) = files(&*self.vfs, &self.dir)?.pop() {
            if first <= last_seq {
                if let Some((_, end)) = self.whole_records(first, last_seq)? {
                    self.cut(first, end)?;
                }
                break;
            }
            self.vfs.remove(&file_in(&self.dir, first))?;
        }
        self.vfs.sync_dir(&self.dir)?;
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
        if self.open.as_ref().is_none_or(|(_, end)| *end >= FILE_BYTES_MAX) {
            self.begin_file(seq)?;
        }
        let Some((file, end)) = &mut self.open else {
            return Err(Error::Internal { what: "the feed has no file" });
        };
        file.write_at(*end, &bytes)?;
        *end += bytes.len() as u64;
        self.last_seq = seq;
        Ok(())
    }

    fn begin_file(&mut self, first: u64) -> Result<()> {
        if let Some((file, _)) = &self.open {
            file.sync_data()?;
        }
        let file = self.vfs.open(&file_in(&self.dir, first), OpenMode::Create)?;
        file.set_len(0)?;
        let header = file_header(&self.uuid);
        file.write_at(0, &header)?;
        self.open = Some((file, header.len() as u64));
        self.names_unsynced = true;
        Ok(())
    }

    /// Makes the records durable, and removes what need not be kept.
    pub(crate) fn sync(&mut self, newest: i64) -> Result<()> {
        if let Some((file, _)) = &self.open {
            file.sync_data()?;
        }
        if self.names_unsynced {
            self.vfs.sync_dir(&self.dir)?;
            if let Some(parent) = self.dir.parent() {
                self.vfs.sync_dir(parent)?;
            }
            self.names_unsynced = false;
        }
        self.retain(newest)
    }

    /// Removes files of which no record need be kept.
    fn retain(&self, newest: i64) -> Result<()> {
        if self.retention == FeedRetention::All {
            return Ok(());
        }
        let files = files(&*self.vfs, &self.dir)?;
        for (first, next) in files.iter().zip(files.iter().skip(1)) {
            let goes = match self.retention {
                FeedRetention::Commits(count) => *next + count <= self.last_seq + 1,
                FeedRetention::For { ms } => {
                    let bytes = read_file(&*self.vfs, &file_in(&self.dir, *next))?;
                    let following =
                        bytes.get(FILE_HEADER_BYTES..).and_then(|rest| take_record(&self.uuid, rest));
                    following.is_some_and(|(_, at, _, _)| newest.saturating_sub(at) > ms)
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
}

/// All of a file.
pub(in crate::feed) fn read_file(vfs: &dyn Vfs, path: &Path) -> Result<Vec<u8>> {
    let file = vfs.open(path, OpenMode::Read)?;
    let len = usize::try_from(file.len()?).unwrap_or(usize::MAX);
    let mut bytes = vec![0; len];
    let read = file.read_at(0, &mut bytes)?;
    bytes.truncate(read);
    Ok(bytes)
}
