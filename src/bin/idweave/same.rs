//! `same`: are two ids the same?

use clap::Args;
use idweave::{Id, Verdict};
use serde_json::json;

use crate::answers::verdict_word;
use crate::cli::Common;
use crate::database;
use crate::exit::{Done, Failure};
use crate::output::Out;

#[derive(Debug, Args)]
pub(crate) struct PairArgs {
    /// kind:scope:value
    #[arg(value_name = "A")]
    a: String,
    /// kind:scope:value
    #[arg(value_name = "B")]
    b: String,
}

impl PairArgs {
    pub(crate) fn ids(&self) -> Result<(Id, Id), Failure> {
        Ok((database::id("A", &self.a)?, database::id("B", &self.b)?))
    }
}

pub(crate) fn run(args: &PairArgs, common: &Common, out: &mut Out) -> Result<Done, Failure> {
    let (a, b) = args.ids()?;
    let verdict = database::read(common)?.same(&a, &b)?;
    if common.json {
        out.json(&json!({"verdict": verdict_word(verdict)}))?;
    } else {
        out.line(verdict_text(verdict))?;
    }
    Ok(done_of(verdict))
}

/// Whether a verdict is a yes.
pub(crate) fn done_of(verdict: Verdict) -> Done {
    Done::found(matches!(verdict, Verdict::SameEntity | Verdict::SamePerson))
}

/// A verdict for people.
pub(crate) fn verdict_text(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::SameEntity => "same entity",
        Verdict::SamePerson => "same person, two entities",
        Verdict::Different => "different",
        Verdict::Unknown => "unknown: at least one of the two ids is not in the database",
    }
}
