//! A sorted list that may lie in part in segments: what was told since, on top of what lies below.
//!
//! # Invariants
//!   K1 while nothing lies below, `here` is the whole list; else the list is what lies below, without `gone`,
//!      and `here`.
//!   K2 `len` counts the items of the whole list: nothing is inserted twice, and what is removed was in it.

use std::fmt::Debug;

use crate::records::persist::SortedSet;

/// Items of a list that a segment still holds beside its owner; longer ones lie below (`store::image`).
const BESIDE_MAX: usize = 64;

/// What may be in a list.
pub(crate) trait ListItem: Ord + Copy + Debug {}

impl<T: Ord + Copy + Debug> ListItem for T {}

/// A sorted list.
#[derive(Debug, Clone)]
pub(crate) struct List<T> {
    here: SortedSet<T>,
    len: u32,
    /// Part of it lies below; what of that is gone.
    gone: Option<Box<SortedSet<T>>>,
}

impl<T> Default for List<T> {
    fn default() -> List<T> {
        List { here: SortedSet::default(), len: 0, gone: None }
    }
}

impl<T: ListItem> List<T> {
    /// A list that lies below with `len` items.
    pub(crate) fn below(len: u32) -> List<T> {
        List { here: SortedSet::default(), len, gone: Some(Box::default()) }
    }

    /// A list of what was told since on top of what lies below, of which nothing is gone and which is not counted.
    pub(crate) fn over(here: SortedSet<T>) -> List<T> {
        let len = u32::try_from(here.len()).unwrap_or(u32::MAX);
        List { here, len, gone: Some(Box::default()) }
    }

    /// How many items there are.
    pub(crate) fn len(&self) -> usize {
        self.len as usize
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whether part of it lies below.
    pub(crate) fn lies_below(&self) -> bool {
        self.gone.is_some()
    }

    /// Whether a segment that is written of it holds it in rows, so that it lies below then.
    pub(crate) fn goes_below(&self) -> bool {
        self.lies_below() || self.len() > BESIDE_MAX
    }

    /// A list on top of this one, to which this one lies below once it is in a segment; else a copy.
    pub(crate) fn on_top(&self) -> List<T> {
        if self.goes_below() { List::below(self.len) } else { self.clone() }
    }

    /// What was told since what lies below, or all of it (K1).
    pub(crate) fn here(&self) -> &SortedSet<T> {
        &self.here
    }

    /// Whether an item that lies below is gone.
    pub(crate) fn is_gone(&self, item: T) -> bool {
        self.gone.as_ref().is_some_and(|gone| gone.first_from(item) == Some(item))
    }

    /// What of the list below is gone.
    pub(crate) fn gone(&self) -> impl Iterator<Item = T> {
        self.gone.iter().flat_map(|gone| gone.iter())
    }

    /// Adds an item that is not in the list.
    pub(crate) fn insert(&mut self, item: T) {
        let is_new = self.here.insert(item);
        if let Some(gone) = &mut self.gone {
            gone.remove(item);
        }
        self.len += u32::from(is_new);
    }

    /// Removes an item that is in the list.
    pub(crate) fn remove(&mut self, item: T) {
        let was_here = self.here.remove(item);
        if let Some(gone) = &mut self.gone {
            gone.insert(item);
            self.len = self.len.saturating_sub(1);
        } else {
            self.len -= u32::from(was_here);
        }
    }
}

impl<T: ListItem> List<T> {
    /// A list that is here whole, of items in ascending order.
    pub(crate) fn from_sorted(items: Vec<T>) -> List<T> {
        let len = u32::try_from(items.len()).unwrap_or(u32::MAX);
        List { here: SortedSet::from_sorted(items), len, gone: None }
    }
}

impl<T: ListItem> FromIterator<T> for List<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> List<T> {
        let mut list = List::default();
        for item in items {
            list.insert(item);
        }
        list
    }
}
