//! Reading the feed, while it is written or not.
//!
//! # Invariants
//!   R1 it ends at the last commit asked for. Before that it ends only where another process may not have written the next
//!      record yet: a record that must be there and is not whole is an error, never an end.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::error::{Error, Result};
use crate::feed::changes::Changes;
use crate::feed::layout::{
    FILE_HEADER_BYTES, Head, feed_dir, file_in, files, head_of, is_gone, read_from, refuse, take_record,
};
use crate::feed::record::take_changes;
use crate::vfs::Vfs;

/// The changes of one commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FeedRecord {
    pub(crate) seq: u64,
    pub(crate) recorded_at: i64,
    pub(crate) changes: Changes<u32>,
}

/// Which records are wanted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted {
    pub(crate) from: u64,
    /// The last one that may be told of.
    pub(crate) through: u64,
    /// Every record up to this one is there.
    pub(crate) sure: u64,
}

/// A place between two records.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Spot {
    /// The commit whose record begins here.
    next: u64,
    /// The first commit of the file, and where in it.
    first: u64,
    offset: u64,
}

/// Where the last reader stopped: who goes on from there need not look for the place.
pub(crate) type LastSpot = Arc<Mutex<Spot>>;

/// Records in the order of their commits.
pub(crate) struct FeedReader {
    vfs: Arc<dyn Vfs>,
    dir: PathBuf,
    uuid: [u8; 16],
    wanted: Wanted,
    last_spot: LastSpot,
    /// The next record that is wanted, the file that is read, and where in it `bytes` begin.
    spot: Spot,
    bytes: Vec<u8>,
    at: usize,
}

impl FeedReader {
    /// Reads from a commit on.
    ///
    /// # Errors
    /// `ChangesNotKept` if the feed begins later.
    pub(crate) fn open(
        vfs: Arc<dyn Vfs>,
        database: &Path,
        uuid: [u8; 16],
        wanted: Wanted,
        last_spot: LastSpot,
    ) -> Result<FeedReader> {
        let spot = Spot { next: wanted.from.max(1), ..Spot::default() };
        let dir = feed_dir(database);
        let reader = FeedReader { vfs, dir, uuid, wanted, last_spot, spot, bytes: Vec::new(), at: 0 };
        let oldest = reader.oldest()?;
        if reader.spot.next < oldest {
            return Err(Error::ChangesNotKept { oldest });
        }
        Ok(reader)
    }

    /// The first commit that the feed has a record of, or will have.
    fn oldest(&self) -> Result<u64> {
        let first = files(&*self.vfs, &self.dir)?.first().copied();
        Ok(first.unwrap_or(self.wanted.through + 1))
    }

    fn path(&self) -> PathBuf {
        file_in(&self.dir, self.spot.first)
    }

    fn corrupt(&self, what: &'static str) -> Error {
        Error::Corrupt { file: self.path(), offset: self.spot.offset + self.at as u64, what }
    }

    /// Reads the file that has the next record, from that record on if its place is known.
    fn find(&mut self) -> Result<()> {
        let first = files(&*self.vfs, &self.dir)?.into_iter().rev().find(|first| *first <= self.spot.next);
        // It was let go meanwhile.
        let Some(first) = first else { return Err(Error::ChangesNotKept { oldest: self.oldest()? }) };
        let last = *self.last_spot.lock().unwrap_or_else(PoisonError::into_inner);
        let is_known = (last.first, last.next) == (first, self.spot.next);
        self.spot.first = first;
        self.spot.offset = if is_known { last.offset } else { 0 };
        self.bytes = match read_from(&*self.vfs, &self.path(), self.spot.offset) {
            Err(error) if is_gone(&error) => {
                return Err(Error::ChangesNotKept { oldest: self.oldest()? });
            }
            read => read?,
        };
        self.at = 0;
        if is_known {
            return Ok(());
        }
        let head = head_of(&self.uuid, &self.bytes);
        refuse(&self.path(), head)?;
        // Behind a head that is not whole there is no record to be found.
        self.at = if head == Head::Ours { FILE_HEADER_BYTES } else { self.bytes.len() };
        Ok(())
    }

    fn read(&mut self) -> Result<Option<FeedRecord>> {
        let mut is_fresh = false;
        while self.spot.next <= self.wanted.through {
            let rest = self.bytes.get(self.at..).unwrap_or_default();
            if let Some((seq, recorded_at, payload, len)) = take_record(&self.uuid, rest) {
                if seq > self.spot.next {
                    return Err(self.corrupt("the record of a commit is missing in the feed"));
                }
                let changes = (seq == self.spot.next).then(|| take_changes(payload));
                let changes = changes.transpose().map_err(|what| self.corrupt(what))?;
                self.at += len;
                if let Some(changes) = changes {
                    self.spot.next += 1;
                    return Ok(Some(FeedRecord { seq, recorded_at, changes }));
                }
            } else if is_fresh {
                let must_be_there = self.spot.next <= self.wanted.sure || self.is_followed()?;
                return match must_be_there {
                    true => Err(self.corrupt("the record of a commit is damaged or missing in the feed")),
                    false => Ok(None),
                };
            } else {
                // Behind the last record that was read there may be more by now, or another file.
                self.find()?;
                is_fresh = true;
            }
        }
        Ok(None)
    }

    /// Whether a later file than the one that is read is there: then this one is complete (F4).
    fn is_followed(&self) -> Result<bool> {
        let last = files(&*self.vfs, &self.dir)?.pop();
        Ok(last.is_some_and(|last| last > self.spot.first))
    }
}

impl Iterator for FeedReader {
    type Item = Result<FeedRecord>;

    fn next(&mut self) -> Option<Result<FeedRecord>> {
        let read = self.read().transpose();
        match read {
            Some(Ok(_)) => {}
            Some(Err(_)) => {
                self.wanted.through = 0;
                self.bytes.clear();
            }
            None if self.bytes.is_empty() => {}
            None => {
                let here = Spot { offset: self.spot.offset + self.at as u64, ..self.spot };
                *self.last_spot.lock().unwrap_or_else(PoisonError::into_inner) = here;
            }
        }
        read
    }
}
