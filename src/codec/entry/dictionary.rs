//! Texts that repeat within a commit, written once and then by number.
//!
//! # Invariants
//!   Y1 a text is written where it occurs first and never again: a reader refuses a second one, so that a
//!      commit has one encoding.

use hashbrown::{HashMap, HashSet};

use crate::codec::bytes::{Reader, What, Writer};

/// The writing side.
#[derive(Default)]
pub(super) struct Numbering<'a> {
    numbers: HashMap<&'a str, u64>,
    /// The text asked for last: most facts of a commit come from one source and lie in two spaces.
    last: [Option<(&'a str, u64)>; 2],
}

impl<'a> Numbering<'a> {
    /// Writes a text by its number, or as it is the first time.
    pub(super) fn write(&mut self, text: &'a str, to: &mut Writer) {
        if let Some((_, number)) = self.last.iter().flatten().find(|(known, _)| *known == text) {
            return to.varint(*number);
        }
        let next = self.numbers.len() as u64 + 1;
        let number = *self.numbers.entry(text).or_insert(next);
        let [newest, _] = self.last;
        self.last = [Some((text, number)), newest];
        if number == next {
            to.varint(0);
            to.text(text);
        } else {
            to.varint(number);
        }
    }
}

/// The reading side; keeps what each text was read as.
pub(super) struct Texts<'a, T> {
    known: Vec<T>,
    seen: HashSet<&'a str>,
}

impl<T> Default for Texts<'_, T> {
    fn default() -> Self {
        Texts { known: Vec::new(), seen: HashSet::new() }
    }
}

impl<'a, T> Texts<'a, T> {
    /// Reads a text by its number, or as it is the first time, when `make` turns it into what is kept.
    pub(super) fn read(
        &mut self,
        from: &mut Reader<'a>,
        make: impl Fn(&'a str) -> Result<T, What>,
    ) -> Result<&T, What> {
        let place = match from.varint()? {
            0 => {
                let text = from.text()?;
                if !self.seen.insert(text) {
                    return Err("a text written out twice");
                }
                self.known.push(make(text)?);
                self.known.len() - 1
            }
            number => usize::try_from(number - 1).map_err(|_| "a reference to no text")?,
        };
        self.known.get(place).ok_or("a reference to no text")
    }
}
