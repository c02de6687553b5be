//! A store in memory, for tests: gone with the process, or with the last of its clones.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Bound;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use crate::error::{Error, Result};
use crate::kv::{Batch, Change, Kv, Row, Scan, Store};

/// Rows that a scan takes at once.
const SCAN_ROWS: usize = 64;

type Generations = BTreeMap<(PathBuf, u64), Arc<MemoryKv>>;

/// Stores in memory. Clones share what they hold, so that a database can be opened again.
#[derive(Debug, Clone, Default)]
pub struct MemoryStore {
    generations: Arc<Mutex<Generations>>,
}

impl MemoryStore {
    fn with<T>(&self, look: impl FnOnce(&mut Generations) -> T) -> T {
        look(&mut self.generations.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Store for MemoryStore {
    fn name(&self) -> &'static str {
        "memory"
    }

    fn create(&self, dir: &Path, generation: u64) -> Result<Arc<dyn Kv>> {
        let kv = Arc::new(MemoryKv { path: dir.to_owned(), rows: RwLock::default() });
        self.with(|all| all.insert((dir.to_owned(), generation), kv.clone()));
        Ok(kv)
    }

    fn open(&self, dir: &Path, generation: u64) -> Result<Arc<dyn Kv>> {
        let found = self.with(|all| all.get(&(dir.to_owned(), generation)).cloned());
        found.map(|kv| kv as Arc<dyn Kv>).ok_or_else(|| Error::NotFound { path: dir.to_owned() })
    }

    fn generations(&self, dir: &Path) -> Result<Vec<u64>> {
        Ok(self.with(|all| all.keys().filter(|(of, _)| of == dir).map(|(_, number)| *number).collect()))
    }

    fn remove(&self, dir: &Path, generation: u64) -> Result<()> {
        self.with(|all| drop(all.remove(&(dir.to_owned(), generation))));
        Ok(())
    }
}

struct MemoryKv {
    path: PathBuf,
    rows: RwLock<BTreeMap<Vec<u8>, Vec<u8>>>,
}

impl fmt::Debug for MemoryKv {
    // Without the rows: they hold ids of people.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryKv").finish_non_exhaustive()
    }
}

impl MemoryKv {
    fn read<T>(&self, look: impl FnOnce(&BTreeMap<Vec<u8>, Vec<u8>>) -> T) -> T {
        look(&self.rows.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn some(&self, from: Bound<Vec<u8>>, below: &[u8]) -> Vec<Row> {
        let is_empty = matches!(&from, Bound::Included(from) | Bound::Excluded(from) if **from >= *below);
        let range = (from, Bound::Excluded(below.to_vec()));
        let take = |rows: &BTreeMap<Vec<u8>, Vec<u8>>| {
            rows.range(range).take(SCAN_ROWS).map(|(key, value)| (key.clone(), value.clone())).collect()
        };
        if is_empty { Vec::new() } else { self.read(take) }
    }
}

impl Kv for MemoryKv {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>> {
        Ok(self.read(|rows| rows.get(key).cloned()))
    }

    fn scan<'k>(&'k self, from: &[u8], below: &[u8]) -> Scan<'k> {
        let below = below.to_vec();
        let mut next = Some(Bound::Included(from.to_vec()));
        let mut rows = Vec::new().into_iter();
        Box::new(std::iter::from_fn(move || {
            if rows.len() == 0 {
                let some = self.some(next.take()?, &below);
                next = some.last().map(|(key, _)| Bound::Excluded(key.clone()));
                rows = some.into_iter();
            }
            rows.next().map(Ok)
        }))
    }

    fn write(&self, batch: Batch) -> Result<()> {
        let mut rows = self.rows.write().unwrap_or_else(PoisonError::into_inner);
        for change in batch.into_changes() {
            match change {
                Change::Put(key, value) => drop(rows.insert(key, value)),
                Change::Remove(key) => drop(rows.remove(&key)),
            }
        }
        Ok(())
    }

    fn sync(&self) -> Result<()> {
        Ok(())
    }

    fn size(&self) -> Result<u64> {
        Ok(self.read(|rows| rows.iter().map(|(key, value)| (key.len() + value.len()) as u64).sum()))
    }

    fn path(&self) -> &Path {
        &self.path
    }
}
