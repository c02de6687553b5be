//! Reads and writes journal/MARK: what was durable last, told without a flush of its own.
//!
//! A process that dies leaves the mark, so that recovery notices a log that ends early at a frame's boundary.
//! After a power cut it may be older or missing: it is a lower bound, and a damaged slot is no slot.

use std::path::Path;

use crate::error::Result;
use crate::journal::format::{MARK_SLOT_BYTES, MARK_SLOT_STRIDE, Mark, Uuid};
use crate::journal::layout;
use crate::journal::manifest::is_missing;
use crate::vfs::{OpenMode, Vfs, VfsFile};

/// The size of the file: two slots.
pub(crate) const MARK_FILE_BYTES: usize = 2 * MARK_SLOT_STRIDE as usize;

/// The greatest mark of this session that can be read.
pub(crate) fn load(vfs: &dyn Vfs, dir: &Path, uuid: &Uuid, session: u64) -> Result<Option<Mark>> {
    let file = match vfs.open(&layout::mark(dir), OpenMode::Read) {
        Err(e) if is_missing(&e) => return Ok(None),
        other => other?,
    };
    let mut best: Option<Mark> = None;
    for slot in 0..2 {
        let mut bytes = [0u8; MARK_SLOT_BYTES];
        file.read_at(slot * MARK_SLOT_STRIDE, &mut bytes)?;
        let mark = Mark::decode(&bytes, uuid).ok().filter(|m| m.session == session);
        if let Some(mark) = mark.filter(|m| best.is_none_or(|b| m.end.seq > b.end.seq)) {
            best = Some(mark);
        }
    }
    Ok(best)
}

/// Writes marks, one slot after the other.
#[derive(Debug)]
pub(crate) struct MarkWriter {
    file: Box<dyn VfsFile>,
    uuid: Uuid,
    slot: u64,
}

impl MarkWriter {
    /// Opens the file; it is made if it was lost.
    pub(crate) fn open(vfs: &dyn Vfs, dir: &Path, uuid: Uuid) -> Result<MarkWriter> {
        let file = vfs.open(&layout::mark(dir), OpenMode::Create)?;
        if file.len()? < MARK_FILE_BYTES as u64 {
            file.write_at(0, &[0; MARK_FILE_BYTES])?;
        }
        Ok(MarkWriter { file, uuid, slot: 0 })
    }

    /// Writes a mark over the older slot. Not flushed.
    pub(crate) fn write(&mut self, mark: &Mark) -> Result<()> {
        self.file.write_at(self.slot * MARK_SLOT_STRIDE, &mark.encode(&self.uuid))?;
        self.slot = 1 - self.slot;
        Ok(())
    }
}
