//! What commits changed about identities: the change feed, a log of its own beside the journal.
//!
//! Its records hold numbers, never ids: what is erased needs no erasing here.
//!
//! # Not here
//!   how a change is found out (`engine::difference`), and what ids its numbers stand for.

mod changes;
mod layout;
mod log;
mod reader;
mod record;
#[cfg(test)]
mod tests;

pub use log::FeedRetention;

pub(crate) use log::FeedLog;
pub(crate) use reader::{FeedReader, FeedRecord, LastSpot, Wanted};

pub use changes::{
    Changes, ConflictChange, EntityIds, MergedEntity, PersonChange, RekeyedEntity, SplitEntity,
};
