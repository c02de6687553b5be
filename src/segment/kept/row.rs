//! The types of rows, and their keys.

use serde::{Deserialize, Serialize};

use crate::records::NodeNo;
use crate::segment::format::{Counts, Name};

/// The kinds of rows, as keys have them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Header = b'h' as isize,
    Id = b'i' as isize,
    Number = b'n' as isize,
    Record = b'r' as isize,
    Entry = b't' as isize,
    Long = b'x' as isize,
}

/// What the key of an end row has after its kind: more than any key.
pub(super) const END: [u8; 16] = [0xff; 16];

/// The key of a row, given what the keys of its segment begin with.
pub(super) fn key_of(prefix: &[u8], kind: Kind, rest: &[u8]) -> Vec<u8> {
    let mut key = Vec::with_capacity(prefix.len() + 1 + rest.len());
    key.extend_from_slice(prefix);
    key.push(kind as u8);
    key.extend_from_slice(rest);
    key
}

/// The rest of the key of an id's row.
pub(super) fn id_rest(hash: u64, record: NodeNo) -> Vec<u8> {
    [&hash.to_be_bytes()[..], &record.to_be_bytes()].concat()
}

/// A row of a chain.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Link<'a, T> {
    /// The rest of the key before it.
    pub(super) before: &'a [u8],
    pub(super) says: T,
}

/// Bytes, or where they lie.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) enum Value<'a> {
    /// There is nothing, whatever lies below.
    Absent,
    Here(&'a [u8]),
    /// In so many parts under a number.
    Long(u64, u32),
}

/// A family, or, without a tail, a number that is gone.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Record<'a> {
    #[serde(borrow)]
    pub(super) head: Value<'a>,
    #[serde(borrow)]
    pub(super) tail: Option<Value<'a>>,
}

/// What a segment says of itself.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Header {
    uuid: [u8; 16],
    number: u64,
    seq: u64,
    seed: u64,
    is_base: bool,
    recorded_at: i64,
    numbers: u64,
    live: u64,
    pair_retractions: u64,
    event_retractions: u64,
    tombs: u64,
    texts: u64,
    settings: u64,
    /// How many numbers have rows here.
    pub(super) numbers_here: u64,
    pub(super) ids_here: u64,
    pub(super) records_here: u64,
    pub(super) entries_here: u64,
    /// Bytes of all its rows but this.
    pub(super) bytes: u64,
}

impl Header {
    pub(super) fn new(name: &Name, counts: &Counts) -> Header {
        Header {
            uuid: name.uuid,
            number: name.number,
            seq: name.seq,
            seed: name.seed,
            is_base: name.is_base,
            recorded_at: counts.recorded_at,
            numbers: counts.numbers,
            live: counts.live,
            pair_retractions: counts.pair_retractions,
            event_retractions: counts.event_retractions,
            tombs: counts.tombs,
            texts: counts.texts,
            settings: counts.settings,
            numbers_here: 0,
            ids_here: 0,
            records_here: 0,
            entries_here: 0,
            bytes: 0,
        }
    }

    pub(super) fn name(&self) -> Name {
        let Header { uuid, number, seq, seed, is_base, .. } = *self;
        Name { uuid, number, seq, seed, is_base }
    }

    pub(super) fn counts(&self) -> Counts {
        Counts {
            recorded_at: self.recorded_at,
            numbers: self.numbers,
            live: self.live,
            pair_retractions: self.pair_retractions,
            event_retractions: self.event_retractions,
            tombs: self.tombs,
            texts: self.texts,
            settings: self.settings,
        }
    }
}
