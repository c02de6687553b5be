//! The segments that a bulk load spills, and the thread that writes them.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

use crate::error::{Error, Result};
use crate::graph::checkpoint::mergeable;
use crate::graph::options::Options;
use crate::journal::{is_spill, spill_in, unfinished_in};
use crate::segment::{Name, ReadMode, Segment, SegmentWriter};
#[cfg(feature = "kv")]
use crate::store::Place;
use crate::store::{
    Layers, Saved, State, counts_of, merge, room_for_changes, room_for_merge, seed_of, write_changes,
};
use crate::vfs::Vfs;

/// The segments of a load, and the thread that writes the next one.
pub(crate) struct Spills {
    place: SpillPlace,
    /// Newest first.
    segments: Vec<Arc<Segment>>,
    /// The number of the next one.
    next: u64,
    writing: Option<JoinHandle<Result<Written>>>,
    /// Those that were merged into others.
    needless: Vec<Arc<Segment>>,
}

/// Where and how spills are written.
#[derive(Clone)]
struct SpillPlace {
    dir: SpillDir,
    uuid: [u8; 16],
    read_mode: ReadMode,
}

/// What the database will be made from.
#[derive(Clone)]
pub(crate) enum SpillDir {
    /// Files in a directory.
    Files { vfs: Arc<dyn Vfs>, dir: PathBuf },
    /// Rows of a store that is removed afterwards, and the place of the segment they are gathered in.
    #[cfg(feature = "kv")]
    Rows { spills: Box<Place>, base: Box<Place> },
}

/// What the thread did: the segments there are now, the newest first.
struct Written {
    segments: Vec<Arc<Segment>>,
    /// Those that were merged into others.
    needless: Vec<Arc<Segment>>,
    saved: Saved,
    next: u64,
}

impl SpillDir {
    /// Writes a segment; nothing is left of it after an error.
    pub(super) fn write(
        &self,
        name: Name,
        read_mode: ReadMode,
        room: u64,
        write: impl FnOnce(SegmentWriter) -> Result<u64>,
    ) -> Result<Arc<Segment>> {
        match self {
            SpillDir::Files { vfs, dir } => {
                write_file(vfs, &spill_in(dir, name.number), name, (read_mode, room), write)
            }
            #[cfg(feature = "kv")]
            SpillDir::Rows { spills, .. } => spills.write(name, read_mode, room, write),
        }
    }

    /// Removes these spills.
    fn remove(&self, spills: &[Arc<Segment>]) -> Result<()> {
        spills.iter().map(|segment| segment.name().number).try_for_each(|number| match self {
            SpillDir::Files { vfs, dir } => vfs.remove(&spill_in(dir, number)),
            #[cfg(feature = "kv")]
            SpillDir::Rows { spills, .. } => spills.remove(number),
        })
    }

    /// Removes what another load left.
    fn clear(&self) -> Result<()> {
        match self {
            SpillDir::Files { vfs, dir } => {
                let names = vfs.list(dir)?;
                let mut left = names.iter().filter(|name| is_spill(name)).map(|name| dir.join(name));
                left.try_for_each(|path| vfs.remove(&path))
            }
            // A creation begins with empty stores.
            #[cfg(feature = "kv")]
            SpillDir::Rows { .. } => Ok(()),
        }
    }
}

/// Writes a segment to a file and opens it; nothing is left of it after an error.
fn write_file(
    vfs: &Arc<dyn Vfs>,
    path: &Path,
    name: Name,
    (read_mode, room): (ReadMode, u64),
    write: impl FnOnce(SegmentWriter) -> Result<u64>,
) -> Result<Arc<Segment>> {
    let written = SegmentWriter::create(vfs, path, name, room)
        .and_then(write)
        .and_then(|_| Segment::open(&**vfs, path, read_mode).map(Arc::new));
    if written.is_err() {
        // The error that matters is the first; the next load removes what this leaves.
        drop(vfs.remove(path));
    }
    written
}

impl SpillPlace {
    fn name(&self, number: u64, seq: u64, is_base: bool) -> Name {
        Name { uuid: self.uuid, number, seq, seed: seed_of(&self.uuid), is_base }
    }

    /// Writes the delta of a state, and merges segments that are alike in size.
    fn write(&self, state: &State, mut next: u64) -> Result<Written> {
        let below = state.layers.segments();
        let name = self.name(next, state.seq, below.is_empty());
        let newest = self.dir.write(name, self.read_mode, room_for_changes(state), |mut out| {
            write_changes(state, None, &mut out)?;
            out.finish(counts_of(state))
        })?;
        next += 1;
        let mut segments = vec![newest];
        segments.extend(below.iter().cloned());
        let mut needless = Vec::new();
        loop {
            let sizes: Vec<u64> = segments.iter().map(|segment| segment.bytes()).collect();
            let count = mergeable(&sizes);
            let Some(run) = segments.get(..count).filter(|run| run.len() > 1) else { break };
            let name = self.name(next, state.seq, count == segments.len());
            let below = segments.get(count..).unwrap_or_default();
            let merged = self.dir.write(name, self.read_mode, room_for_merge(run), |mut out| {
                merge(run, below, None, state, &mut out)?;
                out.finish(counts_of(state))
            })?;
            next += 1;
            needless.extend(segments.splice(..count, [merged]));
        }
        Ok(Written { segments, needless, saved: Saved::of(state), next })
    }
}

impl Spills {
    /// Begins in a directory, from which what another load left is removed.
    pub(crate) fn begin(options: &Options, uuid: [u8; 16], dir: SpillDir) -> Result<Spills> {
        let place = SpillPlace { dir, uuid, read_mode: options.read_mode };
        place.dir.clear()?;
        Ok(Spills { place, segments: Vec::new(), next: 1, writing: None, needless: Vec::new() })
    }

    /// Begins to write the delta of a state.
    pub(crate) fn start(&mut self, state: State) {
        let (place, next) = (self.place.clone(), self.next);
        self.writing = Some(std::thread::spawn(move || place.write(&state, next)));
    }

    /// Waits for what is being written: what then lies below the delta.
    pub(crate) fn wait(&mut self) -> Result<Option<Layers>> {
        let Some(writing) = self.writing.take() else { return Ok(None) };
        let written = writing.join().map_err(|_| Error::Internal { what: "a spill panicked" })??;
        (self.segments, self.next) = (written.segments, written.next);
        self.needless.extend(written.needless);
        Ok(Some(Layers::of(self.segments.clone(), written.saved)))
    }

    /// Removes those that were merged into others.
    pub(crate) fn clear(&mut self) -> Result<()> {
        self.place.dir.remove(&std::mem::take(&mut self.needless))
    }

    /// One segment of all, in the place of one that a database begins with: its number and bytes.
    pub(crate) fn gather(&mut self, state: &State) -> Result<(u64, u64)> {
        let name = self.place.name(self.next, state.seq, true);
        let write = |segments: &[Arc<Segment>], mut out: SegmentWriter| {
            merge(segments, &[], None, state, &mut out)?;
            out.finish(counts_of(state))
        };
        let room = room_for_merge(&self.segments);
        let segment = match (&self.place.dir, self.segments.as_slice()) {
            (SpillDir::Files { vfs, dir }, [only]) => {
                vfs.rename(&spill_in(dir, only.name().number), &unfinished_in(dir))?;
                only.clone()
            }
            (SpillDir::Files { vfs, dir }, all) => {
                let how = (self.place.read_mode, room);
                write_file(vfs, &unfinished_in(dir), name, how, |out| write(all, out))?
            }
            #[cfg(feature = "kv")]
            (SpillDir::Rows { base, .. }, all) => {
                base.write(name, self.place.read_mode, room, |out| write(all, out))?
            }
        };
        self.place.dir.clear()?;
        self.segments.clear();
        Ok((segment.name().number, segment.bytes()))
    }
}

impl Drop for Spills {
    /// Leaves nothing behind, however the load ended. The error that matters came before.
    fn drop(&mut self) {
        if self.wait().is_ok_and(|written| written.is_none()) && self.segments.is_empty() {
            return;
        }
        drop(self.place.dir.clear());
    }
}
