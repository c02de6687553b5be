//! What was done to ids at somebody's request, without their names.

use crate::model::Time;

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    /// The ids were erased: as told, or with their entity; for good, or until newer facts.
    Erased { sticky: bool, entity: bool },
    /// The id is kept and not answered.
    Restricted,
    /// It is answered again.
    Unrestricted,
}

/// An act on record: a commit, the place of the act in it, and the HMACs of the ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Audit {
    pub(crate) seq: u64,
    pub(crate) place: u32,
    pub(crate) at: Time,
    pub(crate) act: Act,
    pub(crate) macs: Vec<[u8; 32]>,
}
