//! A persistent sorted set of small copyable items: a handful side by side, or chunks of them.
//!
//! # Invariants
//!   O1 items are in ascending order across chunks; no chunk is empty; no chunk holds more than `CHUNK_MAX`.

use std::sync::Arc;

const CHUNK_MAX: usize = 512;

/// A persistent sorted set. A change copies one chunk and the list of chunks.
#[derive(Debug, Clone)]
pub(crate) enum SortedSet<T> {
    /// Up to `CHUNK_MAX` items.
    Few(Vec<T>),
    /// More.
    Many {
        /// The chunks.
        chunks: Arc<Vec<Arc<Vec<T>>>>,
        /// How many items they hold together.
        len: usize,
    },
}

impl<T> Default for SortedSet<T> {
    fn default() -> SortedSet<T> {
        SortedSet::Few(Vec::new())
    }
}

impl<T: Ord + Copy> SortedSet<T> {
    /// How many items there are.
    pub(crate) fn len(&self) -> usize {
        match self {
            SortedSet::Few(items) => items.len(),
            SortedSet::Many { len, .. } => *len,
        }
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The items in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = T> {
        let (few, many): (&[T], &[Arc<Vec<T>>]) = match self {
            SortedSet::Few(items) => (items, &[]),
            SortedSet::Many { chunks, .. } => (&[], chunks),
        };
        few.iter().copied().chain(many.iter().flat_map(|chunk| chunk.iter().copied()))
    }

    /// The greatest item.
    pub(crate) fn last(&self) -> Option<T> {
        match self {
            SortedSet::Few(items) => items.last().copied(),
            SortedSet::Many { chunks, .. } => chunks.last().and_then(|chunk| chunk.last()).copied(),
        }
    }

    /// The items from `least` on, in order.
    pub(crate) fn iter_from(&self, least: T) -> impl Iterator<Item = T> {
        let (few, many): (&[T], &[Arc<Vec<T>>]) = match self {
            SortedSet::Few(items) => (items, &[]),
            SortedSet::Many { chunks, .. } => (&[], chunks),
        };
        let few = few.get(few.partition_point(|item| *item < least)..).unwrap_or_default();
        let from = many.partition_point(|chunk| chunk.last().is_some_and(|last| *last < least));
        let many = many.get(from..).unwrap_or_default();
        let many = many.iter().flat_map(|chunk| chunk.iter().copied()).skip_while(move |item| *item < least);
        few.iter().copied().chain(many)
    }

    /// The first item from `least` on.
    pub(crate) fn first_from(&self, least: T) -> Option<T> {
        let items: &[T] = match self {
            SortedSet::Few(items) => items,
            SortedSet::Many { chunks, .. } => {
                let at = chunks.partition_point(|chunk| chunk.last().is_some_and(|last| *last < least));
                chunks.get(at)?
            }
        };
        items.get(items.partition_point(|item| *item < least)).copied()
    }

    /// Adds an item; whether it is new.
    pub(crate) fn insert(&mut self, item: T) -> bool {
        match self {
            SortedSet::Few(items) => {
                let Err(at) = items.binary_search(&item) else { return false };
                items.insert(at, item);
                if items.len() > CHUNK_MAX {
                    let second = items.split_off(CHUNK_MAX / 2);
                    let len = items.len() + second.len();
                    let chunks = vec![Arc::new(std::mem::take(items)), Arc::new(second)];
                    *self = SortedSet::Many { chunks: Arc::new(chunks), len };
                }
                true
            }
            SortedSet::Many { chunks, len } => {
                let chunks = Arc::make_mut(chunks);
                let after = chunks.partition_point(|chunk| chunk.last().is_some_and(|last| *last < item));
                let place = after.min(chunks.len().saturating_sub(1));
                let Some(chunk) = chunks.get_mut(place) else { return false };
                let Err(at) = chunk.binary_search(&item) else { return false };
                let chunk = Arc::make_mut(chunk);
                chunk.insert(at, item);
                if chunk.len() > CHUNK_MAX {
                    // Appending is the common case: leave the full part behind it full.
                    let half = if at + 1 == chunk.len() { CHUNK_MAX } else { CHUNK_MAX / 2 };
                    let second = chunk.split_off(half);
                    chunks.insert(place + 1, Arc::new(second));
                }
                *len += 1;
                true
            }
        }
    }

    /// Removes an item; whether it was there.
    pub(crate) fn remove(&mut self, item: T) -> bool {
        match self {
            SortedSet::Few(items) => {
                let Ok(at) = items.binary_search(&item) else { return false };
                items.remove(at);
                true
            }
            SortedSet::Many { chunks, len } => {
                let chunks = Arc::make_mut(chunks);
                let place = chunks.partition_point(|chunk| chunk.last().is_some_and(|last| *last < item));
                let Some(chunk) = chunks.get_mut(place) else { return false };
                let Ok(at) = chunk.binary_search(&item) else { return false };
                let chunk = Arc::make_mut(chunk);
                chunk.remove(at);
                if chunk.is_empty() {
                    chunks.remove(place);
                }
                *len -= 1;
                if *len <= CHUNK_MAX / 4 {
                    *self = SortedSet::Few(self.iter().collect());
                }
                true
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn agrees_with_a_plain_set_through_growth_and_shrinking() {
        let mut set = SortedSet::default();
        let mut plain = BTreeSet::new();
        let mut state = 7_u64;
        for round in 0..60_000_u32 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let item = (state >> 48) as u32 % 9_000;
            let grows = if round < 30_000 { state >> 20 & 7 != 0 } else { state >> 20 & 7 == 0 };
            if grows {
                assert_eq!(set.insert(item), plain.insert(item));
            } else {
                assert_eq!(set.remove(item), plain.remove(&item));
            }
            assert_eq!(set.len(), plain.len());
            assert_eq!(set.last(), plain.last().copied());
            if round % 64 == 0 {
                assert!(set.iter_from(item).eq(plain.range(item..).copied()));
            }
            assert_eq!(set.first_from(item), plain.range(item..).next().copied());
        }
        assert!(set.iter().eq(plain.iter().copied()));
        for item in plain {
            assert!(set.remove(item));
        }
        assert!(set.is_empty());
    }
}
