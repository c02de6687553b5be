//! `--dry-run`: what a command would change about identities, without writing anything.

use idweave::{Error, Graph, Time, Tx, WhatIf};
use serde_json::json;

use crate::changes_text;
use crate::cli::Common;
use crate::database;
use crate::exit::Failure;
use crate::output::Out;

/// Looks at what a commit would change. Somebody else may be writing the database: then at what he has made durable.
pub(crate) fn foresee<T>(
    now: Time,
    common: &Common,
    fill: impl FnOnce(&mut Tx) -> idweave::Result<T>,
) -> Result<WhatIf<T>, Failure> {
    match database::open(common) {
        Err(Failure::Engine(Error::Locked { .. })) => {
            Ok(Graph::options().open_read_only(database::dir(common)?)?.what_if(now, fill)?)
        }
        graph => {
            let graph = graph?;
            let told = graph.what_if(now, fill);
            graph.close()?;
            Ok(told?)
        }
    }
}

/// Says what would change.
pub(crate) fn tell<T>(foreseen: &WhatIf<T>, common: &Common, out: &mut Out) -> Result<(), Failure> {
    if common.json {
        out.json(&json!({"dry_run": true, "changes": changes_text::value(&foreseen.changes)}))?;
        return Ok(());
    }
    out.line("nothing is written; this would change:")?;
    changes_text::show(&foreseen.changes, out)
}
