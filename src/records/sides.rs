//! Records beside the graph, kept by the ids they name, whether those exist or not: bans, blocks,
//! restrictions, absents, and retractions of a pair or an event.
//!
//! # Invariants
//!   B1 the state of a toggle is that of the operation with the greatest `at`; on a tie the one that forbids.
//!   B2 a retraction is in force unless its selector was unretracted at its `at` or later.

use std::sync::Arc;

use crate::model::{Id, KindScope, Time};
use crate::records::keys::Sym;
use crate::records::undone::Undone;

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

/// Retractions of one selector and their lifting, each in order of its moments and commits. The same moment was told by
/// two commits only if the first had been undone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Lifting {
    pub(crate) retracted: Vec<ToldAt>,
    pub(crate) lifted: Vec<ToldAt>,
}

impl Lifting {
    /// Notes a retraction or its lifting; whether it is new, beside what commits told that are known of.
    pub(crate) fn tell(&mut self, lifts: bool, told: ToldAt, knows: impl Fn(u64) -> bool) -> bool {
        let all = if lifts { &mut self.lifted } else { &mut self.retracted };
        if all.iter().any(|known| known.at == told.at && knows(known.recorded_seq)) {
            return false;
        }
        let place =
            all.partition_point(|known| (known.at, known.recorded_seq) < (told.at, told.recorded_seq));
        all.insert(place, told);
        true
    }

    /// Whether one of these commits told of it.
    pub(crate) fn is_of(&self, mut commits: impl FnMut(u64) -> bool) -> bool {
        self.retracted.iter().chain(&self.lifted).any(|told| commits(told.recorded_seq))
    }

    /// The greatest `at` of a retraction in force (B2), of the commits that count: it selects whatever an earlier one
    /// does.
    pub(crate) fn in_force(&self, undone: &Undone) -> Option<Time> {
        let last = |all: &[ToldAt]| {
            let counting = all.iter().rev().find(|told| undone.counts(told.recorded_seq));
            counting.map(|told| told.at)
        };
        let retracted = last(&self.retracted)?;
        if last(&self.lifted).is_some_and(|lifted| lifted >= retracted) { None } else { Some(retracted) }
    }
}

/// Whether a toggle forbids, of the operations that count (B1).
pub(crate) fn forbids<'a>(ops: impl Iterator<Item = &'a ToggleOp>) -> bool {
    ops.map(|op| (op.at, op.forbids)).max().is_some_and(|(_, forbids)| forbids)
}
