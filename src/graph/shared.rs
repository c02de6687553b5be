//! What the handle of a graph and its checkpointer share: the writer, what views see, and the locks between them.
//!
//! # Invariants
//!   Q1 one writer at a time applies and appends; waiting for the medium happens outside its lock, so that
//!      several writers share one flush.
//!   Q2 what views see is durable, except for dirty ones.
//!   Q3 after a failed append nothing is acknowledged any more (`Poisoned`) until the graph is reopened.
//!
//! # Order
//!   checkpoints, writer, pending, durable, latest, published: who holds one takes only those after it.

#[cfg(feature = "kv")]
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use crate::error::{Error, Result};
use crate::graph::checkpoint::Checkpoints;
use crate::graph::commit::{Pending, Writer};
use crate::graph::feed::{Feed, FeedPlace};
use crate::graph::figures::Figures;
use crate::graph::handle::Committed;
use crate::graph::options::{Durability, Options};
use crate::graph::published::Register;
use crate::graph::turn::Turn;
use crate::graph::tx::Tx;
use crate::graph::view::{Limits, Progress, View};
use crate::model::Time;
use crate::observe::{CommitSeen, Span, Watch};
use crate::segment::ReadMode;
use crate::store::{Home, State, SyncHandle};
use crate::vfs::Vfs;

/// A delta this many times as large as its bound makes writers wait for a checkpoint.
const HARD_BOUND: u64 = 2;

/// The shared parts of a graph.
pub(crate) struct Shared {
    pub(crate) writer: Mutex<Writer>,
    pub(crate) checkpoints: Checkpoints,
    pub(crate) turn: Turn,
    pub(crate) read_mode: ReadMode,
    pub(crate) vfs: Arc<dyn Vfs>,
    /// The snapshots that were published; `None` if the graph has no files.
    pub(crate) register: Option<Mutex<Register>>,
    identity: ([u8; 16], [u8; 32]),
    pending: Mutex<Pending>,
    durable: RwLock<Arc<State>>,
    latest: RwLock<Arc<State>>,
    sync: Arc<dyn SyncHandle>,
    pub(crate) durability: Durability,
    /// Bytes of a delta that a checkpoint is due for; `None` if the graph keeps everything in memory.
    pub(crate) delta_bytes: Option<u64>,
    limits: Limits,
    progress: Arc<Progress>,
    /// Where the change feed is read.
    pub(crate) feed: FeedPlace,
    /// The last durable commit that was published, and who waits for a later one.
    published: (Mutex<u64>, Condvar),
}

/// A lock whose holder panicked guards data that is replaced whole, never half-way.
pub(crate) fn held<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A write that is being watched.
pub(crate) struct Watching {
    span: Span,
    begun: Option<Duration>,
    pub(crate) commit: CommitSeen,
}

impl Shared {
    pub(crate) fn new(
        state: State,
        home: Box<dyn Home>,
        feed: (Feed, FeedPlace),
        options: Options,
    ) -> Shared {
        let sync = home.sync_handle();
        let identity = (home.uuid(), home.secret());
        let place = home.place();
        let delta_bytes = place.as_ref().map(|_| options.delta_bytes);
        let register = place.map(|place| {
            let (vfs, dir) = place.files();
            Mutex::new(Register::new(vfs.clone(), dir.to_owned(), identity.0))
        });
        let (seq, state) = (state.seq, Arc::new(state));
        let progress = Arc::new(Progress::watched_by(options.watch));
        progress.note(&state);
        Shared {
            writer: Mutex::new(Writer::new(state.clone(), home, feed.0, options.door)),
            checkpoints: Checkpoints::default(),
            turn: Turn::default(),
            read_mode: options.read_mode,
            vfs: options.vfs,
            register,
            identity,
            pending: Mutex::new(Pending::default()),
            durable: RwLock::new(state.clone()),
            latest: RwLock::new(state),
            sync,
            durability: options.durability,
            delta_bytes,
            limits: options.limits,
            progress,
            feed: feed.1,
            published: (Mutex::new(seq), Condvar::new()),
        }
    }

    /// Writes a commit; whether a checkpoint is due.
    pub(crate) fn write<T>(
        &self,
        now: Time,
        durability: Durability,
        fill: impl FnOnce(&mut Tx) -> Result<T>,
    ) -> Result<(Committed<T>, bool)> {
        let mut seen = self.begin_to_watch();
        let written = self.write_seen(now, durability, fill, &mut seen.commit);
        self.tell_commit(seen, written.as_ref().ok().map(|(committed, _)| committed.seq));
        written
    }

    /// Begins to watch a write.
    pub(crate) fn begin_to_watch(&self) -> Watching {
        Watching { span: Span::commit(), begun: self.watch().clock(), commit: CommitSeen::default() }
    }

    /// Tells whoever watches of a write that returned, with its last commit if it did not fail.
    pub(crate) fn tell_commit(&self, watching: Watching, seq: Option<u64>) {
        let Watching { span, begun, mut commit } = watching;
        span.note("seq", seq.unwrap_or_default());
        span.note("facts", commit.facts.recorded);
        if let Some(observer) = self.watch().observer() {
            if seq.is_none() {
                commit.facts.recorded = 0;
            }
            (commit.seq, commit.has_failed) = (seq.unwrap_or_default(), seq.is_none());
            commit.delta_bytes = Figures::of(&self.latest_state()).delta_bytes;
            commit.took = self.watch().since(begun);
            observer.committed(&commit);
        }
    }

    /// Who watches.
    pub(crate) fn watch(&self) -> &Watch {
        self.progress.watch()
    }

    fn write_seen<T>(
        &self,
        now: Time,
        durability: Durability,
        fill: impl FnOnce(&mut Tx) -> Result<T>,
        seen: &mut CommitSeen,
    ) -> Result<(Committed<T>, bool)> {
        self.wait_for_room()?;
        let (seq, value, due) = {
            let mut writer = held(&self.writer);
            let mut tx = writer.begin(now)?;
            let filled = fill(&mut tx);
            seen.facts = tx.told();
            let value = filled?;
            if let Some(state) = writer.commit(tx)? {
                self.show(state);
            }
            if durability == Durability::Sync {
                held(&self.pending).await_last();
            }
            (writer.seq(), value, self.is_due(writer.state()))
        };
        if durability == Durability::Sync {
            let begun = self.watch().clock();
            self.sync_through(seq)?;
            seen.synced = self.watch().since(begun);
        }
        Ok((Committed { seq, value }, due))
    }

    /// Makes the state of a new commit the latest; called with the writer's lock held.
    pub(crate) fn show(&self, state: Arc<State>) {
        self.progress.note(&state);
        held(&self.pending).push(state.clone());
        *self.latest.write().unwrap_or_else(PoisonError::into_inner) = state;
    }

    /// Whether the delta of a state is past its bound and not being written out yet.
    fn is_due(&self, state: &State) -> bool {
        self.delta_bytes.is_some_and(|bound| state.delta.bytes as u64 >= bound)
    }

    /// Back-pressure: where the delta has grown past all bounds, the writer itself sees to a checkpoint, or waits for
    /// the one that is under way.
    fn wait_for_room(&self) -> Result<()> {
        let Some(bound) = self.delta_bytes else { return Ok(()) };
        let is_full = || self.latest_state().delta.bytes as u64 >= bound.saturating_mul(HARD_BOUND);
        if is_full() && !self.turn.is_mine() {
            self.checkpoint_if(is_full)?;
        }
        Ok(())
    }

    /// Makes every commit so far durable: the last of them.
    pub(crate) fn sync(&self) -> Result<u64> {
        let seq = {
            let writer = held(&self.writer);
            if writer.is_poisoned() {
                return Err(Error::Poisoned);
            }
            held(&self.pending).await_last();
            writer.seq()
        };
        self.sync_through(seq)?;
        Ok(seq)
    }

    /// The state of the last commit will be looked for when it is durable; called with the writer's lock held.
    pub(crate) fn await_last(&self) {
        held(&self.pending).await_last();
    }

    pub(crate) fn sync_through(&self, seq: u64) -> Result<()> {
        let durable = self.sync.sync_through(seq)?;
        // Held while publishing, so that an earlier state never replaces a later one.
        let mut pending = held(&self.pending);
        if let Some(state) = pending.take_through(durable) {
            let seq = state.seq;
            *self.durable.write().unwrap_or_else(PoisonError::into_inner) = state;
            *held(&self.published.0) = seq;
            self.published.1.notify_all();
        }
        Ok(())
    }

    /// Waits until a commit is durable and shown, but no longer than that.
    pub(crate) fn wait_for(&self, seq: u64, timeout: Duration) {
        let (published, changed) = &self.published;
        drop(changed.wait_timeout_while(held(published), timeout, |last| *last < seq));
    }

    /// A view of the last durable commit.
    pub(crate) fn view(&self) -> View {
        let state = self.durable.read().unwrap_or_else(PoisonError::into_inner).clone();
        View::new(state, self.limits, self.progress.clone())
    }

    /// A view of the last commit.
    pub(crate) fn view_dirty(&self) -> View {
        View::new(self.latest_state(), self.limits, self.progress.clone())
    }

    /// The random name of the graph, and its secret.
    pub(crate) fn identity(&self) -> ([u8; 16], [u8; 32]) {
        self.identity
    }

    /// The files of the database, and its directory; `None` if it has none.
    #[cfg(feature = "kv")]
    pub(crate) fn files(&self) -> Option<(Arc<dyn Vfs>, PathBuf)> {
        let place = held(&self.writer).place().ok().flatten()?;
        let (vfs, dir) = place.files();
        Some((vfs.clone(), dir.to_owned()))
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

    /// Closes the home.
    pub(crate) fn close(&self) -> Result<()> {
        held(&self.writer).close()
    }
}
