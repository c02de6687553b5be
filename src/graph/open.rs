//! Opening and creating: replay of the journal into a state.

use std::path::Path;

use crate::codec::decode_commit;
use crate::engine::{Change, Door, replay, settle};
use crate::error::{Error, Result};
use crate::graph::handle::Graph;
use crate::graph::options::{Options, Recovery, random_secret};
use crate::journal::{Frame, Journal, Options as JournalOptions, Tail};
use crate::model::Time;
use crate::store::{Home, JournalHome, MemoryHome, State};

/// Replay settles after so many commits: often enough to bound what is dirty, seldom enough to be quick.
const REPLAY_SETTLE_COMMITS: u64 = 256;

pub(crate) fn open(options: Options, dir: &Path) -> Result<Graph> {
    let mut replaying = Replaying { change: None };
    let visit = &mut |frame: Frame<'_>| replaying.visit(dir, frame);
    let (journal, recovery) = match Journal::open(options.vfs.clone(), dir, JournalOptions::default(), visit)
    {
        Err(Error::NotFound { .. }) if options.create_if_missing => return create(options, dir),
        opened => opened?,
    };
    let mut state = replaying.finish();
    state.seq = state.seq.max(recovery.last_seq);
    let found = match recovery.tail {
        Tail::Clean => Recovery::Clean,
        Tail::Cut { from_seq } => Recovery::TailCut { from_seq },
    };
    let home: Box<dyn Home> = Box::new(JournalHome::new(journal));
    Ok(Graph::start(state, home, options, found))
}

pub(crate) fn create(options: Options, dir: &Path) -> Result<Graph> {
    let journal = Journal::create(options.vfs.clone(), dir, JournalOptions::default())?;
    let home: Box<dyn Home> = Box::new(JournalHome::new(journal));
    Ok(Graph::start(State::default(), home, options, Recovery::Clean))
}

pub(crate) fn in_memory(options: Options) -> Result<Graph> {
    let home: Box<dyn Home> = Box::new(MemoryHome::new(random_secret()?));
    Ok(Graph::start(State::default(), home, options, Recovery::Clean))
}

/// A replay in the making.
struct Replaying {
    change: Option<Change>,
}

impl Replaying {
    fn visit(&mut self, dir: &Path, frame: Frame<'_>) -> Result<()> {
        let begin = || Change::begin(State::default(), Time::MIN, *frame.secret, Door::default());
        let change = self.change.get_or_insert_with(begin);
        change.seq = frame.seq;
        change.recorded_at = Time::from_ms(frame.recorded_at);
        let damaged = |what| Error::Corrupt { file: frame.file(dir), offset: frame.offset, what };
        for entry in decode_commit(frame.payload).map_err(damaged)? {
            replay(change, entry)?;
        }
        change.state.seq = frame.seq;
        change.state.recorded_at = change.recorded_at;
        if frame.seq.is_multiple_of(REPLAY_SETTLE_COMMITS) {
            settle(change);
        }
        Ok(())
    }

    fn finish(self) -> State {
        let Some(mut change) = self.change else { return State::default() };
        settle(&mut change);
        change.state.into_state()
    }
}
