//! Where segments are written: files beside a journal, or rows of a key-value store.

use std::path::Path;
use std::sync::Arc;

use crate::error::Result;
use crate::journal::Place as FilePlace;
#[cfg(feature = "kv")]
use crate::kvlog::{KvPlace, remove_segment, segment_prefix};
use crate::segment::{Name, ReadMode, Segment, SegmentWriter};
use crate::vfs::Vfs;

/// Where segments are written, and what commits those are to cover that are written now.
#[derive(Debug, Clone)]
pub(crate) enum Place {
    /// Files.
    Files(FilePlace),
    /// Rows.
    #[cfg(feature = "kv")]
    Rows(KvPlace),
}

impl Place {
    /// The number of the next segment, as the home knows it.
    pub(crate) fn next_segment(&self) -> u64 {
        match self {
            Place::Files(place) => place.next_segment,
            #[cfg(feature = "kv")]
            Place::Rows(place) => place.next_segment,
        }
    }

    /// The random name of the database.
    pub(crate) fn uuid(&self) -> [u8; 16] {
        match self {
            Place::Files(place) => place.uuid,
            #[cfg(feature = "kv")]
            Place::Rows(place) => place.uuid,
        }
    }

    /// The files of the database, and its directory.
    pub(crate) fn files(&self) -> (&Arc<dyn Vfs>, &Path) {
        match self {
            Place::Files(place) => (&place.vfs, &place.dir),
            #[cfg(feature = "kv")]
            Place::Rows(place) => (&place.vfs, &place.dir),
        }
    }

    /// The place, if it is one of files.
    pub(crate) fn in_files(&self) -> Option<&FilePlace> {
        match self {
            Place::Files(place) => Some(place),
            #[cfg(feature = "kv")]
            Place::Rows(_) => None,
        }
    }

    /// Makes the directory of segments if there is to be one.
    pub(crate) fn make_dir(&self) -> Result<()> {
        match self {
            Place::Files(place) => place.make_dir(),
            #[cfg(feature = "kv")]
            Place::Rows(_) => Ok(()),
        }
    }

    /// Writes a segment and opens it; nothing is left of it after an error.
    pub(crate) fn write(
        &self,
        name: Name,
        read_mode: ReadMode,
        room: u64,
        write: impl FnOnce(SegmentWriter) -> Result<u64>,
    ) -> Result<Arc<Segment>> {
        let written = match self {
            Place::Files(place) => {
                let path = place.path(name.number);
                SegmentWriter::create(&place.vfs, &path, name, room).and_then(write).and_then(|_| {
                    place.sync_names()?;
                    Segment::open(&*place.vfs, &path, read_mode)
                })
            }
            #[cfg(feature = "kv")]
            Place::Rows(place) => {
                let prefix = segment_prefix(name.number);
                let begin = || {
                    // What was begun under this number and given up.
                    remove_segment(&place.rows, name.number)?;
                    Ok(SegmentWriter::in_rows(place.rows.clone(), prefix.clone(), name))
                };
                begin().and_then(write).and_then(|_| Segment::open_rows(place.rows.clone(), prefix.clone()))
            }
        };
        if written.is_err() {
            // The error that matters is the first; the next open removes what this leaves.
            drop(self.remove(name.number));
        }
        written.map(Arc::new)
    }

    /// Removes a segment that does not count.
    pub(crate) fn remove(&self, number: u64) -> Result<()> {
        match self {
            Place::Files(place) => place.vfs.remove(&place.path(number)),
            #[cfg(feature = "kv")]
            Place::Rows(place) => remove_segment(&place.rows, number),
        }
    }

    /// Where a segment goes that takes the place of all: a store keeps bytes of what is removed, so that there it is an
    /// empty one, which counts when the segment is installed.
    pub(crate) fn for_base(&self) -> Result<Place> {
        match self {
            Place::Files(_) => Ok(self.clone()),
            #[cfg(feature = "kv")]
            Place::Rows(place) => place.fresh().map(Place::Rows),
        }
    }

    /// Gives up a place for a base whose segment could not be written.
    pub(crate) fn abandon(&self) {
        match self {
            Place::Files(_) => {}
            // The next open removes what this leaves.
            #[cfg(feature = "kv")]
            Place::Rows(place) => drop(place.abandon()),
        }
    }
}
