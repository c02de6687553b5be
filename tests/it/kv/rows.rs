//! A store that lost rows, or has others than were written: an error, or the same answers, never others.

use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex};

use idweave::kv::{Batch, Kv, MemoryStore, Store};
use idweave::{Graph, HomeKind, Result};

use crate::kv::{DIR, dump, erase, link, write};
use crate::support::sim_disk::SimDisk;

/// Stores of which a test may change the rows behind the home's back.
#[derive(Clone, Default)]
struct Opened {
    inner: MemoryStore,
    last: Arc<Mutex<Option<Arc<dyn Kv>>>>,
}

impl fmt::Debug for Opened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Opened")
    }
}

impl Store for Opened {
    fn name(&self) -> &'static str {
        "opened"
    }

    fn create(&self, dir: &Path, generation: u64) -> Result<Arc<dyn Kv>> {
        let kv = self.inner.create(dir, generation)?;
        *self.last.lock().unwrap() = Some(kv.clone());
        Ok(kv)
    }

    fn open(&self, dir: &Path, generation: u64) -> Result<Arc<dyn Kv>> {
        self.inner.open(dir, generation)
    }

    fn generations(&self, dir: &Path) -> Result<Vec<u64>> {
        self.inner.generations(dir)
    }

    fn remove(&self, dir: &Path, generation: u64) -> Result<()> {
        self.inner.remove(dir, generation)
    }
}

/// Everything a database answers, or its first error.
fn answers(disk: &SimDisk, home: &HomeKind) -> Result<String> {
    let graph = Graph::options().vfs(disk.vfs()).home(home.clone()).open(DIR)?;
    let dumped = dump(&graph.view())?;
    Ok(dumped)
}

/// A database of two segments and commits that no segment covers; its rows.
fn made() -> (SimDisk, Opened, Vec<idweave::kv::Row>) {
    let (disk, store) = (SimDisk::new(), Opened::default());
    let home = HomeKind::Kv(Arc::new(store.clone()));
    let graph = Graph::options().vfs(disk.vfs()).home(home).create(DIR).unwrap();
    write(&graph, &(0..12).map(link).collect::<Vec<_>>()).unwrap();
    graph.checkpoint().unwrap();
    write(&graph, &[link(12), link(13)]).unwrap();
    graph.checkpoint().unwrap();
    write(&graph, &[link(14)]).unwrap();
    write(&graph, &[erase(3), link(15)]).unwrap();
    graph.close().unwrap();
    let kv = store.last.lock().unwrap().clone().unwrap();
    let rows: Vec<_> = kv.scan(b"", b"\xff").collect::<Result<_>>().unwrap();
    (disk, store, rows)
}

/// The database with other rows.
fn with_rows(disk: &SimDisk, rows: &[idweave::kv::Row]) -> Result<String> {
    let store = MemoryStore::default();
    let kv = Named(store.clone()).create(Path::new(DIR), 1).unwrap();
    let mut batch = Batch::default();
    rows.iter().for_each(|(key, value)| batch.put(key.clone(), value.clone()));
    kv.write(batch).unwrap();
    answers(&SimDisk::from_image(&disk.live_image()), &HomeKind::Kv(Arc::new(Named(store))))
}

/// A store in memory under the name of the one a database was made with.
#[derive(Debug, Clone)]
struct Named(MemoryStore);

impl Store for Named {
    fn name(&self) -> &'static str {
        "opened"
    }

    fn create(&self, dir: &Path, generation: u64) -> Result<Arc<dyn Kv>> {
        self.0.create(dir, generation)
    }

    fn open(&self, dir: &Path, generation: u64) -> Result<Arc<dyn Kv>> {
        self.0.open(dir, generation)
    }

    fn generations(&self, dir: &Path) -> Result<Vec<u64>> {
        self.0.generations(dir)
    }

    fn remove(&self, dir: &Path, generation: u64) -> Result<()> {
        self.0.remove(dir, generation)
    }
}

#[test]
fn every_row_that_is_lost_is_noticed_or_nothing_reads_it() {
    let (disk, _store, rows) = made();
    let whole = with_rows(&disk, &rows).unwrap();
    let mut noticed = 0;
    for lost in 0..rows.len() {
        let mut left = rows.clone();
        left.remove(lost);
        match with_rows(&disk, &left) {
            Ok(found) => assert!(found == whole, "without row {lost}"),
            Err(error) => {
                assert!(error.is_corruption(), "without row {lost}: {error}");
                noticed += 1;
            }
        }
    }
    // The index of hashes is not read by a dump.
    assert!(noticed * 2 > rows.len(), "{noticed} of {}", rows.len());
}

#[test]
fn every_run_of_rows_that_is_lost_is_noticed() {
    let (disk, _store, rows) = made();
    let whole = with_rows(&disk, &rows).unwrap();
    for from in (0..rows.len()).step_by(5) {
        for len in [2, 7, 30] {
            let mut left = rows.clone();
            left.drain(from..(from + len).min(rows.len()));
            let found = with_rows(&disk, &left);
            assert!(found.is_err() || found.is_ok_and(|found| found == whole), "without {from}, {len}");
        }
    }
}

#[test]
fn a_changed_bit_and_a_row_in_the_place_of_another_are_noticed() {
    let (disk, _store, rows) = made();
    let whole = with_rows(&disk, &rows).unwrap();
    for place in 0..rows.len() {
        let mut flipped = rows.clone();
        let value = &mut flipped[place].1;
        let at = place * 7 % value.len();
        value[at] ^= 1 << (place % 8);
        let found = with_rows(&disk, &flipped);
        assert!(found.is_err() || found.is_ok_and(|found| found == whole), "row {place}");
        let mut swapped = rows.clone();
        swapped[place].1 = rows[(place + 1) % rows.len()].1.clone();
        let found = with_rows(&disk, &swapped);
        assert!(found.is_err() || found.is_ok_and(|found| found == whole), "row {place} swapped");
    }
}

#[test]
fn an_id_is_never_unknown_because_a_row_of_its_hash_is_lost() {
    use idweave::Read;
    let (disk, _store, rows) = made();
    let ids: Vec<idweave::Id> =
        (0..16).map(|number| format!("openid:app{}:o{number:06}x", number % 3).parse().unwrap()).collect();
    let ask = |rows: &[idweave::kv::Row]| -> Result<Vec<String>> {
        let store = Named(MemoryStore::default());
        let kv = store.create(Path::new(DIR), 1)?;
        let mut batch = Batch::default();
        rows.iter().for_each(|(key, value)| batch.put(key.clone(), value.clone()));
        kv.write(batch)?;
        let disk = SimDisk::from_image(&disk.live_image());
        let graph = Graph::options().vfs(disk.vfs()).home(HomeKind::Kv(Arc::new(store))).open(DIR)?;
        let view = graph.view();
        // Each by itself: an error about one says nothing of the others.
        Ok(ids
            .iter()
            .map(|id| view.resolve(id).map_or("damaged".to_owned(), |found| format!("{found:?}")))
            .collect())
    };
    let whole = ask(&rows).unwrap();
    let mut noticed = 0;
    for lost in 0..rows.len() {
        let mut left = rows.clone();
        left.remove(lost);
        let Ok(found) = ask(&left) else { continue };
        for (found, whole) in found.iter().zip(&whole) {
            assert!(found == whole || found == "damaged", "without row {lost}: {found}, not {whole}");
            noticed += usize::from(found == "damaged");
        }
    }
    assert!(noticed > 20, "{noticed}");
}
