//! What commits changed about identities: the records of the change feed.
//!
//! # Not here
//!   how a change is found out (`engine::difference`), and what ids its numbers stand for.

mod changes;

pub use changes::{
    Changes, ConflictChange, EntityIds, MergedEntity, PersonChange, RekeyedEntity, SplitEntity,
};
