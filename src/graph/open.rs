//! Opening and creating: replay of the journal into a state.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::codec::{What, decode_commit};
use crate::engine::{Change, Door, replay, restore_settings, settle};
use crate::error::{Error, IoOp, Result};
use crate::feed::{FeedLog, FeedRetention};
use crate::graph::feed::Feed;
use crate::graph::handle::Graph;
#[cfg(feature = "kv")]
use crate::graph::open_kv;
use crate::graph::options::{HomeKind, Options, Recovery, random_secret, random_uuid};
use crate::journal::{Frame, Journal, Opening, Options as JournalOptions, SegmentName, Tail};
use crate::model::Time;
use crate::segment::Segment;
use crate::store::{Home, JournalHome, MemoryHome, State, restore};

/// Replay settles after so many commits: often enough to bound what is dirty, seldom enough to be quick.
const REPLAY_SETTLE_COMMITS: u64 = 256;

/// The file of a database that a key-value store keeps.
const KV_HOME: &str = "HOME";

/// Whether a key-value store keeps the database in a directory, which only one process opens.
pub(crate) fn is_in_kv(options: &Options, dir: &Path) -> Result<bool> {
    options.vfs.exists(&dir.join(KV_HOME))
}

pub(crate) fn open(options: Options, dir: &Path) -> Result<Graph> {
    if is_in_kv(&options, dir)? {
        #[cfg(feature = "kv")]
        return open_kv::open(options, dir);
        #[cfg(not(feature = "kv"))]
        return Err(Error::Home("a key-value store keeps it: build idweave with the feature `kv` or `sled`"));
    }
    open_files(options, dir)
}

fn open_files(options: Options, dir: &Path) -> Result<Graph> {
    let opening = match Opening::begin(options.vfs.clone(), dir) {
        Err(Error::NotFound { .. }) if options.create_if_missing => return create(options, dir),
        opening => opening?,
    };
    let segments = match open_segments(&options, opening.uuid(), opening.segments()) {
        Err(Error::Io { op: IoOp::Open, path, source }) if source.kind() == ErrorKind::NotFound => {
            return Err(Error::Corrupt { file: path, offset: 0, what: "the segment is missing" });
        }
        opened => opened?,
    };
    let state = begin_state(segments, opening.uuid(), opening.covered_seq())?;
    let feed = feed_of(&options, dir, opening.uuid(), opening.covered_seq())?;
    let mut replaying = Replaying::begin(state, feed);
    let visit = &mut |frame: Frame<'_>| replaying.visit(&Replayed::of(dir, &frame));
    let (journal, recovery) = opening.replay(JournalOptions::default(), visit)?;
    let (mut state, mut feed) = replaying.finish()?;
    state.seq = state.seq.max(recovery.last_seq);
    let found = match recovery.tail {
        Tail::Clean => Recovery::Clean,
        Tail::Cut { from_seq } => Recovery::TailCut { from_seq },
    };
    if let Feed::Files(log) = &mut feed {
        log.forget_after(state.seq)?;
    }
    let place = feed.place(&options.vfs, dir, *journal.uuid());
    let home: Box<dyn Home> = Box::new(JournalHome::new(journal));
    Ok(Graph::start(state, home, (feed, place), options, found))
}

/// Opens the segments that a manifest names, the newest first.
pub(crate) fn open_segments(
    options: &Options,
    uuid: [u8; 16],
    names: impl Iterator<Item = (SegmentName, PathBuf)>,
) -> Result<Vec<Arc<Segment>>> {
    let mut segments = Vec::new();
    for (name, path) in names {
        let segment = Segment::open(&*options.vfs, &path, options.read_mode)?;
        let found = (segment.name().uuid, segment.name().number, segment.bytes());
        if found != (uuid, name.number, name.file_len) {
            return Err(segment.corrupt(0, "this is not the segment that the manifest names"));
        }
        segments.push(Arc::new(segment));
    }
    Ok(segments)
}

/// The state that segments hold, which must be that of the commit they are said to cover.
pub(crate) fn begin_state(segments: Vec<Arc<Segment>>, uuid: [u8; 16], covered_seq: u64) -> Result<State> {
    if let Some(newest) = segments.first()
        && newest.name().seq != covered_seq
    {
        return Err(newest.corrupt(0, "the segments do not end where the journal begins"));
    }
    match restore(segments)? {
        Some(restored) => restore_settings(restored),
        None => Ok(State::seeded(uuid)),
    }
}

pub(crate) fn create(options: Options, dir: &Path) -> Result<Graph> {
    match &options.home {
        HomeKind::Native => create_files(options, dir),
        #[cfg(feature = "kv")]
        HomeKind::Kv(store) => {
            let store = store.clone();
            open_kv::create(options, dir, store)
        }
    }
}

fn create_files(options: Options, dir: &Path) -> Result<Graph> {
    let journal = Journal::create(options.vfs.clone(), dir, JournalOptions::default())?;
    let uuid = *journal.uuid();
    let feed = feed_of(&options, dir, uuid, 0)?;
    let place = feed.place(&options.vfs, dir, uuid);
    let home: Box<dyn Home> = Box::new(JournalHome::new(journal));
    Ok(Graph::start(State::seeded(uuid), home, (feed, place), options, Recovery::Clean))
}

pub(crate) fn in_memory(options: Options) -> Result<Graph> {
    let uuid = random_uuid()?;
    let home: Box<dyn Home> = Box::new(MemoryHome::new(uuid, random_secret()?));
    let feed = Feed::in_memory(options.feed);
    let place = feed.place(&options.vfs, Path::new(""), uuid);
    Ok(Graph::start(State::seeded(uuid), home, (feed, place), options, Recovery::Clean))
}

/// The change feed of a database whose segments cover everything up to a commit.
pub(super) fn feed_of(options: &Options, dir: &Path, uuid: [u8; 16], covered_seq: u64) -> Result<Feed> {
    let log = FeedLog::open(options.vfs.clone(), dir, uuid, covered_seq, options.feed)?;
    Ok(if options.feed == FeedRetention::None { Feed::Off } else { Feed::Files(log) })
}

/// A commit to be replayed, and what to say if it is damaged.
pub(crate) struct Replayed<'a> {
    pub(crate) seq: u64,
    pub(crate) recorded_at: Time,
    pub(crate) payload: &'a [u8],
    pub(crate) secret: &'a [u8; 32],
    pub(crate) damaged: Box<dyn Fn(What) -> Error + 'a>,
}

impl<'a> Replayed<'a> {
    /// The commit of a frame of the database in a directory.
    pub(crate) fn of(dir: &'a Path, frame: &Frame<'a>) -> Replayed<'a> {
        let Frame { seq, recorded_at, payload, offset, secret, .. } = *frame;
        let file = frame.file(dir);
        let damaged = move |what| Error::Corrupt { file: file.clone(), offset, what };
        let recorded_at = Time::from_ms(recorded_at);
        Replayed { seq, recorded_at, payload, secret, damaged: Box::new(damaged) }
    }
}

/// A replay in the making.
pub(super) struct Replaying {
    /// What the segments hold, until the first frame.
    begun: Option<State>,
    change: Option<Change>,
    /// Gets the records that it lacks.
    feed: Feed,
}

impl Replaying {
    pub(super) fn begin(state: State, feed: Feed) -> Replaying {
        Replaying { begun: Some(state), change: None, feed }
    }

    pub(super) fn visit(&mut self, commit: &Replayed<'_>) -> Result<()> {
        if self.begun.as_ref().is_some_and(|state| commit.seq <= state.seq) {
            return Ok(()); // A checkpoint covered it and had not let go of it yet.
        }
        let change = match self.begun.take() {
            None => self.change.as_mut(),
            Some(state) => {
                let change = Change::begin(state, Time::MIN, *commit.secret, Door::default());
                Some(self.change.insert(change))
            }
        };
        change.map_or(Ok(()), |change| replay_commit(change, commit, &mut self.feed))
    }

    pub(super) fn finish(self) -> Result<(State, Feed)> {
        let state = match (self.change, self.begun) {
            (Some(mut change), _) => {
                settle(&mut change)?;
                change.state.into_state()
            }
            (None, begun) => begun.unwrap_or_default(),
        };
        Ok((state, self.feed))
    }
}

/// Applies the entries of a commit; the feed gets a record of it if it has none.
pub(crate) fn replay_commit(change: &mut Change, commit: &Replayed<'_>, feed: &mut Feed) -> Result<()> {
    if commit.seq != change.state.seq + 1 {
        return Err((commit.damaged)("a commit does not follow the one before it"));
    }
    change.seq = commit.seq;
    change.audited = 0;
    change.recorded_at = commit.recorded_at;
    let mut before = None;
    if !feed.has(commit.seq) {
        settle(change)?;
        before = Some(State::clone(&change.state));
    }
    for entry in decode_commit(commit.payload).map_err(&commit.damaged)? {
        replay(change, entry)?;
    }
    change.state.note_commit(commit.seq, change.recorded_at)?;
    if let Some(before) = before {
        settle(change)?;
        let changes = feed.changes(&before, change)?;
        feed.append(commit.seq, change.recorded_at, changes)?;
    }
    if commit.seq.is_multiple_of(REPLAY_SETTLE_COMMITS) {
        settle(change)?;
        change.state.shed();
    }
    Ok(())
}
