//! A transaction: facts that become one commit, or nothing.

use std::fmt;

use crate::engine::{Change, Erased, apply, undo};
use crate::error::Result;
use crate::model::Fact;
use crate::observe::FactsSeen;

/// What became of an accepted fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Outcome {
    /// It is part of the commit.
    Recorded,
    /// The graph knew it (or something that says more): nothing is written.
    AlreadyKnown,
}

/// Collects the facts of one commit; they act one by one, in order.
pub struct Tx {
    pub(crate) change: Change,
    /// What became of the facts so far.
    told: FactsSeen,
}

impl fmt::Debug for Tx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tx").field("facts", &self.len()).finish_non_exhaustive()
    }
}

impl Tx {
    pub(crate) fn new(change: Change) -> Tx {
        Tx { change, told: FactsSeen::default() }
    }

    /// What became of the facts so far.
    pub(crate) fn told(&self) -> FactsSeen {
        self.told
    }

    fn tell(&mut self, told: &Result<bool>) {
        match told {
            Ok(true) => self.told.recorded += 1,
            Ok(false) => self.told.already_known += 1,
            Err(_) => self.told.refused += 1,
        }
    }

    /// Adds a fact. A refused fact leaves no trace: the transaction goes on without it if you ignore the
    /// error.
    ///
    /// # Errors
    /// `InvalidFact`, `InvalidId`, `ImplausibleTime`, `Erased`, `ScopeMismatch`: the fact was refused.
    /// `TooLarge`: the graph is full, and the commit will fail.
    pub fn apply(&mut self, fact: &Fact) -> Result<Outcome> {
        let told = apply(&mut self.change, fact);
        self.tell(&told);
        Ok(if told? { Outcome::Recorded } else { Outcome::AlreadyKnown })
    }

    /// Undoes an earlier commit: whatever it told counts no more - evidence, relations, answers, bans, blocks,
    /// restrictions, retractions, topology, kinds, rules, and undos. Undoing the commit that this becomes lets it count
    /// again. `false`: it is undone already, and nothing is written.
    ///
    /// Ids stay that only undone facts name, each alone. What a commit told that was known before it is no part of it.
    /// Marks stay as they are.
    ///
    /// # Errors
    /// `NoSuchCommit`; `NotUndone`: it holds an erasure. The transaction goes on without it if you ignore these.
    pub fn undo(&mut self, seq: u64) -> Result<bool> {
        let told = undo(&mut self.change, seq);
        self.tell(&told);
        told
    }

    /// What the last `erase` fact took, for its receipt.
    pub(crate) fn take_erased(&mut self) -> Erased {
        std::mem::take(&mut self.change.erased)
    }

    /// How many facts and undos this commit will hold.
    pub fn len(&self) -> usize {
        self.change.entries.len()
    }

    /// Whether there is nothing to commit.
    pub fn is_empty(&self) -> bool {
        self.change.entries.is_empty()
    }
}
