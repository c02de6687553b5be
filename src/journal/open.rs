//! Opens a database for writing: lock, read, judge, repair.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::Result;
use crate::journal::checkpoint::remove_retired;
use crate::journal::create::without_manifest;
use crate::journal::format::{SegmentName, State};
use crate::journal::layout;
use crate::journal::manifest::Stored;
use crate::journal::reader::Frame;
use crate::journal::recover::scan;
use crate::journal::repair::repair;
use crate::journal::writer::{Journal, Options};
use crate::journal::{manifest, mark};
use crate::vfs::{Vfs, VfsLock};

/// What was found when the journal was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(crate) struct Recovery {
    /// The last frame's seq; 0 if there was never one.
    pub(crate) last_seq: u64,
    /// The last frame's time, if the live files hold a frame.
    pub(crate) last_recorded_at: Option<i64>,
    pub(crate) tail: Tail,
}

/// How the journal ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tail {
    /// At a frame's boundary, with nothing that says there was more.
    Clean,
    /// Frames from this seq on are gone. They were never acknowledged, or all of them in the last sync group.
    /// Said again by every open until one appends or closes.
    Cut { from_seq: u64 },
}

/// A database that is locked and whose manifest was read: its segments are to be read before its frames.
pub(crate) struct Opening {
    vfs: Arc<dyn Vfs>,
    dir: PathBuf,
    lock: Box<dyn VfsLock>,
    manifest: Stored,
}

impl Opening {
    /// Locks the database and reads its manifest.
    pub(crate) fn begin(vfs: Arc<dyn Vfs>, dir: &Path) -> Result<Opening> {
        if !vfs.exists(&layout::manifest(dir))? {
            return Err(without_manifest(&*vfs, dir)); // Before a lock file is left in any directory.
        }
        let lock = vfs.lock(&layout::lock(dir))?;
        let Some(manifest) = manifest::load(&*vfs, dir)? else {
            return Err(without_manifest(&*vfs, dir));
        };
        Ok(Opening { vfs, dir: dir.to_owned(), lock, manifest })
    }

    /// The random name of the database.
    pub(crate) fn uuid(&self) -> [u8; 16] {
        self.manifest.state.uuid
    }

    /// The segments that count, the newest first, with their paths.
    pub(crate) fn segments(&self) -> impl Iterator<Item = (SegmentName, PathBuf)> {
        let dir = layout::segments(&self.dir);
        self.manifest.state.segments.iter().map(move |name| (*name, layout::segment_in(&dir, name.number)))
    }

    /// Every commit up to this one is in segments.
    pub(crate) fn covered_seq(&self) -> u64 {
        self.manifest.state.covered_seq
    }

    /// Hands every frame that no segment covers to `visit`, in order. An error of `visit` ends it.
    ///
    /// When this returns an error, what `visit` saw may be a part only, and nothing on disk has changed unless the
    /// error is an I/O error of the repair, which the next open does again.
    pub(crate) fn replay(
        self,
        options: Options,
        visit: &mut dyn FnMut(Frame<'_>) -> Result<()>,
    ) -> Result<(Journal, Recovery)> {
        let Opening { vfs, dir, lock, mut manifest } = self;
        let dir = dir.as_path();
        let state = &manifest.state;
        let mark = mark::load(&*vfs, dir, &state.uuid, state.session)?;
        let found = scan(&*vfs, dir, state, mark, visit)?;
        let was_cut = found.cut || state.state == State::Cut;
        if state.session == 0 {
            vfs.sync_dir(dir)?; // A creation may have failed between its last two steps.
        }
        if !state.is_sealed() {
            repair(&*vfs, dir, &mut manifest, &found)?;
        }
        remove_retired(&*vfs, dir, &manifest.state)?;
        let recovery = Recovery {
            last_seq: found.end.seq,
            last_recorded_at: found.last_recorded_at,
            tail: match was_cut {
                true => Tail::Cut { from_seq: found.end.seq.saturating_add(1) },
                false => Tail::Clean,
            },
        };
        Ok((Journal::resume(vfs, dir, options, manifest, found.end, lock)?, recovery))
    }
}

impl Journal {
    /// Opens the database for writing and hands every frame to `visit`: both steps of [`Opening`].
    #[cfg(any(test, fuzzing))]
    pub(crate) fn open(
        vfs: Arc<dyn Vfs>,
        dir: &Path,
        options: Options,
        visit: &mut dyn FnMut(Frame<'_>) -> Result<()>,
    ) -> Result<(Journal, Recovery)> {
        Opening::begin(vfs, dir)?.replay(options, visit)
    }
}
