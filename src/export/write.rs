//! export: a whole graph as files, table by table, in one pass for those that one scan feeds.

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;

use serde_json::json;

use crate::engine::Read;
use crate::error::{Error, Result};
use crate::export::folder::{Folder, Written};
use crate::export::place::Place;
use crate::export::privacy::Privacy;
use crate::export::rows::{
    Telling, Times, edge_row, entity_row, evidence_row, history_row, id_row, person_row, relation_row,
    told_ids,
};
use crate::export::schema::{SCHEMA_VERSION, Table};
use crate::model::Time;
use crate::vfs::{RealVfs, Vfs};

/// Rows of a part where nobody says otherwise.
const PART_ROWS: usize = 1_000_000;
/// Rows that a part may have: its texts are to stay below what a column of text can hold.
const PART_ROWS_MAX: usize = 10_000_000;

/// The format of the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// Parquet, compressed.
    Parquet,
    /// Arrow IPC files, not compressed.
    Arrow,
    /// CSV with a line of names; texts in quotation marks.
    Csv,
    /// One JSON object a line.
    Ndjson,
}

impl Format {
    /// Every format.
    pub const ALL: [Format; 4] = [Format::Parquet, Format::Arrow, Format::Csv, Format::Ndjson];

    /// Its name, and what the names of its files end with.
    pub fn name(self) -> &'static str {
        match self {
            Format::Parquet => "parquet",
            Format::Arrow => "arrow",
            Format::Csv => "csv",
            Format::Ndjson => "ndjson",
        }
    }
}

/// How a graph is exported.
///
/// ```
/// use idweave::export::{Export, Format, Table};
/// use idweave::{Graph, Time};
/// let place = tempfile::tempdir()?;
/// let graph = Graph::create(place.path().join("db"))?;
/// graph.write(Time::from_ms(1_735_700_000_000), |tx| {
///     let line = r#"{"op":"link","a":"openid:wx1:oA1","b":"unionid:open:oU1","source":"mp.user_info","at":1735689600000}"#;
///     tx.apply(&idweave::ndjson::parse(line, 1, &Default::default())?)
/// })?;
/// let exported = Export::to(Format::Parquet).write(&graph.view(), place.path().join("tables"))?;
/// let ids = exported.tables.iter().find(|written| written.table == Table::Ids).map(|written| written.rows);
/// assert_eq!(ids, Some(2));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Export {
    format: Format,
    privacy: Privacy,
    part_rows: usize,
    restricted: bool,
    private: bool,
    replaces: bool,
    tables: Vec<Table>,
    vfs: Arc<dyn Vfs>,
}

/// What was exported.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Exported {
    /// The commit it shows.
    pub seq: u64,
    /// When that was recorded.
    pub recorded_at: Time,
    /// The tables, in the order of [`Table::ALL`].
    pub tables: Vec<TableWritten>,
}

/// A table that was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct TableWritten {
    /// The table.
    pub table: Table,
    /// Its rows.
    pub rows: u64,
    /// The files that they are in.
    pub parts: u64,
    /// The bytes of those.
    pub bytes: u64,
}

impl Export {
    /// All tables in a format, ids as they are, without restricted ids and private attributes.
    pub fn to(format: Format) -> Export {
        Export {
            format,
            privacy: Privacy::Plain,
            part_rows: PART_ROWS,
            restricted: false,
            private: false,
            replaces: false,
            tables: Table::ALL.to_vec(),
            vfs: Arc::new(RealVfs),
        }
    }

    /// How ids are told.
    #[must_use]
    pub fn privacy(mut self, privacy: Privacy) -> Export {
        self.privacy = privacy;
        self
    }

    /// Most rows of a file, up to 10,000,000 (a million if nobody says). What an export holds in memory is in proportion
    /// to it. A file also ends after 256 MiB of text.
    #[must_use]
    pub fn part_rows(mut self, rows: NonZeroUsize) -> Export {
        self.part_rows = rows.get();
        self
    }

    /// Whether ids that are kept and not answered are told, with what touches them.
    #[must_use]
    pub fn include_restricted(mut self, includes: bool) -> Export {
        self.restricted = includes;
        self
    }

    /// Whether private attributes of relations (remarks, names, numbers) are told; in keyed exports they never are.
    #[must_use]
    pub fn include_private(mut self, includes: bool) -> Export {
        self.private = includes;
        self
    }

    /// Whether an export that lies in the directory is replaced, once the new one is complete.
    #[must_use]
    pub fn replace(mut self, replaces: bool) -> Export {
        self.replaces = replaces;
        self
    }

    /// Some tables only.
    #[must_use]
    pub fn tables(mut self, tables: impl IntoIterator<Item = Table>) -> Export {
        let asked: Vec<Table> = tables.into_iter().collect();
        self.tables = Table::ALL.into_iter().filter(|table| asked.contains(table)).collect();
        self
    }

    /// Writes through a file system of one's own.
    #[must_use]
    pub fn vfs(mut self, vfs: Arc<dyn Vfs>) -> Export {
        self.vfs = vfs;
        self
    }

    /// Writes what a view, a snapshot or a past shows into a directory that is missing or empty. If it fails, nothing in
    /// it has the name of a part, and what was there before is untouched; only a failure while names are given leaves a
    /// directory without its `export.json`, which is no export.
    ///
    /// # Errors
    /// `AlreadyExists` if the directory holds something, `TooLarge` if a file may not have so many rows,
    /// `Io` (a full disk too), damaged bytes.
    pub fn write(&self, read: &dyn Read, dir: impl AsRef<Path>) -> Result<Exported> {
        if self.part_rows > PART_ROWS_MAX {
            let limit = PART_ROWS_MAX as u64;
            return Err(Error::TooLarge { what: "the number of rows of a file", limit });
        }
        let place = Place::prepare(&*self.vfs, dir.as_ref(), self.replaces)?;
        let exported = self.write_tables(read, &place);
        if exported.is_err() {
            // The error that matters is the first.
            drop(place.clear());
        }
        let exported = exported?;
        let summary = self.summary(&exported)?;
        place.publish(&summary)?;
        Ok(exported)
    }

    fn write_tables(&self, read: &dyn Read, place: &Place<'_>) -> Result<Exported> {
        let telling = Telling { privacy: &self.privacy, restricted: self.restricted, private: self.private };
        let seq = read.last_commit()?;
        let recorded_at = read.commit_time(seq)?.unwrap_or_default();
        let mut tables = self.write_entities(read, place, &telling)?;
        tables.extend(self.write_persons(read, place, &telling)?);
        tables.extend(self.write_edges(read, place, &telling)?);
        tables.extend(self.write_relations(read, place, &telling)?);
        tables.extend(self.write_history(read, place, &telling)?);
        Ok(Exported { seq, recorded_at, tables })
    }

    /// A table, if it is asked for.
    fn begin<'p>(&self, place: &'p Place<'p>, table: Table) -> Result<Option<Folder<'p>>> {
        let asked = self.tables.contains(&table);
        asked.then(|| Folder::begin(place, table, self.format, self.part_rows)).transpose()
    }

    fn write_entities(
        &self,
        read: &dyn Read,
        place: &Place<'_>,
        telling: &Telling<'_>,
    ) -> Result<Vec<TableWritten>> {
        let (mut ids, mut entities) = (self.begin(place, Table::Ids)?, self.begin(place, Table::Entities)?);
        if ids.is_some() || entities.is_some() {
            for entity in read.members() {
                let entity = entity?;
                if let Some(ids) = &mut ids {
                    for id in told_ids(telling, &entity) {
                        id_row(telling, &entity, id, |row| ids.push(row))?;
                    }
                }
                if let Some(entities) = &mut entities {
                    entity_row(telling, &entity, |row| entities.push(row))?;
                }
            }
        }
        finished([(Table::Ids, ids), (Table::Entities, entities)])
    }

    fn write_persons(
        &self,
        read: &dyn Read,
        place: &Place<'_>,
        telling: &Telling<'_>,
    ) -> Result<Vec<TableWritten>> {
        let Some(mut persons) = self.begin(place, Table::Persons)? else { return Ok(Vec::new()) };
        for person in read.persons() {
            person_row(telling, &person?, |row| persons.push(row))?;
        }
        finished([(Table::Persons, Some(persons))])
    }

    fn write_edges(
        &self,
        read: &dyn Read,
        place: &Place<'_>,
        telling: &Telling<'_>,
    ) -> Result<Vec<TableWritten>> {
        let (mut edges, mut told) = (self.begin(place, Table::Edges)?, self.begin(place, Table::Evidence)?);
        if edges.is_some() || told.is_some() {
            let mut times = Times::of(read);
            for (number, edge) in (0..).zip(read.edges_in_full()) {
                let edge = edge?;
                if edge.restricted && !telling.restricted {
                    continue;
                }
                if let Some(edges) = &mut edges {
                    edge_row(telling, number, &edge, |row| edges.push(row))?;
                }
                let Some(told) = &mut told else { continue };
                for evidence in &edge.evidence {
                    let recorded_at = times.at(evidence.recorded_seq)?;
                    evidence_row(telling, (number, &edge), evidence, recorded_at, |row| told.push(row))?;
                }
            }
        }
        finished([(Table::Edges, edges), (Table::Evidence, told)])
    }

    fn write_relations(
        &self,
        read: &dyn Read,
        place: &Place<'_>,
        telling: &Telling<'_>,
    ) -> Result<Vec<TableWritten>> {
        let Some(mut relations) = self.begin(place, Table::Relations)? else { return Ok(Vec::new()) };
        for spell in read.relations() {
            let spell = spell?;
            if telling.restricted || !spell.restricted {
                relation_row(telling, &spell, |row| relations.push(row))?;
            }
        }
        finished([(Table::Relations, Some(relations))])
    }

    fn write_history(
        &self,
        read: &dyn Read,
        place: &Place<'_>,
        telling: &Telling<'_>,
    ) -> Result<Vec<TableWritten>> {
        let Some(mut history) = self.begin(place, Table::History)? else { return Ok(Vec::new()) };
        for membership in read.memberships() {
            let membership = membership?;
            if telling.restricted || !membership.restricted {
                history_row(telling, &membership, |row| history.push(row))?;
            }
        }
        finished([(Table::History, Some(history))])
    }

    /// What `export.json` says.
    fn summary(&self, exported: &Exported) -> Result<Vec<u8>> {
        let tables = exported.tables.iter().map(|written| {
            let told = json!({"table": written.table.name(), "rows": written.rows, "files": written.parts});
            (written.table.name().to_owned(), told)
        });
        let summary = json!({
            "schema": SCHEMA_VERSION,
            "format": self.format.name(),
            "seq": exported.seq,
            "recorded_at": exported.recorded_at.ms(),
            "privacy": self.privacy.name(),
            "key_check": self.privacy.key_check()?,
            "restricted": self.restricted,
            "private": self.private && !self.privacy.is_keyed(),
            "tables": tables.collect::<serde_json::Map<String, serde_json::Value>>(),
        });
        let text = serde_json::to_string_pretty(&summary);
        let text = text.map_err(|_| Error::Internal { what: "the summary of an export is no JSON" })?;
        Ok([text.as_bytes(), b"\n"].concat())
    }
}

/// Finishes tables that were asked for.
fn finished<const N: usize>(tables: [(Table, Option<Folder<'_>>); N]) -> Result<Vec<TableWritten>> {
    let tables = tables.into_iter().filter_map(|(table, folder)| Some((table, folder?)));
    let written = tables.map(|(table, folder)| {
        let Written { rows, parts, bytes } = folder.finish()?;
        Ok(TableWritten { table, rows, parts, bytes })
    });
    written.collect()
}
