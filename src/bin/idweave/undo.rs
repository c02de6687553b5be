//! `undo`: what a commit told counts no more, by a new commit.

use clap::Args;
use idweave::Tx;
use serde_json::json;

use crate::cli::Common;
use crate::database;
use crate::dry_run;
use crate::exit::{Done, Failure};
use crate::large::show_progress;
use crate::moment;
use crate::output::Out;

#[derive(Debug, Args)]
pub(crate) struct UndoArgs {
    /// The commit. To let what it told count again, undo the commit that undid it
    #[arg(value_name = "SEQ")]
    seq: u64,
    /// Write nothing: print what it would change about identities
    #[arg(long)]
    dry_run: bool,
}

pub(crate) fn run(args: &UndoArgs, common: &Common, out: &mut Out) -> Result<Done, Failure> {
    let now = moment::now(common)?;
    let undo = |tx: &mut Tx| tx.undo(args.seq);
    if args.dry_run {
        let foreseen = dry_run::foresee(now, common, undo)?;
        if foreseen.value || common.json {
            dry_run::tell(&foreseen, common, out)?;
        } else {
            out.line("already undone")?;
        }
        return Ok(Done::Yes);
    }
    let graph = database::open(common)?;
    let committed = show_progress(|progress| graph.write_large(now, undo, progress))?;
    graph.close()?;
    if common.json {
        out.json(&json!({ "seq": committed.seq, "new": committed.value }))?;
    } else if committed.value {
        out.line(&format!("commit {}; commit {} counts no more", committed.seq, args.seq))?;
    } else {
        out.line("already undone")?;
    }
    Ok(Done::Yes)
}
