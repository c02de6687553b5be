//! Walking a table in order, from a key on or below a prefix.

use crate::error::{Error, Result};
use crate::segment::table::cursor::Cursor;
use crate::segment::table::merge::Walk;
use crate::segment::table::reader::Table;

/// An entry of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry<'a> {
    /// Its key.
    pub(crate) key: &'a [u8],
    /// Its value; `None` is an absence.
    pub(crate) value: Option<&'a [u8]>,
}

/// A walk through a table. It reads nothing before the first entry is asked for.
pub(crate) struct Scan<'f> {
    table: Table<'f>,
    /// The blocks it stands in, the topmost first; the last of a full path holds entries.
    path: Vec<Cursor<'f>>,
    /// The last key of the block of entries it left last.
    left: Option<Vec<u8>>,
    prefix: Vec<u8>,
    state: State,
    bytes_read: u64,
}

enum State {
    /// To begin at this key.
    Before(Vec<u8>),
    Within,
    Over,
    Failed,
}

impl<'f> Scan<'f> {
    /// The entries of a table from `from` on whose keys begin with `prefix`.
    pub(crate) fn new(table: Table<'f>, from: &[u8], prefix: &[u8]) -> Scan<'f> {
        let state = State::Before(from.to_vec());
        Scan { table, path: Vec::new(), left: None, prefix: prefix.to_vec(), state, bytes_read: 0 }
    }

    /// The length of all blocks read until now.
    pub(crate) fn bytes_read(&self) -> u64 {
        self.bytes_read
    }

    /// Goes to the first entry whose key is not less than `from`.
    fn begin(&mut self, from: &[u8]) -> Result<bool> {
        let Some(top) = self.table.top()? else { return Ok(false) };
        self.enter(top);
        loop {
            let depth = self.depth();
            let Some(cursor) = self.path.last_mut() else { return Ok(false) };
            let found = cursor.seek(from)?;
            if depth == 0 {
                return if found && cursor.key() == from { Ok(true) } else { self.step() };
            }
            // Below the first key of all, the walk begins with the first block.
            if !found {
                cursor.step()?;
            }
            self.descend()?;
        }
    }

    /// Goes to the next entry, through the index where a block ends.
    fn step(&mut self) -> Result<bool> {
        while let Some(cursor) = self.path.last_mut() {
            let moved = cursor.step()?;
            match (moved, self.depth()) {
                (true, 0) => return self.check_order().map(|()| true),
                (true, _) => self.descend()?,
                (false, _) => self.leave(),
            }
        }
        Ok(false)
    }

    /// How many levels are below the block it stands in.
    fn depth(&self) -> usize {
        (self.table.levels() as usize).saturating_sub(self.path.len())
    }

    fn enter(&mut self, cursor: Cursor<'f>) {
        self.bytes_read = self.bytes_read.saturating_add(cursor.block_len());
        self.path.push(cursor);
    }

    fn descend(&mut self) -> Result<()> {
        let level = u32::try_from(self.depth()).unwrap_or(u32::MAX);
        let below = self.path.last().map(|index| self.table.below(index, level)).transpose()?;
        if let Some(below) = below {
            self.enter(below);
        }
        Ok(())
    }

    fn leave(&mut self) {
        let is_of_entries = self.depth() == 0;
        let cursor = self.path.pop();
        if is_of_entries {
            self.left = cursor.map(Cursor::into_key);
        }
    }

    /// Keys ascend from block to block too, so that no block is walked twice.
    fn check_order(&mut self) -> Result<()> {
        let Some(left) = self.left.take() else { return Ok(()) };
        match self.path.last() {
            Some(cursor) if cursor.key() <= left.as_slice() => {
                Err(cursor.corrupt("keys are not in order from block to block"))
            }
            _ => Ok(()),
        }
    }
}

impl Walk for Scan<'_> {
    /// The next entry; `None` when there is none left. After an error the walk cannot go on: it has lost its
    /// place, and to ask again is an error too, lest it look like an end.
    fn next(&mut self) -> Result<Option<Entry<'_>>> {
        let state = std::mem::replace(&mut self.state, State::Failed);
        let found = match state {
            State::Before(from) => self.begin(&from)?,
            State::Within => self.step()?,
            State::Over => false,
            State::Failed => return Err(Error::Internal { what: "a walk went on after its error" }),
        };
        let is_within = |cursor: &Cursor<'_>| cursor.key().starts_with(&self.prefix);
        if !found || !self.path.last().is_some_and(is_within) {
            self.path.clear();
            self.state = State::Over;
            return Ok(None);
        }
        self.state = State::Within;
        self.entry()
    }

    /// The entry that `next` gave last; `None` before the first and after the last.
    fn entry(&self) -> Result<Option<Entry<'_>>> {
        let cursor = match &self.state {
            State::Within => self.path.last(),
            State::Before(_) | State::Over | State::Failed => None,
        };
        cursor.map(|cursor| Ok(Entry { key: cursor.key(), value: cursor.value()? })).transpose()
    }
}
