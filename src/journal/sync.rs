//! Makes frames durable, for the one who appends and for any number who wait, and keeps the poison.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::error::{Error, Result};
use crate::journal::format::{End, Mark};
use crate::journal::mark::MarkWriter;
use crate::vfs::VfsFile;

/// What the writer and its sync handles share.
#[derive(Debug)]
pub(crate) struct Shared {
    poisoned: AtomicBool,
    durable_seq: AtomicU64,
    syncing: Mutex<Option<Marks>>,
    written: Mutex<Written>,
}

/// How far frames are written, and the file that holds all of them that are not durable (J2).
#[derive(Debug, Clone)]
struct Written {
    file: Arc<dyn VfsFile>,
    end: End,
}

#[derive(Debug)]
struct Marks {
    writer: MarkWriter,
    session: u64,
}

/// A panic elsewhere leaves these values whole: each is replaced in one step.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    /// Everything up to `end` is durable.
    pub(crate) fn new(file: Arc<dyn VfsFile>, end: End) -> Shared {
        Shared {
            poisoned: AtomicBool::new(false),
            durable_seq: AtomicU64::new(end.seq),
            syncing: Mutex::new(None),
            written: Mutex::new(Written { file, end }),
        }
    }

    pub(crate) fn durable_seq(&self) -> u64 {
        self.durable_seq.load(Ordering::Acquire)
    }

    pub(crate) fn is_poisoned(&self) -> bool {
        self.poisoned.load(Ordering::Acquire)
    }

    /// J7: the error, if there was a failure before.
    pub(crate) fn refuse_poisoned(&self) -> Result<()> {
        if self.is_poisoned() { Err(Error::Poisoned) } else { Ok(()) }
    }

    /// J7: a failure here is the last thing that happens.
    pub(crate) fn guard<T>(&self, outcome: Result<T>) -> Result<T> {
        if outcome.is_err() {
            self.poisoned.store(true, Ordering::Release);
        }
        outcome
    }

    /// A session has begun: its flushes leave marks.
    pub(crate) fn begin_session(&self, writer: MarkWriter, session: u64) {
        *lock(&self.syncing) = Some(Marks { writer, session });
    }

    /// Frames are written up to `end`, in the same file.
    pub(crate) fn advance(&self, end: End) {
        lock(&self.written).end = end;
    }

    /// The next frames go to another file; those before are durable.
    pub(crate) fn change_file(&self, file: Arc<dyn VfsFile>, end: End) {
        assert!(self.durable_seq() >= end.seq, "J2: a file is begun when those before are durable");
        *lock(&self.written) = Written { file, end };
    }

    /// Makes every frame up to `seq`, and those written after it by now, durable; the last durable seq.
    pub(crate) fn sync_through(&self, seq: u64) -> Result<u64> {
        if self.durable_seq() >= seq {
            return Ok(self.durable_seq());
        }
        // Who waits here while another flushes mostly finds the work done.
        let mut syncing = lock(&self.syncing);
        if self.durable_seq() >= seq {
            return Ok(self.durable_seq());
        }
        self.refuse_poisoned()?;
        let Written { file, end } = lock(&self.written).clone();
        assert!(end.seq >= seq, "J1: only what was appended can become durable");
        self.guard(file.sync_data())?;
        let group_first = self.durable_seq().saturating_add(1);
        self.durable_seq.store(end.seq, Ordering::Release);
        if let Some(marks) = syncing.as_mut() {
            let mark = Mark { session: marks.session, group_first, end };
            self.guard(marks.writer.write(&mark))?;
        }
        Ok(end.seq)
    }
}

/// Flushes without the writer: hold it while another thread appends.
#[derive(Debug, Clone)]
pub(crate) struct SyncHandle(pub(crate) Arc<Shared>);

impl SyncHandle {
    /// Returns when the frame `seq`, which was appended, is durable; the last durable seq. One flush serves all
    /// who wait.
    pub(crate) fn sync_through(&self, seq: u64) -> Result<u64> {
        self.0.sync_through(seq)
    }

    /// The last durable seq.
    #[cfg(test)]
    pub(crate) fn durable_seq(&self) -> u64 {
        self.0.durable_seq()
    }

    /// True after a failed write or flush.
    #[cfg(test)]
    pub(crate) fn is_poisoned(&self) -> bool {
        self.0.is_poisoned()
    }
}
