//! The naive difference between two states: sets of ids against sets of ids.

use std::collections::{BTreeMap, BTreeSet};

use idweave::analytics::{Compared, Comparison, IdsChanged};
use idweave::{Id, KindScope, Read, View};

use super::world::{id, space_of};
use crate::support::oracle::Oracle;

pub(super) type Entities = Vec<BTreeSet<Id>>;

pub(super) fn entities(oracle: &Oracle) -> Entities {
    let entities = oracle.resolve().entities.into_iter();
    entities.map(|entity| entity.ids.iter().map(|text| id(text)).collect()).collect()
}

fn compared(view: &View, entities: &Entities) -> Compared {
    let recorded_at = view.stats().unwrap().recorded_at;
    let ids = entities.iter().map(|ids| ids.len() as u64).sum();
    Compared { seq: view.seq(), recorded_at, ids, entities: entities.len() as u64 }
}

fn meeting<'e>(entity: &BTreeSet<Id>, others: &'e Entities) -> Vec<&'e BTreeSet<Id>> {
    others.iter().filter(|other| !other.is_disjoint(entity)).collect()
}

pub(super) fn compare(before: (&View, &Entities), after: (&View, &Entities)) -> Comparison {
    let (of_before, of_after) = (compared(before.0, before.1), compared(after.0, after.1));
    let (before, after) = (before.1, after.1);
    let all = |entities: &Entities| entities.iter().flatten().cloned().collect::<BTreeSet<Id>>();
    let (ids_before, ids_after) = (all(before), all(after));
    let (new, gone) = (&ids_after - &ids_before, &ids_before - &ids_after);
    let mut spaces: BTreeMap<KindScope, IdsChanged> = BTreeMap::new();
    new.iter().for_each(|id| spaces.entry(space_of(id.space())).or_default().new += 1);
    gone.iter().for_each(|id| spaces.entry(space_of(id.space())).or_default().gone += 1);
    let mut found = Comparison {
        before: of_before,
        after: of_after,
        ids_new: new.len() as u64,
        ids_gone: gone.len() as u64,
        spaces,
        ..Comparison::default()
    };
    for entity in before {
        match meeting(entity, after).len() as u64 {
            0 => found.gone += 1,
            1 => {}
            count => {
                found.split += 1;
                found.split_into += count;
            }
        }
    }
    for entity in after {
        let from = meeting(entity, before);
        match from.as_slice() {
            [] => found.born += 1,
            [one] if meeting(one, after).len() == 1 => {
                if entity == *one {
                    found.unchanged += 1;
                } else if entity.is_subset(one) {
                    found.shrunk += 1;
                } else {
                    found.grown += 1;
                }
            }
            [_] => {}
            several => {
                found.merged += 1;
                found.merged_from += several.len() as u64;
            }
        }
    }
    found
}
