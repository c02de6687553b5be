//! What a lens has read of segments: kept until it is dropped, so that answers can borrow it.

use std::cell::{Cell, OnceCell};
use std::hash::Hash;

use elsa::FrozenMap;
use hashbrown::DefaultHashBuilder;

use crate::error::{Error, Result};
use crate::records::{NodeNo, Pair, PairKey, Relation, RelationKey, Side, SideKey, Slot};

/// Records by their keys, to which more are only added.
pub(in crate::store) struct Map<K, V> {
    map: FrozenMap<K, Box<Option<V>>, DefaultHashBuilder>,
    len: Cell<usize>,
}

impl<K: Eq + Hash, V> Default for Map<K, V> {
    fn default() -> Map<K, V> {
        Map { map: FrozenMap::default(), len: Cell::new(0) }
    }
}

impl<K: Eq + Hash, V> Map<K, V> {
    /// What is known of a key.
    pub(in crate::store) fn get(&self, key: &K) -> Option<&Option<V>> {
        self.map.get(key)
    }

    /// Notes what is known of a key, unless something is.
    pub(in crate::store) fn insert(&self, key: K, value: Option<V>) -> &Option<V> {
        self.len.set(self.len.get() + 1);
        self.map.insert(key, Box::new(value))
    }
}

/// Records that were decoded, by their keys; `None` where there is nothing.
#[derive(Default)]
pub(in crate::store) struct Loads {
    pub(in crate::store) slots: Map<NodeNo, Slot>,
    pub(in crate::store) pairs: Map<PairKey, Pair>,
    pub(in crate::store) relations: Map<RelationKey, Relation>,
    pub(in crate::store) sides: Map<SideKey, Side>,
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
        self.slots.len.get() + self.pairs.len.get() + self.relations.len.get() + self.sides.len.get()
    }
}
