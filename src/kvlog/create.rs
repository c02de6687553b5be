//! Makes a new database on a key-value store.
//!
//! # Order
//!   the store with its first rows is durable before HOME gets its name: before that rename there is no database and
//!   creation may be begun again; after it there is a good one.

use std::path::Path;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::kv::{Batch, Rows, Store};
use crate::kvlog::home_file::{HomeFile, Said, new_path_in, path_in};
use crate::kvlog::log::{KvLog, KvPlace, Shared, named, put_meta};
use crate::kvlog::rows::{HEAD_KEY, Head, Meta, Reached};
use crate::vfs::Vfs;

/// The segment that a database begins with: its number, its bytes, and the last commit it covers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KvBegun {
    pub(crate) number: u64,
    pub(crate) bytes: u64,
    pub(crate) seq: u64,
}

impl KvLog {
    /// A new database in a directory that is missing, empty, or left by a creation that was cut short. `fill` may
    /// write a segment for it to begin with.
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
        for generation in store.generations(dir)? {
            store.remove(dir, generation)?;
        }
        let said = Said::new(uuid, secret, store.name());
        let rows = Rows::new(store.create(dir, said.generation)?, &uuid);
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
            meta.segments = named(&[(begun.number, begun.bytes)]);
            meta.next_segment = begun.number + 1;
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

/// An error if there is anything that a creation cut short could not have left.
fn refuse_occupied(vfs: &dyn Vfs, dir: &Path) -> Result<()> {
    let ours = |name: &String| ["LOCK", "HOME.new"].contains(&name.as_str()) || name.starts_with("kv-");
    if vfs.list(dir)?.iter().all(ours) {
        return Ok(());
    }
    Err(Error::AlreadyExists { path: dir.to_owned() })
}
