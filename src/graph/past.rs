//! The graph as it was: at a commit, at a moment, or as far as it was observed by then.

use std::fmt;
use std::sync::{Arc, Mutex};

use crate::engine::{
    Answers, AskAgain, Audited, Contact, Depth, EdgeDump, EdgeInFull, EdgesAround, Entity, EntityDump,
    EntityMembers, Explanation, HistoryStep, Horizon, Membership, OpenConflict, PastState, Person,
    PersonSize, Reached, Read, RelationInterval, RelationOfToday, RelationSpell, RuleVersion, Seen, Stats,
    Subject, Suggestion, Translation, Unresolved, Verdict, verbs,
};
use crate::error::{Error, Result};
use crate::graph::shared::held;
use crate::graph::snapshot::Snapshot;
use crate::graph::view::{Shown, View, is_kept};
use crate::model::{
    Direction, EntityId, Fact, Id, KindScope, Reach, RelationKind, Rules, Surroundings, Time, When,
};
use crate::store::{Lens, Source, State};

/// The graph as it was, less what was erased since. It answers every verb as a graph would that was told only the
/// facts that counted then, under the rules and the topology of then.
///
/// Nothing of the past is kept but the facts: what a question touches is resolved again when it is asked, and remembered
/// while this lives.
pub struct Past {
    state: Arc<State>,
    horizon: Horizon,
    recorded_at: Time,
    past: Mutex<PastState>,
}

impl fmt::Debug for Past {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Past").field("horizon", &self.horizon).finish_non_exhaustive()
    }
}

impl View {
    /// The graph as the commit `seq` left it.
    ///
    /// # Errors
    /// `NotKept` if that lies further back than [`crate::Options::history`]; damaged bytes; `ViewExpired`.
    pub fn as_of(&self, seq: u64) -> Result<Past> {
        Past::as_of(self, seq)
    }

    /// The graph as the last commit left it that was recorded at `recorded_at` or before.
    ///
    /// # Errors
    /// `NotKept` if that lies further back than [`crate::Options::history`]; damaged bytes; `ViewExpired`.
    pub fn as_of_time(&self, recorded_at: Time) -> Result<Past> {
        Past::as_of_time(self, recorded_at)
    }

    /// The graph as it would be if nothing had been observed after `until`: every fact counts by its own time.
    ///
    /// # Errors
    /// Damaged bytes; `ViewExpired`.
    pub fn observed_until(&self, until: Time) -> Result<Past> {
        Past::observed_until(self.shared_state()?, until)
    }
}

impl Snapshot {
    /// See [`View::as_of`].
    ///
    /// # Errors
    /// Damaged bytes.
    pub fn as_of(&self, seq: u64) -> Result<Past> {
        Past::as_of(self, seq)
    }

    /// See [`View::as_of_time`].
    ///
    /// # Errors
    /// Damaged bytes.
    pub fn as_of_time(&self, recorded_at: Time) -> Result<Past> {
        Past::as_of_time(self, recorded_at)
    }

    /// See [`View::observed_until`].
    ///
    /// # Errors
    /// Damaged bytes.
    pub fn observed_until(&self, until: Time) -> Result<Past> {
        Past::observed_until(self.shared_state()?, until)
    }
}

impl Past {
    fn as_of(shown: &impl Shown, seq: u64) -> Result<Past> {
        let state = shown.shared_state()?;
        if !is_kept(&state, shown.kept_history(), seq)? {
            return Err(Error::NotKept { what: "commits of that age" });
        }
        Past::begin(state, Horizon { seq, until: Time::MAX })
    }

    fn as_of_time(shown: &impl Shown, recorded_at: Time) -> Result<Past> {
        let state = shown.shared_state()?;
        let seq = Lens::on(&*state).answer(|lens| lens.seq_at(recorded_at))?;
        Past::as_of(shown, seq)
    }

    fn observed_until(state: Arc<State>, until: Time) -> Result<Past> {
        Past::begin(state, Horizon { seq: u64::MAX, until })
    }

    fn begin(state: Arc<State>, horizon: Horizon) -> Result<Past> {
        let seq = state.seq.min(horizon.seq);
        let recorded_at = Lens::on(&*state).answer(|lens| lens.commit_time(seq))?.unwrap_or_default();
        let past = Mutex::new(PastState::begin(state.clone(), horizon)?);
        Ok(Past { state, horizon, recorded_at, past })
    }

    /// The last commit that counts; 0 = none does.
    pub fn seq(&self) -> u64 {
        self.state.seq.min(self.horizon.seq)
    }

    /// When that commit was recorded.
    pub fn recorded_at(&self) -> Time {
        self.recorded_at
    }

    /// How many facts are told again at present to answer what was asked: what this past costs in memory. Questions
    /// whose answers have not changed since cost none.
    pub fn facts_brought(&self) -> usize {
        held(&self.past).facts_brought()
    }

    fn ask<T>(&self, ids: &[&Id], depth: Depth, question: impl Fn(&Seen<'_>) -> T) -> Result<T> {
        held(&self.past).ask(ids, depth, question)
    }

    /// The relations that an id has today, of a kind and direction.
    fn related<'a>(
        &'a self,
        id: &Id,
        kind: &'a RelationKind,
        direction: Direction,
    ) -> impl Iterator<Item = Result<RelationOfToday>> + 'a {
        let forms = self.ask(&[id], Depth::Families, |seen| verbs::related_forms(seen, id));
        let related = move |number| held(&self.past).related_today(number, kind.name(), direction);
        verbs::flatten(forms).flat_map(move |number| verbs::flatten(number.and_then(related)))
    }

    /// Asks of every number, in order.
    fn each<'a, T: 'a>(&'a self, question: impl Fn(&Seen<'_>, u32) -> Vec<T> + 'a) -> Answers<'a, T> {
        Box::new((0..self.state.number_count).flat_map(move |number| {
            verbs::flatten(self.ask(&[], Depth::Persons, |seen| question(seen, number)))
        }))
    }

    /// Asks of the numbers of a space, in order. An id keeps its space and its number, so whoever was in a space then is
    /// among those whom it has today, whatever its corp was called since.
    fn each_in<'a, T: 'a>(
        &'a self,
        space: &KindScope,
        depth: Depth,
        question: impl Fn(&Seen<'_>, u32, &KindScope) -> Option<T> + 'a,
    ) -> Answers<'a, T> {
        let renamed = match self.ask(&[], Depth::Families, |seen| verbs::canonical(seen, space)) {
            Ok(renamed) => renamed,
            Err(error) => return Box::new(std::iter::once(Err(error))),
        };
        let space = renamed.unwrap_or_else(|| space.clone());
        let numbers = verbs::numbers_in(&self.state, &space);
        let found = move |number| self.ask(&[], depth, |seen| question(seen, number, &space));
        Box::new(numbers.filter_map(move |number| number.and_then(&found).transpose()))
    }
}

impl Read for Past {
    fn resolve(&self, id: &Id) -> Result<Option<Entity>> {
        self.ask(&[id], Depth::Persons, |seen| verbs::resolve(seen, id))
    }

    fn translate(&self, id: &Id, target: &KindScope, now: Time) -> Result<Translation> {
        self.ask(&[id], Depth::Families, |seen| verbs::translate(seen, id, target, now))
    }

    fn translate_many(
        &self,
        ids: &[Id],
        target: &KindScope,
        now: Time,
        out: &mut Vec<Translation>,
    ) -> Result<()> {
        ids.iter().try_for_each(|id| self.translate(id, target, now).map(|answer| out.push(answer)))
    }

    fn same(&self, a: &Id, b: &Id) -> Result<Verdict> {
        self.ask(&[a, b], Depth::Persons, |seen| verbs::same(seen, a, b))
    }

    fn explain(&self, a: &Id, b: &Id) -> Result<Explanation> {
        self.ask(&[a, b], Depth::Persons, |seen| verbs::explain(seen, a, b))
    }

    fn edges_around(&self, id: &Id, most: usize) -> Result<EdgesAround> {
        self.ask(&[id], Depth::Persons, |seen| verbs::edges_around(seen, id, most))
    }

    fn entity(&self, entity: EntityId) -> Result<Reached> {
        self.ask(&[], Depth::Persons, |seen| verbs::entity(seen, entity))
    }

    fn person(&self, id: &Id) -> Result<Option<Person>> {
        self.ask(&[id], Depth::Persons, |seen| verbs::person_around(seen, verbs::answerable(seen, id)?))
    }

    fn suggestions(&self, id: &Id) -> Result<Vec<Suggestion>> {
        self.ask(&[id], Depth::Persons, |seen| verbs::suggestions(seen, id))
    }

    fn history(&self, id: &Id) -> Result<Vec<HistoryStep>> {
        verbs::history(&self.state, id, self.horizon)
    }

    fn neighbors<'a>(
        &'a self,
        id: &Id,
        kind: &'a RelationKind,
        direction: Direction,
        when: When,
    ) -> Answers<'a, RelationInterval> {
        let keys = self.related(id, kind, direction);
        let intervals = move |key| held(&self.past).intervals(key, when);
        Box::new(keys.flat_map(move |key| verbs::flatten(key.and_then(intervals))))
    }

    fn count_neighbors(&self, id: &Id, kind: &RelationKind, direction: Direction, when: When) -> Result<u64> {
        let mut count = 0;
        for key in self.related(id, kind, direction) {
            let mut past = held(&self.past);
            count += match when {
                When::Ever => u64::from(past.was_told(key?)?),
                When::Open | When::At(_) => past.intervals(key?, when)?.len() as u64,
            };
        }
        Ok(count)
    }

    fn contacts_of(&self, id: &Id, view: &str) -> Result<Vec<Contact>> {
        self.ask(&[id], Depth::Related, |seen| verbs::contacts_of(seen, id, view))
    }

    fn contacts_of_entity(&self, entity: EntityId, view: &str) -> Result<Vec<Contact>> {
        self.ask(&[], Depth::Related, |seen| verbs::contacts_of_entity(seen, entity, view))
    }

    fn unresolved(&self, space: &KindScope, asked: &AskAgain) -> Result<Vec<Unresolved>> {
        let asked = *asked;
        let found = self.each_in(space, Depth::Persons, move |seen, number, space| {
            verbs::unresolved_at(seen, number, space, &asked)
        });
        Ok(verbs::in_order_of_worth(found.collect::<Result<Vec<_>>>()?, asked.most))
    }

    fn ids_in(&self, space: &KindScope) -> Answers<'_, Id> {
        self.each_in(space, Depth::Families, |seen, number, space| verbs::id_of_space(seen, number, space))
    }

    fn surroundings(&self, id: &Id, now: Time) -> Result<Surroundings> {
        self.ask(&[id], Depth::Related, |seen| {
            let issuers = verbs::issuers(&self.state, seen.topology(), self.horizon, now);
            verbs::surroundings(seen, id, issuers)
        })
    }

    fn entities(&self) -> Answers<'_, EntityDump> {
        self.each(|seen, number| verbs::dump_entity(seen, number).into_iter().collect())
    }

    fn edges(&self) -> Answers<'_, EdgeDump> {
        self.each(|seen, number| verbs::dump_edges_from(seen, number))
    }

    fn members(&self) -> Answers<'_, EntityMembers> {
        self.each(|seen, number| verbs::members_of(seen, number).into_iter().collect())
    }

    fn persons(&self) -> Answers<'_, PersonSize> {
        self.each(|seen, number| verbs::person_of(seen, number).into_iter().collect())
    }

    fn edges_in_full(&self) -> Answers<'_, EdgeInFull> {
        self.each(|seen, number| verbs::edges_in_full_from(seen, number))
    }

    fn relations(&self) -> Answers<'_, RelationSpell> {
        let from = |number| self.ask(&[], Depth::Everything, |seen| verbs::relations_from(seen, number));
        Box::new((0..self.state.number_count).flat_map(move |number| verbs::flatten(from(number))))
    }

    fn memberships(&self) -> Answers<'_, Membership> {
        if self.horizon.until != Time::MAX {
            // They are told in commits; what was observed by when is another clock.
            return Box::new(std::iter::once(Err(Error::NotKept { what: "memberships" })));
        }
        Box::new(verbs::memberships(self.state.clone(), self.horizon.seq))
    }

    fn last_commit(&self) -> Result<u64> {
        Ok(self.seq())
    }

    fn commit_time(&self, seq: u64) -> Result<Option<Time>> {
        let is_then = seq <= self.horizon.seq;
        let told = Lens::on(&*self.state).answer(|lens| lens.commit_time(seq))?;
        Ok(told.filter(|_| is_then))
    }

    fn conflicts(&self) -> Answers<'_, OpenConflict> {
        self.each(|seen, number| verbs::conflicts_from(seen, number))
    }

    fn facts(&self) -> Answers<'_, Fact> {
        Box::new(verbs::past_facts(&self.state, self.horizon))
    }

    fn rules(&self) -> Result<Rules> {
        Ok(verbs::rules_of(&self.rule_versions()?))
    }

    fn rule_versions(&self) -> Result<Vec<RuleVersion>> {
        Ok(verbs::rule_versions(&self.state, self.horizon))
    }

    fn mark(&self, _key: &str) -> Result<Option<String>> {
        Err(Error::NotKept { what: "marks" })
    }

    fn export_subject(&self, _id: &Id, _reach: Reach) -> Result<Option<Subject>> {
        Err(Error::NotKept { what: "exports of subjects" })
    }

    fn audits(&self) -> Result<Vec<Audited>> {
        let mut audits = Lens::on(&*self.state).answer(verbs::audits)??;
        audits.retain(|audit| audit.seq <= self.horizon.seq && audit.at <= self.horizon.until);
        Ok(audits)
    }

    fn stats(&self) -> Result<Stats> {
        let mut stats = Stats { seq: self.seq(), recorded_at: self.recorded_at, ..Stats::default() };
        for number in 0..self.state.number_count {
            stats = self.ask(&[], Depth::Everything, |seen| {
                let mut stats = stats.clone();
                verbs::count_from(seen, number, &mut stats);
                stats
            })?;
        }
        stats.erased = self.state.tomb_count;
        Ok(stats)
    }
}
