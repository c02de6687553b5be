//! fjall, offering its keyspaces to the job: single-writer transactions, which read their own writes and are
//! atomic over keyspaces.

use std::path::Path;

use anyhow::Result;
use fjall::{
    KeyspaceCreateOptions, PersistMode, Readable, SingleWriterTxDatabase, SingleWriterTxKeyspace,
    SingleWriterWriteTx, Snapshot,
};

use crate::kv::seam::{Kv, ReadRows, Table, WriteRows};
use crate::store::Sizing;

type Keyspaces = [SingleWriterTxKeyspace; 3];

pub struct Fjall {
    db: SingleWriterTxDatabase,
    keyspaces: Keyspaces,
}

pub struct Reading<'a> {
    snapshot: Snapshot,
    keyspaces: &'a Keyspaces,
}

pub struct Writing<'a> {
    transaction: SingleWriterWriteTx<'a>,
    keyspaces: &'a Keyspaces,
}

impl Kv for Fjall {
    type Read<'a> = Reading<'a>;
    type Write<'a> = Writing<'a>;

    fn open(dir: &Path, sizing: Sizing) -> Result<Fjall> {
        let db = SingleWriterTxDatabase::builder(dir).cache_size(sizing.cache_bytes).open()?;
        // Ids and entities that are asked for are there, most often: filters of the last level save nothing.
        let hits = || KeyspaceCreateOptions::default().expect_point_read_hits(true);
        let keyspaces = [
            db.keyspace(Table::Ids.name(), hits)?,
            db.keyspace(Table::Entities.name(), hits)?,
            db.keyspace(Table::Edges.name(), KeyspaceCreateOptions::default)?,
        ];
        Ok(Fjall { db, keyspaces })
    }

    fn read(&self) -> Result<Reading<'_>> {
        Ok(Reading { snapshot: self.db.read_tx(), keyspaces: &self.keyspaces })
    }

    fn write(&self, fill: impl FnOnce(&mut Writing<'_>) -> Result<bool>) -> Result<()> {
        let transaction = self.db.write_tx().durability(Some(PersistMode::SyncData));
        let mut writing = Writing { transaction, keyspaces: &self.keyspaces };
        if fill(&mut writing)? {
            writing.transaction.commit()?;
        } else {
            writing.transaction.rollback();
        }
        Ok(())
    }

    fn settle(&mut self) -> Result<()> {
        for keyspace in &self.keyspaces {
            keyspace.inner().rotate_memtable_and_wait()?;
            keyspace.inner().major_compact()?;
        }
        Ok(())
    }
}

impl ReadRows for Reading<'_> {
    fn with<R>(&self, table: Table, key: &[u8], look: impl FnOnce(Option<&[u8]>) -> R) -> Result<R> {
        let row = self.snapshot.get(&self.keyspaces[table as usize], key)?;
        Ok(look(row.as_deref()))
    }
}

impl ReadRows for Writing<'_> {
    fn with<R>(&self, table: Table, key: &[u8], look: impl FnOnce(Option<&[u8]>) -> R) -> Result<R> {
        let row = self.transaction.get(&self.keyspaces[table as usize], key)?;
        Ok(look(row.as_deref()))
    }
}

impl WriteRows for Writing<'_> {
    fn put(&mut self, table: Table, key: &[u8], value: &[u8]) -> Result<()> {
        self.transaction.insert(&self.keyspaces[table as usize], key, value);
        Ok(())
    }

    fn delete(&mut self, table: Table, key: &[u8]) -> Result<()> {
        self.transaction.remove(&self.keyspaces[table as usize], key);
        Ok(())
    }

    fn edges(&self, prefix: &[u8]) -> Result<Vec<(Vec<u8>, Vec<u8>)>> {
        let mut found = Vec::new();
        for row in self.transaction.prefix(&self.keyspaces[Table::Edges as usize], prefix) {
            let (key, value) = row.into_inner()?;
            found.push((key.to_vec(), value.to_vec()));
        }
        Ok(found)
    }
}
