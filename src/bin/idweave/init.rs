//! `init`: an empty database.

use clap::Args;
use idweave::Graph;
use serde_json::json;

use crate::cli::Common;
use crate::database::dir;
use crate::exit::{Done, Failure};
use crate::home::HomeArgs;
use crate::output::Out;

#[derive(Debug, Args)]
pub(crate) struct InitArgs {
    #[command(flatten)]
    home: HomeArgs,
}

pub(crate) fn run(args: &InitArgs, common: &Common, out: &mut Out) -> Result<Done, Failure> {
    let dir = dir(common)?;
    Graph::options().home(args.home.kind()).create(dir)?.close()?;
    if common.json {
        out.json(&json!({"created": true}))?;
    } else {
        out.line(&format!("created an empty database in {}", dir.display()))?;
    }
    Ok(Done::Yes)
}
