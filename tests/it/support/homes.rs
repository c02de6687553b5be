//! Where the graphs of a test live: what the tests say of a graph is to hold of each.

use std::cell::Cell;
#[cfg(feature = "kv")]
use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::sync::Arc;

#[cfg(feature = "sled")]
use idweave::HomeKind;
use idweave::vfs::{RealVfs, Vfs};
use idweave::{Graph, Options};

use crate::support::generate::Random;
use crate::support::sim_disk::{Fault, SimDisk};
#[cfg(feature = "kv")]
use crate::support::sim_store::SimStore;

const SIM_DIR: &str = "/db";

/// A home.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Home {
    /// Files, on a simulated disk.
    Native,
    /// A key-value store in memory; its other files on a simulated disk.
    #[cfg(feature = "kv")]
    Memory,
    /// sled, in a directory of the machine.
    #[cfg(feature = "sled")]
    Sled,
}

thread_local! {
    /// The home of this thread's graphs, and how many streams each law is tried on; `None` = what is usual.
    static UNDER_TEST: Cell<Option<(Home, u64)>> = const { Cell::new(None) };
    /// The store of databases that are opened by their directory.
    #[cfg(feature = "kv")]
    static STORE: RefCell<SimStore> = RefCell::new(SimStore::new(None));
}

/// Runs a check with graphs that live in a home, on so many streams.
pub(crate) fn with_home<T>(home: Home, streams: u64, check: impl FnOnce() -> T) -> T {
    UNDER_TEST.set(Some((home, streams)));
    let checked = check();
    UNDER_TEST.set(None);
    checked
}

/// The home that is under test, if one is.
pub(crate) fn under_test() -> Option<Home> {
    UNDER_TEST.get().map(|(home, _)| home)
}

/// How many streams a law is tried on, if a home is under test.
pub(crate) fn streams() -> Option<u64> {
    UNDER_TEST.get().map(|(_, streams)| streams)
}

/// Options for a database in a directory of the machine.
pub(crate) fn options_on_disk() -> Options {
    let options = Graph::options().create_if_missing(true);
    match under_test() {
        None | Some(Home::Native) => options,
        #[cfg(feature = "kv")]
        Some(Home::Memory) => options.home(STORE.with(|store| store.borrow().home())),
        #[cfg(feature = "sled")]
        Some(Home::Sled) => options.home(HomeKind::sled()),
    }
}

/// A place for one graph, which can be opened there again.
pub(crate) struct Bed {
    home: Home,
    disk: SimDisk,
    #[cfg(feature = "kv")]
    store: SimStore,
    /// Of a home on the machine.
    dir: Option<tempfile::TempDir>,
}

impl Bed {
    pub(crate) fn new(home: Home) -> Bed {
        let disk = SimDisk::new();
        #[cfg(feature = "kv")]
        let store = SimStore::new(Some(disk.clone()));
        let dir = match home {
            #[cfg(feature = "sled")]
            Home::Sled => Some(tempfile::tempdir().unwrap()),
            _ => None,
        };
        Bed {
            home,
            disk,
            #[cfg(feature = "kv")]
            store,
            dir,
        }
    }

    /// The directory of the database.
    pub(crate) fn path(&self) -> PathBuf {
        self.dir.as_ref().map_or_else(|| SIM_DIR.into(), |dir| dir.path().join("db"))
    }

    /// Options for it.
    pub(crate) fn options(&self) -> Options {
        let options = Graph::options().create_if_missing(true);
        match self.home {
            Home::Native => options.vfs(self.disk.vfs()),
            #[cfg(feature = "kv")]
            Home::Memory => options.vfs(self.disk.vfs()).home(self.store.home()),
            #[cfg(feature = "sled")]
            Home::Sled => options.home(HomeKind::sled()),
        }
    }

    /// Opens it, made if it is missing.
    pub(crate) fn open(&self) -> Graph {
        self.options().open(self.path()).expect("a graph that was not harmed opens")
    }

    /// The file system it is on.
    pub(crate) fn vfs(&self) -> Arc<dyn Vfs> {
        if self.dir.is_some() { Arc::new(RealVfs) } else { self.disk.vfs() }
    }

    /// Lets one of the next calls fail, of the disk or of the store.
    pub(crate) fn fail_soon(&self, random: &mut Random) {
        let _of_store = random.below(2) == 0;
        #[cfg(feature = "kv")]
        if self.home == Home::Memory && _of_store {
            self.store.fail_after(random.below(30) as u64);
            return;
        }
        let index = self.disk.calls() + random.below(40) as u64;
        self.disk.inject(Some(Fault::Call { index, forever: false }));
    }

    /// No call fails any more.
    pub(crate) fn heal(&self) {
        self.disk.inject(None);
        #[cfg(feature = "kv")]
        self.store.heal();
    }

    /// What grows when a segment is written out: files of segments, or rows.
    pub(crate) fn written_out(&self) -> usize {
        match self.home {
            Home::Native => {
                self.disk.live_image().files().filter(|(path, _)| path.starts_with("/db/segments")).count()
            }
            #[cfg(feature = "kv")]
            Home::Memory => self.store.segment_rows(),
            #[cfg(feature = "sled")]
            Home::Sled => {
                std::fs::metadata(self.path().join("kv-0000000001/db")).map_or(0, |meta| meta.len() as usize)
            }
        }
    }

    /// Whether other processes may read it.
    pub(crate) fn is_followed(&self) -> bool {
        self.home == Home::Native
    }
}

/// The directory of simulated databases.
pub(crate) fn sim_dir() -> &'static Path {
    Path::new(SIM_DIR)
}
