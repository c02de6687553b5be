//! `restore`: a database from a snapshot.

use std::path::PathBuf;

use clap::Args;
use idweave::Graph;
use serde_json::json;

use crate::cli::Common;
use crate::database;
use crate::exit::{Done, Failure};
use crate::home::HomeArgs;
use crate::output::Out;

#[derive(Debug, Args)]
pub(crate) struct RestoreArgs {
    /// File of the snapshot
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    home: HomeArgs,
}

pub(crate) fn run(args: &RestoreArgs, common: &Common, out: &mut Out) -> Result<Done, Failure> {
    let dir = database::dir(common)?;
    let options = Graph::options().home(args.home.kind());
    let restored = options.restore(database::snapshot(&args.file)?, dir)?;
    if common.json {
        out.json(&json!({"seq": restored.seq, "bytes": restored.bytes}))?;
    } else {
        let (seq, bytes) = (restored.seq, restored.bytes);
        out.line(&format!("restored commit {seq} into {}, {bytes} bytes", dir.display()))?;
    }
    Ok(Done::Yes)
}
