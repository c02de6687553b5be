//! The graph: writing and taking views.
//!
//! # Invariants
//!   Q1 one writer at a time applies and appends; waiting for the medium happens outside its lock, so that
//!      several writers share one flush.
//!   Q2 what views see is durable, except for dirty ones.
//!   Q3 after a failed append nothing is acknowledged any more (`Poisoned`) until the graph is reopened.

use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use crate::engine::{Finding, check};
use crate::error::Result;
use crate::graph::checkpoint::Checkpoints;
use crate::graph::commit::{Pending, Writer};
use crate::graph::options::{Durability, Options, Recovery};
use crate::graph::tx::{Outcome, Tx};
use crate::graph::view::View;
use crate::model::{Fact, Time};
use crate::segment::ReadMode;
use crate::store::{Home, State, SyncHandle};
use crate::vfs::Vfs;

/// What a write returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Committed<T> {
    /// The commit that holds the facts; the last one if there was nothing new to write.
    pub seq: u64,
    /// What the closure returned.
    pub value: T,
}

/// An identity graph: one process writes, any thread reads.
///
/// ```
/// use idweave::model::Placeholders;
/// use idweave::{Graph, Read, Time, Translation, ndjson};
///
/// let graph = Graph::options().in_memory()?;
/// let line = r#"{"op":"link","a":"openid:wx0123456789abcdef:oA1","b":"unionid:shop:oU1","source":"mini.code2session","at":1735689600000}"#;
/// let fact = ndjson::parse(line, 1, &Placeholders::default())?;
/// let now = Time::from_ms(1_735_689_600_500);
/// graph.write(now, |tx| tx.apply(&fact))?;
///
/// let view = graph.view();
/// let answer = view.translate(&"openid:wx0123456789abcdef:oA1".parse()?, &"unionid:shop".parse()?, now)?;
/// assert_eq!(answer, Translation::Found(vec!["unionid:shop:oU1".parse()?]));
/// # Ok::<(), idweave::Error>(())
/// ```
pub struct Graph {
    pub(crate) writer: Mutex<Writer>,
    pub(crate) checkpoints: Checkpoints,
    pub(crate) read_mode: ReadMode,
    pub(crate) vfs: Arc<dyn Vfs>,
    identity: ([u8; 16], [u8; 32]),
    pending: Mutex<Pending>,
    durable: RwLock<Arc<State>>,
    latest: RwLock<Arc<State>>,
    sync: Arc<dyn SyncHandle>,
    durability: Durability,
    recovery: Recovery,
}

impl fmt::Debug for Graph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Graph").field("recovery", &self.recovery).finish_non_exhaustive()
    }
}

/// A lock whose holder panicked guards data that is replaced whole, never half-way.
pub(crate) fn held<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Graph {
    /// Opens the database in a directory with the default options.
    ///
    /// # Errors
    /// See [`Options::open`].
    pub fn open(dir: impl AsRef<Path>) -> Result<Graph> {
        Options::default().open(dir)
    }

    /// Creates a database in a directory that is missing or empty.
    ///
    /// # Errors
    /// See [`Options::create`].
    pub fn create(dir: impl AsRef<Path>) -> Result<Graph> {
        Options::default().create(dir)
    }

    /// The default options, to be changed.
    pub fn options() -> Options {
        Options::default()
    }

    pub(crate) fn start(state: State, home: Box<dyn Home>, options: Options, recovery: Recovery) -> Graph {
        let sync = home.sync_handle();
        let identity = (home.uuid(), home.secret());
        let state = Arc::new(state);
        Graph {
            writer: Mutex::new(Writer::new(state.clone(), home, options.door)),
            checkpoints: Checkpoints::default(),
            read_mode: options.read_mode,
            vfs: options.vfs,
            identity,
            pending: Mutex::new(Pending::default()),
            durable: RwLock::new(state.clone()),
            latest: RwLock::new(state),
            sync,
            durability: options.durability,
            recovery,
        }
    }

    /// What opening found: whether the journal's tail was cut.
    pub fn recovery(&self) -> Recovery {
        self.recovery
    }

    /// Writes the facts that `fill` adds as one commit, recorded at `now` (made monotonic), with the
    /// durability of the options. If `fill` fails, nothing is written.
    ///
    /// # Errors
    /// What `fill` returned; `Io` and `Poisoned` from the store.
    pub fn write<T>(&self, now: Time, fill: impl FnOnce(&mut Tx) -> Result<T>) -> Result<Committed<T>> {
        self.write_with(now, self.durability, fill)
    }

    /// [`Graph::write`] with a durability of its own.
    ///
    /// # Errors
    /// See [`Graph::write`].
    pub fn write_with<T>(
        &self,
        now: Time,
        durability: Durability,
        fill: impl FnOnce(&mut Tx) -> Result<T>,
    ) -> Result<Committed<T>> {
        let (seq, value) = {
            let mut writer = held(&self.writer);
            let mut tx = writer.begin(now)?;
            let value = fill(&mut tx)?;
            if let Some(state) = writer.commit(tx)? {
                held(&self.pending).push(state.clone());
                *self.latest.write().unwrap_or_else(PoisonError::into_inner) = state;
            }
            if durability == Durability::Sync {
                held(&self.pending).await_last();
            }
            (writer.seq(), value)
        };
        if durability == Durability::Sync {
            self.sync_through(seq)?;
        }
        Ok(Committed { seq, value })
    }

    /// Writes one fact as a commit of its own.
    ///
    /// # Errors
    /// See [`Tx::apply`] and [`Graph::write`].
    pub fn apply(&self, now: Time, fact: &Fact) -> Result<Committed<Outcome>> {
        self.write(now, |tx| tx.apply(fact))
    }

    /// Makes every commit so far durable: the last of them.
    ///
    /// # Errors
    /// `Io`, `Poisoned`.
    pub fn sync(&self) -> Result<u64> {
        let seq = {
            let writer = held(&self.writer);
            held(&self.pending).await_last();
            writer.seq()
        };
        self.sync_through(seq)?;
        Ok(seq)
    }

    fn sync_through(&self, seq: u64) -> Result<()> {
        let durable = self.sync.sync_through(seq)?;
        // Held while publishing, so that an earlier state never replaces a later one.
        let mut pending = held(&self.pending);
        if let Some(state) = pending.take_through(durable) {
            *self.durable.write().unwrap_or_else(PoisonError::into_inner) = state;
        }
        Ok(())
    }

    /// A consistent read of the last durable commit. O(1); it never waits for a writer, nor a writer for it.
    pub fn view(&self) -> View {
        View::new(self.durable.read().unwrap_or_else(PoisonError::into_inner).clone())
    }

    /// A consistent read of the last commit, durable or not.
    pub fn view_dirty(&self) -> View {
        View::new(self.latest.read().unwrap_or_else(PoisonError::into_inner).clone())
    }

    /// The random name of the graph, and its secret.
    pub(crate) fn identity(&self) -> ([u8; 16], [u8; 32]) {
        self.identity
    }

    /// The state of the last commit.
    pub(crate) fn latest_state(&self) -> Arc<State> {
        self.latest.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Puts states that answer alike in place of those that are waiting and shown. `None` leaves one as it is.
    pub(crate) fn replace_states(&self, writer: &mut Writer, replace: impl Fn(&State) -> Option<State>) {
        let replaced = |state: &Arc<State>| replace(state).map_or_else(|| state.clone(), Arc::new);
        let latest = replaced(writer.state());
        writer.set_state(latest.clone());
        let mut pending = held(&self.pending);
        pending.replace(replaced);
        let mut durable = self.durable.write().unwrap_or_else(PoisonError::into_inner);
        *durable = if durable.seq == latest.seq { latest.clone() } else { replaced(&durable) };
        *self.latest.write().unwrap_or_else(PoisonError::into_inner) = latest;
    }

    /// Checks the whole graph: its structure, and every identity against resolution from scratch. Takes the
    /// memory of a second graph and time in proportion to its size. Empty = all holds.
    ///
    /// # Errors
    /// The facts could not be applied again.
    pub fn check(&self) -> Result<Vec<Finding>> {
        check(&self.latest_state())
    }

    /// Makes everything durable and marks the journal's end as clean. Dropping a graph does the same but
    /// cannot say whether it failed.
    ///
    /// # Errors
    /// `Io`, `Poisoned`.
    pub fn close(self) -> Result<()> {
        held(&self.writer).close()
    }
}

impl Drop for Graph {
    fn drop(&mut self) {
        // Nothing can be said here; the next open recovers what was acknowledged.
        drop(held(&self.writer).close());
    }
}
