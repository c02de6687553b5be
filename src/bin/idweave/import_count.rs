//! What an import counts, the lines it rejects, and where those go.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use idweave::Error;
use idweave::error::ParseRule;
use serde::Serialize;

use crate::exit::{Failure, engine_text};

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

    /// A line whose bytes are no line of text.
    pub(crate) fn unreadable(line: u64, offset: usize, rule: &ParseRule) -> Reject {
        Reject { line, column: offset as u64 + 1, rule: rule.to_string(), is_fact: false }
    }

    /// `file:line:column: rule`.
    pub(crate) fn text(&self, file: &str) -> String {
        format!("{file}:{}:{}: {}", self.line, self.column, self.rule)
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
