//! members, persons: every entity with all of its ids, and every person with its entities, restricted ones too.

use crate::engine::resolve::entities_of_person;
use crate::engine::walk::entity_members;
use crate::error::Result;
use crate::model::{Class, EntityId, Id, Kind, PersonId, Time};
use crate::records::{Node, NodeNo};
use crate::store::{Lens, Source, State};

/// An id and what is known of it alone.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NumberedId {
    /// Its number, in order of first appearance; never given to another id.
    pub number: u64,
    /// The id.
    pub id: Id,
    /// Another id took its place.
    pub superseded: bool,
    /// It binds nothing.
    pub blocked: bool,
    /// It is kept and not answered.
    pub restricted: bool,
    /// When a pending id dies; `None` = it is none, or lives without bound.
    pub valid_to: Option<Time>,
}

/// An entity with every id of it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct EntityMembers {
    /// Its number.
    pub entity: EntityId,
    /// What its ids name.
    pub class: Class,
    /// The person it belongs to.
    pub person: PersonId,
    /// Its ids in order of their numbers.
    pub ids: Vec<NumberedId>,
}

/// How many ids an entity has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct EntitySize {
    /// The entity.
    pub entity: EntityId,
    /// Ids that are not restricted.
    pub ids: u64,
    /// Ids that are.
    pub restricted: u64,
}

/// A person with its entities.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PersonSize {
    /// Its number.
    pub person: PersonId,
    /// What the ids of its entities name.
    pub class: Class,
    /// Its entities in order of their numbers.
    pub entities: Vec<EntitySize>,
}

/// The entity whose number is `root` with its ids; `None` if that number is no entity's.
pub(crate) fn members_of(source: &impl Source, root: NodeNo) -> Option<EntityMembers> {
    let first = source.node(root).filter(|node| node.entity == root)?;
    let members = entity_members(source, root).into_iter();
    let ids = members.filter_map(|number| Some(numbered(number, source.node(number)?))).collect();
    let (class, person) = (first.id.class(), PersonId(u64::from(first.person)));
    Some(EntityMembers { entity: EntityId(u64::from(root)), class, person, ids })
}

fn numbered(number: NodeNo, node: &Node) -> NumberedId {
    let clock = node.clock.as_deref().filter(|_| *node.id.kind() == Kind::PendingId);
    NumberedId {
        number: u64::from(number),
        id: node.id.clone(),
        superseded: node.superseded,
        blocked: node.blocked,
        restricted: node.restricted,
        valid_to: clock.map(|clock| clock.valid_to).filter(|end| *end != Time::MAX),
    }
}

/// The person whose number is `root` with its entities; `None` if that number is no person's.
pub(crate) fn person_of(source: &impl Source, root: NodeNo) -> Option<PersonSize> {
    let first = source.node(root).filter(|node| node.entity == root && node.person == root)?;
    let entities = entities_of_person(source, root).into_iter().map(|entity| size_of(source, entity));
    let (person, class) = (PersonId(u64::from(root)), first.id.class());
    Some(PersonSize { person, class, entities: entities.collect() })
}

fn size_of(source: &impl Source, entity: NodeNo) -> EntitySize {
    let mut size = EntitySize { entity: EntityId(u64::from(entity)), ids: 0, restricted: 0 };
    for node in entity_members(source, entity).into_iter().filter_map(|number| source.node(number)) {
        *(if node.restricted { &mut size.restricted } else { &mut size.ids }) += 1;
    }
    size
}

/// Every entity with its ids, in order of the entities' numbers.
pub(crate) fn members(state: &State) -> impl Iterator<Item = Result<EntityMembers>> + '_ {
    let mut lens = Lens::on(state);
    (0..state.number_count).filter_map(move |root| lens.ask(|lens| members_of(lens, root)).transpose())
}

/// Every person, in order of their numbers.
pub(crate) fn persons(state: &State) -> impl Iterator<Item = Result<PersonSize>> + '_ {
    let mut lens = Lens::on(state);
    (0..state.number_count).filter_map(move |root| lens.ask(|lens| person_of(lens, root)).transpose())
}
