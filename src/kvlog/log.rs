//! The log of an open database: appends, and making durable.

use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use crate::error::{Error, Result};
use crate::kv::{Batch, Rows, Store};
use crate::kvlog::home_file::HomeFile;
use crate::kvlog::rows::{
    Fact, HEAD_KEY, Head, META_KEY, Meta, Named, Reached, chain_after, fact_key, parts_key,
};
use crate::vfs::{Vfs, VfsLock};

/// Longest payload of a commit.
const PAYLOAD_BYTES_MAX: usize = 64 << 20;
/// Longest payload that lies in its row.
const INLINE_BYTES_MAX: usize = 2_500;

/// The log of a database that is open for writing.
pub(crate) struct KvLog {
    pub(super) vfs: Arc<dyn Vfs>,
    pub(super) dir: PathBuf,
    pub(super) store: Arc<dyn Store>,
    pub(super) shared: Arc<Shared>,
    pub(super) uuid: [u8; 16],
    pub(super) secret: [u8; 32],
    pub(super) end: Reached,
    pub(super) meta: Meta,
    /// Segments that were replaced, and whether anybody reads them still.
    pub(super) replaced: Vec<Replaced>,
    /// Held as long as the log is open.
    pub(super) lock: Box<dyn VfsLock>,
}

/// A segment of the generation that counts, whose rows go when nobody reads it.
pub(super) struct Replaced {
    pub(super) number: u64,
    pub(super) is_read: Box<dyn Fn() -> bool + Send>,
}

impl fmt::Debug for KvLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KvLog").field("dir", &self.dir).field("last", &self.end.seq).finish_non_exhaustive()
    }
}

/// What writers and those who wait for the medium share.
#[derive(Debug)]
pub(super) struct Shared {
    /// The rows of the generation that counts.
    rows: RwLock<Rows>,
    /// The last commit that was written.
    written: Mutex<Reached>,
    home: Mutex<HomeFile>,
    poisoned: AtomicBool,
}

fn held<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    pub(super) fn new(rows: Rows, written: Reached, home: HomeFile) -> Shared {
        let poisoned = AtomicBool::new(false);
        Shared { rows: RwLock::new(rows), written: Mutex::new(written), home: Mutex::new(home), poisoned }
    }

    pub(super) fn rows(&self) -> Rows {
        self.rows.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn set_rows(&self, rows: Rows) {
        *self.rows.write().unwrap_or_else(PoisonError::into_inner) = rows;
    }

    /// The file `HOME`. Who holds it keeps others from acknowledging.
    pub(super) fn home(&self) -> MutexGuard<'_, HomeFile> {
        held(&self.home)
    }

    pub(super) fn refuse_poisoned(&self) -> Result<()> {
        if self.is_poisoned() { Err(Error::Poisoned) } else { Ok(()) }
    }

    pub(super) fn is_poisoned(&self) -> bool {
        self.poisoned.load(Ordering::Acquire)
    }

    /// The first error is the last thing that is done (K6).
    pub(super) fn guard<T>(&self, result: Result<T>) -> Result<T> {
        self.poisoned.fetch_or(result.is_err(), Ordering::AcqRel);
        result
    }

    /// Flushes the store and then says in `HOME` how far it reaches, if that is not said yet (K3).
    pub(super) fn acknowledge(&self, seq: u64) -> Result<u64> {
        let mut home = held(&self.home);
        let known = home.said().acknowledged.seq;
        if known >= seq {
            return Ok(known);
        }
        self.refuse_poisoned()?;
        let written = *held(&self.written);
        let acknowledged = self.rows().kv().sync().and_then(|()| {
            let mut said = home.said().clone();
            said.acknowledged = written;
            home.say(said)
        });
        self.guard(acknowledged).map(|()| written.seq)
    }
}

/// Makes commits durable; shared by waiting writers.
#[derive(Debug, Clone)]
pub(crate) struct KvSync(Arc<Shared>);

impl KvSync {
    /// Returns once `seq` is durable: the greatest durable sequence.
    pub(crate) fn sync_through(&self, seq: u64) -> Result<u64> {
        self.0.acknowledge(seq)
    }
}

/// Where segments are written, and what commits they are to cover.
#[derive(Debug, Clone)]
pub(crate) struct KvPlace {
    pub(crate) vfs: Arc<dyn Vfs>,
    /// The directory of the database.
    pub(crate) dir: PathBuf,
    pub(crate) rows: Rows,
    pub(crate) next_segment: u64,
    pub(crate) uuid: [u8; 16],
    pub(crate) generation: u64,
    pub(super) from: Reached,
    pub(super) store: Arc<dyn Store>,
}

impl KvPlace {
    /// A place in an empty generation, that counts once segments in it are installed.
    pub(crate) fn fresh(&self) -> Result<KvPlace> {
        let generation = self.generation + 1;
        let kv = self.store.create(&self.dir, generation)?;
        Ok(KvPlace { rows: Rows::new(kv, &self.uuid), generation, ..self.clone() })
    }

    /// Gives up a generation that does not count.
    pub(crate) fn abandon(&self) -> Result<()> {
        self.store.remove(&self.dir, self.generation)
    }
}

impl KvLog {
    /// The random name of the database.
    pub(crate) fn uuid(&self) -> &[u8; 16] {
        &self.uuid
    }

    /// The key of the tombstones' HMAC.
    pub(crate) fn secret(&self) -> &[u8; 32] {
        &self.secret
    }

    /// Whether a failure forbids to go on.
    pub(crate) fn is_poisoned(&self) -> bool {
        self.shared.is_poisoned()
    }

    /// What makes commits durable.
    pub(crate) fn sync_handle(&self) -> KvSync {
        KvSync(self.shared.clone())
    }

    /// Writes a commit, whole or not at all (K1, K2); it is not durable yet.
    pub(crate) fn append(&mut self, seq: u64, recorded_at: i64, payload: &[u8]) -> Result<()> {
        self.shared.refuse_poisoned()?;
        if payload.len() > PAYLOAD_BYTES_MAX {
            return Err(Error::TooLarge { what: "a commit", limit: PAYLOAD_BYTES_MAX as u64 });
        }
        let rows = self.shared.rows();
        let last = Reached { seq, chain: chain_after(self.end.chain, seq, recorded_at, payload) };
        let written = write_fact(&rows, self.end.chain, (seq, recorded_at), payload)
            .and_then(|mut batch| {
                rows.put(&mut batch, HEAD_KEY.to_vec(), seq, &Head { last }).map(|()| batch)
            })
            .and_then(|batch| rows.kv().write(batch));
        self.shared.guard(written)?;
        self.end = last;
        *held(&self.shared.written) = last;
        Ok(())
    }

    /// Makes everything durable.
    pub(crate) fn sync(&self) -> Result<()> {
        self.shared.acknowledge(self.end.seq).map(drop)
    }

    /// Where segments are written.
    pub(crate) fn place(&self) -> KvPlace {
        KvPlace {
            vfs: self.vfs.clone(),
            dir: self.dir.clone(),
            rows: self.shared.rows(),
            next_segment: self.meta.next_segment.max(1),
            uuid: self.uuid,
            generation: self.shared.home().said().generation,
            from: self.end,
            store: self.store.clone(),
        }
    }

    /// Whether the store may hold bytes of what was erased.
    pub(crate) fn owes_bytes(&self) -> bool {
        self.meta.owes_bytes
    }

    /// Makes everything durable and says that this is the end.
    pub(crate) fn close(self) -> Result<()> {
        self.sync()?;
        let mut home = self.shared.home();
        let mut said = home.said().clone();
        said.is_closed = true;
        let closed = home.say(said);
        drop(self.lock);
        closed
    }
}

/// The rows of a commit.
pub(super) fn write_fact(
    rows: &Rows,
    before: u64,
    (seq, recorded_at): (u64, i64),
    payload: &[u8],
) -> Result<Batch> {
    let mut batch = Batch::default();
    let mut fact = Fact { recorded_at, before, payload, parts: 0 };
    if payload.len() > INLINE_BYTES_MAX {
        fact.parts = rows.put_long(&mut batch, &parts_key(seq), seq, payload)?;
        fact.payload = &[];
    }
    rows.put(&mut batch, fact_key(seq), seq, &fact)?;
    Ok(batch)
}

/// The row of what segments there are.
pub(super) fn put_meta(rows: &Rows, batch: &mut Batch, meta: &Meta) -> Result<()> {
    rows.put(batch, META_KEY.to_vec(), meta.covered.seq, meta)
}

/// The segments of a list, by number and bytes.
pub(super) fn named(segments: &[(u64, u64)]) -> Vec<Named> {
    segments.iter().map(|(number, bytes)| Named { number: *number, bytes: *bytes }).collect()
}
