//! Erasure on request: what is to be erased, and the receipt.

use crate::engine::{Audited, IdMac, Read};
use crate::error::Result;
use crate::graph::handle::Graph;
use crate::graph::published::Published;
use crate::graph::shared::{Shared, held};
use crate::graph::tx::{Outcome, Tx};
use crate::model::{Fact, Id, Op, Reach, Time};
use crate::store::owed;

/// A request to erase an id.
///
/// ```
/// use idweave::EraseRequest;
/// use idweave::model::{Reach, Time};
/// let at = Time::from_ms(1_735_689_600_000);
/// let request = EraseRequest::new("openid:wx0123456789abcdef:oA1".parse()?, Reach::Entity, at).bytes_now(true);
/// # Ok::<(), idweave::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct EraseRequest {
    id: Id,
    reach: Reach,
    reason: String,
    at: Time,
    sticky: bool,
    bytes_now: bool,
}

impl EraseRequest {
    /// Erases what facts not newer than `at` say of an id, or of every id of its entity.
    pub fn new(id: Id, reach: Reach, at: Time) -> EraseRequest {
        EraseRequest { id, reach, reason: "requested".to_owned(), at, sticky: false, bytes_now: false }
    }

    /// Why. It is checked and then dropped: no file keeps it, for it might name somebody.
    #[must_use]
    pub fn reason(mut self, reason: &str) -> EraseRequest {
        reason.clone_into(&mut self.reason);
        self
    }

    /// Newer facts do not count either; default false.
    #[must_use]
    pub fn sticky(mut self, sticky: bool) -> EraseRequest {
        self.sticky = sticky;
        self
    }

    /// Returns when the bytes are gone from the files of the database, by a checkpoint; default false: they go with the
    /// next one, whoever makes it.
    #[must_use]
    pub fn bytes_now(mut self, now: bool) -> EraseRequest {
        self.bytes_now = now;
        self
    }
}

/// Whether files of the database may still hold an erased id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErasedBytes {
    /// No file holds anything of it.
    Gone,
    /// They are gone when the next checkpoint has succeeded.
    AtNextCheckpoint,
}

/// What an erasure did. It holds no identifier.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ErasureReceipt {
    /// The commit that holds the erasure, or the last one if there was nothing left to erase.
    pub seq: u64,
    /// Whether something was erased, or that was done before.
    pub outcome: Outcome,
    /// What stands for the erased ids in the audit trail and in their tombstones.
    pub ids: Vec<IdMac>,
    /// How many of them the graph knew: it had given them a number.
    pub known_ids: usize,
    /// Whether the files of the database may still hold them.
    pub bytes: ErasedBytes,
    /// Snapshots published by this database from before the erasure, whose files are there and hold one of the ids, or
    /// cannot be read. They do not change: replace or remove them. What nobody can see from here is not listed: copies
    /// of snapshots and of the database, readers in other processes (they see the erasure at their next refresh, and
    /// keep old files open until then), and what a file system or a medium keeps of removed files.
    pub published: Vec<Published>,
}

impl Graph {
    /// Erases an id, as the fact `erase` does, and tells what became of it.
    ///
    /// # Errors
    /// Those of [`Graph::write`] and, where the bytes are to go now, of [`Graph::checkpoint`]: the erasure is committed
    /// then, and the bytes go with the next checkpoint that succeeds. `Corrupt` names the list of published snapshots
    /// if that is damaged; nothing was erased then.
    pub fn erase(&self, now: Time, request: &EraseRequest) -> Result<ErasureReceipt> {
        let shared = self.shared();
        shared.register.iter().try_for_each(|register| held(register).check())?;
        let EraseRequest { id, reach, reason, at, sticky, bytes_now } = request.clone();
        let fact = Fact { at, batch: None, op: Op::Erase { id, reach, reason, sticky } };
        let committed = self.write(now, |tx| {
            let outcome = tx.apply(&fact)?;
            Ok((outcome, Tx::take_erased(tx)))
        })?;
        let (outcome, erased) = committed.value;
        let published = match (&shared.register, outcome) {
            (None, _) => Vec::new(),
            (Some(register), Outcome::Recorded) => held(register).holding(&erased.ids, committed.seq)?,
            (Some(register), Outcome::AlreadyKnown) => held(register).holding(&erased.ids, u64::MAX)?,
        };
        if bytes_now {
            self.checkpoint()?;
        }
        Ok(ErasureReceipt {
            seq: committed.seq,
            outcome,
            known_ids: erased.known,
            ids: erased.macs.into_iter().map(IdMac).collect(),
            bytes: shared.erased_bytes(committed.seq)?,
            published,
        })
    }

    /// Whether files of the database may still hold anything of an id that was erased.
    ///
    /// # Errors
    /// `Io`, `Corrupt`.
    pub fn erased_bytes(&self) -> Result<ErasedBytes> {
        let shared = self.shared();
        let last = self
            .view_dirty()
            .audits()?
            .iter()
            .filter(|act| act.is_erasure())
            .map(|act: &Audited| act.seq)
            .max();
        shared.erased_bytes(last.unwrap_or(0))
    }

    /// The snapshots published by this database whose files are there.
    ///
    /// # Errors
    /// `Io`, `Corrupt`.
    pub fn published(&self) -> Result<Vec<Published>> {
        self.shared().register.as_ref().map_or(Ok(Vec::new()), |register| held(register).published())
    }
}

impl Shared {
    /// Whether files may still hold what the commit `seq` or an earlier one erased.
    fn erased_bytes(&self, seq: u64) -> Result<ErasedBytes> {
        let state = self.latest_state();
        let covered = state.layers.segments().first().map_or(0, |newest| newest.name().seq);
        let is_paid = owed(state.layers.segments())? == 0 && !held(&self.writer).owes_bytes();
        let is_gone = self.register.is_none() || (covered >= seq && is_paid);
        Ok(if is_gone { ErasedBytes::Gone } else { ErasedBytes::AtNextCheckpoint })
    }
}
