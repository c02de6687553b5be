//! redb, offering its tables to the job: one file, three tables of plain bytes, each commit durable.

use std::path::Path;

use anyhow::Result;
use redb::{Database, ReadOnlyTable, ReadableDatabase, ReadableTable, TableDefinition};

use crate::kv::seam::{Kv, ReadRows, Table, WriteRows};
use crate::store::Sizing;

type Definition = TableDefinition<'static, &'static [u8], &'static [u8]>;

const TABLES: [Definition; 3] =
    [Definition::new("ids"), Definition::new("entities"), Definition::new("edges")];

pub struct Redb {
    db: Database,
}

pub struct Reading([ReadOnlyTable<&'static [u8], &'static [u8]>; 3]);

pub struct Writing<'a>([redb::Table<'a, &'static [u8], &'static [u8]>; 3]);

impl Kv for Redb {
    type Read<'a> = Reading;
    type Write<'a> = Writing<'a>;

    fn open(dir: &Path, sizing: Sizing) -> Result<Redb> {
        let mut builder = Database::builder();
        builder.set_cache_size(usize::try_from(sizing.cache_bytes)?);
        let db = builder.create(dir.join("ids.redb"))?;
        let transaction = db.begin_write()?;
        for table in TABLES {
            transaction.open_table(table)?;
        }
        transaction.commit()?;
        Ok(Redb { db })
    }

    fn read(&self) -> Result<Reading> {
        let transaction = self.db.begin_read()?;
        let [ids, entities, edges] = TABLES;
        Ok(Reading([
            transaction.open_table(ids)?,
            transaction.open_table(entities)?,
            transaction.open_table(edges)?,
        ]))
    }

    fn write(&self, fill: impl FnOnce(&mut Writing<'_>) -> Result<bool>) -> Result<()> {
        let transaction = self.db.begin_write()?;
        let [ids, entities, edges] = TABLES;
        let commit = {
            let mut writing = Writing([
                transaction.open_table(ids)?,
                transaction.open_table(entities)?,
                transaction.open_table(edges)?,
            ]);
            fill(&mut writing)?
        };
        if commit { Ok(transaction.commit()?) } else { Ok(transaction.abort()?) }
    }

    fn settle(&mut self) -> Result<()> {
        self.db.compact()?;
        Ok(())
    }
}

impl ReadRows for Reading {
    fn with<R>(&self, table: Table, key: &[u8], look: impl FnOnce(Option<&[u8]>) -> R) -> Result<R> {
        let row = self.0[table as usize].get(key)?;
        Ok(look(row.as_ref().map(|row| row.value())))
    }
}

impl ReadRows for Writing<'_> {
    fn with<R>(&self, table: Table, key: &[u8], look: impl FnOnce(Option<&[u8]>) -> R) -> Result<R> {
        let row = self.0[table as usize].get(key)?;
        Ok(look(row.as_ref().map(|row| row.value())))
    }
}

impl WriteRows for Writing<'_> {
    fn put(&mut self, table: Table, key: &[u8], value: &[u8]) -> Result<()> {
        self.0[table as usize].insert(key, value)?;
        Ok(())
    }

    fn delete(&mut self, table: Table, key: &[u8]) -> Result<()> {
        self.0[table as usize].remove(key)?;
        Ok(())
    }

    fn edges(&self, prefix: &[u8]) -> Result<Vec<(Vec<u8>, Vec<u8>)>> {
        let mut found = Vec::new();
        for row in self.0[Table::Edges as usize].range(prefix..)? {
            let (key, value) = row?;
            if !key.value().starts_with(prefix) {
                break;
            }
            found.push((key.value().to_vec(), value.value().to_vec()));
        }
        Ok(found)
    }
}
