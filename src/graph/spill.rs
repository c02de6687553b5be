//! The segments that a bulk load spills, and the thread that writes them.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

use crate::error::{Error, Result};
use crate::graph::checkpoint::{mergeable, write_file};
use crate::graph::options::Options;
use crate::journal::{SegmentName, is_spill, spill_in, unfinished_in};
use crate::segment::{Name, ReadMode, Segment, SegmentWriter};
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
}

/// Where and how spills are written.
#[derive(Clone)]
struct SpillPlace {
    vfs: Arc<dyn Vfs>,
    dir: PathBuf,
    uuid: [u8; 16],
    read_mode: ReadMode,
}

/// What the thread did: the segments there are now, the newest first.
struct Written {
    segments: Vec<Arc<Segment>>,
    saved: Saved,
    next: u64,
}

impl SpillPlace {
    fn path(&self, number: u64) -> PathBuf {
        spill_in(&self.dir, number)
    }

    fn name(&self, number: u64, seq: u64, is_base: bool) -> Name {
        Name { uuid: self.uuid, number, seq, seed: seed_of(&self.uuid), is_base }
    }

    /// Removes every spill but these.
    fn clear(&self, kept: &[Arc<Segment>]) -> Result<()> {
        let kept: Vec<PathBuf> = kept.iter().map(|segment| self.path(segment.name().number)).collect();
        let names = self.vfs.list(&self.dir)?;
        let spills = names.iter().filter(|name| is_spill(name));
        let mut needless = spills.map(|name| self.dir.join(name)).filter(|path| !kept.contains(path));
        needless.try_for_each(|path| self.vfs.remove(&path))
    }

    /// Writes the delta of a state, and merges segments that are alike in size.
    fn write(&self, state: &State, mut next: u64) -> Result<Written> {
        let below = state.layers.segments();
        let name = self.name(next, state.seq, below.is_empty());
        let path = self.path(next);
        let newest = write_file(&self.vfs, &path, self.read_mode, || {
            let mut out = SegmentWriter::create(&self.vfs, &path, name, room_for_changes(state))?;
            write_changes(state, None, &mut out)?;
            out.finish(counts_of(state)).map(drop)
        })?;
        next += 1;
        let mut segments = vec![newest];
        segments.extend(below.iter().cloned());
        loop {
            let sizes: Vec<u64> = segments.iter().map(|segment| segment.header().file_len).collect();
            let count = mergeable(&sizes);
            let Some(run) = segments.get(..count).filter(|run| run.len() > 1) else { break };
            let name = self.name(next, state.seq, count == segments.len());
            let below = segments.get(count..).unwrap_or_default();
            let merged = self.merge((run, below), name, state, &self.path(next))?;
            next += 1;
            segments.splice(..count, [merged]);
        }
        Ok(Written { segments, saved: Saved::of(state), next })
    }

    fn merge(
        &self,
        (run, below): (&[Arc<Segment>], &[Arc<Segment>]),
        name: Name,
        state: &State,
        path: &Path,
    ) -> Result<Arc<Segment>> {
        write_file(&self.vfs, path, self.read_mode, || {
            let mut out = SegmentWriter::create(&self.vfs, path, name, room_for_merge(run))?;
            merge(run, below, None, state, &mut out)?;
            out.finish(counts_of(state)).map(drop)
        })
    }
}

impl Spills {
    /// Begins in a directory, from which what another load left is removed.
    pub(crate) fn begin(options: &Options, uuid: [u8; 16], dir: &Path) -> Result<Spills> {
        let (vfs, read_mode) = (options.vfs.clone(), options.read_mode);
        let place = SpillPlace { vfs, dir: dir.to_owned(), uuid, read_mode };
        place.clear(&[])?;
        Ok(Spills { place, segments: Vec::new(), next: 1, writing: None })
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
        Ok(Some(Layers::of(self.segments.clone(), written.saved)))
    }

    /// Removes those that were merged into others.
    pub(crate) fn clear(&self) -> Result<()> {
        self.place.clear(&self.segments)
    }

    /// One segment of all, under the name of one that a database begins with.
    pub(crate) fn gather(&mut self, state: &State) -> Result<SegmentName> {
        let unfinished = unfinished_in(&self.place.dir);
        let segment = match self.segments.as_slice() {
            [only] => {
                self.place.vfs.rename(&self.place.path(only.name().number), &unfinished)?;
                only.clone()
            }
            all => {
                let name = self.place.name(self.next, state.seq, true);
                self.place.merge((all, &[]), name, state, &unfinished)?
            }
        };
        self.place.clear(&[])?;
        self.segments.clear();
        Ok(SegmentName { number: segment.name().number, file_len: segment.header().file_len })
    }
}

impl Drop for Spills {
    /// Leaves nothing behind, however the load ended. The error that matters came before.
    fn drop(&mut self) {
        if self.wait().is_ok_and(|written| written.is_none()) && self.segments.is_empty() {
            return;
        }
        drop(self.place.clear(&[]));
    }
}
