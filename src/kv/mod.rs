//! The seam to key-value stores: bytes under keys, and nothing of what they mean.
//!
//! A home of this kind (`HomeKind::Kv`) asks little of a store: rows in the order of their keys, a batch that is
//! written whole or not at all, and to be told when everything written is durable. What a store must not be trusted
//! with, the home does itself: every row carries a checksum, absent rows are proven absent by their neighbours, and a
//! watermark beside the store tells whether it lost commits (`kvlog`).
//!
//! # Not here
//!   what rows mean: `kvlog` (commits) and `segment` (records).

mod batch;
mod memory;
mod row;
#[cfg(feature = "sled")]
mod sled;
#[cfg(feature = "sled")]
mod sled_files;
mod store;

pub use batch::{Batch, Change};
pub use memory::MemoryStore;
#[cfg(feature = "sled")]
pub use sled::SledStore;
pub use store::{Kv, Row, Scan, Store};

pub(crate) use row::{Rows, add_number};
