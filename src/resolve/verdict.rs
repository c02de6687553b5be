//! What can become of an edge: accepted, or rejected with one reason.
//!
//! # Invariants
//!   V1 every edge with evidence that is not retracted has exactly one status (nothing is dropped silently).

use std::fmt;

use crate::model::{Id, KindScope};

/// The kind of an edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EdgeKind {
    /// Both ids name the same thing.
    Same,
    /// The second id took the place of the first.
    Supersede,
}

impl EdgeKind {
    /// The name in dumps and answers.
    pub fn name(self) -> &'static str {
        match self {
            EdgeKind::Same => "same",
            EdgeKind::Supersede => "supersede",
        }
    }
}

/// Where an edge was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Level {
    /// Among the ids of an entity.
    Entity,
    /// Among the entities of a person.
    Person,
}

impl Level {
    /// The name in dumps and answers.
    pub fn name(self) -> &'static str {
        match self {
            Level::Entity => "entity",
            Level::Person => "person",
        }
    }
}

/// Why an edge does not join.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Reason {
    /// The topology says the ids' issuers did not belong together then (3.1).
    ScopeMismatch,
    /// Its evidence came after the pending id had died (3.2).
    PendingExpired,
    /// An end has too many ids of one kind and scope around it (3.4, 3.8).
    Hub,
    /// An end is blocked (3.4, 3.8).
    Blocked,
    /// A ban stands between the two sides (3.5, 3.7, 3.8).
    Banned,
    /// The successor already leads to the id it would replace (3.5).
    Cycle,
    /// The weakest edges of a family that is too large (3.6).
    Oversize,
    /// One web login does not join two groups of ids (3.7).
    Provisional,
    /// The union would hold too many ids of one kind and scope (3.7).
    Cardinality,
    /// The union would be too large (3.7, 3.8).
    Size,
    /// A hint that no person source confirms (3.8).
    Suggestion,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Reason; 11] = [
        Reason::ScopeMismatch,
        Reason::PendingExpired,
        Reason::Hub,
        Reason::Blocked,
        Reason::Banned,
        Reason::Cycle,
        Reason::Oversize,
        Reason::Provisional,
        Reason::Cardinality,
        Reason::Size,
        Reason::Suggestion,
    ];

    /// Whether an edge so rejected is something for people to look at: it contradicts what is known.
    pub fn is_conflict(self) -> bool {
        matches!(self, Reason::Cardinality | Reason::Cycle | Reason::Size | Reason::Oversize)
    }

    /// The name in dumps and answers.
    pub fn name(self) -> &'static str {
        match self {
            Reason::ScopeMismatch => "scope_mismatch",
            Reason::PendingExpired => "pending_expired",
            Reason::Hub => "hub",
            Reason::Blocked => "blocked",
            Reason::Banned => "banned",
            Reason::Cycle => "cycle",
            Reason::Oversize => "oversize",
            Reason::Provisional => "provisional",
            Reason::Cardinality => "cardinality",
            Reason::Size => "size",
            Reason::Suggestion => "suggestion",
        }
    }

    /// One sentence for people.
    pub fn explanation(self) -> &'static str {
        match self {
            Reason::ScopeMismatch => "the app was bound to another open account (or to none) at that time",
            Reason::PendingExpired => "the evidence came after the pending id had expired",
            Reason::Hub => "an end touches too many ids, like a shared device or a junk value",
            Reason::Blocked => "an end is blocked",
            Reason::Banned => "somebody decided that the two sides are not the same",
            Reason::Cycle => "the successor already leads back to the id it would replace",
            Reason::Oversize => "the weakest edges of a family that grew too large are left out",
            Reason::Provisional => "one web login is not enough to join two groups of ids",
            Reason::Cardinality => {
                "the union would hold more ids of one kind and scope than one account can have"
            }
            Reason::Size => "the union would be too large",
            Reason::Suggestion => "a hint that nobody has confirmed",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What became of an edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// It joins its ends (or they were joined already).
    Accepted,
    /// It does not join, for this reason.
    Rejected(Reason),
}

impl Status {
    /// `accepted` or `rejected`.
    pub fn name(self) -> &'static str {
        match self {
            Status::Accepted => "accepted",
            Status::Rejected(_) => "rejected",
        }
    }

    /// The reason of a rejected edge.
    pub fn reason(self) -> Option<Reason> {
        match self {
            Status::Accepted => None,
            Status::Rejected(reason) => Some(reason),
        }
    }
}

/// What an edge rejected as `cardinality` would have brought together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// The smallest (kind, scope) whose limit the union would have broken.
    pub space: KindScope,
    /// The ids of it that the union would have held, sorted, without those superseded within it.
    pub ids: Vec<Id>,
}
