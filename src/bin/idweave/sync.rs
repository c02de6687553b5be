//! `sync`: jobs of calls to the platforms, planned and run.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use clap::{Args, Subcommand, ValueEnum};
use idweave::Time;
use idweave::error::{CallFailure, Error};
use idweave::sync::client::{CallOptions, FileStore, Platform, Timer};
use idweave::sync::job::{Planned, Tally, Unlinked, plan, run as run_job};
use idweave::sync::{HttpOptions, HttpTransport};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use crate::cli::Common;
use crate::database;
use crate::exit::{Done, Failure, say};
use crate::moment;
use crate::output::{Out, count};
use crate::stop::stop_asked_for;
use crate::sync_config::{self, Settings};

/// How often a wait looks whether the run is to end.
const TURN: Duration = Duration::from_millis(50);

#[derive(Debug, Args)]
pub(crate) struct SyncArgs {
    #[command(subcommand)]
    command: SyncCommand,
}

#[derive(Debug, Subcommand)]
enum SyncCommand {
    /// Run a job, or go on with one that was ended
    Run(RunArgs),
}

#[derive(Debug, Args)]
struct RunArgs {
    /// What is done
    job: JobName,
    /// Who does it: a [[caller]] of the settings
    caller: String,
    /// Who calls: a TOML file
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    #[command(flatten)]
    calls: CallArgs,
    /// Print the calls that it would make, against the quotas; write nothing
    #[arg(long)]
    dry_run: bool,
}

/// How calls are made.
#[derive(Debug, Args)]
pub(crate) struct CallArgs {
    /// End after so many calls; the next run goes on. A step takes two: a page, and what is on it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(2..))]
    max_calls: Option<u64>,
    /// Wait at most so many seconds for a quota before the run ends
    #[arg(long, value_name = "SECONDS", default_value_t = 7_200)]
    max_wait: u32,
    /// Call this address in place of the platforms: a simulator, a private gateway
    #[arg(long, value_name = "URL")]
    base: Option<String>,
    /// Go through the proxy that the environment names
    #[arg(long)]
    proxy: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum JobName {
    /// Read all followers of an app, or all customers and groups of a corp
    Import,
    /// Compare them with the graph, and tell what is new and what is gone
    Reconcile,
    /// Ask for the pending ids that a provider's customers had as visitors
    Pending,
    /// Link all ids of a corp's own view to a provider's
    Generation,
}

/// The system's clock; waits end when the process is asked to.
struct SystemTimer {
    from: Time,
    since: Instant,
    stop: Arc<AtomicBool>,
}

impl Timer for SystemTimer {
    fn now(&self) -> Time {
        self.from.plus_ms(i64::try_from(self.since.elapsed().as_millis()).unwrap_or(i64::MAX))
    }

    fn wait(&self, ms: u64) -> bool {
        let until = Instant::now() + Duration::from_millis(ms);
        while !self.stop.load(Ordering::Relaxed) {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return true;
            }
            std::thread::sleep(left.min(TURN));
        }
        false
    }
}

/// The platforms, as the command line says they are called.
pub(crate) fn platform(
    args: &CallArgs,
    settings: &Settings,
    common: &Common,
    stop: Arc<AtomicBool>,
) -> Result<Platform, Failure> {
    let mut http = HttpOptions::default();
    http.base.clone_from(&args.base);
    http.use_proxy = args.proxy;
    let mut options = CallOptions::default();
    options.calls_max = args.max_calls;
    options.wait_ms_max = i64::from(args.max_wait) * 1_000;
    options.quotas.clone_from(&settings.quotas);
    let timer = SystemTimer { from: moment::now(common)?, since: Instant::now(), stop };
    Ok(Platform::new(HttpTransport::new(&http)?, FileStore::new(settings.store.clone()), timer, options))
}

/// The platforms, for calls as events come: they do not wait for quotas.
pub(crate) fn platform_of(
    base: Option<&str>,
    settings: &Settings,
    common: &Common,
    stop: Arc<AtomicBool>,
) -> Result<Platform, Failure> {
    let base = base.map(str::to_owned);
    platform(&CallArgs { max_calls: None, max_wait: 1, base, proxy: false }, settings, common, stop)
}

pub(crate) fn run(args: &SyncArgs, common: &Common, out: &mut Out) -> Result<Done, Failure> {
    let SyncCommand::Run(args) = &args.command;
    let settings = sync_config::read(&args.config)?;
    let mut job = settings.job(args.job, &args.caller)?;
    let stop = stop_asked_for()?;
    let platform = platform(&args.calls, &settings, common, stop)?;
    let graph = database::open(common)?;
    if args.dry_run {
        let planned = plan(&mut *job, &graph, &platform)?;
        let credential = settings.credential(&args.caller)?;
        show_plan(&planned, &platform, &credential, common, out)?;
        graph.close()?;
        return Ok(Done::Yes);
    }
    let bar = if std::io::stderr().is_terminal() { ProgressBar::no_length() } else { ProgressBar::hidden() };
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {human_pos}/{human_len} {eta} {msg}") {
        bar.set_style(style);
    }
    let result = run_job(&mut *job, &graph, &platform, &mut |progress| {
        progress.total.into_iter().for_each(|total| bar.set_length(total));
        bar.set_position(progress.records);
    });
    bar.finish_and_clear();
    let tallies = if result.is_ok() { job.tally(&graph)? } else { Vec::new() };
    let closed = graph.close();
    let calls = platform.calls();
    let made: u64 = calls.values().sum();
    let report = match result {
        Ok(report) => report,
        Err(error) => {
            if let Error::Call {
                failure: CallFailure::CallsUsedUp | CallFailure::Ended | CallFailure::Limit { .. },
                ..
            } = &error
            {
                say(&format!(
                    "ended after {}; run it again to go on",
                    count(usize::try_from(made).unwrap_or(usize::MAX), "call")
                ));
            }
            return Err(error.into());
        }
    };
    closed?;
    if common.json {
        out.json(&json!({
            "resumed": report.is_resumed, "steps": report.steps, "recorded": report.recorded,
            "known": report.known, "refused": report.refused, "calls": calls,
            "tally": tallies.iter().map(tally_json).collect::<Vec<_>>(),
        }))?;
        return Ok(Done::Yes);
    }
    let resumed = if report.is_resumed { "went on and " } else { "" };
    out.line(&format!(
        "{resumed}done: {} new facts, {} known, {} refused, by {made} calls",
        report.recorded, report.known, report.refused
    ))?;
    for (path, calls) in calls {
        out.line(&format!("  {calls:>8}  {path}"))?;
    }
    for tally in &tallies {
        out.line(&format!("{}: {} of {} have a counterpart", tally.kind.name(), tally.linked, tally.known))?;
        for (why, count) in &tally.unlinked {
            out.line(&format!("  {count:>8}  {why}"))?;
        }
    }
    Ok(Done::Yes)
}

fn tally_json(tally: &Tally) -> serde_json::Value {
    let why = |(why, count): (&Unlinked, &u64)| json!({"why": why.to_string(), "count": count});
    json!({
        "kind": tally.kind.name(), "known": tally.known, "linked": tally.linked,
        "unlinked": tally.unlinked.iter().map(why).collect::<Vec<_>>(),
    })
}

fn show_plan(
    planned: &[Planned],
    platform: &Platform,
    caller: &idweave::sync::client::Credential,
    common: &Common,
    out: &mut Out,
) -> Result<(), Failure> {
    for planned in planned {
        let left = platform.left(caller, planned.endpoint)?;
        if common.json {
            out.json(&json!({
                "path": planned.endpoint.path, "calls": planned.calls, "is_least": planned.is_least,
                "left": left.map(|(left, _)| left), "window": left.map(|(_, window)| window.name()),
            }))?;
            continue;
        }
        let calls = format!("{}{}", planned.calls, if planned.is_least { "+" } else { "" });
        let quota = left.map_or("no known quota".to_owned(), |(left, window)| {
            format!("{left} left this {}", window.name())
        });
        out.line(&format!("{calls:>9}  {}  ({quota})", planned.endpoint.path))?;
    }
    let asked: u64 = platform.calls().values().sum();
    say(&format!("planned by {asked} calls; nothing was written"));
    Ok(())
}
