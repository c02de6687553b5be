//! Letting go of frames that segments cover.
//!
//! # Order
//!   everything is flushed and a new log file begun; the segment is written and flushed by whoever asked; the
//!   manifest names it and the new file as the first, durably; only then are the old log files removed. A crash
//!   before the manifest leaves a segment that nothing names, a crash after it old files that nothing needs: the
//!   next open removes either.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::{Error, IoOp, Result};
use crate::journal::format::{End, FILE_HEADER_BYTES, Manifest, SEGMENTS_MAX, SegmentName};
use crate::journal::layout;
use crate::journal::writer::Journal;
use crate::vfs::Vfs;

/// What a checkpoint starts from.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) vfs: Arc<dyn Vfs>,
    /// The directory of the database.
    pub(crate) dir: PathBuf,
    /// The directory of segments.
    pub(crate) segments_dir: PathBuf,
    /// The number of the next segment.
    pub(crate) next_segment: u64,
    pub(crate) uuid: [u8; 16],
    /// Where the frames begin that no segment covers.
    pub(crate) from: End,
}

impl Place {
    /// The path of a segment.
    pub(crate) fn path(&self, number: u64) -> PathBuf {
        layout::segment_in(&self.segments_dir, number)
    }

    /// Makes the directory of segments if it is missing.
    pub(crate) fn make_dir(&self) -> Result<()> {
        if !self.vfs.exists(&self.segments_dir)? {
            self.vfs.create_dir(&self.segments_dir)?;
            self.vfs.sync_dir(&self.dir)?;
        }
        Ok(())
    }

    /// Makes the names of segments durable.
    pub(crate) fn sync_names(&self) -> Result<()> {
        self.vfs.sync_dir(&self.segments_dir)
    }
}

impl Journal {
    /// Flushes what was appended, and begins a log file for what follows.
    pub(crate) fn begin_checkpoint(&mut self) -> Result<Place> {
        self.sync()?;
        self.roll()?;
        let place = self.place();
        place.make_dir()?;
        Ok(place)
    }

    /// Where segments are written, and where the frames begin that are not written yet.
    pub(crate) fn place(&self) -> Place {
        Place {
            vfs: self.vfs.clone(),
            dir: self.dir.clone(),
            segments_dir: layout::segments(&self.dir),
            next_segment: self.manifest.state.next_segment.max(1),
            uuid: self.manifest.state.uuid,
            from: self.end,
        }
    }

    /// Makes these segments, the newest first, the ones that count, durably; they cover every frame before `from`.
    pub(crate) fn install(&mut self, segments: Vec<SegmentName>, from: Option<End>) -> Result<()> {
        self.shared.refuse_poisoned()?;
        if segments.len() > SEGMENTS_MAX {
            return Err(Error::TooLarge { what: "the number of segments", limit: SEGMENTS_MAX as u64 });
        }
        let next = segments.iter().map(|segment| segment.number + 1).max().unwrap_or(1);
        let mut state = Manifest {
            next_segment: self.manifest.state.next_segment.max(next),
            segments,
            ..self.manifest.state.clone()
        };
        if let Some(from) = from {
            assert!(from.offset == FILE_HEADER_BYTES as u64, "what segments cover ends with a log file");
            state.covered_seq = from.seq;
            state.first_file = from.file;
            state.first_seq = from.seq + 1;
            // The session may have begun in a file that is let go: the walk of a recovery begins here.
            if state.end.file < from.file {
                state.end = from;
            }
        }
        let stored = self.manifest.store(&*self.vfs, &self.dir, state);
        self.shared.guard(stored)
    }

    /// Removes log files that segments cover.
    pub(crate) fn retire(&self) -> Result<()> {
        remove_retired(&*self.vfs, &self.dir, &self.manifest.state)
    }
}

/// Removes what was left by a checkpoint, a retirement, a bulk load or a restoration that was cut short.
pub(crate) fn remove_retired(vfs: &dyn Vfs, dir: &Path, manifest: &Manifest) -> Result<()> {
    let numbers = layout::log_numbers(vfs, dir)?;
    let old = numbers.into_iter().filter(|number| *number < manifest.first_file);
    old.map(|number| layout::log(dir, number)).try_for_each(|path| remove(vfs, &path))?;
    let segments_dir = layout::segments(dir);
    if vfs.exists(&segments_dir)? {
        for name in vfs.list(&segments_dir)? {
            let number = layout::segment_number(&name);
            let lives = number.is_some_and(|n| manifest.segments.iter().any(|segment| segment.number == n));
            if (number.is_some() && !lives) || layout::is_leftover(&name) {
                remove(vfs, &segments_dir.join(&name))?;
            }
        }
    }
    Ok(())
}

/// Removes a file; that it is gone already is as good.
fn remove(vfs: &dyn Vfs, path: &Path) -> Result<()> {
    match vfs.remove(path) {
        Err(Error::Io { op: IoOp::Remove, source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
            Ok(())
        }
        other => other,
    }
}
