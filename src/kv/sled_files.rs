//! The files of sled, looked at from outside: generations, leftovers, lengths, and flushing them.
//!
//! sled does its own I/O, so that this does too, beside `vfs`.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::error::{Error, IoOp, Result};

const PREFIX: &str = "kv-";

/// The directory of a generation.
pub(super) fn generation_path(dir: &Path, generation: u64) -> PathBuf {
    dir.join(format!("{PREFIX}{generation:010}"))
}

/// Every entry of a directory.
fn entries(dir: &Path) -> Result<Vec<PathBuf>> {
    let failed = |source| Error::io(IoOp::Stat, dir, source);
    let entries = fs::read_dir(dir).map_err(failed)?;
    entries.map(|entry| entry.map(|entry| entry.path()).map_err(failed)).collect()
}

/// The generations in a directory.
pub(super) fn generations(dir: &Path) -> Result<Vec<u64>> {
    let number = |path: PathBuf| path.file_name()?.to_str()?.strip_prefix(PREFIX)?.parse().ok();
    Ok(entries(dir)?.into_iter().filter_map(number).collect())
}

/// Removes a directory and what is in it, if it is there.
pub(super) fn remove_all(path: &Path) -> Result<()> {
    match fs::remove_dir_all(path) {
        Err(source) if source.kind() != ErrorKind::NotFound => Err(Error::io(IoOp::Remove, path, source)),
        _ => Ok(()),
    }
}

/// Removes snapshots that sled began and did not finish. They never had their names: nothing is lost with them.
pub(super) fn remove_unfinished(path: &Path) -> Result<()> {
    for entry in entries(path)? {
        if entry.extension().is_some_and(|extension| extension == "generating") {
            fs::remove_file(&entry).map_err(|source| Error::io(IoOp::Remove, &entry, source))?;
        }
    }
    Ok(())
}

/// Flushes a file, or the names in a directory.
pub(super) fn sync_file(path: &Path) -> Result<()> {
    let synced = File::open(path).and_then(|file| file.sync_all());
    synced.map_err(|source| Error::io(IoOp::Sync, path, source))
}

/// Flushes every file in a directory, and their names.
pub(super) fn sync_all_in(path: &Path) -> Result<()> {
    entries(path)?.iter().filter(|entry| entry.is_file()).try_for_each(|entry| sync_file(entry))?;
    sync_file(path)
}

/// The lengths of the files in a directory and one below it.
pub(super) fn dir_bytes(path: &Path) -> Result<u64> {
    let mut bytes = 0;
    for entry in entries(path)? {
        let meta = fs::metadata(&entry).map_err(|source| Error::io(IoOp::Stat, &entry, source))?;
        bytes += if meta.is_dir() { dir_bytes(&entry)? } else { meta.len() };
    }
    Ok(bytes)
}
