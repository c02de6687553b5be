//! relations: every interval of every relation.

use crate::engine::answer::RelationInterval;
use crate::engine::facts::flatten;
use crate::engine::read::Answers;
use crate::engine::relations::{groups_from, intervals_between, read_intervals, relation_key};
use crate::error::Result;
use crate::model::{Id, RelationKind, When};
use crate::records::{NodeNo, RelationGroup};
use crate::store::{Lens, RelationWalk, Source, State};

/// An interval of a relation, with its kind. Debug shows no attributes: some are private.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RelationSpell {
    /// The kind.
    pub kind: RelationKind,
    /// The numbers of its ends `from` and `to`.
    pub ends: (u64, u64),
    /// An end is kept and not answered.
    pub restricted: bool,
    /// Its ends, since when, until when, and the attributes at the end.
    pub interval: RelationInterval,
}

fn spells(
    kind: &RelationKind,
    (from, to): (NodeNo, NodeNo),
    restricted: bool,
    intervals: Vec<RelationInterval>,
) -> impl Iterator<Item = RelationSpell> + use<> {
    let (kind, ends) = (kind.clone(), (u64::from(from), u64::from(to)));
    intervals.into_iter().map(move |interval| RelationSpell {
        kind: kind.clone(),
        ends,
        restricted,
        interval,
    })
}

/// The relations that begin at a node, in order of their kinds' first appearance and the other ends' numbers.
pub(crate) fn relations_from(source: &impl Source, number: NodeNo) -> Vec<RelationSpell> {
    let mut all = Vec::new();
    for group in groups_from(source, number) {
        let Ok(kind) = RelationKind::parse(source.text(group.kind)) else { continue };
        for other in source.related(number, group) {
            let key = relation_key(group.kind, group.direction, number, other);
            let ends = [number, other].map(|end| source.node(end));
            let restricted = ends.into_iter().flatten().any(|node| node.restricted);
            all.extend(spells(&kind, (number, other), restricted, read_intervals(source, key, When::Ever)));
        }
    }
    all
}

/// Every relation, in order of the numbers of where they begin. Of a hub nothing is read ahead.
pub(crate) fn relations(state: &State) -> impl Iterator<Item = Result<RelationSpell>> + '_ {
    let mut lens = Lens::on(state);
    let begun = move |number| flatten(lens.ask(|lens| begin_from(lens, number)));
    (0..state.number_count).flat_map(begun).flat_map(move |begun| -> Answers<'_, RelationSpell> {
        match begun {
            Ok((from, group)) => Box::new(Walk::begin(state, from, group)),
            Err(error) => Box::new(std::iter::once(Err(error))),
        }
    })
}

/// The lists of the relations that begin at a node.
fn begin_from(source: &impl Source, number: NodeNo) -> Vec<(From, RelationGroup)> {
    let Some(node) = source.node(number) else { return Vec::new() };
    let from = || From { number, id: node.id.clone(), restricted: node.restricted };
    groups_from(source, number).map(|group| (from(), group.clone())).collect()
}

/// Where relations begin.
struct From {
    number: NodeNo,
    id: Id,
    restricted: bool,
}

/// The relations of one list.
struct Walk<'s> {
    from: From,
    kind: Option<RelationKind>,
    /// `None` after the last, and after an error.
    walk: Option<Result<RelationWalk<'s>>>,
    /// Intervals of the last relation that are still to be given.
    ready: std::vec::IntoIter<RelationSpell>,
    /// Asked of what the state itself holds, which loads nothing.
    lens: Lens<&'s State>,
}

impl<'s> Walk<'s> {
    fn begin(state: &'s State, from: From, group: RelationGroup) -> Walk<'s> {
        let walk = RelationWalk::new(state, (from.number, group.kind, group.direction), group.links);
        let kind = RelationKind::parse(state.text(group.kind)).ok();
        Walk { from, kind, walk: Some(walk), ready: Vec::new().into_iter(), lens: Lens::on(state) }
    }

    /// The intervals of the next relation; `None` after the last.
    fn step(&mut self) -> Result<Option<Vec<RelationSpell>>> {
        let (Some(walk), Some(kind)) = (self.walk.take(), &self.kind) else { return Ok(None) };
        let mut walk = walk?;
        let Some(related) = walk.next()? else { return Ok(None) };
        self.walk = Some(Ok(walk));
        let From { number, id, restricted } = &self.from;
        let intervals = intervals_between(&self.lens, &related.relation, (id, &related.other), When::Ever);
        let restricted = *restricted || related.restricted;
        Ok(Some(spells(kind, (*number, related.number), restricted, intervals).collect()))
    }
}

impl Iterator for Walk<'_> {
    type Item = Result<RelationSpell>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(spell) = self.ready.next() {
                return Some(Ok(spell));
            }
            match self.step() {
                Ok(Some(spells)) => self.ready = spells.into_iter(),
                Ok(None) => return None,
                Err(error) => return Some(Err(error)),
            }
        }
    }
}
