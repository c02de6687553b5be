//! How values lie in a store: a checksum, and a serde type in bincode.
//!
//! # Layout
//! ```text
//! OFFSET SIZE FIELD
//!      0    4 crc       CRC-32C of the database's uuid, the key, and what follows; little-endian
//!      4    - envelope  bincode 2 (standard: varint, little-endian): magic u8, version u8, seq u64, body bytes
//! ```
//! The body is the row's own serde type, in bincode too. What is longer than [`BODY_MAX`] goes into rows of its own
//! (`put_long`), which the row that needs them counts.
//!
//! # Invariants
//!   R1 a value is believed only under its own key, in its own database, to its last byte.
//!   R2 no memory is taken by a length that was not held against what is there: bincode reads slices, with a limit.

use std::sync::Arc;

use bincode::config::{self, Config};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::kv::{Batch, Kv};

const MAGIC: u8 = 0xA7;
const VERSION: u8 = 1;
/// Bytes of a body that stay in one value: leaves of a B-link tree hold many values each.
pub(crate) const BODY_MAX: usize = 3_000;
/// What bincode may take for one row.
const LIMIT: usize = 1 << 20;
/// Parts that are asked for at once.
const PARTS_AT_ONCE: u32 = 64;

/// A body with what ties it to its time and form.
#[derive(Serialize, Deserialize)]
struct Envelope<'a> {
    magic: u8,
    version: u8,
    seq: u64,
    body: &'a [u8],
}

fn config() -> impl Config {
    config::standard().with_limit::<LIMIT>()
}

/// Adds a number to a key, so that keys are in the order of numbers.
pub(crate) fn add_number(mut key: Vec<u8>, number: u64) -> Vec<u8> {
    key.extend(number.to_be_bytes());
    key
}

/// An open store whose rows are those of one database.
#[derive(Debug, Clone)]
pub(crate) struct Rows {
    kv: Arc<dyn Kv>,
    identity: u32,
}

impl Rows {
    /// The rows of a database in a store.
    pub(crate) fn new(kv: Arc<dyn Kv>, uuid: &[u8; 16]) -> Rows {
        Rows { kv, identity: crc32c::crc32c(uuid) }
    }

    /// The store.
    pub(crate) fn kv(&self) -> &dyn Kv {
        &*self.kv
    }

    /// The error for rows that are not as they were written.
    #[cold]
    pub(crate) fn corrupt(&self, what: &'static str) -> Error {
        Error::Corrupt { file: self.kv.path().to_owned(), offset: 0, what }
    }

    fn sum(&self, key: &[u8], value: &[u8]) -> u32 {
        crc32c::crc32c_append(crc32c::crc32c_append(self.identity, key), value)
    }

    /// Adds a row to a batch.
    pub(crate) fn put<T: Serialize>(&self, batch: &mut Batch, key: Vec<u8>, seq: u64, row: &T) -> Result<()> {
        let encoded = |_| Error::Internal { what: "a row that cannot be encoded" };
        let body = bincode::serde::encode_to_vec(row, config()).map_err(encoded)?;
        let envelope = Envelope { magic: MAGIC, version: VERSION, seq, body: &body };
        let covered = bincode::serde::encode_to_vec(envelope, config()).map_err(encoded)?;
        let mut value = self.sum(&key, &covered).to_le_bytes().to_vec();
        value.extend(covered);
        batch.put(key, value);
        Ok(())
    }

    /// The value of a key.
    pub(crate) fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>> {
        self.kv.get(key)
    }

    /// What a value says (R1).
    pub(crate) fn read<'v, T: Deserialize<'v>>(&self, key: &[u8], value: &'v [u8]) -> Result<T> {
        self.decode(self.body(key, value)?)
    }

    fn body<'v>(&self, key: &[u8], value: &'v [u8]) -> Result<&'v [u8]> {
        let (crc, covered) = value.split_first_chunk::<4>().ok_or_else(|| self.corrupt("a row cut short"))?;
        if self.sum(key, covered) != u32::from_le_bytes(*crc) {
            return Err(self.corrupt("a row whose checksum does not hold"));
        }
        let envelope: Envelope<'v> = self.decode(covered)?;
        if envelope.magic != MAGIC || envelope.version != VERSION {
            return Err(self.corrupt("a row of an unknown form"));
        }
        Ok(envelope.body)
    }

    /// What the first fields of a value say, whatever follows them in its body.
    pub(crate) fn read_first<'v, T: Deserialize<'v>>(&self, key: &[u8], value: &'v [u8]) -> Result<T> {
        let (first, _) = bincode::serde::borrow_decode_from_slice(self.body(key, value)?, config())
            .map_err(|_| self.corrupt("a row that is not what it should be"))?;
        Ok(first)
    }

    fn decode<'v, T: Deserialize<'v>>(&self, bytes: &'v [u8]) -> Result<T> {
        match bincode::serde::borrow_decode_from_slice(bytes, config()) {
            Ok((value, len)) if len == bytes.len() => Ok(value),
            _ => Err(self.corrupt("a row that is not what it should be")),
        }
    }

    /// Adds bytes of any length, as rows whose keys begin with `key`; how many rows.
    pub(crate) fn put_long(&self, batch: &mut Batch, key: &[u8], seq: u64, bytes: &[u8]) -> Result<u32> {
        let mut count = 0;
        for part in bytes.chunks(BODY_MAX) {
            self.put(batch, part_key(key, count), seq, &part)?;
            count += 1;
        }
        Ok(count)
    }

    /// The bytes that were put so.
    pub(crate) fn get_long(&self, key: &[u8], count: u32) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let mut next = 0;
        while next < count {
            let end = count.min(next.saturating_add(PARTS_AT_ONCE));
            let keys: Vec<Vec<u8>> = (next..end).map(|part| part_key(key, part)).collect();
            let values = self.kv.multi_get(&keys)?;
            for (key, value) in keys.iter().zip(values) {
                let value = value.ok_or_else(|| self.corrupt("a part of a row is missing"))?;
                bytes.extend_from_slice(self.read::<&[u8]>(key, &value)?);
            }
            next = end;
        }
        Ok(bytes)
    }

    /// Removes every row from a key on and below another, in batches.
    pub(crate) fn remove_between(&self, from: &[u8], below: &[u8]) -> Result<()> {
        const ROWS: usize = 1_000;
        loop {
            let keys = self.kv.scan(from, below).take(ROWS).map(|row| row.map(|(key, _)| key));
            let keys: Vec<Vec<u8>> = keys.collect::<Result<_>>()?;
            let is_last = keys.len() < ROWS;
            let mut batch = Batch::default();
            keys.into_iter().for_each(|key| batch.remove(key));
            if !batch.is_empty() {
                self.kv.write(batch)?;
            }
            if is_last {
                return Ok(());
            }
        }
    }
}

fn part_key(key: &[u8], part: u32) -> Vec<u8> {
    let mut key = key.to_vec();
    key.extend(part.to_be_bytes());
    key
}
