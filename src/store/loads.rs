//! What a lens has read of segments: kept until it is dropped, so that answers can borrow it.

use std::cell::OnceCell;

use elsa::FrozenMap;

use crate::error::{Error, Result};
use crate::records::{NodeNo, Pair, PairKey, Relation, RelationKey, Side, SideKey, Slot};

/// Records that were decoded, by their keys; `None` where there is nothing.
#[derive(Default)]
pub(in crate::store) struct Loads {
    pub(in crate::store) slots: FrozenMap<NodeNo, Box<Option<Slot>>>,
    pub(in crate::store) pairs: FrozenMap<PairKey, Box<Option<Pair>>>,
    pub(in crate::store) relations: FrozenMap<RelationKey, Box<Option<Relation>>>,
    pub(in crate::store) sides: FrozenMap<SideKey, Box<Option<Side>>>,
    fault: OnceCell<Error>,
}

impl Loads {
    /// The value, or nothing and the error remembered. The first stays.
    pub(in crate::store) fn caught<T>(&self, result: Result<T>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(error) => {
                // A second fault adds nothing to the first.
                drop(self.fault.set(error));
                None
            }
        }
    }

    /// The first damage that was met.
    pub(in crate::store) fn take_fault(&mut self) -> Option<Error> {
        self.fault.take()
    }

    /// How many records are held.
    pub(in crate::store) fn len(&self) -> usize {
        self.slots.len() + self.pairs.len() + self.relations.len() + self.sides.len()
    }
}
