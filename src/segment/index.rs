//! Lines that lead from a hash or a number to records: how they are filled and how they are read.
//!
//! # Invariants
//!   L1 entries of a hash stand in its line or, while each line before says so, in the lines after it.
//!   L2 a line is verified at every read; its checksum covers its place.

use crate::codec::What;
use crate::error::{Error, Result};
use crate::segment::checksum::quick_sum;
use crate::segment::format::{DENSE_ENTRIES, LINE_BYTES, LINE_ENTRIES};
use crate::segment::table::Sink;

/// Set in the place that a hash chooses, if an entry of it may stand in the next line.
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

/// The place of a line whose bit speaks for a hash.
fn speaker(hash: u64) -> usize {
    (hash >> 16) as u16 as usize % LINE_ENTRIES
}

/// A line that was verified: the prints and places of its entries.
pub(crate) struct Line<'f> {
    prints: &'f [[u8; 2]; LINE_ENTRIES],
    places: &'f [[u8; 4]],
}

impl<'f> Line<'f> {
    /// Reads the line at `at`.
    #[inline]
    pub(crate) fn read(identity: u32, at: u64, bytes: &'f [u8]) -> Result<Line<'f>, What> {
        let (body, check) = bytes.split_last_chunk::<4>().ok_or("cut short")?;
        if quick_sum(identity, at, body) != u32::from_le_bytes(*check) {
            return Err("a line of an index whose checksum does not hold");
        }
        let (prints, places) = body.split_at_checked(LINE_ENTRIES * 2).ok_or("cut short")?;
        let prints = prints.as_chunks().0.first_chunk().ok_or("cut short")?;
        Ok(Line { prints, places: places.as_chunks().0 })
    }

    fn place(&self, slot: usize) -> u32 {
        self.places.get(slot).map_or(0, |place| u32::from_le_bytes(*place))
    }

    /// The places of all entries.
    pub(crate) fn all(&self) -> impl Iterator<Item = u32> {
        (0..LINE_ENTRIES).map(|slot| self.place(slot) & !GOES_ON).filter(|place| *place != 0)
    }

    /// The places of entries that may be of a hash.
    #[inline]
    pub(crate) fn places(&self, hash: u64) -> impl Iterator<Item = u32> {
        let print = (hash as u16).to_le_bytes();
        // All prints at once, a bit each: mostly none or one of them is it.
        let same = self.prints.iter().enumerate();
        let mut same = same.fold(0_u32, |bits, (slot, known)| bits | u32::from(*known == print) << slot);
        let slots = std::iter::from_fn(move || {
            let slot = (same != 0).then(|| same.trailing_zeros() as usize);
            same &= same.wrapping_sub(1);
            slot
        });
        slots.map(|slot| self.place(slot) & !GOES_ON).filter(|place| *place != 0)
    }

    /// Whether an entry of a hash may stand in the next line.
    #[inline]
    pub(crate) fn goes_on(&self, hash: u64) -> bool {
        self.place(speaker(hash)) & GOES_ON != 0
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
    let mut rest = entries;
    let mut line = 0;
    // A few lines more where the last ones overflow.
    while line < lines || !rest.is_empty() {
        let due = rest.iter().take_while(|(hash, _)| line_of(*hash, lines) <= line).count();
        let (here, after) = rest.split_at_checked(due.min(LINE_ENTRIES)).unwrap_or((rest, &[]));
        let mut prints = [0_u16; LINE_ENTRIES];
        let mut places = [0_u32; LINE_ENTRIES];
        for ((print, place), (hash, entry)) in prints.iter_mut().zip(&mut places).zip(here) {
            *print = *hash as u16;
            *place = *entry;
        }
        for (hash, _) in after.iter().take(due - here.len()) {
            places.get_mut(speaker(*hash)).into_iter().for_each(|place| *place |= GOES_ON);
        }
        let mut body = [0; BODY_BYTES];
        let bytes = prints.iter().flat_map(|print| print.to_le_bytes());
        let bytes = bytes.chain(places.iter().flat_map(|place| place.to_le_bytes()));
        body.iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
        let at = start + line * LINE_BYTES as u64;
        out.append(&body)?;
        out.append(&quick_sum(identity, at, &body).to_le_bytes())?;
        rest = after;
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
        out.append(&quick_sum(identity, at, &body).to_le_bytes())?;
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
    if quick_sum(identity, at, body) != u32::from_le_bytes(*check) {
        return Err("a line of an index whose checksum does not hold");
    }
    body.as_chunks().0.get(slot).map(|place| u32::from_le_bytes(*place)).ok_or("cut short")
}
