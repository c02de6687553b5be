//! Commits as rows of a key-value store, and the small file beside it that tells what must be there.
//!
//! A database of this kind is a directory with `LOCK`, `HOME`, the generations of its store (`kv-N` of sled), and `feed/`.
//!
//! # Layout
//! Rows by key; numbers in keys are big-endian. Values: `kv/row.rs`.
//!
//! | key | value |
//! |---|---|
//! | `h` | [`rows::Head`]: the last commit, and the end of the chain |
//! | `m` | [`rows::Meta`]: the segments that count, newest first, and what they cover |
//! | `j` seq | [`rows::Fact`]: a commit that no segment covers |
//! | `p` seq, part | bytes of a long commit |
//! | `s` segment ... | `segment/kept/mod.rs` |
//!
//! # Invariants
//!   K1 a commit is one batch: its fact row, its parts, and the head.
//!   K2 each fact row carries the hash of everything before it (its chain); the head has that of all.
//!   K3 a commit is acknowledged when the store has been flushed and then `HOME`, durably, has its sequence and chain:
//!      a store that is behind `HOME`, or tells another chain at that place, lost commits, and is `Corrupt`.
//!   K4 rows are removed only when nothing names them: facts that segments cover, segments that no meta row and no view has.
//!   K5 a generation counts when `HOME` names it, in both slots before the old one is removed.
//!   K6 the first error poisons: nothing more is written, flushed or acknowledged until the database is opened again.

mod create;
mod home_file;
mod install;
mod log;
mod open;
mod rows;

pub(crate) use create::KvBegun;
pub(crate) use home_file::store_in;
pub(crate) use install::remove_segment;
pub(crate) use log::{KvLog, KvPlace, KvSync};
pub(crate) use open::{KvFrame, KvOpening};
pub(crate) use rows::segment_prefix;
