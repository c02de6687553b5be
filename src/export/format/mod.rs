//! The bytes of a part, one file a format: each takes the rows of a part and a file.

mod arrow;
mod cell;
mod csv;
mod ndjson;
mod parquet;

pub(in crate::export) use arrow::write as write_arrow;
pub(in crate::export) use csv::write as write_csv;
pub(in crate::export) use ndjson::write as write_ndjson;
pub(in crate::export) use parquet::write as write_parquet;
