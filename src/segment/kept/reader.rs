//! Finds ids, numbers and entries in rows.

use std::fmt;
use std::ops::Range;
use std::sync::OnceLock;

use serde::Deserialize;

use crate::error::{Error, Result};
use crate::kv::{Row, Rows};
use crate::model::Id;
use crate::records::NodeNo;
use crate::segment::format::{Counts, Name};
use crate::segment::hash::hashes_of;
use crate::segment::kept::chain::Chain;
use crate::segment::kept::row::{Header, Kind, Link, Record as RecordRow, Value, id_rest, key_of};
use crate::segment::kept::scan::KeptScan;
use crate::segment::known::{Known, Record};
use crate::segment::record::{Key, Member, take_gone};
use crate::segment::rows::Tag;
use crate::segment::table::{Found, Walk};

/// A segment in a store.
pub(crate) struct KeptSegment {
    rows: Rows,
    prefix: Vec<u8>,
    header: Header,
    name: Name,
    counts: Counts,
    /// Whether there are rows that say which side records name an id, once somebody asked.
    has_mentions: OnceLock<bool>,
}

impl fmt::Debug for KeptSegment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeptSegment").field("number", &self.name.number).finish_non_exhaustive()
    }
}

/// What a link says is of no interest: only that it is one, and what is before it.
#[derive(Deserialize)]
struct Before<'a> {
    before: &'a [u8],
}

impl KeptSegment {
    /// Opens the segment whose keys begin with `prefix`.
    pub(crate) fn open(rows: Rows, prefix: Vec<u8>) -> Result<KeptSegment> {
        let key = key_of(&prefix, Kind::Header, &[]);
        let value = rows.get(&key)?.ok_or_else(|| rows.corrupt("a segment is missing"))?;
        let header: Header = rows.read(&key, &value)?;
        let (name, counts) = (header.name(), header.counts());
        let has_odd_counts = counts.live > counts.numbers || counts.numbers > u64::from(u32::MAX);
        if has_odd_counts || counts.texts > u64::from(u32::MAX) {
            return Err(rows.corrupt("a segment with a count that cannot be"));
        }
        Ok(KeptSegment { rows, prefix, header, name, counts, has_mentions: OnceLock::new() })
    }

    /// Which segment this is.
    pub(crate) fn name(&self) -> &Name {
        &self.name
    }

    /// What it says of the graph as a whole.
    pub(crate) fn counts(&self) -> &Counts {
        &self.counts
    }

    /// Bytes of its rows.
    pub(crate) fn bytes(&self) -> u64 {
        self.header.bytes
    }

    /// How many numbers it has.
    pub(crate) fn number_room(&self) -> u64 {
        self.header.numbers_here
    }

    pub(super) fn header(&self) -> &Header {
        &self.header
    }

    pub(super) fn rows(&self) -> &Rows {
        &self.rows
    }

    pub(super) fn prefix(&self) -> &[u8] {
        &self.prefix
    }

    /// The error for rows that are not as they were written.
    pub(crate) fn corrupt(&self, what: &'static str) -> Error {
        self.rows.corrupt(what)
    }

    pub(super) fn read<'v, T: Deserialize<'v>>(&self, row: &'v Row) -> Result<T> {
        self.rows.read(&row.0, &row.1)
    }

    /// What a row of a chain says is before it.
    pub(super) fn before<'v>(&self, row: &'v Row) -> Result<&'v [u8]> {
        self.rows.read_first::<Before<'v>>(&row.0, &row.1).map(|link| link.before)
    }

    /// Whether it may say which side records name an id: looked up once.
    pub(crate) fn has_mentions(&self) -> Result<bool> {
        if let Some(known) = self.has_mentions.get() {
            return Ok(*known);
        }
        let prefix = Tag::Mention.prefix();
        let found = KeptScan::new(self, &prefix, &prefix).next()?.is_some();
        Ok(*self.has_mentions.get_or_init(|| found))
    }

    /// What there is under a key of the sorted entries.
    pub(crate) fn entry(&self, key: &[u8]) -> Result<Found> {
        let store_key = key_of(&self.prefix, Kind::Entry, key);
        match self.rows.get(&store_key)? {
            Some(value) => {
                let link: Link<'_, Value<'_>> = self.rows.read(&store_key, &value)?;
                Ok(self.bytes_of(link.says)?.map_or(Found::Absent, Found::Value))
            }
            // C1: the row after it proves that it was never there.
            None => match Chain::new(self, Kind::Entry, key).next()? {
                Some(next) if next.rest() == key => Err(self.corrupt("a row that comes and goes")),
                _ => Ok(Found::Nothing),
            },
        }
    }

    /// The bytes of a value; `None` for an absence.
    pub(super) fn bytes_of(&self, value: Value<'_>) -> Result<Option<Vec<u8>>> {
        match value {
            Value::Absent => Ok(None),
            Value::Here(bytes) => Ok(Some(bytes.to_vec())),
            Value::Long(number, parts) => {
                let key = key_of(&self.prefix, Kind::Long, &number.to_be_bytes());
                self.rows.get_long(&key, parts).map(Some)
            }
        }
    }

    /// The record under a number, which is there (C2).
    pub(super) fn record<'f>(&self, first: NodeNo) -> Result<Record<'f>> {
        let key = key_of(&self.prefix, Kind::Record, &first.to_be_bytes());
        let value = self.rows.get(&key)?.ok_or_else(|| self.corrupt("a record is missing"))?;
        let row: RecordRow<'_> = self.rows.read(&key, &value)?;
        let bytes = |value| self.bytes_of(value)?.ok_or_else(|| self.corrupt("a record without bytes"));
        let tail = row.tail.map(bytes).transpose()?;
        Ok(Record::of_rows(bytes(row.head)?, tail, first))
    }

    fn has_member(&self, record: &Record<'_>, is_it: impl Fn(&Member<'_>) -> bool) -> Result<bool> {
        let found = record.find_member(is_it).map_err(|what| self.corrupt(what))?;
        Ok(found.is_some())
    }

    /// What the segment knows of an id.
    pub(crate) fn find_id(&self, hash: u64, id: &Id, key: &Key) -> Result<Known<'_>> {
        let mut found = Known::Nothing;
        let mut chain = Chain::new(self, Kind::Id, &id_rest(hash, 0));
        while let Some(row) = chain.next()? {
            let Some(first) = row.rest().strip_prefix(&hash.to_be_bytes()) else { break };
            let first = <[u8; 4]>::try_from(first).map_err(|_| self.corrupt("a key that is no id's"))?;
            let record = self.record(NodeNo::from_be_bytes(first))?;
            if record.is_gone() {
                let gone = take_gone(record.head()).map_err(|what| self.corrupt(what))?;
                // The id may have come back with another number: that is looked for further on.
                if gone.hashes == Some(hashes_of(self.name.seed, id)) {
                    found = Known::Gone(gone);
                }
            } else if self.has_member(&record, |member| key.is(member))? {
                return Ok(Known::Family(record));
            }
        }
        Ok(found)
    }

    /// What the segment knows of a number.
    pub(crate) fn find_node(&self, number: NodeNo) -> Result<Known<'_>> {
        let rest = number.to_be_bytes();
        let key = key_of(&self.prefix, Kind::Number, &rest);
        let Some(value) = self.rows.get(&key)? else {
            return match Chain::new(self, Kind::Number, &rest).next()? {
                Some(next) if next.rest() == rest => Err(self.corrupt("a row that comes and goes")),
                _ => Ok(Known::Nothing),
            };
        };
        let link: Link<'_, NodeNo> = self.rows.read(&key, &value)?;
        self.known(link.says, number)
    }

    /// What a record says of a number that leads to it.
    pub(super) fn known(&self, first: NodeNo, number: NodeNo) -> Result<Known<'_>> {
        let record = self.record(first)?;
        let astray = || self.corrupt("a number leads to a record without it");
        if record.is_gone() {
            let gone = take_gone(record.head()).map_err(|what| self.corrupt(what))?;
            return if gone.number == number { Ok(Known::Gone(gone)) } else { Err(astray()) };
        }
        if self.has_member(&record, |member| member.number == number)? {
            Ok(Known::Family(record))
        } else {
            Err(astray())
        }
    }

    /// Every record with what it is, in order.
    pub(crate) fn scan(&self) -> impl Iterator<Item = Result<Known<'_>>> {
        self.scan_in(0..u64::MAX)
    }

    /// Numbers in so many parts, or fewer.
    pub(crate) fn parts(&self, count: usize) -> Vec<Range<u64>> {
        let numbers = self.counts.numbers;
        let step = numbers.div_ceil(count.max(1) as u64).max(1);
        let begins = (0..numbers).step_by(usize::try_from(step).unwrap_or(usize::MAX));
        begins.map(|begin| begin..(begin + step).min(numbers)).collect()
    }

    /// The records whose first numbers are in a range.
    pub(crate) fn scan_in(&self, numbers: Range<u64>) -> impl Iterator<Item = Result<Known<'_>>> {
        let first = u32::try_from(numbers.start).map_or(Vec::new(), |first| first.to_be_bytes().to_vec());
        let mut chain = Some(Chain::new(self, Kind::Number, &first));
        std::iter::from_fn(move || {
            loop {
                let known = self.next_record(chain.as_mut()?, numbers.end).transpose();
                match known {
                    // A number that another number's record has.
                    Some(Ok(None)) => {}
                    Some(Ok(Some(known))) => return Some(Ok(known)),
                    Some(Err(error)) => {
                        chain = None;
                        return Some(Err(error));
                    }
                    None => {
                        chain = None;
                        return None;
                    }
                }
            }
        })
    }

    /// The record of the next number below `end`, if it is the first of it.
    fn next_record(&self, chain: &mut Chain<'_>, end: u64) -> Result<Option<Option<Known<'_>>>> {
        let Some(row) = chain.next()? else { return Ok(None) };
        let number = <[u8; 4]>::try_from(row.rest()).map_err(|_| self.corrupt("a key that is no number"))?;
        let (number, first) = (NodeNo::from_be_bytes(number), row.says::<NodeNo>(self)?);
        if u64::from(number) >= end {
            return Ok(None);
        }
        if number == first {
            self.known(first, number).map(|known| Some(Some(known)))
        } else {
            Ok(Some(None))
        }
    }
}
