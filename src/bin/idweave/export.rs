//! `export`: the whole graph as files that data tools read.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use idweave::export::{Export, Exported, Format, Privacy, PrivacyKey, Table};
use serde_json::json;
use zeroize::Zeroizing;

use crate::cli::Common;
use crate::database::{self, Place};
use crate::exit::{Done, Failure};
use crate::lines::read_body;
use crate::output::Out;

/// Longest key file, in bytes.
const KEY_LEN_MAX: u64 = 4096;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FormatArg {
    /// Parquet files, compressed
    Parquet,
    /// Arrow IPC files, not compressed
    Arrow,
    /// CSV files with a line of names
    Csv,
    /// One JSON object a line
    Ndjson,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum PrivacyArg {
    /// Ids as they are
    Plain,
    /// Ids, and texts that may hold one, as hashes under the key of --privacy-key
    Keyed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum TableArg {
    Ids,
    Entities,
    Persons,
    Edges,
    Evidence,
    Relations,
    History,
}

#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    /// Snapshot to export; or say --db DIR or --snapshot FILE
    #[arg(value_name = "SNAPSHOT")]
    from: Option<PathBuf>,
    /// Directory to write, missing or empty: a folder of files for each table
    #[arg(short, long, value_name = "DIR")]
    out: PathBuf,
    /// Format of the files
    #[arg(long, value_enum, default_value = "parquet")]
    format: FormatArg,
    /// How ids are told
    #[arg(long, value_enum, default_value = "plain")]
    privacy: PrivacyArg,
    /// File with the key of keyed exports: at least 16 bytes, kept secret
    #[arg(long, value_name = "FILE")]
    privacy_key: Option<PathBuf>,
    /// Tables to write, all if none is named
    #[arg(long, value_enum, value_delimiter = ',', value_name = "TABLE,...")]
    tables: Vec<TableArg>,
    /// Most rows of a file
    #[arg(long, value_name = "ROWS", default_value = "1000000")]
    partition_rows: NonZeroUsize,
    /// Tell restricted ids too, with what touches them
    #[arg(long)]
    include_restricted: bool,
    /// Tell private attributes of relations too, such as remarks; never in keyed exports
    #[arg(long)]
    include_private: bool,
    /// Replace the export that lies in the directory
    #[arg(long)]
    force: bool,
}

pub(crate) fn run(args: &ExportArgs, common: &Common, out: &mut Out) -> Result<Done, Failure> {
    let place = match &args.from {
        None => Place::of(common)?,
        Some(_) if common.db.is_some() || common.snapshot.is_some() => {
            return Err(Failure::Usage("say SNAPSHOT, --db DIR or --snapshot FILE, one of them".to_owned()));
        }
        Some(path) if path.is_dir() => Place::Database(path),
        Some(path) => Place::Snapshot(path),
    };
    if let Place::Database(dir) = place {
        database::refuse_within(dir, &args.out, "--out: the export")?;
    }
    let export = Export::to(format(args.format))
        .privacy(privacy(args)?)
        .part_rows(args.partition_rows)
        .include_restricted(args.include_restricted)
        .include_private(args.include_private)
        .replace(args.force);
    let export =
        if args.tables.is_empty() { export } else { export.tables(args.tables.iter().copied().map(table)) };
    let read = database::read_place(&place, common)?;
    let exported = export.write(&*read, &args.out)?;
    answer(&exported, &args.out, common, out)?;
    Ok(Done::Yes)
}

fn format(format: FormatArg) -> Format {
    match format {
        FormatArg::Parquet => Format::Parquet,
        FormatArg::Arrow => Format::Arrow,
        FormatArg::Csv => Format::Csv,
        FormatArg::Ndjson => Format::Ndjson,
    }
}

fn table(table: TableArg) -> Table {
    match table {
        TableArg::Ids => Table::Ids,
        TableArg::Entities => Table::Entities,
        TableArg::Persons => Table::Persons,
        TableArg::Edges => Table::Edges,
        TableArg::Evidence => Table::Evidence,
        TableArg::Relations => Table::Relations,
        TableArg::History => Table::History,
    }
}

fn privacy(args: &ExportArgs) -> Result<Privacy, Failure> {
    match (args.privacy, &args.privacy_key) {
        (PrivacyArg::Plain, None) => Ok(Privacy::Plain),
        (PrivacyArg::Plain, Some(_)) => {
            Err(Failure::Usage("--privacy-key goes with --privacy keyed".to_owned()))
        }
        (PrivacyArg::Keyed, None) => {
            Err(Failure::Usage("--privacy keyed needs --privacy-key FILE".to_owned()))
        }
        (PrivacyArg::Keyed, Some(_)) if args.include_private => {
            Err(Failure::Usage("keyed exports hold no private attributes".to_owned()))
        }
        (PrivacyArg::Keyed, Some(file)) => {
            let bytes = Zeroizing::new(read_body(file, KEY_LEN_MAX)?);
            let key = PrivacyKey::new(bytes.trim_ascii());
            key.map(Privacy::Keyed).map_err(|error| Failure::Input(format!("--privacy-key: {error}")))
        }
    }
}

fn answer(exported: &Exported, dir: &Path, common: &Common, out: &mut Out) -> Result<(), Failure> {
    if common.json {
        let tables = exported.tables.iter().map(|written| {
            let (rows, files, bytes) = (written.rows, written.parts, written.bytes);
            (written.table.name().to_owned(), json!({"rows": rows, "files": files, "bytes": bytes}))
        });
        let tables: serde_json::Map<_, _> = tables.collect();
        out.json(&json!({"seq": exported.seq, "tables": tables}))?;
        return Ok(());
    }
    out.line(&format!("wrote commit {} to {}", exported.seq, dir.display()))?;
    let rows = exported.tables.iter().map(|written| {
        let [rows, files, bytes] =
            [written.rows, written.parts, written.bytes].map(|count| count.to_string());
        [written.table.name().to_owned(), rows, files, bytes]
    });
    out.table(["table", "rows", "files", "bytes"], rows)?;
    Ok(())
}
