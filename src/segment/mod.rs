//! Immutable files: their bytes however they are held, and sorted tables of keys and values in them.
//!
//! `bytes` hands out the bytes of a file, `checksum` ties them to their file and place, `table` keeps sorted
//! entries in blocks.
//!
//! # Invariants
//!   S1 every byte that is believed was covered by a checksum that held, at this very read.
//!   S2 every place in a file is checked against the file's length before it is looked at, and no memory is
//!      reserved by a length that was not.

#[expect(unsafe_code, reason = "a memory map is unsafe to make; all of it is in this one file")]
mod mmap;

mod any;
mod any_writer;
mod bytes;
mod checksum;
mod file;
mod format;
mod hash;
mod index;
#[cfg(feature = "kv")]
mod kept;
mod known;
mod record;
#[cfg(any(test, fuzzing))]
mod reseal;
pub(crate) mod rows;
mod sorted;
mod table;
mod verify;
mod walk;
mod writer;

#[cfg(test)]
mod tests;

pub use bytes::ReadMode;

#[cfg(fuzzing)]
pub(crate) use reseal::reseal;

pub(crate) use any::Segment;
pub(crate) use any_writer::SegmentWriter;
pub(crate) use file::Places;
pub(crate) use format::{Counts, Name};
pub(crate) use hash::{hash_id, hash_text, hashes_of, spread};
pub(crate) use known::{Known, Record};
pub(crate) use record::{Family, Glance, Gone, Key, Member, Spaces};
pub(crate) use sorted::Finder;
pub(crate) use table::{Absences, Found, Merge, Walk};
pub(crate) use walk::Lying;
