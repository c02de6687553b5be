//! How many ids entities have.

use std::collections::BTreeMap;

use crate::model::Class;

/// A histogram of entities by how many ids they have, superseded ones too.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sizes {
    /// By class: how many ids, and how many entities have so many.
    pub entities: BTreeMap<Class, BTreeMap<u64, u64>>,
    /// How many entities, and how many persons have so many.
    pub persons: BTreeMap<u64, u64>,
}
