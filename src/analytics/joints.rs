//! Weak joints: edges that alone hold two parts of an entity together.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::analytics::bridges::Bridge;
use crate::analytics::ranked::Ranked;
use crate::engine::binds;
use crate::error::Result;
use crate::model::{EntityId, Id, Strength};
use crate::records::{Direct, NodeNo, PairKey};
use crate::resolve::EdgeKind;
use crate::store::{Lens, Source, State};

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

/// A bridge by numbers, the weakest least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct JointRank {
    strength: Strength,
    evidence: u32,
    smaller: Reverse<u32>,
    entity: NodeNo,
    a: NodeNo,
    b: NodeNo,
    ids: u32,
}

impl JointRank {
    /// A bridge of an entity of so many ids.
    pub(crate) fn new(bridge: &Bridge<'_>, entity: NodeNo, ids: u32) -> JointRank {
        let (strength, evidence) = (bridge.edge.state.force.strength, bridge.edge.state.evidence_count);
        let smaller = Reverse(bridge.smaller);
        JointRank { strength, evidence, smaller, entity, a: bridge.pair.a, b: bridge.pair.b, ids }
    }

    /// Both parts have two ids or more.
    pub(crate) fn is_between_groups(&self) -> bool {
        self.smaller.0 > 1
    }

    /// One evidence is all there is.
    pub(crate) fn is_single(&self) -> bool {
        self.evidence == 1
    }

    /// Whether a number is one of its ends.
    pub(crate) fn has_end(&self, number: NodeNo) -> bool {
        self.a == number || self.b == number
    }

    pub(crate) fn strength(&self) -> Strength {
        self.strength
    }

    pub(crate) fn entity(&self) -> NodeNo {
        self.entity
    }

    pub(crate) fn smaller(&self) -> u32 {
        self.smaller.0
    }

    pub(crate) fn ids(&self) -> u32 {
        self.ids
    }

    /// With the ids of its ends.
    pub(crate) fn named(&self, state: &State) -> Result<Option<Joint>> {
        Lens::on(state).answer(|lens| {
            let (x, y) = (lens.node(self.a)?, lens.node(self.b)?);
            let pair = lens.pair(PairKey::new(self.a, self.b))?;
            let edge = pair.edges.iter().find(|edge| binds(edge))?;
            let in_order = match edge.direct {
                Direct::Same => x.id < y.id,
                Direct::AToB => true,
                Direct::BToA => false,
            };
            let (a, b) = if in_order { (x, y) } else { (y, x) };
            Some(Joint {
                entity: EntityId(u64::from(self.entity)),
                a: a.id.clone(),
                b: b.id.clone(),
                kind: edge.direct.kind(),
                strength: self.strength,
                evidence: u64::from(self.evidence),
                smaller_part: u64::from(self.smaller.0),
                greater_part: u64::from(self.ids.saturating_sub(self.smaller.0)),
            })
        })
    }
}

/// The bridges that were met.
pub(crate) struct JointsCount {
    bridges: BTreeMap<Strength, JointCount>,
    entities: u64,
    last: Option<NodeNo>,
    listed: Ranked<JointRank>,
}

impl JointsCount {
    pub(crate) fn new(listed: usize) -> JointsCount {
        JointsCount { bridges: BTreeMap::new(), entities: 0, last: None, listed: Ranked::of(listed) }
    }

    /// Counts a bridge; those of an entity come one after the other. One that touches a restricted id is not listed.
    pub(crate) fn bridge(&mut self, rank: JointRank, is_restricted: bool) {
        let count = self.bridges.entry(rank.strength).or_default();
        let (single, between) = (rank.is_single(), rank.is_between_groups());
        count.bridges += 1;
        count.single_evidence += u64::from(single);
        count.between_groups += u64::from(between);
        count.single_between_groups += u64::from(single && between);
        self.entities += u64::from(self.last != Some(rank.entity));
        self.last = Some(rank.entity);
        if !is_restricted {
            self.listed.show(rank);
        }
    }

    pub(crate) fn add(&mut self, other: JointsCount) {
        for (strength, more) in other.bridges {
            let count = self.bridges.entry(strength).or_default();
            count.bridges += more.bridges;
            count.single_evidence += more.single_evidence;
            count.between_groups += more.between_groups;
            count.single_between_groups += more.single_between_groups;
        }
        self.entities += other.entities;
        self.listed.add(other.listed);
    }

    pub(crate) fn finish(self, state: &State) -> Result<WeakJoints> {
        let listed = self.listed.into_sorted().into_iter();
        let listed = listed.filter_map(|rank| rank.named(state).transpose()).collect::<Result<_>>()?;
        Ok(WeakJoints { bridges: self.bridges, entities: self.entities, listed })
    }
}
