//! sled 0.34.7, offering one tree to the job: a byte before each key names the table, so that one batch is
//! one commit.
//!
//! A batch cannot be read, hence the writes of a commit are held in a map before them. `flush` ends in
//! `sync_file_range` on Linux, which flushes neither the length of the file nor the drive's cache; the file is
//! synced after it, so that the commit is as durable as those of the others.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use anyhow::Result;
use sled::{Batch, Db, Tree};

use crate::kv::seam::{Kv, ReadRows, Table, WriteRows};
use crate::store::Sizing;

pub struct Sled {
    db: Db,
    tree: Tree,
    file: File,
}

pub struct Reading<'a>(&'a Tree);

pub struct Writing<'a> {
    tree: &'a Tree,
    written: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
}

fn row_key(table: Table, key: &[u8]) -> Vec<u8> {
    let mut whole = Vec::with_capacity(1 + key.len());
    whole.push(table as u8);
    whole.extend(key);
    whole
}

impl Kv for Sled {
    type Read<'a> = Reading<'a>;
    type Write<'a> = Writing<'a>;

    fn open(dir: &Path, sizing: Sizing) -> Result<Sled> {
        let db = sled::Config::new().path(dir).cache_capacity(sizing.cache_bytes).open()?;
        let tree = db.open_tree("rows")?;
        let file = File::options().write(true).open(dir.join("db"))?;
        Ok(Sled { db, tree, file })
    }

    fn read(&self) -> Result<Reading<'_>> {
        Ok(Reading(&self.tree))
    }

    fn write(&self, fill: impl FnOnce(&mut Writing<'_>) -> Result<bool>) -> Result<()> {
        let mut writing = Writing { tree: &self.tree, written: BTreeMap::new() };
        if !fill(&mut writing)? {
            return Ok(());
        }
        let mut batch = Batch::default();
        for (key, value) in writing.written {
            match value {
                Some(value) => batch.insert(key, value),
                None => batch.remove(key),
            }
        }
        self.tree.apply_batch(batch)?;
        self.tree.flush()?;
        Ok(self.file.sync_data()?)
    }

    fn reopen(self, dir: &Path, sizing: Sizing) -> Result<Sled> {
        self.db.flush()?;
        drop(self);
        Sled::open(dir, sizing)
    }
}

impl ReadRows for Reading<'_> {
    fn with<R>(&self, table: Table, key: &[u8], look: impl FnOnce(Option<&[u8]>) -> R) -> Result<R> {
        Ok(look(self.0.get(row_key(table, key))?.as_deref()))
    }
}

impl ReadRows for Writing<'_> {
    fn with<R>(&self, table: Table, key: &[u8], look: impl FnOnce(Option<&[u8]>) -> R) -> Result<R> {
        let key = row_key(table, key);
        match self.written.get(&key) {
            Some(row) => Ok(look(row.as_deref())),
            None => Ok(look(self.tree.get(key)?.as_deref())),
        }
    }
}

impl WriteRows for Writing<'_> {
    fn put(&mut self, table: Table, key: &[u8], value: &[u8]) -> Result<()> {
        self.written.insert(row_key(table, key), Some(value.to_vec()));
        Ok(())
    }

    fn delete(&mut self, table: Table, key: &[u8]) -> Result<()> {
        self.written.insert(row_key(table, key), None);
        Ok(())
    }

    fn edges(&self, prefix: &[u8]) -> Result<Vec<(Vec<u8>, Vec<u8>)>> {
        let prefix = row_key(Table::Edges, prefix);
        let mut rows: BTreeMap<Vec<u8>, Option<Vec<u8>>> = BTreeMap::new();
        for row in self.tree.scan_prefix(&prefix) {
            let (key, value) = row?;
            rows.insert(key.to_vec(), Some(value.to_vec()));
        }
        let written = self.written.range(prefix.clone()..).take_while(|(key, _)| key.starts_with(&prefix));
        rows.extend(written.map(|(key, value)| (key.clone(), value.clone())));
        Ok(rows.into_iter().filter_map(|(key, value)| Some((key[1..].to_vec(), value?))).collect())
    }
}
