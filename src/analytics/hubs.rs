//! Hubs: ids with too many others around them, whose edges therefore bind nothing.

use std::cmp::Reverse;

use crate::analytics::pass::{FamilySeen, Shared};
use crate::analytics::ranked::Ranked;
use crate::error::Result;
use crate::model::{EntityId, Id, KindScope};
use crate::records::{NodeNo, Sym};
use crate::segment::Spaces;
use crate::store::{Lens, Source};

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
    /// Those of both sorts with the most others, the most first; then in order of their first appearance, hint
    /// hubs before others, then of their spaces.
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

/// A hub by numbers, those with the most others least.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Ranking {
    degree: Reverse<u64>,
    number: NodeNo,
    toward: Option<Sym>,
}

/// The hubs that were met.
pub(crate) struct HubCount {
    hubs: u64,
    hint_hubs: u64,
    listed: Ranked<Ranking>,
}

impl HubCount {
    pub(crate) fn new(listed: usize) -> HubCount {
        HubCount { hubs: 0, hint_hubs: 0, listed: Ranked::of(listed) }
    }

    pub(crate) fn family(&mut self, family: &FamilySeen, shared: &Shared<'_>) {
        let limit = shared.state.rules.hub_limit as u64;
        let is_open = |number| family.member(number).is_some_and(|member| !member.restricted);
        for links in family.links.iter().filter(|links| links.count > limit && !links.passing) {
            self.hubs += 1;
            if is_open(links.number) {
                let (degree, toward) = (Reverse(links.count), Some(links.space));
                self.listed.show(Ranking { degree, number: links.number, toward });
            }
        }
        for (number, count) in &family.hints {
            if family.member(*number).is_some_and(|member| member.hint_hub) {
                self.hint_hubs += 1;
                if is_open(*number) {
                    self.listed.show(Ranking { degree: Reverse(*count), number: *number, toward: None });
                }
            }
        }
    }

    pub(crate) fn add(&mut self, other: HubCount) {
        self.hubs += other.hubs;
        self.hint_hubs += other.hint_hubs;
        self.listed.add(other.listed);
    }

    pub(crate) fn finish(self, shared: &Shared<'_>) -> Result<Hubs> {
        let state = shared.state;
        let named = |ranking: Ranking| {
            let found = Lens::on(state).answer(|lens| {
                let node = lens.node(ranking.number)?;
                Some((node.id.clone(), EntityId(u64::from(node.entity))))
            })?;
            let toward = ranking.toward.and_then(|space| state.space(space)).cloned();
            let degree = ranking.degree.0;
            Ok(found.map(|(id, entity)| Hub { id, entity, toward, degree }))
        };
        let listed = self.listed.into_sorted().into_iter().filter_map(|ranking| named(ranking).transpose());
        Ok(Hubs { hubs: self.hubs, hint_hubs: self.hint_hubs, listed: listed.collect::<Result<_>>()? })
    }
}
