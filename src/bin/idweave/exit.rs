//! How a command ends: its exit code and what stderr says.
//!
//! # Invariants
//!   X1 a reader that closes the pipe early ends an answering command quietly, with code 0.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use idweave::Error;
use idweave::error::AnswerError;

/// A command that ran to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Done {
    /// Yes, found, done.
    Yes,
    /// A lawful no.
    No,
    /// Some of the input was refused; it was listed.
    BadInput,
    /// `check` found something that does not hold; it was listed.
    Damaged,
}

impl Done {
    /// `Yes` or `No`.
    pub(crate) fn found(is_found: bool) -> Done {
        if is_found { Done::Yes } else { Done::No }
    }
}

/// Why a command could not run to its end.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The command line is wrong.
    Usage(String),
    /// The input is wrong.
    Input(String),
    /// The engine refused.
    Engine(Error),
    /// The same, with what had been done by then.
    Midway {
        /// The engine's error.
        error: Error,
        /// What is kept and what to do.
        kept: String,
    },
    /// A file other than the database's.
    File {
        /// What was being done.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// Stdout.
    Output(io::Error),
}

impl Failure {
    /// Wraps an error of a file other than the database's.
    pub(crate) fn file(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Failure {
        let path = path.to_owned();
        move |source| Failure::File { doing, path, source }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure::Engine(error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        Failure::Output(error)
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Failure {
        Failure::Output(error.into())
    }
}

/// The exit code, after stderr got the reason.
pub(crate) fn code(done: Result<Done, Failure>) -> ExitCode {
    ExitCode::from(match done {
        Ok(Done::Yes) => 0,
        Ok(Done::No) => 1,
        Ok(Done::BadInput) => 3,
        Ok(Done::Damaged) => 4,
        Err(Failure::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => 0,
        Err(failure) => {
            say(&text(&failure));
            number(&failure)
        }
    })
}

fn number(failure: &Failure) -> u8 {
    match failure {
        Failure::Usage(_) => 2,
        Failure::Input(_) => 3,
        Failure::Engine(error) | Failure::Midway { error, .. } => match error {
            Error::Corrupt { .. } | Error::FormatVersion { .. } => 4,
            Error::Answer(answer) if is_usage(answer) => 2,
            Error::InvalidId(_)
            | Error::InvalidFact(_)
            | Error::Parse { .. }
            | Error::ImplausibleTime
            | Error::Erased
            | Error::ScopeMismatch { .. }
            | Error::TooLarge { .. }
            | Error::NoSuchCommit { .. }
            | Error::NotUndone { .. }
            | Error::Answer(_) => 3,
            _ => 5,
        },
        Failure::File { .. } | Failure::Output(_) => 5,
    }
}

/// Whether an answer was refused for what the command line says about it.
fn is_usage(error: &AnswerError) -> bool {
    match error {
        AnswerError::UnknownSource | AnswerError::OptionMissing(_) | AnswerError::BadOption { .. } => true,
        AnswerError::BadId { field, .. } => field.starts_with("--"),
        _ => false,
    }
}

fn text(failure: &Failure) -> String {
    match failure {
        Failure::Usage(text) | Failure::Input(text) => text.clone(),
        Failure::Engine(error) => engine_text(error),
        Failure::Midway { error, kept } => format!("{}\n{kept}", engine_text(error)),
        Failure::File { doing, path, source } => format!("could not {doing} {}: {source}", path.display()),
        Failure::Output(error) => format!("could not write the answer: {error}"),
    }
}

/// An engine's error in full, and what to do about it where the error itself cannot know.
pub(crate) fn engine_text(error: &Error) -> String {
    let mut text = error.to_string();
    match error {
        Error::Io { source, .. } => {
            text.push_str(&format!(": {source}"));
            if matches!(
                source.kind(),
                io::ErrorKind::StorageFull | io::ErrorKind::FileTooLarge | io::ErrorKind::QuotaExceeded
            ) {
                text.push_str("; make room and run the command again, what was acknowledged is kept");
            }
        }
        Error::Locked { .. } => {
            text.push_str(
                " (one process at a time writes a database; commands that only read go on meanwhile)",
            );
        }
        Error::Answer(AnswerError::UnknownSource) => {
            text.push_str("; `idweave ingest --list` shows them all")
        }
        _ => {}
    }
    text
}

/// Says something on stderr; a stderr that is closed cannot be told about.
pub(crate) fn say(text: &str) {
    let mut stderr = io::stderr().lock();
    for line in text.lines() {
        if writeln!(stderr, "idweave: {line}").is_err() {
            return;
        }
    }
}
