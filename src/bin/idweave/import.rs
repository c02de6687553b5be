//! `import`: facts from NDJSON, in commits of many lines.
//!
//! # Invariants
//!   P1 with `stop`, nothing of the commit that holds the wrong line is written; earlier commits are.
//!   P2 counts speak of what is committed; an acknowledgement is printed after its commit is durable and
//!      after the rejects before it are in their file.
//!   P3 memory is bounded: by one commit, which ends after `COMMIT_BYTES_MAX` of input at the latest.

use std::io::IsTerminal;
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};

use clap::Args;
use idweave::error::IoOp;
use idweave::model::{Placeholders, validate};
use idweave::{Error, Fact, Graph, Op, ReadOnly, Tx, ndjson};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use crate::changes_text;
use crate::cli::Common;
use crate::database;
use crate::exit::{Done, Failure, say};
use crate::lines::{Lines, is_stdin, name_of};
use crate::moment;
use crate::output::Out;
use crate::tally::{Counts, OnError, RejectsFile, Tally, fact_of, text_of};

/// Input after which a commit ends, well below what a journal frame holds.
const COMMIT_BYTES_MAX: u64 = 16 << 20;

#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    /// File of facts, or - for stdin
    #[arg(value_name = "FILE|-")]
    file: PathBuf,
    /// What a wrong line does
    #[arg(long, value_enum, default_value_t = OnError::Stop)]
    on_error: OnError,
    /// Write each rejected line with its reason to this file
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,
    /// Lines in one commit
    #[arg(long, value_name = "N", default_value_t = NonZeroU64::MIN.saturating_add(999))]
    commit_every: NonZeroU64,
    /// Label the facts that have no batch with this one
    #[arg(long, value_name = "NAME")]
    batch: Option<String>,
    /// After each durable commit print {"seq":N,"line":N}: every line up to `line` is kept
    #[arg(long)]
    ack: bool,
    /// Write nothing: print what the file would change about identities, as one commit
    #[arg(long, conflicts_with = "ack")]
    dry_run: bool,
}

pub(crate) fn run(args: &ImportArgs, common: &Common, out: &mut Out) -> Result<Done, Failure> {
    check_batch(args.batch.as_deref())?;
    moment::now(common)?;
    let lines = Lines::open(&args.file, ndjson::LINE_LEN_MAX)?;
    let graph = match database::open(common) {
        // Somebody writes it; a question can be put all the same.
        Err(Failure::Engine(Error::Locked { .. })) if args.dry_run => {
            Place::Shown(Box::new(Graph::options().open_read_only(database::dir(common)?)?))
        }
        graph => Place::Own(graph?),
    };
    let rejects = args.rejects.as_deref().map(RejectsFile::create).transpose()?;
    let mut import = Import {
        args,
        lines,
        tally: Tally::new(name_of(&args.file), args.on_error, rejects),
        placeholders: Placeholders::default(),
        ended: false,
    };
    let progress = progress_of(std::slice::from_ref(&args.file));
    let ended = match &graph {
        Place::Own(graph) if !args.dry_run => import.commits(graph, common, out, &progress),
        place => import.dry_run(place, common, out),
    };
    progress.finish_and_clear();
    let closed = match graph {
        Place::Own(graph) => graph.close(),
        Place::Shown(_) => Ok(()),
    };
    // The counts come even where the import ended early: they say what is committed.
    let reported = import.tally.report(common, out);
    let done = ended?;
    closed?;
    reported.map(|()| done)
}

/// What facts go into, or are held against.
enum Place {
    Own(Graph),
    /// What another process has made durable: for a dry run.
    Shown(Box<ReadOnly>),
}

/// The label is checked once, before the first line.
pub(crate) fn check_batch(batch: Option<&str>) -> Result<(), Failure> {
    let Some(batch) = batch else { return Ok(()) };
    let op = Op::Mark { key: "batch".to_owned(), value: String::new() };
    let fact = Fact { at: idweave::Time::WECHAT_EPOCH, batch: Some(batch.to_owned()), op };
    validate(&fact).map_err(|rule| Failure::Usage(format!("--batch: {rule}")))
}

/// A bar on a terminal, over the bytes of all files; nothing anywhere else.
pub(crate) fn progress_of(files: &[PathBuf]) -> ProgressBar {
    if !std::io::stderr().is_terminal() || files.iter().any(|file| is_stdin(file)) {
        return ProgressBar::hidden();
    }
    let lengths: std::io::Result<Vec<u64>> =
        files.iter().map(|file| std::fs::metadata(file).map(|file| file.len())).collect();
    let Ok(lengths) = lengths else { return ProgressBar::hidden() };
    let bar = ProgressBar::new(lengths.iter().sum());
    let style = "{bar:30} {bytes}/{total_bytes} {bytes_per_sec} {msg}";
    ProgressStyle::with_template(style).map_or_else(|_| bar.clone(), |style| bar.clone().with_style(style))
}

/// An import under way.
struct Import<'a> {
    args: &'a ImportArgs,
    lines: Lines,
    tally: Tally,
    placeholders: Placeholders,
    ended: bool,
}

impl Import<'_> {
    fn commits(
        &mut self,
        graph: &Graph,
        common: &Common,
        out: &mut Out,
        progress: &ProgressBar,
    ) -> Result<Done, Failure> {
        let mut last_line = 0;
        while !self.ended {
            let committed = self.tally.counts;
            match graph.write(moment::now(common)?, |tx| self.fill(tx)) {
                Ok(commit) => {
                    last_line = self.lines.number;
                    self.tally.flush()?;
                    progress.set_position(self.lines.bytes);
                    progress.set_message(format!("{} facts", self.tally.counts.facts));
                    if self.args.ack {
                        acknowledge(out, commit.seq, last_line)?;
                    }
                }
                Err(error) => {
                    let seen = std::mem::replace(&mut self.tally.counts, committed);
                    return Err(self.given_up(error, last_line, &seen));
                }
            }
        }
        Ok(self.tally.done())
    }

    /// Tells what all lines would change, in one commit that is not written.
    fn dry_run(&mut self, place: &Place, common: &Common, out: &mut Out) -> Result<Done, Failure> {
        let now = moment::now(common)?;
        let fill = |tx: &mut Tx| {
            while !self.ended {
                self.fill(tx)?;
            }
            Ok(())
        };
        let told = match place {
            Place::Own(graph) => graph.what_if(now, fill),
            Place::Shown(reader) => reader.what_if(now, fill),
        };
        match told {
            Ok(what_if) if common.json => {
                out.json(&json!({"dry_run": true, "changes": changes_text::value(&what_if.changes)}))?;
            }
            Ok(what_if) => {
                out.line("nothing is written; this would change:")?;
                changes_text::show(&what_if.changes, out)?;
            }
            Err(error) => {
                let seen = std::mem::take(&mut self.tally.counts);
                return Err(self.given_up(error, 0, &seen));
            }
        }
        Ok(self.tally.done())
    }

    /// Why the import ends, and what it leaves.
    fn given_up(&mut self, error: Error, last_line: u64, seen: &Counts) -> Failure {
        let kept = format!(
            "committed: lines 1 to {last_line} of {}, {} new facts; nothing after them is written",
            self.tally.file, self.tally.counts.new
        );
        if let Err(failure) = self.tally.flush() {
            return failure;
        }
        match self.tally.stopped.take() {
            Some(Failure::Input(text)) => {
                self.tally.counts.add_rejects(seen);
                Failure::Input(format!(
                    "{text}\n{kept}\ncorrect the line and import the whole file again (what is known is not \
                     written twice), or use --on-error skip"
                ))
            }
            Some(failure) => {
                say(&kept);
                failure
            }
            None => Failure::Midway { error, kept },
        }
    }

    /// Reads lines into one commit.
    fn fill(&mut self, tx: &mut Tx) -> idweave::Result<()> {
        let (first, bytes) = (self.lines.number, self.lines.bytes);
        while self.lines.number - first < self.args.commit_every.get()
            && self.lines.bytes - bytes < COMMIT_BYTES_MAX
        {
            let number = self.lines.number + 1;
            let line = self.lines.read().map_err(|source| Error::Io {
                op: IoOp::Read,
                path: self.args.file.clone(),
                source,
            })?;
            let Some(line) = line else {
                self.ended = true;
                return Ok(());
            };
            let told = match fact_of(&line, number, &self.placeholders, self.args.batch.as_deref()) {
                Ok(fact) => tx.apply(&fact),
                Err(error) => Err(error),
            };
            self.tally.take(number, told, || text_of(&line))?;
        }
        Ok(())
    }
}

/// Says that every line so far is kept. Whoever asked for this and went away would lose count: an error.
fn acknowledge(out: &mut Out, seq: u64, line: u64) -> Result<(), Failure> {
    let written = out.json(&json!({"seq": seq, "line": line})).and_then(|()| out.flush());
    written.map_err(Failure::file("write the acknowledgement to", Path::new("stdout")))
}
