//! `analyze`: measures of the whole graph, of a snapshot or of a database.

use std::num::NonZeroUsize;
use std::path::Path;

use clap::Args;
use idweave::Time;
use idweave::analytics::{Measure, Measuring};

use crate::analyze_json;
use crate::analyze_text;
use crate::cli::Common;
use crate::database;
use crate::exit::{Done, Failure};
use crate::moment;
use crate::output::Out;

#[derive(Debug, Args)]
pub(crate) struct AnalyzeArgs {
    /// File of a snapshot (in place of --db or --snapshot), then measures: coverage, reach, funnel, growth, sizes, degrees,
    /// edges, hubs, weak-joints, suspects, contacts, followers; all of them if none is named
    #[arg(value_name = "FILE] [MEASURE")]
    words: Vec<String>,
    /// Measure in so many threads (default: as many as there are processors)
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,
    /// Name so many findings of each sort
    #[arg(long, value_name = "N", default_value_t = 20)]
    listed: usize,
    /// Entities of so many ids that one bridge holds together are suspects
    #[arg(long, value_name = "N")]
    crowded_ids: Option<usize>,
    /// Count contacts and followers that began at this time or later
    #[arg(long, value_name = "T")]
    began_from: Option<String>,
    /// Count contacts and followers that began before this time
    #[arg(long, value_name = "T")]
    began_to: Option<String>,
}

pub(crate) fn run(args: &AnalyzeArgs, common: &Common, out: &mut Out) -> Result<Done, Failure> {
    let (file, measures) = words(&args.words)?;
    let time = |option: &str, text: &Option<String>, otherwise| {
        text.as_deref().map_or(Ok(otherwise), |text| moment::parse(option, text))
    };
    let from = time("--began-from", &args.began_from, Time::MIN)?;
    let to = time("--began-to", &args.began_to, Time::MAX)?;
    let mut wanted = Measuring::at(moment::now(common)?)
        .threads(threads(args.threads))
        .listed(args.listed)
        .began_between(from, to);
    if !measures.is_empty() {
        wanted = wanted.only(&measures);
    }
    if let Some(ids) = args.crowded_ids {
        wanted = wanted.crowded_ids(ids);
    }
    let analysis = database::measured(common, file)?.analyze(&wanted)?;
    if common.json {
        out.json(&analyze_json::analysis(&analysis))?;
    } else {
        analyze_text::show(&analysis, out)?;
    }
    Ok(Done::Yes)
}

/// As many as were asked for, or as there are processors.
pub(crate) fn threads(asked: Option<NonZeroUsize>) -> NonZeroUsize {
    asked.or_else(|| std::thread::available_parallelism().ok()).unwrap_or(NonZeroUsize::MIN)
}

/// The first word is a file, unless it is a measure.
fn words(words: &[String]) -> Result<(Option<&Path>, Vec<Measure>), Failure> {
    let (file, names) = match words.split_first() {
        Some((first, rest)) if Measure::parse(first).is_none() => (Some(Path::new(first)), rest),
        _ => (None, words),
    };
    let known = || Measure::ALL.map(Measure::name).join(", ");
    let measure = |name: &String| {
        Measure::parse(name)
            .ok_or_else(|| Failure::Usage(format!("no measure of that name; there are {}", known())))
    };
    let measures = names.iter().map(measure).collect::<Result<_, Failure>>()?;
    Ok((file, measures))
}
