//! `verify`: whether the bytes of a snapshot, or of a database's segments, are those that were written.

use std::path::{Path, PathBuf};

use clap::Args;
use idweave::{Snapshot, Verified, VerifyLevel};
use serde_json::json;

use crate::cli::Common;
use crate::database::{self, Place};
use crate::exit::{Done, Failure};
use crate::output::{Out, count};

#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    /// File of a snapshot, in place of --db
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// Look at headers, places, names, settings and marks only
    #[arg(long)]
    fast: bool,
}

pub(crate) fn run(args: &VerifyArgs, common: &Common, out: &mut Out) -> Result<Done, Failure> {
    let level = if args.fast { VerifyLevel::Fast } else { VerifyLevel::Full };
    // Damage is an error that says where; what comes back is whole.
    let (seq, read) = match place(args.file.as_deref(), common)? {
        Place::Snapshot(file) => {
            let snapshot = Snapshot::open(database::snapshot(file)?)?;
            (snapshot.seq(), snapshot.verify(level)?)
        }
        Place::Database(_) => {
            let graph = database::open(common)?;
            (graph.view().seq(), graph.verify(level)?)
        }
    };
    if common.json {
        show_json(seq, level, &read, out)?;
    } else {
        show_text(seq, level, &read, out)?;
    }
    Ok(Done::Yes)
}

/// The one thing to verify.
fn place<'a>(file: Option<&'a Path>, common: &'a Common) -> Result<Place<'a>, Failure> {
    match file {
        None => Place::of(common),
        Some(file) if common.db.is_none() && common.snapshot.is_none() => Ok(Place::Snapshot(file)),
        Some(_) => Err(Failure::Usage("verify one thing: FILE, or --db DIR".to_owned())),
    }
}

fn show_json(seq: u64, level: VerifyLevel, read: &Verified, out: &mut Out) -> Result<(), Failure> {
    let is_full = level == VerifyLevel::Full;
    // What was not counted is null, which 0 would not say.
    let counted = |number: u64| is_full.then_some(number);
    out.json(&json!({
        "ok": true,
        "seq": seq,
        "level": if is_full { "full" } else { "fast" },
        "segments": read.segments,
        "bytes": counted(read.bytes),
        "records": counted(read.records),
        "ids": counted(read.ids),
        "rows": counted(read.rows),
    }))?;
    Ok(())
}

fn show_text(seq: u64, level: VerifyLevel, read: &Verified, out: &mut Out) -> Result<(), Failure> {
    let segments = count(read.segments, "segment");
    if level == VerifyLevel::Fast {
        let parts = "headers, places, names, settings and marks";
        out.line(&format!("no damage at a glance, up to commit {seq}: {parts} of {segments}"))?;
        return Ok(());
    }
    let number = |number: u64, noun| count(usize::try_from(number).unwrap_or(usize::MAX), noun);
    let parts = [
        segments,
        number(read.bytes, "byte"),
        number(read.records, "record"),
        number(read.ids, "id"),
        number(read.rows, "row"),
    ];
    out.line(&format!("no damage, up to commit {seq}: {}", parts.join(", ")))?;
    Ok(())
}
