//! The names of the journal's files.

use std::path::{Path, PathBuf};

use crate::error::Result;
use crate::vfs::Vfs;

/// Digits in the name of a log file.
const NUMBER_DIGITS: usize = 10;
const SPILL_PREFIX: &str = "spill-";
const UNFINISHED: &str = "unfinished";
const CONVERTING: &str = "CONVERTING";
#[cfg(feature = "kv")]
const CONVERTING_NEW: &str = "CONVERTING.new";

pub(crate) fn lock(dir: &Path) -> PathBuf {
    dir.join("LOCK")
}

pub(crate) fn manifest(dir: &Path) -> PathBuf {
    dir.join("MANIFEST")
}

/// The manifest while a database is created; renamed when it is whole.
pub(crate) fn manifest_new(dir: &Path) -> PathBuf {
    dir.join("MANIFEST.new")
}

/// How far a conversion into this directory has come.
pub(crate) fn converting(dir: &Path) -> PathBuf {
    dir.join(CONVERTING)
}

/// The same while it is written anew.
#[cfg(feature = "kv")]
pub(crate) fn converting_new(dir: &Path) -> PathBuf {
    dir.join(CONVERTING_NEW)
}

/// Whether a conversion that was cut short may have left something of this name.
pub(crate) fn is_of_conversion(name: &str) -> bool {
    [CONVERTING, "feed", "PUBLISHED"].contains(&name)
}

pub(crate) fn journal(dir: &Path) -> PathBuf {
    dir.join("journal")
}

pub(crate) fn mark(dir: &Path) -> PathBuf {
    dir.join("journal").join("MARK")
}

pub(crate) fn segments(dir: &Path) -> PathBuf {
    dir.join("segments")
}

pub(crate) fn segment_in(segments: &Path, number: u64) -> PathBuf {
    segments.join(format!("{number:0NUMBER_DIGITS$}.seg"))
}

/// The segment that a database is to begin with, while it is written.
pub(crate) fn unfinished_in(segments: &Path) -> PathBuf {
    segments.join(UNFINISHED)
}

/// A part of a bulk load, while it goes on.
pub(crate) fn spill_in(segments: &Path, number: u64) -> PathBuf {
    segments.join(format!("{SPILL_PREFIX}{number}"))
}

/// Whether a file of this name, beside segments, is a spill.
pub(crate) fn is_spill(name: &str) -> bool {
    name.starts_with(SPILL_PREFIX)
}

/// Whether a file of this name was left beside segments by a bulk load or a restoration that was cut short.
pub(crate) fn is_leftover(name: &str) -> bool {
    is_spill(name) || name == UNFINISHED
}

/// The number of a segment by its file's name.
pub(crate) fn segment_number(name: &str) -> Option<u64> {
    number_before(name, ".seg")
}

pub(crate) fn log(dir: &Path, number: u64) -> PathBuf {
    dir.join("journal").join(format!("{number:0NUMBER_DIGITS$}.log"))
}

/// The numbers of the log files that are there, ascending. Files of other names are not ours.
pub(crate) fn log_numbers(vfs: &dyn Vfs, dir: &Path) -> Result<Vec<u64>> {
    let mut numbers: Vec<u64> = vfs.list(&journal(dir))?.iter().filter_map(|name| log_number(name)).collect();
    numbers.sort_unstable();
    Ok(numbers)
}

fn log_number(name: &str) -> Option<u64> {
    number_before(name, ".log")
}

fn number_before(name: &str, suffix: &str) -> Option<u64> {
    let digits = name.strip_suffix(suffix)?;
    let plain = digits.len() >= NUMBER_DIGITS && digits.bytes().all(|b| b.is_ascii_digit());
    // A number has one name only: no second file may claim it with more zeros in front.
    let canonical = digits.len() == NUMBER_DIGITS || !digits.starts_with('0');
    if plain && canonical { digits.parse().ok() } else { None }
}
