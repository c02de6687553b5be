//! The answer: one value a measure, and what was read for them.

use crate::analytics::began::Began;
use crate::analytics::coverage::Coverage;
use crate::analytics::degrees::Degrees;
use crate::analytics::edges::Edges;
use crate::analytics::funnel::Funnel;
use crate::analytics::growth::Growth;
use crate::analytics::hubs::Hubs;
use crate::analytics::joints::WeakJoints;
use crate::analytics::reach::Scopes;
use crate::analytics::sizes::Sizes;
use crate::analytics::suspects::Suspects;
use crate::model::Time;

/// What was measured. A measure that was not wanted is `None`.
///
/// Measures count everything that is kept, restricted ids too, as the scans do; no id stands in them. What is *named*
/// ([`Hub`](crate::analytics::Hub), [`Joint`](crate::analytics::Joint), [`OverMerge`](crate::analytics::OverMerge),
/// [`UnderMerge`](crate::analytics::UnderMerge), [`OwnerBegan`](crate::analytics::OwnerBegan)) has ids, which are
/// personal data; a finding that would name a restricted id is counted and not listed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Analysis {
    /// The commit that was looked at.
    pub seq: u64,
    /// When it was recorded.
    pub recorded_at: Time,
    /// The moment pending ids and bindings were looked at.
    pub now: Time,
    /// Ids there are.
    pub ids: u64,
    /// Entities there are.
    pub entities: u64,
    /// Which entities hold ids of which two spaces.
    pub coverage: Option<Coverage>,
    /// Ids and entities of each space.
    pub reach: Option<Scopes>,
    /// How far the accounts of each app, open account and view have come.
    pub funnel: Option<Funnel>,
    /// What came day by day.
    pub growth: Option<Growth>,
    /// How many ids entities have.
    pub sizes: Option<Sizes>,
    /// How many others ids are linked with.
    pub degrees: Option<Degrees>,
    /// What became of edges.
    pub edges: Option<Edges>,
    /// Ids with too many others around them.
    pub hubs: Option<Hubs>,
    /// Edges whose loss would split an entity.
    pub weak_joints: Option<WeakJoints>,
    /// Entities that may be several, and several that may be one.
    pub suspects: Option<Suspects>,
    /// New contacts by employee, way and channel.
    pub contacts: Option<Began>,
    /// New followers by app, scene and channel.
    pub followers: Option<Began>,
}
