//! Brings a journal that was not closed into the state recovery found: what is cut is gone, what is kept is durable.
//!
//! # Order
//!   the manifest says first that the log was cut, or a crash between the cut and the report would hide it. Every
//!   later step may be lost in a crash: the next recovery then finds the same end and does it again.

use std::path::Path;

use crate::error::Result;
use crate::journal::format::{Manifest, State};
use crate::journal::layout;
use crate::journal::manifest::Stored;
use crate::journal::recover::Found;
use crate::vfs::{OpenMode, Vfs, VfsFile};

/// How much is copied at once.
const CHUNK_BYTES: u64 = 256 << 10;

/// Cuts the log at the end that was found and makes everything before it durable.
pub(crate) fn repair(vfs: &dyn Vfs, dir: &Path, manifest: &mut Stored, found: &Found) -> Result<()> {
    if found.cut && manifest.state.state != State::Cut {
        let state = Manifest { state: State::Cut, ..manifest.state.clone() };
        manifest.store(vfs, dir, state)?;
    }
    if let Some(number) = found.torn_file {
        vfs.remove(&layout::log(dir, number))?;
    }
    let file = vfs.open(&layout::log(dir, found.end.file), OpenMode::Write)?;
    if file.len()? > found.end.offset {
        file.set_len(found.end.offset)?;
    }
    write_again(&*file, found.durable_offset, found.end.offset)?;
    file.sync_all()?;
    vfs.sync_dir(&layout::journal(dir))
}

/// J6: a flush that failed may have left bytes that can be read, count as written back, and are not on the medium.
/// Writing them again makes them part of the next flush.
fn write_again(file: &dyn VfsFile, from: u64, to: u64) -> Result<()> {
    let mut at = from;
    let mut buffer = Vec::new();
    while at < to {
        let size = (to - at).min(CHUNK_BYTES);
        buffer.resize(usize::try_from(size).unwrap_or(usize::MAX), 0);
        let read = file.read_at(at, &mut buffer)?;
        if read == 0 {
            break;
        }
        file.write_at(at, buffer.get(..read).unwrap_or_default())?;
        at = at.saturating_add(read as u64);
    }
    Ok(())
}
