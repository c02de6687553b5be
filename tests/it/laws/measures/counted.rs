//! Naive counts over entities and edges.

use std::collections::{BTreeMap, BTreeSet};

use idweave::analytics::{Coverage, Degrees, Edges, Hub, Hubs, Rejected, ScopeReach, Scopes, Sizes};
use idweave::{Id, KindScope, Reason};

use super::world::{Edge, World, space_of};

pub(super) fn coverage(world: &World<'_>) -> Coverage {
    let held: Vec<BTreeSet<KindScope>> = world
        .entities
        .iter()
        .map(|entity| entity.living().map(|id| space_of(id.space())).collect())
        .collect();
    let spaces: Vec<KindScope> =
        held.iter().flatten().cloned().collect::<BTreeSet<_>>().into_iter().collect();
    let mut both = BTreeMap::new();
    for (i, x) in spaces.iter().enumerate() {
        for (j, y) in spaces.iter().enumerate().skip(i) {
            let count = held.iter().filter(|held| held.contains(x) && held.contains(y)).count();
            if count > 0 {
                both.insert((i, j), count as u64);
            }
        }
    }
    Coverage { spaces, both }
}

pub(super) fn reach(world: &World<'_>) -> Scopes {
    let all: BTreeSet<KindScope> = world.ids().map(|id| space_of(id.space())).collect();
    let mut spaces = BTreeMap::new();
    for space in all {
        let is_of = |id: &&Id| space_of(id.space()) == space;
        let count =
            |fits: &dyn Fn(&Id) -> bool| world.ids().filter(is_of).filter(|id| fits(id)).count() as u64;
        let living = |entity: &super::world::Entity| entity.living().filter(is_of).count();
        let entities = |fits: &dyn Fn(&super::world::Entity) -> bool| {
            world.entities.iter().filter(|entity| fits(entity)).count() as u64
        };
        let reach = ScopeReach {
            ids: count(&|_| true),
            superseded: count(&|id| world.entity_of(id).superseded.contains(id)),
            blocked: count(&|id| world.blocked.contains(id)),
            restricted: count(&|id| world.restricted.contains(id)),
            entities: entities(&|entity| living(entity) > 0),
            entities_with_many: entities(&|entity| living(entity) > 1),
            entities_alone: entities(&|entity| {
                living(entity) > 0 && living(entity) == entity.living().count()
            }),
        };
        spaces.insert(space, reach);
    }
    let mut entities = BTreeMap::new();
    world.entities.iter().for_each(|entity| *entities.entry(entity.class).or_default() += 1);
    Scopes { spaces, entities }
}

pub(super) fn sizes(world: &World<'_>) -> Sizes {
    let mut sizes = Sizes::default();
    for entity in &world.entities {
        let of_class = sizes.entities.entry(entity.class).or_default();
        *of_class.entry(entity.ids.len() as u64).or_default() += 1;
    }
    for person in &world.outcome.persons {
        *sizes.persons.entry(person.len() as u64).or_default() += 1;
    }
    sizes
}

/// The distinct other ends of an id's edges.
fn others<'w>(world: &'w World<'_>, id: &Id, fits: impl Fn(&Edge) -> bool) -> BTreeSet<&'w Id> {
    let edges = world.edges.iter().filter(|edge| fits(edge));
    edges
        .filter_map(|edge| match () {
            () if edge.a == *id => Some(&edge.b),
            () if edge.b == *id => Some(&edge.a),
            () => None,
        })
        .collect()
}

fn is_link(edge: &Edge) -> bool {
    edge.strength.name() != "hint" && !edge.is_void()
}

fn is_hint(edge: &Edge) -> bool {
    edge.strength.name() == "hint" && !edge.is_void()
}

pub(super) fn degrees(world: &World<'_>) -> Degrees {
    let mut degrees = Degrees::default();
    for id in world.ids() {
        let kind = id.kind().name().to_owned();
        let links = others(world, id, is_link).len() as u64;
        *degrees.links.entry(kind.clone()).or_default().entry(links).or_default() += 1;
        let hints = others(world, id, is_hint).len() as u64;
        if hints > 0 {
            *degrees.hints.entry(kind).or_default().entry(hints).or_default() += 1;
        }
    }
    degrees
}

pub(super) fn edges(world: &World<'_>) -> Edges {
    let mut edges = Edges::default();
    for edge in &world.edges {
        let Some(reason) = edge.reason else {
            let accepted = if edge.at_entity { &mut edges.accepted } else { &mut edges.accepted_persons };
            *accepted.entry(edge.strength).or_default() += 1;
            continue;
        };
        let reason = Reason::ALL.into_iter().find(|known| known.name() == reason).unwrap();
        let (x, y) = (space_of(edge.a.space()), space_of(edge.b.space()));
        let spaces = if x <= y { (x, y) } else { (y, x) };
        *edges.rejected.entry(Rejected { reason, spaces }).or_default() += 1;
    }
    // As the oracle rejected them in 3.7; those that 3.8 accepted are rejected no more.
    for (a, b, kind, space, _) in &world.outcome.cardinality {
        let is_it = |edge: &&crate::support::oracle::Edge| (&edge.a, &edge.b, &edge.kind) == (a, b, kind);
        let edge = world.outcome.edges.iter().find(is_it).unwrap();
        if edge.reason == Some("cardinality") {
            *edges.cardinality.entry(space_of(space)).or_default() += 1;
        }
    }
    edges
}

pub(super) fn hubs(world: &World<'_>) -> Hubs {
    let mut hubs = Hubs::default();
    let settings = world.oracle.state().settings;
    for id in world.ids() {
        let links = others(world, id, is_link);
        let spaces: BTreeSet<&str> = links.iter().map(|other| other.space()).collect();
        let entity = world.entity_of(id).number;
        let is_listed = !world.restricted.contains(id);
        for space in spaces.into_iter().filter(|space| !space.starts_with("pending_id:")) {
            let degree = links.iter().filter(|other| other.space() == space).count();
            if degree > settings.hub_limit() && !space.starts_with("state_token:") {
                hubs.hubs += 1;
                let toward = Some(space.parse().unwrap());
                hubs.listed.extend(is_listed.then(|| Hub {
                    id: id.clone(),
                    entity,
                    toward,
                    degree: degree as u64,
                }));
            }
        }
        let hints = others(world, id, is_hint);
        let reached: BTreeSet<u64> = hints.iter().map(|other| world.entity_of(other).number.0).collect();
        if reached.len() > settings.hint_hub_limit() {
            hubs.hint_hubs += 1;
            let degree = hints.len() as u64;
            hubs.listed.extend(is_listed.then(|| Hub { id: id.clone(), entity, toward: None, degree }));
        }
    }
    hubs
}
