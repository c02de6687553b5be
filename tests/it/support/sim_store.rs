//! A key-value store that fails when told to, and that can be crashed: what was not flushed may be lost from the end.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use idweave::error::IoOp;
use idweave::kv::{Batch, Change, Kv, MemoryStore, Scan, Store};
use idweave::{Error, HomeKind, Result};

use crate::support::sim_disk::SimDisk;

/// What happened to a store, in order.
#[derive(Clone)]
enum Event {
    Created(PathBuf, u64),
    Written(u64, Batch),
    Flushed,
    Removed(PathBuf, u64),
}

#[derive(Default)]
struct Told {
    /// Each with the changes of the disk that came before it.
    events: Vec<(usize, Event)>,
    /// Calls until one fails.
    fails_in: Option<u64>,
}

/// A store whose calls are counted and kept.
#[derive(Clone)]
pub(crate) struct SimStore {
    inner: MemoryStore,
    disk: Option<SimDisk>,
    told: Arc<Mutex<Told>>,
}

impl fmt::Debug for SimStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SimStore")
    }
}

impl SimStore {
    /// An empty one, beside a disk whose changes tell when things happened.
    pub(crate) fn new(disk: Option<SimDisk>) -> SimStore {
        SimStore { inner: MemoryStore::default(), disk, told: Arc::default() }
    }

    pub(crate) fn home(&self) -> HomeKind {
        HomeKind::Kv(Arc::new(self.clone()))
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap()
    }

    /// The call after so many fails, and every one after it.
    pub(crate) fn fail_after(&self, calls: u64) {
        self.told().fails_in = Some(calls);
    }

    /// No call fails any more.
    pub(crate) fn heal(&self) {
        self.told().fails_in = None;
    }

    fn may_fail(&self, op: IoOp) -> Result<()> {
        let mut told = self.told();
        match &mut told.fails_in {
            None => Ok(()),
            Some(0) => {
                let source = io::Error::other("told to fail");
                Err(Error::Io { op, path: "store".into(), source })
            }
            Some(left) => {
                *left -= 1;
                Ok(())
            }
        }
    }

    fn note(&self, event: Event) {
        let cuts = self.disk.as_ref().map_or(0, SimDisk::cuts);
        self.told().events.push((cuts, event));
    }

    /// How many rows of segments were written.
    pub(crate) fn segment_rows(&self) -> usize {
        let of_segments = |event: &Event| match event {
            Event::Written(_, batch) => batch
                .clone()
                .into_changes()
                .iter()
                .filter(|change| matches!(change, Change::Put(key, _) if key.starts_with(b"s")))
                .count(),
            _ => 0,
        };
        self.told().events.iter().map(|(_, event)| of_segments(event)).sum()
    }

    /// Every store that a crash may leave while the disk makes its change number `cut`: what was flushed by then, and each
    /// longer beginning of what was written.
    pub(crate) fn crashed(&self, cut: usize) -> Vec<SimStore> {
        let events: Vec<Event> =
            self.told().events.iter().filter(|(at, _)| *at < cut).map(|(_, event)| event.clone()).collect();
        let is_certain = |event: &Event| !matches!(event, Event::Written(..));
        let certain = events.iter().rposition(is_certain).map_or(0, |last| last + 1);
        (certain..=events.len()).map(|len| SimStore::of(&events[..len])).collect()
    }

    fn of(events: &[Event]) -> SimStore {
        let store = SimStore::new(None);
        let mut open: BTreeMap<u64, Arc<dyn Kv>> = BTreeMap::new();
        for event in events {
            match event {
                Event::Created(dir, generation) => {
                    open.insert(*generation, store.inner.create(dir, *generation).unwrap());
                }
                Event::Written(generation, batch) => {
                    // A view may write nothing; who was removed is written to no more.
                    open[generation].write(batch.clone()).unwrap();
                }
                Event::Flushed => {}
                Event::Removed(dir, generation) => store.inner.remove(dir, *generation).unwrap(),
            }
        }
        store
    }
}

impl Store for SimStore {
    fn name(&self) -> &'static str {
        "simulated"
    }

    fn create(&self, dir: &Path, generation: u64) -> Result<Arc<dyn Kv>> {
        self.may_fail(IoOp::Open)?;
        let inner = self.inner.create(dir, generation)?;
        self.note(Event::Created(dir.to_owned(), generation));
        Ok(Arc::new(SimKv { store: self.clone(), inner, generation }))
    }

    fn open(&self, dir: &Path, generation: u64) -> Result<Arc<dyn Kv>> {
        self.may_fail(IoOp::Open)?;
        let inner = self.inner.open(dir, generation)?;
        Ok(Arc::new(SimKv { store: self.clone(), inner, generation }))
    }

    fn generations(&self, dir: &Path) -> Result<Vec<u64>> {
        self.inner.generations(dir)
    }

    fn remove(&self, dir: &Path, generation: u64) -> Result<()> {
        self.may_fail(IoOp::Remove)?;
        self.note(Event::Removed(dir.to_owned(), generation));
        self.inner.remove(dir, generation)
    }
}

struct SimKv {
    store: SimStore,
    inner: Arc<dyn Kv>,
    generation: u64,
}

impl fmt::Debug for SimKv {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SimKv")
    }
}

impl Kv for SimKv {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>> {
        self.inner.get(key)
    }

    fn scan<'k>(&'k self, from: &[u8], below: &[u8]) -> Scan<'k> {
        self.inner.scan(from, below)
    }

    fn write(&self, batch: Batch) -> Result<()> {
        self.store.may_fail(IoOp::Write)?;
        self.store.note(Event::Written(self.generation, batch.clone()));
        self.inner.write(batch)
    }

    fn sync(&self) -> Result<()> {
        self.store.may_fail(IoOp::Sync)?;
        self.store.note(Event::Flushed);
        self.inner.sync()
    }

    fn size(&self) -> Result<u64> {
        self.inner.size()
    }

    fn path(&self) -> &Path {
        self.inner.path()
    }
}
