//! Commits in a key-value store.

use std::sync::{Arc, Weak};

use crate::error::{Error, Result};
use crate::kvlog::{KvLog, KvSync};
use crate::model::Time;
use crate::segment::Segment;
use crate::store::home::{Home, Installing, SyncHandle};
use crate::store::place::Place;

/// Commits as rows of a store, and segments beside them.
pub(crate) struct KvHome {
    log: KvLog,
    /// The segments that count.
    segments: Vec<Weak<Segment>>,
}

impl KvHome {
    /// Keeps commits in an open log; these segments count.
    pub(crate) fn new(log: KvLog, segments: &[Arc<Segment>]) -> KvHome {
        KvHome { log, segments: segments.iter().map(Arc::downgrade).collect() }
    }
}

impl Home for KvHome {
    fn append(&mut self, seq: u64, recorded_at: Time, payload: &[u8]) -> Result<()> {
        self.log.append(seq, recorded_at.ms(), payload)
    }

    fn sync_handle(&self) -> Arc<dyn SyncHandle> {
        Arc::new(self.log.sync_handle())
    }

    fn secret(&self) -> [u8; 32] {
        *self.log.secret()
    }

    fn is_poisoned(&self) -> bool {
        self.log.is_poisoned()
    }

    fn uuid(&self) -> [u8; 16] {
        *self.log.uuid()
    }

    fn begin_checkpoint(&mut self) -> Result<Option<Place>> {
        self.log.begin_checkpoint().map(|place| Some(Place::Rows(place)))
    }

    fn place(&self) -> Option<Place> {
        Some(Place::Rows(self.log.place()))
    }

    fn install(&mut self, segments: &[Arc<Segment>], at: Installing<'_>) -> Result<()> {
        let Place::Rows(place) = at.place else {
            return Err(Error::Internal { what: "a segment of another home" });
        };
        let names: Vec<(u64, u64)> =
            segments.iter().map(|segment| (segment.name().number, segment.bytes())).collect();
        let moves = self.log.install(&names, place, at.covers, at.erased)?;
        let before = std::mem::take(&mut self.segments);
        self.segments = segments.iter().map(Arc::downgrade).collect();
        // With another generation the old one went whole.
        for old in before.into_iter().filter(|_| !moves) {
            let number = old.upgrade().map(|segment| segment.name().number);
            if let Some(number) = number.filter(|number| !names.iter().any(|(named, _)| named == number)) {
                self.log.note_replaced(number, Box::new(move || old.strong_count() > 0));
            }
        }
        Ok(())
    }

    fn retire(&mut self) -> Result<()> {
        self.log.retire()
    }

    fn owes_bytes(&self) -> bool {
        self.log.owes_bytes()
    }

    fn close(self: Box<Self>) -> Result<()> {
        self.log.close()
    }
}

impl SyncHandle for KvSync {
    fn sync_through(&self, seq: u64) -> Result<u64> {
        KvSync::sync_through(self, seq)
    }
}
