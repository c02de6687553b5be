//! neighbors: what is related to an id, one by one, also where that are millions; and how many.

use crate::engine::answer::RelationInterval;
use crate::engine::facts::flatten;
use crate::engine::relations::{intervals_between, read_intervals};
use crate::engine::resolve::{answerable, forms_of};
use crate::error::{Error, Result};
use crate::model::{Direction, Id, RelationKind, When};
use crate::records::{NodeNo, RelationGroup, RelationKey};
use crate::store::{Lens, Related, RelationWalk, Source, State};

/// The intervals of an id's relations of one kind and direction; restricted ids are not answered.
pub(crate) fn neighbors<'s>(
    state: &'s State,
    id: &Id,
    kind: &RelationKind,
    direction: Direction,
    when: When,
) -> impl Iterator<Item = Result<RelationInterval>> + use<'s> {
    let begun = Lens::on(state).answer(|lens| groups(lens, id, kind, direction));
    let begun = flatten(begun).map(move |group| Neighbors::begin(state, group?, when));
    begun.flat_map(|neighbors| match neighbors {
        Ok(neighbors) => Answered::Each(Box::new(neighbors)),
        Err(error) => Answered::Failed(Some(error)),
    })
}

/// The lists of an id's relations of one kind and direction, with the nodes it stands at.
fn groups(
    source: &impl Source,
    id: &Id,
    kind: &RelationKind,
    direction: Direction,
) -> Vec<(NodeNo, Id, RelationGroup)> {
    let (Some(number), Some(kind)) = (answerable(source, id), source.sym(kind.name())) else {
        return Vec::new();
    };
    let group = |number| {
        let node = source.node(number)?;
        let mut groups = node.relations.iter();
        let group = groups.find(|group| (group.kind, group.direction) == (kind, direction))?;
        Some((number, node.id.clone(), group.clone()))
    };
    forms_of(source, number).into_iter().filter_map(group).collect()
}

/// The nodes at which an id has relations; none if it may not be answered.
pub(crate) fn related_forms(source: &impl Source, id: &Id) -> Vec<NodeNo> {
    answerable(source, id).map_or_else(Vec::new, |number| forms_of(source, number))
}

/// How many ids were ever told of as related to an id: the length of its list.
pub(crate) fn count_told(source: &impl Source, id: &Id, kind: &RelationKind, direction: Direction) -> u64 {
    groups(source, id, kind, direction).iter().map(|(_, _, group)| group.links.len() as u64).sum()
}

/// The intervals of a relation whose ends may both be answered.
pub(crate) fn answered_intervals(
    source: &impl Source,
    key: RelationKey,
    when: When,
) -> Vec<RelationInterval> {
    let answered = |id: &Id| answerable(source, id).is_some();
    let intervals = read_intervals(source, key, when).into_iter();
    intervals.filter(|interval| answered(&interval.from) && answered(&interval.to)).collect()
}

/// Either of the two, as one stream.
enum Answered<'s> {
    Each(Box<Neighbors<'s>>),
    Failed(Option<Error>),
}

impl Iterator for Answered<'_> {
    type Item = Result<RelationInterval>;

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Answered::Each(neighbors) => neighbors.next(),
            Answered::Failed(error) => error.take().map(Err),
        }
    }
}

/// The relations of one node.
struct Neighbors<'s> {
    state: &'s State,
    own: Id,
    direction: Direction,
    when: When,
    /// `None` after the last, and after an error.
    walk: Option<RelationWalk<'s>>,
    /// Intervals of the last relation that are still to be given.
    ready: std::vec::IntoIter<RelationInterval>,
    /// Asked of what the state itself holds, which loads nothing.
    lens: Lens<&'s State>,
}

impl<'s> Neighbors<'s> {
    fn begin(
        state: &'s State,
        (number, own, group): (NodeNo, Id, RelationGroup),
        when: When,
    ) -> Result<Neighbors<'s>> {
        let direction = group.direction;
        let walk = Some(RelationWalk::new(state, (number, group.kind, direction), group.links)?);
        let (ready, lens) = (Vec::new().into_iter(), Lens::on(state));
        Ok(Neighbors { state, own, direction, when, walk, ready, lens })
    }

    fn intervals(&self, related: &Related<'_>) -> Result<Vec<RelationInterval>> {
        if related.restricted {
            return Ok(Vec::new());
        }
        if self.state.topology.has_aliases() {
            // Another form of the id may be restricted.
            let is_answered = |lens: &Lens<&State>| answerable(lens, &related.other).is_some();
            if !Lens::on(self.state).answer(is_answered)? {
                return Ok(Vec::new());
            }
        }
        let ends = match self.direction {
            Direction::Out => (&self.own, &related.other),
            Direction::In => (&related.other, &self.own),
        };
        Ok(intervals_between(&self.lens, &related.relation, ends, self.when))
    }
}

impl Iterator for Neighbors<'_> {
    type Item = Result<RelationInterval>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(interval) = self.ready.next() {
                return Some(Ok(interval));
            }
            let next = self.walk.as_mut()?.next();
            let found = next.and_then(|related| related.map(|related| self.intervals(&related)).transpose());
            match found {
                Ok(Some(intervals)) => self.ready = intervals.into_iter(),
                Ok(None) => self.walk = None,
                Err(error) => {
                    self.walk = None;
                    return Some(Err(error));
                }
            }
        }
    }
}
