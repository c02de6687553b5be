//! CSV as of RFC 4180: a line of names, texts in quotation marks, numbers, moments and flags without; nothing at all
//! where there is nothing, so that it differs from an empty text.

use std::io::{self, Write};

use arrow_array::RecordBatch;

use crate::error::Result;
use crate::export::format::cell::{Cell, columns};
use crate::export::output::Output;
use crate::export::schema::Table;

/// Writes the rows of a part.
pub(in crate::export) fn write(table: Table, rows: &RecordBatch, mut out: Output) -> Result<Output> {
    let failure = out.failure();
    let failed = |_: io::Error| failure.or("a part could not be written as CSV");
    let names: Vec<&str> = table.columns().iter().map(|column| column.name).collect();
    writeln!(out, "{}", names.join(",")).map_err(failed)?;
    let columns = columns(table, rows)?;
    let mut line = String::new();
    for row in 0..rows.num_rows() {
        line.clear();
        for (place, column) in columns.iter().enumerate() {
            if place > 0 {
                line.push(',');
            }
            match column.at(row) {
                Cell::Bare(text) | Cell::Moment(text) => line.push_str(&text),
                Cell::Text(text) => {
                    line.push('"');
                    line.push_str(&text.replace('"', "\"\""));
                    line.push('"');
                }
                Cell::Nothing => {}
            }
        }
        line.push('\n');
        out.write_all(line.as_bytes()).map_err(failed)?;
    }
    Ok(out)
}
