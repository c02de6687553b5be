//! Reads and writes the MANIFEST: two slots, of which one is always whole.
//!
//! # Order
//!   a new state goes to the slot that is older (or damaged), is flushed, then goes to the other: a crash leaves
//!   the old state or the new, and at rest both slots are equal, so that one damaged slot loses nothing.

use std::path::{Path, PathBuf};

use crate::error::{Error, IoOp, Result};
use crate::journal::format::{FORMAT_VERSION, MANIFEST_SLOT_BYTES, MANIFEST_VERSION, Manifest, Unreadable};
use crate::journal::layout;
use crate::vfs::{OpenMode, Vfs, VfsFile};

/// The manifest as read, and which of its slots to write first.
#[derive(Debug)]
pub(crate) struct Stored {
    pub(crate) state: Manifest,
    newest: usize,
}

/// True if the error says that the file is not there.
pub(crate) fn is_missing(error: &Error) -> bool {
    matches!(error, Error::Io { op: IoOp::Open, source, .. } if source.kind() == std::io::ErrorKind::NotFound)
}

/// Reads the manifest of a database that has one; `None` if there is none.
pub(crate) fn load(vfs: &dyn Vfs, dir: &Path) -> Result<Option<Stored>> {
    let path = layout::manifest(dir);
    let file = match vfs.open(&path, OpenMode::Read) {
        Err(e) if is_missing(&e) => return Ok(None),
        other => other?,
    };
    let mut bytes = [0u8; 2 * MANIFEST_SLOT_BYTES];
    let read = file.read_at(0, &mut bytes)?;
    let bytes = bytes.get(..read).unwrap_or_default();
    let slots = bytes.split_at_checked(MANIFEST_SLOT_BYTES).unwrap_or((bytes, &[]));
    match (Manifest::decode(slots.0), Manifest::decode(slots.1)) {
        (Ok(a), Ok(b)) if b.generation > a.generation => Ok(Some(Stored { state: b, newest: 1 })),
        (Ok(a), Err(Unreadable::Damaged) | Ok(_)) => Ok(Some(Stored { state: a, newest: 0 })),
        (Err(Unreadable::Damaged), Ok(b)) => Ok(Some(Stored { state: b, newest: 1 })),
        (Err(Unreadable::Damaged), Err(Unreadable::Damaged)) => {
            Err(Error::Corrupt { file: path, offset: 0, what: "neither slot of the manifest holds" })
        }
        // A newer version has written here: even where the other slot is ours, it is out of date.
        (Err(Unreadable::Version(found)), _) | (_, Err(Unreadable::Version(found))) => {
            Err(Error::FormatVersion { found, oldest: FORMAT_VERSION, newest: MANIFEST_VERSION })
        }
    }
}

/// The error for a version this one cannot read.
pub(crate) fn too_new(found: u32) -> Error {
    Error::FormatVersion { found, oldest: FORMAT_VERSION, newest: FORMAT_VERSION }
}

impl Stored {
    /// A manifest for a new database, to be written whole by [`write_new`](Stored::write_new).
    pub(crate) fn new(state: Manifest) -> Stored {
        Stored { state, newest: 0 }
    }

    /// Makes `state` the manifest, durably, in both slots.
    pub(crate) fn store(&mut self, vfs: &dyn Vfs, dir: &Path, state: Manifest) -> Result<()> {
        let file = vfs.open(&layout::manifest(dir), OpenMode::Write)?;
        let generation = self.state.generation.saturating_add(1);
        let state = Manifest { generation, ..state };
        let other = 1usize.saturating_sub(self.newest);
        write_slot(&*file, other, &state)?;
        write_slot(&*file, self.newest, &state)?;
        self.state = state;
        self.newest = other;
        Ok(())
    }

    /// Writes both slots to a new file and flushes it; the caller gives it its name.
    pub(crate) fn write_new(&self, vfs: &dyn Vfs, path: &Path) -> Result<()> {
        let file = vfs.open(path, OpenMode::Create)?;
        file.set_len(0)?;
        let slot = self.state.encode();
        file.write_at(0, &slot)?;
        file.write_at(MANIFEST_SLOT_BYTES as u64, &slot)?;
        file.sync_all()
    }
}

fn write_slot(file: &dyn VfsFile, slot: usize, state: &Manifest) -> Result<()> {
    let offset = slot.saturating_mul(MANIFEST_SLOT_BYTES) as u64;
    file.write_at(offset, &state.encode())?;
    file.sync_data()
}

/// What the manifest says is not so.
pub(crate) fn corrupt(file: PathBuf, offset: u64, what: &'static str) -> Error {
    Error::Corrupt { file, offset, what }
}
