//! `checkpoint`: what the journal holds becomes a segment.

use serde_json::json;

use crate::cli::Common;
use crate::database;
use crate::exit::{Done, Failure};
use crate::output::{Out, count};

pub(crate) fn run(common: &Common, out: &mut Out) -> Result<Done, Failure> {
    let graph = database::open(common)?;
    let done = graph.checkpoint()?;
    graph.close()?;
    if common.json {
        out.json(&json!({
            "seq": done.seq,
            "written_bytes": done.written_bytes,
            "merged_bytes": done.merged_bytes,
            "segments": done.segments,
        }))?;
        return Ok(Done::Yes);
    }
    let written = match done.written_bytes {
        0 => "nothing new to write".to_owned(),
        bytes => format!("{bytes} bytes written"),
    };
    let merged = match done.merged_bytes {
        0 => String::new(),
        bytes => format!(", merged into {bytes} bytes"),
    };
    let segments = count(done.segments, "segment");
    out.line(&format!("up to commit {}: {written}{merged}; {segments}", done.seq))?;
    Ok(Done::Yes)
}
