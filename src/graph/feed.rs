//! The change feed of a graph: written with every commit, read as far as commits are durable.

use std::collections::VecDeque;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::engine::{Change, ChangedId, difference, named};
use crate::error::{Error, Result};
use crate::feed::{Changes, FeedLog, FeedReader, FeedRecord, FeedRetention, LastSpot, Wanted};
use crate::graph::handle::Graph;
use crate::graph::read_only::ReadOnly;
use crate::graph::shared::held;
use crate::graph::view::{Shown, View};
use crate::model::Time;
use crate::store::{Lens, State};
use crate::vfs::Vfs;

/// What one commit changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeRecord {
    /// The commit.
    pub seq: u64,
    /// When it was recorded.
    pub recorded_at: Time,
    /// What it changed; nothing, if it told only what changes no identity.
    pub changes: Changes<ChangedId>,
}

/// Where the writer puts records.
pub(crate) enum Feed {
    /// Nowhere.
    Off,
    Files(FeedLog),
    Memory(Arc<MemoryFeed>),
}

/// Records of a graph that lives as long as the process.
pub(crate) struct MemoryFeed {
    records: Mutex<VecDeque<FeedRecord>>,
    retention: FeedRetention,
}

/// Where records are read from.
#[derive(Clone)]
pub(crate) enum FeedPlace {
    Off,
    Files { vfs: Arc<dyn Vfs>, dir: PathBuf, uuid: [u8; 16], last_spot: LastSpot },
    Memory(Arc<MemoryFeed>),
}

impl FeedPlace {
    /// The files of a database.
    pub(crate) fn in_files(vfs: &Arc<dyn Vfs>, dir: &Path, uuid: [u8; 16]) -> FeedPlace {
        FeedPlace::Files { vfs: vfs.clone(), dir: dir.to_owned(), uuid, last_spot: LastSpot::default() }
    }
}

impl Feed {
    /// The feed of a graph in memory.
    pub(crate) fn in_memory(retention: FeedRetention) -> Feed {
        match retention {
            FeedRetention::None => Feed::Off,
            _ => Feed::Memory(Arc::new(MemoryFeed { records: Mutex::default(), retention })),
        }
    }

    /// Where it is read; `vfs` and `dir` are those of the database.
    pub(crate) fn place(&self, vfs: &Arc<dyn Vfs>, dir: &Path, uuid: [u8; 16]) -> FeedPlace {
        match self {
            Feed::Off => FeedPlace::Off,
            Feed::Files(_) => FeedPlace::in_files(vfs, dir, uuid),
            Feed::Memory(feed) => FeedPlace::Memory(feed.clone()),
        }
    }

    /// Whether a commit needs no record any more.
    pub(crate) fn has(&self, seq: u64) -> bool {
        match self {
            Feed::Off => true,
            Feed::Files(log) => seq <= log.last_seq(),
            Feed::Memory(_) => false,
        }
    }

    /// What a settled change made of the state before, if its commit needs a record.
    pub(crate) fn changes(&self, before: &State, change: &mut Change) -> Result<Option<Changes<u32>>> {
        if self.has(change.seq) {
            return Ok(None);
        }
        let changes = difference(before, &change.state);
        change.checked().map(|()| Some(changes))
    }

    /// Writes the record of a commit, if it needs one.
    pub(crate) fn append(
        &mut self,
        seq: u64,
        recorded_at: Time,
        changes: Option<Changes<u32>>,
    ) -> Result<()> {
        let Some(changes) = changes else { return Ok(()) };
        match self {
            Feed::Off => Ok(()),
            Feed::Files(log) => log.append(seq, recorded_at.ms(), &changes),
            Feed::Memory(feed) => {
                feed.append(FeedRecord { seq, recorded_at: recorded_at.ms(), changes });
                Ok(())
            }
        }
    }

    /// Makes all records durable.
    pub(crate) fn sync(&mut self, newest: Time) -> Result<()> {
        match self {
            Feed::Files(log) => log.sync(newest.ms()),
            Feed::Off | Feed::Memory(_) => Ok(()),
        }
    }
}

impl MemoryFeed {
    fn append(&self, record: FeedRecord) {
        let (last_seq, newest) = (record.seq, record.recorded_at);
        let mut records = held(&self.records);
        records.push_back(record);
        let goes = |first: &FeedRecord| match self.retention {
            FeedRetention::Commits(count) => first.seq <= last_seq.saturating_sub(count),
            FeedRetention::For { ms } => newest.saturating_sub(first.recorded_at) > ms.max(0),
            FeedRetention::All | FeedRetention::None => false,
        };
        while records.front().is_some_and(goes) {
            records.pop_front();
        }
    }

    fn read(&self, Wanted { from, through, .. }: Wanted) -> Result<Vec<FeedRecord>> {
        let records = held(&self.records);
        let oldest = records.front().map_or(through + 1, |first| first.seq);
        if from.max(1) < oldest {
            return Err(Error::ChangesNotKept { oldest });
        }
        let wanted = records.iter().skip_while(|record| record.seq < from);
        Ok(wanted.take_while(|record| record.seq <= through).cloned().collect())
    }
}

/// The changes of commits, in their order: each commit once, without gaps. It ends with the last commit that was durable
/// when it was made.
pub struct ChangeStream {
    records: Box<dyn Iterator<Item = Result<FeedRecord>> + Send>,
    view: View,
}

impl fmt::Debug for ChangeStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChangeStream").field("through", &self.view.seq()).finish_non_exhaustive()
    }
}

impl ChangeStream {
    /// Changes from a commit on, as far as a view goes; records up to `sure` are there.
    fn open(place: &FeedPlace, view: View, from: u64, sure: u64) -> Result<ChangeStream> {
        let wanted = Wanted { from, through: view.seq(), sure };
        let records: Box<dyn Iterator<Item = Result<FeedRecord>> + Send> = match place {
            FeedPlace::Off => return Err(Error::NotKept { what: "changes" }),
            FeedPlace::Files { vfs, dir, uuid, last_spot } => {
                Box::new(FeedReader::open(vfs.clone(), dir, *uuid, wanted, last_spot.clone())?)
            }
            FeedPlace::Memory(feed) => Box::new(feed.read(wanted)?.into_iter().map(Ok)),
        };
        Ok(ChangeStream { records, view })
    }

    /// Puts ids in the place of numbers.
    fn named(&self, record: FeedRecord) -> Result<ChangeRecord> {
        let FeedRecord { seq, recorded_at, changes } = record;
        let state = self.view.shared_state()?;
        let changes = Lens::on(&*state).answer(|lens| named(changes, lens, lens))?;
        Ok(ChangeRecord { seq, recorded_at: Time::from_ms(recorded_at), changes })
    }
}

impl Iterator for ChangeStream {
    type Item = Result<ChangeRecord>;

    fn next(&mut self) -> Option<Result<ChangeRecord>> {
        let record = self.records.next()?;
        Some(record.and_then(|record| self.named(record)))
    }
}

impl Graph {
    /// What each commit from `from_seq` on changed about identities: a log of its own, which holds numbers; they are
    /// answered as the ids they stand for now, erased ones by their number alone. A commit that changed no identity has a
    /// record too. Go on later with the `seq` of the last record plus one.
    ///
    /// ```
    /// use idweave::Graph;
    /// let graph = Graph::options().in_memory()?;
    /// assert_eq!(graph.changes(1)?.count(), 0);
    /// # Ok::<(), idweave::Error>(())
    /// ```
    ///
    /// # Errors
    /// `ChangesNotKept` where the feed begins later: after a bulk load, a restoration, or by
    /// [`crate::Options::feed`]; `NotKept` if there is none. `Io`, `Corrupt`.
    pub fn changes(&self, from_seq: u64) -> Result<ChangeStream> {
        let view = self.view();
        let sure = view.seq();
        ChangeStream::open(&self.shared().feed, view, from_seq, sure)
    }

    /// [`Graph::changes`], once there is a durable commit from `from_seq` on; or after `timeout`, empty.
    ///
    /// # Errors
    /// See [`Graph::changes`].
    pub fn watch(&self, from_seq: u64, timeout: Duration) -> Result<ChangeStream> {
        self.shared().wait_for(from_seq, timeout);
        self.changes(from_seq)
    }
}

impl ReadOnly {
    /// See [`Graph::changes`]: as far as the last refresh reached, at most. The record of the last commits may come a
    /// moment later; after a power cut, when the writer has opened the graph again.
    ///
    /// # Errors
    /// See [`Graph::changes`].
    pub fn changes(&self, from_seq: u64) -> Result<ChangeStream> {
        let (place, covered_seq) = self.feed_place();
        ChangeStream::open(place, self.view(), from_seq, covered_seq)
    }
}
