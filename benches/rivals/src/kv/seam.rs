//! What a key-value store offers to the job: three tables, read states, and write transactions that read
//! their own writes.

use std::path::Path;

use anyhow::Result;

use crate::store::Sizing;

/// A table of rows; `kv/rows.rs` says what they hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Table {
    Ids,
    Entities,
    Edges,
}

impl Table {
    pub fn name(self) -> &'static str {
        match self {
            Table::Ids => "ids",
            Table::Entities => "entities",
            Table::Edges => "edges",
        }
    }
}

/// A key-value store.
pub trait Kv: Sized {
    type Read<'a>: ReadRows
    where
        Self: 'a;
    type Write<'a>: WriteRows
    where
        Self: 'a;

    fn open(dir: &Path, sizing: Sizing) -> Result<Self>;

    fn read(&self) -> Result<Self::Read<'_>>;

    /// Runs `fill` in a transaction. If it returns true, the transaction is durable when this returns;
    /// otherwise it is dropped.
    fn write(&self, fill: impl FnOnce(&mut Self::Write<'_>) -> Result<bool>) -> Result<()>;

    fn settle(&mut self) -> Result<()> {
        Ok(())
    }

    fn reopen(self, dir: &Path, sizing: Sizing) -> Result<Self> {
        drop(self);
        Self::open(dir, sizing)
    }
}

/// Reading rows.
pub trait ReadRows {
    /// Hands the row's value, where it lies if the store can, to `look`.
    fn with<R>(&self, table: Table, key: &[u8], look: impl FnOnce(Option<&[u8]>) -> R) -> Result<R>;
}

/// Writing rows.
pub trait WriteRows: ReadRows {
    fn put(&mut self, table: Table, key: &[u8], value: &[u8]) -> Result<()>;

    fn delete(&mut self, table: Table, key: &[u8]) -> Result<()>;

    /// The rows of [`Table::Edges`] whose key begins with `prefix`.
    fn edges(&self, prefix: &[u8]) -> Result<Vec<(Vec<u8>, Vec<u8>)>>;
}
