//! `compare`: what became of a graph between two states of it.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::Args;
use idweave::analytics::{Compared, Comparison, compare};
use serde_json::{Value, json};

use crate::analyze::threads;
use crate::cli::Common;
use crate::database;
use crate::exit::{Done, Failure};
use crate::moment::show;
use crate::output::Out;

#[derive(Debug, Args)]
pub(crate) struct CompareArgs {
    /// The earlier state: a snapshot's file, or a database's directory
    earlier: PathBuf,
    /// The later state, the same; or --db DIR, --snapshot FILE
    later: Option<PathBuf>,
    /// Compare in so many threads (default: as many as there are processors)
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,
}

pub(crate) fn run(args: &CompareArgs, common: &Common, out: &mut Out) -> Result<Done, Failure> {
    let earlier = database::measured_at(&database::named(&args.earlier))?;
    let later = database::measured(common, args.later.as_deref())?;
    let found = compare(&earlier.comparand()?, &later.comparand()?, threads(args.threads))?;
    if common.json {
        out.json(&answer(&found))?;
        return Ok(Done::Yes);
    }
    let state = |name: &str, of: &Compared| {
        let recorded = if of.seq == 0 { "-".to_owned() } else { show(of.recorded_at) };
        [name.to_owned(), of.seq.to_string(), recorded, of.ids.to_string(), of.entities.to_string()]
    };
    let states = [state("earlier", &found.before), state("later", &found.after)];
    out.table(["STATE", "COMMIT", "RECORDED", "IDS", "ENTITIES"], states)?;
    let figures = [
        ("ids new", found.ids_new),
        ("ids gone", found.ids_gone),
        ("entities born", found.born),
        ("entities gone", found.gone),
        ("entities merged", found.merged),
        ("  of so many", found.merged_from),
        ("entities split", found.split),
        ("  into so many", found.split_into),
        ("entities grown", found.grown),
        ("entities shrunk", found.shrunk),
        ("entities unchanged", found.unchanged),
    ];
    out.table(["CHANGE", ""], figures.map(|(name, count)| [name.to_owned(), count.to_string()]))?;
    let spaces = found.spaces.iter();
    let rows = spaces.map(|(space, ids)| [space.to_string(), ids.new.to_string(), ids.gone.to_string()]);
    out.table(["IDS OF", "NEW", "GONE"], rows)?;
    Ok(Done::Yes)
}

fn answer(found: &Comparison) -> Value {
    let state = |of: &Compared| {
        let recorded_at = (of.seq > 0).then(|| of.recorded_at.ms());
        json!({ "seq": of.seq, "recorded_at": recorded_at, "ids": of.ids, "entities": of.entities })
    };
    let spaces = found.spaces.iter();
    let spaces = spaces.map(|(space, ids)| (space.to_string(), json!({ "new": ids.new, "gone": ids.gone })));
    json!({
        "before": state(&found.before),
        "after": state(&found.after),
        "ids_new": found.ids_new,
        "ids_gone": found.ids_gone,
        "spaces": spaces.collect::<serde_json::Map<_, _>>(),
        "born": found.born,
        "gone": found.gone,
        "merged": found.merged,
        "merged_from": found.merged_from,
        "split": found.split,
        "split_into": found.split_into,
        "unchanged": found.unchanged,
        "grown": found.grown,
        "shrunk": found.shrunk,
    })
}
