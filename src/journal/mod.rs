//! The append-only log every commit goes through, and the manifest that says which files are live.
//!
//! `create` makes a database, `open` replays it and repairs what a crash left, `append` and `sync` (or a
//! [`SyncHandle`](sync::SyncHandle) for group commit) make frames durable, `close` seals the end.
//!
//! # Layout
//! ```text
//! graph-dir/ LOCK  MANIFEST  journal/0000000001.log ...  journal/MARK
//! ```
//!
//! # Invariants
//!   J1 a frame is acknowledged only after a flush of its file that began after the frame was written.
//!   J2 a log file is begun only when every frame of the file before is durable, and holds a frame only when its
//!      header and its name are.
//!   J3 the manifest says `open` durably before the first frame of a session is written; it says `sealed` only
//!      when every frame is durable.
//!   J4 seqs have no gaps, within a file and across files, and each frame's crc covers that of the one before.
//!   J5 nothing that was ever proved durable is cut; what recovery cuts is gone durably before the next frame.
//!   J6 the database and the frames that recovery hands out are durable when `open` returns, even after a flush
//!      that failed.
//!   J7 after the first failed write or flush nothing is written or flushed any more.
//!   J8 a mark never claims what is not durable; marks of other sessions are not believed.
//!   J9 no allocation is larger than a length that a checksum and the file's length vouch for.
//!
//! # Order
//!   the sync lock is taken before the lock of the written end; the durable seq and the poison are atomics.

pub(crate) mod format;
pub(crate) mod layout;

pub(crate) mod manifest;
pub(crate) mod mark;

pub(crate) mod reader;
pub(crate) mod recover;
pub(crate) mod repair;

pub(crate) mod checkpoint;
pub(crate) mod create;
pub(crate) mod follow;
pub(crate) mod open;
pub(crate) mod sync;
pub(crate) mod writer;

#[cfg(test)]
mod tests;

pub(crate) use checkpoint::Place;
pub(crate) use create::{Begun, Identity};
pub(crate) use follow::{Followed, Follower, is_gone};
pub(crate) use format::{Secret, SegmentName};
#[cfg(feature = "kv")]
pub(crate) use layout::{converting, converting_new};
pub(crate) use layout::{is_spill, spill_in, unfinished_in};
pub(crate) use open::{Opening, Tail};
pub(crate) use reader::Frame;
pub(crate) use sync::SyncHandle;
pub(crate) use writer::{Journal, Options};
