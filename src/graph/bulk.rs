//! Bulk loads: a database made of many facts at once, without a journal.
//!
//! Facts act as those of one commit. What they make grows in memory up to a bound and is then spilled as a segment,
//! while more facts come; in the end the spills are merged into the segment that the database begins with.
//!
//! # Invariants
//!   G1 the database is the one that a single commit of the same facts leaves, numbers included.
//!   G2 until its manifest has its name there is no database; a load that was cut short is begun again.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

use crate::engine::{Change, apply, settle};
use crate::error::{Error, Result};
use crate::graph::checkpoint::{mergeable, write_file};
use crate::graph::handle::Graph;
use crate::graph::options::Options;
use crate::graph::tx::Outcome;
use crate::journal::unfinished_in;
use crate::journal::{Begun, Identity, Journal, Options as JournalOptions, SegmentName};
use crate::model::{Fact, Time};
use crate::segment::{Name, ReadMode, Segment};
use crate::store::{Draft, Layers, Saved, State, counts_of, merge, seed_of, write_changes};
use crate::vfs::Vfs;

/// New facts after which families are resolved: often enough that what is dirty stays small, seldom enough that a
/// family is not resolved again for each of its facts.
const SETTLE_FACTS: usize = 16_384;

/// A database in the making: takes the facts it is to begin with.
pub struct BulkLoad {
    change: Change,
    recorded: u64,
    unsettled: usize,
    /// Bytes of changes in memory that are spilled.
    spill_bytes: usize,
    spills: Spills,
}

impl fmt::Debug for BulkLoad {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BulkLoad").field("recorded", &self.recorded).finish_non_exhaustive()
    }
}

impl Graph {
    /// Makes a database in a directory that is missing or empty, with the facts that `fill` gives, and opens it. See
    /// [`Options::bulk_load`].
    ///
    /// # Errors
    /// See [`Options::bulk_load`].
    pub fn bulk_load<T>(
        dir: impl AsRef<Path>,
        now: Time,
        fill: impl FnOnce(&mut BulkLoad) -> Result<T>,
    ) -> Result<(Graph, T)> {
        Options::default().bulk_load(dir, now, fill)
    }
}

impl Options {
    /// Makes a database in a directory that is missing or empty, with the facts that `fill` gives, and opens it; also
    /// returns what `fill` did.
    ///
    /// It is the quick way to a first import: nothing is written to a journal, memory stays within about
    /// [`Options::delta_bytes`], and the database is as if all facts had come in one commit recorded at `now`. It is
    /// there when this returns, and before that there is none: a load that failed or was killed is simply begun again.
    ///
    /// ```
    /// use idweave::model::Placeholders;
    /// use idweave::{Graph, Read, Time, ndjson};
    /// # let place = tempfile::tempdir()?;
    /// # let dir = place.path().join("db");
    /// let line = r#"{"op":"link","a":"openid:wx0123456789abcdef:oA1","b":"unionid:shop:oU1","source":"mini.code2session","at":1735689600000}"#;
    /// let fact = ndjson::parse(line, 1, &Placeholders::default())?;
    /// let now = Time::from_ms(1_735_689_600_500);
    /// let (graph, ()) = Graph::bulk_load(&dir, now, |load| load.apply(&fact).map(drop))?;
    /// assert_eq!(graph.view().stats()?.ids, 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// What `fill` returned; `AlreadyExists`, `Locked`, `Io`, `Broken`. There is no database then.
    pub fn bulk_load<T>(
        self,
        dir: impl AsRef<Path>,
        now: Time,
        fill: impl FnOnce(&mut BulkLoad) -> Result<T>,
    ) -> Result<(Graph, T)> {
        self.check()?;
        let mut filled = None;
        let identity = Identity::random()?;
        let write = |segments: &Path| {
            let mut load = BulkLoad::begin(&self, &identity, segments, now)?;
            let done = fill(&mut load).and_then(|value| {
                filled = Some(value);
                load.finish()
            });
            done.inspect_err(|_| load.spills.abandon())
        };
        let (vfs, dir) = (self.vfs.clone(), dir.as_ref());
        Journal::create_from(vfs, dir, JournalOptions::default(), identity.clone(), write)?.close()?;
        let graph = self.open(dir)?;
        filled.map(|value| (graph, value)).ok_or(Error::Internal { what: "a bulk load that was not filled" })
    }
}

impl BulkLoad {
    fn begin(options: &Options, identity: &Identity, dir: &Path, now: Time) -> Result<BulkLoad> {
        let mut change =
            Change::begin(State::seeded(identity.uuid), now, identity.secret.0, options.door.clone());
        change.state.seq = change.seq;
        change.state.recorded_at = change.recorded_at;
        Ok(BulkLoad {
            change,
            recorded: 0,
            unsettled: 0,
            // One half grows while the other is written.
            spill_bytes: usize::try_from(options.delta_bytes / 2).unwrap_or(usize::MAX),
            spills: Spills::begin(options, identity.uuid, dir)?,
        })
    }

    /// Adds a fact. A refused one leaves no trace: the load goes on without it if you ignore the error.
    ///
    /// # Errors
    /// As of [`crate::Tx::apply`] for a fact that is refused. `TooLarge`, `Io` and `Broken` mean that the load fails.
    pub fn apply(&mut self, fact: &Fact) -> Result<Outcome> {
        let is_new = apply(&mut self.change, fact)?;
        // No journal will hold them.
        self.change.entries.clear();
        if is_new {
            self.recorded += 1;
            self.unsettled += 1;
            if self.unsettled >= SETTLE_FACTS || self.change.state.delta.bytes >= self.spill_bytes {
                self.settle()?;
            }
        }
        Ok(if is_new { Outcome::Recorded } else { Outcome::AlreadyKnown })
    }

    fn settle(&mut self) -> Result<()> {
        if self.change.broken {
            return Err(Error::Broken);
        }
        self.unsettled = 0;
        let settled = settle(&mut self.change);
        self.change.broken |= settled.is_err();
        settled?;
        if self.change.state.delta.bytes >= self.spill_bytes { self.spill() } else { Ok(()) }
    }

    /// Has what is in memory written out, behind what is being written.
    fn spill(&mut self) -> Result<()> {
        self.await_spill()?;
        let state = State::clone(&self.change.state);
        let mut fresh = state.clone();
        let frozen = Arc::new(std::mem::take(&mut fresh.delta));
        fresh.layers = fresh.layers.below(frozen);
        self.change.state = Draft::on(fresh);
        self.spills.start(state);
        Ok(())
    }

    /// Puts the segment that was being written in the place of what it holds.
    fn await_spill(&mut self) -> Result<()> {
        let Some(layers) = self.spills.wait().inspect_err(|_| self.change.broken = true)? else {
            return Ok(());
        };
        let mut state = State::clone(&self.change.state);
        state.layers = layers;
        self.change.state = Draft::on(state);
        self.spills.place.clear(&self.spills.segments)
    }

    /// Ends the load: everything in one segment, and nothing else is left.
    fn finish(&mut self) -> Result<Option<Begun>> {
        if self.recorded == 0 {
            return Ok(None);
        }
        self.settle()?;
        self.spill()?;
        self.await_spill()?;
        let segment = self.spills.gather(&self.change.state)?;
        Ok(Some(Begun { seq: self.change.seq, segment }))
    }
}

/// The segments of a load, and the thread that writes the next one.
struct Spills {
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

const SPILL_PREFIX: &str = "spill-";

impl SpillPlace {
    fn path(&self, number: u64) -> PathBuf {
        self.dir.join(format!("{SPILL_PREFIX}{number}"))
    }

    fn name(&self, number: u64, seq: u64, is_base: bool) -> Name {
        Name { uuid: self.uuid, number, seq, seed: seed_of(&self.uuid), is_base }
    }

    /// Removes every spill but these.
    fn clear(&self, kept: &[Arc<Segment>]) -> Result<()> {
        let kept: Vec<PathBuf> = kept.iter().map(|segment| self.path(segment.name().number)).collect();
        let names = self.vfs.list(&self.dir)?;
        let spills = names.iter().filter(|name| name.starts_with(SPILL_PREFIX));
        let mut needless = spills.map(|name| self.dir.join(name)).filter(|path| !kept.contains(path));
        needless.try_for_each(|path| self.vfs.remove(&path))
    }

    /// Writes the delta of a state, and merges segments that are alike in size.
    fn write(&self, state: &State, mut next: u64) -> Result<Written> {
        let below = state.layers.segments();
        let name = self.name(next, state.seq, below.is_empty());
        let newest = write_file(&self.vfs, &self.path(next), name, self.read_mode, |mut out| {
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
            let merged = self.merge(run, name, state, &self.path(next))?;
            next += 1;
            segments.splice(..count, [merged]);
        }
        Ok(Written { segments, saved: Saved::of(state), next })
    }

    fn merge(&self, run: &[Arc<Segment>], name: Name, state: &State, path: &Path) -> Result<Arc<Segment>> {
        write_file(&self.vfs, path, name, self.read_mode, |mut out| {
            merge(run, name.is_base, None, state, &mut out)?;
            out.finish(counts_of(state)).map(drop)
        })
    }
}

impl Spills {
    /// Begins in a directory, from which what another load left is removed.
    fn begin(options: &Options, uuid: [u8; 16], dir: &Path) -> Result<Spills> {
        let (vfs, read_mode) = (options.vfs.clone(), options.read_mode);
        let place = SpillPlace { vfs, dir: dir.to_owned(), uuid, read_mode };
        place.clear(&[])?;
        Ok(Spills { place, segments: Vec::new(), next: 1, writing: None })
    }

    /// Begins to write the delta of a state.
    fn start(&mut self, state: State) {
        let (place, next) = (self.place.clone(), self.next);
        self.writing = Some(std::thread::spawn(move || place.write(&state, next)));
    }

    /// Waits for what is being written: what then lies below the delta.
    fn wait(&mut self) -> Result<Option<Layers>> {
        let Some(writing) = self.writing.take() else { return Ok(None) };
        let written = writing.join().map_err(|_| Error::Internal { what: "a spill panicked" })??;
        (self.segments, self.next) = (written.segments, written.next);
        Ok(Some(Layers::of(self.segments.clone(), written.saved)))
    }

    /// One segment of all, under the name of one that a database begins with.
    fn gather(&mut self, state: &State) -> Result<SegmentName> {
        let unfinished = unfinished_in(&self.place.dir);
        let segment = match self.segments.as_slice() {
            [only] => {
                self.place.vfs.rename(&self.place.path(only.name().number), &unfinished)?;
                only.clone()
            }
            all => self.place.merge(all, self.place.name(self.next, state.seq, true), state, &unfinished)?,
        };
        self.place.clear(&[])?;
        Ok(SegmentName { number: segment.name().number, file_len: segment.header().file_len })
    }

    /// Leaves nothing behind. The error that matters came before.
    fn abandon(&mut self) {
        drop(self.wait());
        drop(self.place.clear(&[]));
    }
}
