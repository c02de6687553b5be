//! The sorted entries beside a segment's records, however they are kept: found, and walked in order.

use crate::error::Result;
#[cfg(feature = "kv")]
use crate::segment::kept::{KeptScan, KeptSegment};
use crate::segment::table::{Entry, Found, Scan, Table, Walk};

/// The entries of one segment.
pub(crate) enum Sorted<'f> {
    /// Blocks of a file.
    Blocks(Table<'f>),
    /// Rows of a key-value store.
    #[cfg(feature = "kv")]
    Rows(&'f KeptSegment),
}

impl<'f> Sorted<'f> {
    /// What there is under a key.
    pub(crate) fn get(&self, key: &[u8]) -> Result<Found> {
        match self {
            Sorted::Blocks(table) => table.get(key),
            #[cfg(feature = "kv")]
            Sorted::Rows(kept) => kept.entry(key),
        }
    }

    /// The entries from this key on.
    pub(crate) fn scan(&self, from: &[u8]) -> SortedScan<'f> {
        match self {
            Sorted::Blocks(table) => SortedScan::Blocks(table.scan(from)),
            #[cfg(feature = "kv")]
            Sorted::Rows(kept) => SortedScan::Rows(KeptScan::new(kept, from, b"")),
        }
    }

    /// The entries whose keys begin so.
    pub(crate) fn prefix(&self, prefix: &[u8]) -> SortedScan<'f> {
        match self {
            Sorted::Blocks(table) => SortedScan::Blocks(table.prefix(prefix)),
            #[cfg(feature = "kv")]
            Sorted::Rows(kept) => SortedScan::Rows(KeptScan::new(kept, prefix, prefix)),
        }
    }
}

/// A walk over the entries.
pub(crate) enum SortedScan<'f> {
    /// Of a file.
    Blocks(Scan<'f>),
    /// Of rows.
    #[cfg(feature = "kv")]
    Rows(KeptScan<'f>),
}

impl Walk for SortedScan<'_> {
    fn next(&mut self) -> Result<Option<Entry<'_>>> {
        match self {
            SortedScan::Blocks(scan) => scan.next(),
            #[cfg(feature = "kv")]
            SortedScan::Rows(scan) => scan.next(),
        }
    }

    fn entry(&self) -> Result<Option<Entry<'_>>> {
        match self {
            SortedScan::Blocks(scan) => scan.entry(),
            #[cfg(feature = "kv")]
            SortedScan::Rows(scan) => scan.entry(),
        }
    }
}

/// Finds entries one after the other: quick where they lie near each other.
pub(crate) enum Finder<'f> {
    /// In a file.
    Blocks(crate::segment::table::Finder<'f>),
    /// In rows.
    #[cfg(feature = "kv")]
    Rows(&'f KeptSegment),
}

impl<'f> Finder<'f> {
    /// Begins to look.
    pub(crate) fn new(sorted: Sorted<'f>) -> Finder<'f> {
        match sorted {
            Sorted::Blocks(table) => Finder::Blocks(crate::segment::table::Finder::new(table)),
            #[cfg(feature = "kv")]
            Sorted::Rows(kept) => Finder::Rows(kept),
        }
    }

    /// What there is under a key.
    pub(crate) fn get(&mut self, key: &[u8]) -> Result<Found> {
        match self {
            Finder::Blocks(finder) => finder.get(key),
            #[cfg(feature = "kv")]
            Finder::Rows(kept) => kept.entry(key),
        }
    }

    /// Whether any key begins with a prefix.
    pub(crate) fn has_prefix(&mut self, prefix: &[u8]) -> Result<bool> {
        match self {
            Finder::Blocks(finder) => finder.has_prefix(prefix),
            #[cfg(feature = "kv")]
            Finder::Rows(kept) => Ok(KeptScan::new(kept, prefix, prefix).next()?.is_some()),
        }
    }
}
