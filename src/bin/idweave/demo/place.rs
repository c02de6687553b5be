//! The database of the demo: the one that was named, or one that goes away again.

use std::path::PathBuf;

use crate::cli::Common;

/// The database of the demo.
pub(crate) enum Place {
    /// The one that was named; it stays.
    Named(PathBuf),
    /// One for this run only; it is removed.
    Temporary(PathBuf),
}

impl Place {
    /// The one the arguments name, or a temporary one.
    pub(crate) fn of(common: &Common) -> Place {
        match &common.db {
            Some(dir) => Place::Named(dir.clone()),
            None => {
                Place::Temporary(std::env::temp_dir().join(format!("idweave-demo-{}", std::process::id())))
            }
        }
    }

    /// Its directory.
    pub(crate) fn dir(&self) -> &PathBuf {
        match self {
            Place::Named(dir) | Place::Temporary(dir) => dir,
        }
    }

    /// How people call it.
    pub(crate) fn name(&self) -> String {
        match self {
            Place::Named(dir) => dir.display().to_string(),
            Place::Temporary(_) => "a temporary database".to_owned(),
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Place::Temporary(dir) = self {
            // Left-over files of a demo are no reason to fail.
            drop(std::fs::remove_dir_all(dir));
        }
    }
}
