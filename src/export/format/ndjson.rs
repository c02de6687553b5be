//! NDJSON: one object a row; what is not there is not named. Moments are RFC 3339.

use std::io::{self, Write};

use arrow_array::RecordBatch;

use crate::error::Result;
use crate::export::format::cell::{Cell, columns};
use crate::export::output::Output;
use crate::export::schema::Table;

/// Writes the rows of a part.
pub(in crate::export) fn write(table: Table, rows: &RecordBatch, mut out: Output) -> Result<Output> {
    let failure = out.failure();
    let failed = |_: io::Error| failure.or("a part could not be written as NDJSON");
    let columns = columns(table, rows)?;
    let mut line: Vec<u8> = Vec::new();
    for row in 0..rows.num_rows() {
        line.clear();
        for (column, cells) in table.columns().iter().zip(&columns) {
            let cell = cells.at(row);
            if matches!(cell, Cell::Nothing) {
                continue;
            }
            line.push(if line.is_empty() { b'{' } else { b',' });
            line.push(b'"');
            line.extend_from_slice(column.name.as_bytes());
            line.extend_from_slice(b"\":");
            match cell {
                Cell::Bare(text) => line.extend_from_slice(text.as_bytes()),
                Cell::Text(text) => serde_json::to_writer(&mut line, text).map_err(|e| failed(e.into()))?,
                Cell::Moment(text) => {
                    serde_json::to_writer(&mut line, &text).map_err(|e| failed(e.into()))?
                }
                Cell::Nothing => {}
            }
        }
        line.extend_from_slice(b"}\n");
        out.write_all(&line).map_err(failed)?;
    }
    Ok(out)
}
