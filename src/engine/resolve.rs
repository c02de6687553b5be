//! resolve, entity, person, same: who is this?

use std::collections::BTreeSet;

use crate::engine::answer::{EdgeDump, Entity, Member, Person, Reached, Verdict};
use crate::engine::dump::{dump_edge, is_conflict};
use crate::engine::reading::{answerable_edge, may_answer, restricted_free};
use crate::engine::walk::{close_pairs, entity_members};
use crate::model::{EntityId, Id, PersonId};
use crate::records::{NodeNo, PairKey, Slot};
use crate::resolve::{Level, Status};
use crate::store::Source;

/// The number of an id that may be answered: it exists and is not restricted. An alias of a corp in its
/// scope means the corp's key.
pub(crate) fn answerable(source: &impl Source, id: &Id) -> Option<NodeNo> {
    let canonical =
        source.topology().canonical_scope(id.scope()).and_then(|scope| id.with_scope(&scope).ok());
    let number = source.number_of(canonical.as_ref().unwrap_or(id))?;
    let free = |number: &NodeNo| source.node(*number).is_some_and(restricted_free);
    forms_of(source, number).iter().all(free).then_some(number)
}

/// The nodes an id stands at: its own, and those in its entity that were stored under an alias of its corp
/// before that meant the corp's key.
pub(crate) fn forms_of(source: &impl Source, number: NodeNo) -> Vec<NodeNo> {
    let mut forms = vec![number];
    let Some(node) = source.node(number).filter(|_| source.topology().has_aliases()) else { return forms };
    for member in entity_members(source, number).into_iter().filter(|member| *member != number) {
        let Some(other) = source.node(member) else { continue };
        let scope = source.topology().canonical_scope(other.id.scope());
        let meant = scope.and_then(|scope| other.id.with_scope(&scope).ok());
        forms.extend(meant.filter(|meant| *meant == node.id).map(|_| member));
    }
    forms
}

/// The entity an id belongs to; `None` if the id is unknown or restricted.
pub(crate) fn resolve(source: &impl Source, id: &Id) -> Option<Entity> {
    entity_around(source, answerable(source, id)?)
}

/// The entity that holds a node.
pub(crate) fn entity_around(source: &impl Source, number: NodeNo) -> Option<Entity> {
    let root = source.node(number)?.entity;
    let first = source.node(root)?;
    let (class, person) = (first.id.class(), PersonId(u64::from(first.person)));
    let mut members = Vec::new();
    let mut pairs: BTreeSet<PairKey> = BTreeSet::new();
    for number in entity_members(source, root) {
        let Some(node) = source.node(number) else { continue };
        pairs.extend(close_pairs(source, number).into_iter().map(|(_, pair)| pair));
        if restricted_free(node) {
            members.push(Member { id: node.id.clone(), superseded: node.superseded, blocked: node.blocked });
        }
    }
    if members.is_empty() {
        return None;
    }
    members.sort_unstable_by(|x, y| x.id.cmp(&y.id));
    let conflicts = pairs.into_iter().flat_map(|pair| conflicts_of(source, pair)).collect();
    Some(Entity { entity: EntityId(u64::from(root)), class, person, members, conflicts })
}

/// The conflicts of a pair, as far as they may be answered.
fn conflicts_of(source: &impl Source, number: PairKey) -> Vec<EdgeDump> {
    let Some(pair) = source.pair(number) else { return Vec::new() };
    let rejected = pair.edges.iter().filter(|edge| edge.state.status != Status::Accepted);
    let dumped = rejected.filter_map(|edge| dump_edge(source, pair, edge)).filter(is_conflict);
    let open = dumped.filter(|edge| may_answer(source, &edge.a) && may_answer(source, &edge.b));
    open.map(|edge| answerable_edge(source, edge)).collect()
}

/// The entity that now holds a number ever handed out.
pub(crate) fn entity(source: &impl Source, entity: EntityId) -> Reached {
    match number_now(source, entity) {
        Ok(number) => entity_around(source, number).map_or(Reached::Never, Reached::Entity),
        Err(reached) => reached,
    }
}

/// A number of the entity that now holds a number ever handed out; else what became of that.
pub(crate) fn number_now(source: &impl Source, entity: EntityId) -> Result<NodeNo, Reached> {
    let Ok(mut number) = NodeNo::try_from(entity.0) else { return Err(Reached::Never) };
    let mut passed: BTreeSet<NodeNo> = BTreeSet::new();
    loop {
        match source.slot(number) {
            None => return Err(Reached::Never),
            Some(Slot::Gone(None)) => return Err(Reached::Erased),
            // Bytes may say anything: a way that leads back to where it was leads nowhere.
            Some(Slot::Gone(Some(_))) if !passed.insert(number) => return Err(Reached::Never),
            Some(Slot::Gone(Some(next))) => number = *next,
            Some(Slot::Live(_)) => return Ok(number),
        }
    }
}

/// The person an entity belongs to: itself and the entities joined with it.
pub(crate) fn person_around(source: &impl Source, number: NodeNo) -> Option<Person> {
    let root = source.node(number)?.entity;
    let person = source.node(root)?.person;
    let found = entities_of_person(source, root);
    let entities = found.into_iter().filter_map(|entity| entity_around(source, entity)).collect();
    Some(Person { person: PersonId(u64::from(person)), entities })
}

/// The numbers of the entities that are one person with an entity, itself among them.
pub(crate) fn entities_of_person(source: &impl Source, root: NodeNo) -> BTreeSet<NodeNo> {
    let mut found = BTreeSet::from([root]);
    let mut stack = vec![root];
    while let Some(entity) = stack.pop() {
        for member in entity_members(source, entity) {
            for (other, pair) in close_pairs(source, member) {
                let joined = source.pair(pair).is_some_and(|pair| {
                    let mut edges = pair.edges.iter();
                    edges.any(|e| e.state.level == Level::Person && e.state.status == Status::Accepted)
                });
                let other = source.node(other).map(|other| other.entity);
                if joined && let Some(other) = other.filter(|other| found.insert(*other)) {
                    stack.push(other);
                }
            }
        }
    }
    found
}

/// Whether two ids are the same.
pub(crate) fn same(source: &impl Source, a: &Id, b: &Id) -> Verdict {
    let (Some(a), Some(b)) = (answerable(source, a), answerable(source, b)) else { return Verdict::Unknown };
    let entity = |number: NodeNo| source.node(number).map(|node| node.entity);
    let person = |number: NodeNo| source.node(entity(number)?).map(|node| node.person);
    if entity(a) == entity(b) {
        Verdict::SameEntity
    } else if person(a) == person(b) {
        Verdict::SamePerson
    } else {
        Verdict::Different
    }
}
