//! The cells of a part, for the formats that write row by row.

use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, TimestampMillisecondType, UInt32Type, UInt64Type};
use arrow_array::{Array, BooleanArray, DictionaryArray, PrimitiveArray, RecordBatch, StringArray};

use jiff::Timestamp;

use crate::error::{Error, Result};
use crate::export::schema::{ColumnType, Table};

/// A column of a part.
pub(in crate::export::format) enum Cells<'r> {
    Number(&'r PrimitiveArray<UInt64Type>),
    Count(&'r PrimitiveArray<UInt32Type>),
    Flag(&'r BooleanArray),
    Moment(&'r PrimitiveArray<TimestampMillisecondType>),
    Text(&'r StringArray),
    Name(&'r DictionaryArray<Int32Type>, &'r StringArray),
}

/// What stands in a row of a column.
pub(in crate::export::format) enum Cell<'r> {
    /// A number, `true` or `false`: it stands as it is.
    Bare(String),
    /// A text.
    Text(&'r str),
    /// A moment as RFC 3339.
    Moment(String),
    Nothing,
}

/// The columns of a part.
pub(in crate::export::format) fn columns(table: Table, rows: &RecordBatch) -> Result<Vec<Cells<'_>>> {
    let columns = table.columns().iter().zip(rows.columns()).map(|(column, array)| {
        Some(match column.kind {
            ColumnType::Number => Cells::Number(array.as_primitive_opt()?),
            ColumnType::Count => Cells::Count(array.as_primitive_opt()?),
            ColumnType::Flag => Cells::Flag(array.as_boolean_opt()?),
            ColumnType::Moment => Cells::Moment(array.as_primitive_opt()?),
            ColumnType::Text => Cells::Text(array.as_string_opt()?),
            ColumnType::Name => {
                let names: &DictionaryArray<Int32Type> = array.as_dictionary_opt()?;
                Cells::Name(names, names.values().as_string_opt()?)
            }
        })
    });
    let columns: Option<Vec<Cells<'_>>> = columns.collect();
    columns.ok_or(Error::Internal { what: "the columns of an export do not fit its schema" })
}

/// RFC 3339 in UTC, always with milliseconds; beyond its years the number of milliseconds.
fn moment(ms: i64) -> String {
    Timestamp::from_millisecond(ms).map_or_else(|_| ms.to_string(), |time| format!("{time:.3}"))
}

impl<'r> Cells<'r> {
    fn array(&self) -> &'r dyn Array {
        match self {
            Cells::Number(array) => *array,
            Cells::Count(array) => *array,
            Cells::Flag(array) => *array,
            Cells::Moment(array) => *array,
            Cells::Text(array) => *array,
            Cells::Name(array, _) => *array,
        }
    }

    /// The cell of a row that the part has.
    pub(in crate::export::format) fn at(&self, row: usize) -> Cell<'r> {
        if self.array().is_null(row) {
            return Cell::Nothing;
        }
        match self {
            Cells::Number(array) => Cell::Bare(array.value(row).to_string()),
            Cells::Count(array) => Cell::Bare(array.value(row).to_string()),
            Cells::Flag(array) => Cell::Bare(array.value(row).to_string()),
            Cells::Moment(array) => Cell::Moment(moment(array.value(row))),
            Cells::Text(array) => Cell::Text(array.value(row)),
            Cells::Name(array, names) => {
                let key = array.keys().value(row);
                usize::try_from(key).map_or(Cell::Nothing, |key| Cell::Text(names.value(key)))
            }
        }
    }
}
