//! `report`: the measures of a snapshot, or of a database, as one page.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::Args;
use idweave::analytics::{Measuring, compare};
use idweave::report::{Report, ReportStyle};

use crate::analyze::threads;
use crate::cli::Common;
use crate::database;
use crate::exit::{Done, Failure};
use crate::language::Language;
use crate::moment;
use crate::output::Out;
use crate::picture::write_private;

#[derive(Debug, Args)]
pub(crate) struct ReportArgs {
    /// File of the snapshot; a database goes with --db
    #[arg(value_name = "SNAPSHOT")]
    file: Option<PathBuf>,
    /// File for the page
    #[arg(short, long, value_name = "FILE")]
    out: PathBuf,
    /// An older snapshot, or database: with a chapter on what changed since
    #[arg(long, value_name = "OLD")]
    since: Option<PathBuf>,
    /// Show ids of people, and names of channels and employees
    #[arg(long)]
    with_ids: bool,
    /// Measure in so many threads (default: as many as there are processors)
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,
    /// Language of the page
    #[arg(long, value_enum, default_value = "en")]
    lang: Language,
}

pub(crate) fn run(args: &ReportArgs, common: &Common, out: &mut Out) -> Result<Done, Failure> {
    let style = ReportStyle { lang: args.lang.lang(), with_ids: args.with_ids };
    let threads = threads(args.threads);
    let shown = database::measured(common, args.file.as_deref())?;
    let analysis = shown.analyze(&Measuring::at(moment::now(common)?).threads(threads))?;
    let since = |older: &PathBuf| -> Result<_, Failure> {
        let older = database::measured_at(&database::named(older))?;
        Ok(compare(&older.comparand()?, &shown.comparand()?, threads)?)
    };
    let change = args.since.as_ref().map(since).transpose()?;
    let report = Report::new(&analysis);
    let page = change.as_ref().map_or(report, |change| report.since(change)).html(&style)?;
    write_private(&args.out, &page)?;
    if !common.json {
        out.line(&format!("wrote {}, {} bytes", args.out.display(), page.len()))?;
    }
    Ok(Done::Yes)
}
