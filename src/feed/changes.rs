//! The changes of one commit, in terms of ids `I`: numbers where they are kept, ids where they are answered.
//!
//! Who begins with nothing and follows every commit has the graph's entities: ids go where `created`, `grown`, `merged`,
//! `split` and `rekeyed` list them, and leave with `erased`. An entity is its own person until `persons` says otherwise; it is
//! gone when its last id is.

use crate::model::{EntityId, PersonId};
use crate::resolve::{EdgeKind, Reason};

/// What a commit changed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Changes<I> {
    /// Entities of ids that were not known before.
    pub created: Vec<EntityIds<I>>,
    /// Ids that were not known before, in entities that were.
    pub grown: Vec<EntityIds<I>>,
    /// Entities that took in others.
    pub merged: Vec<MergedEntity<I>>,
    /// Entities whose ids went to several.
    pub split: Vec<SplitEntity<I>>,
    /// Entities that go on under another number.
    pub rekeyed: Vec<RekeyedEntity<I>>,
    /// Ids that another took the place of.
    pub superseded: Vec<I>,
    /// Ids that no other takes the place of any more.
    pub revived: Vec<I>,
    /// Ids that are gone.
    pub erased: Vec<I>,
    /// Entities that belong to another person.
    pub persons: Vec<PersonChange>,
    /// Conflicts that are there now.
    pub opened: Vec<ConflictChange<I>>,
    /// Conflicts that are there no longer.
    pub closed: Vec<ConflictChange<I>>,
}

/// Ids of an entity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntityIds<I> {
    /// The entity.
    pub entity: EntityId,
    /// Those of its ids that the change is about.
    pub ids: Vec<I>,
}

/// An entity that took in others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MergedEntity<I> {
    /// The number it has now: the smallest of them.
    pub entity: EntityId,
    /// The numbers of all entities that are in it now, wholly or in part; its own too, if it was one.
    pub from: Vec<EntityId>,
    /// The ids that came from others.
    pub ids: Vec<I>,
}

/// An entity whose ids went to several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SplitEntity<I> {
    /// Its number before.
    pub entity: EntityId,
    /// Where its ids are now, with those that moved.
    pub into: Vec<EntityIds<I>>,
}

/// An entity that goes on under another number, since its oldest id left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RekeyedEntity<I> {
    /// Its number before.
    pub from: EntityId,
    /// Its number now.
    pub to: EntityId,
    /// Its ids that were known before.
    pub ids: Vec<I>,
}

/// An entity that belongs to another person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PersonChange {
    /// The entity.
    pub entity: EntityId,
    /// Its person now.
    pub person: PersonId,
    /// Its person before; `None` if there was no entity of that number.
    pub was: Option<PersonId>,
}

/// An edge in conflict with what is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConflictChange<I> {
    /// One end; of a supersede the old id.
    pub a: I,
    /// The other end.
    pub b: I,
    /// The kind of the edge.
    pub kind: EdgeKind,
    /// Why it does not join.
    pub reason: Reason,
}

impl<I> Default for Changes<I> {
    fn default() -> Changes<I> {
        Changes {
            created: Vec::new(),
            grown: Vec::new(),
            merged: Vec::new(),
            split: Vec::new(),
            rekeyed: Vec::new(),
            superseded: Vec::new(),
            revived: Vec::new(),
            erased: Vec::new(),
            persons: Vec::new(),
            opened: Vec::new(),
            closed: Vec::new(),
        }
    }
}

impl<I> Changes<I> {
    /// Whether no identity changed.
    pub fn is_empty(&self) -> bool {
        self.created.is_empty()
            && self.grown.is_empty()
            && self.merged.is_empty()
            && self.split.is_empty()
            && self.rekeyed.is_empty()
            && self.superseded.is_empty()
            && self.revived.is_empty()
            && self.erased.is_empty()
            && self.persons.is_empty()
            && self.opened.is_empty()
            && self.closed.is_empty()
    }

    /// The same in other terms.
    pub(crate) fn map<J>(self, mut name: impl FnMut(I) -> J) -> Changes<J> {
        let mut all = |ids: Vec<I>| ids.into_iter().map(&mut name).collect::<Vec<J>>();
        let superseded = all(self.superseded);
        let revived = all(self.revived);
        let erased = all(self.erased);
        let mut entities = |list: Vec<EntityIds<I>>| {
            let named = list.into_iter().map(|x| EntityIds { entity: x.entity, ids: all(x.ids) });
            named.collect::<Vec<_>>()
        };
        let created = entities(self.created);
        let grown = entities(self.grown);
        let split = self.split.into_iter();
        let split = split.map(|x| SplitEntity { entity: x.entity, into: entities(x.into) }).collect();
        let merged = self.merged.into_iter();
        let merged =
            merged.map(|x| MergedEntity { entity: x.entity, from: x.from, ids: all(x.ids) }).collect();
        let rekeyed = self.rekeyed.into_iter();
        let rekeyed = rekeyed.map(|x| RekeyedEntity { from: x.from, to: x.to, ids: all(x.ids) }).collect();
        let mut conflicts = |list: Vec<ConflictChange<I>>| {
            let named = list.into_iter().map(|x| ConflictChange {
                a: name(x.a),
                b: name(x.b),
                kind: x.kind,
                reason: x.reason,
            });
            named.collect::<Vec<_>>()
        };
        let (opened, closed) = (conflicts(self.opened), conflicts(self.closed));
        let persons = self.persons;
        Changes {
            created,
            grown,
            merged,
            split,
            rekeyed,
            superseded,
            revived,
            erased,
            persons,
            opened,
            closed,
        }
    }
}
