//! A segment as rows of a key-value store.
//!
//! A store may lose rows without a word, so that an absent row says nothing by itself. The rows of a kind are a chain
//! therefore: each names the one before it, and the last of all is an end row. What is looked for and not found is
//! proven absent by the row after it.
//!
//! # Layout
//! Keys begin with `s` and the segment's number; then follows
//!
//! | key | value |
//! |---|---|
//! | `h` | [`row::Header`] |
//! | `i` hash of an id (8), record (4) | [`row::Link`]: an id of this hash may be in that record |
//! | `n` number (4) | [`row::Link`] of the record that has it |
//! | `r` record (4) | [`row::Record`]: a family or a number that is gone, under the first of its numbers |
//! | `t` key of a row (`rows/mod.rs`) | [`row::Link`] of its value, or of an absence |
//! | `i`, `n`, `t` and [`row::END`] | [`row::Link`]: the end of the chain |
//! | `x` number (8), part (4) | bytes of a long value |
//!
//! The bytes of records are those of files (`record/mod.rs`).
//!
//! # Invariants
//!   C1 a row of a chain names the key before it, an empty one if there is none; nothing lies between the two.
//!   C2 whatever a row leads to (a record, parts) is there, or the store lost it.
//!   C3 rows are written once and not changed.

mod chain;
mod reader;
mod row;
mod scan;
mod verify;
mod writer;

pub(crate) use reader::KeptSegment;
pub(crate) use scan::KeptScan;
pub(crate) use writer::KeptWriter;
