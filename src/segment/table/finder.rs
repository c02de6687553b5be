//! Finding keys one after the other: quick where they lie near each other.

use crate::error::Result;
use crate::segment::table::cursor::Cursor;
use crate::segment::table::merge::Walk;
use crate::segment::table::reader::{Found, Table};

/// Finds keys in a table, and keeps the block it was in last.
pub(crate) struct Finder<'f> {
    table: Table<'f>,
    block: Option<Cursor<'f>>,
}

impl<'f> Finder<'f> {
    /// Begins to look.
    pub(crate) fn new(table: Table<'f>) -> Finder<'f> {
        Finder { table, block: None }
    }

    /// What the table says of this key.
    pub(crate) fn get(&mut self, key: &[u8]) -> Result<Found> {
        if let Some(mut block) = self.block.take() {
            // Behind the last entry of a block, the key may be in the next one.
            if block.seek(key)? && (block.key() == key || !block.is_on_last()) {
                return self.found(block, key);
            }
        }
        match self.table.block_of(key)? {
            Some(block) => self.found(block, key),
            None => Ok(Found::Nothing),
        }
    }

    /// Whether any key begins with a prefix.
    pub(crate) fn has_prefix(&mut self, prefix: &[u8]) -> Result<bool> {
        if let Some(mut block) = self.block.take()
            && block.seek(prefix)?
            && !block.is_on_last()
        {
            let begins = |block: &Cursor<'_>| block.key().starts_with(prefix);
            let has = begins(&block) || (block.step()? && begins(&block));
            self.block = Some(block);
            return Ok(has);
        }
        self.block = self.table.block_of(prefix)?;
        Ok(self.table.prefix(prefix).next()?.is_some())
    }

    fn found(&mut self, block: Cursor<'f>, key: &[u8]) -> Result<Found> {
        let found = Table::found_at(&block, key);
        self.block = Some(block);
        found
    }
}
