//! A persistent sorted set of small copyable items: a handful side by side, or chunks of them in blocks.
//!
//! # Invariants
//!   O1 items are in ascending order across chunks and blocks; none of either is empty; a chunk holds at most
//!      `CHUNK_MAX` items and a block at most `BLOCK_MAX` chunks.

use std::slice;
use std::sync::Arc;

/// Most items of a chunk.
const CHUNK_MAX: usize = 128;
/// Most chunks of a block.
const BLOCK_MAX: usize = 128;

type Chunk<T> = Arc<Vec<T>>;
type Block<T> = Arc<Vec<Chunk<T>>>;

/// A persistent sorted set. A change copies one chunk, one block and the list of blocks.
#[derive(Debug, Clone)]
pub(crate) enum SortedSet<T> {
    /// Up to `CHUNK_MAX` items.
    Few(Vec<T>),
    /// More.
    Many {
        /// The blocks of chunks.
        blocks: Arc<Vec<Block<T>>>,
        /// How many items they hold together.
        len: usize,
    },
}

/// A walk over the items of a set, in order.
#[derive(Debug, Clone)]
pub(crate) struct Items<'s, T> {
    here: slice::Iter<'s, T>,
    chunks: slice::Iter<'s, Chunk<T>>,
    blocks: slice::Iter<'s, Block<T>>,
}

impl<T: Copy> Iterator for Items<'_, T> {
    type Item = T;

    #[inline]
    fn next(&mut self) -> Option<T> {
        loop {
            if let Some(item) = self.here.next() {
                return Some(*item);
            }
            match self.chunks.next() {
                Some(chunk) => self.here = chunk.iter(),
                None => self.chunks = self.blocks.next()?.iter(),
            }
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let is_last = self.chunks.len() == 0 && self.blocks.len() == 0;
        (self.here.len(), is_last.then(|| self.here.len()))
    }
}

impl<T> Default for SortedSet<T> {
    fn default() -> SortedSet<T> {
        SortedSet::Few(Vec::new())
    }
}

/// Splits a list that grew past its limit; appending is the common case and leaves the first part full.
fn split<T>(items: &mut Vec<T>, at: usize, limit: usize) -> Option<Vec<T>> {
    let appended = at + 1 == items.len();
    (items.len() > limit).then(|| items.split_off(if appended { limit } else { limit / 2 }))
}

impl<T: Ord + Copy> SortedSet<T> {
    /// A set of items in ascending order.
    pub(crate) fn from_sorted(items: Vec<T>) -> SortedSet<T> {
        if items.len() <= CHUNK_MAX {
            return SortedSet::Few(items);
        }
        let len = items.len();
        let chunks: Vec<Chunk<T>> = items.chunks(CHUNK_MAX).map(|chunk| Arc::new(chunk.to_vec())).collect();
        let blocks = chunks.chunks(BLOCK_MAX).map(|block| Arc::new(block.to_vec())).collect();
        SortedSet::Many { blocks: Arc::new(blocks), len }
    }

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

    fn parts(&self) -> (&[T], &[Block<T>]) {
        match self {
            SortedSet::Few(items) => (items, &[]),
            SortedSet::Many { blocks, .. } => (&[], blocks),
        }
    }

    /// The items in order.
    pub(crate) fn iter(&self) -> Items<'_, T> {
        let (few, blocks) = self.parts();
        Items { here: few.iter(), chunks: [].iter(), blocks: blocks.iter() }
    }

    /// The greatest item.
    #[cfg(test)]
    pub(crate) fn last(&self) -> Option<T> {
        let (few, blocks) = self.parts();
        match blocks.last() {
            Some(block) => last_of(block),
            None => few.last().copied(),
        }
    }

    /// The items from `least` on, in order.
    #[cfg(test)]
    pub(crate) fn iter_from(&self, least: T) -> impl Iterator<Item = T> {
        let (few, blocks) = self.parts();
        let few = few.get(few.partition_point(|item| *item < least)..).unwrap_or_default();
        let from = blocks.partition_point(|block| last_of(block).is_some_and(|last| last < least));
        let chunks = blocks.get(from..).unwrap_or_default().iter().flat_map(|block| block.iter());
        let rest = chunks.skip_while(move |chunk| chunk.last().is_some_and(|last| *last < least));
        let rest = rest.flat_map(|chunk| chunk.iter().copied()).skip_while(move |item| *item < least);
        few.iter().copied().chain(rest)
    }

    /// The first item from `least` on.
    pub(crate) fn first_from(&self, least: T) -> Option<T> {
        self.some_from(least).first().copied()
    }

    /// The first few items from `least` on, as many as lie side by side; none if there are no more.
    pub(crate) fn some_from(&self, least: T) -> &[T] {
        let (few, blocks) = self.parts();
        let chunk = || {
            let at = blocks.partition_point(|block| last_of(block).is_some_and(|last| last < least));
            let block = blocks.get(at)?;
            block.get(block.partition_point(|chunk| chunk.last().is_some_and(|last| *last < least)))
        };
        let items: &[T] = if blocks.is_empty() { few } else { chunk().map_or(&[][..], |chunk| chunk) };
        items.get(items.partition_point(|item| *item < least)..).unwrap_or_default()
    }

    /// Adds an item; whether it is new.
    pub(crate) fn insert(&mut self, item: T) -> bool {
        match self {
            SortedSet::Few(items) => {
                let Err(at) = items.binary_search(&item) else { return false };
                items.insert(at, item);
                if let Some(second) = split(items, 0, CHUNK_MAX) {
                    let len = items.len() + second.len();
                    let chunks = vec![Arc::new(std::mem::take(items)), Arc::new(second)];
                    *self = SortedSet::Many { blocks: Arc::new(vec![Arc::new(chunks)]), len };
                }
                true
            }
            SortedSet::Many { blocks, len } => {
                let is_new = insert_into(Arc::make_mut(blocks), item);
                *len += usize::from(is_new);
                is_new
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
            SortedSet::Many { blocks, len } => {
                if !remove_from(Arc::make_mut(blocks), item) {
                    return false;
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

fn last_of<T: Copy>(block: &Block<T>) -> Option<T> {
    block.last().and_then(|chunk| chunk.last()).copied()
}

/// The block and the chunk an item is in, or would be put into.
fn place_of<T: Ord + Copy>(blocks: &[Block<T>], item: T) -> Option<(usize, usize)> {
    let block = blocks.partition_point(|block| last_of(block).is_some_and(|last| last < item));
    let block = block.min(blocks.len().checked_sub(1)?);
    let chunks = blocks.get(block)?;
    let chunk = chunks.partition_point(|chunk| chunk.last().is_some_and(|last| *last < item));
    Some((block, chunk.min(chunks.len().checked_sub(1)?)))
}

fn insert_into<T: Ord + Copy>(blocks: &mut Vec<Block<T>>, item: T) -> bool {
    let Some((block_at, chunk_at)) = place_of(blocks, item) else { return false };
    let Some(block) = blocks.get_mut(block_at) else { return false };
    let Some(chunk) = block.get(chunk_at) else { return false };
    let Err(at) = chunk.binary_search(&item) else { return false };
    let chunks = Arc::make_mut(block);
    let Some(chunk) = chunks.get_mut(chunk_at).map(Arc::make_mut) else { return false };
    chunk.insert(at, item);
    if let Some(second) = split(chunk, at, CHUNK_MAX) {
        chunks.insert(chunk_at + 1, Arc::new(second));
        if let Some(second) = split(chunks, chunk_at + 1, BLOCK_MAX) {
            blocks.insert(block_at + 1, Arc::new(second));
        }
    }
    true
}

fn remove_from<T: Ord + Copy>(blocks: &mut Vec<Block<T>>, item: T) -> bool {
    let Some((block_at, chunk_at)) = place_of(blocks, item) else { return false };
    let Some(block) = blocks.get_mut(block_at) else { return false };
    let Some(chunk) = block.get(chunk_at) else { return false };
    let Ok(at) = chunk.binary_search(&item) else { return false };
    let chunks = Arc::make_mut(block);
    let Some(chunk) = chunks.get_mut(chunk_at).map(Arc::make_mut) else { return false };
    chunk.remove(at);
    if chunk.is_empty() {
        chunks.remove(chunk_at);
        if chunks.is_empty() {
            blocks.remove(block_at);
        }
    }
    true
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
        for round in 0..240_000_u32 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let item = (state >> 48) as u32 % 40_000;
            let grows = if round < 120_000 { state >> 20 & 7 != 0 } else { state >> 20 & 7 == 0 };
            if grows {
                assert_eq!(set.insert(item), plain.insert(item));
            } else {
                assert_eq!(set.remove(item), plain.remove(&item));
            }
            assert_eq!(set.len(), plain.len());
            assert_eq!(set.last(), plain.last().copied());
            if round % 1_024 == 0 {
                assert!(set.iter_from(item).eq(plain.range(item..).copied()));
                let some = set.some_from(item);
                assert!(plain.range(item..).copied().take(some.len()).eq(some.iter().copied()));
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
