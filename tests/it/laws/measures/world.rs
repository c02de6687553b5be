//! What naive measures look at: the oracle's answer, with entity numbers from the graph.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use idweave::model::{Class, Strength};
use idweave::{EntityId, Fact, Id, KindScope, Read, Time};

use crate::support::generate::Random;
use crate::support::oracle::{Oracle, Outcome};

pub(super) struct Entity {
    pub(super) number: EntityId,
    pub(super) person: u64,
    pub(super) class: Class,
    pub(super) ids: BTreeSet<Id>,
    pub(super) superseded: BTreeSet<Id>,
}

impl Entity {
    /// Its ids that are not superseded.
    pub(super) fn living(&self) -> impl Iterator<Item = &Id> {
        self.ids.iter().filter(|id| !self.superseded.contains(*id))
    }
}

/// An edge with ids in place of texts.
pub(super) struct Edge {
    pub(super) a: Id,
    pub(super) b: Id,
    pub(super) is_supersede: bool,
    pub(super) strength: Strength,
    pub(super) reason: Option<&'static str>,
    pub(super) at_entity: bool,
    pub(super) evidence: u64,
}

impl Edge {
    /// The two rules that leave an edge without evidence.
    pub(super) fn is_void(&self) -> bool {
        matches!(self.reason, Some("scope_mismatch" | "pending_expired"))
    }

    pub(super) fn is_conflict(&self) -> bool {
        matches!(self.reason, Some("cardinality" | "cycle" | "size" | "oversize"))
    }

    /// Joins ids of an entity.
    pub(super) fn binds(&self) -> bool {
        self.reason.is_none() && self.at_entity
    }
}

pub(super) struct World<'o> {
    pub(super) oracle: &'o Oracle,
    pub(super) outcome: Outcome,
    pub(super) entities: Vec<Entity>,
    pub(super) edges: Vec<Edge>,
    pub(super) restricted: BTreeSet<Id>,
    pub(super) blocked: BTreeSet<Id>,
    /// When the commits were recorded.
    pub(super) times: Vec<Time>,
    pub(super) now: Time,
    pub(super) crowded_ids: usize,
    pub(super) began: Range<Time>,
    place_of: BTreeMap<Id, usize>,
}

pub(super) fn id(text: &str) -> Id {
    Id::parse_with(text, &idweave::model::Placeholders::none()).expect("an id of the oracle")
}

/// The space an id is counted by.
pub(super) fn space_of(space: &str) -> KindScope {
    match space.strip_prefix("group_openid:").and_then(|scope| scope.split_once('@')) {
        Some((app, _)) => format!("group_openid:{app}@-").parse().expect("a space"),
        None => space.parse().expect("a space"),
    }
}

impl<'o> World<'o> {
    pub(super) fn of(
        oracle: &'o Oracle,
        view: &impl Read,
        times: Vec<Time>,
        random: &mut Random,
    ) -> World<'o> {
        let outcome = oracle.resolve();
        let numbered = view.entities().map(|entity| entity.expect("no damage"));
        let numbers: BTreeMap<String, (EntityId, u64)> = numbered
            .flat_map(|entity| {
                let told = (entity.entity, entity.person.0);
                entity.ids.into_iter().map(move |id| (id.to_string(), told))
            })
            .collect();
        let entities: Vec<Entity> = outcome
            .entities
            .iter()
            .map(|entity| {
                let ids: BTreeSet<Id> = entity.ids.iter().map(|text| id(text)).collect();
                let first = ids.first().expect("entities have ids");
                let (number, person) = numbers[&first.to_string()];
                let superseded = entity.superseded.iter().map(|text| id(text)).collect();
                Entity { number, person, class: first.class(), ids, superseded }
            })
            .collect();
        let edges = outcome.edges.iter().map(|edge| Edge {
            a: id(&edge.a),
            b: id(&edge.b),
            is_supersede: edge.kind == "supersede",
            strength: *Strength::ALL.iter().find(|strength| strength.name() == edge.strength).expect("known"),
            reason: edge.reason,
            at_entity: edge.level == "entity",
            evidence: edge.evidence as u64,
        });
        let place_of = entities
            .iter()
            .enumerate()
            .flat_map(|(place, entity)| entity.ids.iter().map(move |id| (id.clone(), place)));
        let state = oracle.state();
        // Around the middle of the times that streams have.
        let moment = |days: usize| Time::from_ms(1_717_200_000_000 + days as i64 * Time::DAY_MS);
        let from = moment(random.below(60));
        World {
            oracle,
            place_of: place_of.collect(),
            edges: edges.collect(),
            restricted: state.restricted,
            blocked: state.blocked,
            times,
            now: moment(random.below(300)),
            crowded_ids: 2 + random.below(12),
            began: if random.one_in(2) { Time::MIN..Time::MAX } else { from..moment(95) },
            entities,
            outcome,
        }
    }

    pub(super) fn ids(&self) -> impl Iterator<Item = &Id> {
        self.entities.iter().flat_map(|entity| &entity.ids)
    }

    pub(super) fn entity_of(&self, id: &Id) -> &Entity {
        &self.entities[self.place_of[id]]
    }

    /// Every fact that is kept, with its commit.
    pub(super) fn told(&self) -> Vec<(u64, &Fact)> {
        self.oracle.told()
    }
}
