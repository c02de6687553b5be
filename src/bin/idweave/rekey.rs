//! `rekey`: many ids get another one at once: lists of changed openids, renamed userids, converted chat ids, upgraded ids.
//!
//! The input has two columns, `old,new`, values only: kind and scope are those of the command line. Every line becomes a
//! supersede, or a link where both ids stay valid.
//!
//! # Invariants
//!   R1 all lines of a job are observed at one time, which its mark keeps: a job that is run again tells the same facts,
//!      and what is known is not written twice.
//!   R2 the mark says how many lines are committed and what they were; it is written with them. A job that was stopped
//!      goes on behind them, unless they are others now: then it begins anew.

use std::num::NonZeroU64;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use idweave::error::{IoOp, ParseRule};
use idweave::{Error, Fact, Graph, Id, KindScope, Op, Read, Time, Tx};
use sha2::{Digest, Sha256};

use crate::cli::Common;
use crate::csv;
use crate::database;
use crate::dry_run;
use crate::exit::{Done, Failure, say};
use crate::import::{check_batch, progress_of};
use crate::lines::{Line, Lines, is_stdin, name_of};
use crate::moment;
use crate::output::{Out, count};
use crate::tally::{OnError, RejectsFile, Tally, text_of};

/// More than two ids are long, quoted.
const LINE_LEN_MAX: usize = 1_024;

/// What becomes of the old ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Becomes {
    /// The old id is dead: changeopenid, a renamed userid, a converted chat id
    Supersede,
    /// Both stay valid: an id upgrade, the own view and a provider's
    Same,
}

#[derive(Debug, Args)]
pub(crate) struct RekeyArgs {
    /// File with two columns, old,new, or - for stdin
    #[arg(value_name = "FILE|-")]
    file: PathBuf,
    /// Kind and scope of the old ids
    #[arg(long, value_name = "KIND:SCOPE")]
    from_scope: String,
    /// Kind and scope of the new ids
    #[arg(long, value_name = "KIND:SCOPE")]
    to_scope: String,
    /// What becomes of the old ids
    #[arg(long, value_enum)]
    kind: Becomes,
    /// Who says so
    #[arg(long, value_name = "SOURCE", default_value = "import.rekey")]
    source: String,
    /// When it was observed; of a job that was begun before, its own time
    #[arg(long, value_name = "T")]
    at: Option<String>,
    /// The name of the job, under which its progress is kept; without one, the name of the file
    #[arg(long, value_name = "NAME")]
    job: Option<String>,
    /// The first line names the columns
    #[arg(long)]
    header: bool,
    /// What a wrong line does
    #[arg(long, value_enum, default_value_t = OnError::Stop)]
    on_error: OnError,
    /// Write each rejected line with its reason to this file
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,
    /// Lines in one commit
    #[arg(long, value_name = "N", default_value_t = NonZeroU64::MIN.saturating_add(999))]
    commit_every: NonZeroU64,
    /// Label the facts with this batch, so that one retraction takes them all back
    #[arg(long, value_name = "NAME")]
    batch: Option<String>,
    /// Write nothing: print what the rest of the job would change about identities, as one commit
    #[arg(long)]
    dry_run: bool,
}

pub(crate) fn run(args: &RekeyArgs, common: &Common, out: &mut Out) -> Result<Done, Failure> {
    check_batch(args.batch.as_deref())?;
    let space = |option: &str, text: &str| {
        text.parse::<KindScope>().map_err(|rule| Failure::Usage(format!("{option}: {rule}")))
    };
    let now = moment::now(common)?;
    let lines = Lines::open(&args.file, LINE_LEN_MAX)?;
    let graph = database::open(common)?;
    let rejects = args.rejects.as_deref().map(RejectsFile::create).transpose()?;
    let mark = mark_of(args)?;
    let begun = graph.view().mark(&mark)?.and_then(|value| Progress::parse(&value));
    let asked = args.at.as_deref().map(|text| moment::parse("--at", text)).transpose()?;
    let at = asked.or(begun.as_ref().map(|begun| begun.at)).unwrap_or(now);
    let job = Job {
        from: space("--from-scope", &args.from_scope)?,
        to: space("--to-scope", &args.to_scope)?,
        becomes: args.kind,
        source: args.source.clone(),
        batch: args.batch.clone(),
        at,
    };
    let mut rekey = Rekey {
        args,
        job,
        mark,
        lines,
        seen: Sha256::new(),
        tally: Tally::new(name_of(&args.file), args.on_error, rejects),
        ended: false,
    };
    // Only a job of the same time told the same facts.
    if let Some(begun) = begun.filter(|begun| begun.at == at) {
        rekey.skip(&begun)?;
    }
    let done = if args.dry_run { rekey.dry_run(&graph, common, out) } else { rekey.commits(&graph, common) };
    let closed = graph.close();
    let reported = rekey.tally.report(common, out);
    let done = done?;
    closed?;
    reported.map(|()| done)
}

/// The key of the job's mark.
fn mark_of(args: &RekeyArgs) -> Result<String, Failure> {
    let file = args.file.file_name().map(|name| name.to_string_lossy().into_owned());
    let job = match (&args.job, file) {
        (Some(job), _) => job.clone(),
        (None, Some(name)) if !is_stdin(&args.file) => name,
        _ => return Err(Failure::Usage("--job: a job that reads stdin needs a name".to_owned())),
    };
    Ok(format!("rekey {} {} {job}", args.from_scope, args.to_scope))
}

/// What the facts of a job have in common.
struct Job {
    from: KindScope,
    to: KindScope,
    becomes: Becomes,
    source: String,
    batch: Option<String>,
    at: Time,
}

impl Job {
    /// The fact of a line.
    fn fact(&self, line: &Line<'_>, number: u64) -> idweave::Result<Fact> {
        let wrong = |column: usize, rule| Error::Parse { line: number, column: column as u64 + 1, rule };
        let expected = |expected| ParseRule::WrongType { field: "line".to_owned(), expected };
        let text = match line {
            Line::Text(text) => text,
            Line::NotUtf8(_, valid) => return Err(wrong(*valid, expected("UTF-8"))),
            Line::TooLong => return Err(wrong(LINE_LEN_MAX, ParseRule::TooLong(LINE_LEN_MAX))),
        };
        let (old, new) = csv::two(text).ok_or_else(|| wrong(0, expected("two columns, old,new")))?;
        let id = |column: &str, space: &KindScope, value: &str| {
            let field = column.to_owned();
            Id::in_space(space, value).map_err(|rule| wrong(0, ParseRule::Id { field, rule }))
        };
        let (old, new) = (id("old", &self.from, &old)?, id("new", &self.to, &new)?);
        let (source, strength, event) = (self.source.clone(), None, None);
        let op = match self.becomes {
            Becomes::Supersede => Op::Supersede { old, new, source, strength, event },
            Becomes::Same => Op::Link { a: old, b: new, source, strength, event, expires_at: None },
        };
        Ok(Fact { at: self.at, batch: self.batch.clone(), op })
    }
}

/// How far a job has come.
struct Progress {
    lines: u64,
    at: Time,
    /// Of the lines.
    digest: String,
}

impl Progress {
    /// Of two values of one time the greater text counts, which is the one further on.
    fn print(&self) -> String {
        format!("{:012} {} {}", self.lines, self.at.ms(), self.digest)
    }

    fn parse(value: &str) -> Option<Progress> {
        let mut words = value.split(' ');
        let (lines, at, digest) = (words.next()?, words.next()?, words.next()?);
        let (lines, at) = (lines.parse().ok()?, Time::from_ms(at.parse().ok()?));
        Some(Progress { lines, at, digest: digest.to_owned() })
    }
}

/// A job under way.
struct Rekey<'a> {
    args: &'a RekeyArgs,
    job: Job,
    mark: String,
    lines: Lines,
    /// The lines read so far.
    seen: Sha256,
    tally: Tally,
    ended: bool,
}

impl Rekey<'_> {
    /// Goes on behind the lines that are committed, if they are the same.
    fn skip(&mut self, begun: &Progress) -> Result<(), Failure> {
        if is_stdin(&self.args.file) {
            // Known facts are not written twice; a pipe cannot be read again where the lines are others.
            return Ok(());
        }
        while self.lines.number < begun.lines && self.read()?.is_some() {}
        if self.lines.number == begun.lines && digest(&self.seen) == begun.digest {
            say(&format!("{} are committed already", count_of(begun.lines)));
            return Ok(());
        }
        say("the lines that were committed are others now: the job begins anew");
        self.lines = Lines::open(&self.args.file, LINE_LEN_MAX)?;
        self.seen = Sha256::new();
        Ok(())
    }

    fn read(&mut self) -> idweave::Result<Option<Line<'_>>> {
        let path = &self.args.file;
        let io = |source| Error::Io { op: IoOp::Read, path: path.clone(), source };
        let line = self.lines.read().map_err(io)?;
        if let Some(line) = &line {
            let bytes = match line {
                Line::Text(text) => text.as_bytes(),
                Line::NotUtf8(bytes, _) => bytes,
                Line::TooLong => b"",
            };
            self.seen.update((bytes.len() as u64).to_le_bytes());
            self.seen.update(bytes);
        }
        Ok(line)
    }

    fn commits(&mut self, graph: &Graph, common: &Common) -> Result<Done, Failure> {
        let progress = progress_of(std::slice::from_ref(&self.args.file));
        let mut last_line = self.lines.number;
        while !self.ended {
            let committed = self.tally.counts;
            let now = moment::now(common)?;
            match graph.write(now, |tx| self.fill(tx, now)) {
                Ok(_) => {
                    last_line = self.lines.number;
                    self.tally.flush()?;
                    progress.set_position(self.lines.bytes);
                }
                Err(error) => {
                    progress.finish_and_clear();
                    let seen = std::mem::replace(&mut self.tally.counts, committed);
                    self.tally.counts.add_rejects(&seen);
                    let kept = format!("committed: {} of {}", count_of(last_line), self.tally.file);
                    self.tally.flush()?;
                    return Err(match self.tally.stopped.take() {
                        Some(Failure::Input(text)) => Failure::Input(format!("{text}\n{kept}")),
                        Some(failure) => failure,
                        None => Failure::Midway { error, kept },
                    });
                }
            }
        }
        progress.finish_and_clear();
        Ok(self.tally.done())
    }

    /// Tells what the rest of the lines would change.
    fn dry_run(&mut self, graph: &Graph, common: &Common, out: &mut Out) -> Result<Done, Failure> {
        let now = moment::now(common)?;
        let fill = |tx: &mut Tx| {
            while !self.ended {
                self.fill(tx, now)?;
            }
            Ok(())
        };
        match graph.what_if(now, fill) {
            Ok(foreseen) => dry_run::tell(&foreseen, common, out)?,
            Err(error) => return Err(self.tally.stopped.take().unwrap_or(Failure::Engine(error))),
        }
        Ok(self.tally.done())
    }

    /// Reads lines into one commit, with the mark that says so.
    fn fill(&mut self, tx: &mut Tx, now: Time) -> idweave::Result<()> {
        let first = self.lines.number;
        while self.lines.number - first < self.args.commit_every.get() {
            let number = self.lines.number + 1;
            // The job is looked at while the line borrows the lines.
            let Some(line) = self.read()?.map(Owned::of) else {
                self.ended = true;
                break;
            };
            if number == 1 && self.args.header {
                continue;
            }
            let line = line.line();
            let told = self.job.fact(&line, number).and_then(|fact| tx.apply(&fact));
            self.tally.take(number, told, || text_of(&line))?;
        }
        if self.lines.number > first {
            let progress = Progress { lines: self.lines.number, at: self.job.at, digest: digest(&self.seen) };
            let op = Op::Mark { key: self.mark.clone(), value: progress.print() };
            tx.apply(&Fact { at: now, batch: None, op }).map(drop)?;
        }
        Ok(())
    }
}

/// A line that outlives the next one.
enum Owned {
    Text(String),
    NotUtf8(Vec<u8>, usize),
    TooLong,
}

impl Owned {
    fn of(line: Line<'_>) -> Owned {
        match line {
            Line::Text(text) => Owned::Text(text.to_owned()),
            Line::NotUtf8(bytes, valid) => Owned::NotUtf8(bytes.to_vec(), valid),
            Line::TooLong => Owned::TooLong,
        }
    }

    fn line(&self) -> Line<'_> {
        match self {
            Owned::Text(text) => Line::Text(text),
            Owned::NotUtf8(bytes, valid) => Line::NotUtf8(bytes, *valid),
            Owned::TooLong => Line::TooLong,
        }
    }
}

fn digest(seen: &Sha256) -> String {
    let bytes = seen.clone().finalize();
    bytes.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

fn count_of(lines: u64) -> String {
    count(usize::try_from(lines).unwrap_or(usize::MAX), "line")
}
