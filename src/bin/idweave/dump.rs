//! `dump`: everything of one sort, one JSON object a line, in a documented order and form.

use clap::{Args, ValueEnum};
use idweave::ndjson;

use crate::answers::{EdgeLine, EntityLine};
use crate::cli::Common;
use crate::database;
use crate::exit::{Done, Failure};
use crate::output::Out;

/// What to dump.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    /// Every entity, in order of their numbers
    Entities,
    /// Every edge and what became of it, in order of first appearance
    Edges,
    /// Every fact in canonical NDJSON: imported into an empty database they give an equal graph (with numbers
    /// of its own)
    Facts,
}

#[derive(Debug, Args)]
pub(crate) struct DumpArgs {
    #[arg(value_enum)]
    what: What,
}

pub(crate) fn run(args: &DumpArgs, common: &Common, out: &mut Out) -> Result<Done, Failure> {
    let view = database::read(common)?;
    match args.what {
        What::Entities => {
            for entity in view.entities() {
                out.json(&EntityLine::from(&entity?))?;
            }
        }
        What::Edges => {
            for edge in view.edges() {
                out.json(&EdgeLine::from(&edge?))?;
            }
        }
        What::Facts => {
            for fact in view.facts() {
                out.line(&ndjson::print(&fact?))?;
            }
        }
    }
    Ok(Done::Yes)
}
