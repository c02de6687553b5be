//! The replay cache: what was accepted before, as keyed hashes, for as long as it could come again.
//!
//! # Layout (little endian)
//! The file `SEEN`: 8 bytes `89 'i' 'w' 's' CR LF 1A LF`; `u8` version, 1; the key of the hashes (32); CRC-32C of all that
//! (4). Then records of 28 bytes: mark (16), the platform's time of the push in ms (8), CRC-32C of the two (4). A record
//! with the mark of zeros is the floor (N3). Records that are damaged, or cut off at the end, are left out.
//!
//! # Invariants
//!   N1 a mark is a hash under a key of this inbox: the file holds no id.
//!   N2 what is in the spool is marked from there; the file gets its marks, durably, before the spool loses it.
//!   N3 a push is refused as stale only where its marks may have been forgotten: older than the window, or not newer
//!      than the newest that was dropped for want of room (the floor). So no push is accepted twice, and one that
//!      the platform tries again is known.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::error::{Error, IoOp, Result};
use crate::model::Time;
use crate::sync::callback::spool::write_durably;
use crate::vfs::{OpenMode, Vfs, VfsFile};

const MAGIC: &[u8; 8] = b"\x89iws\r\n\x1a\n";
const VERSION: u8 = 1;
const KEY_LEN: usize = 32;
const HEADER_LEN: usize = 8 + 1 + KEY_LEN + 4;
const RECORD_LEN: usize = 16 + 8 + 4;
/// Longest file that is read, in bytes.
const FILE_BYTES_MAX: u64 = 1 << 30;
/// How far ahead of ours the platform's clock may be.
const AHEAD_MS_MAX: i64 = 600_000;

/// A keyed hash of a delivery or of its content.
pub(super) type Mark = [u8; 16];

/// The cache and its file.
pub(super) struct Seen {
    vfs: Arc<dyn Vfs>,
    path: PathBuf,
    file: Box<dyn VfsFile>,
    /// Where the next record goes.
    end: u64,
    key: Zeroizing<[u8; KEY_LEN]>,
    stamps: HashMap<Mark, i64>,
    oldest: BTreeSet<(i64, Mark)>,
    floor_ms: i64,
    window_ms: i64,
    marks_max: usize,
}

impl Seen {
    /// Opens the cache of a directory, or begins one.
    pub(super) fn open(vfs: Arc<dyn Vfs>, dir: &Path, window_ms: i64, marks_max: usize) -> Result<Seen> {
        let path = dir.join("SEEN");
        let mut key = Zeroizing::new([0u8; KEY_LEN]);
        let mut records = Vec::new();
        if vfs.exists(&path)? {
            let bytes = whole(&*vfs, &path)?;
            records = decode(&bytes, &mut key).ok_or_else(|| damaged(&path))?;
        } else {
            getrandom::fill(&mut *key)
                .map_err(|error| Error::io(IoOp::Open, &path, std::io::Error::other(error)))?;
        }
        // Written anew: what was damaged or cut off is gone, and records lie where records belong.
        let bytes = encode(&key, records.iter().copied());
        write_durably(&*vfs, &dir.join("SEEN.tmp"), &path, &bytes)?;
        let file = vfs.open(&path, OpenMode::Write)?;
        let end = bytes.len() as u64;
        let (stamps, oldest) = (HashMap::new(), BTreeSet::new());
        let mut seen =
            Seen { vfs, path, file, end, key, stamps, oldest, floor_ms: i64::MIN, window_ms, marks_max };
        for (mark, stamp_ms) in records {
            seen.add(mark, stamp_ms);
        }
        Ok(seen)
    }

    /// The mark of some texts.
    pub(super) fn mark<'a>(&self, parts: impl IntoIterator<Item = &'a [u8]>) -> Mark {
        let mut mark = Mark::default();
        // HMAC takes a key of any length, so there is nothing to refuse.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&*self.key) else { return mark };
        for part in parts {
            mac.update(&(part.len() as u64).to_le_bytes());
            mac.update(part);
        }
        let digest = mac.finalize().into_bytes();
        mark.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
        mark
    }

    /// Whether this came before.
    pub(super) fn knows(&self, mark: &Mark) -> bool {
        self.stamps.contains_key(mark)
    }

    /// Whether a push of this time may have come before and been forgotten, or is no time at all (N3).
    pub(super) fn is_stale(&self, stamp_ms: i64, now: Time) -> bool {
        let is_old = stamp_ms.saturating_add(self.window_ms) < now.ms();
        is_old || stamp_ms <= self.floor_ms || stamp_ms > now.ms().saturating_add(AHEAD_MS_MAX)
    }

    /// Remembers, in memory.
    pub(super) fn add(&mut self, mark: Mark, stamp_ms: i64) {
        if mark == Mark::default() {
            self.floor_ms = self.floor_ms.max(stamp_ms);
            return;
        }
        if let Some(before) = self.stamps.insert(mark, stamp_ms) {
            self.oldest.remove(&(before, mark));
        }
        self.oldest.insert((stamp_ms, mark));
        while self.stamps.len() > self.marks_max {
            let Some((stamp_ms, mark)) = self.oldest.pop_first() else { return };
            self.stamps.remove(&mark);
            self.floor_ms = self.floor_ms.max(stamp_ms);
        }
    }

    /// Forgets what is stale by its time alone.
    pub(super) fn expire(&mut self, now: Time) {
        while let Some((stamp_ms, mark)) = self.oldest.first().copied() {
            if stamp_ms.saturating_add(self.window_ms) >= now.ms() {
                return;
            }
            self.oldest.remove(&(stamp_ms, mark));
            self.stamps.remove(&mark);
        }
    }

    /// Makes marks durable (N2).
    pub(super) fn keep(&mut self, marks: &[Mark], stamp_ms: i64) -> Result<()> {
        let room = (HEADER_LEN + RECORD_LEN * (2 * self.marks_max + 1024)) as u64;
        if self.end > room {
            self.rewrite()?;
        }
        let mut bytes = Vec::with_capacity(RECORD_LEN * (marks.len() + 1));
        if self.floor_ms > i64::MIN {
            put(&mut bytes, &Mark::default(), self.floor_ms);
        }
        for mark in marks {
            put(&mut bytes, mark, stamp_ms);
        }
        self.file.write_at(self.end, &bytes)?;
        self.file.sync_all()?;
        self.end = self.end.saturating_add(bytes.len() as u64);
        Ok(())
    }

    fn rewrite(&mut self) -> Result<()> {
        let floor = (self.floor_ms > i64::MIN).then_some((Mark::default(), self.floor_ms));
        let records = floor.into_iter().chain(self.stamps.iter().map(|(mark, stamp)| (*mark, *stamp)));
        let bytes = encode(&self.key, records);
        write_durably(&*self.vfs, &self.path.with_extension("tmp"), &self.path, &bytes)?;
        self.file = self.vfs.open(&self.path, OpenMode::Write)?;
        self.end = bytes.len() as u64;
        Ok(())
    }
}

fn damaged(path: &Path) -> Error {
    Error::Corrupt { file: path.to_owned(), offset: 0, what: "the head of the replay cache" }
}

fn whole(vfs: &dyn Vfs, path: &Path) -> Result<Zeroizing<Vec<u8>>> {
    let file = vfs.open(path, OpenMode::Read)?;
    let len = file.len()?;
    if len > FILE_BYTES_MAX {
        return Err(damaged(path));
    }
    let mut bytes = Zeroizing::new(vec![0u8; usize::try_from(len).map_err(|_| damaged(path))?]);
    let read = file.read_at(0, &mut bytes)?;
    bytes.truncate(read);
    Ok(bytes)
}

fn put(bytes: &mut Vec<u8>, mark: &Mark, stamp_ms: i64) {
    let begin = bytes.len();
    bytes.extend_from_slice(mark);
    bytes.extend_from_slice(&stamp_ms.to_le_bytes());
    let sum = crc32c::crc32c(bytes.get(begin..).unwrap_or_default());
    bytes.extend_from_slice(&sum.to_le_bytes());
}

fn encode(key: &[u8; KEY_LEN], records: impl Iterator<Item = (Mark, i64)>) -> Zeroizing<Vec<u8>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(HEADER_LEN));
    bytes.extend_from_slice(MAGIC);
    bytes.push(VERSION);
    bytes.extend_from_slice(key);
    let sum = crc32c::crc32c(&bytes);
    bytes.extend_from_slice(&sum.to_le_bytes());
    for (mark, stamp_ms) in records {
        put(&mut bytes, &mark, stamp_ms);
    }
    bytes
}

fn decode(bytes: &[u8], key: &mut [u8; KEY_LEN]) -> Option<Vec<(Mark, i64)>> {
    let (head, records) = bytes.split_at_checked(HEADER_LEN)?;
    let (head, sum) = head.split_last_chunk()?;
    if crc32c::crc32c(head) != u32::from_le_bytes(*sum) {
        return None;
    }
    key.copy_from_slice(head.strip_prefix(MAGIC)?.strip_prefix(&[VERSION])?.get(..KEY_LEN)?);
    let record = |record: &[u8]| -> Option<(Mark, i64)> {
        let (told, sum) = record.split_last_chunk()?;
        let (mark, stamp) = told.split_first_chunk()?;
        let is_whole = crc32c::crc32c(told) == u32::from_le_bytes(*sum);
        is_whole.then_some((*mark, i64::from_le_bytes(*stamp.first_chunk()?)))
    };
    Some(records.chunks_exact(RECORD_LEN).filter_map(record).collect())
}
