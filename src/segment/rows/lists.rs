//! The rows of lists that do not fit beside their owner: items added, and items removed, in chunks.
//!
//! # Layout
//! A chunk's key ends with its first item; its value is the items, each as the difference to the one before: of
//! numbers the `varint`, of a time and a number the `signed` time (latest first) and the number `varint`.

use std::cmp::Reverse;
use std::sync::Arc;

use crate::codec::{Reader, What, Writer};
use crate::error::Result;
use crate::model::{Direction, Time};
use crate::records::{ListItem, ListKey, NodeNo};
use crate::segment::any::Segment;
use crate::segment::rows::keys::Tag;
use crate::segment::sorted::{Finder, SortedScan};
use crate::segment::table::{Absences, Merge, Walk};

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

/// Which list a row is of.
pub(crate) type ListName = [u8; NAME_BYTES];

/// Bytes of a row's key that name its list: tag, kind, two numbers, flag.
const NAME_BYTES: usize = 11;
const ADDED: u8 = b'a';
const REMOVED: u8 = b'r';

/// The name of a list in keys.
fn list_name(key: ListKey) -> ListName {
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
    out.first_chunk().copied().unwrap_or_default()
}

fn prefix(name: &ListName, removed: bool) -> Vec<u8> {
    [&name[..], &[if removed { REMOVED } else { ADDED }]].concat()
}

/// Writes the rows of every list of several segments, the newest first, as those of one.
pub(crate) fn merge_list_rows(
    segments: &[Arc<Segment>],
    is_base: bool,
    mut put: impl FnMut(&[u8], &[u8]) -> Result<()>,
) -> Result<()> {
    let tag = Tag::List.prefix();
    let scans = segments.iter().map(|segment| Ok(segment.table()?.prefix(&tag)));
    let mut rows = Merge::new(scans.collect::<Result<_>>()?, Absences::Kept);
    let mut done: Option<ListName> = None;
    while let Some(row) = rows.next()? {
        let Some(name) = row.key.first_chunk().copied() else { continue };
        if done != Some(name) {
            match name.get(1) {
                Some(4 | 5) => merge_list::<(Reverse<Time>, NodeNo)>(segments, &name, is_base, &mut put)?,
                _ => merge_list::<NodeNo>(segments, &name, is_base, &mut put)?,
            }
            done = Some(name);
        }
    }
    Ok(())
}

fn merge_list<T: RowItem>(
    segments: &[Arc<Segment>],
    name: &ListName,
    is_base: bool,
    put: &mut impl FnMut(&[u8], &[u8]) -> Result<()>,
) -> Result<()> {
    for removed in [false, true] {
        let mut chunk =
            Chunk { name, removed, items: 0, last: None, key: Vec::new(), value: Writer::default() };
        let mut items = ListsBelow::<T>::named(segments, name)?;
        while let Some((item, added)) = items.told()? {
            if added != removed && !(removed && is_base) {
                chunk.push(item, put)?;
            }
        }
        chunk.flush(put)?;
    }
    Ok(())
}

/// A row being filled.
struct Chunk<'n, T> {
    name: &'n ListName,
    removed: bool,
    items: usize,
    last: Option<T>,
    key: Vec<u8>,
    value: Writer,
}

impl<T: RowItem> Chunk<'_, T> {
    fn push(&mut self, item: T, put: &mut impl FnMut(&[u8], &[u8]) -> Result<()>) -> Result<()> {
        if self.items == CHUNK_ITEMS {
            self.flush(put)?;
        }
        if self.items == 0 {
            self.key = prefix(self.name, self.removed);
            self.key.extend(item.key_bytes());
        }
        item.put(self.last, &mut self.value);
        self.last = Some(item);
        self.items += 1;
        Ok(())
    }

    fn flush(&mut self, put: &mut impl FnMut(&[u8], &[u8]) -> Result<()>) -> Result<()> {
        if self.items > 0 {
            put(&self.key, &std::mem::take(&mut self.value).into_bytes())?;
            (self.items, self.last) = (0, None);
        }
        Ok(())
    }
}

/// Writes the rows of a list, or of a part of one, from its items in order.
pub(crate) fn put_list_rows<T: RowItem>(
    key: ListKey,
    removed: bool,
    items: impl IntoIterator<Item = T>,
    mut put: impl FnMut(Vec<u8>, Vec<u8>) -> Result<()>,
) -> Result<()> {
    let name = list_name(key);
    let mut chunk =
        Chunk { name: &name, removed, items: 0, last: None, key: Vec::new(), value: Writer::default() };
    let mut put = |key: &[u8], value: &[u8]| put(key.to_vec(), value.to_vec());
    for item in items {
        chunk.push(item, &mut put)?;
    }
    chunk.flush(&mut put)
}

/// Which lists have rows in some segments, asked for one after the other.
pub(crate) struct ListFinder<'f>(Vec<Finder<'f>>);

impl<'f> ListFinder<'f> {
    /// Begins to look.
    pub(crate) fn new(segments: &'f [Arc<Segment>]) -> Result<ListFinder<'f>> {
        let finders = segments.iter().map(|segment| Ok(Finder::new(segment.table()?)));
        finders.collect::<Result<_>>().map(ListFinder)
    }

    /// Whether a list has items in rows; `false`: whatever these told it was told to lack.
    pub(crate) fn may_have(&mut self, key: ListKey) -> Result<bool> {
        let prefix = prefix(&list_name(key), false);
        for finder in &mut self.0 {
            if finder.has_prefix(&prefix)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// The items of a list's rows in one segment, in order.
struct ListRows<'f, T> {
    segment: &'f Segment,
    scan: SortedScan<'f>,
    chunk: std::vec::IntoIter<T>,
    last: Option<T>,
}

impl<'f, T: RowItem> ListRows<'f, T> {
    /// Begins to read.
    fn new(segment: &'f Segment, name: &ListName, removed: bool) -> Result<ListRows<'f, T>> {
        let scan = segment.table()?.prefix(&prefix(name, removed));
        Ok(ListRows { segment, scan, chunk: Vec::new().into_iter(), last: None })
    }

    /// The next item.
    fn next(&mut self) -> Result<Option<T>> {
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

/// The items of a list's rows in all segments, in order: the newest that speaks of an item has the say.
pub(crate) struct ListsBelow<'f, T> {
    /// Newest first; of each segment what was added, then what was removed.
    heads: Vec<(ListRows<'f, T>, Option<T>)>,
}

impl<'f, T: RowItem> ListsBelow<'f, T> {
    /// Begins to read; the newest segment comes first.
    pub(crate) fn new(segments: &'f [Arc<Segment>], key: ListKey) -> Result<ListsBelow<'f, T>> {
        ListsBelow::named(segments, &list_name(key))
    }

    fn named(segments: &'f [Arc<Segment>], name: &ListName) -> Result<ListsBelow<'f, T>> {
        let mut heads = Vec::new();
        for segment in segments {
            for removed in [false, true] {
                let mut rows = ListRows::new(segment, name, removed)?;
                let first = rows.next()?;
                heads.push((rows, first));
            }
        }
        Ok(ListsBelow { heads })
    }

    /// The next item that was not removed.
    pub(crate) fn next(&mut self) -> Result<Option<T>> {
        loop {
            match self.told()? {
                Some((item, true)) => return Ok(Some(item)),
                Some((_, false)) => {}
                None => return Ok(None),
            }
        }
    }

    /// The next item that is spoken of, and whether it was added.
    fn told(&mut self) -> Result<Option<(T, bool)>> {
        let Some(least) = self.heads.iter().filter_map(|(_, item)| *item).min() else { return Ok(None) };
        let mut added = None;
        for (place, (rows, item)) in self.heads.iter_mut().enumerate() {
            if *item == Some(least) {
                added.get_or_insert(place.is_multiple_of(2));
                *item = rows.next()?;
            }
        }
        Ok(added.map(|added| (least, added)))
    }
}
