//! `snapshot`: the database as one file, to read from, to keep and to restore.

use std::io;
use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use crate::cli::Common;
use crate::database;
use crate::exit::{Done, Failure};
use crate::output::Out;

#[derive(Debug, Args)]
pub(crate) struct SnapshotArgs {
    /// File to write; it appears when it is whole
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Replace the file if there is one
    #[arg(long)]
    force: bool,
}

pub(crate) fn run(args: &SnapshotArgs, common: &Common, out: &mut Out) -> Result<Done, Failure> {
    let file = args.file.as_path();
    database::refuse_within(database::dir(common)?, file, "FILE: the snapshot")?;
    if !args.force && file.symlink_metadata().is_ok() {
        let why = io::Error::new(io::ErrorKind::AlreadyExists, "it exists already (--force replaces it)");
        return Err(Failure::file("write", file)(why));
    }
    let graph = database::open(common)?;
    let written = graph.snapshot(file)?;
    graph.close()?;
    if common.json {
        out.json(&json!({"seq": written.seq, "bytes": written.bytes}))?;
    } else {
        let (seq, bytes) = (written.seq, written.bytes);
        out.line(&format!("wrote commit {seq} to {}, {bytes} bytes", file.display()))?;
    }
    Ok(Done::Yes)
}
