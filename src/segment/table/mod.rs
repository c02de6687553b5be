//! Sorted tables: immutable entries of keys and values in blocks, with an index of blocks above them.
//!
//! A key has a value, or is there to say that older tables' values of it are gone: an absence. `writer` makes a
//! table, `reader` finds a key in it, `scan` walks it in order, `merge` walks several as one.
//!
//! # Invariants
//!   T1 keys are strictly ascending in a block, from block to block, and in every level of the index.
//!   T2 equal entries at an equal place of a file of equal identity make equal bytes.
//!   T3 a block is verified each time it is read, and nothing in it is believed before.
//!   T4 a child lies before its parent and starts with the key its parent has for it: no walk goes on for ever.

pub(crate) mod format;

pub(crate) mod block_writer;
pub(crate) mod writer;

pub(crate) mod block;
pub(crate) mod cursor;
pub(crate) mod finder;
pub(crate) mod merge;
pub(crate) mod reader;
pub(crate) mod scan;

#[cfg(test)]
mod tests;

pub(crate) use finder::Finder;
pub(crate) use format::{ROOT_BYTES, Root};
pub(crate) use merge::{Absences, Merge, Walk};
pub(crate) use reader::{Found, Table};
pub(crate) use scan::{Entry, Scan};
pub(crate) use writer::{Sink, TableWriter};
