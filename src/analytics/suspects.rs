//! Suspects: entities that may be several, and several that may be one.

use std::collections::BTreeMap;

use crate::analytics::joints::Joint;
use crate::model::{EntityId, Id};

/// Entities that are worth a look.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Suspects {
    /// Entities that may be several accounts, by rule. An entity is counted once a rule, and once under each that fits.
    pub over: BTreeMap<OverRule, u64>,
    /// Pairs of entities that may be one account or person, by rule; of [`UnderRule::SharedHint`], ids that several share.
    pub under: BTreeMap<UnderRule, u64>,
    /// Those that may be several, the worst rule first, then the larger smaller part, then by entity; one line for each
    /// entity and rule.
    pub over_listed: Vec<OverMerge>,
    /// Those that may be one, the strongest rule first, then the larger sum of their ids, then by entities.
    pub under_listed: Vec<UnderMerge>,
}

/// Why an entity may be several. All rules are about its weakest bridge between groups (see
/// [`WeakJoints`](crate::analytics::WeakJoints)): weakest strength, then fewest evidences, then the greatest smaller part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum OverRule {
    /// That bridge has one evidence, and a conflict (an edge rejected as `cardinality`, `cycle`, `size` or `oversize`) ends in
    /// the entity: somebody else claims a part of it.
    Contested,
    /// That bridge has one evidence, and is `provisional` or `business`: nothing of WeChat's own word joins the parts.
    WeakBridge,
    /// The entity has many ids (see [`Measuring::crowded_ids`](crate::analytics::Measuring::crowded_ids)), and that bridge.
    Crowded,
}

/// Why two entities may be one account, or one person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum UnderRule {
    /// An edge between them was rejected as `cardinality`, and they are not one person: one account with two ids where one can
    /// be, or a human with two accounts.
    Cardinality,
    /// An edge between them was rejected as `provisional`: one web login, which a second would confirm.
    Provisional,
    /// An edge between them, neither end a phone, was rejected as `suggestion`, and they are not one person.
    Suggestion,
    /// A phone, which is no hint hub, has hint edges not rejected as `scope_mismatch` or `pending_expired` to two or more
    /// entities, which are not all one person.
    SharedHint,
}

impl OverRule {
    /// Every rule, the worst first.
    pub const ALL: [OverRule; 3] = [OverRule::Contested, OverRule::WeakBridge, OverRule::Crowded];

    /// The name in answers.
    pub fn name(self) -> &'static str {
        match self {
            OverRule::Contested => "contested",
            OverRule::WeakBridge => "weak_bridge",
            OverRule::Crowded => "crowded",
        }
    }
}

impl UnderRule {
    /// Every rule, the strongest first.
    pub const ALL: [UnderRule; 4] =
        [UnderRule::Cardinality, UnderRule::Provisional, UnderRule::Suggestion, UnderRule::SharedHint];

    /// The name in answers.
    pub fn name(self) -> &'static str {
        match self {
            UnderRule::Cardinality => "cardinality",
            UnderRule::Provisional => "provisional",
            UnderRule::Suggestion => "suggestion",
            UnderRule::SharedHint => "shared_hint",
        }
    }
}

/// An entity that may be several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OverMerge {
    /// Why.
    pub rule: OverRule,
    /// The bridge, with the entity.
    pub joint: Joint,
    /// How many ids the entity has.
    pub ids: u64,
    /// How many conflicts end in it.
    pub conflicts: u64,
}

/// Entities that may be one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnderMerge {
    /// Why.
    pub rule: UnderRule,
    /// The entities, in order of their numbers.
    pub entities: Vec<EntityId>,
    /// Ids of all of them together.
    pub ids: u64,
    /// The ends of an edge that says so, the smaller id first: of several between the two entities the least; of
    /// [`UnderRule::SharedHint`], the shared id alone.
    pub by: Vec<Id>,
}
