//! A segment in a file as it is read: an id or a number leads to a record, a key to an entry of the table.

use std::path::Path;
use std::sync::OnceLock;

use crate::codec::What;
use crate::error::{Error, Result};
use crate::model::{Id, KindScope};
use crate::records::{NodeNo, Sym};
use crate::segment::bytes::{FileBytes, Piece, ReadMode};
use crate::segment::checksum::{quick_sum, sum};
use crate::segment::format::{
    DENSE_ENTRIES, FORMAT_VERSION, Form, GONE_BIT, HEADER_BYTES, Header, LINE_BYTES, Name, RECORD_ALIGN,
    RECORD_HEAD_BYTES, Section, Unreadable,
};
use crate::segment::hash::{hash_node, hashes_of};
use crate::segment::index::{Line, dense_place, line_of};
use crate::segment::known::{Known, Record, Tail};
use crate::segment::record::{Glance, Gone, Key, Member, glance, take_gone};
use crate::segment::rows::Tag;
use crate::segment::table::{Table, Walk};
use crate::vfs::Vfs;

/// An open segment in a file.
#[derive(Debug)]
pub(crate) struct FileSegment {
    bytes: FileBytes,
    header: Header,
    identity: u32,
    /// Whether there are rows that say which side records name an id, once somebody asked.
    has_mentions: OnceLock<bool>,
}

/// Lines of a record that are fetched ahead: they hold the heads of most families.
const PREFETCH_LINES: u64 = 3;
/// Places kept for one hash; where there are more, the slow way is taken.
const PLACES_MAX: usize = 4;

/// Places of records that may be of a hash.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Places {
    all: [u32; PLACES_MAX],
    count: usize,
}

impl Places {
    /// More than can be kept: the slow way answers.
    #[cfg(feature = "kv")]
    pub(crate) fn unknown() -> Places {
        Places { all: [0; PLACES_MAX], count: PLACES_MAX + 1 }
    }

    fn push(&mut self, place: u32) {
        if let Some(slot) = self.all.get_mut(self.count) {
            *slot = place;
        }
        self.count += 1;
    }

    /// The places; `None` if there are more than can be kept.
    pub(crate) fn all(&self) -> Option<&[u32]> {
        self.all.get(..self.count)
    }
}

impl FileSegment {
    /// Opens a segment: its header is checked, and that its parts lie in the file.
    pub(crate) fn open(vfs: &dyn Vfs, path: &Path, mode: ReadMode) -> Result<FileSegment> {
        FileSegment::from_bytes(FileBytes::open(vfs, path, mode)?)
    }

    /// The same of bytes that are held already.
    pub(crate) fn from_bytes(bytes: FileBytes) -> Result<FileSegment> {
        let header = bytes.get(0, HEADER_BYTES)?;
        let header = Header::decode(&header).map_err(|unreadable| match unreadable {
            Unreadable::Damaged(what) => bytes.corrupt(0, what),
            Unreadable::Version(found) | Unreadable::Features(found) => {
                Error::FormatVersion { found, oldest: FORMAT_VERSION, newest: FORMAT_VERSION }
            }
        })?;
        if let Some(what) = header.misplaced(bytes.len()) {
            return Err(bytes.corrupt(0, what));
        }
        let identity = header.name.identity();
        Table::new(&bytes, identity, header.root)?;
        Ok(FileSegment { bytes, header, identity, has_mentions: OnceLock::new() })
    }

    /// Which segment this is.
    pub(crate) fn name(&self) -> &Name {
        &self.header.name
    }

    /// The header.
    pub(crate) fn header(&self) -> &Header {
        &self.header
    }

    pub(in crate::segment) fn bytes(&self) -> &FileBytes {
        &self.bytes
    }

    pub(in crate::segment) fn identity(&self) -> u32 {
        self.identity
    }

    /// The table.
    pub(crate) fn table(&self) -> Result<Table<'_>> {
        Table::new(&self.bytes, self.identity, self.header.root)
    }

    /// Whether it may say which side records name an id: looked up once.
    pub(crate) fn has_mentions(&self) -> Result<bool> {
        if let Some(known) = self.has_mentions.get() {
            return Ok(*known);
        }
        let found = self.table()?.prefix(&Tag::Mention.prefix()).next()?.is_some();
        Ok(*self.has_mentions.get_or_init(|| found))
    }

    /// The error for damage found at `at`.
    pub(crate) fn corrupt(&self, at: u64, what: What) -> Error {
        self.bytes.corrupt(at, what)
    }

    /// Starts fetching the line of a hash.
    pub(crate) fn prefetch_id(&self, hash: u64) {
        if self.header.ids.len > 0 {
            self.bytes.prefetch(self.line_at(&self.header.ids, line_of(hash, self.header.id_homes)));
        }
    }

    fn line_at(&self, section: &Section, line: u64) -> u64 {
        section.at.saturating_add(line.saturating_mul(LINE_BYTES as u64))
    }

    /// The places that may be of an id's hash: mostly one, or none.
    pub(crate) fn places_of(&self, hash: u64) -> Result<Places> {
        let mut places = Places::default();
        self.each_place((&self.header.ids, self.header.id_homes), hash, |place| {
            places.push(place);
            Ok(false)
        })?;
        Ok(places)
    }

    /// Starts fetching the record at a place.
    pub(crate) fn prefetch_record(&self, place: u32) {
        let at = self.place_at(place);
        for line in 0..PREFETCH_LINES {
            self.bytes.prefetch(at + line * LINE_BYTES as u64);
        }
    }

    /// What the record at a place says of a key's ids in a space, without reading more of it than its members.
    pub(crate) fn glance(&self, place: u32, key: &Key, target: (Sym, &KindScope)) -> Result<Glance> {
        let record = self.record(place)?;
        if record.is_gone() {
            return Ok(Glance::Unclear);
        }
        glance(record.head(), key, target).map_err(|what| self.corrupt(record.at(), what))
    }

    /// What the segment knows of an id.
    pub(crate) fn find_id(&self, hash: u64, id: &Id, key: &Key) -> Result<Known<'_>> {
        let mut found = Known::Nothing;
        self.each_place((&self.header.ids, self.header.id_homes), hash, |place| {
            let record = self.record(place)?;
            if record.is_gone() {
                let gone = self.gone(&record)?;
                // The id may have come back with another number: that is looked for further on.
                if gone.hashes == Some(hashes_of(self.header.name.seed, id)) {
                    found = Known::Gone(gone);
                }
                return Ok(false);
            }
            let is_it = self.has_member(&record, |member| key.is(member))?;
            if is_it {
                found = Known::Family(record);
            }
            Ok(is_it)
        })?;
        Ok(found)
    }

    /// What the segment knows of a number.
    pub(crate) fn find_node(&self, number: NodeNo) -> Result<Known<'_>> {
        let mut found = Known::Nothing;
        let mut look = |place| {
            let record = self.record(place)?;
            if record.is_gone() {
                let gone = self.gone(&record)?;
                let is_it = gone.number == number;
                if is_it {
                    found = Known::Gone(gone);
                }
                return Ok(is_it);
            }
            let is_it = self.has_member(&record, |member| member.number == number)?;
            if is_it {
                found = Known::Family(record);
            }
            Ok(is_it)
        };
        match self.header.form {
            Form::Hashed => {
                self.each_place((&self.header.nodes, self.header.node_homes), hash_node(number), look)?
            }
            Form::Dense => {
                if let Some(place) = self.dense_place(number)?
                    && !look(place)?
                {
                    return Err(self.corrupt(self.header.nodes.at, "a number leads to a record without it"));
                }
            }
        }
        Ok(found)
    }

    fn dense_place(&self, number: NodeNo) -> Result<Option<u32>> {
        let Some(distance) = u64::from(number).checked_sub(self.header.first_node) else { return Ok(None) };
        let line = distance / DENSE_ENTRIES as u64;
        if line >= self.header.nodes.len {
            return Ok(None);
        }
        let at = self.line_at(&self.header.nodes, line);
        let bytes = self.bytes.get(at, LINE_BYTES)?;
        let slot = (distance % DENSE_ENTRIES as u64) as usize;
        let place = dense_place(self.identity, at, &bytes, slot).map_err(|what| self.corrupt(at, what))?;
        Ok((place != 0).then_some(place))
    }

    /// Calls `look` with each place that may be of a hash until it says that it was.
    fn each_place(
        &self,
        (section, homes): (&Section, u64),
        hash: u64,
        mut look: impl FnMut(u32) -> Result<bool>,
    ) -> Result<()> {
        let mut number = line_of(hash, homes);
        while number < section.len {
            let at = self.line_at(section, number);
            let bytes = self.bytes.get(at, LINE_BYTES)?;
            let line = Line::read(self.identity, at, &bytes).map_err(|what| self.corrupt(at, what))?;
            for place in line.places(hash) {
                if look(place)? {
                    return Ok(());
                }
            }
            if !line.goes_on(hash) {
                return Ok(());
            }
            number += 1;
        }
        if section.len == 0 {
            Ok(())
        } else {
            Err(self.corrupt(section.at, "an index goes on beyond its end"))
        }
    }

    /// The record at a place of an index.
    pub(in crate::segment) fn record(&self, place: u32) -> Result<Record<'_>> {
        self.record_at(self.place_at(place))
    }

    fn place_at(&self, place: u32) -> u64 {
        self.header.records.at + (u64::from(place).saturating_sub(1)) * RECORD_ALIGN
    }

    /// The record at an offset of the file.
    pub(in crate::segment) fn record_at(&self, at: u64) -> Result<Record<'_>> {
        let (head, flag) = self.part(at, quick_sum)?;
        Ok(Record::of_file(head, at, flag))
    }

    /// The tail of a family's record.
    pub(crate) fn tail(&self, record: &Record<'_>) -> Result<Tail<'_>> {
        self.part(record.end(), sum).map(|(part, _)| Tail::of(part, RECORD_HEAD_BYTES))
    }

    /// A part of a record: a checksum, a length and what they cover; and the flag beside the length.
    fn part(&self, at: u64, sum: fn(u32, u64, &[u8]) -> u32) -> Result<(Piece<'_>, bool)> {
        let records = self.header.records;
        let end = records.at + records.len;
        let beyond = || self.corrupt(at, "a record that is not among the records");
        let left = end.checked_sub(at).filter(|left| *left >= RECORD_HEAD_BYTES as u64).ok_or_else(beyond)?;
        let fields = self.bytes.get(at, RECORD_HEAD_BYTES)?;
        let (check, len) = fields.split_first_chunk::<4>().ok_or_else(beyond)?;
        let check = u32::from_le_bytes(*check);
        let len = len.first_chunk::<4>().map_or(0, |len| u32::from_le_bytes(*len));
        let (flag, len) = (len & GONE_BIT != 0, len & !GONE_BIT);
        if u64::from(len) > left - RECORD_HEAD_BYTES as u64 {
            return Err(beyond());
        }
        let piece = self.bytes.get(at, RECORD_HEAD_BYTES + len as usize)?;
        if sum(self.identity, at, piece.get(4..).unwrap_or_default()) != check {
            return Err(self.corrupt(at, "a record whose checksum does not hold"));
        }
        Ok((piece, flag))
    }

    pub(in crate::segment) fn gone(&self, record: &Record<'_>) -> Result<Gone> {
        take_gone(record.head()).map_err(|what| self.corrupt(record.at(), what))
    }

    fn has_member(&self, record: &Record<'_>, is_it: impl Fn(&Member<'_>) -> bool) -> Result<bool> {
        let found = record.find_member(is_it).map_err(|what| self.corrupt(record.at(), what))?;
        Ok(found.is_some())
    }
}
