//! Lines of a file or stdin, in bounded memory whatever the input holds.
//!
//! # Invariants
//!   N1 at most `line_len_max` bytes (and the reader's buffer) are held; the rest of a longer line is read
//!      and dropped.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use crate::exit::Failure;

/// One line, without its line break.
pub(crate) enum Line<'a> {
    /// Text.
    Text(&'a str),
    /// Bytes that are not UTF-8, and how many of them are.
    NotUtf8(&'a [u8], usize),
    /// Longer than the limit.
    TooLong,
}

/// The lines of an input.
pub(crate) struct Lines {
    reader: Box<dyn BufRead>,
    line_len_max: usize,
    buffer: Vec<u8>,
    /// The number of the last line read, from 1.
    pub(crate) number: u64,
    /// How many bytes were read.
    pub(crate) bytes: u64,
}

impl Lines {
    /// The lines of a file, or of stdin where the name is `-`.
    pub(crate) fn open(path: &Path, line_len_max: usize) -> Result<Lines, Failure> {
        let reader: Box<dyn BufRead> = if is_stdin(path) {
            Box::new(io::stdin().lock())
        } else {
            let file = File::open(path).map_err(Failure::file("open", path))?;
            Box::new(BufReader::with_capacity(1 << 16, file))
        };
        Ok(Lines { reader, line_len_max, buffer: Vec::new(), number: 0, bytes: 0 })
    }

    /// The next line; `None` at the end.
    pub(crate) fn read(&mut self) -> io::Result<Option<Line<'_>>> {
        self.buffer.clear();
        // Room for the line break, `\r\n` at most.
        let limit = self.line_len_max as u64 + 2;
        let taken = (&mut self.reader).take(limit).read_until(b'\n', &mut self.buffer)?;
        if taken == 0 {
            return Ok(None);
        }
        self.number += 1;
        self.bytes += taken as u64;
        let ended = self.buffer.last() == Some(&b'\n');
        if !ended && taken as u64 == limit {
            self.bytes += skip_line(&mut self.reader)?;
        }
        let line = self.buffer.strip_suffix(b"\n").unwrap_or(&self.buffer);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.len() > self.line_len_max {
            return Ok(Some(Line::TooLong));
        }
        Ok(Some(match std::str::from_utf8(line) {
            Ok(text) => Line::Text(text),
            Err(error) => Line::NotUtf8(line, error.valid_up_to()),
        }))
    }
}

/// Whether a file argument means stdin.
pub(crate) fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// A file argument as errors name it.
pub(crate) fn name_of(path: &Path) -> String {
    if is_stdin(path) { "stdin".to_owned() } else { path.display().to_string() }
}

/// Reads and drops the rest of a line; how many bytes that were.
fn skip_line(reader: &mut dyn BufRead) -> io::Result<u64> {
    let mut skipped = 0;
    loop {
        let available = match reader.fill_buf() {
            Ok(available) => available,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let end = available.iter().position(|byte| *byte == b'\n').map(|at| at + 1);
        let used = end.unwrap_or(available.len());
        reader.consume(used);
        skipped += used as u64;
        if end.is_some() || used == 0 {
            return Ok(skipped);
        }
    }
}

/// The whole of a file or stdin, or as much of it as shows that it is too large.
pub(crate) fn read_body(path: &Path, len_max: u64) -> Result<Vec<u8>, Failure> {
    let mut body = Vec::new();
    let read = if is_stdin(path) {
        io::stdin().lock().take(len_max + 1).read_to_end(&mut body)
    } else {
        let file = File::open(path).map_err(Failure::file("open", path))?;
        file.take(len_max + 1).read_to_end(&mut body)
    };
    read.map_err(Failure::file("read", path))?;
    Ok(body)
}
