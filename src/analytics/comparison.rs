//! The difference between two states of a graph: entities born, merged, split and gone; ids new and gone.

use std::collections::BTreeMap;

use crate::model::{KindScope, Time};

/// What is different in a later state.
///
/// # Definition
/// Ids are the same if kind, scope and value are. An entity of the earlier state *went into* those of the later one that hold
/// one of its ids; an entity of the later state *came from* those of the earlier one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Comparison {
    /// The earlier state.
    pub before: Compared,
    /// The later state.
    pub after: Compared,
    /// Ids of the later state that the earlier one does not have.
    pub ids_new: u64,
    /// Ids of the earlier state that the later one does not have.
    pub ids_gone: u64,
    /// The same by space; group openids by app.
    pub spaces: BTreeMap<KindScope, IdsChanged>,
    /// Entities of the later state that came from none: all their ids are new.
    pub born: u64,
    /// Entities of the earlier state that went into none: all their ids are gone.
    pub gone: u64,
    /// Entities of the later state that came from two or more.
    pub merged: u64,
    /// Entities of the earlier state that those came from; one that was split may be counted once for each.
    pub merged_from: u64,
    /// Entities of the earlier state that went into two or more.
    pub split: u64,
    /// Entities of the later state that those went into; one that was merged may be counted once for each.
    pub split_into: u64,
    /// Entities that came from one that went into them alone, with the same ids.
    pub unchanged: u64,
    /// The same, with new ids; may have lost some too.
    pub grown: u64,
    /// The same, with fewer ids, none of them new.
    pub shrunk: u64,
}

/// A state that was compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Compared {
    /// The last commit.
    pub seq: u64,
    /// When it was recorded.
    pub recorded_at: Time,
    /// Ids.
    pub ids: u64,
    /// Entities.
    pub entities: u64,
}

/// Ids that came and went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct IdsChanged {
    /// New.
    pub new: u64,
    /// Gone.
    pub gone: u64,
}
