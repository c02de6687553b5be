//! Makes a new database on a key-value store.
//!
//! # Order
//!   the store with its first rows is durable before HOME gets its name: before that rename there is no database and
//!   creation may be begun again; after it there is a good one.

use std::path::Path;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::kv::{Batch, Kv, Rows, Store};
use crate::kvlog::home_file::{HomeFile, Said, new_path_in, path_in};
use crate::kvlog::log::{KvLog, KvPlace, Shared, named, put_meta};
use crate::kvlog::rows::{HEAD_KEY, Head, Meta, Reached};
use crate::vfs::Vfs;

/// What a database begins with.
#[derive(Debug, Clone)]
pub(crate) struct KvBegun {
    /// The last commit that the segments cover.
    pub(crate) seq: u64,
    /// Number and bytes of each, the newest first.
    pub(crate) segments: Vec<(u64, u64)>,
}

impl KvLog {
    /// A new database in a directory that is missing, empty, or left by a creation that was cut short. `fill` may
    /// write segments for it to begin with.
    pub(crate) fn create(
        vfs: Arc<dyn Vfs>,
        dir: &Path,
        store: Arc<dyn Store>,
        (uuid, secret): ([u8; 16], [u8; 32]),
        fill: impl FnOnce(&KvPlace) -> Result<Option<KvBegun>>,
    ) -> Result<KvLog> {
        vfs.create_dir(dir)?;
        if let Some(parent) = dir.parent() {
            vfs.sync_dir(if parent.as_os_str().is_empty() { Path::new(".") } else { parent })?;
        }
        refuse_occupied(&*vfs, dir)?; // Before a lock file is put among somebody's files.
        let lock = vfs.lock(&dir.join("LOCK"))?;
        refuse_occupied(&*vfs, dir)?;
        let said = Said::new(uuid, secret, store.name());
        let rows = Rows::new(begin_store(&*vfs, dir, &*store, said.generation)?, &uuid);
        let place = KvPlace {
            vfs: vfs.clone(),
            dir: dir.to_owned(),
            rows: rows.clone(),
            next_segment: 1,
            uuid,
            generation: said.generation,
            from: Reached::default(),
            store: store.clone(),
        };
        let mut meta = Meta { next_segment: 1, ..Meta::default() };
        if let Some(begun) = fill(&place)? {
            meta.segments = named(&begun.segments);
            meta.next_segment = begun.segments.iter().map(|(number, _)| number + 1).max().unwrap_or(1);
            meta.covered = Reached { seq: begun.seq, chain: 0 };
        }
        let end = meta.covered;
        let mut batch = Batch::default();
        rows.put(&mut batch, HEAD_KEY.to_vec(), end.seq, &Head { last: end })?;
        put_meta(&rows, &mut batch, &meta)?;
        rows.kv().write(batch)?;
        rows.kv().sync()?;
        let said = Said { acknowledged: end, is_closed: false, ..said };
        let home = HomeFile::create(&*vfs, dir, said)?;
        vfs.rename(&new_path_in(dir), &path_in(dir))?;
        vfs.sync_dir(dir)?;
        let shared = Arc::new(Shared::new(rows, end, home));
        let dir = dir.to_owned();
        Ok(KvLog { vfs, dir, store, shared, uuid, secret, end, meta, replaced: Vec::new(), lock })
    }
}

/// An empty store, or the one that a conversion has begun to fill.
fn begin_store(vfs: &dyn Vfs, dir: &Path, store: &dyn Store, generation: u64) -> Result<Arc<dyn Kv>> {
    let is_converted = vfs.exists(&dir.join("CONVERTING"))?;
    for left in store.generations(dir)? {
        if left != generation || !is_converted {
            store.remove(dir, left)?;
        }
    }
    match store.open(dir, generation) {
        Err(Error::NotFound { .. }) => store.create(dir, generation),
        opened => opened,
    }
}

/// An error if there is anything that a creation cut short could not have left.
fn refuse_occupied(vfs: &dyn Vfs, dir: &Path) -> Result<()> {
    let is_converted = vfs.exists(&dir.join("CONVERTING"))?;
    let ours = |name: &String| {
        let name = name.as_str();
        let may_convert = ["CONVERTING", "feed", "PUBLISHED"].contains(&name);
        ["LOCK", "HOME.new", "CONVERTING.new"].contains(&name)
            || name.starts_with("kv-")
            || (is_converted && may_convert)
    };
    if vfs.list(dir)?.iter().all(ours) {
        return Ok(());
    }
    Err(Error::AlreadyExists { path: dir.to_owned() })
}
