//! The graph as its users hold it.

use std::fmt;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use crate::engine::{Finding, check};
use crate::error::Result;
use crate::graph::checkpointer::Checkpointer;
use crate::graph::feed::{Feed, FeedPlace};
use crate::graph::options::{Durability, Options, Recovery};
use crate::graph::shared::Shared;
use crate::graph::tx::{Outcome, Tx};
use crate::graph::view::View;
use crate::model::{Fact, Time};
use crate::store::{Home, State};

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
    shared: Arc<Shared>,
    /// Started when there is something to write out.
    checkpointer: OnceLock<Checkpointer>,
    auto_checkpoint: bool,
    recovery: Recovery,
}

impl fmt::Debug for Graph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Graph").field("recovery", &self.recovery).finish_non_exhaustive()
    }
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

    pub(crate) fn start(
        state: State,
        home: Box<dyn Home>,
        feed: (Feed, FeedPlace),
        options: Options,
        recovery: Recovery,
    ) -> Graph {
        let auto_checkpoint = options.auto_checkpoint && home.place().is_some();
        let shared = Arc::new(Shared::new(state, home, feed, options));
        Graph { shared, checkpointer: OnceLock::new(), auto_checkpoint, recovery }
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.shared
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
        self.write_with(now, self.shared.durability, fill)
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
        let (committed, checkpoint_is_due) = self.shared.write(now, durability, fill)?;
        if checkpoint_is_due && self.auto_checkpoint {
            self.checkpointer.get_or_init(|| Checkpointer::start(self.shared.clone())).wake();
        }
        Ok(committed)
    }

    /// Writes one fact as a commit of its own.
    ///
    /// # Errors
    /// See [`Tx::apply`] and [`Graph::write`].
    pub fn apply(&self, now: Time, fact: &Fact) -> Result<Committed<Outcome>> {
        self.write(now, |tx| tx.apply(fact))
    }

    /// Undoes an earlier commit by a new one; `false` if it is undone already.
    ///
    /// # Errors
    /// See [`Tx::undo`] and [`Graph::write`].
    pub fn undo(&self, now: Time, seq: u64) -> Result<Committed<bool>> {
        self.write(now, |tx| tx.undo(seq))
    }

    /// Makes every commit so far durable: the last of them.
    ///
    /// # Errors
    /// `Io`, `Poisoned`.
    pub fn sync(&self) -> Result<u64> {
        self.shared.sync()
    }

    /// A consistent read of the last durable commit. O(1); it never waits for a writer, nor a writer for it.
    pub fn view(&self) -> View {
        self.shared.view()
    }

    /// A consistent read of the last commit, durable or not.
    pub fn view_dirty(&self) -> View {
        self.shared.view_dirty()
    }

    /// Checks the whole graph: its structure, and every identity against resolution from scratch. Takes the
    /// memory of a second graph and time in proportion to its size. Empty = all holds.
    ///
    /// # Errors
    /// The facts could not be applied again.
    pub fn check(&self) -> Result<Vec<Finding>> {
        check(&self.shared.latest_state())
    }

    /// Makes everything durable and marks the journal's end as clean. Dropping a graph does the same but
    /// cannot say whether it failed.
    ///
    /// # Errors
    /// `Io`, `Poisoned`.
    pub fn close(mut self) -> Result<()> {
        drop(self.checkpointer.take());
        self.shared.close()
    }
}

impl Drop for Graph {
    fn drop(&mut self) {
        drop(self.checkpointer.take());
        // Nothing can be said here; the next open recovers what was acknowledged.
        drop(self.shared.close());
    }
}
