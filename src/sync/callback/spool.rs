//! One accepted callback as a file: its bytes, and how it comes to be there and goes.
//!
//! # Layout (little endian)
//! ```text
//! OFFSET  SIZE  FIELD
//!      0     8  89 'i' 'w' 'c' CR LF 1A LF
//!      8     1  version, 1
//!      9     8  received at, ms
//!     17     8  the platform's own time of the push, ms
//!     25    16  mark of the delivery (seen.rs)
//!     41    16  mark of the content
//!     57     2  n, length of the receiver's name
//!     59     n  the name
//!   59+n     4  m, length of the event
//!   63+n     m  the event, decrypted
//! 63+n+m     4  CRC-32C of all that
//! ```
//!
//! # Invariants
//!   S1 a file has its name only when all of it is durable: temporary name, flush, rename, flush of the directory.
//!   S2 files are their owner's alone (the vfs makes them so): events hold tickets and codes.

use std::path::Path;

use zeroize::Zeroizing;

use crate::error::{Error, Result};
use crate::model::Time;
use crate::sync::callback::limits::BODY_BYTES_MAX;
use crate::sync::callback::seen::Mark;
use crate::vfs::{OpenMode, Vfs};

const MAGIC: &[u8; 8] = b"\x89iwc\r\n\x1a\n";
const VERSION: u8 = 1;
/// More than the longest file.
const FILE_BYTES_MAX: u64 = BODY_BYTES_MAX as u64 + 1024;

/// What a file holds.
pub(super) struct Spooled {
    pub(super) received_at: Time,
    pub(super) stamp_ms: i64,
    pub(super) delivery: Mark,
    pub(super) content: Mark,
    pub(super) name: String,
    pub(super) body: Zeroizing<Vec<u8>>,
}

impl Spooled {
    fn encode(&self) -> Result<Zeroizing<Vec<u8>>> {
        let too_large = |_| Error::TooLarge { what: "a callback", limit: BODY_BYTES_MAX as u64 };
        let name_len = u16::try_from(self.name.len()).map_err(too_large)?;
        let body_len = u32::try_from(self.body.len()).map_err(too_large)?;
        // Room for everything at once: a vector that grows leaves unwiped copies behind.
        let mut bytes = Zeroizing::new(Vec::with_capacity(self.body.len() + self.name.len() + 128));
        bytes.extend_from_slice(MAGIC);
        bytes.push(VERSION);
        bytes.extend_from_slice(&self.received_at.ms().to_le_bytes());
        bytes.extend_from_slice(&self.stamp_ms.to_le_bytes());
        bytes.extend_from_slice(&self.delivery);
        bytes.extend_from_slice(&self.content);
        bytes.extend_from_slice(&name_len.to_le_bytes());
        bytes.extend_from_slice(self.name.as_bytes());
        bytes.extend_from_slice(&body_len.to_le_bytes());
        bytes.extend_from_slice(&self.body);
        let sum = crc32c::crc32c(&bytes);
        bytes.extend_from_slice(&sum.to_le_bytes());
        Ok(bytes)
    }

    fn decode(bytes: &[u8]) -> Option<Spooled> {
        let (bytes, sum) = bytes.split_last_chunk()?;
        if crc32c::crc32c(bytes) != u32::from_le_bytes(*sum) {
            return None;
        }
        let rest = bytes.strip_prefix(MAGIC)?.strip_prefix(&[VERSION])?;
        let (received_at, rest) = rest.split_first_chunk()?;
        let (stamp, rest) = rest.split_first_chunk()?;
        let (delivery, rest) = rest.split_first_chunk()?;
        let (content, rest) = rest.split_first_chunk()?;
        let (len, rest) = rest.split_first_chunk()?;
        let (name, rest) = rest.split_at_checked(usize::from(u16::from_le_bytes(*len)))?;
        let (len, body) = rest.split_first_chunk()?;
        if u32::from_le_bytes(*len) as usize != body.len() {
            return None;
        }
        Some(Spooled {
            received_at: Time::from_ms(i64::from_le_bytes(*received_at)),
            stamp_ms: i64::from_le_bytes(*stamp),
            delivery: *delivery,
            content: *content,
            name: std::str::from_utf8(name).ok()?.to_owned(),
            body: Zeroizing::new(body.to_vec()),
        })
    }

    /// Writes it under `path`, by way of `temporary` (S1). After an error there is, as far as that is in our hands,
    /// neither.
    pub(super) fn write(&self, vfs: &dyn Vfs, temporary: &Path, path: &Path) -> Result<()> {
        let bytes = self.encode()?;
        let written = write_durably(vfs, temporary, path, &bytes);
        if written.is_err() {
            for path in [temporary, path] {
                // It may never have come to be; what is left is removed, or found again, when the inbox is opened.
                drop(vfs.remove(path));
            }
        }
        written
    }

    /// Reads a file; none if it is damaged.
    pub(super) fn read(vfs: &dyn Vfs, path: &Path) -> Result<Option<Spooled>> {
        let file = vfs.open(path, OpenMode::Read)?;
        let len = file.len()?;
        if len > FILE_BYTES_MAX {
            return Ok(None);
        }
        let mut bytes = Zeroizing::new(vec![0u8; usize::try_from(len).unwrap_or_default()]);
        let read = file.read_at(0, &mut bytes)?;
        Ok(bytes.get(..read).and_then(Spooled::decode))
    }
}

/// A file that has its name only when all of it is durable.
pub(super) fn write_durably(vfs: &dyn Vfs, temporary: &Path, path: &Path, bytes: &[u8]) -> Result<()> {
    let file = vfs.open(temporary, OpenMode::Create)?;
    file.set_len(0)?;
    file.write_at(0, bytes)?;
    file.sync_all()?;
    drop(file);
    vfs.rename(temporary, path)?;
    match path.parent() {
        Some(dir) => vfs.sync_dir(dir),
        None => Ok(()),
    }
}
