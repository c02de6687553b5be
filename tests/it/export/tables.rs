//! Graphs to export, and tables read back: each format by its own way, as texts by column.

use std::collections::BTreeMap;
use std::fs::File;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, TimestampMillisecondType, UInt32Type, UInt64Type};
use arrow_array::{Array, RecordBatch};
use arrow_ipc::reader::FileReader;
use arrow_schema::DataType;
use idweave::export::{Export, Format, Table};
use idweave::{Fact, Graph, Read};
use jiff::Timestamp;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::Value;

use crate::support::generate::{Flavour, NOW, Random, commits, stream};

/// A row: the text of each column that holds something; moments in milliseconds.
pub(crate) type Row = BTreeMap<String, String>;

/// A graph of a random stream, told in several commits.
pub(crate) fn random_graph(seed: u64, flavour: Flavour, count: usize) -> Graph {
    let graph = Graph::options().in_memory().unwrap();
    tell_random(&graph, seed, flavour, count);
    graph
}

/// Tells a graph a random stream, in several commits.
pub(crate) fn tell_random(graph: &Graph, seed: u64, flavour: Flavour, count: usize) {
    let facts = stream(seed, flavour, count);
    for commit in commits(&facts, &mut Random::new(seed)) {
        graph.write(NOW, |tx| commit.iter().try_for_each(|fact| refused_or_told(tx.apply(fact)))).unwrap();
    }
}

/// So many rows.
pub(crate) fn rows(count: usize) -> NonZeroUsize {
    NonZeroUsize::new(count).unwrap()
}

/// What the door refuses is not told.
pub(crate) fn refused_or_told<T>(told: idweave::Result<T>) -> idweave::Result<()> {
    match told {
        Err(error @ (idweave::Error::Io { .. } | idweave::Error::Internal { .. })) => Err(error),
        _ => Ok(()),
    }
}

/// A graph of facts, told in one commit.
pub(crate) fn graph_of(lines: &[&str]) -> Graph {
    let graph = Graph::options().in_memory().unwrap();
    let facts: Vec<Fact> = lines
        .iter()
        .map(|line| {
            idweave::ndjson::parse(line, 1, &Default::default()).unwrap_or_else(|e| panic!("{e}: {line}"))
        })
        .collect();
    graph.write(NOW, |tx| facts.iter().try_for_each(|fact| tx.apply(fact).map(drop))).unwrap();
    graph
}

/// The tables of a view as an export tells them.
pub(crate) fn exported(read: &dyn Read, export: &Export, format: Format) -> BTreeMap<Table, Vec<Row>> {
    let place = tempfile::tempdir().unwrap();
    let dir = place.path().join("tables");
    let told = export.write(read, &dir).unwrap();
    let tables = told.tables.iter().map(|written| {
        let rows = read_table(&dir, written.table, format);
        assert_eq!(rows.len() as u64, written.rows, "{}", written.table.name());
        assert_eq!(parts(&dir, written.table).len() as u64, written.parts, "{}", written.table.name());
        (written.table, rows)
    });
    tables.collect()
}

/// The files of a table, in order.
pub(crate) fn parts(dir: &Path, table: Table) -> Vec<PathBuf> {
    let folder = dir.join(table.name());
    let mut parts: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    parts.sort_unstable();
    parts
}

/// Every file of an export, by its path within.
pub(crate) fn files(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(
                files(&path)
                    .into_iter()
                    .map(|(name, bytes)| (PathBuf::from(path.file_name().unwrap()).join(name), bytes)),
            );
        } else {
            found.insert(path.file_name().unwrap().into(), std::fs::read(&path).unwrap());
        }
    }
    found
}

/// The rows of a table.
pub(crate) fn read_table(dir: &Path, table: Table, format: Format) -> Vec<Row> {
    let read = |part: &PathBuf| match format {
        Format::Parquet => read_parquet(part, table),
        Format::Arrow => read_arrow(part, table),
        Format::Csv => read_csv(part, table),
        Format::Ndjson => read_ndjson(part, table),
        _ => panic!("a format without a way to read it"),
    };
    parts(dir, table).iter().flat_map(read).collect()
}

fn assert_schema(schema: &arrow_schema::Schema, table: Table) {
    assert_eq!(schema.metadata().get("idweave.schema").map(String::as_str), Some("1"));
    assert_eq!(schema.metadata().get("idweave.table").map(String::as_str), Some(table.name()));
    for (field, column) in schema.fields().iter().zip(table.columns()) {
        assert_eq!((field.name().as_str(), field.is_nullable()), (column.name, column.nullable));
    }
    assert_eq!(schema.fields().len(), table.columns().len());
}

fn read_parquet(part: &Path, table: Table) -> Vec<Row> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(File::open(part).unwrap()).unwrap();
    assert_schema(builder.schema(), table);
    assert_eq!(builder.metadata().file_metadata().created_by(), Some("idweave export 1"));
    builder.build().unwrap().flat_map(|rows| rows_of(&rows.unwrap())).collect()
}

fn read_arrow(part: &Path, table: Table) -> Vec<Row> {
    let reader = FileReader::try_new(File::open(part).unwrap(), None).unwrap();
    assert_schema(&reader.schema(), table);
    reader.flat_map(|rows| rows_of(&rows.unwrap())).collect()
}

fn rows_of(batch: &RecordBatch) -> Vec<Row> {
    let schema = batch.schema();
    let row = |at: usize| {
        let cells = schema.fields().iter().zip(batch.columns());
        let told = cells.filter(|(_, column)| !column.is_null(at));
        told.map(|(field, column)| (field.name().clone(), cell(column, at))).collect()
    };
    (0..batch.num_rows()).map(row).collect()
}

fn cell(column: &dyn Array, at: usize) -> String {
    match column.data_type() {
        DataType::UInt64 => column.as_primitive::<UInt64Type>().value(at).to_string(),
        DataType::UInt32 => column.as_primitive::<UInt32Type>().value(at).to_string(),
        DataType::Boolean => column.as_boolean().value(at).to_string(),
        DataType::Timestamp(..) => column.as_primitive::<TimestampMillisecondType>().value(at).to_string(),
        DataType::Utf8 => column.as_string::<i32>().value(at).to_owned(),
        DataType::Dictionary(..) => {
            let names = column.as_dictionary::<Int32Type>();
            let key = usize::try_from(names.keys().value(at)).unwrap();
            names.values().as_string::<i32>().value(key).to_owned()
        }
        other => panic!("a column of type {other}"),
    }
}

fn is_moment(table: Table, name: &str) -> bool {
    let column = table.columns().iter().find(|column| column.name == name);
    column.is_some_and(|column| column.kind.name().starts_with("timestamp"))
}

fn moment(text: &str) -> String {
    text.parse::<Timestamp>().unwrap().as_millisecond().to_string()
}

fn read_ndjson(part: &Path, table: Table) -> Vec<Row> {
    let text = std::fs::read_to_string(part).unwrap();
    let row = |line: &str| {
        let object: serde_json::Map<String, Value> = serde_json::from_str(line).unwrap();
        let cells = object.into_iter().map(|(name, value)| match value {
            Value::String(text) if is_moment(table, &name) => (name, moment(&text)),
            Value::String(text) => (name, text),
            other => (name, other.to_string()),
        });
        cells.collect()
    };
    text.lines().map(row).collect()
}

/// Cells of a line of CSV; `None` where there is nothing. No text of an export holds a line break.
fn cells_of(line: &str) -> Vec<Option<String>> {
    let (mut cells, mut rest) = (Vec::new(), line);
    loop {
        if let Some(quoted) = rest.strip_prefix('"') {
            let (mut text, mut after) = (String::new(), quoted);
            loop {
                let (before, behind) = after.split_once('"').unwrap();
                text.push_str(before);
                match behind.strip_prefix('"') {
                    Some(more) => {
                        text.push('"');
                        after = more;
                    }
                    None => {
                        rest = behind;
                        break;
                    }
                }
            }
            cells.push(Some(text));
        } else {
            let end = rest.find(',').unwrap_or(rest.len());
            cells.push((end > 0).then(|| rest[..end].to_owned()));
            rest = &rest[end..];
        }
        match rest.strip_prefix(',') {
            Some(more) => rest = more,
            None => {
                assert!(rest.is_empty(), "{line}");
                return cells;
            }
        }
    }
}

fn read_csv(part: &Path, table: Table) -> Vec<Row> {
    let text = std::fs::read_to_string(part).unwrap();
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().unwrap().split(',').collect();
    assert_eq!(names, table.columns().iter().map(|column| column.name).collect::<Vec<_>>());
    let row = |line: &str| {
        let cells = cells_of(line);
        assert_eq!(cells.len(), names.len(), "{line}");
        let told = names.iter().zip(cells).filter_map(|(name, cell)| Some((*name, cell?)));
        let told = told.map(|(name, cell)| (name, if is_moment(table, name) { moment(&cell) } else { cell }));
        told.map(|(name, cell)| (name.to_owned(), cell)).collect()
    };
    lines.map(row).collect()
}
