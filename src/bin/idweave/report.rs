//! `report`: the measures of a snapshot, or of a database, as one page.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::Args;
use idweave::Snapshot;
use idweave::analytics::{Analyze, Measuring};
use idweave::report::{Report, ReportStyle};

use crate::cli::Common;
use crate::database::{self, Place, snapshot};
use crate::exit::{Done, Failure};
use crate::language::Language;
use crate::moment;
use crate::output::Out;
use crate::picture::write_private;

#[derive(Debug, Args)]
pub(crate) struct ReportArgs {
    /// File of the snapshot; a database goes with --db
    #[arg(value_name = "SNAPSHOT", conflicts_with = "snapshot")]
    file: Option<PathBuf>,
    /// File for the page
    #[arg(short, long, value_name = "FILE")]
    out: PathBuf,
    /// An older snapshot: with a chapter on what changed since
    #[arg(long, value_name = "OLD")]
    since: Option<PathBuf>,
    /// Show ids of people, and names of channels and employees
    #[arg(long)]
    with_ids: bool,
    /// Threads that count
    #[arg(long, value_name = "N", default_value = "2")]
    threads: NonZeroUsize,
    /// Language of the page
    #[arg(long, value_enum, default_value = "en")]
    lang: Language,
}

pub(crate) fn run(args: &ReportArgs, common: &Common, out: &mut Out) -> Result<Done, Failure> {
    let style = ReportStyle { lang: args.lang.lang(), with_ids: args.with_ids };
    let wanted = Measuring::at(moment::now(common)?).threads(args.threads);
    let page = match (&args.file, &common.db) {
        (Some(_), Some(_)) => {
            return Err(Failure::Usage("say SNAPSHOT or --db DIR, not both".to_owned()));
        }
        (Some(file), None) => page(&Snapshot::open(snapshot(file)?)?, &wanted, args, &style)?,
        (None, _) => match Place::of(common)? {
            Place::Database(_) => page(&database::present(common)?, &wanted, args, &style)?,
            Place::Snapshot(file) => page(&Snapshot::open(snapshot(file)?)?, &wanted, args, &style)?,
        },
    };
    write_private(&args.out, &page)?;
    if !common.json {
        out.line(&format!("wrote {}, {} bytes", args.out.display(), page.len()))?;
    }
    Ok(Done::Yes)
}

fn page(
    shown: &impl Analyze,
    wanted: &Measuring,
    args: &ReportArgs,
    style: &ReportStyle,
) -> Result<String, Failure> {
    let analysis = shown.analyze(wanted)?;
    let older = args.since.as_ref().map(|file| Snapshot::open(snapshot(file)?).map_err(Failure::from));
    let change = match older.transpose()? {
        Some(older) => Some(shown.compare_with(&older, args.threads)?),
        None => None,
    };
    let report = Report::new(&analysis);
    let report = change.as_ref().map_or(report, |change| report.since(change));
    Ok(report.html(style)?)
}
