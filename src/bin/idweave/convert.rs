//! `convert`: the same database in another home.

use std::path::PathBuf;

use clap::Args;
use idweave::{Converted, Graph};
use serde_json::json;

use crate::cli::Common;
use crate::exit::{Done, Failure};
use crate::home::Home;
use crate::output::Out;

#[derive(Debug, Args)]
pub(crate) struct ConvertArgs {
    /// Directory of the database that is converted; it stays as it is
    #[arg(long, value_name = "DIR")]
    from: PathBuf,
    /// Directory of the new one: missing or empty, or left by a conversion that was cut short
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
    /// Where the new one lives
    #[arg(long, value_enum)]
    home: Home,
}

pub(crate) fn run(args: &ConvertArgs, common: &Common, out: &mut Out) -> Result<Done, Failure> {
    if common.db.is_some() || common.snapshot.is_some() {
        return Err(Failure::Usage("convert takes --from DIR and --to DIR".to_owned()));
    }
    let from = Graph::open(&args.from)?;
    let converted = Graph::options().home(args.home.kind()).convert(&from, &args.to)?;
    from.close()?;
    let Converted { seq, bytes, pieces, kept, .. } = converted;
    if common.json {
        out.json(&json!({"seq": seq, "bytes": bytes, "pieces": pieces, "kept": kept}))?;
    } else {
        out.line(&format!(
            "converted commit {seq} into {}: {bytes} bytes in {pieces} pieces, {kept} of them kept from before; \
             entities, edges and facts are the same",
            args.to.display()
        ))?;
    }
    Ok(Done::Yes)
}
