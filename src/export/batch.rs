//! The rows of a part, column by column.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::builder::{
    BooleanBuilder, StringBuilder, StringDictionaryBuilder, TimestampMillisecondBuilder, UInt32Builder,
    UInt64Builder,
};
use arrow_array::types::Int32Type;
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};

use crate::error::{Error, Result};
use crate::export::schema::{ColumnType, SCHEMA_VERSION, Table};
use crate::model::Time;

/// Bytes of text after which a part is full, however few its rows.
const TEXT_BYTES_MAX: usize = 256 << 20;

/// What stands in a row of a column.
#[derive(Debug, Clone, Copy)]
pub(in crate::export) enum Value<'a> {
    Number(u64),
    Count(u64),
    Flag(bool),
    Moment(Time),
    Text(&'a str),
    Name(&'a str),
    Nothing,
}

impl<'a> Value<'a> {
    pub(in crate::export) fn number_or_nothing(number: Option<u64>) -> Value<'a> {
        number.map_or(Value::Nothing, Value::Number)
    }

    pub(in crate::export) fn moment_or_nothing(time: Option<Time>) -> Value<'a> {
        time.map_or(Value::Nothing, Value::Moment)
    }

    pub(in crate::export) fn text_or_nothing(text: Option<&'a str>) -> Value<'a> {
        text.map_or(Value::Nothing, Value::Text)
    }

    pub(in crate::export) fn name_or_nothing(name: Option<&'a str>) -> Value<'a> {
        name.map_or(Value::Nothing, Value::Name)
    }
}

enum Builder {
    Number(UInt64Builder),
    Count(UInt32Builder),
    Flag(BooleanBuilder),
    Moment(TimestampMillisecondBuilder),
    Text(StringBuilder),
    Name(Box<StringDictionaryBuilder<Int32Type>>),
}

impl Builder {
    fn of(kind: ColumnType) -> Builder {
        match kind {
            ColumnType::Number => Builder::Number(UInt64Builder::new()),
            ColumnType::Count => Builder::Count(UInt32Builder::new()),
            ColumnType::Flag => Builder::Flag(BooleanBuilder::new()),
            ColumnType::Moment => Builder::Moment(TimestampMillisecondBuilder::new().with_timezone("UTC")),
            ColumnType::Text => Builder::Text(StringBuilder::new()),
            ColumnType::Name => Builder::Name(Box::new(StringDictionaryBuilder::new())),
        }
    }

    fn push(&mut self, value: Value<'_>) -> Result<()> {
        match (self, value) {
            (Builder::Number(column), Value::Number(number)) => column.append_value(number),
            (Builder::Number(column), Value::Nothing) => column.append_null(),
            (Builder::Count(column), Value::Count(count)) => {
                let limit = u64::from(u32::MAX);
                let count = u32::try_from(count).map_err(|_| Error::TooLarge { what: "a count", limit })?;
                column.append_value(count);
            }
            (Builder::Flag(column), Value::Flag(flag)) => column.append_value(flag),
            (Builder::Moment(column), Value::Moment(time)) => column.append_value(time.ms()),
            (Builder::Moment(column), Value::Nothing) => column.append_null(),
            (Builder::Text(column), Value::Text(text)) => column.append_value(text),
            (Builder::Text(column), Value::Nothing) => column.append_null(),
            (Builder::Name(column), Value::Name(name)) => column.append_value(name),
            (Builder::Name(column), Value::Nothing) => column.append_null(),
            _ => return Err(Error::Internal { what: "a value of an export does not fit its column" }),
        }
        Ok(())
    }

    fn finish(&mut self) -> ArrayRef {
        match self {
            Builder::Number(column) => Arc::new(column.finish()),
            Builder::Count(column) => Arc::new(column.finish()),
            Builder::Flag(column) => Arc::new(column.finish()),
            Builder::Moment(column) => Arc::new(column.finish()),
            Builder::Text(column) => Arc::new(column.finish()),
            Builder::Name(column) => Arc::new(column.finish()),
        }
    }
}

/// The rows of a part.
pub(in crate::export) struct Batch {
    schema: SchemaRef,
    columns: Vec<Builder>,
    rows: usize,
    text_bytes: usize,
}

impl Batch {
    pub(in crate::export) fn of(table: Table) -> Batch {
        let columns = table.columns().iter().map(|column| Builder::of(column.kind)).collect();
        Batch { schema: schema(table), columns, rows: 0, text_bytes: 0 }
    }

    pub(in crate::export) fn push(&mut self, row: &[Value<'_>]) -> Result<()> {
        if row.len() != self.columns.len() {
            return Err(Error::Internal { what: "a row of an export has not a value for each column" });
        }
        for (column, value) in self.columns.iter_mut().zip(row) {
            column.push(*value)?;
            if let Value::Text(text) = value {
                self.text_bytes += text.len();
            }
        }
        self.rows += 1;
        Ok(())
    }

    pub(in crate::export) fn rows(&self) -> usize {
        self.rows
    }

    /// Whether no more rows belong in it.
    pub(in crate::export) fn is_full(&self, rows_max: usize) -> bool {
        self.rows >= rows_max || self.text_bytes >= TEXT_BYTES_MAX
    }

    /// The rows so far; none are left.
    pub(in crate::export) fn take(&mut self) -> Result<RecordBatch> {
        let columns = self.columns.iter_mut().map(Builder::finish).collect();
        (self.rows, self.text_bytes) = (0, 0);
        RecordBatch::try_new(self.schema.clone(), columns)
            .map_err(|_| Error::Internal { what: "the columns of an export do not fit its schema" })
    }
}

/// A table's schema as files tell it.
pub(in crate::export) fn schema(table: Table) -> SchemaRef {
    let fields = table.columns().iter().map(|column| {
        let kind = match column.kind {
            ColumnType::Number => DataType::UInt64,
            ColumnType::Count => DataType::UInt32,
            ColumnType::Flag => DataType::Boolean,
            ColumnType::Moment => DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into())),
            ColumnType::Text => DataType::Utf8,
            // Signed: pandas takes no unsigned ones.
            ColumnType::Name => DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8)),
        };
        Field::new(column.name, kind, column.nullable)
    });
    let told = [("idweave.schema", SCHEMA_VERSION.to_string()), ("idweave.table", table.name().to_owned())];
    let told: HashMap<String, String> =
        told.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    Arc::new(Schema::new_with_metadata(fields.collect::<Vec<Field>>(), told))
}
