//! The job on hash maps in memory: no file, no durability, no snapshots. The floor, not a rival.

use std::cell::{Ref, RefCell};
use std::collections::BTreeMap;
use std::ops::Bound;
use std::path::Path;

use anyhow::Result;
use hashbrown::HashMap;

use crate::kv::seam::{Kv, ReadRows, Table, WriteRows};
use crate::store::Sizing;

type Bytes = Box<[u8]>;

#[derive(Default)]
pub struct Maps {
    ids: HashMap<Bytes, [u8; 8]>,
    entities: HashMap<Bytes, Bytes>,
    // Edges are asked for by prefix.
    edges: BTreeMap<Bytes, Bytes>,
}

pub struct InMemory(RefCell<Maps>);

/// The maps, borrowed to read.
pub struct Reading<'a>(Ref<'a, Maps>);

impl Kv for InMemory {
    type Read<'a> = Reading<'a>;
    type Write<'a> = Maps;

    fn open(_dir: &Path, _sizing: Sizing) -> Result<InMemory> {
        Ok(InMemory(RefCell::default()))
    }

    fn read(&self) -> Result<Reading<'_>> {
        Ok(Reading(self.0.borrow()))
    }

    fn write(&self, fill: impl FnOnce(&mut Maps) -> Result<bool>) -> Result<()> {
        fill(&mut self.0.borrow_mut()).map(drop)
    }

    fn reopen(self, _dir: &Path, _sizing: Sizing) -> Result<InMemory> {
        Ok(self)
    }
}

impl ReadRows for Maps {
    fn with<R>(&self, table: Table, key: &[u8], look: impl FnOnce(Option<&[u8]>) -> R) -> Result<R> {
        Ok(match table {
            Table::Ids => look(self.ids.get(key).map(|row| &row[..])),
            Table::Entities => look(self.entities.get(key).map(|row| &row[..])),
            Table::Edges => look(self.edges.get(key).map(|row| &row[..])),
        })
    }
}

impl ReadRows for Reading<'_> {
    fn with<R>(&self, table: Table, key: &[u8], look: impl FnOnce(Option<&[u8]>) -> R) -> Result<R> {
        self.0.with(table, key, look)
    }
}

impl WriteRows for Maps {
    fn put(&mut self, table: Table, key: &[u8], value: &[u8]) -> Result<()> {
        match table {
            Table::Ids => drop(self.ids.insert(key.into(), value.try_into()?)),
            Table::Entities => drop(self.entities.insert(key.into(), value.into())),
            Table::Edges => drop(self.edges.insert(key.into(), value.into())),
        }
        Ok(())
    }

    fn delete(&mut self, table: Table, key: &[u8]) -> Result<()> {
        match table {
            Table::Ids => drop(self.ids.remove(key)),
            Table::Entities => drop(self.entities.remove(key)),
            Table::Edges => drop(self.edges.remove(key)),
        }
        Ok(())
    }

    fn edges(&self, prefix: &[u8]) -> Result<Vec<(Vec<u8>, Vec<u8>)>> {
        let from = self.edges.range::<[u8], _>((Bound::Included(prefix), Bound::Unbounded));
        let rows = from.take_while(|(key, _)| key.starts_with(prefix));
        Ok(rows.map(|(key, value)| (key.to_vec(), value.to_vec())).collect())
    }
}
