//! Every byte of a segment, version 1. All numbers are little-endian.
//!
//! # Layout
//! ```text
//! OFFSET SIZE FIELD          header, 256 bytes
//!      0    8 magic          89 'i' 'w' 's' CR LF 1A LF
//!      8    4 version        1
//!     12    4 incompatible   features a reader must know; none yet
//!     16    4 compatible     features a reader may ignore; none yet
//!     20    4 flags          bit 0: nothing lies below this segment
//!     24   16 uuid           of the database
//!     40    8 number         of this segment, as in its name
//!     48    8 seq            every commit up to this one is in it or below it
//!     56    8 recorded_at    i64, milliseconds, of that commit
//!     64    8 seed           of the hashes of ids
//!     72    8 numbers        how many node numbers were given out
//!     80    8 live           how many of them name an id
//!     88    8 pair_retractions    how often a pair was retracted
//!     96    8 event_retractions   how often an event was
//!    104    8 tombs          how many tombstones there are
//!    112    8 texts          how many texts were interned
//!    120    8 settings       how many facts about topology, kinds and rules there are
//!    128   16 records        offset, length
//!    144   16 ids            offset, lines
//!    160   16 nodes          offset, lines
//!    176    8 first_node     the number of the first place, if `nodes` is dense
//!    184    8 table          offset
//!    192   24 root           of the table (`table/format.rs`)
//!    216    8 file_len
//!    224    4 form           of `nodes`: 0 hashed, 1 dense
//!    228    8 id_homes       lines of `ids` that hashes spread over; entries may go on in those after
//!    236    8 node_homes     the same of `nodes`, if it is hashed
//!    244      zero
//!    252    4 crc            of bytes 0..252
//!
//! records: one after the other, each at a multiple of 8
//!
//! OFFSET SIZE FIELD          record
//!      0    4 sum            of bytes 4..8+len
//!      4    4 len            of the head; bit 31: a number that is gone, else a family
//!      8  len head           `record/mod.rs`; then, of a family:
//!      -    4 crc            of the length and the tail
//!      -    4 len            of the tail
//!      -  len tail           `record/mod.rs`; zero up to a multiple of 8 after the last
//!
//! OFFSET SIZE FIELD          head of a number that is gone, 36 bytes
//!      0    4 number
//!      4    4 next           where it leads
//!      8    4 leads          1 if it leads anywhere, else 0
//!     12    8 hash           of the id it named, zero where nothing lies below
//!     20   16 hash2          the same id's second and third hash
//!
//! OFFSET SIZE FIELD          hashed line, 64 bytes: of `ids`, by hash of id; of `nodes`, by hash of number
//!      0   20 prints         10 times the low 16 bits of the hash
//!     20   40 places         10 times: bits 0-30 the place of a record, (offset in `records`) / 8 + 1, 0 = no entry;
//!                            bit 31 of place (h >> 16) % 10: an entry of the hash h may stand in the next line
//!     60    4 sum            of bytes 0..60
//!
//! OFFSET SIZE FIELD          dense line, 64 bytes: of `nodes`
//!      0   60 places         of 15 numbers, as above
//!     60    4 sum            of bytes 0..60
//! ```
//! The line of a hash h among n homes is ((h >> 32) * n) >> 32. A crc is a CRC-32C and a sum is of XXH3, both
//! tied to the segment's identity and their place but for the header's (`checksum.rs`); the identity is the CRC-32C of
//! uuid, number and seq.
//!
//! # Not here
//!   the table's blocks: `table/format.rs`. The bodies of families: `record/mod.rs`.

use crate::codec::What;
use crate::segment::table::{ROOT_BYTES, Root};

/// The version written, and the only one read.
pub(crate) const FORMAT_VERSION: u32 = 1;
/// The size of the header.
pub(crate) const HEADER_BYTES: usize = 256;
/// The size of a line.
pub(crate) const LINE_BYTES: usize = 64;
/// Entries of a hashed line.
pub(crate) const LINE_ENTRIES: usize = 10;
/// Places of a dense line.
pub(crate) const DENSE_ENTRIES: usize = 15;
/// Records lie at multiples of this.
pub(crate) const RECORD_ALIGN: u64 = 8;
/// Most places of a record.
pub(crate) const PLACE_MAX: u32 = (1 << 31) - 1;
/// The fields before a record's head, and before its tail.
pub(crate) const RECORD_HEAD_BYTES: usize = 8;
/// The bit of a record's length that says it is a number that is gone.
pub(crate) const GONE_BIT: u32 = 1 << 31;
/// The size of the head of a number that is gone.
pub(crate) const GONE_BYTES: usize = 36;
/// Nothing lies below.
pub(crate) const FLAG_BASE: u32 = 1;
/// The most that is counted: one more is never beyond 64 bits.
const COUNT_MAX: u64 = i64::MAX as u64;

const MAGIC: [u8; 8] = *b"\x89iws\r\n\x1a\n";

/// How numbers lead to records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Hashed = 0,
    Dense = 1,
}

/// A part of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Section {
    pub(crate) at: u64,
    /// Bytes, or lines.
    pub(crate) len: u64,
}

/// What a segment says of the graph as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Counts {
    pub(crate) recorded_at: i64,
    pub(crate) numbers: u64,
    pub(crate) live: u64,
    pub(crate) pair_retractions: u64,
    pub(crate) event_retractions: u64,
    pub(crate) tombs: u64,
    pub(crate) texts: u64,
    pub(crate) settings: u64,
}

/// Which segment this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Name {
    pub(crate) uuid: [u8; 16],
    pub(crate) number: u64,
    pub(crate) seq: u64,
    pub(crate) seed: u64,
    /// Nothing lies below.
    pub(crate) is_base: bool,
}

impl Name {
    /// What its checksums are seeded with.
    pub(crate) fn identity(&self) -> u32 {
        let sum = crc32c::crc32c(&self.uuid);
        let sum = crc32c::crc32c_append(sum, &self.number.to_le_bytes());
        crc32c::crc32c_append(sum, &self.seq.to_le_bytes())
    }
}

/// The header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) name: Name,
    pub(crate) counts: Counts,
    pub(crate) records: Section,
    pub(crate) ids: Section,
    pub(crate) nodes: Section,
    pub(crate) first_node: u64,
    pub(crate) form: Form,
    pub(crate) id_homes: u64,
    pub(crate) node_homes: u64,
    pub(crate) table_at: u64,
    pub(crate) root: Root,
    pub(crate) file_len: u64,
}

/// Why a header could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unreadable {
    Damaged(What),
    Version(u32),
    /// Features this version does not know.
    Features(u32),
}

impl Header {
    /// The bytes.
    pub(crate) fn encode(&self) -> [u8; HEADER_BYTES] {
        let Header { name, counts, .. } = self;
        let mut out = Vec::with_capacity(HEADER_BYTES);
        out.extend(MAGIC);
        for number in [FORMAT_VERSION, 0, 0, if name.is_base { FLAG_BASE } else { 0 }] {
            out.extend(number.to_le_bytes());
        }
        out.extend(name.uuid);
        let fields = [
            name.number,
            name.seq,
            counts.recorded_at.cast_unsigned(),
            name.seed,
            counts.numbers,
            counts.live,
            counts.pair_retractions,
            counts.event_retractions,
            counts.tombs,
            counts.texts,
            counts.settings,
            self.records.at,
            self.records.len,
            self.ids.at,
            self.ids.len,
            self.nodes.at,
            self.nodes.len,
            self.first_node,
            self.table_at,
        ];
        fields.iter().for_each(|field| out.extend(field.to_le_bytes()));
        out.extend(self.root.encode());
        out.extend(self.file_len.to_le_bytes());
        out.extend((self.form as u32).to_le_bytes());
        [self.id_homes, self.node_homes].iter().for_each(|homes| out.extend(homes.to_le_bytes()));
        let mut bytes = [0; HEADER_BYTES];
        bytes.iter_mut().zip(out).for_each(|(to, from)| *to = from);
        let sum = bytes.first_chunk::<{ HEADER_BYTES - 4 }>().map_or(0, |body| crc32c::crc32c(body));
        bytes.iter_mut().skip(HEADER_BYTES - 4).zip(sum.to_le_bytes()).for_each(|(to, from)| *to = from);
        bytes
    }

    /// Reads and checks the bytes; sections are not compared with the file yet.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Header, Unreadable> {
        let (body, sum) = bytes.split_last_chunk::<4>().ok_or(Unreadable::Damaged("cut short"))?;
        let mut fields = Fields(body);
        if fields.take::<8>()? != MAGIC {
            return Err(Unreadable::Damaged("not a segment"));
        }
        let version = fields.u32()?;
        if crc32c::crc32c(body) != u32::from_le_bytes(*sum) {
            return Err(Unreadable::Damaged("a header whose checksum does not hold"));
        }
        if version != FORMAT_VERSION {
            return Err(Unreadable::Version(version));
        }
        match fields.u32()? {
            0 => {}
            features => return Err(Unreadable::Features(features)),
        }
        fields.u32()?;
        let flags = fields.u32()?;
        let uuid = fields.take()?;
        let [number, seq, recorded_at, seed] = fields.u64s()?;
        let [numbers, live, pair_retractions, event_retractions, tombs, texts, settings] = fields.u64s()?;
        let [records_at, records_len, ids_at, ids_len, nodes_at, nodes_len, first_node, table_at] =
            fields.u64s()?;
        let root = Root::decode(&fields.take::<ROOT_BYTES>()?).map_err(Unreadable::Damaged)?;
        let [file_len] = fields.u64s()?;
        let counted = [number, seq, pair_retractions, event_retractions, tombs];
        if live > numbers || counted.iter().any(|count| *count > COUNT_MAX) {
            return Err(Unreadable::Damaged("a header with a count that cannot be"));
        }
        let form = match fields.u32()? {
            0 => Form::Hashed,
            1 => Form::Dense,
            _ => return Err(Unreadable::Damaged("an unknown form of an index")),
        };
        let [id_homes, node_homes] = fields.u64s()?;
        if fields.0.iter().any(|byte| *byte != 0) || flags > FLAG_BASE {
            return Err(Unreadable::Damaged("a header with bytes that should be zero"));
        }
        Ok(Header {
            name: Name { uuid, number, seq, seed, is_base: flags == FLAG_BASE },
            counts: Counts {
                recorded_at: recorded_at.cast_signed(),
                numbers,
                live,
                pair_retractions,
                event_retractions,
                tombs,
                texts,
                settings,
            },
            records: Section { at: records_at, len: records_len },
            ids: Section { at: ids_at, len: ids_len },
            nodes: Section { at: nodes_at, len: nodes_len },
            first_node,
            form,
            id_homes,
            node_homes,
            table_at,
            root,
            file_len,
        })
    }

    /// How many numbers `nodes` has room for.
    pub(crate) fn number_room(&self) -> u64 {
        let entries = match self.form {
            Form::Hashed => LINE_ENTRIES,
            Form::Dense => DENSE_ENTRIES,
        };
        self.nodes.len.saturating_mul(entries as u64)
    }

    /// What is wrong with how the parts lie, if anything: they stand one after the other, without gaps.
    pub(crate) fn misplaced(&self, file_len: u64) -> Option<What> {
        let lines = |section: &Section| section.len.checked_mul(LINE_BYTES as u64);
        let after = |section: &Section, len: Option<u64>| section.at.checked_add(len?);
        let end_of_records = after(&self.records, Some(self.records.len));
        let end_of_ids = after(&self.ids, lines(&self.ids));
        let end_of_nodes = after(&self.nodes, lines(&self.nodes));
        let root_end = self.root.at.checked_add(u64::from(self.root.len));
        let fits = self.file_len == file_len
            && self.records.at == HEADER_BYTES as u64
            && end_of_records.map(|end| end.next_multiple_of(LINE_BYTES as u64)) == Some(self.ids.at)
            && end_of_ids == Some(self.nodes.at)
            && end_of_nodes == Some(self.table_at)
            && root_end == Some(file_len)
            && self.counts.numbers <= u64::from(u32::MAX)
            && self.counts.texts <= u64::from(u32::MAX)
            && self.first_node <= u64::from(u32::MAX)
            && self.id_homes <= self.ids.len.min(u64::from(u32::MAX))
            && self.node_homes <= self.nodes.len.min(u64::from(u32::MAX));
        (!fits).then_some("the parts of the file do not lie as its header says")
    }
}

/// Fields yet to be read.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], Unreadable> {
        let (field, rest) = self.0.split_first_chunk().ok_or(Unreadable::Damaged("cut short"))?;
        self.0 = rest;
        Ok(*field)
    }

    fn u32(&mut self) -> Result<u32, Unreadable> {
        self.take().map(u32::from_le_bytes)
    }

    fn u64s<const N: usize>(&mut self) -> Result<[u64; N], Unreadable> {
        let mut numbers = [0; N];
        for number in &mut numbers {
            *number = u64::from_le_bytes(self.take()?);
        }
        Ok(numbers)
    }
}
