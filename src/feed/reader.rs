//! Reading the feed, while it is written or not.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::{Error, IoOp, Result};
use crate::feed::changes::Changes;
use crate::feed::layout::{FILE_HEADER_BYTES, feed_dir, file_header, file_in, files, take_record};
use crate::feed::log::read_file;
use crate::feed::record::take_changes;
use crate::vfs::Vfs;

/// The changes of one commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FeedRecord {
    pub(crate) seq: u64,
    pub(crate) recorded_at: i64,
    pub(crate) changes: Changes<u32>,
}

/// Records in the order of their commits. It ends where there is no further one yet.
pub(crate) struct FeedReader {
    vfs: Arc<dyn Vfs>,
    dir: PathBuf,
    uuid: [u8; 16],
    next: u64,
    /// The last commit that may be told of.
    through: u64,
    file: PathBuf,
    /// The file that is read, and where the next record begins.
    bytes: Vec<u8>,
    at: usize,
}

impl FeedReader {
    /// Reads from a commit through another.
    ///
    /// # Errors
    /// `ChangesNotKept` if the feed begins later.
    pub(crate) fn open(
        vfs: Arc<dyn Vfs>,
        database: &Path,
        uuid: [u8; 16],
        (from, through): (u64, u64),
    ) -> Result<FeedReader> {
        let dir = feed_dir(database);
        let from = from.max(1);
        let oldest = files(&*vfs, &dir)?.first().copied().unwrap_or(through + 1);
        if from < oldest {
            return Err(Error::ChangesNotKept { oldest });
        }
        let file = PathBuf::new();
        Ok(FeedReader { vfs, dir, uuid, next: from, through, file, bytes: Vec::new(), at: 0 })
    }

    fn corrupt(&self, what: &'static str) -> Error {
        Error::Corrupt { file: self.file.clone(), offset: self.at as u64, what }
    }

    /// Goes to the file that has the next record.
    fn find_file(&mut self) -> Result<bool> {
        let first = files(&*self.vfs, &self.dir)?.into_iter().rev().find(|first| *first <= self.next);
        let Some(first) = first else { return Ok(false) };
        self.file = file_in(&self.dir, first);
        self.bytes = match read_file(&*self.vfs, &self.file) {
            // It was let go meanwhile.
            Err(Error::Io { op: IoOp::Open, source, .. })
                if source.kind() == std::io::ErrorKind::NotFound =>
            {
                return Err(Error::ChangesNotKept { oldest: self.next + 1 });
            }
            read => read?,
        };
        self.at = FILE_HEADER_BYTES;
        if self.bytes.get(..FILE_HEADER_BYTES) != Some(&file_header(&self.uuid)) {
            self.at = 0;
            return Err(self.corrupt("this is no feed of the database"));
        }
        Ok(true)
    }

    fn read(&mut self) -> Result<Option<FeedRecord>> {
        let mut looked = false;
        while self.next <= self.through {
            let rest = self.bytes.get(self.at..).unwrap_or_default();
            if let Some((seq, recorded_at, payload, len)) = take_record(&self.uuid, rest) {
                if seq > self.next {
                    return Err(self.corrupt("a commit is missing in the feed"));
                }
                let changes = (seq == self.next).then(|| take_changes(payload));
                let changes = changes.transpose().map_err(|what| self.corrupt(what))?;
                self.at += len;
                if let Some(changes) = changes {
                    self.next += 1;
                    return Ok(Some(FeedRecord { seq, recorded_at, changes }));
                }
            } else if looked || !self.find_file()? {
                // Behind the last record of a file there is another file, or nothing yet.
                let is_damaged = looked && self.at < self.bytes.len() && self.is_followed()?;
                return if is_damaged { Err(self.corrupt("a damaged record")) } else { Ok(None) };
            } else {
                looked = true;
            }
        }
        Ok(None)
    }

    /// Whether a later file than the one that is read is there: then this one is complete.
    fn is_followed(&self) -> Result<bool> {
        let last = files(&*self.vfs, &self.dir)?.pop();
        Ok(last.is_some_and(|last| file_in(&self.dir, last) != self.file))
    }
}

impl Iterator for FeedReader {
    type Item = Result<FeedRecord>;

    fn next(&mut self) -> Option<Result<FeedRecord>> {
        let read = self.read().transpose();
        if matches!(read, Some(Err(_))) {
            self.through = 0;
        }
        read
    }
}
