//! Where commits go: the seam between a graph and what keeps it.
//!
//! # Invariants
//!   W1 `append` is called by one writer at a time, in order of the sequence; a failed call poisons the home.
//!   W2 a commit is durable once `sync_through` returned its sequence or a later one.

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::journal::{Journal, SegmentName, SyncHandle as JournalSync};
use crate::model::Time;
use crate::segment::Segment;
use crate::store::place::Place;

/// A place that keeps commits.
pub(crate) trait Home: Send {
    /// Writes a commit; it is not durable yet.
    fn append(&mut self, seq: u64, recorded_at: Time, payload: &[u8]) -> Result<()>;
    /// What makes commits durable, while another writer appends.
    fn sync_handle(&self) -> Arc<dyn SyncHandle>;
    /// The key of the tombstones' HMAC.
    fn secret(&self) -> [u8; 32];
    /// Whether a failure forbids to go on.
    fn is_poisoned(&self) -> bool;
    /// The random name of the graph.
    fn uuid(&self) -> [u8; 16];
    /// What a checkpoint starts from, everything so far durable; `None` if this home keeps no segments.
    fn begin_checkpoint(&mut self) -> Result<Option<Place>>;
    /// Where segments are written; `None` if this home keeps none.
    fn place(&self) -> Option<Place>;
    /// Makes segments the ones that count, durably.
    fn install(&mut self, segments: &[Arc<Segment>], at: Installing<'_>) -> Result<()>;
    /// Removes what segments cover.
    fn retire(&mut self) -> Result<()>;
    /// Whether bytes of what was erased may be left though no segment has them, until all are written anew.
    fn owes_bytes(&self) -> bool {
        false
    }
    /// Makes everything durable and marks the end as clean.
    fn close(self: Box<Self>) -> Result<()>;
}

/// How segments, the newest first, come to count.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Installing<'p> {
    /// Where the newest was written.
    pub(crate) place: &'p Place,
    /// They cover every commit up to the place's.
    pub(crate) covers: bool,
    /// A commit among those erased something.
    #[cfg_attr(not(feature = "kv"), expect(dead_code, reason = "a home in files finds out by its segments"))]
    pub(crate) erased: bool,
}

/// Makes commits durable; shared by waiting writers.
pub(crate) trait SyncHandle: Send + Sync {
    /// Returns once `seq` is durable: the greatest durable sequence.
    fn sync_through(&self, seq: u64) -> Result<u64>;
}

/// Commits in a journal on disk.
pub(crate) struct JournalHome {
    journal: Journal,
}

impl JournalHome {
    /// Keeps commits in an open journal.
    pub(crate) fn new(journal: Journal) -> JournalHome {
        JournalHome { journal }
    }
}

impl Home for JournalHome {
    fn append(&mut self, seq: u64, recorded_at: Time, payload: &[u8]) -> Result<()> {
        self.journal.append(seq, recorded_at.ms(), payload)
    }

    fn sync_handle(&self) -> Arc<dyn SyncHandle> {
        Arc::new(self.journal.sync_handle())
    }

    fn secret(&self) -> [u8; 32] {
        *self.journal.secret()
    }

    fn is_poisoned(&self) -> bool {
        self.journal.is_poisoned()
    }

    fn uuid(&self) -> [u8; 16] {
        *self.journal.uuid()
    }

    fn begin_checkpoint(&mut self) -> Result<Option<Place>> {
        self.journal.begin_checkpoint().map(|place| Some(Place::Files(place)))
    }

    fn place(&self) -> Option<Place> {
        Some(Place::Files(self.journal.place()))
    }

    fn install(&mut self, segments: &[Arc<Segment>], at: Installing<'_>) -> Result<()> {
        let place = at.place.in_files().ok_or(Error::Internal { what: "a segment of another home" })?;
        let name =
            |segment: &Arc<Segment>| SegmentName { number: segment.name().number, file_len: segment.bytes() };
        self.journal.install(segments.iter().map(name).collect(), at.covers.then_some(place.from))
    }

    fn retire(&mut self) -> Result<()> {
        self.journal.retire()
    }

    fn close(self: Box<Self>) -> Result<()> {
        self.journal.close()
    }
}

impl SyncHandle for JournalSync {
    fn sync_through(&self, seq: u64) -> Result<u64> {
        JournalSync::sync_through(self, seq)
    }
}

/// Commits nowhere: a graph that lives as long as the process.
pub(crate) struct MemoryHome {
    uuid: [u8; 16],
    secret: [u8; 32],
}

impl MemoryHome {
    /// With a name and a secret of its own.
    pub(crate) fn new(uuid: [u8; 16], secret: [u8; 32]) -> MemoryHome {
        MemoryHome { uuid, secret }
    }
}

impl Home for MemoryHome {
    fn append(&mut self, _seq: u64, _recorded_at: Time, _payload: &[u8]) -> Result<()> {
        Ok(())
    }

    fn sync_handle(&self) -> Arc<dyn SyncHandle> {
        Arc::new(NoSync)
    }

    fn secret(&self) -> [u8; 32] {
        self.secret
    }

    fn is_poisoned(&self) -> bool {
        false
    }

    fn uuid(&self) -> [u8; 16] {
        self.uuid
    }

    fn begin_checkpoint(&mut self) -> Result<Option<Place>> {
        Ok(None)
    }

    fn place(&self) -> Option<Place> {
        None
    }

    fn install(&mut self, _segments: &[Arc<Segment>], _at: Installing<'_>) -> Result<()> {
        Ok(())
    }

    fn retire(&mut self) -> Result<()> {
        Ok(())
    }

    fn close(self: Box<Self>) -> Result<()> {
        Ok(())
    }
}

/// Memory is as durable as it will ever be.
struct NoSync;

impl SyncHandle for NoSync {
    fn sync_through(&self, seq: u64) -> Result<u64> {
        Ok(seq)
    }
}
