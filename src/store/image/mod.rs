//! From a state to a segment and back: what changed since the segments below, several segments as one, and the
//! state that segments hold.
//!
//! # Invariants
//!   M1 a record that is replaced is replaced whole: every number that lay beside one that is written again is
//!      written again with it, so that all of a record is current or none of it is.
//!   M2 a row is written only where it differs from what the segments below say.
//!   M3 an absence whose key holds ids is written only over a segment that has the key, and the hashes of an erased
//!      id only over one that has the id.

mod changes;
mod clusters;
mod lists;
mod load;
mod merge;
mod owed;
mod rows;

pub(crate) use changes::{counts_of, room_for_changes, write_changes};
pub(crate) use load::{Restored, restore};
#[cfg(feature = "kv")]
pub(crate) use merge::{Records, copy_rows};
pub(crate) use merge::{merge, room_for_merge};
pub(crate) use owed::owed;
