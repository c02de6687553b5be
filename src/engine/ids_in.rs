//! ids_in: every id of a kind and scope, one by one; no other ids are looked at.

use crate::engine::resolve::answerable;
use crate::engine::translate::canonical;
use crate::error::Result;
use crate::model::{Id, KindScope};
use crate::records::{ListKey, NodeNo};
use crate::store::{Lens, ListWalk, Source, State};

/// The ids of a space, in order of their numbers; restricted ones are not answered.
pub(crate) fn ids_in<'s>(state: &'s State, space: &KindScope) -> impl Iterator<Item = Result<Id>> + use<'s> {
    let renamed = Lens::on(state).answer(|lens| canonical(lens, space));
    let begun = renamed.map(|renamed| {
        let space = renamed.unwrap_or_else(|| space.clone());
        IdsIn { lens: Lens::on(state), numbers: numbers_in(state, &space), space, is_over: false }
    });
    let (ids, error) = match begun {
        Ok(ids) => (Some(ids), None),
        Err(error) => (None, Some(Err(error))),
    };
    error.into_iter().chain(ids.into_iter().flatten())
}

/// The numbers that ids of a space, as it is spelled, ever had, in order.
pub(crate) fn numbers_in<'s>(
    state: &'s State,
    space: &KindScope,
) -> impl Iterator<Item = Result<NodeNo>> + use<'s> {
    let walk = state.sym(space.as_str()).map(|sym| ListWalk::posted(state, ListKey::Space(sym)));
    let (mut walk, error) = match walk.transpose() {
        Ok(walk) => (walk, None),
        Err(error) => (None, Some(Err(error))),
    };
    let numbers = std::iter::from_fn(move || {
        let next = walk.as_mut()?.next().transpose();
        if !matches!(next, Some(Ok(_))) {
            walk = None;
        }
        next
    });
    error.into_iter().chain(numbers)
}

/// The id of a number, if it is of this space and may be answered.
pub(crate) fn id_of_space(source: &impl Source, number: NodeNo, space: &KindScope) -> Option<Id> {
    let node = source.node(number).filter(|node| node.id.space() == space.as_str())?;
    answerable(source, &node.id).map(|_| node.id.clone())
}

struct IdsIn<'s, N> {
    lens: Lens<&'s State>,
    numbers: N,
    space: KindScope,
    /// After the last, and after an error.
    is_over: bool,
}

impl<N: Iterator<Item = Result<NodeNo>>> IdsIn<'_, N> {
    /// The next one, or that there is none.
    fn step(&mut self) -> Result<Option<Id>> {
        for number in self.numbers.by_ref() {
            let number = number?;
            let found = self.lens.ask(|lens| id_of_space(lens, number, &self.space))?;
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }
}

impl<N: Iterator<Item = Result<NodeNo>>> Iterator for IdsIn<'_, N> {
    type Item = Result<Id>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        let found = self.step().transpose();
        self.is_over = !matches!(found, Some(Ok(_)));
        found
    }
}
