//! The one seam to files: the traits every file access of the engine goes through, and the real implementation.
//!
//! Tests and fuzzers hand the engine a simulated disk instead, which loses, tears and reorders whatever was not
//! flushed.
//!
//! # Invariants
//!   V1 nothing outside `vfs/` opens, reads, writes or names a file by another way.
//!   V2 a call returns success only when all of it was done; a failed write may have done a part of it.
//!   V3 data are durable after `sync_data`/`sync_all` of the file, names after `sync_dir` of their directory,
//!      and neither implies the other.
//!
//! # Assumptions about the medium
//!   a flush that returns success has reached the medium; bytes that were flushed change only where they are
//!   written again, and writing the same bytes again leaves them as they are.

mod file_system;
pub mod real;

pub use file_system::{OpenMode, Vfs, VfsFile, VfsLock};
pub use real::RealVfs;
