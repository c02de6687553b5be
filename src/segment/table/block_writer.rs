//! A block being filled, and its bytes once it is full.

use crate::codec::Writer;
use crate::segment::checksum::sum;
use crate::segment::table::format::{
    BLOCK_ALIGN, BLOCK_CRC_BYTES, BLOCK_HEADER_BYTES, RESTART_BYTES, RESTART_INTERVAL,
};

/// The entries of a block that is not full yet.
pub(crate) struct BlockWriter {
    level: u8,
    entries: Writer,
    restarts: Vec<u32>,
    count: u32,
    first_key: Vec<u8>,
    last_key: Vec<u8>,
}

impl BlockWriter {
    pub(crate) fn new(level: u8) -> BlockWriter {
        BlockWriter {
            level,
            entries: Writer::default(),
            restarts: Vec::new(),
            count: 0,
            first_key: Vec::new(),
            last_key: Vec::new(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The key of the first entry.
    pub(crate) fn first_key(&self) -> &[u8] {
        &self.first_key
    }

    /// How long the block would be with this entry in it too.
    pub(crate) fn len_with(&self, key: &[u8], value: Option<&[u8]>) -> usize {
        let shared = self.shared(key);
        let own = key.len().saturating_sub(shared);
        let value_len = value.map_or(0, <[u8]>::len);
        let numbers = [shared, own, value.map_or(0, |value| value.len().saturating_add(1))];
        let entry =
            numbers.iter().fold(own.saturating_add(value_len), |sum, n| sum.saturating_add(varint_len(*n)));
        let restarts = self.restarts.len().saturating_add(usize::from(self.begins_restart()));
        padded(self.entries.len().saturating_add(entry), restarts)
    }

    /// Takes an entry, whose key is greater than the one before.
    pub(crate) fn push(&mut self, key: &[u8], value: Option<&[u8]>) {
        let shared = self.shared(key);
        if self.begins_restart() {
            // Entries are far below 4 GiB: a block is at most one large entry or 4 KiB.
            self.restarts.push(u32::try_from(self.entries.len()).unwrap_or(u32::MAX));
        }
        let own = key.get(shared..).unwrap_or_default();
        self.entries.varint(shared as u64);
        self.entries.varint(own.len() as u64);
        self.entries.varint(value.map_or(0, |value| (value.len() as u64).saturating_add(1)));
        self.entries.raw(own);
        self.entries.raw(value.unwrap_or_default());
        if self.count == 0 {
            self.first_key.extend_from_slice(key);
        }
        self.last_key.truncate(shared);
        self.last_key.extend_from_slice(own);
        self.count = self.count.saturating_add(1);
    }

    /// The bytes of the block for this place of the file; what follows is a new, empty block of the same level.
    pub(crate) fn seal(&mut self, identity: u32, at: u64) -> Vec<u8> {
        let BlockWriter { level, entries, restarts, count, .. } =
            std::mem::replace(self, BlockWriter::new(self.level));
        let entries = entries.into_bytes();
        let len = padded(entries.len(), restarts.len());
        let mut block = Vec::with_capacity(len);
        block.extend_from_slice(&[level, 0, 0, 0]);
        block.extend_from_slice(&count.to_le_bytes());
        block.extend_from_slice(&u32::try_from(entries.len()).unwrap_or(u32::MAX).to_le_bytes());
        block.extend_from_slice(&entries);
        for restart in restarts {
            block.extend_from_slice(&restart.to_le_bytes());
        }
        block.resize(len.saturating_sub(BLOCK_CRC_BYTES), 0);
        let crc = sum(identity, at, &block);
        block.extend_from_slice(&crc.to_le_bytes());
        block
    }

    fn begins_restart(&self) -> bool {
        (self.count as usize).is_multiple_of(RESTART_INTERVAL)
    }

    /// How many bytes of the key are not written, for the key before has them.
    fn shared(&self, key: &[u8]) -> usize {
        if self.begins_restart() {
            return 0;
        }
        self.last_key.iter().zip(key).take_while(|(last, own)| last == own).count()
    }
}

/// The length of a block with so many bytes of entries and so many restarts.
fn padded(entries_len: usize, restarts: usize) -> usize {
    let fixed = BLOCK_HEADER_BYTES.saturating_add(BLOCK_CRC_BYTES);
    let len = entries_len.saturating_add(restarts.saturating_mul(RESTART_BYTES)).saturating_add(fixed);
    len.next_multiple_of(BLOCK_ALIGN)
}

fn varint_len(value: usize) -> usize {
    let bits = usize::BITS.saturating_sub(value.leading_zeros()).max(1);
    bits.div_ceil(7) as usize
}
