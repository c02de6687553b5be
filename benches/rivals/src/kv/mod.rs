//! The job by hand on a key-value store, and one file for each such store.

/// fjall.
pub mod fjall;
/// Hash maps in memory.
pub mod hashmap;
/// Linking, uniting and translating on rows.
mod job;
/// LMDB, through heed.
pub mod lmdb;
/// redb.
pub mod redb;
/// The bytes of rows.
mod rows;
/// What a key-value store offers to the job.
mod seam;
/// sled 0.34.
pub mod sled;
/// Taking links back.
mod split;

pub use job::OnKv;
