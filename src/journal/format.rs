//! Every byte the journal writes: log files, the manifest and the mark, version 1. All numbers are little-endian.
//!
//! # Layout
//! ```text
//! journal/0000000001.log: a file header, then frames end to end
//!
//! OFFSET SIZE FIELD          file header, 64 bytes
//!      0    8 magic          89 'i' 'w' 'j' CR LF 1A LF
//!      8    4 version        1
//!     12    4 zero
//!     16   16 uuid           of the database
//!     32    8 file           number of this file, as in its name
//!     40    8 first_seq      of the first frame that is or will be in it
//!     48    4 prev_crc       crc of the last frame of the file before (first file: crc of the uuid)
//!     52    8 zero
//!     60    4 crc            of bytes 0..60
//!
//! OFFSET SIZE FIELD          frame, 44 bytes and the payload
//!      0    4 magic          F5 'i' 'w' 'f'
//!      4    4 payload_len    at most 64 MiB
//!      8    8 seq            one more than that of the frame before
//!     16    8 synced_through every frame up to this seq was durable when this one was written
//!     24    8 recorded_at    i64, milliseconds
//!     32    4 prev_crc       crc of the frame before, or of the file header
//!     36    4 payload_crc    of the payload
//!     40    4 crc            of the uuid and bytes 0..40
//!     44      payload
//!
//! MANIFEST: two slots of 4096 bytes
//!
//! OFFSET SIZE FIELD          slot
//!      0    8 magic          89 'i' 'w' 'm' CR LF 1A LF
//!      8    4 version        1 while there was no segment yet (bytes 128.. are zero), else 2
//!     12    4 resolver_version
//!     16    8 generation     the valid slot with the greater one counts; equal ones are equal throughout
//!     24   16 uuid
//!     40   32 secret
//!     72    8 first_file     number of the first live log file
//!     80    8 first_seq      of that file
//!     88    8 session        counts the times the journal was opened and written to
//!     96    4 state          0 open, 1 sealed, 2 open and cut by a recovery since
//!    100   28 end            sealed: the end; otherwise where the session began (see below)
//!    128    8 covered_seq    segments cover every frame up to this one
//!    136    8 next_segment   the number of the next segment
//!    144    4 count          of segments
//!    148 16*n segments       number and length in bytes each, the newest first; then zero
//!   4092    4 crc            of bytes 0..4092
//!
//! journal/MARK: two slots, at 0 and at 512, in a file of 1024 bytes; what is between is zero and not read
//!
//! OFFSET SIZE FIELD          slot, 64 bytes
//!      0    4 magic          F6 'i' 'w' 'k'
//!      4    4 zero
//!      8    8 session
//!     16    8 group_first    first seq of the last sync group
//!     24   28 end            the durable end
//!     52    8 zero
//!     60    4 crc            of the uuid and bytes 0..60
//!
//! OFFSET SIZE FIELD          end, 28 bytes
//!      0    8 seq            last seq
//!      8    8 file           the log file it is in, or the next one if that has begun
//!     16    8 offset         where the frame after it goes
//!     24    4 crc            of the last frame, or of the file header if the file has none
//! ```
//! A crc is CRC-32C. The magic, version and crc of a slot and of a file header stay where they are in every version.
//!
//! # Not here
//!   which bytes are believed: `recover.rs`.

use zeroize::Zeroize;

/// The version written, and the only one read.
pub(crate) const FORMAT_VERSION: u32 = 1;
/// The longest payload.
pub(crate) const PAYLOAD_BYTES_MAX: u32 = 64 << 20;
/// The size of a log file's header.
pub(crate) const FILE_HEADER_BYTES: usize = 64;
/// The size of a frame without its payload.
pub(crate) const FRAME_HEADER_BYTES: usize = 44;
/// The size of a manifest slot.
pub(crate) const MANIFEST_SLOT_BYTES: usize = 4096;
/// The version of a manifest that names segments.
pub(crate) const MANIFEST_VERSION: u32 = 2;
/// The most segments a manifest can name.
pub(crate) const SEGMENTS_MAX: usize = (MANIFEST_SLOT_BYTES - 4 - 148) / 16;
/// The size of a mark slot.
pub(crate) const MARK_SLOT_BYTES: usize = 64;
/// From the start of a mark slot to the next: a sector, so that a torn write spoils one only.
pub(crate) const MARK_SLOT_STRIDE: u64 = 512;

const LOG_MAGIC: [u8; 8] = *b"\x89iwj\r\n\x1a\n";
const MANIFEST_MAGIC: [u8; 8] = *b"\x89iwm\r\n\x1a\n";
/// What every frame begins with; the first byte never occurs in UTF-8.
pub(crate) const FRAME_MAGIC: [u8; 4] = *b"\xf5iwf";
const MARK_MAGIC: [u8; 4] = *b"\xf6iwk";

/// How the journal was left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// Frames may follow `end`.
    Open = 0,
    /// `end` is the end.
    Sealed = 1,
    /// Frames may follow `end`, and a recovery cut what came after them.
    Cut = 2,
}

/// The random name of a database.
pub(crate) type Uuid = [u8; 16];

/// The database's secret, for the HMACs of erased ids. It is wiped when dropped and never printed.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(pub(crate) [u8; 32]);

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// A place between two frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct End {
    pub(crate) seq: u64,
    pub(crate) file: u64,
    pub(crate) offset: u64,
    pub(crate) crc: u32,
}

/// The first bytes of a log file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FileHeader {
    pub(crate) uuid: Uuid,
    pub(crate) file: u64,
    pub(crate) first_seq: u64,
    pub(crate) prev_crc: u32,
}

/// A frame without its payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FrameHeader {
    pub(crate) payload_len: u32,
    pub(crate) seq: u64,
    pub(crate) synced_through: u64,
    pub(crate) recorded_at: i64,
    pub(crate) prev_crc: u32,
    pub(crate) payload_crc: u32,
}

/// What the manifest says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Manifest {
    pub(crate) resolver_version: u32,
    pub(crate) generation: u64,
    pub(crate) uuid: Uuid,
    pub(crate) secret: Secret,
    pub(crate) first_file: u64,
    pub(crate) first_seq: u64,
    pub(crate) session: u64,
    pub(crate) state: State,
    pub(crate) end: End,
    pub(crate) covered_seq: u64,
    pub(crate) next_segment: u64,
    /// The newest first.
    pub(crate) segments: Vec<SegmentName>,
}

/// A segment that counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SegmentName {
    pub(crate) number: u64,
    pub(crate) file_len: u64,
}

/// What the mark says: the frames from `group_first` to `end.seq` became durable together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) session: u64,
    pub(crate) group_first: u64,
    pub(crate) end: End,
}

/// Why bytes could not be decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// A checksum, a magic or a fixed field does not hold.
    Damaged,
    /// Written by a version this one does not know.
    Version(u32),
}

impl FileHeader {
    pub(crate) fn encode(&self) -> [u8; FILE_HEADER_BYTES] {
        let mut out = Writer::<FILE_HEADER_BYTES>::new();
        out.put(&LOG_MAGIC).u32(FORMAT_VERSION).u32(0).put(&self.uuid);
        out.u64(self.file).u64(self.first_seq).u32(self.prev_crc);
        out.seal(0)
    }

    /// The header, and its crc, which begins the chain of the file.
    pub(crate) fn decode(bytes: &[u8]) -> Result<(FileHeader, u32), Unreadable> {
        let (mut fields, crc) = checked(bytes, FILE_HEADER_BYTES, 0, &LOG_MAGIC)?;
        fields.version()?;
        fields.zero(4)?;
        let header = FileHeader {
            uuid: fields.take()?,
            file: fields.u64()?,
            first_seq: fields.u64()?,
            prev_crc: fields.u32()?,
        };
        fields.zero(8)?;
        Ok((header, crc))
    }
}

impl FrameHeader {
    /// The bytes and their crc.
    pub(crate) fn encode(&self, uuid: &Uuid) -> ([u8; FRAME_HEADER_BYTES], u32) {
        let mut out = Writer::<FRAME_HEADER_BYTES>::new();
        out.put(&FRAME_MAGIC).u32(self.payload_len).u64(self.seq).u64(self.synced_through);
        out.u64(self.recorded_at.cast_unsigned()).u32(self.prev_crc).u32(self.payload_crc);
        let bytes = out.seal(checksum(uuid));
        let crc = bytes.last_chunk().map_or(0, |c| u32::from_le_bytes(*c));
        (bytes, crc)
    }

    /// The header and its crc. It holds on its own: the payload may still be damaged.
    pub(crate) fn decode(bytes: &[u8], uuid: &Uuid) -> Result<(FrameHeader, u32), Unreadable> {
        let (mut fields, crc) = checked(bytes, FRAME_HEADER_BYTES, checksum(uuid), &FRAME_MAGIC)?;
        let header = FrameHeader {
            payload_len: fields.u32()?,
            seq: fields.u64()?,
            synced_through: fields.u64()?,
            recorded_at: fields.u64()?.cast_signed(),
            prev_crc: fields.u32()?,
            payload_crc: fields.u32()?,
        };
        if header.payload_len > PAYLOAD_BYTES_MAX || header.synced_through >= header.seq {
            return Err(Unreadable::Damaged);
        }
        Ok((header, crc))
    }
}

impl Manifest {
    pub(crate) fn is_sealed(&self) -> bool {
        self.state == State::Sealed
    }

    pub(crate) fn encode(&self) -> [u8; MANIFEST_SLOT_BYTES] {
        let mut out = Writer::<MANIFEST_SLOT_BYTES>::new();
        let version = if self.next_segment == 0 { FORMAT_VERSION } else { MANIFEST_VERSION };
        out.put(&MANIFEST_MAGIC).u32(version).u32(self.resolver_version).u64(self.generation);
        out.put(&self.uuid).put(&self.secret.0).u64(self.first_file).u64(self.first_seq).u64(self.session);
        out.u32(self.state as u32).end(&self.end);
        out.u64(self.covered_seq).u64(self.next_segment);
        let segments = self.segments.get(..SEGMENTS_MAX.min(self.segments.len())).unwrap_or_default();
        out.u32(segments.len() as u32);
        for segment in segments {
            out.u64(segment.number).u64(segment.file_len);
        }
        out.seal(0)
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Manifest, Unreadable> {
        let (mut fields, _) = checked(bytes, MANIFEST_SLOT_BYTES, 0, &MANIFEST_MAGIC)?;
        let version = fields.u32()?;
        if !(FORMAT_VERSION..=MANIFEST_VERSION).contains(&version) {
            return Err(if version == 0 { Unreadable::Damaged } else { Unreadable::Version(version) });
        }
        let mut manifest = Manifest {
            resolver_version: fields.u32()?,
            generation: fields.u64()?,
            uuid: fields.take()?,
            secret: Secret(fields.take()?),
            first_file: fields.u64()?,
            first_seq: fields.u64()?,
            session: fields.u64()?,
            state: match fields.u32()? {
                0 => State::Open,
                1 => State::Sealed,
                2 => State::Cut,
                _ => return Err(Unreadable::Damaged),
            },
            end: fields.end()?,
            covered_seq: fields.u64()?,
            next_segment: fields.u64()?,
            segments: Vec::new(),
        };
        for _ in 0..fields.u32()? {
            let segment = SegmentName { number: fields.u64()?, file_len: fields.u64()? };
            manifest.segments.push(segment);
        }
        fields.zero(fields.0.len())?;
        let has_segments =
            !manifest.segments.is_empty() || manifest.covered_seq > 0 || manifest.next_segment > 0;
        if has_segments && version == FORMAT_VERSION {
            return Err(Unreadable::Damaged);
        }
        Ok(manifest)
    }
}

impl Mark {
    pub(crate) fn encode(&self, uuid: &Uuid) -> [u8; MARK_SLOT_BYTES] {
        let mut out = Writer::<MARK_SLOT_BYTES>::new();
        out.put(&MARK_MAGIC).u32(0).u64(self.session).u64(self.group_first).end(&self.end);
        out.seal(checksum(uuid))
    }

    pub(crate) fn decode(bytes: &[u8], uuid: &Uuid) -> Result<Mark, Unreadable> {
        let (mut fields, _) = checked(bytes, MARK_SLOT_BYTES, checksum(uuid), &MARK_MAGIC)?;
        fields.zero(4)?;
        let mark = Mark { session: fields.u64()?, group_first: fields.u64()?, end: fields.end()? };
        fields.zero(8)?;
        Ok(mark)
    }
}

/// The CRC-32C of a payload, or of the uuid that every frame's crc starts from.
pub(crate) fn checksum(bytes: &[u8]) -> u32 {
    crc32c::crc32c(bytes)
}

/// Fills a block of `N` bytes from the front; the last four are its crc.
struct Writer<const N: usize> {
    bytes: [u8; N],
    at: usize,
}

impl<const N: usize> Writer<N> {
    fn new() -> Writer<N> {
        Writer { bytes: [0; N], at: 0 }
    }

    fn put(&mut self, field: &[u8]) -> &mut Writer<N> {
        let next = self.at.saturating_add(field.len());
        let room = self.bytes.get_mut(self.at..next);
        assert!(room.is_some(), "a block of the format is larger than its fields");
        if let Some(room) = room {
            room.copy_from_slice(field);
        }
        self.at = next;
        self
    }

    fn u32(&mut self, value: u32) -> &mut Writer<N> {
        self.put(&value.to_le_bytes())
    }

    fn u64(&mut self, value: u64) -> &mut Writer<N> {
        self.put(&value.to_le_bytes())
    }

    fn end(&mut self, end: &End) -> &mut Writer<N> {
        self.u64(end.seq).u64(end.file).u64(end.offset).u32(end.crc)
    }

    fn seal(mut self, seed: u32) -> [u8; N] {
        if let Some((body, crc)) = self.bytes.split_last_chunk_mut::<4>() {
            *crc = crc32c::crc32c_append(seed, body).to_le_bytes();
        }
        self.bytes
    }
}

/// Checks length, crc and magic of a block; the fields after the magic, and the crc.
fn checked<'a>(
    bytes: &'a [u8],
    len: usize,
    seed: u32,
    magic: &[u8],
) -> Result<(Reader<'a>, u32), Unreadable> {
    let (body, crc) =
        bytes.get(..len).and_then(|block| block.split_last_chunk::<4>()).ok_or(Unreadable::Damaged)?;
    let crc = u32::from_le_bytes(*crc);
    let fields = body.strip_prefix(magic).ok_or(Unreadable::Damaged)?;
    if crc32c::crc32c_append(seed, body) != crc {
        return Err(Unreadable::Damaged);
    }
    Ok((Reader(fields), crc))
}

/// Takes fields from the front of a block whose crc held.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take<const K: usize>(&mut self) -> Result<[u8; K], Unreadable> {
        let (field, rest) = self.0.split_first_chunk::<K>().ok_or(Unreadable::Damaged)?;
        self.0 = rest;
        Ok(*field)
    }

    fn u32(&mut self) -> Result<u32, Unreadable> {
        Ok(u32::from_le_bytes(self.take()?))
    }

    fn u64(&mut self) -> Result<u64, Unreadable> {
        Ok(u64::from_le_bytes(self.take()?))
    }

    fn end(&mut self) -> Result<End, Unreadable> {
        Ok(End { seq: self.u64()?, file: self.u64()?, offset: self.u64()?, crc: self.u32()? })
    }

    fn version(&mut self) -> Result<(), Unreadable> {
        match self.u32()? {
            FORMAT_VERSION => Ok(()),
            0 => Err(Unreadable::Damaged),
            other => Err(Unreadable::Version(other)),
        }
    }

    fn zero(&mut self, count: usize) -> Result<(), Unreadable> {
        let (zero, rest) = self.0.split_at_checked(count).ok_or(Unreadable::Damaged)?;
        self.0 = rest;
        if zero.iter().all(|b| *b == 0) { Ok(()) } else { Err(Unreadable::Damaged) }
    }
}
