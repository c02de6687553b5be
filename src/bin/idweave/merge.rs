//! `merge`: the facts of another graph brought into this one.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::Args;
use idweave::{Error, Graph, Merged, Snapshot};
use indicatif::ProgressBar;
use serde_json::json;

use crate::cli::Common;
use crate::database;
use crate::exit::{Done, Failure};
use crate::moment;
use crate::output::Out;

#[derive(Debug, Args)]
pub(crate) struct MergeArgs {
    /// The other graph: the directory of a database, or the file of a snapshot. It is only read
    #[arg(long, value_name = "DIR|FILE")]
    from: PathBuf,
    /// Facts in one commit
    #[arg(long, value_name = "N", default_value_t = NonZeroUsize::MIN.saturating_add(999))]
    commit_every: NonZeroUsize,
}

pub(crate) fn run(args: &MergeArgs, common: &Common, out: &mut Out) -> Result<Done, Failure> {
    let now = moment::now(common)?;
    let graph = database::open(common)?;
    let bar = ProgressBar::new_spinner();
    let told = |merged: &Merged| bar.set_message(format!("{} facts", merged.facts));
    let merged = if args.from.is_file() {
        graph.merge_from(&Snapshot::open(&args.from)?, now, args.commit_every, told)?
    } else {
        match Graph::options().open_read_only(&args.from) {
            // A key-value store keeps it.
            Err(Error::Home(_)) => {
                graph.merge_from(&Graph::open(&args.from)?, now, args.commit_every, told)?
            }
            other => graph.merge_from(&other?, now, args.commit_every, told)?,
        }
    };
    bar.finish_and_clear();
    graph.close()?;
    let Merged { facts, new, already_known, erased, .. } = merged;
    if common.json {
        out.json(&json!({"facts": facts, "new": new, "already_known": already_known, "erased": erased}))?;
    } else {
        out.line(&format!(
            "{facts} facts: {new} new, {already_known} already known, {erased} of erased ids left out"
        ))?;
    }
    Ok(Done::Yes)
}
