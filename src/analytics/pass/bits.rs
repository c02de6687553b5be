//! A bit for each number ever given to an id, which threads set together.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::records::NodeNo;

const WORD: NodeNo = 64;

/// Numbers of which something is so.
#[derive(Default)]
pub(crate) struct Bits {
    words: Vec<AtomicU64>,
}

impl Bits {
    /// None of so many.
    pub(crate) fn none_of(numbers: NodeNo) -> Bits {
        Bits { words: (0..numbers.div_ceil(WORD)).map(|_| AtomicU64::new(0)).collect() }
    }

    /// Notes a number; one that there is no room for is not noted.
    pub(crate) fn set(&self, number: NodeNo) {
        if let Some(word) = self.words.get((number / WORD) as usize) {
            word.fetch_or(1 << (number % WORD), Ordering::Relaxed);
        }
    }

    /// Whether a number was noted.
    pub(crate) fn has(&self, number: NodeNo) -> bool {
        let word = self.words.get((number / WORD) as usize);
        word.is_some_and(|word| word.load(Ordering::Relaxed) >> (number % WORD) & 1 == 1)
    }

    /// How many words of 64 numbers there are.
    pub(crate) fn words(&self) -> usize {
        self.words.len()
    }

    /// The numbers noted in a word, in order.
    pub(crate) fn in_word(&self, word: usize) -> impl Iterator<Item = NodeNo> {
        let bits = self.words.get(word).map_or(0, |word| word.load(Ordering::Relaxed));
        let set = (0..WORD).filter(move |bit| bits >> bit & 1 == 1);
        set.map(move |bit| word as NodeNo * WORD + bit)
    }
}
