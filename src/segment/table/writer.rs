//! Writing a table: entries come in order, blocks go out as they fill, the index grows above them.
//!
//! What is held in memory is one block for each level.

use crate::error::{Error, Result};
use crate::segment::table::block_writer::BlockWriter;
use crate::segment::table::format::{
    BLOCK_ALIGN, BLOCK_BYTES_TARGET, KEY_BYTES_MAX, LEVELS_MAX, Place, Root, VALUE_BYTES_MAX,
};

/// Where the bytes of a file go, end to end.
pub(crate) trait Sink {
    /// Takes the next bytes.
    fn append(&mut self, bytes: &[u8]) -> Result<()>;
}

impl<F: FnMut(&[u8]) -> Result<()>> Sink for F {
    fn append(&mut self, bytes: &[u8]) -> Result<()> {
        self(bytes)
    }
}

/// A table being written.
///
/// After an error of the sink the table is not one, and neither is what was written of it.
pub(crate) struct TableWriter {
    identity: u32,
    /// Where the next block goes.
    at: u64,
    /// The unfinished block of each level: entries first, the topmost index last.
    levels: Vec<BlockWriter>,
    last_key: Vec<u8>,
    entry_count: u64,
}

impl TableWriter {
    /// Begins a table at `start_offset`, a multiple of 8, of the file with this identity.
    pub(crate) fn new(identity: u32, start_offset: u64) -> TableWriter {
        assert!(start_offset.is_multiple_of(BLOCK_ALIGN as u64), "a table begins at a multiple of 8");
        let levels = vec![BlockWriter::new(0)];
        TableWriter { identity, at: start_offset, levels, last_key: Vec::new(), entry_count: 0 }
    }

    /// Adds an entry: a value, or an absence. Keys come in strictly ascending order.
    pub(crate) fn add(&mut self, out: &mut impl Sink, key: &[u8], value: Option<&[u8]>) -> Result<()> {
        if key.len() > KEY_BYTES_MAX {
            return Err(Error::TooLarge { what: "a key of a table", limit: KEY_BYTES_MAX as u64 });
        }
        if value.is_some_and(|value| value.len() > VALUE_BYTES_MAX) {
            return Err(Error::TooLarge { what: "a value of a table", limit: VALUE_BYTES_MAX as u64 });
        }
        if self.entry_count > 0 && key <= self.last_key.as_slice() {
            return Err(Error::Internal { what: "the keys of a table did not come in order" });
        }
        self.push(out, key, value)?;
        self.last_key.clear();
        self.last_key.extend_from_slice(key);
        self.entry_count = self.entry_count.saturating_add(1);
        Ok(())
    }

    /// Writes what is still held. The file then ends at the end of the root block, or, without any entry, where
    /// the table began.
    pub(crate) fn finish(mut self, out: &mut impl Sink) -> Result<Root> {
        if self.entry_count == 0 {
            return Ok(Root { at: self.at, len: 0, levels: 0, entry_count: 0 });
        }
        // A level above comes into being only with a second block below it, so the topmost block, which has no
        // brother, is the root, and every other index block has two children or more.
        let mut level = 0;
        loop {
            let (first_key, place) = self.flush(out, level)?;
            level = level.saturating_add(1);
            if level == self.levels.len() {
                let levels = u32::try_from(level).unwrap_or(u32::MAX);
                let Place { at, len } = place;
                return Ok(Root { at, len, levels, entry_count: self.entry_count });
            }
            self.push_child(out, level, first_key, place)?;
        }
    }

    fn push(&mut self, out: &mut impl Sink, key: &[u8], value: Option<&[u8]>) -> Result<()> {
        if self.is_full_for(0, key, value) {
            let (first_key, place) = self.flush(out, 0)?;
            self.push_child(out, 1, first_key, place)?;
        }
        if let Some(block) = self.levels.first_mut() {
            block.push(key, value);
        }
        Ok(())
    }

    /// Adds a block to the index above it, and so on upwards as long as blocks fill.
    fn push_child(
        &mut self,
        out: &mut impl Sink,
        mut level: usize,
        mut key: Vec<u8>,
        mut child: Place,
    ) -> Result<()> {
        loop {
            let value = child.encode();
            let full = self.is_full_for(level, &key, Some(&value));
            let flushed = if full { Some(self.flush(out, level)?) } else { None };
            if level == self.levels.len() {
                self.levels.push(BlockWriter::new(level_number(level)?));
            }
            if let Some(block) = self.levels.get_mut(level) {
                block.push(&key, Some(&value));
            }
            let Some(above) = flushed else { return Ok(()) };
            (key, child) = above;
            level = level.saturating_add(1);
        }
    }

    /// Whether the block of a level has entries and no room for this one.
    fn is_full_for(&self, level: usize, key: &[u8], value: Option<&[u8]>) -> bool {
        let block = self.levels.get(level);
        block.is_some_and(|block| !block.is_empty() && block.len_with(key, value) > BLOCK_BYTES_TARGET)
    }

    /// Writes the block of a level: its first key, and where it is.
    fn flush(&mut self, out: &mut impl Sink, level: usize) -> Result<(Vec<u8>, Place)> {
        let block =
            self.levels.get_mut(level).ok_or(Error::Internal { what: "a level of an index is missing" })?;
        let first_key = block.first_key().to_vec();
        let bytes = block.seal(self.identity, self.at);
        let len = u32::try_from(bytes.len()).map_err(|_| Error::Internal { what: "a block is too long" })?;
        out.append(&bytes)?;
        let place = Place { at: self.at, len };
        self.at = self.at.saturating_add(u64::from(len));
        Ok((first_key, place))
    }
}

fn level_number(level: usize) -> Result<u8> {
    let number = u8::try_from(level).ok().filter(|number| u32::from(*number) < LEVELS_MAX);
    number.ok_or(Error::TooLarge { what: "the number of levels of a table", limit: u64::from(LEVELS_MAX) })
}
