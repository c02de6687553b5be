//! A view: a consistent read of one commit.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use crate::engine::{
    Answers, AskAgain, Audited, Contact, EdgeDump, EdgeInFull, EdgesAround, Entity, EntityDump,
    EntityMembers, Explanation, HistoryStep, Horizon, Membership, OpenConflict, Person, PersonSize, Reached,
    Read, RelationInterval, RelationSpell, RuleVersion, Stats, Subject, Suggestion, Translation, Unresolved,
    Verdict, verbs,
};
use crate::error::{Error, Result};
use crate::graph::lookups::{observed, of_found, of_reached, of_translations, of_verdict};
use crate::graph::options::History;
use crate::model::{
    Direction, EntityId, Fact, Id, KindScope, Reach, RelationKind, Rules, Surroundings, Time, When,
};
use crate::observe::{Observer, Verb, Watch};
use crate::store::{Glancing, Lens, State};

/// A consistent read of one commit. Cheap to take and to clone; it holds that state in memory for as long as
/// it lives.
#[derive(Clone)]
pub struct View {
    state: Arc<State>,
    limits: Limits,
    progress: Arc<Progress>,
}

/// How far a view may fall behind, and how far back it is asked.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Limits {
    pub(crate) age_ms: Option<i64>,
    pub(crate) pinned_bytes: Option<u64>,
    pub(crate) history: History,
}

/// How far the graph has come.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    recorded_at: AtomicI64,
    changed_bytes: AtomicU64,
    watch: Watch,
}

impl Progress {
    pub(crate) fn watched_by(watch: Watch) -> Progress {
        Progress { watch, ..Progress::default() }
    }

    /// Who watches the graph.
    pub(crate) fn watch(&self) -> &Watch {
        &self.watch
    }

    /// Notes the state of the last commit.
    pub(crate) fn note(&self, state: &State) {
        self.recorded_at.store(state.recorded_at.ms(), Ordering::Relaxed);
        self.changed_bytes.store(state.changed_bytes(), Ordering::Relaxed);
    }
}

impl fmt::Debug for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("View").field("seq", &self.seq()).finish_non_exhaustive()
    }
}

impl View {
    pub(crate) fn new(state: Arc<State>, limits: Limits, progress: Arc<Progress>) -> View {
        View { state, limits, progress }
    }

    /// The commit it shows; 0 = an empty graph.
    pub fn seq(&self) -> u64 {
        self.state.seq
    }

    /// When that commit was recorded.
    pub fn recorded_at(&self) -> Time {
        self.state.recorded_at
    }
}

/// What answers from a state.
pub(crate) trait Shown {
    /// The state it shows; an error if it may not be shown any more.
    fn state(&self) -> Result<&Arc<State>>;

    /// How far back it is asked.
    fn kept_history(&self) -> History;

    /// Who is told of lookups.
    #[inline]
    fn observer(&self) -> Option<&dyn Observer> {
        None
    }

    /// The same, to be held on to.
    fn shared_state(&self) -> Result<Arc<State>> {
        self.state().cloned()
    }
}

impl Shown for View {
    fn state(&self) -> Result<&Arc<State>> {
        let recorded_at = Time::from_ms(self.progress.recorded_at.load(Ordering::Relaxed));
        let is_old = |limit| recorded_at.since(self.state.recorded_at) > limit;
        let changed = self.progress.changed_bytes.load(Ordering::Relaxed);
        let pins_much = |limit| changed.saturating_sub(self.state.changed_bytes()) > limit;
        if self.limits.age_ms.is_some_and(is_old) || self.limits.pinned_bytes.is_some_and(pins_much) {
            return Err(Error::ViewExpired);
        }
        Ok(&self.state)
    }

    fn kept_history(&self) -> History {
        self.limits.history
    }

    #[inline]
    fn observer(&self) -> Option<&dyn Observer> {
        self.progress.watch.observer()
    }
}

/// Whether what a commit left is kept: it was still so at the moment that history reaches back to.
pub(crate) fn is_kept(state: &State, history: History, seq: u64) -> Result<bool> {
    match history {
        History::All => Ok(true),
        _ if seq >= state.seq => Ok(true),
        History::None => Ok(false),
        History::For { ms } => {
            let ended = Lens::on(state).answer(|lens| lens.commit_time(seq + 1))?;
            Ok(ended.is_none_or(|ended| state.recorded_at.since(ended) <= ms))
        }
    }
}

fn look<T>(shown: &impl Shown, verb: impl FnOnce(&Lens<&State>) -> T) -> Result<T> {
    Lens::on(&**shown.state()?).answer(verb)
}

/// A stream, or the error that there is none.
fn stream<'a, T: 'a, I: Iterator<Item = Result<T>> + 'a>(
    shown: Result<&'a Arc<State>>,
    verb: impl FnOnce(&'a State) -> I,
) -> Answers<'a, T> {
    match shown {
        Ok(state) => Box::new(verb(state)),
        Err(error) => Box::new(std::iter::once(Err(error))),
    }
}

/// A membership, unless it ended before history begins.
fn still_told(
    membership: Result<Membership>,
    kept: impl Fn(u64) -> Result<bool>,
) -> Result<Option<Membership>> {
    let membership = membership?;
    let is_told = membership.until_seq.map_or(Ok(true), |until| kept(until.saturating_sub(1)))?;
    Ok(is_told.then_some(membership))
}

impl<S: Shown> Read for S {
    fn resolve(&self, id: &Id) -> Result<Option<Entity>> {
        let ask = || look(self, |lens| verbs::resolve(lens, id));
        observed(self.observer(), Verb::Resolve, ask, |found| of_found(found.is_some()))
    }

    fn translate(&self, id: &Id, target: &KindScope, now: Time) -> Result<Translation> {
        let ask = || {
            if let Some(glancing) = Glancing::new(self.state()?, target)
                && let Some(found) = glancing.one(id)?
            {
                return Ok(Translation::Found(vec![found]));
            }
            look(self, |lens| verbs::translate(lens, id, target, now))
        };
        observed(self.observer(), Verb::Translate, ask, |answer| of_translations([answer]))
    }

    fn translate_many(
        &self,
        ids: &[Id],
        target: &KindScope,
        now: Time,
        out: &mut Vec<Translation>,
    ) -> Result<()> {
        let slowly = |id: &Id| look(self, |lens| verbs::translate(lens, id, target, now));
        let before = out.len();
        let ask = || {
            let Some(glancing) = Glancing::new(self.state()?, target) else {
                ids.iter().try_for_each(|id| slowly(id).map(|answer| out.push(answer)))?;
                return Ok(out);
            };
            glancing.many(ids, |id, found| {
                out.push(found.map_or_else(|| slowly(id), |found| Ok(Translation::Found(vec![found])))?);
                Ok(())
            })?;
            Ok(out)
        };
        let answered = |out: &&mut Vec<Translation>| of_translations(out.iter().skip(before));
        observed(self.observer(), Verb::TranslateMany, ask, answered).map(drop)
    }

    fn same(&self, a: &Id, b: &Id) -> Result<Verdict> {
        let ask = || look(self, |lens| verbs::same(lens, a, b));
        observed(self.observer(), Verb::Same, ask, |verdict| of_verdict(*verdict))
    }

    fn explain(&self, a: &Id, b: &Id) -> Result<Explanation> {
        let ask = || look(self, |lens| verbs::explain(lens, a, b));
        observed(self.observer(), Verb::Explain, ask, |answer| of_verdict(answer.verdict))
    }

    fn edges_around(&self, id: &Id, most: usize) -> Result<EdgesAround> {
        look(self, |lens| verbs::edges_around(lens, id, most))
    }

    fn entity(&self, entity: EntityId) -> Result<Reached> {
        let ask = || look(self, |lens| verbs::entity(lens, entity));
        observed(self.observer(), Verb::Resolve, ask, of_reached)
    }

    fn person(&self, id: &Id) -> Result<Option<Person>> {
        let ask = || look(self, |lens| verbs::person_around(lens, verbs::answerable(lens, id)?));
        observed(self.observer(), Verb::Resolve, ask, |found| of_found(found.is_some()))
    }

    fn suggestions(&self, id: &Id) -> Result<Vec<Suggestion>> {
        look(self, |lens| verbs::suggestions(lens, id))
    }

    fn history(&self, id: &Id) -> Result<Vec<HistoryStep>> {
        let (state, history) = (self.state()?, self.kept_history());
        let mut steps = verbs::history(state, id, Horizon::ALL)?;
        let kept = |seq| is_kept(state, history, seq);
        // The step that made the entity what it was where history begins stays.
        while let [_, second, ..] = &steps[..]
            && !kept(second.seq.saturating_sub(1))?
        {
            steps.remove(0);
        }
        Ok(steps)
    }

    fn neighbors<'a>(
        &'a self,
        id: &Id,
        kind: &'a RelationKind,
        direction: Direction,
        when: When,
    ) -> Answers<'a, RelationInterval> {
        stream(self.state(), |state| verbs::neighbors(state, id, kind, direction, when))
    }

    fn count_neighbors(&self, id: &Id, kind: &RelationKind, direction: Direction, when: When) -> Result<u64> {
        match when {
            When::Ever => look(self, |lens| verbs::count_told(lens, id, kind, direction)),
            When::Open | When::At(_) => {
                let mut found = verbs::neighbors(self.state()?, id, kind, direction, when);
                found.try_fold(0, |count, interval| interval.map(|_| count + 1))
            }
        }
    }

    fn contacts_of(&self, id: &Id, view: &str) -> Result<Vec<Contact>> {
        let ask = || look(self, |lens| verbs::contacts_of(lens, id, view));
        observed(self.observer(), Verb::ContactsOf, ask, |found| of_found(!found.is_empty()))
    }

    fn contacts_of_entity(&self, entity: EntityId, view: &str) -> Result<Vec<Contact>> {
        let ask = || look(self, |lens| verbs::contacts_of_entity(lens, entity, view));
        observed(self.observer(), Verb::ContactsOf, ask, |found| of_found(!found.is_empty()))
    }

    fn unresolved(&self, space: &KindScope, asked: &AskAgain) -> Result<Vec<Unresolved>> {
        verbs::unresolved(self.state()?, space, asked)
    }

    fn ids_in(&self, space: &KindScope) -> Answers<'_, Id> {
        stream(self.state(), |state| verbs::ids_in(state, space))
    }

    fn surroundings(&self, id: &Id, now: Time) -> Result<Surroundings> {
        let state = self.state()?;
        let issuers = verbs::issuers(state, &state.topology, Horizon::ALL, now);
        look(self, |lens| verbs::surroundings(lens, id, issuers))
    }

    fn entities(&self) -> Answers<'_, EntityDump> {
        stream(self.state(), verbs::dump_entities)
    }

    fn edges(&self) -> Answers<'_, EdgeDump> {
        stream(self.state(), verbs::dump_edges)
    }

    fn members(&self) -> Answers<'_, EntityMembers> {
        stream(self.state(), verbs::members)
    }

    fn persons(&self) -> Answers<'_, PersonSize> {
        stream(self.state(), verbs::persons)
    }

    fn edges_in_full(&self) -> Answers<'_, EdgeInFull> {
        stream(self.state(), verbs::edges_in_full)
    }

    fn relations(&self) -> Answers<'_, RelationSpell> {
        stream(self.state(), verbs::relations)
    }

    fn memberships(&self) -> Answers<'_, Membership> {
        let history = self.kept_history();
        let state = match self.shared_state() {
            Ok(state) => state,
            Err(error) => return Box::new(std::iter::once(Err(error))),
        };
        let all = verbs::memberships(state.clone(), u64::MAX);
        Box::new(all.filter_map(move |membership| {
            still_told(membership, |seq| is_kept(&state, history, seq)).transpose()
        }))
    }

    fn last_commit(&self) -> Result<u64> {
        Ok(self.state()?.seq)
    }

    fn commit_time(&self, seq: u64) -> Result<Option<Time>> {
        look(self, |lens| lens.commit_time(seq))
    }

    fn conflicts(&self) -> Answers<'_, OpenConflict> {
        stream(self.state(), verbs::conflicts)
    }

    fn facts(&self) -> Answers<'_, Fact> {
        stream(self.state(), verbs::all_facts)
    }

    fn rules(&self) -> Result<Rules> {
        Ok(Rules::clone(&self.state()?.rules))
    }

    fn rule_versions(&self) -> Result<Vec<RuleVersion>> {
        Ok(verbs::rule_versions(self.state()?, Horizon::ALL))
    }

    fn mark(&self, key: &str) -> Result<Option<String>> {
        Ok(self.state()?.marks.get(key).map(|(_, value)| value.clone()))
    }

    fn export_subject(&self, id: &Id, reach: Reach) -> Result<Option<Subject>> {
        look(self, |lens| verbs::export_subject(lens, id, reach))
    }

    fn audits(&self) -> Result<Vec<Audited>> {
        look(self, verbs::audits)?
    }

    fn stats(&self) -> Result<Stats> {
        verbs::stats(self.state()?)
    }
}
