//! A past state: a small graph of the facts that counted then, filled with what is asked about.
//!
//! Who was who is a function of the facts that counted, so nothing of the past is kept but the facts and the commits that
//! brought them. A question is put to today first, where today tells what was (`unchanged`). Else it is put to the facts
//! brought so far; where its answer touches an id that is not here yet, what decides about that id is brought, and the
//! question is put again.
//!
//! # Invariants
//!   P1 of a number that was brought, every fact that names it and counted then is here, but for lists so long that
//!      part of them decides (`bring`), and relations, which decide nothing.
//!   P2 an answer is given only when every number it touched is whole: everything that decides about its family, or
//!      its persons where the question is of those, was brought; and every list it looked into.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use crate::engine::answer::RelationInterval;
use crate::engine::apply::perform;
use crate::engine::change::{Change, Dirty, Door};
use crate::engine::facts::retractions;
use crate::engine::neighbors::answered_intervals;
use crate::engine::past::horizon::Horizon;
use crate::engine::past::seen::{Missing, Seen, Then, Through, Today};
use crate::engine::past::unchanged::settings_are_unchanged;
use crate::engine::relations::of_node;
use crate::engine::settings::set;
use crate::engine::settle::settle;
use crate::engine::walk::{all_pairs, entity_members, live_pairs};
use crate::error::Result;
use crate::model::{Direction, Id, Kind, Op, When};
use crate::records::{ListKey, NodeNo, Pair, PairKey, RelationKey};
use crate::resolve::Level;
use crate::store::{Lens, Source, State};

/// A relation as it is found today.
pub(crate) type RelationOfToday = RelationKey;

/// How much decides about an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Depth {
    /// The families of the ids it touches.
    Families,
    /// And the relations of the ids in them.
    Related,
    /// The persons of the ids it touches.
    Persons,
    /// And the relations of their ids.
    Everything,
}

impl Depth {
    fn has_relations(self) -> bool {
        matches!(self, Depth::Related | Depth::Everything)
    }

    fn has_persons(self) -> bool {
        matches!(self, Depth::Persons | Depth::Everything)
    }
}

/// Facts that a past holds before it begins anew.
const FACTS_MAX: usize = 1 << 17;

/// A past state. It holds people's ids, so it has no Debug.
pub(crate) struct PastState {
    present: Arc<State>,
    /// What is known today.
    pub(in crate::engine::past) today: Lens<Arc<State>>,
    pub(in crate::engine::past) horizon: Horizon,
    /// The rules, the topology and the retractions of then were those of today.
    settings_unchanged: bool,
    /// The settings of then, and no record.
    empty: State,
    /// What was brought so far.
    pub(in crate::engine::past) then: Change,
    pub(in crate::engine::past) here: Here,
}

/// What of the past is here.
#[derive(Default)]
pub(in crate::engine::past) struct Here {
    /// Facts that were told.
    pub(in crate::engine::past) facts: usize,
    pub(in crate::engine::past) brought: HashSet<NodeNo>,
    /// Numbers whose relations were brought.
    pub(in crate::engine::past) related: HashSet<NodeNo>,
    /// Lists of which only part was brought.
    pub(in crate::engine::past) capped: HashSet<ListKey>,
    /// Numbers whose family is here, and those whose persons are.
    families: HashSet<NodeNo>,
    persons: HashSet<NodeNo>,
}

impl PastState {
    /// The state of those facts of `today` that `horizon` holds.
    pub(crate) fn begin(today: Arc<State>, horizon: Horizon) -> Result<PastState> {
        let mut empty = today.emptied();
        empty.seq = today.seq.min(horizon.seq);
        empty.undone = Arc::new(today.undone.until(horizon.seq));
        let mut then = change_on(empty);
        then.restoring = true;
        for (_, setting) in today.settings.iter() {
            if horizon.reaches(setting.fact.at, setting.recorded_seq) {
                then.seq = setting.recorded_seq;
                set(&mut then, &setting.fact)?;
            }
        }
        let retractions = retractions(&today);
        for told in retractions.iter().filter(|told| horizon.holds(told)) {
            then.seq = told.1;
            perform(&mut then, &told.0)?;
        }
        // What was retracted or undone since counts no longer; what was lifted since did not count.
        let lifted = retractions.iter().filter(|(fact, _)| matches!(fact.op, Op::Unretract(_)));
        let lifted = lifted.map(|(fact, seq)| (fact.at, *seq));
        let settings_unchanged = settings_are_unchanged(&today, lifted, horizon);
        let empty = then.state.into_state();
        let then = change_on(empty.clone());
        let present = today.clone();
        let today = Lens::on(today);
        Ok(PastState { present, today, horizon, settings_unchanged, empty, then, here: Here::default() })
    }

    /// Asks about ids; the question may be put several times.
    pub(crate) fn ask<T>(
        &mut self,
        ids: &[&Id],
        depth: Depth,
        question: impl Fn(&Seen<'_>) -> T,
    ) -> Result<T> {
        if self.settings_unchanged && !depth.has_relations() {
            // What one question loads is little, and quickly let go of.
            let mut today = Lens::on(self.present.clone());
            let through = Through::Today(Today::new(self.horizon));
            let seen = Seen { today: &today, through };
            let answer = question(&seen);
            let holds = matches!(&seen.through, Through::Today(today) if !today.is_changed());
            today.take_fault().map_or(Ok(()), Err)?;
            if holds {
                return Ok(answer);
            }
        }
        self.today.shed();
        self.begin_anew_if_full();
        for id in ids {
            self.bring_sides(id)?;
            let canonical = self.then.state.topology.canonical_scope(id.scope());
            if let Some(canonical) = canonical.and_then(|scope| id.with_scope(&scope).ok()) {
                self.bring_sides(&canonical)?;
            }
        }
        loop {
            let whole = if depth.has_persons() { &self.here.persons } else { &self.here.families };
            let (answer, missing) = self.put(Some(whole), &question);
            self.checked()?;
            let mut is_whole = missing.is_empty();
            for list in missing.lists {
                self.bring_list(list)?;
            }
            for number in missing.numbers {
                if depth.has_persons() {
                    self.complete_persons(number)?;
                } else {
                    self.complete_family(number)?;
                }
            }
            if depth.has_relations() {
                let whole = if depth.has_persons() { &self.here.persons } else { &self.here.families };
                let unrelated: Vec<NodeNo> = whole.difference(&self.here.related).copied().collect();
                is_whole &= unrelated.is_empty();
                for number in unrelated {
                    self.bring_relations(number)?;
                }
            }
            if is_whole {
                return Ok(answer);
            }
        }
    }

    /// Facts that are here.
    pub(crate) fn facts_brought(&self) -> usize {
        self.here.facts
    }

    fn begin_anew_if_full(&mut self) {
        if self.here.facts > FACTS_MAX {
            self.then = change_on(self.empty.clone());
            self.here = Here::default();
        }
    }

    /// The relations that a number has today, of a kind and direction.
    pub(crate) fn related_today(
        &mut self,
        number: NodeNo,
        kind: &str,
        direction: Direction,
    ) -> Result<Vec<RelationOfToday>> {
        let keys = of_node(&self.today, number, kind, direction);
        self.checked()?;
        Ok(keys)
    }

    /// Whether anything had been told of a relation then.
    pub(crate) fn was_told(&mut self, key: RelationKey) -> Result<bool> {
        self.begin_anew_if_full();
        self.today.shed();
        self.tell_relation(key)?;
        self.checked()?;
        Ok(self.then.state.relation(key).is_some())
    }

    /// The intervals of a relation then, if both its ends could be answered. Nothing else is brought for it.
    pub(crate) fn intervals(&mut self, key: RelationKey, when: When) -> Result<Vec<RelationInterval>> {
        self.begin_anew_if_full();
        self.today.shed();
        for end in [key.from, key.to] {
            if self.then.state.topology.has_aliases() {
                self.complete_family(end)?;
            } else if let Some(id) = self.today.node(end).map(|node| node.id.clone()) {
                self.bring_sides(&id)?;
            }
        }
        self.tell_relation(key)?;
        settle(&mut self.then)?;
        let (intervals, _) = self.put(None, &|seen: &Seen<'_>| answered_intervals(seen, key, when));
        self.checked()?;
        Ok(intervals)
    }

    /// Puts a question to what is here.
    fn put<T>(&self, whole: Option<&HashSet<NodeNo>>, question: &impl Fn(&Seen<'_>) -> T) -> (T, Missing) {
        let missing = RefCell::default();
        let then = Then { draft: &self.then.state, whole, capped: &self.here.capped, missing: &missing };
        let answer = question(&Seen { today: &self.today, through: Through::Then(then) });
        (answer, missing.into_inner())
    }

    /// An error if damaged bytes were met.
    pub(in crate::engine::past) fn checked(&mut self) -> Result<()> {
        self.then.checked()?;
        self.today.take_fault().map_or(Ok(()), Err)
    }

    /// Brings everything that decides about the family of a number.
    pub(in crate::engine::past) fn complete_family(&mut self, start: NodeNo) -> Result<()> {
        if self.here.families.contains(&start) {
            return Ok(());
        }
        // Who is one entity today was most often one then, or in one family.
        let mut wanted = entity_members(&self.today, start);
        wanted.push(start);
        loop {
            for number in wanted {
                self.bring(number)?;
            }
            settle(&mut self.then)?;
            let family = self.family_of(start);
            wanted = family.iter().copied().filter(|number| !self.here.brought.contains(number)).collect();
            if wanted.is_empty() {
                self.here.families.insert(start);
                self.here.families.extend(family);
                return Ok(());
            }
        }
    }

    /// The family of a number then.
    pub(in crate::engine::past) fn family_then(&mut self, number: NodeNo) -> Result<BTreeSet<NodeNo>> {
        self.complete_family(number)?;
        Ok(self.family_of(number))
    }

    /// The numbers that live pairs join to one, as far as they are here, and the pending ids beside them: how long
    /// such an id lives depends on all of its edges, also where those that are here say that it is dead.
    fn family_of(&self, start: NodeNo) -> BTreeSet<NodeNo> {
        let state = &self.then.state;
        let mut family = BTreeSet::from([start]);
        let mut stack = vec![start];
        while let Some(number) = stack.pop() {
            let live = live_pairs(state, number).into_iter().map(|(other, _)| other);
            let is_pending =
                |other: &NodeNo| state.node(*other).is_some_and(|node| *node.id.kind() == Kind::PendingId);
            let beside = all_pairs(state, number).into_iter().map(|(other, _)| other).filter(is_pending);
            for other in live.chain(beside) {
                if family.insert(other) {
                    stack.push(other);
                }
            }
        }
        family
    }

    /// Brings everything that decides about the persons of a number's entity: the families at the other ends of its
    /// hints and conflicts, and, so that hubs of hints are known, at the ends beyond those.
    fn complete_persons(&mut self, start: NodeNo) -> Result<()> {
        if self.here.persons.contains(&start) {
            return Ok(());
        }
        self.complete_family(start)?;
        let mut done: BTreeSet<NodeNo> = BTreeSet::new();
        let mut stack = vec![start];
        while let Some(number) = stack.pop() {
            for member in entity_members(&self.then.state, number) {
                if !done.insert(member) {
                    continue;
                }
                for other in self.complete_beside(member)? {
                    self.complete_beside(other)?;
                    if self.joins(member, other) {
                        stack.push(other);
                    }
                }
            }
        }
        self.here.persons.insert(start);
        self.here.persons.extend(done);
        Ok(())
    }

    /// Brings the families at the other ends of a number's edges between entities, of a hub of hints as many as make it
    /// one; those ends.
    fn complete_beside(&mut self, number: NodeNo) -> Result<Vec<NodeNo>> {
        self.bring_hints(number)?;
        let state = &self.then.state;
        let is_personal = |pair: &Pair| pair.edges.iter().any(|edge| edge.state.is_personal());
        let pairs = all_pairs(state, number).into_iter();
        let beside = pairs.filter(|(_, key)| state.pair(*key).is_some_and(is_personal));
        let beside: Vec<NodeNo> = beside.map(|(other, _)| other).collect();
        for other in &beside {
            self.complete_family(*other)?;
        }
        Ok(beside)
    }

    /// Whether an edge between persons may join two numbers.
    fn joins(&self, x: NodeNo, y: NodeNo) -> bool {
        let pair = self.then.state.pair(PairKey::new(x, y));
        pair.is_some_and(|pair| {
            pair.edges.iter().any(|edge| edge.state.level == Level::Person || edge.state.joins_persons)
        })
    }

    /// How many entities the hints of a number that are here reach, of those whose families are here.
    pub(in crate::engine::past) fn reached_by_hints(&self, number: NodeNo) -> usize {
        let state = &self.then.state;
        let Some(node) = state.node(number) else { return 0 };
        let reached = state.hints(number, node).filter(|other| self.here.families.contains(other));
        reached.filter_map(|other| Some(state.node(other)?.entity)).collect::<BTreeSet<_>>().len()
    }
}

/// A change on a state, of which nothing is dirty.
fn change_on(state: State) -> Change {
    let recorded_at = state.recorded_at;
    let change = Change::begin(state, recorded_at, [0; 32], Door::default());
    Change { dirty: Dirty::default(), retelling: true, ..change }
}
