//! Finding a key in a table.

use crate::error::Result;
use crate::segment::bytes::FileBytes;
use crate::segment::table::cursor::Cursor;
use crate::segment::table::format::Root;
use crate::segment::table::merge::Walk;
use crate::segment::table::scan::Scan;

/// A table of a file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Table<'f> {
    file: &'f FileBytes,
    identity: u32,
    root: Root,
}

/// What a table says of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub(crate) enum Found {
    /// It has this value.
    Value(Vec<u8>),
    /// It has none, whatever older tables say.
    Absent,
    /// Nothing.
    Nothing,
}

impl<'f> Table<'f> {
    /// The table with this root. The root must be vouched for by a checksum of its owner.
    pub(crate) fn new(file: &'f FileBytes, identity: u32, root: Root) -> Result<Table<'f>> {
        root.check().map_err(|what| file.corrupt(root.at, what))?;
        if root.at.checked_add(u64::from(root.len)).is_none_or(|end| end > file.len()) {
            return Err(file.corrupt(root.at, "the root of a table is beyond the end"));
        }
        Ok(Table { file, identity, root })
    }

    /// What the table says of this key.
    pub(crate) fn get(&self, key: &[u8]) -> Result<Found> {
        self.block_of(key)?.map_or(Ok(Found::Nothing), |block| Table::found_at(&block, key))
    }

    /// The block that has the key if any has, at the last entry whose key is not greater; `None` if all are.
    pub(crate) fn block_of(&self, key: &[u8]) -> Result<Option<Cursor<'f>>> {
        let mut level = self.root.levels;
        let Some(mut cursor) = self.top()? else { return Ok(None) };
        loop {
            if !cursor.seek(key)? {
                return Ok(None);
            }
            level = level.saturating_sub(1);
            if level == 0 {
                return Ok(Some(cursor));
            }
            cursor = self.below(&cursor, level)?;
        }
    }

    /// What the entry that a block stands on says of the key.
    pub(crate) fn found_at(cursor: &Cursor<'f>, key: &[u8]) -> Result<Found> {
        if cursor.key() != key {
            return Ok(Found::Nothing);
        }
        Ok(cursor.value()?.map_or(Found::Absent, |value| Found::Value(value.to_vec())))
    }

    /// The entries from this key on.
    pub(crate) fn scan(&self, from: &[u8]) -> Scan<'f> {
        Scan::new(*self, from, b"")
    }

    /// The entries whose keys begin so.
    pub(crate) fn prefix(&self, prefix: &[u8]) -> Scan<'f> {
        Scan::new(*self, prefix, prefix)
    }

    /// The number of entries, absences too.
    pub(crate) fn entry_count(&self) -> u64 {
        self.root.entry_count
    }

    /// Reads all of the table, which must begin at `start` and hold nothing but its blocks and their entries.
    pub(crate) fn check(&self, start: u64) -> Result<()> {
        let mut scan = self.scan(b"");
        let mut count = 0u64;
        while scan.next()?.is_some() {
            count = count.saturating_add(1);
        }
        let end = self.root.at.saturating_add(u64::from(self.root.len));
        if count != self.root.entry_count || start.checked_add(scan.bytes_read()) != Some(end) {
            return Err(self.file.corrupt(self.root.at, "a table does not hold what its root says"));
        }
        Ok(())
    }

    /// Levels of blocks; none in a table without entries.
    pub(crate) fn levels(&self) -> u32 {
        self.root.levels
    }

    /// The topmost block; `None` in a table without entries.
    pub(crate) fn top(&self) -> Result<Option<Cursor<'f>>> {
        let Some(level) = self.root.levels.checked_sub(1) else { return Ok(None) };
        Cursor::open(self.file, self.identity, self.root.place(), level, None).map(Some)
    }

    /// The block that an entry of an index leads to; `level` is that of the index.
    pub(crate) fn below(&self, index: &Cursor<'f>, level: u32) -> Result<Cursor<'f>> {
        let below = level.saturating_sub(1);
        Cursor::open(self.file, self.identity, index.child()?, below, Some(index.key()))
    }
}
