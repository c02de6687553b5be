//! Which ids the delta may answer for: a Bloom filter that grows with it and is shared by its clones.
//!
//! # Invariants
//!   F1 an id that was added is always found; one that was not is found seldom (one in 200 or so).
//!   F2 an id whose entity changed since the layers below is found, so that one that is not found may be
//!      answered from a segment without another look.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Ids the first part is made for; each part after it holds four times as many.
const FIRST_IDS: usize = 1 << 15;
/// Bits an id.
const BITS_AN_ID: usize = 16;
/// Words of a block: one cache line.
const BLOCK_WORDS: usize = 8;
/// Bits set for an id, each in a word of its own.
const PROBES: u32 = 5;

struct Part {
    words: Vec<AtomicU64>,
    capacity: usize,
}

impl Part {
    fn new(capacity: usize) -> Part {
        let words = (capacity * BITS_AN_ID / 64).next_multiple_of(BLOCK_WORDS);
        Part { words: (0..words).map(|_| AtomicU64::new(0)).collect(), capacity }
    }

    /// The bits of a hash: (word, mask).
    fn probes(&self, hash: u64) -> impl Iterator<Item = (Option<&AtomicU64>, u64)> {
        let blocks = (self.words.len() / BLOCK_WORDS) as u64;
        let block = ((hash >> 32) * blocks) >> 32;
        let start = block as usize * BLOCK_WORDS;
        (0..PROBES).map(move |probe| {
            let bits = hash.rotate_left(probe * 9).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 55;
            let word = (probe as usize + (bits as usize >> 6)) % BLOCK_WORDS;
            (self.words.get(start + word), 1 << (bits & 63))
        })
    }
}

/// The filter. A clone sees what is added to its origin later, which does no harm (F1).
#[derive(Clone, Default)]
pub(crate) struct Filter {
    parts: Vec<Arc<Part>>,
    /// Ids added to the last part.
    count: usize,
}

impl Filter {
    /// Adds an id by its hash.
    pub(crate) fn add(&mut self, hash: u64) {
        if self.parts.last().is_none_or(|part| self.count >= part.capacity) {
            let capacity = self.parts.last().map_or(FIRST_IDS, |part| part.capacity * 4);
            self.parts.push(Arc::new(Part::new(capacity)));
            self.count = 0;
        }
        self.count += 1;
        for (word, mask) in self.parts.last().iter().flat_map(|part| part.probes(hash)) {
            if let Some(word) = word {
                word.fetch_or(mask, Ordering::Relaxed);
            }
        }
    }

    /// Whether an id may have been added.
    pub(crate) fn may_hold(&self, hash: u64) -> bool {
        let holds = |word: Option<&AtomicU64>, mask| {
            word.is_none_or(|word| word.load(Ordering::Relaxed) & mask == mask)
        };
        // Most are in the last part, which is the largest.
        self.parts.iter().rev().any(|part| part.probes(hash).all(|(word, mask)| holds(word, mask)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(number: u64) -> u64 {
        twox_hash::XxHash3_64::oneshot(&number.to_le_bytes())
    }

    #[test]
    fn what_was_added_is_found_and_little_else() {
        let mut filter = Filter::default();
        assert!(!filter.may_hold(hash(1)));
        for number in 0..200_000 {
            filter.add(hash(number));
        }
        assert!((0..200_000).all(|number| filter.may_hold(hash(number))));
        let wrong = (200_000..400_000).filter(|number| filter.may_hold(hash(*number))).count();
        assert!(wrong < 4_000, "{wrong} of 200,000 ids that were not added are found");
    }
}
