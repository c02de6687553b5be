//! Records beside the graph, kept by the ids they name, whether those exist or not: bans, blocks,
//! restrictions, absents, and retractions of a pair or an event.
//!
//! # Invariants
//!   B1 the state of a toggle is that of the operation with the greatest `at`; on a tie the one that forbids.
//!   B2 a retraction is in force unless its selector was unretracted at its `at` or later.

use std::sync::Arc;

use crate::model::{Id, KindScope, Time};
use crate::records::keys::Sym;

/// What a side record is found by.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum SideKey {
    /// Two ids in order of text.
    Ban(Id, Id),
    /// One id.
    Block(Id),
    /// One id.
    Restrict(Id),
    /// An id and what was asked.
    Absent(Id, KindScope),
    /// Two ids in order of text, of one source or of all.
    PairRetraction(Id, Id, Option<Sym>),
    /// A source and an event.
    EventRetraction(Sym, Arc<str>),
}

impl SideKey {
    /// The ids it names.
    pub(crate) fn ids(&self) -> Vec<&Id> {
        match self {
            SideKey::Ban(a, b) | SideKey::PairRetraction(a, b, _) => vec![a, b],
            SideKey::Block(id) | SideKey::Restrict(id) | SideKey::Absent(id, _) => vec![id],
            SideKey::EventRetraction(..) => Vec::new(),
        }
    }
}

/// A side record.
#[derive(Debug, Clone)]
pub(crate) enum Side {
    /// A ban, block or restriction.
    Toggle(SideKey, Vec<ToggleOp>),
    /// Negative answers.
    Absent(SideKey, Vec<AbsentTold>),
    /// Retractions of one selector.
    Retraction(SideKey, Lifting),
}

impl Side {
    /// What it is found by.
    pub(crate) fn key(&self) -> &SideKey {
        match self {
            Side::Toggle(key, _) | Side::Absent(key, _) | Side::Retraction(key, _) => key,
        }
    }
}

/// One operation on a toggle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ToggleOp {
    pub(crate) at: Time,
    pub(crate) forbids: bool,
    pub(crate) batch: Option<Sym>,
    pub(crate) reason: Arc<str>,
    pub(crate) actor: Arc<str>,
    pub(crate) recorded_seq: u64,
}

/// One negative answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AbsentTold {
    pub(crate) at: Time,
    pub(crate) source: Sym,
    pub(crate) batch: Option<Sym>,
    pub(crate) recorded_seq: u64,
}

/// A moment that a fact spoke of, and the commit that brought it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ToldAt {
    pub(crate) at: Time,
    pub(crate) recorded_seq: u64,
}

/// Retractions of one selector and their lifting, each in order of its moments, which are distinct.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Lifting {
    pub(crate) retracted: Vec<ToldAt>,
    pub(crate) lifted: Vec<ToldAt>,
}

impl Lifting {
    /// Notes a retraction or its lifting; whether it is new.
    pub(crate) fn tell(&mut self, lifts: bool, told: ToldAt) -> bool {
        let all = if lifts { &mut self.lifted } else { &mut self.retracted };
        match all.binary_search_by_key(&told.at, |known| known.at) {
            Ok(_) => false,
            Err(place) => {
                all.insert(place, told);
                true
            }
        }
    }

    /// The greatest `at` of a retraction in force (B2): it selects whatever an earlier one does.
    pub(crate) fn in_force(&self) -> Option<Time> {
        let retracted = self.retracted.last()?.at;
        if self.lifted.last().is_some_and(|lifted| lifted.at >= retracted) { None } else { Some(retracted) }
    }
}

/// Whether a toggle forbids, of the operations that count (B1).
pub(crate) fn forbids<'a>(ops: impl Iterator<Item = &'a ToggleOp>) -> bool {
    ops.map(|op| (op.at, op.forbids)).max().is_some_and(|(_, forbids)| forbids)
}
