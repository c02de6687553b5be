//! Lines as facts: what an import or a build counts, the lines it rejects, and where those go.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use idweave::error::ParseRule;
use idweave::model::Placeholders;
use idweave::{Error, Fact, Op, Outcome, ndjson};
use serde::Serialize;

use crate::cli::Common;
use crate::exit::{Done, Failure, engine_text, say};
use crate::lines::Line;
use crate::output::{Out, count};

/// Rejected lines that are listed on stderr one by one.
const LISTED_MAX: u64 = 20;

/// What a wrong line does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum OnError {
    /// It ends the command; nothing is written of the commit that holds it
    Stop,
    /// It costs only itself
    Skip,
}

/// The fact of a line, with the label of the command unless it has one or cannot carry one.
pub(crate) fn fact_of(
    line: &Line<'_>,
    number: u64,
    placeholders: &Placeholders,
    batch: Option<&str>,
) -> idweave::Result<Fact> {
    let unreadable = |offset: usize, rule| Error::Parse { line: number, column: offset as u64 + 1, rule };
    let mut fact = match line {
        Line::Text(text) => ndjson::parse(text, number, placeholders)?,
        Line::NotUtf8(_, valid) => {
            return Err(unreadable(*valid, ParseRule::Json("the line is not UTF-8".to_owned())));
        }
        Line::TooLong => {
            return Err(unreadable(ndjson::LINE_LEN_MAX, ParseRule::TooLong(ndjson::LINE_LEN_MAX)));
        }
    };
    let can_carry = !matches!(fact.op, Op::Retract(_) | Op::Unretract(_));
    if fact.batch.is_none() && can_carry {
        fact.batch = batch.map(str::to_owned);
    }
    Ok(fact)
}

/// The text of a line, as far as it is any.
pub(crate) fn text_of(line: &Line<'_>) -> Option<String> {
    match line {
        Line::Text(text) => Some((*text).to_owned()),
        Line::NotUtf8(bytes, _) => Some(String::from_utf8_lossy(bytes).into_owned()),
        Line::TooLong => None,
    }
}

/// What became of the lines of an input.
pub(crate) struct Tally {
    /// The input as errors name it.
    pub(crate) file: String,
    on_error: OnError,
    rejects: Option<RejectsFile>,
    pub(crate) counts: Counts,
    listed: u64,
    /// Why the command gave up, where that was not the engine.
    pub(crate) stopped: Option<Failure>,
}

impl Tally {
    pub(crate) fn new(file: String, on_error: OnError, rejects: Option<RejectsFile>) -> Tally {
        Tally { file, on_error, rejects, counts: Counts::default(), listed: 0, stopped: None }
    }

    /// Counts what became of a line; `text` is the line, for the file of rejects.
    ///
    /// # Errors
    /// The store is full, or the command gives up (`stopped` says why).
    pub(crate) fn take(
        &mut self,
        number: u64,
        told: idweave::Result<Outcome>,
        text: impl FnOnce() -> Option<String>,
    ) -> idweave::Result<()> {
        match told {
            Ok(outcome) => {
                self.counts.add(outcome);
                Ok(())
            }
            Err(error) if ends_all(&error) => Err(error),
            Err(error) => self.reject(&Reject::new(number, &error), text),
        }
    }

    /// Counts and lists a rejected line; with `stop` it ends the command.
    fn reject(&mut self, reject: &Reject, text: impl FnOnce() -> Option<String>) -> idweave::Result<()> {
        self.counts.reject(reject);
        if let Some(rejects) = &mut self.rejects
            && let Err(failure) = rejects.write(reject, text().as_deref())
        {
            self.stopped = Some(failure);
            return Err(Error::Poisoned);
        }
        if self.on_error == OnError::Stop {
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

    /// Hands the file of rejects to the system.
    pub(crate) fn flush(&mut self) -> Result<(), Failure> {
        self.rejects.as_mut().map_or(Ok(()), RejectsFile::flush)
    }

    /// How a command ends that came to the end of its input.
    pub(crate) fn done(&self) -> Done {
        if self.counts.errors == 0 && self.counts.refused == 0 { Done::Yes } else { Done::BadInput }
    }

    pub(crate) fn report(&self, common: &Common, out: &mut Out) -> Result<(), Failure> {
        let Counts { facts, new, already_known, refused, errors } = self.counts;
        if common.json {
            out.json(&self.counts)?;
        } else {
            let facts = count(usize::try_from(facts).unwrap_or(usize::MAX), "fact");
            let errors = count(usize::try_from(errors).unwrap_or(usize::MAX), "wrong line");
            out.line(&format!(
                "{facts}: {new} new, {already_known} already known, {refused} refused; {errors}"
            ))?;
        }
        Ok(())
    }
}

/// Whether an error speaks of more than the line at hand.
fn ends_all(error: &Error) -> bool {
    matches!(
        error,
        Error::TooLarge { .. }
            | Error::Io { .. }
            | Error::Corrupt { .. }
            | Error::Broken
            | Error::Poisoned
            | Error::Internal { .. }
    )
}

/// The counts that an import ends with: `facts` = `new` + `already_known` + `refused`.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub(crate) struct Counts {
    /// Lines that are facts.
    pub(crate) facts: u64,
    /// Facts that were written.
    pub(crate) new: u64,
    /// Facts that the graph knew.
    pub(crate) already_known: u64,
    /// Facts that the graph refused.
    pub(crate) refused: u64,
    /// Lines that are no facts.
    pub(crate) errors: u64,
}

/// A line that was not taken.
#[derive(Debug)]
pub(crate) struct Reject {
    pub(crate) line: u64,
    /// In bytes, from 1.
    pub(crate) column: u64,
    pub(crate) rule: String,
    /// The line is a fact; the graph refused it.
    pub(crate) is_fact: bool,
}

impl Reject {
    /// From what the engine said about a line.
    pub(crate) fn new(line: u64, error: &Error) -> Reject {
        match error {
            Error::Parse { line, column, rule } => {
                Reject { line: *line, column: *column, rule: rule.to_string(), is_fact: false }
            }
            refused => Reject { line, column: 1, rule: engine_text(refused), is_fact: true },
        }
    }

    /// `file:line:column: rule`.
    pub(crate) fn text(&self, file: &str) -> String {
        format!("{file}:{}:{}: {}", self.line, self.column, self.rule)
    }
}

impl Counts {
    /// The rejects of a commit that was given up are counted, its good facts are not.
    pub(crate) fn add_rejects(&mut self, seen: &Counts) {
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

#[derive(Serialize)]
struct RejectLine<'a> {
    line: u64,
    column: u64,
    rule: &'a str,
    /// The line; null where it is longer than a line may be.
    text: Option<&'a str>,
}

/// The file of rejected lines. It holds ids, so nobody but its owner reads it.
pub(crate) struct RejectsFile {
    path: PathBuf,
    writer: BufWriter<File>,
}

impl RejectsFile {
    pub(crate) fn create(path: &Path) -> Result<RejectsFile, Failure> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(path).map_err(Failure::file("create", path))?;
        Ok(RejectsFile { path: path.to_owned(), writer: BufWriter::new(file) })
    }

    pub(crate) fn write(&mut self, reject: &Reject, text: Option<&str>) -> Result<(), Failure> {
        let Reject { line, column, rule, .. } = reject;
        let line = RejectLine { line: *line, column: *column, rule, text };
        let written = serde_json::to_writer(&mut self.writer, &line).map_err(std::io::Error::from);
        written.and_then(|()| self.writer.write_all(b"\n")).map_err(Failure::file("write", &self.path))
    }

    pub(crate) fn flush(&mut self) -> Result<(), Failure> {
        self.writer.flush().map_err(Failure::file("write", &self.path))
    }
}
