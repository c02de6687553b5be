//! `changes`: what each commit changed about identities, one JSON object a line.

use std::path::Path;
use std::time::Duration;

use clap::Args;
use idweave::{ChangeRecord, ChangeStream, Error, Graph, ReadOnly};
use serde_json::{Value, json};

use crate::changes_text;
use crate::cli::Common;
use crate::database;
use crate::exit::{Done, Failure};
use crate::moment;
use crate::output::Out;

#[derive(Debug, Args)]
pub(crate) struct ChangesArgs {
    /// The first commit to tell of
    #[arg(long, value_name = "SEQ", default_value_t = 1)]
    from: u64,
    /// Go on with what other processes commit, until stopped
    #[arg(long)]
    follow: bool,
    /// With --follow: how often to look for more
    #[arg(long, value_name = "MS", default_value_t = 500)]
    every: u64,
}

pub(crate) fn run(args: &ChangesArgs, common: &Common, out: &mut Out) -> Result<Done, Failure> {
    let dir = database::dir(common)?;
    if args.follow {
        return follow(args, dir, out);
    }
    let told = match Graph::open(dir) {
        Err(Error::Locked { .. }) => print(Graph::options().open_read_only(dir)?.changes(args.from)?, out)?,
        graph => print(graph?.changes(args.from)?, out)?,
    };
    Ok(Done::found(told.is_some()))
}

fn follow(args: &ChangesArgs, dir: &Path, out: &mut Out) -> Result<Done, Failure> {
    let reader: ReadOnly = Graph::options().open_read_only(dir)?;
    let mut next = args.from.max(1);
    loop {
        if let Some(last) = print(reader.changes(next)?, out)? {
            next = last + 1;
        }
        out.flush()?;
        std::thread::sleep(Duration::from_millis(args.every));
        reader.refresh()?;
    }
}

/// Prints records; the last commit told of.
fn print(changes: ChangeStream, out: &mut Out) -> Result<Option<u64>, Failure> {
    let mut last = None;
    for record in changes {
        let record = record?;
        out.json(&line(&record))?;
        last = Some(record.seq);
    }
    Ok(last)
}

fn line(record: &ChangeRecord) -> Value {
    let mut line = json!({"seq": record.seq, "recorded_at": moment::show(record.recorded_at)});
    if let (Value::Object(line), Value::Object(changes)) = (&mut line, changes_text::value(&record.changes)) {
        line.extend(changes);
    }
    line
}
