//! Options of a graph, set before it is opened.

use std::path::Path;
use std::sync::Arc;

use crate::engine::Door;
use crate::error::{Error, FactRule, IoOp, Result};
use crate::feed::FeedRetention;
use crate::graph::handle::Graph;
use crate::graph::open;
use crate::graph::read_only::ReadOnly;
use crate::graph::view::Limits;
#[cfg(feature = "sled")]
use crate::kv::SledStore;
#[cfg(feature = "kv")]
use crate::kv::Store;
use crate::model::Placeholders;
use crate::observe::{Observer, Watch};
use crate::segment::ReadMode;
use crate::vfs::{RealVfs, Vfs};

/// Bytes of changes in memory without [`Options::delta_bytes`].
const DELTA_BYTES: u64 = 256 << 20;

/// When a write returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// Once the commit is on the medium (`fdatasync`); several writers share one flush.
    #[default]
    Sync,
    /// Once the commit is handed to the operating system. A kill of the process loses nothing; a power cut
    /// may lose the latest commits, never part of one. Views show it after the next flush ([`Graph::sync`],
    /// or any `Sync` write).
    Buffered,
}

/// What opening found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Recovery {
    /// Everything that was ever acknowledged.
    Clean,
    /// The journal ended in a damaged or shortened last flush: commits from `from_seq` on are gone. After a
    /// crash these were never acknowledged; a damaged medium cannot be told from that.
    TailCut {
        /// The first commit that is gone.
        from_seq: u64,
    },
}

/// Where a database lives.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub enum HomeKind {
    /// Files of its own: the journal and segments.
    #[default]
    Native,
    /// Rows of a key-value store. The graph is the same; what differs is speed, room, and what damage does. Commits
    /// that are `Buffered` may be lost by a kill too, whole and from the last one on, and the database is opened by one
    /// process at a time, readers too.
    #[cfg(feature = "kv")]
    Kv(Arc<dyn Store>),
}

impl HomeKind {
    /// Rows of sled.
    #[cfg(feature = "sled")]
    pub fn sled() -> HomeKind {
        HomeKind::Kv(Arc::new(SledStore::default()))
    }
}

/// How far back [`crate::View::as_of`] and [`crate::Read::history`] reach. What was observed when is a property of the
/// facts: `observed_until` asks for nothing that is not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum History {
    /// To the first commit.
    #[default]
    All,
    /// To what the graph was so many milliseconds before its last commit was recorded.
    For {
        /// The milliseconds.
        ms: i64,
    },
    /// Not at all.
    None,
}

/// How a graph is opened.
///
/// ```
/// use idweave::{Durability, Graph};
/// let graph = Graph::options().durability(Durability::Buffered).in_memory()?;
/// # Ok::<(), idweave::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Options {
    pub(crate) durability: Durability,
    pub(crate) door: Door,
    pub(crate) create_if_missing: bool,
    pub(crate) read_mode: ReadMode,
    pub(crate) delta_bytes: u64,
    pub(crate) auto_checkpoint: bool,
    pub(crate) limits: Limits,
    pub(crate) feed: FeedRetention,
    pub(crate) home: HomeKind,
    pub(crate) vfs: Arc<dyn Vfs>,
    pub(crate) watch: Watch,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            durability: Durability::Sync,
            door: Door::default(),
            create_if_missing: false,
            read_mode: ReadMode::default(),
            delta_bytes: DELTA_BYTES,
            auto_checkpoint: true,
            limits: Limits::default(),
            feed: FeedRetention::default(),
            home: HomeKind::default(),
            vfs: Arc::new(RealVfs),
            watch: Watch::default(),
        }
    }
}

impl Options {
    /// When writes return; default `Sync`.
    #[must_use]
    pub fn durability(mut self, durability: Durability) -> Options {
        self.durability = durability;
        self
    }

    /// Creates the database if the directory holds none; default false.
    #[must_use]
    pub fn create_if_missing(mut self, create: bool) -> Options {
        self.create_if_missing = create;
        self
    }

    /// Drops a re-observation within so many milliseconds after a kept evidence of the same edge and source;
    /// default 0 (keep all). It saves space; a later retraction of the kept one takes the dropped ones too.
    #[must_use]
    pub fn refresh_ms(mut self, refresh_ms: i64) -> Options {
        self.door.refresh_ms = refresh_ms;
        self
    }

    /// Refuses facts whose issuers are unknown to the topology or do not fit; default false.
    #[must_use]
    pub fn strict_topology(mut self, strict: bool) -> Options {
        self.door.strict_topology = strict;
        self
    }

    /// Which values are placeholders; default: the list of the id rules.
    #[must_use]
    pub fn placeholders(mut self, placeholders: Placeholders) -> Options {
        self.door.placeholders = placeholders;
        self
    }

    /// How long [`crate::Graph::changes`] keeps what commits changed; default for ever. Without a feed commits cost less.
    #[must_use]
    pub fn feed(mut self, retention: FeedRetention) -> Options {
        self.feed = retention;
        self
    }

    /// Where a database lives that is created; default: in files of its own. Opening finds out by itself, but for a store of
    /// your own, which is to be given here.
    #[must_use]
    pub fn home(mut self, home: HomeKind) -> Options {
        self.home = home;
        self
    }

    /// How far back questions about the past reach; default all.
    #[must_use]
    pub fn history(mut self, history: History) -> Options {
        self.limits.history = history;
        self
    }

    /// How many bytes of changes are kept in memory before they are written out as a segment, about; default 256 MiB.
    /// A writer waits once twice as many are there.
    #[must_use]
    pub fn delta_bytes(mut self, bytes: u64) -> Options {
        self.delta_bytes = bytes;
        self
    }

    /// Whether a thread of the graph writes changes out when they grow past [`Options::delta_bytes`]; default true.
    /// Without it a writer does so when it would have to wait.
    #[must_use]
    pub fn auto_checkpoint(mut self, auto: bool) -> Options {
        self.auto_checkpoint = auto;
        self
    }

    /// How far a view may fall behind, in milliseconds between the commit it shows and the last one's time, before it
    /// answers [`Error::ViewExpired`]; default: without limit.
    #[must_use]
    pub fn max_view_age_ms(mut self, ms: i64) -> Options {
        self.limits.age_ms = Some(ms);
        self
    }

    /// How many bytes of changes may have come since the commit a view shows (it keeps what they replaced in memory)
    /// before it answers [`Error::ViewExpired`]; default: without limit.
    #[must_use]
    pub fn max_pinned_bytes(mut self, bytes: u64) -> Options {
        self.limits.pinned_bytes = Some(bytes);
        self
    }

    /// How segments are read; default: mapped into memory.
    #[must_use]
    pub fn read_mode(mut self, read_mode: ReadMode) -> Options {
        self.read_mode = read_mode;
        self
    }

    /// The files; default: the real ones. Tests give a simulated disk.
    #[must_use]
    pub fn vfs(mut self, vfs: Arc<dyn Vfs>) -> Options {
        self.vfs = vfs;
        self
    }

    /// Who is told of commits, checkpoints and lookups, in numbers; default nobody, which costs nothing.
    #[must_use]
    pub fn observer(mut self, observer: Arc<dyn Observer>) -> Options {
        self.watch = Watch::by(observer);
        self
    }

    /// Opens the database in a directory.
    ///
    /// # Errors
    /// `NotFound`, `Locked`, `Corrupt`, `FormatVersion`, `Io`. A cut tail is no error: see
    /// [`Graph::recovery`].
    pub fn open(self, dir: impl AsRef<Path>) -> Result<Graph> {
        self.check()?;
        open::open(self, dir.as_ref())
    }

    /// Creates a database in a directory that is missing or empty.
    ///
    /// # Errors
    /// `AlreadyExists`, `Locked`, `Io`.
    pub fn create(self, dir: impl AsRef<Path>) -> Result<Graph> {
        self.check()?;
        open::create(self, dir.as_ref())
    }

    /// Opens a database that another process may be writing, for reading only: without a lock, and without changing
    /// anything.
    ///
    /// # Errors
    /// `NotFound`, `Corrupt`, `FormatVersion`, `Io`.
    pub fn open_read_only(self, dir: impl AsRef<Path>) -> Result<ReadOnly> {
        self.check()?;
        ReadOnly::open(self, dir.as_ref())
    }

    /// A graph without files, gone with the process.
    ///
    /// # Errors
    /// The system has no random bytes for its secret.
    pub fn in_memory(self) -> Result<Graph> {
        self.check()?;
        open::in_memory(self)
    }

    pub(crate) fn check(&self) -> Result<()> {
        if self.door.refresh_ms < 0 {
            return Err(
                FactRule::Other("the refresh option is a number of milliseconds, not below zero").into()
            );
        }
        Ok(())
    }
}

/// Fresh random bytes for a secret.
pub(crate) fn random_secret() -> Result<[u8; 32]> {
    random()
}

/// A fresh random name for a graph.
pub(crate) fn random_uuid() -> Result<[u8; 16]> {
    random()
}

fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)
        .map_err(|error| Error::io(IoOp::Read, "the system's random bytes", std::io::Error::other(error)))?;
    Ok(bytes)
}
