//! A past state: a small graph of the facts that counted then, filled with what is asked about.
//!
//! Who was who is a function of the facts that counted, so nothing of the past is kept but the facts and the commits that
//! brought them. A question is asked of the facts brought so far; where its answer touches an id that is not here yet,
//! what decides about that id is brought, and the question is asked again.
//!
//! # Invariants
//!   P1 of a number that was brought, every fact that names it and counted then is here.
//!   P2 an answer is given only when every number it touched is whole: everything that decides about its family, or
//!      its persons where the question is of those, was brought.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use crate::engine::apply::perform;
use crate::engine::change::{Change, Dirty, Door};
use crate::engine::facts::{facts_of_relation, facts_of_side, retractions, tellings_of_pair};
use crate::engine::relations::all_relations;
use crate::engine::settings::set;
use crate::engine::settle::settle;
use crate::engine::walk::{all_pairs, entity_members, live_pairs};
use crate::error::Result;
use crate::model::{Fact, Id, Kind, Op, Rules, Selector, Time, Topology};
use crate::records::{List, ListKey, NodeNo, Pair, PairKey, Relation, RelationKey, Side, SideKey, Slot, Sym};
use crate::resolve::Level;
use crate::store::{Draft, Lens, Source, State};

/// Which facts count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Horizon {
    /// Those of this commit and the ones before it ...
    pub(crate) seq: u64,
    /// ... that are of this moment or an earlier one.
    pub(crate) until: Time,
}

impl Horizon {
    pub(crate) fn holds(&self, (fact, seq): &(Fact, u64)) -> bool {
        *seq <= self.seq && fact.at <= self.until
    }
}

/// How much decides about an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Depth {
    /// The families of the ids it touches.
    Families,
    /// Their persons too.
    Persons,
}

/// Numbers that a past holds before it begins anew.
const BROUGHT_MAX: usize = 1 << 16;

/// A past state. It holds people's ids, so it has no Debug.
pub(crate) struct PastState {
    /// What is known today.
    today: Lens<Arc<State>>,
    horizon: Horizon,
    /// The settings of then, and no record.
    empty: State,
    /// What was brought so far.
    then: Change,
    brought: HashSet<NodeNo>,
    /// Numbers whose family is here, and those whose persons are.
    families: HashSet<NodeNo>,
    persons: HashSet<NodeNo>,
}

impl PastState {
    /// The state of those facts of `today` that `horizon` holds.
    pub(crate) fn begin(today: Arc<State>, horizon: Horizon) -> Result<PastState> {
        let mut empty = today.emptied();
        empty.seq = today.seq.min(horizon.seq);
        let mut then = change_on(empty);
        then.restoring = true;
        for (_, setting) in today.settings.iter() {
            if horizon.holds(&((*setting.fact).clone(), setting.recorded_seq)) {
                set(&mut then, &setting.fact)?;
            }
        }
        for told in retractions(&today).iter().filter(|told| horizon.holds(told)) {
            perform(&mut then, &told.0)?;
        }
        let empty = then.state.into_state();
        let then = change_on(empty.clone());
        let today = Lens::on(today);
        let (brought, families, persons) = Default::default();
        Ok(PastState { today, horizon, empty, then, brought, families, persons })
    }

    /// Asks about ids; the question may be put several times.
    pub(crate) fn ask<T>(
        &mut self,
        ids: &[&Id],
        depth: Depth,
        question: impl Fn(&Seen<'_>) -> T,
    ) -> Result<T> {
        if self.brought.len() > BROUGHT_MAX {
            self.then = change_on(self.empty.clone());
            [&mut self.brought, &mut self.families, &mut self.persons].into_iter().for_each(HashSet::clear);
            self.today.shed();
        }
        for id in ids {
            self.bring_sides(id)?;
            let canonical = self.then.state.topology.canonical_scope(id.scope());
            if let Some(canonical) = canonical.and_then(|scope| id.with_scope(&scope).ok()) {
                self.bring_sides(&canonical)?;
            }
        }
        loop {
            let whole = match depth {
                Depth::Families => &self.families,
                Depth::Persons => &self.persons,
            };
            let seen =
                Seen { then: &self.then.state, today: &self.today, whole, missing: RefCell::default() };
            let answer = question(&seen);
            let missing = seen.missing.into_inner();
            self.then.checked()?;
            if let Some(fault) = self.today.take_fault() {
                return Err(fault);
            }
            if missing.is_empty() {
                return Ok(answer);
            }
            for number in missing {
                match depth {
                    Depth::Families => self.complete_family(number)?,
                    Depth::Persons => self.complete_persons(number)?,
                }
            }
        }
    }

    /// Brings everything that decides about the family of a number.
    fn complete_family(&mut self, start: NodeNo) -> Result<()> {
        if self.families.contains(&start) {
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
            wanted = family.iter().copied().filter(|number| !self.brought.contains(number)).collect();
            if wanted.is_empty() {
                self.families.insert(start);
                self.families.extend(family);
                return Ok(());
            }
        }
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
        if self.persons.contains(&start) {
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
        self.persons.insert(start);
        self.persons.extend(done);
        Ok(())
    }

    /// Brings the families at the other ends of a number's edges between entities; those ends.
    fn complete_beside(&mut self, number: NodeNo) -> Result<Vec<NodeNo>> {
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

    /// Brings every fact that names a number (P1).
    fn bring(&mut self, number: NodeNo) -> Result<()> {
        if !self.brought.insert(number) {
            return Ok(());
        }
        let id = match self.today.slot(number) {
            Some(Slot::Live(node)) => node.id.clone(),
            Some(gone) => {
                self.then.state.adopt(number, gone);
                return Ok(());
            }
            None => return Ok(()),
        };
        for (_, key) in all_pairs(&self.today, number) {
            if self.then.state.pair(key).is_none() {
                self.tell(tellings_of_pair(&self.today, key))?;
            }
        }
        for (_, key) in all_relations(&self.today, number) {
            if self.then.state.relation(key).is_none() {
                self.tell(facts_of_relation(&self.today, key))?;
            }
        }
        self.bring_sides(&id)
    }

    /// Brings the bans, blocks, answers and retractions that name an id.
    fn bring_sides(&mut self, id: &Id) -> Result<()> {
        for key in self.today.sides_naming(id) {
            if self.then.state.side(&key).is_none() {
                self.tell(facts_of_side(&self.today, &key))?;
            }
        }
        Ok(())
    }

    /// Tells what counted, under the numbers that its ids have.
    fn tell(&mut self, told: Vec<(Fact, u64)>) -> Result<()> {
        let horizon = self.horizon;
        for told in told.into_iter().filter(|told| horizon.holds(told)) {
            let (fact, seq) = told;
            for id in fact.op.ids() {
                if let Some(number) = self.today.number_of(id)
                    && self.then.state.slot(number).is_none()
                    && names(&fact.op)
                    && let Some(slot) = self.today.slot(number)
                {
                    self.then.state.adopt(number, slot);
                }
            }
            self.then.seq = seq;
            perform(&mut self.then, &fact)?;
            self.retract_event(&fact.op)?;
        }
        Ok(())
    }

    /// Brings the retraction of the event that a fact was told with.
    fn retract_event(&mut self, op: &Op) -> Result<()> {
        let (Op::Link { source, event: Some(event), .. } | Op::Supersede { source, event: Some(event), .. }) =
            op
        else {
            return Ok(());
        };
        if self.today.state().event_retractions == 0 {
            return Ok(());
        }
        let Some(source) = self.today.sym(source) else { return Ok(()) };
        let key = SideKey::EventRetraction(source, event.as_str().into());
        if self.then.state.side(&key).is_some() {
            return Ok(());
        }
        self.tell(facts_of_side(&self.today, &key))
    }
}

/// Whether an operation lets the ids exist that it names.
fn names(op: &Op) -> bool {
    !matches!(
        op,
        Op::Retract(Selector::Pair { .. })
            | Op::Unretract(Selector::Pair { .. })
            | Op::Unban { .. }
            | Op::Unblock { .. }
            | Op::Unrestrict { .. }
            | Op::Absent { .. }
    )
}

/// A change on a state, of which nothing is dirty.
fn change_on(state: State) -> Change {
    let recorded_at = state.recorded_at;
    let change = Change::begin(state, recorded_at, [0; 32], Door::default());
    Change { dirty: Dirty::default(), ..change }
}

/// The past as far as it was brought, which notes what is missing.
pub(crate) struct Seen<'p> {
    then: &'p Draft,
    today: &'p Lens<Arc<State>>,
    whole: &'p HashSet<NodeNo>,
    missing: RefCell<BTreeSet<NodeNo>>,
}

impl Source for Seen<'_> {
    fn number_of(&self, id: &Id) -> Option<NodeNo> {
        let number = self.today.number_of(id)?;
        self.slot(number).map(|_| number)
    }

    fn slot(&self, number: NodeNo) -> Option<&Slot> {
        if !self.whole.contains(&number) {
            self.missing.borrow_mut().insert(number);
        }
        self.then.slot(number)
    }

    fn number_count(&self) -> NodeNo {
        self.then.number_count()
    }

    fn pair(&self, key: PairKey) -> Option<&Pair> {
        self.then.pair(key)
    }

    fn relation(&self, key: RelationKey) -> Option<&Relation> {
        self.then.relation(key)
    }

    fn side(&self, key: &SideKey) -> Option<&Side> {
        self.then.side(key)
    }

    fn sides_about(&self, id: &Id) -> Vec<Arc<SideKey>> {
        self.then.sides_naming(id)
    }

    fn nodes_in<'s>(&'s self, key: ListKey, list: &'s List<NodeNo>) -> impl Iterator<Item = NodeNo> + 's {
        self.then.nodes_in(key, list)
    }

    fn text(&self, sym: Sym) -> &str {
        self.then.text(sym)
    }

    fn sym(&self, text: &str) -> Option<Sym> {
        Source::sym(self.then, text)
    }

    fn batch_is_retracted(&self, batch: Option<Sym>) -> bool {
        Source::batch_is_retracted(self.then, batch)
    }

    fn source_is_retracted(&self, source: Sym, at: Time, spaces: &[&str]) -> bool {
        Source::source_is_retracted(self.then, source, at, spaces)
    }

    fn pair_retractions(&self) -> u64 {
        Source::pair_retractions(self.then)
    }

    fn event_retractions(&self) -> u64 {
        Source::event_retractions(self.then)
    }

    fn topology(&self) -> &Topology {
        Source::topology(self.then)
    }

    fn rules(&self) -> &Rules {
        Source::rules(self.then)
    }
}
