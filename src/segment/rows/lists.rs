//! The rows of lists that do not fit beside their owner: items added, and items removed, in chunks.
//!
//! # Layout
//! A chunk's key ends with its first item; its value is the items, each as the difference to the one before: of
//! numbers the `varint`, of a time and a number the `signed` time (latest first) and the number `varint`.

use std::cmp::Reverse;

use crate::codec::{Reader, What, Writer};
use crate::error::Result;
use crate::model::{Direction, Time};
use crate::records::{ListItem, ListKey, NodeNo};
use crate::segment::file::Segment;
use crate::segment::rows::keys::Tag;
use crate::segment::table::Scan;

/// Items of a chunk.
const CHUNK_ITEMS: usize = 1_024;

/// An item as rows hold it.
pub(crate) trait RowItem: ListItem {
    /// Bytes that are in the order of items.
    fn key_bytes(self) -> Vec<u8>;
    /// Writes the item after another.
    fn put(self, last: Option<Self>, out: &mut Writer);
    /// Reads the item after another.
    fn take(last: Option<Self>, reader: &mut Reader<'_>) -> Result<Self, What>;
}

fn number(value: u64) -> Result<NodeNo, What> {
    NodeNo::try_from(value).map_err(|_| "a number beyond 32 bits")
}

impl RowItem for NodeNo {
    fn key_bytes(self) -> Vec<u8> {
        self.to_be_bytes().to_vec()
    }

    fn put(self, last: Option<NodeNo>, out: &mut Writer) {
        out.varint(u64::from(self - last.unwrap_or(0)));
    }

    fn take(last: Option<NodeNo>, reader: &mut Reader<'_>) -> Result<NodeNo, What> {
        number(reader.varint()?.saturating_add(u64::from(last.unwrap_or(0))))
    }
}

impl RowItem for (Reverse<Time>, NodeNo) {
    fn key_bytes(self) -> Vec<u8> {
        // Latest first: the complement of the time with its sign turned.
        let time = !(self.0.0.ms().cast_unsigned() ^ 1 << 63);
        [&time.to_be_bytes()[..], &self.1.to_be_bytes()].concat()
    }

    fn put(self, last: Option<Self>, out: &mut Writer) {
        let before = last.map_or(0, |(Reverse(time), _)| time.ms());
        out.signed(self.0.0.ms().wrapping_sub(before));
        out.varint(u64::from(self.1));
    }

    fn take(last: Option<Self>, reader: &mut Reader<'_>) -> Result<Self, What> {
        let before = last.map_or(0, |(Reverse(time), _)| time.ms());
        let time = before.wrapping_add(reader.signed()?);
        Ok((Reverse(Time::from_ms(time)), number(reader.varint()?)?))
    }
}

/// The prefix of a list's rows.
pub(crate) fn list_prefix(key: ListKey, removed: bool) -> Vec<u8> {
    let mut out = vec![Tag::List as u8];
    let (kind, numbers, flag) = match key {
        ListKey::Group { node, space, candidate } => (1, [node, space], candidate),
        ListKey::Hints(node) => (2, [node, 0], false),
        ListKey::Relations { node, kind, direction } => (3, [node, kind], direction == Direction::Out),
        ListKey::ClockEnds(node) => (4, [node, 0], false),
        ListKey::ClockLatest(node) => (5, [node, 0], false),
        ListKey::Source(sym) => (6, [sym, 0], false),
        ListKey::Batch(sym) => (7, [sym, 0], false),
        ListKey::Space(sym) => (8, [sym, 0], false),
    };
    out.push(kind);
    numbers.iter().for_each(|number| out.extend(number.to_be_bytes()));
    out.push(u8::from(flag));
    out.push(if removed { b'r' } else { b'a' });
    out
}

/// Writes the rows of a list, or of a part of one, from its items in order.
pub(crate) fn put_list_rows<T: RowItem>(
    key: ListKey,
    removed: bool,
    items: impl IntoIterator<Item = T>,
    mut put: impl FnMut(Vec<u8>, Vec<u8>) -> Result<()>,
) -> Result<()> {
    let mut items = items.into_iter().peekable();
    while let Some(first) = items.peek().copied() {
        let mut row = list_prefix(key, removed);
        row.extend(first.key_bytes());
        let mut value = Writer::default();
        let mut last = None;
        for item in items.by_ref().take(CHUNK_ITEMS) {
            item.put(last, &mut value);
            last = Some(item);
        }
        put(row, value.into_bytes())?;
    }
    Ok(())
}

/// The items of a list's rows in one segment, in order.
pub(crate) struct ListRows<'f, T> {
    segment: &'f Segment,
    scan: Scan<'f>,
    chunk: std::vec::IntoIter<T>,
    last: Option<T>,
}

impl<'f, T: RowItem> ListRows<'f, T> {
    /// Begins to read.
    pub(crate) fn new(segment: &'f Segment, key: ListKey, removed: bool) -> Result<ListRows<'f, T>> {
        let scan = segment.table()?.prefix(&list_prefix(key, removed));
        Ok(ListRows { segment, scan, chunk: Vec::new().into_iter(), last: None })
    }

    /// The next item.
    pub(crate) fn next(&mut self) -> Result<Option<T>> {
        loop {
            if let Some(item) = self.chunk.next() {
                if self.last.is_some_and(|last| last >= item) {
                    return Err(self.segment.corrupt(0, "a list out of order"));
                }
                self.last = Some(item);
                return Ok(Some(item));
            }
            let Some(entry) = self.scan.next()? else { return Ok(None) };
            let chunk = entry.value.map_or(Ok(Vec::new()), take_chunk);
            self.chunk = chunk.map_err(|what| self.segment.corrupt(0, what))?.into_iter();
        }
    }
}

fn take_chunk<T: RowItem>(value: &[u8]) -> Result<Vec<T>, What> {
    let mut reader = Reader::new(value);
    let mut items = Vec::new();
    while reader.left() > 0 {
        items.push(T::take(items.last().copied(), &mut reader)?);
    }
    Ok(items)
}
