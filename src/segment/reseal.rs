//! Makes the checksums of a segment right again after its bytes were changed, so that tests reach what lies behind them.
//!
//! It goes through the file as a reader would and seals each piece it comes to. Pieces that lie over each other cannot
//! all be right: the one sealed last is.

use std::collections::BTreeSet;

use crate::codec::Reader;
use crate::segment::checksum::{quick_sum, sum};
use crate::segment::format::{
    Form, GONE_BIT, HEADER_BYTES, Header, LINE_BYTES, LINE_ENTRIES, PLACE_MAX, RECORD_ALIGN,
    RECORD_HEAD_BYTES, Section,
};
use crate::segment::table::format::{BLOCK_CRC_BYTES, BLOCK_HEADER_BYTES, Place};

/// The bytes of a line before its checksum.
const LINE_BODY_BYTES: u64 = LINE_BYTES as u64 - 4;
/// Where in a block the length of its entries stands.
const ENTRIES_LEN_AT: u64 = 8;

type Sum = fn(u32, u64, &[u8]) -> u32;

/// Seals all of a segment that can be found.
pub(crate) fn reseal(bytes: &mut [u8]) {
    let body = bytes.get(..HEADER_BYTES - 4).map(crc32c::crc32c);
    let Some(check) = body else { return };
    put(bytes, HEADER_BYTES as u64 - 4, check);
    let Some(Ok(header)) = bytes.get(..HEADER_BYTES).map(Header::decode) else { return };
    if header.misplaced(bytes.len() as u64).is_some() {
        return;
    }
    let mut file = Unsealed { bytes, identity: header.name.identity(), records: header.records };
    let mut places = BTreeSet::new();
    file.seal_lines(&header.ids, Form::Hashed, &mut places);
    file.seal_lines(&header.nodes, header.form, &mut places);
    file.seal_records(places);
    file.seal_table(header.root.place(), header.root.levels);
}

fn put(bytes: &mut [u8], at: u64, check: u32) {
    let room = usize::try_from(at).ok().and_then(|at| bytes.get_mut(at..)).and_then(<[u8]>::first_chunk_mut);
    room.into_iter().for_each(|room| *room = check.to_le_bytes());
}

struct Unsealed<'b> {
    bytes: &'b mut [u8],
    identity: u32,
    records: Section,
}

impl Unsealed<'_> {
    fn get(&self, at: u64, len: u64) -> Option<&[u8]> {
        let (at, len) = (usize::try_from(at).ok()?, usize::try_from(len).ok()?);
        self.bytes.get(at..at.checked_add(len)?)
    }

    fn u32_at(&self, at: u64) -> Option<u32> {
        self.get(at, 4)?.first_chunk().map(|bytes| u32::from_le_bytes(*bytes))
    }

    /// Seals `len` bytes from `from` on, a piece that begins at `at`, with a checksum at `check_at`.
    fn seal(&mut self, sum: Sum, at: u64, (from, len): (u64, u64), check_at: u64) {
        let check = self.get(from, len).map(|covered| sum(self.identity, at, covered));
        check.into_iter().for_each(|check| put(self.bytes, check_at, check));
    }

    /// Seals lines, and notes the places they lead to.
    fn seal_lines(&mut self, section: &Section, form: Form, places: &mut BTreeSet<u64>) {
        let first = match form {
            Form::Hashed => LINE_ENTRIES as u64 * 2,
            Form::Dense => 0,
        };
        for line in 0..section.len {
            let at = section.at + line * LINE_BYTES as u64;
            self.seal(quick_sum, at, (at, LINE_BODY_BYTES), at + LINE_BODY_BYTES);
            let fields = (first..LINE_BODY_BYTES).step_by(4);
            let found = fields.filter_map(|field| self.u32_at(at + field)).map(|place| place & PLACE_MAX);
            let found = found.filter(|place| *place != 0).map(|place| (u64::from(place) - 1) * RECORD_ALIGN);
            places.extend(found.map(|offset| self.records.at + offset));
        }
    }

    /// Seals records at places, and those that stand one after the other.
    fn seal_records(&mut self, places: BTreeSet<u64>) {
        for at in places {
            self.seal_record(at);
        }
        let mut at = self.records.at;
        while let Some(end) = self.seal_record(at) {
            at = end.next_multiple_of(RECORD_ALIGN);
        }
    }

    /// Seals the head and tail of a record; where it ends.
    fn seal_record(&mut self, at: u64) -> Option<u64> {
        let is_gone = self.u32_at(at.checked_add(4)?)? & GONE_BIT != 0;
        let end = self.seal_part(quick_sum, at)?;
        if is_gone { Some(end) } else { self.seal_part(sum, end) }
    }

    fn seal_part(&mut self, sum: Sum, at: u64) -> Option<u64> {
        let end_of_records = self.records.at + self.records.len;
        let len = u64::from(self.u32_at(at.checked_add(4)?)? & !GONE_BIT);
        let end = at.checked_add(RECORD_HEAD_BYTES as u64 + len).filter(|end| *end <= end_of_records)?;
        self.seal(sum, at, (at + 4, end - at - 4), at);
        Some(end)
    }

    /// Seals the blocks of a table, level by level.
    fn seal_table(&mut self, root: Place, levels: u32) {
        let mut blocks = BTreeSet::from([(root.at, root.len)]);
        for _ in 0..levels {
            let mut below = BTreeSet::new();
            for (at, len) in blocks {
                let Some(body) = u64::from(len).checked_sub(BLOCK_CRC_BYTES as u64) else { continue };
                self.seal(sum, at, (at, body), at.saturating_add(body));
                let entries = at
                    .checked_add(ENTRIES_LEN_AT)
                    .and_then(|at| self.u32_at(at))
                    .and_then(|len| self.get(at.checked_add(BLOCK_HEADER_BYTES as u64)?, u64::from(len)));
                children(entries.unwrap_or_default(), &mut below);
            }
            blocks = below;
        }
    }
}

/// Notes the blocks that the entries of an index lead to.
fn children(entries: &[u8], found: &mut BTreeSet<(u64, u32)>) {
    let mut fields = Reader::new(entries);
    let mut next = || {
        fields.varint()?;
        let own = fields.varint()?;
        let value = fields.varint()?.saturating_sub(1);
        let mut raw = |len: u64| fields.raw(usize::try_from(len).unwrap_or(usize::MAX));
        raw(own)?;
        raw(value)
    };
    while let Ok(value) = next() {
        found.extend(Place::decode(value).into_iter().map(|place| (place.at, place.len)));
    }
}
