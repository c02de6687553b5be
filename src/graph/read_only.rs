//! A graph that another process writes, read as of its last durable commit.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use crate::engine::{Change, Door, settle};
use crate::error::{Error, Result};
use crate::graph::feed::{Feed, FeedPlace};
use crate::graph::open::{Replayed, begin_state, is_in_kv, open_segments, replay_commit};
use crate::graph::options::Options;
use crate::graph::shared::held;
use crate::graph::tx::Tx;
use crate::graph::view::{Progress, View};
use crate::journal::{Followed, Follower, is_gone};
use crate::model::Time;
use crate::store::State;

/// How often reading begins again when files go away under it: each time the writer has finished a checkpoint.
const ATTEMPTS_MAX: usize = 16;

/// A graph that another process writes. It takes no lock and changes nothing; [`ReadOnly::refresh`] brings it up to what
/// the writer has made durable.
///
/// ```
/// use idweave::{Graph, Options};
/// let place = tempfile::tempdir()?;
/// let graph = Graph::create(place.path())?; // in another process, mostly
/// let reader = Graph::options().open_read_only(place.path())?;
/// assert_eq!(reader.view().seq(), graph.view().seq());
/// assert_eq!(reader.refresh()?, 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct ReadOnly {
    options: Options,
    dir: PathBuf,
    follower: Mutex<Follower>,
    shown: RwLock<Arc<State>>,
    progress: Arc<Progress>,
    feed: FeedPlace,
}

impl fmt::Debug for ReadOnly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadOnly").field("seq", &self.view().seq()).finish_non_exhaustive()
    }
}

impl ReadOnly {
    pub(crate) fn open(options: Options, dir: &Path) -> Result<ReadOnly> {
        if is_in_kv(&options, dir)? {
            return Err(Error::Home(
                "a key-value store keeps it, which one process opens: open it for writing",
            ));
        }
        let (follower, state) = begin(&options, dir)?;
        let state = Arc::new(state);
        let progress = Arc::new(Progress::watched_by(options.watch.clone()));
        progress.note(&state);
        let feed = FeedPlace::in_files(&options.vfs, dir, follower.uuid());
        let (follower, shown) = (Mutex::new(follower), RwLock::new(state));
        Ok(ReadOnly { options, dir: dir.to_owned(), follower, shown, progress, feed })
    }

    /// A consistent read of the commit that the last refresh found.
    pub fn view(&self) -> View {
        let state = self.shown.read().unwrap_or_else(PoisonError::into_inner).clone();
        View::new(state, self.options.limits, self.progress.clone())
    }

    /// A transaction on what is shown, which can be looked at only; and the state below it.
    pub(crate) fn begin(&self, now: Time) -> (Tx, Arc<State>) {
        let shown = self.shown.read().unwrap_or_else(PoisonError::into_inner).clone();
        let change = Change::begin(State::clone(&shown), now, self.secret(), self.options.door.clone());
        (Tx::new(change), shown)
    }

    /// Where its change feed is, and the last commit whose record is durable.
    pub(crate) fn feed_place(&self) -> (&FeedPlace, u64) {
        (&self.feed, held(&self.follower).covered_seq())
    }

    /// What its tombstones are keyed by.
    pub(crate) fn secret(&self) -> [u8; 32] {
        held(&self.follower).secret()
    }

    /// Reads what the writer has made durable since: the last commit there is now. Views taken before stay as they are.
    ///
    /// # Errors
    /// `Io`, `Corrupt`, `NotFound`; what was shown before is shown on.
    pub fn refresh(&self) -> Result<u64> {
        let mut follower = held(&self.follower);
        let shown = self.shown.read().unwrap_or_else(PoisonError::into_inner).clone();
        // A copy goes ahead: where it fails, what it read is not shown, and is to be read again.
        let mut ahead = follower.clone();
        let (ahead, state) = match follow(&mut ahead, State::clone(&shown), &self.dir)? {
            Some(state) if state.seq == shown.seq => return Ok(state.seq),
            Some(state) => (ahead, state),
            None => begin(&self.options, &self.dir)?,
        };
        *follower = ahead;
        let (seq, state) = (state.seq, Arc::new(state));
        self.progress.note(&state);
        *self.shown.write().unwrap_or_else(PoisonError::into_inner) = state;
        Ok(seq)
    }
}

/// Reads everything from the beginning; again, if the writer takes files away meanwhile.
fn begin(options: &Options, dir: &Path) -> Result<(Follower, State)> {
    let mut last = None;
    for _ in 0..ATTEMPTS_MAX {
        match begin_once(options, dir) {
            Ok(Some(begun)) => return Ok(begun),
            Ok(None) => {}
            Err(error) if is_gone(&error) => last = Some(error),
            Err(error) => return Err(error),
        }
    }
    Err(last.unwrap_or(Error::Internal { what: "a database changed faster than it could be read" }))
}

fn begin_once(options: &Options, dir: &Path) -> Result<Option<(Follower, State)>> {
    let mut follower = Follower::begin(options.vfs.clone(), dir)?;
    let segments = open_segments(options, follower.uuid(), follower.segments())?;
    let state = begin_state(segments, follower.uuid(), follower.covered_seq())?;
    Ok(follow(&mut follower, state, dir)?.map(|state| (follower, state)))
}

/// The state with what became durable since; `None` if the reader has to begin again.
fn follow(follower: &mut Follower, state: State, dir: &Path) -> Result<Option<State>> {
    let mut change = Change::begin(state, Time::MIN, [0; 32], Door::default());
    let covered = change.state.seq;
    let followed = follower.follow(&mut |frame| {
        if frame.seq <= covered {
            return Ok(());
        }
        change.secret = *frame.secret;
        replay_commit(&mut change, &Replayed::of(dir, &frame), &mut Feed::Off)
    })?;
    if followed == Followed::Moved {
        return Ok(None);
    }
    settle(&mut change)?;
    Ok(Some(change.state.into_state()))
}
