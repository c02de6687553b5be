//! Where an export lies: a directory with a folder for each table, and a summary that says that it is whole.
//!
//! # Order
//!   parts are written under unfinished names and made durable; then the old summary goes, then old parts, then the new
//!   parts get their names, then the new summary does. So who finds a summary finds the parts it tells of, and until an
//!   export is complete the one before it is untouched.

use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::export::output::Output;
use crate::export::schema::Table;
use crate::export::write::Format;
use crate::vfs::Vfs;

/// What the names of parts begin with.
const PART: &str = "part-";
/// What the names of files end with until they are whole.
const UNFINISHED: &str = ".unfinished";
/// The summary.
const SUMMARY: &str = "export.json";

/// A directory for an export.
pub(in crate::export) struct Place<'v> {
    vfs: &'v dyn Vfs,
    dir: PathBuf,
}

/// The name of a part.
pub(in crate::export) fn part_name(number: u64, format: Format) -> String {
    format!("{PART}{number:05}.{}", format.name())
}

/// The name of a file until it is whole.
pub(in crate::export) fn unfinished(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(UNFINISHED);
    path.with_file_name(name)
}

/// Whether a file of this name is one that exports write.
fn is_part(name: &str) -> bool {
    let Some(number) = name.strip_prefix(PART) else { return false };
    Format::ALL.iter().any(|format| {
        let number = number.strip_suffix(format.name()).and_then(|number| number.strip_suffix('.'));
        number.is_some_and(|number| number.len() >= 5 && number.bytes().all(|byte| byte.is_ascii_digit()))
    })
}

impl<'v> Place<'v> {
    /// Makes the directory if it is missing, and clears away what an export left that did not come to its end.
    ///
    /// # Errors
    /// `AlreadyExists` if there is anything else: files that no export wrote, or, unless it may be replaced, an export.
    pub(in crate::export) fn prepare(vfs: &'v dyn Vfs, dir: &Path, replaces: bool) -> Result<Place<'v>> {
        vfs.create_dir(dir)?;
        let place = Place { vfs, dir: dir.to_owned() };
        let occupied = || Error::AlreadyExists { path: dir.to_owned() };
        for name in vfs.list(dir)? {
            let table = Table::ALL.into_iter().find(|table| table.name() == name);
            match table {
                Some(table) => {
                    for name in vfs.list(&place.folder(table))? {
                        let is_left = name.strip_suffix(UNFINISHED).is_some_and(is_part);
                        if !(is_left || (replaces && is_part(&name))) {
                            return Err(occupied());
                        }
                    }
                }
                None if name == SUMMARY && replaces => {}
                None if name.strip_suffix(UNFINISHED) == Some(SUMMARY) => {}
                None => return Err(occupied()),
            }
        }
        place.clear()?;
        Ok(place)
    }

    pub(in crate::export) fn vfs(&self) -> &'v dyn Vfs {
        self.vfs
    }

    pub(in crate::export) fn folder(&self, table: Table) -> PathBuf {
        self.dir.join(table.name())
    }

    pub(in crate::export) fn make_folder(&self, table: Table) -> Result<()> {
        self.vfs.create_dir(&self.folder(table))
    }

    /// The folders that are there.
    fn folders(&self) -> Result<Vec<PathBuf>> {
        let names = self.vfs.list(&self.dir)?;
        let is_there = |table: &Table| names.iter().any(|name| name == table.name());
        Ok(Table::ALL.into_iter().filter(is_there).map(|table| self.folder(table)).collect())
    }

    /// Removes files that are not whole.
    pub(in crate::export) fn clear(&self) -> Result<()> {
        for folder in self.folders()? {
            for name in self.vfs.list(&folder)? {
                if name.strip_suffix(UNFINISHED).is_some_and(is_part) {
                    self.vfs.remove(&folder.join(name))?;
                }
            }
        }
        let summary = unfinished(&self.dir.join(SUMMARY));
        if self.vfs.exists(&summary)? { self.vfs.remove(&summary) } else { Ok(()) }
    }

    /// Gives what was written its names.
    pub(in crate::export) fn publish(&self, summary: &[u8]) -> Result<()> {
        let path = self.dir.join(SUMMARY);
        if self.vfs.exists(&path)? {
            self.vfs.remove(&path)?;
            self.vfs.sync_dir(&self.dir)?;
        }
        for folder in self.folders()? {
            let names = self.vfs.list(&folder)?;
            for name in names.iter().filter(|name| is_part(name)) {
                self.vfs.remove(&folder.join(name))?;
            }
            for name in names {
                if let Some(whole) = name.strip_suffix(UNFINISHED) {
                    self.vfs.rename(&folder.join(&name), &folder.join(whole))?;
                }
            }
            self.vfs.sync_dir(&folder)?;
        }
        let mut out = Output::create(self.vfs, &unfinished(&path))?;
        let failure = out.failure();
        std::io::Write::write_all(&mut out, summary).map_err(|_| failure.or("the summary"))?;
        out.finish()?;
        self.vfs.rename(&unfinished(&path), &path)?;
        self.vfs.sync_dir(&self.dir)
    }
}
