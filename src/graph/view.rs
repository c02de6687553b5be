//! A view: a consistent read of one commit.

use std::fmt;
use std::sync::Arc;

use crate::engine::{
    Answers, Contact, EdgeDump, Entity, EntityDump, EntityId, Explanation, Person, Reached, Read,
    RelationInterval, Stats, Suggestion, Translation, Verdict, verbs,
};
use crate::error::Result;
use crate::model::{Direction, Fact, Id, KindScope, RelationKind, Time};
use crate::store::State;

/// A consistent read of one commit. Cheap to take and to clone; it holds that state in memory for as long as
/// it lives.
#[derive(Clone)]
pub struct View {
    state: Arc<State>,
}

impl fmt::Debug for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("View").field("seq", &self.seq()).finish_non_exhaustive()
    }
}

impl View {
    pub(crate) fn new(state: Arc<State>) -> View {
        View { state }
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

impl Read for View {
    fn resolve(&self, id: &Id) -> Result<Option<Entity>> {
        Ok(verbs::resolve(&*self.state, id))
    }

    fn translate(&self, id: &Id, target: &KindScope, now: Time) -> Result<Translation> {
        Ok(verbs::translate(&*self.state, id, target, now))
    }

    fn translate_many(
        &self,
        ids: &[Id],
        target: &KindScope,
        now: Time,
        out: &mut Vec<Translation>,
    ) -> Result<()> {
        out.extend(ids.iter().map(|id| verbs::translate(&*self.state, id, target, now)));
        Ok(())
    }

    fn same(&self, a: &Id, b: &Id) -> Result<Verdict> {
        Ok(verbs::same(&*self.state, a, b))
    }

    fn explain(&self, a: &Id, b: &Id) -> Result<Explanation> {
        Ok(verbs::explain(&*self.state, a, b))
    }

    fn entity(&self, entity: EntityId) -> Result<Reached> {
        Ok(verbs::entity(&*self.state, entity))
    }

    fn person(&self, id: &Id) -> Result<Option<Person>> {
        let number = verbs::answerable(&*self.state, id);
        Ok(number.and_then(|number| verbs::person_around(&*self.state, number)))
    }

    fn suggestions(&self, id: &Id) -> Result<Vec<Suggestion>> {
        Ok(verbs::suggestions(&*self.state, id))
    }

    fn neighbors<'a>(
        &'a self,
        id: &Id,
        kind: &'a RelationKind,
        direction: Direction,
    ) -> Answers<'a, RelationInterval> {
        Box::new(verbs::neighbors(&*self.state, id, kind, direction).map(Ok))
    }

    fn contacts_of(&self, id: &Id, view: &str) -> Result<Vec<Contact>> {
        let number = verbs::answerable(&*self.state, id);
        Ok(number.map_or_else(Vec::new, |number| verbs::contacts_of(&*self.state, number, view)))
    }

    fn entities(&self) -> Answers<'_, EntityDump> {
        Box::new(verbs::dump_entities(&*self.state).map(Ok))
    }

    fn edges(&self) -> Answers<'_, EdgeDump> {
        Box::new(verbs::dump_edges(&*self.state).map(Ok))
    }

    fn conflicts(&self) -> Answers<'_, EdgeDump> {
        Box::new(verbs::dump_edges(&*self.state).filter(verbs::is_conflict).map(Ok))
    }

    fn facts(&self) -> Answers<'_, Fact> {
        Box::new(verbs::all_facts(&self.state).map(Ok))
    }

    fn mark(&self, key: &str) -> Result<Option<String>> {
        Ok(self.state.marks.get(key).map(|(_, value)| value.clone()))
    }

    fn stats(&self) -> Result<Stats> {
        Ok(verbs::stats(&*self.state))
    }
}
