//! What a commit is made of, as values: accepted facts, expanded erasures and undos.

use crate::model::{Fact, Time};

/// One entry of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Entry {
    /// An accepted, normalised fact of any operation but `erase`.
    Fact(Fact),
    /// An erasure, expanded to the ids it took.
    Erase(Erasure),
    /// What an earlier commit told counts no more.
    Undo {
        /// That commit.
        seq: u64,
    },
}

/// An erasure as the journal keeps it (N3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Erasure {
    /// Facts not later than this do not count.
    pub(crate) at: Time,
    /// Later ones do not either.
    pub(crate) sticky: bool,
    /// It was asked for an id with its whole entity.
    pub(crate) entity: bool,
    /// The erased ids.
    pub(crate) ids: Vec<ErasedId>,
}

/// One erased id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ErasedId {
    /// Its node number, if it had one.
    pub(crate) number: Option<u64>,
    /// Its HMAC under the secret of the database.
    pub(crate) mac: [u8; 32],
}
