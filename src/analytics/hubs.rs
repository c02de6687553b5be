//! Hubs: ids with too many others around them, whose edges therefore bind nothing.

use crate::model::{EntityId, Id, KindScope};

/// Ids that are hubs.
///
/// # Definition
/// By 3.4: an id is a hub toward a (kind, scope) if it has edges stronger than hint, not rejected by 3.1 or 3.2, to more than
/// `hub_limit` distinct ids of it; each such pair of id and space is one hub. By 3.8: an id is a hint hub if its hint edges
/// reach more than `hint_hub_limit` distinct entities.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Hubs {
    /// How many there are by 3.4.
    pub hubs: u64,
    /// How many there are by 3.8.
    pub hint_hubs: u64,
    /// Those of both sorts with the most others, the most first; then in order of their ids and spaces, hint hubs first.
    pub listed: Vec<Hub>,
}

/// A hub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hub {
    /// The id.
    pub id: Id,
    /// Its entity.
    pub entity: EntityId,
    /// The space of the others; `None` of a hint hub, whose others may be of any.
    pub toward: Option<KindScope>,
    /// How many others: distinct ids.
    pub degree: u64,
}
