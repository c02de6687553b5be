//! Changes that are written together.

use std::fmt;

/// One change of a batch.
#[derive(Clone, PartialEq, Eq)]
pub enum Change {
    /// The key has this value from now on.
    Put(Vec<u8>, Vec<u8>),
    /// The key has none.
    Remove(Vec<u8>),
}

/// Changes that are written whole or not at all; no key is in it twice.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Batch {
    changes: Vec<Change>,
    bytes: usize,
}

impl fmt::Debug for Batch {
    // Without the rows: they hold ids of people.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batch").field("changes", &self.changes.len()).field("bytes", &self.bytes).finish()
    }
}

impl fmt::Debug for Change {
    // Without the row: it may hold ids of people.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Change::Put(..) => "Put",
            Change::Remove(_) => "Remove",
        })
    }
}

impl Batch {
    /// Adds a row.
    pub fn put(&mut self, key: Vec<u8>, value: Vec<u8>) {
        self.bytes += key.len() + value.len();
        self.changes.push(Change::Put(key, value));
    }

    /// Removes a row.
    pub fn remove(&mut self, key: Vec<u8>) {
        self.bytes += key.len();
        self.changes.push(Change::Remove(key));
    }

    /// Bytes of keys and values.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether it changes nothing.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// The changes.
    pub fn into_changes(self) -> Vec<Change> {
        self.changes
    }
}
