//! The files of the feed and the frames in them.
//!
//! `feed/NNNNNNNNNN.feed`, named by the first commit it has a record of; little-endian:
//!
//! ```text
//!  offset size
//!       0    8  magic "IDWVFEED"
//!       8    4  version, 1
//!      12   16  uuid of the database
//!      28    4  CRC-32C of the bytes before
//!      32       records, one after the other:
//!       0    4  length of the payload
//!       4    4  CRC-32C of the uuid, and of the bytes that follow: seq, recorded_at, payload
//!       8    8  seq of the commit
//!      16    8  when it was recorded, milliseconds
//!      24       payload (`record`)
//! ```

use std::path::{Path, PathBuf};

use crate::error::{Error, IoOp, Result};
use crate::vfs::{OpenMode, Vfs};

const MAGIC: &[u8; 8] = b"IDWVFEED";
const VERSION: u32 = 1;
/// Digits in the name of a file.
const NUMBER_DIGITS: usize = 10;
const SUFFIX: &str = ".feed";

pub(in crate::feed) const FILE_HEADER_BYTES: usize = 32;
pub(in crate::feed) const RECORD_HEADER_BYTES: usize = 24;

/// The directory of the feed of a database.
pub(in crate::feed) fn feed_dir(dir: &Path) -> PathBuf {
    dir.join("feed")
}

/// The file whose first record is of this commit.
pub(in crate::feed) fn file_in(feed_dir: &Path, first: u64) -> PathBuf {
    feed_dir.join(format!("{first:0NUMBER_DIGITS$}{SUFFIX}"))
}

/// The first commits of the files that are there, ascending. Files of other names are not ours.
pub(in crate::feed) fn files(vfs: &dyn Vfs, feed_dir: &Path) -> Result<Vec<u64>> {
    if !vfs.exists(feed_dir)? {
        return Ok(Vec::new());
    }
    let number = |name: &String| {
        let digits = name.strip_suffix(SUFFIX)?;
        (digits.len() >= NUMBER_DIGITS).then(|| digits.parse().ok()).flatten()
    };
    let mut numbers: Vec<u64> = vfs.list(feed_dir)?.iter().filter_map(number).collect();
    numbers.sort_unstable();
    Ok(numbers)
}

/// The head of a file.
pub(in crate::feed) fn file_header(uuid: &[u8; 16]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(FILE_HEADER_BYTES);
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&VERSION.to_le_bytes());
    bytes.extend_from_slice(uuid);
    let sum = crc32c::crc32c(&bytes);
    bytes.extend_from_slice(&sum.to_le_bytes());
    bytes
}

/// What the first bytes of a file are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::feed) enum Head {
    /// The head of a file of this database.
    Ours,
    /// No whole head: the file was begun and not finished, or it is damaged.
    Damaged,
    /// Of another database.
    Foreign,
    /// Of a version that this one does not know.
    Version(u32),
}

/// Reads the head of a file.
pub(in crate::feed) fn head_of(uuid: &[u8; 16], bytes: &[u8]) -> Head {
    let Some((body, sum)) = bytes.get(..FILE_HEADER_BYTES).and_then(|head| head.split_last_chunk()) else {
        return Head::Damaged;
    };
    let Some(version) = body.strip_prefix(MAGIC).and_then(|rest| rest.first_chunk()) else {
        return Head::Damaged;
    };
    match u32::from_le_bytes(*version) {
        _ if u32::from_le_bytes(*sum) != crc32c::crc32c(body) => Head::Damaged,
        VERSION if body.ends_with(uuid) => Head::Ours,
        VERSION => Head::Foreign,
        found => Head::Version(found),
    }
}

/// The error for a file that is not to be read: of a newer version, or of another database.
pub(in crate::feed) fn refuse(path: &Path, head: Head) -> Result<()> {
    match head {
        Head::Ours | Head::Damaged => Ok(()),
        Head::Version(found) => Err(Error::FormatVersion { found, oldest: VERSION, newest: VERSION }),
        Head::Foreign => {
            let what = "the feed belongs to another database";
            Err(Error::Corrupt { file: path.to_owned(), offset: 0, what })
        }
    }
}

/// A file from an offset on.
pub(in crate::feed) fn read_from(vfs: &dyn Vfs, path: &Path, offset: u64) -> Result<Vec<u8>> {
    let file = vfs.open(path, OpenMode::Read)?;
    let len = file.len()?.saturating_sub(offset);
    let mut bytes = vec![0; usize::try_from(len).unwrap_or(usize::MAX)];
    let read = file.read_at(offset, &mut bytes)?;
    bytes.truncate(read);
    Ok(bytes)
}

/// Whether an error says that a file is not there any more.
pub(in crate::feed) fn is_gone(error: &Error) -> bool {
    matches!(error, Error::Io { op: IoOp::Open, source, .. } if source.kind() == std::io::ErrorKind::NotFound)
}

/// A record with its head.
pub(in crate::feed) fn record(
    uuid: &[u8; 16],
    seq: u64,
    recorded_at: i64,
    payload: &[u8],
) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(RECORD_HEADER_BYTES + payload.len());
    bytes.extend_from_slice(&u32::try_from(payload.len()).ok()?.to_le_bytes());
    bytes.extend_from_slice(&[0; 4]);
    bytes.extend_from_slice(&seq.to_le_bytes());
    bytes.extend_from_slice(&recorded_at.to_le_bytes());
    bytes.extend_from_slice(payload);
    let sum = record_sum(uuid, bytes.get(8..)?);
    bytes.get_mut(4..8)?.copy_from_slice(&sum.to_le_bytes());
    Some(bytes)
}

fn record_sum(uuid: &[u8; 16], rest: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(uuid), rest)
}

/// The record that bytes begin with: its seq, its time, its payload and its length; `None` if they begin with none that is
/// whole.
pub(in crate::feed) fn take_record<'b>(
    uuid: &[u8; 16],
    bytes: &'b [u8],
) -> Option<(u64, i64, &'b [u8], usize)> {
    let payload_len = u32::from_le_bytes(*bytes.first_chunk()?);
    let len = RECORD_HEADER_BYTES.checked_add(usize::try_from(payload_len).ok()?)?;
    let sum = u32::from_le_bytes(*bytes.get(4..)?.first_chunk()?);
    let rest = bytes.get(8..len)?;
    if sum != record_sum(uuid, rest) {
        return None;
    }
    let seq = u64::from_le_bytes(*rest.first_chunk()?);
    let recorded_at = i64::from_le_bytes(*rest.get(8..)?.first_chunk()?);
    Some((seq, recorded_at, rest.get(16..)?, len))
}
