//! Appends frames: the one writer of an open database.
//!
//! # Order
//!   first append of a session: the manifest says `open` (J3), then the frame. Roll: flush the old file, write and
//!   flush the new header, flush the name (J2). Close: flush the log, then seal the manifest (J3).

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::journal::format::{
    End, FILE_HEADER_BYTES, FRAME_HEADER_BYTES, FileHeader, FrameHeader, Manifest, PAYLOAD_BYTES_MAX, State,
    checksum,
};
use crate::journal::layout;
use crate::journal::manifest::Stored;
use crate::journal::mark::MarkWriter;
use crate::journal::sync::{Shared, SyncHandle};
use crate::vfs::{OpenMode, Vfs, VfsFile, VfsLock};

/// The size at which the next log file is begun.
const FILE_BYTES_MAX: u64 = 256 << 20;
/// A frame buffer larger than this is given back after use.
const BUFFER_BYTES_KEPT: usize = 1 << 20;

/// How a journal is written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Options {
    /// A frame that would make the log file larger than this goes to the next one.
    pub(crate) file_bytes_max: u64,
    /// Put into the manifest of a new database.
    pub(crate) resolver_version: u32,
}

impl Default for Options {
    fn default() -> Options {
        Options { file_bytes_max: FILE_BYTES_MAX, resolver_version: 1 }
    }
}

/// The journal, open for writing. Dropping it without `close` is an unclean stop that loses nothing durable.
#[derive(Debug)]
pub(crate) struct Journal {
    pub(in crate::journal) vfs: Arc<dyn Vfs>,
    pub(in crate::journal) dir: PathBuf,
    options: Options,
    pub(in crate::journal) manifest: Stored,
    pub(in crate::journal) shared: Arc<Shared>,
    file: Arc<dyn VfsFile>,
    pub(in crate::journal) end: End,
    begun: bool,
    buffer: Vec<u8>,
    /// The last field, so that everything else is closed when the lock is given back.
    _lock: Box<dyn VfsLock>,
}

impl Journal {
    /// Goes on at `end`, up to which everything is durable.
    pub(crate) fn resume(
        vfs: Arc<dyn Vfs>,
        dir: &Path,
        options: Options,
        manifest: Stored,
        end: End,
        lock: Box<dyn VfsLock>,
    ) -> Result<Journal> {
        let file: Arc<dyn VfsFile> = vfs.open(&layout::log(dir, end.file), OpenMode::Write)?.into();
        Ok(Journal {
            vfs,
            dir: dir.to_owned(),
            options,
            manifest,
            shared: Arc::new(Shared::new(Arc::clone(&file), end)),
            file,
            end,
            begun: false,
            buffer: Vec::new(),
            _lock: lock,
        })
    }

    /// Writes the next frame; it is durable after a `sync`. A payload that is too large is refused and changes
    /// nothing; any other error is final.
    pub(crate) fn append(&mut self, seq: u64, recorded_at: i64, payload: &[u8]) -> Result<()> {
        self.shared.refuse_poisoned()?;
        assert!(Some(seq) == self.end.seq.checked_add(1), "J4: seqs have no gaps");
        let too_large = Error::TooLarge { what: "a commit", limit: u64::from(PAYLOAD_BYTES_MAX) };
        let payload_len = u32::try_from(payload.len()).ok().filter(|len| *len <= PAYLOAD_BYTES_MAX);
        let frame = FrameHeader {
            payload_len: payload_len.ok_or(too_large)?,
            seq,
            synced_through: self.shared.durable_seq(),
            recorded_at,
            prev_crc: self.end.crc,
            payload_crc: checksum(payload),
        };
        let written = self.write_frame(frame, payload);
        self.shared.guard(written)
    }

    fn write_frame(&mut self, mut frame: FrameHeader, payload: &[u8]) -> Result<()> {
        if !self.begun {
            self.begin_session()?;
        }
        let size = payload.len().saturating_add(FRAME_HEADER_BYTES) as u64;
        let holds_frames = self.end.offset > FILE_HEADER_BYTES as u64;
        if holds_frames && self.end.offset.saturating_add(size) > self.options.file_bytes_max {
            self.begin_file()?;
            frame.prev_crc = self.end.crc;
            frame.synced_through = self.shared.durable_seq();
        }
        let (header, crc) = frame.encode(&self.manifest.state.uuid);
        self.buffer.clear();
        self.buffer.extend_from_slice(&header);
        self.buffer.extend_from_slice(payload);
        self.file.write_at(self.end.offset, &self.buffer)?;
        self.buffer.shrink_to(BUFFER_BYTES_KEPT);
        let offset = self.end.offset.saturating_add(size);
        self.end = End { seq: frame.seq, offset, crc, ..self.end };
        self.shared.advance(self.end);
        Ok(())
    }

    /// J3: the manifest says that frames may follow, durably, before the first one does.
    fn begin_session(&mut self) -> Result<()> {
        let session = self.manifest.state.session.saturating_add(1);
        let state = Manifest { session, state: State::Open, end: self.end, ..self.manifest.state.clone() };
        self.manifest.store(&*self.vfs, &self.dir, state)?;
        let writer = MarkWriter::open(&*self.vfs, &self.dir, self.manifest.state.uuid)?;
        self.shared.begin_session(writer, session);
        self.begun = true;
        Ok(())
    }

    /// Begins the next log file, so that those before can be retired. Nothing happens if this one has no frames.
    pub(crate) fn roll(&mut self) -> Result<()> {
        self.shared.refuse_poisoned()?;
        if self.end.offset <= FILE_HEADER_BYTES as u64 {
            return Ok(());
        }
        let begun = match self.begun {
            true => Ok(()),
            false => self.begin_session(),
        };
        let rolled = begun.and_then(|()| self.begin_file());
        self.shared.guard(rolled)
    }

    /// J2: the next file, when all before it is durable; its header and name are, when this returns.
    fn begin_file(&mut self) -> Result<()> {
        self.shared.sync_through(self.end.seq)?;
        let header = FileHeader {
            uuid: self.manifest.state.uuid,
            file: self.end.file.saturating_add(1),
            first_seq: self.end.seq.saturating_add(1),
            prev_crc: self.end.crc,
        };
        let bytes = header.encode();
        let path = layout::log(&self.dir, header.file);
        let file: Arc<dyn VfsFile> = self.vfs.open(&path, OpenMode::CreateNew)?.into();
        file.write_at(0, &bytes)?;
        file.sync_all()?;
        self.vfs.sync_dir(&layout::journal(&self.dir))?;
        self.file = file;
        self.end = End {
            seq: self.end.seq,
            file: header.file,
            offset: FILE_HEADER_BYTES as u64,
            crc: bytes.last_chunk().map_or(0, |crc| u32::from_le_bytes(*crc)),
        };
        self.shared.change_file(Arc::clone(&self.file), self.end);
        Ok(())
    }

    /// Makes everything appended so far durable; the last durable seq.
    pub(crate) fn sync(&mut self) -> Result<u64> {
        self.shared.refuse_poisoned()?;
        self.shared.sync_through(self.end.seq)
    }

    /// Flushes, and seals the end: from here on every missing or changed byte is damage.
    pub(crate) fn close(mut self) -> Result<()> {
        self.sync()?;
        if self.manifest.state.is_sealed() {
            return Ok(()); // Nothing was appended since.
        }
        let state = Manifest { state: State::Sealed, end: self.end, ..self.manifest.state.clone() };
        let stored = self.manifest.store(&*self.vfs, &self.dir, state);
        self.shared.guard(stored)
    }

    /// A handle that flushes while this one appends.
    pub(crate) fn sync_handle(&self) -> SyncHandle {
        SyncHandle(Arc::clone(&self.shared))
    }

    /// The last seq appended.
    #[cfg(test)]
    pub(crate) fn last_seq(&self) -> u64 {
        self.end.seq
    }

    /// The last durable seq.
    #[cfg(test)]
    pub(crate) fn durable_seq(&self) -> u64 {
        self.shared.durable_seq()
    }

    /// True after a failed write or flush: only a new `open` helps.
    pub(crate) fn is_poisoned(&self) -> bool {
        self.shared.is_poisoned()
    }

    /// The secret of the database, for the HMACs of erased ids.
    pub(crate) fn secret(&self) -> &[u8; 32] {
        &self.manifest.state.secret.0
    }

    /// The random name of the database.
    pub(crate) fn uuid(&self) -> &crate::journal::format::Uuid {
        &self.manifest.state.uuid
    }

    /// The version of the resolver the database was last resolved with.
    #[cfg(test)]
    pub(crate) fn resolver_version(&self) -> u32 {
        self.manifest.state.resolver_version
    }

    /// Records, durably, that the database is now resolved with another version.
    #[cfg(test)]
    pub(crate) fn set_resolver_version(&mut self, resolver_version: u32) -> Result<()> {
        self.shared.refuse_poisoned()?;
        let state = Manifest { resolver_version, ..self.manifest.state.clone() };
        let stored = self.manifest.store(&*self.vfs, &self.dir, state);
        self.shared.guard(stored)
    }
}
