//! A block that was read and verified, and the entries in it.

use std::cmp::Ordering;
use std::ops::Range;

use crate::codec::{Reader, What};
use crate::error::{Error, Result};
use crate::segment::bytes::{FileBytes, Piece};
use crate::segment::checksum::sum;
use crate::segment::table::format::{
    BLOCK_ALIGN, BLOCK_HEADER_BYTES, KEY_BYTES_MAX, Place, RESTART_BYTES, RESTART_INTERVAL,
};

/// A block whose checksum and frame held; its entries are checked as they are read.
pub(crate) struct Block<'f> {
    file: &'f FileBytes,
    piece: Piece<'f>,
    place: Place,
    count: usize,
    entries_len: usize,
}

/// An entry as it stands in its block.
pub(crate) struct Parsed<'b> {
    /// How much of the key before belongs to its key, ...
    pub(crate) shared: usize,
    /// ... and the rest of the key.
    pub(crate) own: &'b [u8],
    /// Where in the entries its value is; `None` is an absence.
    pub(crate) value: Option<Range<usize>>,
    /// Where in the entries the next one begins.
    pub(crate) end: usize,
}

impl Parsed<'_> {
    /// How its key compares with `target`, given the key before it.
    pub(crate) fn cmp_key(&self, before: &[u8], target: &[u8]) -> Ordering {
        let shared = before.get(..self.shared).unwrap_or(before);
        let (head, tail) = target.split_at(shared.len().min(target.len()));
        // A target shorter than what is shared leaves nothing for the second step: the first one decides.
        shared.cmp(head).then_with(|| self.own.cmp(tail))
    }
}

impl<'f> Block<'f> {
    /// Reads and verifies the block of this level at this place.
    pub(crate) fn read(file: &'f FileBytes, identity: u32, place: Place, level: u32) -> Result<Block<'f>> {
        let piece = file.get(place.at, place.len as usize)?;
        let (count, entries_len) =
            verify(&piece, identity, place.at, level).map_err(|what| file.corrupt(place.at, what))?;
        Ok(Block { file, piece, place, count, entries_len })
    }

    /// The number of its entries, at least one.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// Where it is.
    pub(crate) fn place(&self) -> Place {
        self.place
    }

    /// The error for an entry that cannot be.
    #[cold]
    pub(crate) fn corrupt(&self, what: What) -> Error {
        self.file.corrupt(self.place.at, what)
    }

    /// Bytes of the entries.
    pub(crate) fn entry_bytes(&self, range: Range<usize>) -> Result<&[u8], What> {
        self.entries()?.get(range).ok_or("an entry goes beyond its block")
    }

    /// The entry at `at`, the `index`-th, given the key before it if that is known.
    pub(crate) fn parse(&self, at: usize, index: usize, before: Option<&[u8]>) -> Result<Parsed<'_>, What> {
        let entries = self.entries()?;
        let mut fields = Reader::new(entries.get(at..).ok_or("an entry goes beyond its block")?);
        let shared = length(fields.varint()?)?;
        let own_len = length(fields.varint()?)?;
        let value_len = length(fields.varint()?)?.checked_sub(1);
        let own = fields.raw(own_len)?;
        let start = entries.len().saturating_sub(fields.left());
        let value = match value_len {
            Some(len) => Some(start..start.saturating_add(fields.raw(len)?.len())),
            None => None,
        };
        if shared.saturating_add(own_len) > KEY_BYTES_MAX {
            return Err("a key is too long");
        }
        let end = entries.len().saturating_sub(fields.left());
        if index.is_multiple_of(RESTART_INTERVAL)
            && (shared > 0 || self.restart(index / RESTART_INTERVAL)? != at)
        {
            return Err("a restart is not where it should be");
        }
        match before {
            Some(before) if !follows(before, shared, own, index) => return Err("keys are not in order"),
            None if shared > 0 => return Err("a key without the one before it"),
            _ => {}
        }
        Ok(Parsed { shared, own, value, end })
    }

    /// Where in the entries the `number`-th restart is.
    pub(crate) fn restart(&self, number: usize) -> Result<usize, What> {
        let at = number
            .saturating_mul(RESTART_BYTES)
            .saturating_add(self.entries_len)
            .saturating_add(BLOCK_HEADER_BYTES);
        let bytes = self.piece.get(at..).and_then(<[u8]>::first_chunk).ok_or("a restart is missing")?;
        Ok(u32::from_le_bytes(*bytes) as usize)
    }

    /// The length of all entries.
    pub(crate) fn entries_len(&self) -> usize {
        self.entries_len
    }

    fn entries(&self) -> Result<&[u8], What> {
        let end = BLOCK_HEADER_BYTES.saturating_add(self.entries_len);
        self.piece.get(BLOCK_HEADER_BYTES..end).ok_or("the entries go beyond their block")
    }
}

/// Whether a key may come after `before`: it is greater, and shares as much of it as it can (restarts: nothing).
fn follows(before: &[u8], shared: usize, own: &[u8], index: usize) -> bool {
    if index.is_multiple_of(RESTART_INTERVAL) {
        return own > before;
    }
    match (before.get(shared), own.first()) {
        (Some(before), Some(own)) => own > before,
        (None, Some(_)) => shared == before.len(),
        (_, None) => false,
    }
}

fn length(number: u64) -> Result<usize, What> {
    usize::try_from(number).map_err(|_| "an entry goes beyond its block")
}

/// Checks checksum and frame: the number of entries and their length.
fn verify(block: &[u8], identity: u32, at: u64, level: u32) -> Result<(usize, usize), What> {
    let (body, crc) = block.split_last_chunk::<4>().ok_or("a block is cut short")?;
    if sum(identity, at, body) != u32::from_le_bytes(*crc) {
        return Err("the checksum of a block does not hold");
    }
    let mut fields = Reader::new(body);
    let [found, zero @ ..] = fields.array::<4>()?;
    if u32::from(found) != level || zero != [0; 3] {
        return Err("a block is of another level");
    }
    let count = u32::from_le_bytes(fields.array()?) as usize;
    let entries_len = u32::from_le_bytes(fields.array()?) as usize;
    fields.raw(entries_len)?;
    fields.raw(count.div_ceil(RESTART_INTERVAL).saturating_mul(RESTART_BYTES))?;
    let padding = fields.raw(fields.left())?;
    if count == 0 || padding.len() >= BLOCK_ALIGN || padding.iter().any(|byte| *byte != 0) {
        return Err("a block without entries, or with something behind them");
    }
    Ok((count, entries_len))
}
