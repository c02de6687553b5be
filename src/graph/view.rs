//! A view: a consistent read of one commit.

use std::fmt;
use std::sync::Arc;

use crate::engine::{
    Answers, Contact, EdgeDump, Entity, EntityDump, EntityId, Explanation, Person, Reached, Read,
    RelationInterval, Stats, Suggestion, Translation, Verdict, verbs,
};
use crate::error::Result;
use crate::model::{Direction, Fact, Id, KindScope, RelationKind, Time};
use crate::store::{Glancing, Lens, State};

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

/// What answers from a state.
pub(crate) trait Shown {
    /// The state it shows.
    fn state(&self) -> &State;
}

impl Shown for View {
    fn state(&self) -> &State {
        &self.state
    }
}

fn look<T>(shown: &impl Shown, verb: impl FnOnce(&Lens<&State>) -> T) -> Result<T> {
    Lens::on(shown.state()).answer(verb)
}

impl<S: Shown> Read for S {
    fn resolve(&self, id: &Id) -> Result<Option<Entity>> {
        look(self, |lens| verbs::resolve(lens, id))
    }

    fn translate(&self, id: &Id, target: &KindScope, now: Time) -> Result<Translation> {
        if let Some(glancing) = Glancing::new(self.state(), target)
            && let Some(found) = glancing.one(id)?
        {
            return Ok(Translation::Found(vec![found]));
        }
        look(self, |lens| verbs::translate(lens, id, target, now))
    }

    fn translate_many(
        &self,
        ids: &[Id],
        target: &KindScope,
        now: Time,
        out: &mut Vec<Translation>,
    ) -> Result<()> {
        let slowly = |id: &Id| look(self, |lens| verbs::translate(lens, id, target, now));
        let Some(glancing) = Glancing::new(self.state(), target) else {
            return ids.iter().try_for_each(|id| slowly(id).map(|answer| out.push(answer)));
        };
        glancing.many(ids, |id, found| {
            out.push(found.map_or_else(|| slowly(id), |found| Ok(Translation::Found(vec![found])))?);
            Ok(())
        })
    }

    fn same(&self, a: &Id, b: &Id) -> Result<Verdict> {
        look(self, |lens| verbs::same(lens, a, b))
    }

    fn explain(&self, a: &Id, b: &Id) -> Result<Explanation> {
        look(self, |lens| verbs::explain(lens, a, b))
    }

    fn entity(&self, entity: EntityId) -> Result<Reached> {
        look(self, |lens| verbs::entity(lens, entity))
    }

    fn person(&self, id: &Id) -> Result<Option<Person>> {
        look(self, |lens| verbs::person_around(lens, verbs::answerable(lens, id)?))
    }

    fn suggestions(&self, id: &Id) -> Result<Vec<Suggestion>> {
        look(self, |lens| verbs::suggestions(lens, id))
    }

    fn neighbors<'a>(
        &'a self,
        id: &Id,
        kind: &'a RelationKind,
        direction: Direction,
    ) -> Answers<'a, RelationInterval> {
        Box::new(verbs::neighbors(self.state(), id, kind, direction))
    }

    fn contacts_of(&self, id: &Id, view: &str) -> Result<Vec<Contact>> {
        look(self, |lens| {
            let number = verbs::answerable(lens, id);
            number.map_or_else(Vec::new, |number| verbs::contacts_of(lens, number, view))
        })
    }

    fn entities(&self) -> Answers<'_, EntityDump> {
        Box::new(verbs::dump_entities(self.state()))
    }

    fn edges(&self) -> Answers<'_, EdgeDump> {
        Box::new(verbs::dump_edges(self.state()))
    }

    fn conflicts(&self) -> Answers<'_, EdgeDump> {
        let kept = |edge: &Result<EdgeDump>| edge.as_ref().map_or(true, verbs::is_conflict);
        Box::new(verbs::dump_edges(self.state()).filter(kept))
    }

    fn facts(&self) -> Answers<'_, Fact> {
        Box::new(verbs::all_facts(self.state()))
    }

    fn mark(&self, key: &str) -> Result<Option<String>> {
        Ok(self.state().marks.get(key).map(|(_, value)| value.clone()))
    }

    fn stats(&self) -> Result<Stats> {
        verbs::stats(self.state())
    }
}
