//! A segment however it is kept: in a file, or as rows of a key-value store.

use std::path::Path;

use crate::codec::What;
use crate::error::{Error, Result};
#[cfg(feature = "kv")]
use crate::kv::Rows;
use crate::model::{Id, KindScope};
use crate::records::{NodeNo, Pair, Sym};
#[cfg(feature = "kv")]
use crate::segment::bytes::Piece;
use crate::segment::bytes::ReadMode;
use crate::segment::file::{FileSegment, Places};
use crate::segment::format::{Counts, Name};
#[cfg(feature = "kv")]
use crate::segment::kept::KeptSegment;
use crate::segment::known::{Known, Record, Tail};
use crate::segment::record::{Family, Glance, Key, Member, Spaces, take_family, take_pairs_alone};
use crate::segment::sorted::Sorted;
use crate::segment::verify::Read;
use crate::vfs::Vfs;

/// An open segment.
#[derive(Debug)]
pub(crate) enum Segment {
    /// In a file.
    File(FileSegment),
    /// As rows of a key-value store.
    #[cfg(feature = "kv")]
    Kept(KeptSegment),
}

impl Segment {
    /// Opens a segment in a file: its header is checked, and that its parts lie in the file.
    pub(crate) fn open(vfs: &dyn Vfs, path: &Path, mode: ReadMode) -> Result<Segment> {
        FileSegment::open(vfs, path, mode).map(Segment::File)
    }

    /// Opens a segment in rows whose keys begin with `prefix`.
    #[cfg(feature = "kv")]
    pub(crate) fn open_rows(rows: Rows, prefix: Vec<u8>) -> Result<Segment> {
        KeptSegment::open(rows, prefix).map(Segment::Kept)
    }

    /// Which segment this is.
    pub(crate) fn name(&self) -> &Name {
        match self {
            Segment::File(file) => file.name(),
            #[cfg(feature = "kv")]
            Segment::Kept(kept) => kept.name(),
        }
    }

    /// What it says of the graph as a whole.
    pub(crate) fn counts(&self) -> &Counts {
        match self {
            Segment::File(file) => &file.header().counts,
            #[cfg(feature = "kv")]
            Segment::Kept(kept) => kept.counts(),
        }
    }

    /// How many bytes it takes.
    pub(crate) fn bytes(&self) -> u64 {
        match self {
            Segment::File(file) => file.header().file_len,
            #[cfg(feature = "kv")]
            Segment::Kept(kept) => kept.bytes(),
        }
    }

    /// How many numbers it has room for, at most.
    pub(crate) fn number_room(&self) -> u64 {
        match self {
            Segment::File(file) => file.header().number_room(),
            #[cfg(feature = "kv")]
            Segment::Kept(kept) => kept.number_room(),
        }
    }

    /// The table.
    pub(crate) fn table(&self) -> Result<Sorted<'_>> {
        match self {
            Segment::File(file) => file.table().map(Sorted::Blocks),
            #[cfg(feature = "kv")]
            Segment::Kept(kept) => Ok(Sorted::Rows(kept)),
        }
    }

    /// Whether it may say which side records name an id: looked up once.
    pub(crate) fn has_mentions(&self) -> Result<bool> {
        match self {
            Segment::File(file) => file.has_mentions(),
            #[cfg(feature = "kv")]
            Segment::Kept(kept) => kept.has_mentions(),
        }
    }

    /// The error for damage found at `at`.
    pub(crate) fn corrupt(&self, at: u64, what: What) -> Error {
        match self {
            Segment::File(file) => file.corrupt(at, what),
            #[cfg(feature = "kv")]
            Segment::Kept(kept) => kept.corrupt(what),
        }
    }

    /// Starts fetching the line of a hash.
    pub(crate) fn prefetch_id(&self, hash: u64) {
        match self {
            Segment::File(file) => file.prefetch_id(hash),
            #[cfg(feature = "kv")]
            Segment::Kept(_) => {}
        }
    }

    /// The places that may be of an id's hash: mostly one, or none.
    pub(crate) fn places_of(&self, hash: u64) -> Result<Places> {
        match self {
            Segment::File(file) => file.places_of(hash),
            #[cfg(feature = "kv")]
            Segment::Kept(_) => Ok(Places::unknown()),
        }
    }

    /// Starts fetching the record at a place.
    pub(crate) fn prefetch_record(&self, place: u32) {
        match self {
            Segment::File(file) => file.prefetch_record(place),
            #[cfg(feature = "kv")]
            Segment::Kept(_) => {}
        }
    }

    /// What the record at a place says of a key's ids in a space, without reading more of it than its members.
    pub(crate) fn glance(&self, place: u32, key: &Key, target: (Sym, &KindScope)) -> Result<Glance> {
        match self {
            Segment::File(file) => file.glance(place, key, target),
            #[cfg(feature = "kv")]
            Segment::Kept(_) => Ok(Glance::Unclear),
        }
    }

    /// What the segment knows of an id.
    pub(crate) fn find_id(&self, hash: u64, id: &Id, key: &Key) -> Result<Known<'_>> {
        match self {
            Segment::File(file) => file.find_id(hash, id, key),
            #[cfg(feature = "kv")]
            Segment::Kept(kept) => kept.find_id(hash, id, key),
        }
    }

    /// What the segment knows of a number.
    pub(crate) fn find_node(&self, number: NodeNo) -> Result<Known<'_>> {
        match self {
            Segment::File(file) => file.find_node(number),
            #[cfg(feature = "kv")]
            Segment::Kept(kept) => kept.find_node(number),
        }
    }

    /// Every record with what it is, in order.
    pub(crate) fn scan(&self) -> Box<dyn Iterator<Item = Result<Known<'_>>> + '_> {
        match self {
            Segment::File(file) => Box::new(file.scan()),
            #[cfg(feature = "kv")]
            Segment::Kept(kept) => Box::new(kept.scan()),
        }
    }

    /// The tail of a family's record.
    pub(crate) fn tail<'r>(&'r self, record: &'r Record<'_>) -> Result<Tail<'r>> {
        match self {
            Segment::File(file) => file.tail(record),
            #[cfg(feature = "kv")]
            Segment::Kept(_) => {
                let tail = record.tail.as_deref().unwrap_or_default();
                Ok(Tail::of(Piece::Borrowed(tail), 0))
            }
        }
    }

    /// The family of a record.
    pub(crate) fn family(&self, record: &Record<'_>, spaces: &impl Spaces) -> Result<Family> {
        let tail = self.tail(record)?;
        take_family(record.head(), &tail, spaces).map_err(|what| self.corrupt(record.at(), what))
    }

    /// The pairs of a family's record, if they can be read without its nodes.
    pub(crate) fn pairs(&self, record: &Record<'_>, spaces: &impl Spaces) -> Result<Option<Vec<Pair>>> {
        let tail = self.tail(record)?;
        take_pairs_alone(record.head(), &tail, spaces).map_err(|what| self.corrupt(record.at(), what))
    }

    /// The number of a key in a record.
    pub(crate) fn number_in(&self, record: &Record<'_>, key: &Key) -> Result<Option<NodeNo>> {
        record.number_of(key).map_err(|what| self.corrupt(record.at(), what))
    }

    /// The id of a number in a record, and whether it is restricted.
    pub(crate) fn id_in(
        &self,
        record: &Record<'_>,
        number: NodeNo,
        spaces: &impl Spaces,
    ) -> Result<Option<(Id, bool)>> {
        record.id_of(number, spaces).map_err(|what| self.corrupt(record.at(), what))
    }

    /// The members of a record.
    pub(crate) fn members<'r>(&self, record: &'r Record<'_>) -> Result<Vec<Member<'r>>> {
        record.members().map_err(|what| self.corrupt(record.at(), what))
    }

    /// Reads everything and holds its parts against each other.
    pub(crate) fn verify(&self, spaces: &impl Spaces) -> Result<Read> {
        match self {
            Segment::File(file) => file.verify(spaces),
            #[cfg(feature = "kv")]
            Segment::Kept(kept) => kept.verify(spaces),
        }
    }
}
