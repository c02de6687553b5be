//! LMDB (through heed), offering its tables to the job: one environment, three databases, zero-copy reads.

use std::path::Path;

use anyhow::Result;
use heed::types::Bytes;
use heed::{Database, Env, EnvOpenOptions, RoTxn, RwTxn, WithoutTls};

use crate::kv::seam::{Kv, ReadRows, Table, WriteRows};
use crate::store::Sizing;

type Tables = [Database<Bytes, Bytes>; 3];

pub struct Lmdb {
    env: Env<WithoutTls>,
    tables: Tables,
}

pub struct Reading<'a> {
    transaction: RoTxn<'a, WithoutTls>,
    tables: &'a Tables,
}

pub struct Writing<'a> {
    transaction: RwTxn<'a>,
    tables: &'a Tables,
}

impl Kv for Lmdb {
    type Read<'a> = Reading<'a>;
    type Write<'a> = Writing<'a>;

    fn open(dir: &Path, sizing: Sizing) -> Result<Lmdb> {
        let mut options = EnvOpenOptions::new().read_txn_without_tls();
        // Address space only; the file grows as it is written.
        options.max_dbs(3).map_size(usize::try_from((sizing.ids << 10).max(8 << 30))?);
        // SAFETY: the directory is this process's own, nothing else maps or cuts its file.
        let env = unsafe { options.open(dir)? };
        let mut transaction = env.write_txn()?;
        let mut create = |table: Table| env.create_database(&mut transaction, Some(table.name()));
        let tables = [create(Table::Ids)?, create(Table::Entities)?, create(Table::Edges)?];
        transaction.commit()?;
        Ok(Lmdb { env, tables })
    }

    fn read(&self) -> Result<Reading<'_>> {
        Ok(Reading { transaction: self.env.read_txn()?, tables: &self.tables })
    }

    fn write(&self, fill: impl FnOnce(&mut Writing<'_>) -> Result<bool>) -> Result<()> {
        let mut writing = Writing { transaction: self.env.write_txn()?, tables: &self.tables };
        if fill(&mut writing)? { Ok(writing.transaction.commit()?) } else { Ok(()) }
    }

    fn reopen(self, dir: &Path, sizing: Sizing) -> Result<Lmdb> {
        // An environment is closed when its last handle is dropped; opening waits for that.
        self.env.prepare_for_closing().wait();
        Lmdb::open(dir, sizing)
    }
}

impl ReadRows for Reading<'_> {
    fn with<R>(&self, table: Table, key: &[u8], look: impl FnOnce(Option<&[u8]>) -> R) -> Result<R> {
        Ok(look(self.tables[table as usize].get(&self.transaction, key)?))
    }
}

impl ReadRows for Writing<'_> {
    fn with<R>(&self, table: Table, key: &[u8], look: impl FnOnce(Option<&[u8]>) -> R) -> Result<R> {
        Ok(look(self.tables[table as usize].get(&self.transaction, key)?))
    }
}

impl WriteRows for Writing<'_> {
    fn put(&mut self, table: Table, key: &[u8], value: &[u8]) -> Result<()> {
        Ok(self.tables[table as usize].put(&mut self.transaction, key, value)?)
    }

    fn delete(&mut self, table: Table, key: &[u8]) -> Result<()> {
        self.tables[table as usize].delete(&mut self.transaction, key)?;
        Ok(())
    }

    fn edges(&self, prefix: &[u8]) -> Result<Vec<(Vec<u8>, Vec<u8>)>> {
        let rows = self.tables[Table::Edges as usize].prefix_iter(&self.transaction, prefix)?;
        rows.map(|row| row.map(|(key, value)| (key.to_vec(), value.to_vec())).map_err(Into::into)).collect()
    }
}
