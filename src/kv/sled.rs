//! sled 0.34.7 as a store, with what it lacks put around it.
//!
//! # Invariants
//!   L1 durable means fsync: `flush` of sled ends in `sync_file_range`, so its file is flushed again through a
//!      descriptor of our own, opened before anything is written.
//!   L2 a leftover `snap.*.generating` never meets sled: it would refuse to open for ever.
//!   L3 a panic of sled on damaged pages is an error of ours, and the last thing asked of that handle; so is its
//!      first error.
//!   L4 one tree, and one batch at a time: what sled promises of a batch holds for one tree alone.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::{File, TryLockError};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use crate::error::{Error, IoOp, Result};
use crate::kv::sled_files::{
    dir_bytes, generation_path, generations, remove_all, remove_unfinished, sync_all_in, sync_file,
};
use crate::kv::{Batch, Change, Kv, Row, Scan, Store};

/// Bytes of pages that sled keeps; it counts them as they lie on disk, and takes several times as much memory.
const CACHE_BYTES: u64 = 64 << 20;
/// How often sled flushes by itself, in milliseconds: it collects garbage then, and only then.
const FLUSH_EVERY_MS: u64 = 500;
/// How often a file that is still being let go is asked for.
const FILE_TRIES: usize = 1_000;
/// The time between.
const FILE_PAUSE: Duration = Duration::from_millis(5);

/// Stores of sled, in directories `kv-N` of the database.
#[derive(Debug, Clone, Copy)]
pub struct SledStore {
    cache_bytes: u64,
}

impl Default for SledStore {
    fn default() -> SledStore {
        SledStore { cache_bytes: CACHE_BYTES }
    }
}

impl SledStore {
    /// How many bytes of pages sled keeps, as they lie on disk; default 64 MiB. It takes several times as much memory.
    #[must_use]
    pub fn cache_bytes(mut self, bytes: u64) -> SledStore {
        self.cache_bytes = bytes;
        self
    }
}

/// The stores that this process has open: views may outlive their graph, and sled opens a directory once.
static OPEN: Mutex<BTreeMap<PathBuf, Weak<SledKv>>> = Mutex::new(BTreeMap::new());

/// What is made under this path from now on is another store.
fn forget(path: &Path) {
    if let Ok(known) = path.canonicalize() {
        OPEN.lock().unwrap_or_else(PoisonError::into_inner).remove(&known);
    }
}

impl SledStore {
    fn open_at(self, path: &Path) -> Result<Arc<dyn Kv>> {
        let known = path.canonicalize().map_err(|source| Error::io(IoOp::Open, path, source))?;
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|_, kv| kv.strong_count() > 0);
        if let Some(kv) = open.get(&known).and_then(Weak::upgrade) {
            kv.refuse_poisoned()?;
            return Ok(kv);
        }
        let kv = Arc::new(SledKv::open(path, self.cache_bytes)?);
        open.insert(known, Arc::downgrade(&kv));
        Ok(kv)
    }
}

impl Store for SledStore {
    fn name(&self) -> &'static str {
        "sled"
    }

    fn create(&self, dir: &Path, generation: u64) -> Result<Arc<dyn Kv>> {
        let path = generation_path(dir, generation);
        forget(&path);
        remove_all(&path)?;
        std::fs::create_dir(&path).map_err(|source| Error::io(IoOp::CreateDir, &path, source))?;
        let kv = self.open_at(&path)?;
        kv.sync()?;
        // Nothing in it was ever flushed by sled: neither `conf`, nor the names.
        sync_all_in(&path)?;
        sync_file(dir)?;
        Ok(kv)
    }

    fn open(&self, dir: &Path, generation: u64) -> Result<Arc<dyn Kv>> {
        let path = generation_path(dir, generation);
        // sled would make a new store of a directory without its files.
        if !path.join("db").is_file() || !path.join("conf").is_file() {
            return Err(Error::NotFound { path });
        }
        remove_unfinished(&path)?;
        self.open_at(&path)
    }

    fn generations(&self, dir: &Path) -> Result<Vec<u64>> {
        generations(dir)
    }

    fn remove(&self, dir: &Path, generation: u64) -> Result<()> {
        let path = generation_path(dir, generation);
        forget(&path);
        remove_all(&path)?;
        sync_file(dir)
    }
}

struct SledKv {
    path: PathBuf,
    /// Until it is dropped.
    db: Option<sled::Db>,
    /// Its file (L1).
    file: File,
    poisoned: AtomicBool,
}

impl fmt::Debug for SledKv {
    // Without sled's own: it prints rows.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SledKv").field("path", &self.path).finish_non_exhaustive()
    }
}

/// What sled says, as an error of ours.
fn error_of(path: &Path, op: IoOp, error: sled::Error) -> Error {
    match error {
        sled::Error::Io(source) => Error::io(op, path, source),
        _ => corrupt(path, "sled found damage"),
    }
}

fn corrupt(path: &Path, what: &'static str) -> Error {
    Error::Corrupt { file: path.to_owned(), offset: 0, what }
}

/// Calls sled; a panic in it is damage (L3).
fn guarded<T>(path: &Path, op: IoOp, call: impl FnOnce() -> sled::Result<T>) -> Result<T> {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(result) => result.map_err(|error| error_of(path, op, error)),
        Err(_) => Err(corrupt(path, "sled panicked on what it read")),
    }
}

/// Threads of sled may hold its file a little longer than the last handle of this process. Another process does not hold
/// it: ours alone has the lock of the database.
fn wait_for_file(path: &Path) -> Result<()> {
    let Ok(file) = File::open(path.join("db")) else { return Ok(()) };
    for _ in 0..FILE_TRIES {
        if !matches!(file.try_lock(), Err(TryLockError::WouldBlock)) {
            return Ok(());
        }
        std::thread::park_timeout(FILE_PAUSE);
    }
    Err(Error::Locked { path: path.to_owned() })
}

impl SledKv {
    fn open(path: &Path, cache_bytes: u64) -> Result<SledKv> {
        let config = sled::Config::new()
            .path(path)
            .cache_capacity(cache_bytes)
            .flush_every_ms(Some(FLUSH_EVERY_MS))
            .use_compression(false);
        wait_for_file(path)?;
        let db = guarded(path, IoOp::Open, || config.open())?;
        let file = path.join("db");
        let file = File::open(&file).map_err(|source| Error::io(IoOp::Open, &file, source))?;
        Ok(SledKv { path: path.to_owned(), db: Some(db), file, poisoned: AtomicBool::new(false) })
    }

    fn refuse_poisoned(&self) -> Result<()> {
        if self.poisoned.load(Ordering::Acquire) { Err(Error::Poisoned) } else { Ok(()) }
    }

    /// Calls sled, unless it failed before.
    fn call<T>(&self, op: IoOp, call: impl FnOnce(&sled::Tree) -> sled::Result<T>) -> Result<T> {
        self.refuse_poisoned()?;
        let tree = self.db.as_ref().ok_or(Error::Poisoned)?;
        let called = guarded(&self.path, op, || call(tree));
        self.poisoned.fetch_or(called.is_err(), Ordering::AcqRel);
        called
    }
}

impl Kv for SledKv {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>> {
        self.call(IoOp::Read, |tree| Ok(tree.get(key)?.map(|value| value.to_vec())))
    }

    fn scan<'k>(&'k self, from: &[u8], below: &[u8]) -> Scan<'k> {
        let mut rows = None;
        let (from, below) = (from.to_vec(), below.to_vec());
        let next = move || -> Result<Option<Row>> {
            self.call(IoOp::Read, |tree| {
                let rows = rows.get_or_insert_with(|| tree.range(from.clone()..below.clone()));
                Ok(rows.next().transpose()?.map(|(key, value)| (key.to_vec(), value.to_vec())))
            })
        };
        let mut next = Some(next);
        Box::new(std::iter::from_fn(move || {
            let row = next.as_mut()?().transpose();
            if !matches!(row, Some(Ok(_))) {
                next = None;
            }
            row
        }))
    }

    fn write(&self, batch: Batch) -> Result<()> {
        let mut changes = sled::Batch::default();
        for change in batch.into_changes() {
            match change {
                Change::Put(key, value) => changes.insert(key, value),
                Change::Remove(key) => changes.remove(key),
            }
        }
        self.call(IoOp::Write, |tree| tree.apply_batch(changes))
    }

    fn sync(&self) -> Result<()> {
        self.call(IoOp::Sync, |tree| tree.flush().map(drop))?;
        self.call(IoOp::Sync, |_| Ok(self.file.sync_all()?))
    }

    fn size(&self) -> Result<u64> {
        dir_bytes(&self.path)
    }

    fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for SledKv {
    fn drop(&mut self) {
        // sled flushes as it goes, and panics where that fails: what was acknowledged was flushed before (L1).
        let db = self.db.take();
        drop(catch_unwind(AssertUnwindSafe(move || drop(db))));
    }
}
