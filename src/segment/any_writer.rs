//! Writes a segment, to a file or as rows of a key-value store.

use std::path::Path;
use std::sync::Arc;

use crate::error::Result;
#[cfg(feature = "kv")]
use crate::kv::Rows;
use crate::segment::any::Segment;
use crate::segment::format::{Counts, Name};
#[cfg(feature = "kv")]
use crate::segment::kept::KeptWriter;
use crate::segment::known::Record;
use crate::segment::record::{Family, Gone, Spaces};
use crate::segment::writer::FileWriter;
use crate::vfs::Vfs;

/// A segment being written. It is no segment, and what there is of it is to be removed, unless `finish` returns.
pub(crate) enum SegmentWriter {
    /// To a file.
    File(Box<FileWriter>),
    /// As rows.
    #[cfg(feature = "kv")]
    Kept(Box<KeptWriter>),
}

impl SegmentWriter {
    /// Begins a segment in a new file, on a medium that has room for about `room` bytes.
    pub(crate) fn create(vfs: &Arc<dyn Vfs>, path: &Path, name: Name, room: u64) -> Result<SegmentWriter> {
        FileWriter::create(vfs, path, name, room).map(|writer| SegmentWriter::File(Box::new(writer)))
    }

    /// Begins a segment in rows whose keys begin with `prefix`, under which there is nothing.
    #[cfg(feature = "kv")]
    pub(crate) fn in_rows(rows: Rows, prefix: Vec<u8>, name: Name) -> SegmentWriter {
        SegmentWriter::Kept(Box::new(KeptWriter::new(rows, prefix, name)))
    }

    /// Adds a family.
    pub(crate) fn add_family(&mut self, family: &Family) -> Result<()> {
        match self {
            SegmentWriter::File(writer) => writer.add_family(family),
            #[cfg(feature = "kv")]
            SegmentWriter::Kept(writer) => writer.add_family(family),
        }
    }

    /// Adds a number that is gone, and hides the id it named from what lies below.
    pub(crate) fn add_gone(&mut self, gone: &Gone) -> Result<()> {
        match self {
            SegmentWriter::File(writer) => writer.add_gone(gone),
            #[cfg(feature = "kv")]
            SegmentWriter::Kept(writer) => writer.add_gone(gone),
        }
    }

    /// Adds a family that lies in another segment as it is.
    pub(crate) fn copy_family(
        &mut self,
        from: &Segment,
        record: &Record<'_>,
        spaces: &impl Spaces,
    ) -> Result<()> {
        match self {
            SegmentWriter::File(writer) => writer.copy_family(from, record, spaces),
            #[cfg(feature = "kv")]
            SegmentWriter::Kept(writer) => writer.copy_family(from, record, spaces),
        }
    }

    /// Adds an entry of the table: a value, or that what lies below is gone. After the first no record comes.
    pub(crate) fn put(&mut self, key: &[u8], value: Option<&[u8]>) -> Result<()> {
        match self {
            SegmentWriter::File(writer) => writer.put(key, value),
            #[cfg(feature = "kv")]
            SegmentWriter::Kept(writer) => writer.put(key, value),
        }
    }

    /// Ends the segment and makes its bytes durable; its name is not yet. How many bytes it takes.
    pub(crate) fn finish(self, counts: Counts) -> Result<u64> {
        match self {
            SegmentWriter::File(writer) => writer.finish(counts),
            #[cfg(feature = "kv")]
            SegmentWriter::Kept(writer) => writer.finish(counts),
        }
    }
}
