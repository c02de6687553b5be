//! Lines that lead from a hash or a number to records: how they are filled and how they are read.
//!
//! # Invariants
//!   L1 entries of a hash stand in its line or, while each line before says so, in the lines after it.
//!   L2 a line is verified at every read; its checksum covers its place.

use crate::codec::What;
use crate::error::{Error, Result};
use crate::segment::checksum::sum;
use crate::segment::format::{DENSE_ENTRIES, LINE_BYTES, LINE_ENTRIES};
use crate::segment::table::Sink;

/// Set in the checksum of a line whose entries go on in the next.
const GOES_ON: u32 = 1 << 31;
const BODY_BYTES: usize = LINE_BYTES - 4;
/// Entries a line gets on average, in hundredths.
const LOAD_PERCENT: u64 = 80;

/// The line of a hash.
pub(crate) fn line_of(hash: u64, lines: u64) -> u64 {
    ((hash >> 32) * lines) >> 32
}

/// How many lines so many entries are given.
pub(crate) fn line_count(entries: u64) -> u64 {
    (entries * 100).div_ceil(LINE_ENTRIES as u64 * LOAD_PERCENT)
}

fn hashed_sum(identity: u32, at: u64, body: &[u8], goes_on: bool) -> u32 {
    let identity = if goes_on { !identity } else { identity };
    sum(identity, at, body) & !GOES_ON
}

/// A line that was verified: the prints and places of its entries.
pub(crate) struct Line {
    prints: [u16; LINE_ENTRIES],
    places: [u32; LINE_ENTRIES],
    /// Whether entries of it stand in the next line.
    pub(crate) goes_on: bool,
}

impl Line {
    /// Reads the line at `at`.
    pub(crate) fn read(identity: u32, at: u64, bytes: &[u8]) -> Result<Line, What> {
        let (body, check) = bytes.split_last_chunk::<4>().ok_or("cut short")?;
        let check = u32::from_le_bytes(*check);
        let goes_on = check & GOES_ON != 0;
        if hashed_sum(identity, at, body, goes_on) != check & !GOES_ON {
            return Err("a line of an index whose checksum does not hold");
        }
        let (prints, places) = body.split_at_checked(LINE_ENTRIES * 2).ok_or("cut short")?;
        let mut line = Line { prints: [0; LINE_ENTRIES], places: [0; LINE_ENTRIES], goes_on };
        for (to, from) in line.prints.iter_mut().zip(prints.as_chunks().0) {
            *to = u16::from_le_bytes(*from);
        }
        for (to, from) in line.places.iter_mut().zip(places.as_chunks().0) {
            *to = u32::from_le_bytes(*from);
        }
        Ok(line)
    }

    /// The places of all entries.
    pub(crate) fn all(&self) -> impl Iterator<Item = u32> {
        self.places.iter().copied().filter(|place| *place != 0)
    }

    /// The places of entries that may be of a hash.
    pub(crate) fn places(&self, hash: u64) -> impl Iterator<Item = u32> {
        let print = hash as u16;
        let entries = self.prints.iter().zip(&self.places);
        entries.filter(move |(known, place)| **known == print && **place != 0).map(|(_, place)| *place)
    }
}

/// Writes hashed lines from entries in order of their hashes; how many lines came of it.
pub(crate) fn write_hashed(
    identity: u32,
    start: u64,
    entries: &[(u64, u32)],
    out: &mut impl Sink,
) -> Result<u64> {
    if !entries.is_sorted() {
        return Err(Error::Internal { what: "the entries of an index did not come in order" });
    }
    let lines = line_count(entries.len() as u64);
    let mut rest = entries.iter().peekable();
    let mut line = 0;
    // A few lines more where the last ones overflow.
    while line < lines || rest.peek().is_some() {
        let mut body = [0; BODY_BYTES];
        let (prints, places) = body.split_at_mut(LINE_ENTRIES * 2);
        let is_due = |(hash, _): &&(u64, u32)| line_of(*hash, lines) <= line;
        for (print, place) in prints.as_chunks_mut().0.iter_mut().zip(places.as_chunks_mut().0) {
            let Some((hash, entry)) = rest.next_if(is_due) else { break };
            *print = (*hash as u16).to_le_bytes();
            *place = entry.to_le_bytes();
        }
        let goes_on = rest.peek().is_some_and(is_due);
        let at = start + line * LINE_BYTES as u64;
        let check = hashed_sum(identity, at, &body, goes_on) | if goes_on { GOES_ON } else { 0 };
        out.append(&body)?;
        out.append(&check.to_le_bytes())?;
        line += 1;
    }
    Ok(line)
}

/// Writes dense lines of places; `entries` are distances to the first number, in order, with their places.
pub(crate) fn write_dense(
    identity: u32,
    start: u64,
    entries: &[(u64, u32)],
    out: &mut impl Sink,
) -> Result<u64> {
    let mut rest = entries.iter().peekable();
    let mut line = 0;
    while rest.peek().is_some() {
        let mut body = [0; BODY_BYTES];
        let first = line * DENSE_ENTRIES as u64;
        while let Some((number, place)) = rest.next_if(|(number, _)| *number < first + DENSE_ENTRIES as u64) {
            let slot =
                usize::try_from(number - first).ok().and_then(|slot| body.as_chunks_mut().0.get_mut(slot));
            slot.into_iter().for_each(|slot: &mut [u8; 4]| *slot = place.to_le_bytes());
        }
        let at = start + line * LINE_BYTES as u64;
        out.append(&body)?;
        out.append(&sum(identity, at, &body).to_le_bytes())?;
        line += 1;
    }
    Ok(line)
}

/// Checks a dense line.
pub(crate) fn verify_dense(identity: u32, at: u64, bytes: &[u8]) -> Result<(), What> {
    dense_place(identity, at, bytes, 0).map(|_| ())
}

/// The place of a number in a dense line.
pub(crate) fn dense_place(identity: u32, at: u64, bytes: &[u8], slot: usize) -> Result<u32, What> {
    let (body, check) = bytes.split_last_chunk::<4>().ok_or("cut short")?;
    if sum(identity, at, body) != u32::from_le_bytes(*check) {
        return Err("a line of an index whose checksum does not hold");
    }
    body.as_chunks().0.get(slot).map(|place| u32::from_le_bytes(*place)).ok_or("cut short")
}
