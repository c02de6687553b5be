//! Commits: from a transaction to a frame in the store and a state to publish.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::codec::encode_commit;
use crate::engine::{Change, Door, settle};
use crate::error::{Error, Result};
use crate::feed::Changes;
use crate::graph::feed::Feed;
use crate::graph::tx::Tx;
use crate::model::Time;
use crate::segment::Segment;
use crate::store::{Home, Installing, Place, State};

/// The one writer: the latest state and the store.
pub(crate) struct Writer {
    state: Arc<State>,
    /// `None` once closed.
    home: Option<Box<dyn Home>>,
    feed: Feed,
    secret: [u8; 32],
    door: Door,
    poisoned: bool,
    /// The commits since a large change began that is under way.
    tail: Option<Vec<TailCommit>>,
}

/// A commit that a large change has yet to catch up with. It holds people's ids, so it has no Debug.
pub(crate) struct TailCommit {
    pub(crate) seq: u64,
    pub(crate) recorded_at: Time,
    /// Its entries.
    pub(crate) payload: Vec<u8>,
}

impl Writer {
    pub(crate) fn new(state: Arc<State>, home: Box<dyn Home>, feed: Feed, door: Door) -> Writer {
        let secret = home.secret();
        Writer { state, home: Some(home), feed, secret, door, poisoned: false, tail: None }
    }

    /// The last commit.
    pub(crate) fn seq(&self) -> u64 {
        self.state.seq
    }

    /// Whether a failure forbids to go on.
    pub(crate) fn is_poisoned(&self) -> bool {
        self.poisoned || self.home.as_ref().is_some_and(|home| home.is_poisoned())
    }

    /// The latest state.
    pub(crate) fn state(&self) -> &Arc<State> {
        &self.state
    }

    /// Replaces the latest state by one that answers alike.
    pub(crate) fn set_state(&mut self, state: Arc<State>) {
        self.state = state;
    }

    fn home(&mut self) -> Result<&mut Box<dyn Home>> {
        self.home.as_mut().filter(|_| !self.poisoned).ok_or(Error::Poisoned)
    }

    /// What a checkpoint starts from, everything so far durable; `None` if the home keeps no segments.
    pub(crate) fn begin_checkpoint(&mut self) -> Result<Option<Place>> {
        self.home()?.begin_checkpoint()
    }

    /// Where segments are written.
    pub(crate) fn place(&mut self) -> Result<Option<Place>> {
        Ok(self.home()?.place())
    }

    /// Makes these segments the ones that count.
    pub(crate) fn install(&mut self, segments: &[Arc<Segment>], at: Installing<'_>) -> Result<()> {
        if at.covers {
            // What segments cover cannot be replayed for its records (F2 of the feed).
            self.home()?;
            let synced = self.feed.sync(self.state.recorded_at);
            self.poisoned |= synced.is_err();
            synced?;
        }
        self.home()?.install(segments, at)
    }

    /// Whether the home may hold bytes of what was erased that no segment has.
    pub(crate) fn owes_bytes(&self) -> bool {
        self.home.as_ref().is_some_and(|home| home.owes_bytes())
    }

    /// Removes what segments cover.
    pub(crate) fn retire(&mut self) -> Result<()> {
        self.home()?.retire()
    }

    /// Begins a transaction on the latest state.
    pub(crate) fn begin(&self, now: Time) -> Result<Tx> {
        if self.is_poisoned() || self.home.is_none() {
            return Err(Error::Poisoned);
        }
        Ok(Tx::new(Change::begin((*self.state).clone(), now, self.secret, self.door.clone())))
    }

    /// Resolves and appends a transaction; its state, or `None` if there was nothing new.
    pub(crate) fn commit(&mut self, tx: Tx) -> Result<Option<Arc<State>>> {
        let mut change = tx.change;
        if change.broken {
            return Err(Error::Broken);
        }
        if change.entries.is_empty() {
            return Ok(None);
        }
        let payload = encode_commit(&change.entries);
        settle(&mut change)?;
        let changes = self.feed.changes(&self.state, &mut change)?;
        self.append(change, payload, changes).map(Some)
    }

    /// Appends what was settled: its state.
    pub(crate) fn append(
        &mut self,
        mut change: Change,
        payload: Vec<u8>,
        changes: Option<Changes<u32>>,
    ) -> Result<Arc<State>> {
        let Some(home) = &mut self.home else { return Err(Error::Poisoned) };
        if let Err(error) = home.append(change.seq, change.recorded_at, &payload) {
            // A payload that is too large was refused before a byte was written.
            self.poisoned = !matches!(error, Error::TooLarge { .. });
            return Err(error);
        }
        if let Err(error) = self.feed.append(change.seq, change.recorded_at, changes) {
            // The journal has the commit; what it holds is found out by the next open.
            self.poisoned = true;
            return Err(error);
        }
        change.state.note_commit(change.seq, change.recorded_at)?;
        if let Some(tail) = &mut self.tail {
            tail.push(TailCommit { seq: change.seq, recorded_at: change.recorded_at, payload });
        }
        self.state = Arc::new(change.state.into_state());
        Ok(self.state.clone())
    }

    /// From now on keeps what is committed for a large change to catch up with.
    pub(crate) fn begin_tail(&mut self) {
        self.tail = Some(Vec::new());
    }

    /// What was committed since this was last asked; empty if it is not kept.
    pub(crate) fn take_tail(&mut self) -> Vec<TailCommit> {
        self.tail.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Keeps no more.
    pub(crate) fn end_tail(&mut self) {
        self.tail = None;
    }

    /// The change feed.
    pub(crate) fn feed(&self) -> &Feed {
        &self.feed
    }

    /// Closes the store; a second call does nothing.
    pub(crate) fn close(&mut self) -> Result<()> {
        self.home.take().map_or(Ok(()), Home::close)
    }
}

/// States that wait to become durable, oldest first. One that nobody waits for gives way to its successor.
#[derive(Default)]
pub(crate) struct Pending(VecDeque<Waiting>);

struct Waiting {
    state: Arc<State>,
    awaited: bool,
}

impl Pending {
    /// Adds the state of a commit.
    pub(crate) fn push(&mut self, state: Arc<State>) {
        if self.0.back().is_some_and(|last| !last.awaited) {
            self.0.pop_back();
        }
        self.0.push_back(Waiting { state, awaited: false });
    }

    /// Somebody waits until the last commit is durable, and will look for it then.
    pub(crate) fn await_last(&mut self) {
        if let Some(last) = self.0.back_mut() {
            last.awaited = true;
        }
    }

    /// Replaces the states that wait.
    pub(crate) fn replace(&mut self, replaced: impl Fn(&Arc<State>) -> Arc<State>) {
        self.0.iter_mut().for_each(|waiting| waiting.state = replaced(&waiting.state));
    }

    /// Takes the latest state up to a durable commit; earlier ones are dropped.
    pub(crate) fn take_through(&mut self, durable_seq: u64) -> Option<Arc<State>> {
        let mut latest = None;
        while self.0.front().is_some_and(|waiting| waiting.state.seq <= durable_seq) {
            latest = self.0.pop_front().map(|waiting| waiting.state);
        }
        latest
    }
}
