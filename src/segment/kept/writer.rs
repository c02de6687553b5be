//! Writes a segment as rows: records as they come, then the numbers and ids that lead to them, then the entries, and
//! the header last.

use serde::Serialize;

use crate::error::{Error, Result};
use crate::kv::{Batch, Rows};
use crate::records::NodeNo;
use crate::segment::any::Segment;
use crate::segment::format::{Counts, Name};
use crate::segment::hash::{hash_id, hash_text};
use crate::segment::kept::row::{END, Header, Kind, Link, Record as RecordRow, Value, id_rest, key_of};
use crate::segment::known::Record;
use crate::segment::record::{Family, Gone, Spaces, put_family, put_gone};
use crate::segment::writer::each_member;

/// Bytes that are written at once, about.
const BATCH_BYTES: usize = 256 << 10;
/// Longest value that lies in its row.
const HERE_BYTES_MAX: usize = 1_200;

/// A segment being written.
pub(crate) struct KeptWriter {
    rows: Rows,
    prefix: Vec<u8>,
    name: Name,
    batch: Batch,
    ids: Vec<(u64, NodeNo)>,
    numbers: Vec<(NodeNo, NodeNo)>,
    records: u64,
    entries: u64,
    longs: u64,
    bytes: u64,
    /// The key of the last entry, once there are no more records.
    last_entry: Option<Vec<u8>>,
}

impl KeptWriter {
    /// Begins a segment whose keys begin with `prefix`, under which there is nothing.
    pub(crate) fn new(rows: Rows, prefix: Vec<u8>, name: Name) -> KeptWriter {
        KeptWriter {
            rows,
            prefix,
            name,
            batch: Batch::default(),
            ids: Vec::new(),
            numbers: Vec::new(),
            records: 0,
            entries: 0,
            longs: 0,
            bytes: 0,
            last_entry: None,
        }
    }

    /// Adds a family.
    pub(crate) fn add_family(&mut self, family: &Family) -> Result<()> {
        let Some((first, _)) = family.nodes.first() else {
            return Err(Error::Internal { what: "a family without members" });
        };
        let (head, tail) = put_family(family);
        self.add_record(*first, &head, Some(&tail))?;
        for (number, node) in &family.nodes {
            self.ids.push((hash_id(self.name.seed, &node.id), *first));
            self.numbers.push((*number, *first));
        }
        Ok(())
    }

    /// Adds a number that is gone, and hides the id it named from what lies below.
    pub(crate) fn add_gone(&mut self, gone: &Gone) -> Result<()> {
        self.add_record(gone.number, &put_gone(gone), None)?;
        self.numbers.push((gone.number, gone.number));
        self.ids.extend(gone.hashes.map(|hashes| (hashes.first, gone.number)));
        Ok(())
    }

    /// Adds a family that lies in another segment as it is.
    pub(crate) fn copy_family(
        &mut self,
        from: &Segment,
        record: &Record<'_>,
        spaces: &impl Spaces,
    ) -> Result<()> {
        let first = from.members(record)?.first().map(|member| member.number);
        let first = first.ok_or_else(|| from.corrupt(record.at(), "no members"))?;
        self.add_record(first, record.head(), Some(&from.tail(record)?))?;
        each_member(from, record, spaces, |text, number| {
            self.ids.push((hash_text(self.name.seed, text), first));
            self.numbers.push((number, first));
        })
    }

    fn add_record(&mut self, first: NodeNo, head: &[u8], tail: Option<&[u8]>) -> Result<()> {
        let head = self.value(Some(head))?;
        let tail = tail.map(|tail| self.value(Some(tail))).transpose()?;
        self.records += 1;
        self.put_row(Kind::Record, &first.to_be_bytes(), &RecordRow { head, tail })
    }

    /// A value, its bytes put into rows of their own where they are many.
    fn value<'a>(&mut self, bytes: Option<&'a [u8]>) -> Result<Value<'a>> {
        let Some(bytes) = bytes else { return Ok(Value::Absent) };
        if bytes.len() <= HERE_BYTES_MAX {
            return Ok(Value::Here(bytes));
        }
        let number = self.longs;
        self.longs += 1;
        let key = key_of(&self.prefix, Kind::Long, &number.to_be_bytes());
        let parts = self.rows.put_long(&mut self.batch, &key, self.name.seq, bytes)?;
        self.flush_some()?;
        Ok(Value::Long(number, parts))
    }

    fn put_row(&mut self, kind: Kind, rest: &[u8], row: &impl Serialize) -> Result<()> {
        self.rows.put(&mut self.batch, key_of(&self.prefix, kind, rest), self.name.seq, row)?;
        self.flush_some()
    }

    fn flush_some(&mut self) -> Result<()> {
        if self.batch.bytes() >= BATCH_BYTES { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<()> {
        self.bytes += self.batch.bytes() as u64;
        let batch = std::mem::take(&mut self.batch);
        if batch.is_empty() { Ok(()) } else { self.rows.kv().write(batch) }
    }

    /// Ends the records and begins the entries.
    fn begin_entries(&mut self) -> Result<()> {
        let mut before = Vec::new();
        let mut numbers = std::mem::take(&mut self.numbers);
        numbers.sort_unstable();
        for (number, first) in &numbers {
            let rest = number.to_be_bytes().to_vec();
            self.put_row(Kind::Number, &rest, &Link { before: &before, says: *first })?;
            before = rest;
        }
        self.put_row(Kind::Number, &END, &Link { before: &before, says: () })?;
        before.clear();
        let mut ids = std::mem::take(&mut self.ids);
        ids.sort_unstable();
        ids.dedup();
        for (hash, first) in &ids {
            let rest = id_rest(*hash, *first);
            self.put_row(Kind::Id, &rest, &Link { before: &before, says: () })?;
            before = rest;
        }
        self.put_row(Kind::Id, &END, &Link { before: &before, says: () })?;
        (self.numbers, self.ids) = (numbers, ids);
        self.last_entry = Some(Vec::new());
        Ok(())
    }

    /// Adds an entry: a value, or that what lies below is gone. After the first no record comes.
    pub(crate) fn put(&mut self, key: &[u8], value: Option<&[u8]>) -> Result<()> {
        if self.last_entry.is_none() {
            self.begin_entries()?;
        }
        let before = self.last_entry.take().unwrap_or_default();
        if before.as_slice() >= key {
            return Err(Error::Internal { what: "entries out of order" });
        }
        let says = self.value(value)?;
        self.put_row(Kind::Entry, key, &Link { before: &before, says })?;
        self.entries += 1;
        self.last_entry = Some(key.to_vec());
        Ok(())
    }

    /// Ends the segment and makes its rows durable; nothing names it yet. How many bytes it takes.
    pub(crate) fn finish(mut self, counts: Counts) -> Result<u64> {
        if self.last_entry.is_none() {
            self.begin_entries()?;
        }
        let before = self.last_entry.take().unwrap_or_default();
        self.put_row(Kind::Entry, &END, &Link { before: &before, says: () })?;
        self.flush()?;
        let mut header = Header::new(&self.name, &counts);
        header.numbers_here = self.numbers.len() as u64;
        header.ids_here = self.ids.len() as u64;
        (header.records_here, header.entries_here) = (self.records, self.entries);
        header.bytes = self.bytes;
        let bytes = self.bytes;
        self.put_row(Kind::Header, &[], &header)?;
        self.flush()?;
        self.rows.kv().sync()?;
        Ok(bytes)
    }
}
