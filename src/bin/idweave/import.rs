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

use clap::{Args, ValueEnum};
use idweave::error::{IoOp, ParseRule};
use idweave::model::{Placeholders, validate};
use idweave::{Error, Fact, Graph, Op, Outcome, Tx, ndjson};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use crate::cli::Common;
use crate::database;
use crate::exit::{Done, Failure, say};
use crate::import_count::{Counts, Reject, RejectsFile};
use crate::lines::{Line, Lines, is_stdin, name_of};
use crate::moment;
use crate::output::Out;

/// Input after which a commit ends, well below what a journal frame holds.
const COMMIT_BYTES_MAX: u64 = 16 << 20;
/// Rejected lines that are listed on stderr one by one.
const LISTED_MAX: u64 = 20;

/// What a wrong line does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum OnError {
    /// It ends the import; its commit is not written
    Stop,
    /// It costs only itself
    Skip,
}

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
}

pub(crate) fn run(args: &ImportArgs, common: &Common, out: &mut Out) -> Result<Done, Failure> {
    check_batch(args.batch.as_deref())?;
    moment::now(common)?;
    let lines = Lines::open(&args.file, ndjson::LINE_LEN_MAX)?;
    let graph = database::open(common)?;
    let rejects = args.rejects.as_deref().map(RejectsFile::create).transpose()?;
    let mut import = Import {
        args,
        file: name_of(&args.file),
        lines,
        rejects,
        placeholders: Placeholders::default(),
        counts: Counts::default(),
        listed: 0,
        ended: false,
        stopped: None,
    };
    let progress = progress_of(args);
    let ended = import.commits(&graph, common, out, &progress);
    progress.finish_and_clear();
    let closed = graph.close();
    // The counts come even where the import ended early: they say what is committed.
    let reported = import.report(common, out);
    let done = ended?;
    closed?;
    reported.map(|()| done)
}

/// The label is checked once, before the first line.
fn check_batch(batch: Option<&str>) -> Result<(), Failure> {
    let Some(batch) = batch else { return Ok(()) };
    let op = Op::Mark { key: "batch".to_owned(), value: String::new() };
    let fact = Fact { at: idweave::Time::WECHAT_EPOCH, batch: Some(batch.to_owned()), op };
    validate(&fact).map_err(|rule| Failure::Usage(format!("--batch: {rule}")))
}

/// A bar on a terminal; nothing anywhere else.
fn progress_of(args: &ImportArgs) -> ProgressBar {
    if !std::io::stderr().is_terminal() || is_stdin(&args.file) {
        return ProgressBar::hidden();
    }
    let Ok(file) = std::fs::metadata(&args.file) else { return ProgressBar::hidden() };
    let bar = ProgressBar::new(file.len());
    let style = "{bar:30} {bytes}/{total_bytes} {bytes_per_sec} {msg}";
    ProgressStyle::with_template(style).map_or_else(|_| bar.clone(), |style| bar.clone().with_style(style))
}

/// An import under way.
struct Import<'a> {
    args: &'a ImportArgs,
    file: String,
    lines: Lines,
    rejects: Option<RejectsFile>,
    placeholders: Placeholders,
    counts: Counts,
    listed: u64,
    ended: bool,
    /// Why a commit was given up, where that was not the engine.
    stopped: Option<Failure>,
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
            let committed = self.counts;
            match graph.write(moment::now(common)?, |tx| self.fill(tx)) {
                Ok(commit) => {
                    last_line = self.lines.number;
                    if let Some(rejects) = &mut self.rejects {
                        rejects.flush()?;
                    }
                    progress.set_position(self.lines.bytes);
                    progress.set_message(format!("{} facts", self.counts.facts));
                    if self.args.ack {
                        acknowledge(out, commit.seq, last_line)?;
                    }
                }
                Err(error) => {
                    let seen = std::mem::replace(&mut self.counts, committed);
                    return Err(self.given_up(error, last_line, &seen));
                }
            }
        }
        let is_clean = self.counts.errors == 0 && self.counts.refused == 0;
        Ok(if is_clean { Done::Yes } else { Done::BadInput })
    }

    /// Why the import ends, and what it leaves.
    fn given_up(&mut self, error: Error, last_line: u64, seen: &Counts) -> Failure {
        let kept = format!(
            "committed: lines 1 to {last_line} of {}, {} new facts; nothing after them is written",
            self.file, self.counts.new
        );
        if let Some(rejects) = &mut self.rejects
            && let Err(failure) = rejects.flush()
        {
            return failure;
        }
        match self.stopped.take() {
            Some(Failure::Input(text)) => {
                self.counts.add_rejects(seen);
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
            let told = match &line {
                Line::Text(text) => {
                    let fact = ndjson::parse(text, number, &self.placeholders)
                        .map(|fact| labelled(fact, self.args.batch.as_deref()));
                    match fact.and_then(|fact| tx.apply(&fact)) {
                        Ok(outcome) => Ok(outcome),
                        Err(error @ Error::TooLarge { .. }) => return Err(error),
                        Err(error) => Err(Reject::new(number, &error)),
                    }
                }
                Line::NotUtf8(_, valid) => {
                    let rule = ParseRule::Json("the line is not UTF-8".to_owned());
                    Err(Reject::unreadable(number, *valid, &rule))
                }
                Line::TooLong => {
                    let rule = ParseRule::TooLong(ndjson::LINE_LEN_MAX);
                    Err(Reject::unreadable(number, ndjson::LINE_LEN_MAX, &rule))
                }
            };
            match told {
                Ok(outcome) => self.counts.add(outcome),
                Err(reject) => {
                    let text = match &line {
                        Line::Text(text) => Some((*text).to_owned()),
                        Line::NotUtf8(bytes, _) => Some(String::from_utf8_lossy(bytes).into_owned()),
                        Line::TooLong => None,
                    };
                    self.reject(&reject, text.as_deref())?;
                }
            }
        }
        Ok(())
    }

    /// Counts and lists a rejected line; with `stop` it ends the import.
    fn reject(&mut self, reject: &Reject, text: Option<&str>) -> idweave::Result<()> {
        self.counts.reject(reject);
        if let Some(rejects) = &mut self.rejects
            && let Err(failure) = rejects.write(reject, text)
        {
            self.stopped = Some(failure);
            return Err(Error::Poisoned);
        }
        if self.args.on_error == OnError::Stop {
            self.stopped = Some(Failure::Input(reject.text(&self.file)));
            return Err(Error::Poisoned);
        }
        self.listed += 1;
        if self.listed <= LISTED_MAX {
            say(&reject.text(&self.file));
        } else if self.listed == LISTED_MAX + 1 {
            say("more lines are rejected; --rejects FILE keeps them all");
        }
        Ok(())
    }

    fn report(&self, common: &Common, out: &mut Out) -> Result<(), Failure> {
        let Counts { facts, new, already_known, refused, errors } = self.counts;
        if common.json {
            out.json(&self.counts)?;
        } else {
            out.line(&format!(
                "{facts} facts: {new} new, {already_known} already known, {refused} refused; {errors} wrong lines"
            ))?;
        }
        Ok(())
    }
}

/// Says that every line so far is kept. Whoever asked for this and went away would lose count: an error.
fn acknowledge(out: &mut Out, seq: u64, line: u64) -> Result<(), Failure> {
    let written = out.json(&json!({"seq": seq, "line": line})).and_then(|()| out.flush());
    written.map_err(Failure::file("write the acknowledgement to", Path::new("stdout")))
}

/// A fact with the label of the import, unless it has one or cannot carry one.
fn labelled(mut fact: Fact, batch: Option<&str>) -> Fact {
    let can_carry = !matches!(fact.op, Op::Retract(_) | Op::Unretract(_));
    if fact.batch.is_none() && can_carry {
        fact.batch = batch.map(str::to_owned);
    }
    fact
}

impl Counts {
    /// The rejects of a commit that was given up are counted, its good facts are not.
    fn add_rejects(&mut self, seen: &Counts) {
        self.facts += seen.refused - self.refused;
        self.refused = seen.refused;
        self.errors = seen.errors;
    }

    fn add(&mut self, outcome: Outcome) {
        self.facts += 1;
        match outcome {
            Outcome::Recorded => self.new += 1,
            Outcome::AlreadyKnown => self.already_known += 1,
        }
    }

    fn reject(&mut self, reject: &Reject) {
        if reject.is_fact {
            self.facts += 1;
            self.refused += 1;
        } else {
            self.errors += 1;
        }
    }
}
