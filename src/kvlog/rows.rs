//! Rows of commits: keys and types.

use serde::{Deserialize, Serialize};
use twox_hash::XxHash3_64;

use crate::kv::add_number;

/// How far commits go: the last one, and the hash of all up to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Reached {
    pub(crate) seq: u64,
    pub(crate) chain: u64,
}

/// The row of the last commit.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Head {
    pub(crate) last: Reached,
}

/// A segment that counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Named {
    pub(crate) number: u64,
    pub(crate) bytes: u64,
}

/// What segments there are.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Meta {
    /// Newest first.
    pub(crate) segments: Vec<Named>,
    pub(crate) covered: Reached,
    pub(crate) next_segment: u64,
    /// The store may still hold bytes of what was erased: it keeps what is removed.
    pub(crate) owes_bytes: bool,
}

/// A commit.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Fact<'a> {
    pub(crate) recorded_at: i64,
    /// The chain before it.
    pub(crate) before: u64,
    /// Its entries, where they are short; else how many rows hold them.
    pub(crate) payload: &'a [u8],
    pub(crate) parts: u32,
}

pub(super) const HEAD_KEY: &[u8] = b"h";
pub(super) const META_KEY: &[u8] = b"m";

/// The key of a commit's row.
pub(super) fn fact_key(seq: u64) -> Vec<u8> {
    add_number(vec![b'j'], seq)
}

/// What the keys of a commit's parts begin with.
pub(super) fn parts_key(seq: u64) -> Vec<u8> {
    add_number(vec![b'p'], seq)
}

/// What the keys of a segment's rows begin with.
pub(crate) fn segment_prefix(number: u64) -> Vec<u8> {
    add_number(vec![b's'], number)
}

/// The chain after a commit.
pub(super) fn chain_after(before: u64, seq: u64, recorded_at: i64, payload: &[u8]) -> u64 {
    let mut told = Vec::with_capacity(16 + payload.len());
    told.extend(seq.to_le_bytes());
    told.extend(recorded_at.to_le_bytes());
    told.extend_from_slice(payload);
    XxHash3_64::oneshot_with_seed(before, &told)
}
