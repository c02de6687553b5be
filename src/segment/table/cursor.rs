//! A place between the entries of a block: step by step, or to a key at once.

use std::cmp::Ordering;
use std::ops::Range;

use crate::codec::What;
use crate::error::{Error, Result};
use crate::segment::bytes::FileBytes;
use crate::segment::table::block::Block;
use crate::segment::table::format::{Place, RESTART_INTERVAL};

/// Walks a block. It stands before the first entry, then on one entry after the other.
pub(crate) struct Cursor<'f> {
    block: Block<'f>,
    is_on_entry: bool,
    /// The key of the entry it stands on; empty before the first.
    key: Vec<u8>,
    /// The value of that entry.
    value: Option<Range<usize>>,
    /// Where the next entry is, and its number.
    next_at: usize,
    next: usize,
}

impl<'f> Cursor<'f> {
    /// Reads a block, which must begin with `first_key` if its index gave one, and stands before its entries.
    pub(crate) fn open(
        file: &'f FileBytes,
        identity: u32,
        place: Place,
        level: u32,
        first_key: Option<&[u8]>,
    ) -> Result<Cursor<'f>> {
        let block = Block::read(file, identity, place, level)?;
        let first = block.parse(0, 0, None).map_err(|what| block.corrupt(what))?;
        if first_key.is_some_and(|key| key != first.own) {
            return Err(block.corrupt("a block does not begin with the key its index gives"));
        }
        Ok(Cursor { block, is_on_entry: false, key: Vec::new(), value: None, next_at: 0, next: 0 })
    }

    /// Goes on to the next entry; false if there is none.
    pub(crate) fn step(&mut self) -> Result<bool> {
        self.step_while(|_| true).map_err(|what| self.block.corrupt(what))
    }

    /// Goes to the last entry whose key is not greater than `target`; false, and before the first, if all are.
    pub(crate) fn seek(&mut self, target: &[u8]) -> Result<bool> {
        self.seek_entry(target).map_err(|what| self.block.corrupt(what))
    }

    /// Whether no entry follows.
    pub(crate) fn is_on_last(&self) -> bool {
        self.next == self.block.count()
    }

    /// The key of the entry it stands on.
    pub(crate) fn key(&self) -> &[u8] {
        &self.key
    }

    /// That key, when the block is not needed any more.
    pub(crate) fn into_key(self) -> Vec<u8> {
        self.key
    }

    /// The value of the entry it stands on; `None` is an absence.
    pub(crate) fn value(&self) -> Result<Option<&[u8]>> {
        let Some(range) = self.value.clone() else { return Ok(None) };
        self.block.entry_bytes(range).map(Some).map_err(|what| self.block.corrupt(what))
    }

    /// Where the block is that the entry it stands on, one of an index, leads to.
    pub(crate) fn child(&self) -> Result<Place> {
        let value = self.value()?.ok_or("an index has an absence");
        let place = value.and_then(Place::decode).map_err(|what| self.block.corrupt(what))?;
        let end = place.at.checked_add(u64::from(place.len));
        if end.is_none_or(|end| end > self.block.place().at) {
            return Err(self.block.corrupt("an index leads to a block behind it"));
        }
        Ok(place)
    }

    /// The length of the block.
    pub(crate) fn block_len(&self) -> u64 {
        u64::from(self.block.place().len)
    }

    /// The error for entries that do not fit what is around the block.
    pub(crate) fn corrupt(&self, what: What) -> Error {
        self.block.corrupt(what)
    }

    fn seek_entry(&mut self, target: &[u8]) -> Result<bool, What> {
        (self.next_at, self.next, self.value, self.is_on_entry) = (0, 0, None, false);
        self.key.clear();
        // How many restarts have a key that is not greater.
        let (mut low, mut high) = (0usize, self.block.count().div_ceil(RESTART_INTERVAL));
        while low < high {
            let middle = low.midpoint(high);
            let at = self.block.restart(middle)?;
            let entry = self.block.parse(at, middle.saturating_mul(RESTART_INTERVAL), None)?;
            match entry.own.cmp(target) {
                Ordering::Greater => high = middle,
                Ordering::Less | Ordering::Equal => low = middle.saturating_add(1),
            }
        }
        let Some(restart) = low.checked_sub(1) else { return Ok(false) };
        self.next_at = self.block.restart(restart)?;
        self.next = restart.saturating_mul(RESTART_INTERVAL);
        while self.step_while(|ordering| ordering(target) != Ordering::Greater)? {}
        Ok(true)
    }

    /// Goes on to the next entry, if there is one and `wanted` says so of how its key compares.
    fn step_while(&mut self, wanted: impl FnOnce(&dyn Fn(&[u8]) -> Ordering) -> bool) -> Result<bool, What> {
        if self.next == self.block.count() {
            let is_end = self.next_at == self.block.entries_len();
            return if is_end { Ok(false) } else { Err("there is something behind the last entry") };
        }
        // The key before is not known at the start and behind a jump, where a restart needs none.
        let before = self.is_on_entry.then_some(self.key.as_slice());
        let entry = self.block.parse(self.next_at, self.next, before)?;
        if !wanted(&|target: &[u8]| entry.cmp_key(before.unwrap_or_default(), target)) {
            return Ok(false);
        }
        self.key.truncate(entry.shared);
        self.key.extend_from_slice(entry.own);
        self.value = entry.value;
        self.next_at = entry.end;
        self.next = self.next.saturating_add(1);
        self.is_on_entry = true;
        Ok(true)
    }
}
