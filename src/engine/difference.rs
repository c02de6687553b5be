//! What a change did to identities: the records that differ, before and after.

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::reading::restricted_free;
use crate::feed::{
    Changes, ConflictChange, EntityIds, MergedEntity, PersonChange, RekeyedEntity, SplitEntity,
};
use crate::model::{EntityId, Id, PersonId};
use crate::records::{Direct, NodeNo, PairKey};
use crate::resolve::Reason;
use crate::store::{Differing, Draft, Identity, Source, State};

/// An id that a change is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedId {
    /// Its number.
    pub number: u64,
    /// The id; `None` if it was erased, or may not be answered.
    pub id: Option<Id>,
    /// The id is there, and may not be answered.
    pub restricted: bool,
}

/// Changes in terms of ids: as they are now, or were where they are gone; restricted ones are not told.
pub(crate) fn named(changes: Changes<NodeNo>, now: &impl Source, before: &impl Source) -> Changes<ChangedId> {
    changes.map(|number| {
        let node = now.node(number).or_else(|| before.node(number));
        let id = node.filter(|node| restricted_free(node)).map(|node| node.id.clone());
        let restricted = now.node(number).is_some() && id.is_none();
        ChangedId { number: u64::from(number), id, restricted }
    })
}

/// Where ids went.
#[derive(Default)]
struct Moves {
    /// By the entity they are in now: ids that were not there before.
    new: BTreeMap<NodeNo, Vec<NodeNo>>,
    /// By the entity they are in now: ids that were in another, with that.
    came: BTreeMap<NodeNo, Vec<(NodeNo, NodeNo)>>,
    /// By the entity they were in: the entities of ids that left it for another.
    went: BTreeMap<NodeNo, BTreeSet<NodeNo>>,
}

/// The difference that a settled change made of what was there before it began.
pub(crate) fn difference(before: &State, state: &Draft) -> Changes<NodeNo> {
    changes_of(&Differing::between(before, state))
}

/// The changes that make of what was there before what there is now.
pub(crate) fn changes_of(differing: &Differing) -> Changes<NodeNo> {
    let mut changes = Changes::default();
    let mut moves = Moves::default();
    for (number, (before, after)) in &differing.nodes {
        let was_superseded = before.is_some_and(|before| before.superseded);
        match (before, after) {
            (None, None) => continue,
            (None, Some(after)) => moves.new.entry(after.entity).or_default().push(*number),
            (Some(_), None) => changes.erased.push(*number),
            (Some(before), Some(after)) if before.entity != after.entity => {
                moves.came.entry(after.entity).or_default().push((*number, before.entity));
                moves.went.entry(before.entity).or_default().insert(after.entity);
            }
            _ => {}
        }
        if let Some(after) = after {
            match (was_superseded, after.superseded) {
                (false, true) => changes.superseded.push(*number),
                (true, false) => changes.revived.push(*number),
                _ => {}
            }
            changes.persons.extend(person_change(*number, *before, *after));
        }
    }
    note_entities(&mut changes, moves, differing);
    note_conflicts(&mut changes, differing);
    changes
}

fn entity_id(number: NodeNo) -> EntityId {
    EntityId(u64::from(number))
}

/// The change of the person of the entity that has this number, if it is one.
fn person_change(number: NodeNo, before: Option<Identity>, after: Identity) -> Option<PersonChange> {
    let was = before.filter(|before| before.entity == number).map(|before| before.person);
    let is_new = after.entity == number && after.person != was.unwrap_or(number);
    let person_id = |person: NodeNo| PersonId(u64::from(person));
    is_new.then(|| PersonChange {
        entity: entity_id(number),
        person: person_id(after.person),
        was: was.map(person_id),
    })
}

fn note_entities(changes: &mut Changes<NodeNo>, mut moves: Moves, differing: &Differing) {
    // The entity of a number holds the id of that number: so it was one before if that id was in it.
    let is_its_own = |entity: NodeNo, identity: &Option<Identity>| {
        identity.is_some_and(|identity| identity.entity == entity)
    };
    let was_one = |entity: NodeNo| match differing.nodes.get(&entity) {
        Some((before, _)) => is_its_own(entity, before),
        None => true,
    };
    // What ids left was one; it still is if nothing became of the id of its number.
    let is_one = |entity: NodeNo| match differing.nodes.get(&entity) {
        Some((_, after)) => is_its_own(entity, after),
        None => true,
    };
    for (entity, went) in &mut moves.went {
        went.extend(is_one(*entity).then_some(*entity));
    }
    let entities: BTreeSet<NodeNo> = moves.new.keys().chain(moves.came.keys()).copied().collect();
    for entity in entities {
        let came = moves.came.get(&entity).map_or(&[][..], Vec::as_slice);
        let mut from: BTreeSet<NodeNo> = came.iter().map(|(_, before)| *before).collect();
        from.extend(was_one(entity).then_some(entity));
        let ids = || came.iter().map(|(number, _)| *number).collect::<Vec<NodeNo>>();
        let alone = (from.len() == 1).then(|| from.first().copied()).flatten();
        if let Some(before) = alone.filter(|before| *before != entity)
            && moves.went.get(&before).is_some_and(|went| went.len() == 1)
        {
            let (from, to) = (entity_id(before), entity_id(entity));
            changes.rekeyed.push(RekeyedEntity { from, to, ids: ids() });
        }
        if from.len() > 1 {
            let merged = from.iter().copied().map(entity_id).collect();
            changes.merged.push(MergedEntity { entity: entity_id(entity), from: merged, ids: ids() });
        }
        if let Some(ids) = moves.new.remove(&entity) {
            let list = if from.is_empty() { &mut changes.created } else { &mut changes.grown };
            list.push(EntityIds { entity: entity_id(entity), ids });
        }
    }
    for (before, went) in moves.went.iter().filter(|(_, went)| went.len() > 1) {
        let moved = |entity: &NodeNo| {
            let came = moves.came.get(entity).map_or(&[][..], Vec::as_slice).iter();
            let ids = came.filter(|(_, from)| from == before).map(|(number, _)| *number).collect();
            EntityIds { entity: entity_id(*entity), ids }
        };
        let into = went.iter().map(moved).collect();
        changes.split.push(SplitEntity { entity: entity_id(*before), into });
    }
}

fn note_conflicts(changes: &mut Changes<NodeNo>, differing: &Differing) {
    for (key, (before, after)) in &differing.conflicts {
        let only_in = |these: &[(Direct, Reason)], others: &[(Direct, Reason)]| {
            let only = these.iter().filter(|conflict| !others.contains(conflict));
            only.map(|(direct, reason)| conflict(*key, *direct, *reason)).collect::<Vec<_>>()
        };
        changes.opened.extend(only_in(after, before));
        changes.closed.extend(only_in(before, after));
    }
}

fn conflict(key: PairKey, direct: Direct, reason: Reason) -> ConflictChange<NodeNo> {
    let (a, b) = if direct == Direct::BToA { (key.b, key.a) } else { (key.a, key.b) };
    ConflictChange { a, b, kind: direct.kind(), reason }
}
