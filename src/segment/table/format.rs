//! Every byte of a sorted table, and the limits of what it holds. All fixed numbers are little-endian.
//!
//! # Layout
//! ```text
//! a table: blocks end to end, each at a multiple of 8. A child comes before its parent, the root is last.
//!
//! OFFSET SIZE FIELD          block, a multiple of 8 bytes
//!      0    1 level          0: entries of the table; n: an index of blocks of level n - 1
//!      1    3 zero
//!      4    4 entry_count    at least 1
//!      8    4 entries_len
//!     12      entries        entries_len bytes, end to end
//!           4 restart        for every 16th entry, from the first: where it is, from the start of the entries
//!             zero           0 to 7 bytes
//!   last    4 crc            of the identity of the file, the place of the block and all bytes before
//!
//!        SIZE FIELD          entry
//!      varint shared         how many bytes of the key before it begins with, as many as there are; at a restart 0
//!      varint own_len
//!      varint value_len      0: an absence; otherwise one more than the length of the value
//!             own            the rest of the key
//!             value
//!
//!        SIZE FIELD          value of an entry of an index; its key is the first key of the block
//!           8 at
//!           4 len            of all of the block
//!
//! OFFSET SIZE FIELD          root, 24 bytes, kept by the owner of the file under a checksum of its own
//!      0    8 at             of the root block; of a table without entries: where it would have begun
//!      8    4 len            of the root block; 0: a table without entries
//!     12    4 levels         of blocks: 1 if the root block holds the entries themselves
//!     16    8 entry_count    of the table
//! ```
//! A varint is that of `codec/bytes.rs`. A crc is that of `segment/checksum.rs`.
//!
//! A block is at most 4096 bytes long, unless it holds one entry only.

use crate::codec::{Reader, What, Writer};

/// The longest block of more than one entry.
pub(crate) const BLOCK_BYTES_TARGET: usize = 4096;
/// Blocks are as long and lie at multiples of this.
pub(crate) const BLOCK_ALIGN: usize = 8;
/// The fields ahead of the entries.
pub(crate) const BLOCK_HEADER_BYTES: usize = 12;
/// The checksum of a block.
pub(crate) const BLOCK_CRC_BYTES: usize = 4;
/// A restart.
pub(crate) const RESTART_BYTES: usize = 4;
/// From one restart to the next, in entries.
pub(crate) const RESTART_INTERVAL: usize = 16;
/// The longest key.
pub(crate) const KEY_BYTES_MAX: usize = 1 << 10;
/// The longest value.
pub(crate) const VALUE_BYTES_MAX: usize = 256 << 20;
/// The most that the three numbers of an entry take.
const ENTRY_NUMBERS_BYTES_MAX: usize = 12;
/// The longest block: the largest entry, alone.
pub(crate) const BLOCK_BYTES_MAX: usize = BLOCK_HEADER_BYTES
    + ENTRY_NUMBERS_BYTES_MAX
    + KEY_BYTES_MAX
    + VALUE_BYTES_MAX
    + RESTART_BYTES
    + BLOCK_CRC_BYTES
    + BLOCK_ALIGN;
/// Levels of blocks. An index block has two children or more, so no file that exists needs as many.
pub(crate) const LEVELS_MAX: u32 = 40;
/// The size of a root.
pub(crate) const ROOT_BYTES: usize = 24;

/// Where a table's topmost block is, and how much there is below it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Root {
    pub(crate) at: u64,
    pub(crate) len: u32,
    pub(crate) levels: u32,
    pub(crate) entry_count: u64,
}

/// Where a block is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) at: u64,
    pub(crate) len: u32,
}

impl Root {
    pub(crate) fn encode(&self) -> [u8; ROOT_BYTES] {
        let mut out = [0; ROOT_BYTES];
        let (at, rest) = out.split_at_mut(8);
        let (len, rest) = rest.split_at_mut(4);
        let (levels, entry_count) = rest.split_at_mut(4);
        at.copy_from_slice(&self.at.to_le_bytes());
        len.copy_from_slice(&self.len.to_le_bytes());
        levels.copy_from_slice(&self.levels.to_le_bytes());
        entry_count.copy_from_slice(&self.entry_count.to_le_bytes());
        out
    }

    /// The root, if it is one that a writer could have made; what it points at is not looked at.
    pub(crate) fn decode(bytes: &[u8; ROOT_BYTES]) -> Result<Root, What> {
        let mut fields = Reader::new(bytes);
        let root = Root {
            at: u64::from_le_bytes(fields.array()?),
            len: u32::from_le_bytes(fields.array()?),
            levels: u32::from_le_bytes(fields.array()?),
            entry_count: u64::from_le_bytes(fields.array()?),
        };
        root.check()?;
        Ok(root)
    }

    /// Whether the fields fit each other.
    pub(crate) fn check(&self) -> Result<(), What> {
        if self.is_empty() {
            let is_clear =
                self.levels == 0 && self.entry_count == 0 && self.at.is_multiple_of(BLOCK_ALIGN as u64);
            return if is_clear { Ok(()) } else { Err("the root of an empty table is not clear") };
        }
        if self.levels == 0 || self.levels > LEVELS_MAX || self.entry_count == 0 {
            return Err("a table has an impossible number of levels or entries");
        }
        self.place().check()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub(crate) fn place(&self) -> Place {
        Place { at: self.at, len: self.len }
    }
}

impl Place {
    /// The value of an entry of an index.
    pub(crate) fn encode(self) -> Vec<u8> {
        let mut out = Writer::with_capacity(12);
        out.raw(&self.at.to_le_bytes());
        out.raw(&self.len.to_le_bytes());
        out.into_bytes()
    }

    /// A place that a block may have; that it is within the file is for the one who reads there.
    pub(crate) fn decode(value: &[u8]) -> Result<Place, What> {
        let mut fields = Reader::new(value);
        let place =
            Place { at: u64::from_le_bytes(fields.array()?), len: u32::from_le_bytes(fields.array()?) };
        if fields.left() > 0 {
            return Err("a place of a block is too long");
        }
        place.check()?;
        Ok(place)
    }

    fn check(self) -> Result<(), What> {
        let len = self.len as usize;
        let is_aligned = self.at.is_multiple_of(BLOCK_ALIGN as u64) && len.is_multiple_of(BLOCK_ALIGN);
        if !is_aligned || len <= BLOCK_HEADER_BYTES || len > BLOCK_BYTES_MAX {
            return Err("no block can be where an index says");
        }
        Ok(())
    }
}
