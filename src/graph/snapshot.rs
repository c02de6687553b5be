//! Snapshots: a graph at one commit as one file, to be read elsewhere, kept as a backup, and restored from.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use crate::engine::restore_settings;
use crate::error::{Error, Result};
use crate::graph::handle::Graph;
#[cfg(feature = "kv")]
use crate::graph::options::HomeKind;
use crate::graph::options::{History, Options};
use crate::graph::shared::held;
use crate::graph::view::Shown;
use crate::journal::unfinished_in;
use crate::journal::{Begun, Identity, Journal, Options as JournalOptions, Secret, SegmentName};
#[cfg(feature = "kv")]
use crate::kvlog::{KvBegun, KvLog, KvPlace};
use crate::model::Time;
use crate::segment::rows::Tag;
use crate::segment::{Found, Name, ReadMode, Segment, SegmentWriter};
#[cfg(feature = "kv")]
use crate::store::Place;
use crate::store::{State, counts_of, merge, restore, room_for_merge, seed_of, write_changes};
use crate::vfs::{RealVfs, Vfs};

/// How thoroughly files are verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum VerifyLevel {
    /// Headers, and that all parts lie where they say; names, settings and marks are read.
    Fast,
    /// Every byte: every record decodes, every id and number leads to its record, every row is in its place.
    Full,
}

/// What was verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Verified {
    /// Segments that were looked at.
    pub segments: usize,
    /// Bytes that were read.
    pub bytes: u64,
    /// Families in them, replaced ones too.
    pub records: u64,
    /// Ids in those.
    pub ids: u64,
    /// Rows beside them.
    pub rows: u64,
}

/// A published snapshot: one immutable file that answers as a view of its commit does.
///
/// ```
/// use idweave::{Graph, Read, Snapshot};
/// let place = tempfile::tempdir()?;
/// let graph = Graph::create(place.path().join("db"))?;
/// let written = graph.snapshot(place.path().join("today.snapshot"))?;
/// let snapshot = Snapshot::open(place.path().join("today.snapshot"))?;
/// assert_eq!(snapshot.seq(), written.seq);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Snapshot {
    state: Arc<State>,
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshot").field("seq", &self.seq()).finish_non_exhaustive()
    }
}

impl Shown for Snapshot {
    fn state(&self) -> Result<&Arc<State>> {
        Ok(&self.state)
    }

    fn kept_history(&self) -> History {
        History::All
    }
}

impl Snapshot {
    /// Opens a snapshot, mapped into memory.
    ///
    /// # Errors
    /// `Io`, `Corrupt`, `FormatVersion`.
    pub fn open(path: impl AsRef<Path>) -> Result<Snapshot> {
        Snapshot::open_with(path, ReadMode::default())
    }

    /// Opens a snapshot to be read in a mode of one's choice.
    ///
    /// # Errors
    /// See [`Snapshot::open`].
    pub fn open_with(path: impl AsRef<Path>, mode: ReadMode) -> Result<Snapshot> {
        Snapshot::open_on(&RealVfs, path.as_ref(), mode)
    }

    /// Opens a snapshot on a file system of one's own.
    ///
    /// # Errors
    /// See [`Snapshot::open`].
    pub fn open_on(vfs: &dyn Vfs, path: &Path, mode: ReadMode) -> Result<Snapshot> {
        let segment = Arc::new(Segment::open(vfs, path, mode)?);
        if !segment.name().is_base {
            return Err(segment.corrupt(0, "a part of a database is no snapshot"));
        }
        let restored =
            restore(vec![segment])?.ok_or(Error::Internal { what: "a segment restores nothing" })?;
        Ok(Snapshot { state: Arc::new(restore_settings(restored)?) })
    }

    /// The secret of the database it was taken of.
    pub(crate) fn secret(&self) -> Result<[u8; 32]> {
        let Some(segment) = self.state.layers.segments().first() else {
            return Err(Error::Internal { what: "a snapshot without a segment" });
        };
        let secret = match segment.table()?.get(&Tag::Secret.prefix())? {
            Found::Value(bytes) => <[u8; 32]>::try_from(bytes).ok(),
            Found::Absent | Found::Nothing => None,
        };
        secret.ok_or_else(|| segment.corrupt(0, "the secret is not in this file"))
    }

    /// The random name of the database that published it.
    pub(crate) fn uuid(&self) -> Option<[u8; 16]> {
        self.state.layers.segments().first().map(|segment| segment.name().uuid)
    }

    /// The commit it shows.
    pub fn seq(&self) -> u64 {
        self.state.seq
    }

    /// When that commit was recorded.
    pub fn recorded_at(&self) -> Time {
        self.state.recorded_at
    }

    /// Verifies the file.
    ///
    /// # Errors
    /// `Corrupt` says where; `Io`.
    pub fn verify(&self, level: VerifyLevel) -> Result<Verified> {
        verify_state(&self.state, level)
    }
}

/// Verifies the segments of a state.
pub(crate) fn verify_state(state: &State, level: VerifyLevel) -> Result<Verified> {
    let mut verified = Verified::default();
    for segment in state.layers.segments() {
        verified.segments += 1;
        if level == VerifyLevel::Full {
            let read = segment.verify(state)?;
            verified.bytes += read.bytes;
            verified.records += read.records;
            verified.ids += read.ids;
            verified.rows += read.rows;
        }
    }
    Ok(verified)
}

/// What was written as a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Snapshotted {
    /// The commit it shows.
    pub seq: u64,
    /// Its length.
    pub bytes: u64,
}

impl Graph {
    /// Publishes the graph as it is after a checkpoint as one file; writers and readers go on. The file appears when
    /// it is whole and durable, in place of one that had its name.
    ///
    /// It holds people's ids, and the secret that keeps erased ids out: treat it as the database itself. The database
    /// remembers where it was published, for the receipts of later erasures ([`Graph::erase`]).
    ///
    /// # Errors
    /// `Io`, `Poisoned`, `Corrupt`.
    pub fn snapshot(&self, path: impl AsRef<Path>) -> Result<Snapshotted> {
        let shared = self.shared();
        let state = shared.checkpoint_if(|| true)?;
        let path = path.as_ref();
        let newest = state.layers.segments().first();
        let seq = newest.map_or(state.seq, |newest| newest.name().seq);
        let counts = newest.map_or_else(|| counts_of(&state), |newest| *newest.counts());
        let recorded_at = Time::from_ms(counts.recorded_at);
        let (uuid, secret) = shared.identity();
        let name = Name { uuid, number: 0, seq, seed: seed_of(&uuid), is_base: true };
        shared.register.iter().try_for_each(|register| held(register).note(path, seq, recorded_at))?;
        let bytes = publish(&shared.vfs, path, |unfinished| {
            let room = room_for_merge(state.layers.segments());
            let mut out = SegmentWriter::create(&shared.vfs, unfinished, name, room)?;
            if newest.is_some() {
                merge(state.layers.segments(), &[], Some(&secret), &*state, &mut out)?;
            } else {
                write_changes(&state, Some(&secret), &mut out)?;
            }
            out.finish(counts)
        })?;
        Ok(Snapshotted { seq, bytes })
    }

    /// Verifies the files of the graph. What is in memory only is not looked at ([`Graph::check`] does that).
    ///
    /// # Errors
    /// `Corrupt` says where; `Io`.
    pub fn verify(&self, level: VerifyLevel) -> Result<Verified> {
        verify_state(&self.shared().latest_state(), level)
    }

    /// Makes a database in a directory that is missing or empty from a snapshot; every byte of that is verified.
    /// The new database has the name and the secret of the old one: it is to take its place.
    ///
    /// # Errors
    /// `Corrupt`, `AlreadyExists`, `Io`.
    pub fn restore(snapshot: impl AsRef<Path>, dir: impl AsRef<Path>) -> Result<Snapshotted> {
        Options::default().restore(snapshot, dir)
    }
}

impl Options {
    /// [`Graph::restore`] into the home of these options.
    ///
    /// # Errors
    /// See [`Graph::restore`].
    pub fn restore(self, snapshot: impl AsRef<Path>, dir: impl AsRef<Path>) -> Result<Snapshotted> {
        restore_on(&self, snapshot.as_ref(), dir.as_ref())
    }
}

/// Makes a database from a snapshot on a file system.
pub(crate) fn restore_on(options: &Options, snapshot: &Path, dir: &Path) -> Result<Snapshotted> {
    let vfs = &options.vfs;
    let snapshot = Snapshot::open_on(&**vfs, snapshot, ReadMode::default())?;
    snapshot.verify(VerifyLevel::Full)?;
    let Some(segment) = snapshot.state.layers.segments().first() else {
        return Err(Error::Internal { what: "a snapshot without a segment" });
    };
    let secret = snapshot.secret()?;
    let name = *segment.name();
    let identity = Identity { uuid: name.uuid, secret: Secret(secret) };
    let name = Name { number: 1, ..name };
    let mut bytes = 0;
    let mut write = |mut out: SegmentWriter| -> Result<u64> {
        merge(snapshot.state.layers.segments(), &[], None, &*snapshot.state, &mut out)?;
        bytes = out.finish(*segment.counts())?;
        Ok(bytes)
    };
    #[cfg(feature = "kv")]
    if let HomeKind::Kv(store) = &options.home {
        let begin = |place: &KvPlace| {
            let place = Place::Rows(place.clone());
            let bytes = place.write(name, options.read_mode, 0, &mut write)?.bytes();
            Ok(Some(KvBegun { seq: name.seq, segments: vec![(name.number, bytes)] }))
        };
        KvLog::create(vfs.clone(), dir, store.clone(), (name.uuid, secret), begin)?.close()?;
        return Ok(Snapshotted { seq: name.seq, bytes });
    }
    let journal = Journal::create_from(vfs.clone(), dir, JournalOptions::default(), identity, |segments| {
        let out = SegmentWriter::create(vfs, &unfinished_in(segments), name, segment.bytes())?;
        let segment = SegmentName { number: name.number, file_len: write(out)? };
        Ok(Some(Begun { seq: name.seq, segments: vec![(unfinished_in(segments), segment)] }))
    })?;
    journal.close()?;
    Ok(Snapshotted { seq: name.seq, bytes })
}

/// The files that this process is publishing, before they have their names.
static UNFINISHED: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

/// Writes a file beside its place, under a name of its own, and gives it its name when it is whole and durable.
fn publish(vfs: &Arc<dyn Vfs>, path: &Path, write: impl FnOnce(&Path) -> Result<u64>) -> Result<u64> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mark = format!("{}.unfinished-", path.file_name().unwrap_or_default().to_string_lossy());
    let unfinished = {
        let mut all = held(&UNFINISHED);
        // No two processes choose the same.
        let chosen = u128::from_le_bytes(Identity::random()?.uuid);
        let unfinished = parent.join(format!("{mark}{chosen:032x}"));
        // What is not being written by this process was left by one that is no more; should another be at it, its
        // file loses its name and is not published.
        let left = vfs.list(parent)?.into_iter().filter(|name| name.starts_with(&mark));
        let left = left.map(|name| parent.join(name)).filter(|name| !all.contains(name));
        left.for_each(|name| drop(vfs.remove(&name)));
        all.insert(unfinished.clone());
        unfinished
    };
    let published = publish_as(vfs, (path, parent), &unfinished, write);
    held(&UNFINISHED).remove(&unfinished);
    published
}

fn publish_as(
    vfs: &Arc<dyn Vfs>,
    (path, parent): (&Path, &Path),
    unfinished: &Path,
    write: impl FnOnce(&Path) -> Result<u64>,
) -> Result<u64> {
    let written = write(unfinished).and_then(|bytes| {
        vfs.rename(unfinished, path)?;
        vfs.sync_dir(parent)?;
        Ok(bytes)
    });
    if written.is_err() {
        // The error that matters is the first.
        drop(vfs.remove(unfinished));
    }
    written
}
