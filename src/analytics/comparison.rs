//! The difference between two states of a graph: entities born, merged, split and gone; ids new and gone.

use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZeroUsize;
use std::sync::Arc;

use crate::analytics::ask::Measuring;
use crate::analytics::pass::{Columns, FamilySeen, Seen, Shared, walk_families};
use crate::engine::entity_members;
use crate::error::{Error, Result};
use crate::model::{Id, KindScope, Time};
use crate::records::{NodeNo, Sym};
use crate::segment::Member;
use crate::store::{Lens, Source, State};

/// What is different in a later state.
///
/// # Definition
/// Ids are the same if kind, scope and value are. An entity of the earlier state *went into* those of the later one that hold
/// one of its ids; an entity of the later state *came from* those of the earlier one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Comparison {
    /// The earlier state.
    pub before: Compared,
    /// The later state.
    pub after: Compared,
    /// Ids of the later state that the earlier one does not have.
    pub ids_new: u64,
    /// Ids of the earlier state that the later one does not have.
    pub ids_gone: u64,
    /// The same by space; group openids by app.
    pub spaces: BTreeMap<KindScope, IdsChanged>,
    /// Entities of the later state that came from none: all their ids are new.
    pub born: u64,
    /// Entities of the earlier state that went into none: all their ids are gone.
    pub gone: u64,
    /// Entities of the later state that came from two or more.
    pub merged: u64,
    /// Entities of the earlier state that those came from; one that was split may be counted once for each.
    pub merged_from: u64,
    /// Entities of the earlier state that went into two or more.
    pub split: u64,
    /// Entities of the later state that those went into; one that was merged may be counted once for each.
    pub split_into: u64,
    /// Entities that came from one that went into them alone, with the same ids.
    pub unchanged: u64,
    /// The same, with new ids; may have lost some too.
    pub grown: u64,
    /// The same, with fewer ids, none of them new.
    pub shrunk: u64,
}

/// A state that was compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Compared {
    /// The last commit.
    pub seq: u64,
    /// When it was recorded.
    pub recorded_at: Time,
    /// Ids.
    pub ids: u64,
    /// Entities.
    pub entities: u64,
}

/// Ids that came and went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct IdsChanged {
    /// New.
    pub new: u64,
    /// Gone.
    pub gone: u64,
}

/// A state to be compared, held for as long as this is.
pub struct Comparand {
    state: Arc<State>,
}

impl Comparand {
    pub(crate) fn of(state: Arc<State>) -> Comparand {
        Comparand { state }
    }
}

impl fmt::Debug for Comparand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Comparand").field("seq", &self.state.seq).finish_non_exhaustive()
    }
}

/// What became of the earlier state, told in so many threads; see
/// [`Analyze::compare_with`](crate::analytics::Analyze::compare_with).
///
/// # Errors
/// Damaged bytes.
pub fn compare(earlier: &Comparand, later: &Comparand, threads: NonZeroUsize) -> Result<Comparison> {
    let (earlier, later) = (&*earlier.state, &*later.state);
    let (before, gone) = crossing(earlier, later, Side::Earlier, threads)?;
    let (after, new) = crossing(later, earlier, Side::Later, threads)?;
    let mut spaces: BTreeMap<KindScope, IdsChanged> = BTreeMap::new();
    gone.into_iter().for_each(|(space, count)| spaces.entry(space).or_default().gone = count);
    new.into_iter().for_each(|(space, count)| spaces.entry(space).or_default().new = count);
    let grown = after.alone_with_new.saturating_sub(before.split_part_with_new);
    let continued = after.alone.saturating_sub(before.split_part);
    Ok(Comparison {
        before: compared(earlier, &before),
        after: compared(later, &after),
        ids_new: after.lost,
        ids_gone: before.lost,
        spaces,
        born: after.nowhere,
        gone: before.nowhere,
        merged: after.several,
        merged_from: after.several_ends,
        split: before.several,
        split_into: before.several_ends,
        unchanged: continued.saturating_sub(grown).saturating_sub(before.shrunk),
        grown,
        shrunk: before.shrunk,
    })
}

fn compared(state: &State, count: &CrossingCount) -> Compared {
    let (ids, entities) = (count.ids, count.entities);
    Compared { seq: state.seq, recorded_at: state.recorded_at, ids, entities }
}

/// Which of the two states is walked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// Its entities went into others.
    Earlier,
    /// Its entities came from others.
    Later,
}

/// Walks one state with the other beside it: the counts, and ids that the other does not have by space.
fn crossing(
    state: &State,
    other: &State,
    side: Side,
    threads: NonZeroUsize,
) -> Result<(CrossingCount, Vec<(KindScope, u64)>)> {
    let wanted = Measuring::at(state.recorded_at).only(&[]).threads(threads);
    let shared = Shared::beside(state, &wanted, Beside::new(state, other, side))?;
    let count = walk_families(&shared)?.unwrap_or_default();
    let columns = Columns::of(state);
    let lost = count
        .lost_in
        .iter()
        .filter_map(|(column, count)| Some((columns.space(*column as usize)?.clone(), *count)));
    let lost = lost.collect();
    Ok((count, lost))
}

/// Another state beside the one that is walked.
pub(crate) struct Beside<'s> {
    own: &'s State,
    other: &'s State,
    side: Side,
    /// By interned text of the state that is walked: the same space in the other.
    spaces: Vec<Option<Sym>>,
}

impl<'s> Beside<'s> {
    fn new(own: &'s State, other: &'s State, side: Side) -> Beside<'s> {
        let mut spaces = vec![None; own.text_count() as usize];
        for (sym, space) in own.spaces() {
            if let Some(place) = spaces.get_mut(sym as usize) {
                *place = other.id_space(space);
            }
        }
        Beside { own, other, side, spaces }
    }

    /// The entity that a member of a record has in the other state.
    pub(crate) fn entity_of_member(&self, member: &Member<'_>) -> Result<Option<NodeNo>> {
        let Some(space) = self.spaces.get(member.space as usize).copied().flatten() else { return Ok(None) };
        // Mostly both states gave the id the same number.
        if let Some(entity) = self.other.entity_of_member(member, space)? {
            return Ok(Some(entity));
        }
        let id = member.id(self.own).map_err(|what| Error::Internal { what })?;
        self.entity_of(&id)
    }

    /// The entity that an id has in the other state.
    pub(crate) fn entity_of(&self, id: &Id) -> Result<Option<NodeNo>> {
        Lens::on(self.other).answer(|lens| entity_of(lens, id))
    }

    /// How an entity of the other state lies in this one: whether all of its ids that are here are in one entity, and how many
    /// are not here.
    fn look_back(&self, entity: NodeNo) -> Result<(bool, u64)> {
        let members = Lens::on(self.other).answer(|lens| {
            let members = entity_members(lens, entity).into_iter();
            members.filter_map(|number| lens.node(number).map(|node| node.id.clone())).collect::<Vec<Id>>()
        })?;
        Lens::on(self.own).answer(|lens| {
            let mut entities: Vec<Option<NodeNo>> = members.iter().map(|id| entity_of(lens, id)).collect();
            entities.sort_unstable();
            let absent = entities.iter().filter(|entity| entity.is_none()).count() as u64;
            entities.dedup();
            (entities.iter().flatten().count() == 1, absent)
        })
    }
}

fn entity_of(lens: &Lens<&State>, id: &Id) -> Option<NodeNo> {
    let number = lens.number_of(id)?;
    lens.node(number).map(|node| node.entity)
}

/// What was counted of one of two states.
#[derive(Default)]
pub(crate) struct CrossingCount {
    ids: u64,
    entities: u64,
    /// Ids that the other does not have, and by column.
    lost: u64,
    lost_in: BTreeMap<u32, u64>,
    /// Entities none of whose ids the other has.
    nowhere: u64,
    /// Entities whose ids are in several there, and in how many.
    several: u64,
    several_ends: u64,
    /// Entities whose ids are in one there; of those, with ids that the other does not have.
    alone: u64,
    alone_with_new: u64,
    /// Of the earlier state: entities that those in `several` went into and that came from nothing else; of those, with new
    /// ids.
    split_part: u64,
    split_part_with_new: u64,
    /// Of the earlier state: entities that lost ids and went into one that came from them alone, without new ids.
    shrunk: u64,
    /// In memory that serves again.
    there: Vec<NodeNo>,
}

impl CrossingCount {
    pub(crate) fn family(&mut self, family: &FamilySeen, beside: &Beside<'_>) -> Result<()> {
        for entity in family.entities() {
            self.entity(entity, beside)?;
        }
        Ok(())
    }

    fn entity(&mut self, entity: &[Seen], beside: &Beside<'_>) -> Result<()> {
        self.ids += entity.len() as u64;
        self.entities += 1;
        self.there.clear();
        let mut lost = 0;
        for member in entity {
            match member.there {
                Some(there) => self.there.push(there),
                None => {
                    lost += 1;
                    *self.lost_in.entry(member.column).or_default() += 1;
                }
            }
        }
        self.lost += lost;
        self.there.sort_unstable();
        self.there.dedup();
        match self.there.as_slice() {
            [] => self.nowhere += 1,
            [there] => {
                self.alone += 1;
                self.alone_with_new += u64::from(lost > 0);
                if beside.side == Side::Earlier && lost > 0 {
                    let (is_own, new) = beside.look_back(*there)?;
                    self.shrunk += u64::from(is_own && new == 0);
                }
            }
            several => {
                self.several += 1;
                self.several_ends += several.len() as u64;
                for there in several.iter().filter(|_| beside.side == Side::Earlier) {
                    let (is_own, new) = beside.look_back(*there)?;
                    self.split_part += u64::from(is_own);
                    self.split_part_with_new += u64::from(is_own && new > 0);
                }
            }
        }
        Ok(())
    }

    pub(crate) fn add(&mut self, other: CrossingCount) {
        self.ids += other.ids;
        self.entities += other.entities;
        self.lost += other.lost;
        for (column, count) in other.lost_in {
            *self.lost_in.entry(column).or_default() += count;
        }
        self.nowhere += other.nowhere;
        self.several += other.several;
        self.several_ends += other.several_ends;
        self.alone += other.alone;
        self.alone_with_new += other.alone_with_new;
        self.split_part += other.split_part;
        self.split_part_with_new += other.split_part_with_new;
        self.shrunk += other.shrunk;
    }
}
