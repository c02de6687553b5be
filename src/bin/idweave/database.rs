//! The database of a command: opening, what recovery found, closing; and ids from the command line.

use std::path::Path;

use idweave::{Graph, Id, KindScope, Recovery};

use crate::cli::Common;
use crate::exit::{Failure, say};

/// The directory that `--db` names.
pub(crate) fn dir(common: &Common) -> Result<&Path, Failure> {
    common.db.as_deref().ok_or_else(|| Failure::Usage("say which database: --db DIR".to_owned()))
}

/// Opens the database that `--db` names; a cut tail is told on stderr.
pub(crate) fn open(common: &Common) -> Result<Graph, Failure> {
    let graph = Graph::open(dir(common)?)?;
    if let Recovery::TailCut { from_seq } = graph.recovery() {
        say(&format!(
            "warning: the end of the journal was cut at its last flush: commits from {from_seq} on are gone. \
             After a crash they were never acknowledged; without one the disk has lost data, then restore a \
             backup"
        ));
    }
    Ok(graph)
}

/// Reads an id of the command line. The error does not repeat it: it may end up in a log.
pub(crate) fn id(name: &str, text: &str) -> Result<Id, Failure> {
    text.parse().map_err(|rule| Failure::Usage(format!("{name}: {rule}")))
}

/// Reads the target of a translation.
pub(crate) fn target(text: &str) -> Result<KindScope, Failure> {
    text.parse().map_err(|rule| Failure::Usage(format!("--to: {rule} (a target is written kind:scope)")))
}
