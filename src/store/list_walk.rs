//! A walk over one list of a node, however long, that holds a few of its items and borrows no lens.

use crate::error::Result;
use crate::records::{List, ListKey, NodeNo};
use crate::segment::rows::ListsBelow;
use crate::store::hash::hash_list;
use crate::store::state::State;

/// The items of a list, in order.
pub(crate) struct ListWalk<'s> {
    list: List<NodeNo>,
    /// Some of what is here, the next one last.
    here: Vec<NodeNo>,
    /// Where to look for more of it.
    from: Option<NodeNo>,
    below: Below<'s>,
    /// The next of what lies below.
    next_below: Option<NodeNo>,
}

enum Below<'s> {
    Nothing,
    /// The same list in a delta below.
    Delta(Box<ListWalk<'s>>),
    Rows(ListsBelow<'s, NodeNo>),
}

impl Below<'_> {
    fn next(&mut self) -> Result<Option<NodeNo>> {
        match self {
            Below::Nothing => Ok(None),
            Below::Delta(walk) => walk.next(),
            Below::Rows(rows) => rows.next(),
        }
    }
}

impl<'s> ListWalk<'s> {
    /// Begins to walk over a list of a node as the state has it.
    pub(crate) fn new(state: &'s State, key: ListKey, list: List<NodeNo>) -> Result<ListWalk<'s>> {
        let frozen = state.frozen_list(key).filter(|_| list.lies_below());
        match frozen {
            Some(frozen) => {
                let frozen = ListWalk::on_rows(state, key, frozen.clone())?;
                ListWalk::on(list, Below::Delta(Box::new(frozen)))
            }
            None => ListWalk::on_rows(state, key, list),
        }
    }

    /// Begins to walk over the nodes that a source, a batch or a space was noted at.
    pub(crate) fn posted(state: &'s State, key: ListKey) -> Result<ListWalk<'s>> {
        let mut below = Below::Rows(ListsBelow::new(state.layers.segments(), key)?);
        let deltas = [state.layers.frozen().map(|frozen| &**frozen), Some(&state.delta)];
        for delta in deltas.into_iter().flatten() {
            if let Some((_, nodes)) = delta.postings.find(hash_list(key), |(known, _)| *known == key) {
                let walk = ListWalk::on(List::over(nodes.clone()), below)?;
                below = Below::Delta(Box::new(walk));
            }
        }
        ListWalk::on(List::default(), below)
    }

    fn on_rows(state: &'s State, key: ListKey, list: List<NodeNo>) -> Result<ListWalk<'s>> {
        let below = if list.lies_below() {
            Below::Rows(ListsBelow::new(state.layers.segments(), key)?)
        } else {
            Below::Nothing
        };
        ListWalk::on(list, below)
    }

    fn on(list: List<NodeNo>, below: Below<'s>) -> Result<ListWalk<'s>> {
        let mut walk = ListWalk { list, here: Vec::new(), from: Some(0), below, next_below: None };
        walk.fill();
        walk.step_below()?;
        Ok(walk)
    }

    /// The next item. After an error there is none.
    pub(crate) fn next(&mut self) -> Result<Option<NodeNo>> {
        let here = self.here.last().copied();
        let next = match (here, self.next_below) {
            (Some(here), Some(below)) => Some(here.min(below)),
            (one, other) => one.or(other),
        };
        if next.is_some() && here == next {
            self.here.pop();
            self.fill();
        }
        if next.is_some() && self.next_below == next {
            self.step_below()?;
        }
        Ok(next)
    }

    fn fill(&mut self) {
        let Some(from) = self.from.filter(|_| self.here.is_empty()) else { return };
        self.here.extend(self.list.here().some_from(from).iter().rev());
        self.from = self.here.first().and_then(|last| last.checked_add(1));
    }

    fn step_below(&mut self) -> Result<()> {
        let stepped = loop {
            match self.below.next() {
                Ok(Some(item)) if self.list.is_gone(item) => {}
                stepped => break stepped,
            }
        };
        if stepped.is_err() {
            (self.here, self.from, self.below) = (Vec::new(), None, Below::Nothing);
        }
        self.next_below = stepped.as_ref().map_or(None, |item| *item);
        stepped.map(drop)
    }
}
