//! The folder of a table: its parts, each written beside its name as soon as it is full.

use std::path::PathBuf;

use crate::error::Result;
use crate::export::batch::{Batch, Value};
use crate::export::format::{write_arrow, write_csv, write_ndjson, write_parquet};
use crate::export::output::Output;
use crate::export::place::{Place, part_name, unfinished};
use crate::export::schema::Table;
use crate::export::write::Format;

/// A table that is being written.
pub(in crate::export) struct Folder<'p> {
    place: &'p Place<'p>,
    table: Table,
    format: Format,
    rows_max: usize,
    batch: Batch,
    written: Written,
}

/// What was written of a table.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::export) struct Written {
    pub(in crate::export) rows: u64,
    pub(in crate::export) parts: u64,
    pub(in crate::export) bytes: u64,
}

impl<'p> Folder<'p> {
    pub(in crate::export) fn begin(
        place: &'p Place<'p>,
        table: Table,
        format: Format,
        rows_max: usize,
    ) -> Result<Folder<'p>> {
        place.make_folder(table)?;
        Ok(Folder { place, table, format, rows_max, batch: Batch::of(table), written: Written::default() })
    }

    pub(in crate::export) fn push(&mut self, row: &[Value<'_>]) -> Result<()> {
        self.batch.push(row)?;
        if self.batch.is_full(self.rows_max) { self.write_part() } else { Ok(()) }
    }

    /// Writes what is left; a table without rows has a part without rows, which tells its columns.
    pub(in crate::export) fn finish(mut self) -> Result<Written> {
        if self.batch.rows() > 0 || self.written.parts == 0 {
            self.write_part()?;
        }
        Ok(self.written)
    }

    fn write_part(&mut self) -> Result<()> {
        let (table, rows) = (self.table, self.batch.take()?);
        let path: PathBuf = self.place.folder(table).join(part_name(self.written.parts, self.format));
        let out = Output::create(self.place.vfs(), &unfinished(&path))?;
        let out = match self.format {
            Format::Parquet => write_parquet(table, &rows, out),
            Format::Arrow => write_arrow(&rows, out),
            Format::Csv => write_csv(table, &rows, out),
            Format::Ndjson => write_ndjson(table, &rows, out),
        }?;
        self.written.bytes += out.finish()?;
        self.written.rows += rows.num_rows() as u64;
        self.written.parts += 1;
        Ok(())
    }
}
