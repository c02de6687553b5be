//! `init`: an empty database.

use idweave::Graph;
use serde_json::json;

use crate::cli::Common;
use crate::database::dir;
use crate::exit::{Done, Failure};
use crate::output::Out;

pub(crate) fn run(common: &Common, out: &mut Out) -> Result<Done, Failure> {
    let dir = dir(common)?;
    Graph::create(dir)?.close()?;
    if common.json {
        out.json(&json!({"created": true}))?;
    } else {
        out.line(&format!("created an empty database in {}", dir.display()))?;
    }
    Ok(Done::Yes)
}
