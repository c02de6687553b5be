//! Reads the frames of one log file in order, and looks ahead past a damaged one. Decides nothing.

use std::path::{Path, PathBuf};

use crate::error::Result;
use crate::journal::format::{
    FILE_HEADER_BYTES, FRAME_HEADER_BYTES, FRAME_MAGIC, FileHeader, FrameHeader, Unreadable, Uuid, checksum,
};
use crate::journal::layout;
use crate::vfs::{OpenMode, Vfs, VfsFile};

/// How much is read at once.
const CHUNK_BYTES: u64 = 256 << 10;

/// One committed payload.
#[derive(Clone, Copy)]
pub(crate) struct Frame<'a> {
    pub(crate) seq: u64,
    /// Transaction time in milliseconds, given by the caller.
    pub(crate) recorded_at: i64,
    pub(crate) payload: &'a [u8],
    /// The number of the log file it stands in.
    pub(crate) file_number: u64,
    /// Where it begins in that file.
    pub(crate) offset: u64,
    /// The secret of the database.
    pub(crate) secret: &'a [u8; 32],
}

impl Frame<'_> {
    /// The log file it stands in.
    pub(crate) fn file(&self, dir: &Path) -> PathBuf {
        layout::log(dir, self.file_number)
    }
}

/// What the next bytes of a log file are.
#[derive(Debug)]
pub(crate) enum Step<'a> {
    /// The next frame of the chain. The reader stands behind it.
    Frame { header: FrameHeader, crc: u32, payload: &'a [u8] },
    /// The file ends at the frame's boundary.
    End,
    /// Anything else. The reader has not moved.
    Bad(&'static str),
}

/// A cursor over one log file.
#[derive(Debug)]
pub(crate) struct LogReader {
    file: Box<dyn VfsFile>,
    uuid: Uuid,
    len: u64,
    offset: u64,
    window: Vec<u8>,
    window_at: u64,
}

impl LogReader {
    /// Opens a file of the database with this uuid. The length is taken once: what is appended later is not read.
    pub(crate) fn open(vfs: &dyn Vfs, dir: &Path, number: u64, uuid: Uuid) -> Result<LogReader> {
        let file = vfs.open(&layout::log(dir, number), OpenMode::Read)?;
        let len = file.len()?;
        Ok(LogReader { file, uuid, len, offset: 0, window: Vec::new(), window_at: 0 })
    }

    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// Goes to a place between two frames.
    pub(crate) fn stand_at(&mut self, offset: u64) {
        self.offset = offset;
    }

    /// The file header and its crc; the reader then stands behind it.
    pub(crate) fn file_header(&mut self) -> Result<Result<(FileHeader, u32), Unreadable>> {
        let header = match self.bytes(0, FILE_HEADER_BYTES as u64)? {
            Some(bytes) => FileHeader::decode(bytes),
            None => Err(Unreadable::Damaged),
        };
        self.offset = FILE_HEADER_BYTES as u64;
        Ok(header)
    }

    /// The frame at the cursor, if it is the one that follows `seq` and `crc`.
    pub(crate) fn next(&mut self, seq: u64, crc: u32) -> Result<Step<'_>> {
        let at = self.offset;
        if at == self.len {
            return Ok(Step::End);
        }
        let uuid = self.uuid;
        let Some(bytes) = self.bytes(at, FRAME_HEADER_BYTES as u64)? else {
            return Ok(Step::Bad("a frame's header is cut short"));
        };
        let Ok((header, frame_crc)) = FrameHeader::decode(bytes, &uuid) else {
            return Ok(Step::Bad("a frame's header does not hold"));
        };
        if seq.checked_add(1) != Some(header.seq) || header.prev_crc != crc {
            return Ok(Step::Bad("a frame does not follow the one before"));
        }
        let payload_at = at.saturating_add(FRAME_HEADER_BYTES as u64);
        let Some(payload) = self.bytes(payload_at, u64::from(header.payload_len))? else {
            return Ok(Step::Bad("a frame's payload is cut short"));
        };
        if checksum(payload) != header.payload_crc {
            return Ok(Step::Bad("a frame's payload does not hold"));
        }
        self.offset = payload_at.saturating_add(u64::from(header.payload_len));
        // The window is looked at once more because it cannot be borrowed across the assignment.
        let payload = self.bytes(payload_at, u64::from(header.payload_len))?.unwrap_or_default();
        Ok(Step::Frame { header, crc: frame_crc, payload })
    }

    /// True if a frame header from the cursor on says that `seq` was durable when it was written.
    pub(crate) fn proves_durable(&mut self, seq: u64) -> Result<bool> {
        let uuid = self.uuid;
        let mut at = self.offset;
        while at < self.len {
            let size = (self.len - at).min(CHUNK_BYTES);
            let Some(bytes) = self.bytes(at, size)? else { break };
            let mut skip = 0usize;
            while let Some(candidate) = bytes.get(skip..) {
                let Some(found) = candidate.iter().position(|b| *b == FRAME_MAGIC[0]) else { break };
                let candidate = candidate.get(found..).unwrap_or_default();
                if FrameHeader::decode(candidate, &uuid).is_ok_and(|(h, _)| h.synced_through >= seq) {
                    return Ok(true);
                }
                skip = skip.saturating_add(found).saturating_add(1);
            }
            // Windows overlap, for a header may lie across their border.
            at = at.saturating_add(size.saturating_sub(FRAME_HEADER_BYTES as u64 - 1).max(1));
        }
        Ok(false)
    }

    /// Bytes of the file, `None` if it is shorter. J9: the buffer grows only by what the file has.
    fn bytes(&mut self, at: u64, size: u64) -> Result<Option<&[u8]>> {
        if size > self.len.saturating_sub(at) {
            return Ok(None);
        }
        let inside = at >= self.window_at
            && at.saturating_add(size) <= self.window_at.saturating_add(self.window.len() as u64);
        if !inside {
            let want = size.max(CHUNK_BYTES).min(self.len.saturating_sub(at));
            self.window.resize(usize::try_from(want).unwrap_or(usize::MAX), 0);
            self.window_at = at;
            let read = self.file.read_at(at, &mut self.window)?;
            self.window.truncate(read); // Shorter only if the file was cut under us.
        }
        let from = usize::try_from(at.saturating_sub(self.window_at)).unwrap_or(usize::MAX);
        let to = from.saturating_add(usize::try_from(size).unwrap_or(usize::MAX));
        Ok(self.window.get(from..to))
    }
}
