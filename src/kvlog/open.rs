//! Opening: what must be there is, or the error says so.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::kv::{Kv, Rows, Store};
use crate::kvlog::home_file::{HomeFile, Said};
use crate::kvlog::install::{remove_covered, remove_segment};
use crate::kvlog::log::{KvLog, Shared};
use crate::kvlog::rows::{
    Fact, HEAD_KEY, Head, META_KEY, Meta, Reached, chain_after, fact_key, parts_key, segment_prefix,
};
use crate::vfs::{Vfs, VfsLock};

/// A commit as it was written.
pub(crate) struct KvFrame {
    pub(crate) seq: u64,
    pub(crate) recorded_at: i64,
    pub(crate) payload: Vec<u8>,
    pub(super) before: u64,
}

/// A database being opened: nothing was changed yet but what nothing names.
pub(crate) struct KvOpening {
    vfs: Arc<dyn Vfs>,
    dir: PathBuf,
    store: Arc<dyn Store>,
    home: HomeFile,
    rows: Rows,
    meta: Meta,
    last: Reached,
    lock: Box<dyn VfsLock>,
}

impl KvOpening {
    /// Takes the lock and looks at what there is.
    pub(crate) fn begin(vfs: Arc<dyn Vfs>, dir: &Path, store: Arc<dyn Store>) -> Result<KvOpening> {
        let lock = vfs.lock(&dir.join("LOCK"))?;
        let home = HomeFile::open(&*vfs, dir)?;
        let said = home.said();
        if said.store_name() != store.name() {
            return Err(Error::Home("another store keeps this database than the one it was opened with"));
        }
        let kv = open_generation(&*store, dir, said)?;
        let rows = Rows::new(kv, &said.uuid);
        let last = head_of(&rows)?;
        let meta = meta_of(&rows)?;
        check_reached(&rows, said, last)?;
        // A crash left these: nothing names them.
        for generation in store.generations(dir)? {
            if generation != said.generation {
                store.remove(dir, generation)?;
            }
        }
        Ok(KvOpening { vfs, dir: dir.to_owned(), store, home, rows, meta, last, lock })
    }

    /// The random name of the database.
    pub(crate) fn uuid(&self) -> [u8; 16] {
        self.home.said().uuid
    }

    /// The rows.
    pub(crate) fn rows(&self) -> &Rows {
        &self.rows
    }

    /// The segments that count, newest first: number and bytes.
    pub(crate) fn segments(&self) -> Vec<(u64, u64)> {
        self.meta.segments.iter().map(|named| (named.number, named.bytes)).collect()
    }

    /// The last commit that segments cover.
    pub(crate) fn covered_seq(&self) -> u64 {
        self.meta.covered.seq
    }

    /// Calls `visit` with each commit after those and the secret; then the database is open. Also the last commit.
    pub(crate) fn replay(
        mut self,
        visit: &mut dyn FnMut(&KvFrame, &[u8; 32]) -> Result<()>,
    ) -> Result<(KvLog, u64)> {
        let said = self.home.said().clone();
        let acknowledged = said.acknowledged;
        let differs = || self.rows.corrupt("commits are not those that were acknowledged");
        if acknowledged.seq == self.meta.covered.seq && acknowledged.chain != self.meta.covered.chain {
            return Err(differs());
        }
        each_fact(&self.rows, self.meta.covered, self.last, |fact| {
            if fact.seq == acknowledged.seq && fact.chain() != acknowledged.chain {
                return Err(differs());
            }
            visit(&fact, &said.secret)
        })?;
        remove_unnamed(&self.rows, &self.meta)?;
        remove_covered(&self.rows, &self.meta)?;
        // What was handed out just now is durable before anybody sees it; a session begins.
        self.rows.kv().sync()?;
        self.home.say(Said { acknowledged: self.last, is_closed: false, ..said.clone() })?;
        let log = KvLog {
            vfs: self.vfs,
            dir: self.dir,
            store: self.store,
            shared: Arc::new(Shared::new(self.rows, self.last, self.home)),
            uuid: said.uuid,
            secret: said.secret,
            end: self.last,
            meta: self.meta,
            replaced: Vec::new(),
            lock: self.lock,
        };
        Ok((log, self.last.seq))
    }
}

fn open_generation(store: &dyn Store, dir: &Path, said: &Said) -> Result<Arc<dyn Kv>> {
    match store.open(dir, said.generation) {
        Err(Error::NotFound { path }) => {
            Err(Error::Corrupt { file: path, offset: 0, what: "the store that HOME names is missing" })
        }
        opened => opened,
    }
}

fn head_of(rows: &Rows) -> Result<Reached> {
    let value = rows.get(HEAD_KEY)?.ok_or_else(|| rows.corrupt("the row of the last commit is missing"))?;
    Ok(rows.read::<Head>(HEAD_KEY, &value)?.last)
}

fn meta_of(rows: &Rows) -> Result<Meta> {
    let value = rows.get(META_KEY)?.ok_or_else(|| rows.corrupt("the row of the segments is missing"))?;
    rows.read(META_KEY, &value)
}

/// Whether the store reaches as far as it was said to (K3).
fn check_reached(rows: &Rows, said: &Said, last: Reached) -> Result<()> {
    let Reached { seq, .. } = said.acknowledged;
    if last.seq < seq {
        return Err(rows.corrupt("acknowledged commits are gone"));
    }
    let is_other_end = said.is_closed && last != said.acknowledged;
    if is_other_end || (last.seq == seq && last != said.acknowledged) {
        return Err(rows.corrupt("commits are not those that were acknowledged"));
    }
    Ok(())
}

impl KvFrame {
    /// The chain after it.
    pub(super) fn chain(&self) -> u64 {
        chain_after(self.before, self.seq, self.recorded_at, &self.payload)
    }
}

/// Calls `visit` with each commit after one and up to another, which are all there and one chain (K2).
pub(super) fn each_fact(
    rows: &Rows,
    covered: Reached,
    last: Reached,
    mut visit: impl FnMut(KvFrame) -> Result<()>,
) -> Result<()> {
    let mut reached = covered;
    while reached.seq < last.seq {
        let seq = reached.seq + 1;
        let key = fact_key(seq);
        let value = rows.get(&key)?.ok_or_else(|| rows.corrupt("a commit is missing"))?;
        let fact: Fact<'_> = rows.read(&key, &value)?;
        let payload = match fact.parts {
            0 => fact.payload.to_vec(),
            parts => rows.get_long(&parts_key(seq), parts)?,
        };
        let frame = KvFrame { seq, recorded_at: fact.recorded_at, payload, before: fact.before };
        if fact.before != reached.chain {
            return Err(rows.corrupt("a commit does not follow the one before it"));
        }
        reached = Reached { seq, chain: frame.chain() };
        visit(frame)?;
    }
    if reached == last { Ok(()) } else { Err(rows.corrupt("the commits do not end where they should")) }
}

/// Removes segments that a checkpoint began and did not finish, or replaced.
fn remove_unnamed(rows: &Rows, meta: &Meta) -> Result<()> {
    let end = segment_prefix(u64::MAX);
    let mut from = segment_prefix(0);
    loop {
        let Some(row) = rows.kv().scan(&from, &end).next() else { return Ok(()) };
        let (key, _) = row?;
        let number =
            key.get(1..9).and_then(|number| <[u8; 8]>::try_from(number).ok()).map(u64::from_be_bytes);
        let number = number.ok_or_else(|| rows.corrupt("a row of no segment"))?;
        if !meta.segments.iter().any(|named| named.number == number) {
            remove_segment(rows, number)?;
        }
        from = segment_prefix(number + 1);
    }
}
