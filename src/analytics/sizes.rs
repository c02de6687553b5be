//! How many ids entities have.

use std::collections::BTreeMap;

use hashbrown::HashMap;

use crate::analytics::pass::{Columns, FamilySeen};
use crate::model::Class;
use crate::records::NodeNo;

/// A histogram of entities by how many ids they have, superseded ones too.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sizes {
    /// By class: how many ids, and how many entities have so many.
    pub entities: BTreeMap<Class, BTreeMap<u64, u64>>,
    /// How many entities, and how many persons have so many.
    pub persons: BTreeMap<u64, u64>,
}

/// The counts.
#[derive(Default)]
pub(crate) struct SizeCount {
    entities: BTreeMap<Class, BTreeMap<u64, u64>>,
    alone: u64,
    /// Entities of persons that have another number.
    joined: HashMap<NodeNo, u64>,
}

impl SizeCount {
    pub(crate) fn family(&mut self, family: &FamilySeen, columns: &Columns) {
        for entity in family.entities() {
            let Some(first) = entity.first() else { continue };
            if let Some(class) = columns.class(first.column) {
                *self.entities.entry(class).or_default().entry(entity.len() as u64).or_default() += 1;
            }
            // The members of a record are in order of their numbers, so that the first carries the entity's.
            if first.person == first.entity {
                self.alone += 1;
            } else {
                *self.joined.entry(first.person).or_default() += 1;
            }
        }
    }

    pub(crate) fn add(&mut self, other: SizeCount) {
        for (class, sizes) in other.entities {
            let own = self.entities.entry(class).or_default();
            sizes.into_iter().for_each(|(size, count)| *own.entry(size).or_default() += count);
        }
        self.alone += other.alone;
        other.joined.into_iter().for_each(|(person, count)| *self.joined.entry(person).or_default() += count);
    }

    pub(crate) fn finish(self) -> Sizes {
        let mut persons: BTreeMap<u64, u64> = BTreeMap::new();
        for joined in self.joined.values() {
            *persons.entry(joined + 1).or_default() += 1;
        }
        // The entity with the person's number is one of them.
        let single = self.alone.saturating_sub(self.joined.len() as u64);
        if single > 0 {
            *persons.entry(1).or_default() += single;
        }
        Sizes { entities: self.entities, persons }
    }
}
