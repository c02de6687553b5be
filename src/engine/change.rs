//! A change in the making: the state it works on, what it touched, and what goes into the journal.
//!
//! # Invariants
//!   C1 `settle` has nothing to do exactly when `dirty` is empty; views see settled states only.
//!   C2 a fact that is refused at the door leaves no trace; one that fails later breaks the whole change.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::codec::Entry;
use crate::engine::marks::Marks;
use crate::error::Result;
use crate::model::{Id, Placeholders, Time};
use crate::records::{NodeNo, PairKey, Undone};
use crate::store::{Draft, State};

/// What the door asks of facts.
#[derive(Debug, Clone, Default)]
pub(crate) struct Door {
    pub(crate) placeholders: Placeholders,
    /// A re-observation within so many milliseconds after a kept evidence is dropped; 0 keeps all.
    pub(crate) refresh_ms: i64,
    pub(crate) strict_topology: bool,
}

/// What has to be resolved again.
#[derive(Debug, Default)]
pub(crate) struct Dirty {
    /// Pairs whose evidence may count differently.
    pub(crate) pairs: Marks<PairKey>,
    /// Nodes whose block changed: their pairs may live differently.
    pub(crate) blocks: Marks<NodeNo>,
    /// Nodes whose family is to be resolved again.
    pub(crate) families: Marks<NodeNo>,
    /// Nodes whose entity's persons are to be resolved again.
    pub(crate) persons: Marks<NodeNo>,
    /// Nodes whose hint edges may reach another number of entities.
    pub(crate) hint_hubs: Marks<NodeNo>,
    /// Pairs whose hint edges changed.
    pub(crate) hints: Marks<PairKey>,
    /// Commits that count otherwise since they were undone, or since that was undone: what they told is still to be found.
    pub(crate) undone: BTreeSet<u64>,
    /// The rules changed: everything.
    pub(crate) everything: bool,
    /// The greatest hub limit that pairs may live by which are not settled by the one of now yet; 0 if all are.
    pub(crate) hub_limit: usize,
}

impl Dirty {
    /// Whether nothing is.
    pub(crate) fn is_empty(&self) -> bool {
        !self.everything
            && self.undone.is_empty()
            && self.pairs.is_empty()
            && self.blocks.is_empty()
            && self.families.is_empty()
            && self.persons.is_empty()
            && self.hint_hubs.is_empty()
            && self.hints.is_empty()
    }
}

/// What an erasure took. It holds people's ids, so it has no Debug.
#[derive(Default)]
pub(crate) struct Erased {
    pub(crate) ids: Vec<Id>,
    pub(crate) macs: Vec<[u8; 32]>,
    /// How many of them had a number.
    pub(crate) known: usize,
}

/// Whether what a commit told makes the same told again known.
pub(crate) struct Known {
    undone: Arc<Undone>,
    /// Nothing but what this commit told does.
    only: Option<u64>,
}

impl Known {
    /// Whether what this commit told does.
    pub(crate) fn from(&self, seq: u64) -> bool {
        self.only.map_or_else(|| self.undone.counts(seq), |only| only == seq)
    }
}

/// A change in the making. It holds a secret and people's ids, so it has no Debug.
pub(crate) struct Change {
    pub(crate) state: Draft,
    pub(crate) dirty: Dirty,
    /// Aliases that a fact just gave a corp.
    pub(crate) new_aliases: BTreeSet<String>,
    /// What the journal will hold.
    pub(crate) entries: Vec<Entry>,
    /// The commit this will be.
    pub(crate) seq: u64,
    pub(crate) recorded_at: Time,
    /// How many acts of this commit are on record.
    pub(crate) audited: u32,
    /// What the last erasure took.
    pub(crate) erased: Erased,
    /// The key of the tombstones' HMAC.
    pub(crate) secret: [u8; 32],
    pub(crate) door: Door,
    /// Settings are read back from segments, which hold what followed from them already.
    pub(crate) restoring: bool,
    /// What is told was accepted once and is told again with the commit that brought it: all of it is kept, also what
    /// says no more than another commit did.
    pub(crate) retelling: bool,
    /// A fact failed half-way (C2).
    pub(crate) broken: bool,
}

impl Change {
    /// Begins a change on top of `state`; `recorded_at` is made monotonic.
    pub(crate) fn begin(state: State, recorded_at: Time, secret: [u8; 32], door: Door) -> Change {
        let seq = state.seq + 1;
        let recorded_at = recorded_at.max(state.recorded_at);
        Change {
            state: Draft::on(state),
            dirty: Dirty::default(),
            new_aliases: BTreeSet::new(),
            entries: Vec::new(),
            seq,
            recorded_at,
            audited: 0,
            erased: Erased::default(),
            secret,
            door,
            restoring: false,
            retelling: false,
            broken: false,
        }
    }

    /// The longest group of a node that may hold live pairs: what lives by an earlier limit does so until it is assessed.
    pub(crate) fn walk_limit(&self) -> usize {
        self.state.rules.hub_limit.max(self.dirty.hub_limit)
    }

    /// What makes a fact known already that a commit tells.
    pub(crate) fn known_to(&self, seq: u64) -> Known {
        Known { undone: self.state.undone.clone(), only: self.retelling.then_some(seq) }
    }

    /// An error, and a broken change, if what was read so far met damaged bytes.
    pub(crate) fn checked(&mut self) -> Result<()> {
        match self.state.take_fault() {
            None => Ok(()),
            Some(error) => {
                self.broken = true;
                Err(error)
            }
        }
    }
}
