//! What every rival does: the one trait that all of them implement, and the size of a directory.

use std::path::Path;

use anyhow::Result;

use crate::data::{Fact, Id, Space};

/// What a store is told before it opens.
#[derive(Debug, Clone, Copy)]
pub struct Sizing {
    /// Ids that will be stored.
    pub ids: u64,
    /// Bytes of cache for stores that keep one of their own.
    pub cache_bytes: u64,
}

/// A store that does the job of the benchmark.
///
/// Keys and commits are prepared before the clock starts, in the store's own types, so that what is timed is
/// the store and not the making of its arguments.
pub trait Store: Sized {
    /// An id to ask for.
    type Key;
    /// Facts to commit.
    type Commit;
    /// The values found, as the store hands them out; owned.
    type Answer;
    /// A consistent state to read from.
    type Reader<'a>: Lookup<Key = Self::Key, Answer = Self::Answer>
    where
        Self: 'a;

    fn open(dir: &Path, sizing: Sizing) -> Result<Self>;

    fn key(&self, id: &Id) -> Result<Self::Key>;

    fn prepare(&self, facts: &[Fact]) -> Result<Self::Commit>;

    /// One durable commit; how many facts were new.
    fn ingest(&mut self, commit: &Self::Commit) -> Result<u64>;

    /// Takes back, durably, what was said of a link up to `at`, and divides the entity if it falls apart.
    fn retract(&mut self, a: &Id, b: &Id, at: i64) -> Result<()>;

    fn reader(&self) -> Result<Self::Reader<'_>>;

    fn values(answer: &Self::Answer) -> Vec<String>;

    /// The upkeep that its documentation advises before reading much; timed apart.
    fn settle(&mut self) -> Result<()> {
        Ok(())
    }

    /// Closes and opens again.
    fn reopen(self, dir: &Path, sizing: Sizing) -> Result<Self> {
        drop(self);
        Self::open(dir, sizing)
    }
}

/// Questions to one state.
pub trait Lookup {
    type Key;
    type Answer;

    /// The id's counterparts in `target`.
    fn translate(&self, key: &Self::Key, target: Space) -> Result<Self::Answer>;

    /// The same for many, in their order, by the fastest way the store has.
    fn translate_many(&self, keys: &[Self::Key], target: Space, out: &mut Vec<Self::Answer>) -> Result<()> {
        for key in keys {
            out.push(self.translate(key, target)?);
        }
        Ok(())
    }
}

/// Bytes that the files of a directory take on disk.
pub fn disk_bytes(dir: &Path) -> Result<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        // A file that a background thread has just removed takes nothing.
        let Ok(metadata) = entry.metadata() else { continue };
        bytes += if metadata.is_dir() { disk_bytes(&entry.path())? } else { allocated(&metadata) };
    }
    Ok(bytes)
}

#[cfg(unix)]
fn allocated(metadata: &std::fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::blocks(metadata) * 512
}

#[cfg(not(unix))]
fn allocated(metadata: &std::fs::Metadata) -> u64 {
    metadata.len()
}
