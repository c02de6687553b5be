//! Weak joints: edges that alone hold two parts of an entity together.

use std::collections::BTreeMap;

use crate::model::{EntityId, Id, Strength};
use crate::resolve::EdgeKind;

/// Edges whose loss would split an entity.
///
/// # Definition
/// Inside an entity, the ids and the edges accepted between them (by 3.7) make a connected graph; two edges between the same
/// two ids are two. A *bridge* is an edge of it without which the ids would fall into two parts. Most entities are stars
/// around a unionid, all of whose edges are bridges: what matters is what stands behind one. A bridge is a
/// *single-evidence* join if one evidence of it is not retracted, and *between groups* if both parts have two ids or more.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WeakJoints {
    /// Bridges by strength; `provisional` ones hang on one web login.
    pub bridges: BTreeMap<Strength, JointCount>,
    /// Entities that have a bridge.
    pub entities: u64,
    /// The weakest: weakest strength first, then the fewest evidences, then the greatest smaller part, then by entity, by the
    /// numbers of the ends' first appearance.
    pub listed: Vec<Joint>,
}

/// Bridges of one strength.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct JointCount {
    /// All of them.
    pub bridges: u64,
    /// With one evidence.
    pub single_evidence: u64,
    /// Between groups.
    pub between_groups: u64,
    /// Between groups, with one evidence.
    pub single_between_groups: u64,
}

/// A bridge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Joint {
    /// The entity it holds together.
    pub entity: EntityId,
    /// One end; the old id of a supersede edge, the smaller one of a same edge.
    pub a: Id,
    /// The other end.
    pub b: Id,
    /// Its kind.
    pub kind: EdgeKind,
    /// Its strength.
    pub strength: Strength,
    /// Evidences of it that are not retracted.
    pub evidence: u64,
    /// Ids of the smaller part.
    pub smaller_part: u64,
    /// Ids of the greater part.
    pub greater_part: u64,
}
