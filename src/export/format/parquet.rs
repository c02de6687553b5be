//! Parquet files: snappy, numbers as differences, row groups that a reader can take apart.

use arrow_array::RecordBatch;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;

use crate::error::Result;
use crate::export::output::Output;
use crate::export::schema::{ColumnType, SCHEMA_VERSION, Table};

/// Rows of a row group.
const GROUP_ROWS: usize = 1 << 18;

/// Who wrote it: the schema's version and not the library's, so that the bytes say what they are and no more.
const CREATED_BY: &str = "idweave export";

fn properties(table: Table) -> WriterProperties {
    let mut properties = WriterProperties::builder()
        .set_created_by(format!("{CREATED_BY} {SCHEMA_VERSION}"))
        .set_compression(Compression::SNAPPY)
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_max_row_group_row_count(Some(GROUP_ROWS));
    for column in table.columns() {
        let encoding = match column.kind {
            ColumnType::Number | ColumnType::Count | ColumnType::Moment => Encoding::DELTA_BINARY_PACKED,
            ColumnType::Text => Encoding::DELTA_LENGTH_BYTE_ARRAY,
            ColumnType::Flag | ColumnType::Name => continue,
        };
        let path = ColumnPath::from(column.name);
        properties =
            properties.set_column_dictionary_enabled(path.clone(), false).set_column_encoding(path, encoding);
    }
    properties.build()
}

/// Writes the rows of a part.
pub(in crate::export) fn write(table: Table, rows: &RecordBatch, out: Output) -> Result<Output> {
    let failure = out.failure();
    let failed = |_| failure.or("the Parquet writer refused the rows of a part");
    let mut writer = ArrowWriter::try_new(out, rows.schema(), Some(properties(table))).map_err(failed)?;
    writer.write(rows).map_err(failed)?;
    writer.into_inner().map_err(failed)
}
