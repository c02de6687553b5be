//! Bulk loads: a database made of many facts at once, without a journal.
//!
//! Facts act as those of one commit. What they make grows in memory up to a bound and is then spilled as a segment,
//! while more facts come; in the end the spills are merged into the segment that the database begins with.
//!
//! # Invariants
//!   G1 the database is the one that a single commit of the same facts leaves, numbers included.
//!   G2 until its manifest has its name there is no database; a load that was cut short is begun again.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use crate::engine::{Change, apply, settle};
use crate::error::{Error, Result};
use crate::graph::handle::Graph;
use crate::graph::options::{HomeKind, Options};
use crate::graph::spill::{SpillDir, Spills};
use crate::graph::tx::Outcome;
use crate::journal::{Begun, Identity, Journal, Options as JournalOptions, SegmentName, unfinished_in};
#[cfg(feature = "kv")]
use crate::kv::Store;
#[cfg(feature = "kv")]
use crate::kvlog::{KvBegun, KvLog, KvPlace};
use crate::model::{Fact, Time};
#[cfg(feature = "kv")]
use crate::store::Place;
use crate::store::{Draft, State};

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
        let write = |spills: SpillDir| {
            let mut load = BulkLoad::begin(&self, &identity, spills, now)?;
            fill(&mut load).and_then(|value| {
                filled = Some(value);
                load.finish()
            })
        };
        let dir = dir.as_ref();
        match &self.home {
            HomeKind::Native => load_files(&self, dir, &identity, write)?,
            #[cfg(feature = "kv")]
            HomeKind::Kv(store) => load_rows(&self, dir, store, &identity, write)?,
        }
        let graph = self.open(dir)?;
        filled.map(|value| (graph, value)).ok_or(Error::Internal { what: "a bulk load that was not filled" })
    }
}

/// The segment that a load made, and the commit it is of.
struct Loaded {
    seq: u64,
    number: u64,
    bytes: u64,
}

/// A database in files that begins with what `write` makes.
fn load_files(
    options: &Options,
    dir: &Path,
    identity: &Identity,
    write: impl FnOnce(SpillDir) -> Result<Option<Loaded>>,
) -> Result<()> {
    let vfs = options.vfs.clone();
    let begin = |segments: &Path| {
        let loaded = write(SpillDir::Files { vfs: options.vfs.clone(), dir: segments.to_owned() })?;
        Ok(loaded.map(|Loaded { seq, number, bytes }| Begun {
            seq,
            segments: vec![(unfinished_in(segments), SegmentName { number, file_len: bytes })],
        }))
    };
    Journal::create_from(vfs, dir, JournalOptions::default(), identity.clone(), begin)?.close()
}

/// The same in a key-value store: what is spilled goes into a store that is removed afterwards.
#[cfg(feature = "kv")]
fn load_rows(
    options: &Options,
    dir: &Path,
    store: &Arc<dyn Store>,
    identity: &Identity,
    write: impl FnOnce(SpillDir) -> Result<Option<Loaded>>,
) -> Result<()> {
    let id = (identity.uuid, identity.secret.0);
    let begin = |place: &KvPlace| {
        let (base, spills) = (Box::new(Place::Rows(place.clone())), Box::new(Place::Rows(place.fresh()?)));
        let loaded = write(SpillDir::Rows { spills: spills.clone(), base });
        spills.abandon();
        Ok(loaded?.map(|Loaded { seq, number, bytes }| KvBegun { seq, segments: vec![(number, bytes)] }))
    };
    KvLog::create(options.vfs.clone(), dir, store.clone(), id, begin)?.close()
}

impl BulkLoad {
    fn begin(options: &Options, identity: &Identity, dir: SpillDir, now: Time) -> Result<BulkLoad> {
        let mut change =
            Change::begin(State::seeded(identity.uuid), now, identity.secret.0, options.door.clone());
        let (seq, recorded_at) = (change.seq, change.recorded_at);
        change.state.note_commit(seq, recorded_at)?;
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
        self.spills.clear()
    }

    /// Ends the load: everything in one segment, and nothing else is left.
    fn finish(&mut self) -> Result<Option<Loaded>> {
        if self.recorded == 0 {
            return Ok(None);
        }
        self.settle()?;
        self.spill()?;
        self.await_spill()?;
        let (number, bytes) = self.spills.gather(&self.change.state)?;
        Ok(Some(Loaded { seq: self.change.seq, number, bytes }))
    }
}
