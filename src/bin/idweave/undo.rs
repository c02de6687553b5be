//! `undo`: what a commit told counts no more, by a new commit.

use clap::Args;
use idweave::{Error, Graph, Tx, WhatIf};
use serde_json::json;

use crate::changes_text;
use crate::cli::Common;
use crate::database;
use crate::exit::{Done, Failure};
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
    if args.dry_run {
        let told = dry_run(args.seq, now, common)?;
        if common.json {
            out.json(&json!({ "new": told.value, "changes": changes_text::value(&told.changes) }))?;
        } else if told.value {
            changes_text::show(&told.changes, out)?;
        } else {
            out.line("already undone")?;
        }
        return Ok(Done::Yes);
    }
    let graph = database::open(common)?;
    let committed = graph.undo(now, args.seq)?;
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

fn dry_run(seq: u64, now: idweave::Time, common: &Common) -> Result<WhatIf<bool>, Failure> {
    let undo = |tx: &mut Tx| tx.undo(seq);
    match database::open(common) {
        // Somebody writes it; a question can be put all the same.
        Err(Failure::Engine(Error::Locked { .. })) => {
            Ok(Graph::options().open_read_only(database::dir(common)?)?.what_if(now, undo)?)
        }
        graph => {
            let graph = graph?;
            let told = graph.what_if(now, undo);
            graph.close()?;
            Ok(told?)
        }
    }
}
