//! Reach and uniqueness: how many ids of each space there are, and of how many entities.

use std::collections::BTreeMap;

use crate::analytics::pass::{Columns, FamilySeen};
use crate::model::{Class, KindScope};

/// Ids and entities, by space and by class.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scopes {
    /// By kind and scope; group openids by app, as in [`Coverage`](crate::analytics::Coverage).
    pub spaces: BTreeMap<KindScope, ScopeReach>,
    /// Entities by class.
    pub entities: BTreeMap<Class, u64>,
}

/// How far one space reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ScopeReach {
    /// Ids, superseded ones too.
    pub ids: u64,
    /// Ids that another id took the place of.
    pub superseded: u64,
    /// Ids that are blocked.
    pub blocked: u64,
    /// Ids that are kept and not answered.
    pub restricted: u64,
    /// Entities that hold the space: by an id that is not superseded.
    pub entities: u64,
    /// Entities that hold it by more than one such id.
    pub entities_with_many: u64,
    /// Entities of this space alone: every id of theirs that is not superseded is of it.
    pub entities_alone: u64,
}

impl ScopeReach {
    fn add(&mut self, other: ScopeReach) {
        self.ids += other.ids;
        self.superseded += other.superseded;
        self.blocked += other.blocked;
        self.restricted += other.restricted;
        self.entities += other.entities;
        self.entities_with_many += other.entities_with_many;
        self.entities_alone += other.entities_alone;
    }
}

/// The counts by column, and by class.
#[derive(Default)]
pub(crate) struct ReachCount {
    columns: Vec<ScopeReach>,
    classes: BTreeMap<Class, u64>,
    /// The columns of an entity's ids, in memory that serves again.
    held: Vec<u32>,
}

impl ReachCount {
    pub(crate) fn new(columns: &Columns) -> ReachCount {
        ReachCount { columns: vec![ScopeReach::default(); columns.len()], ..ReachCount::default() }
    }

    pub(crate) fn family(&mut self, family: &FamilySeen, columns: &Columns) {
        for entity in family.entities() {
            self.held.clear();
            for member in entity {
                let Some(space) = self.columns.get_mut(member.column as usize) else { continue };
                space.ids += 1;
                space.superseded += u64::from(member.superseded);
                space.blocked += u64::from(member.blocked);
                space.restricted += u64::from(member.restricted);
                if !member.superseded {
                    self.held.push(member.column);
                }
            }
            self.held.sort_unstable();
            let alone = self.held.first() == self.held.last();
            for same in self.held.chunk_by(|x, y| x == y) {
                let space = same.first().and_then(|column| self.columns.get_mut(*column as usize));
                let Some(space) = space else { continue };
                space.entities += 1;
                space.entities_with_many += u64::from(same.len() > 1);
                space.entities_alone += u64::from(alone);
            }
            if let Some(class) = entity.first().and_then(|member| columns.class(member.column)) {
                *self.classes.entry(class).or_default() += 1;
            }
        }
    }

    pub(crate) fn add(&mut self, other: ReachCount) {
        self.columns.iter_mut().zip(other.columns).for_each(|(space, more)| space.add(more));
        for (class, more) in other.classes {
            *self.classes.entry(class).or_default() += more;
        }
    }

    pub(crate) fn finish(self, columns: &Columns) -> Scopes {
        let spaces = self.columns.into_iter().enumerate().filter(|(_, space)| space.ids > 0);
        let spaces = spaces.filter_map(|(column, space)| Some((columns.space(column)?.clone(), space)));
        Scopes { spaces: spaces.collect(), entities: self.classes }
    }
}
