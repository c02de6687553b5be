//! Following a database that another process writes: its frames up to what it says is durable. Takes no lock, writes and
//! removes nothing.
//!
//! # Invariants
//!   W1 only frames that a mark or a manifest of the writer vouches for are handed out: they are never cut later.
//!   W2 when the manifest has moved on (a checkpoint, a merge, another session after a repair), the follower says so
//!      and hands out nothing: whoever follows begins again.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::{Error, IoOp, Result};
use crate::journal::create::without_manifest;
use crate::journal::format::Unreadable;
use crate::journal::format::{End, FILE_HEADER_BYTES, FrameHeader, Manifest, SegmentName};
use crate::journal::layout;
use crate::journal::manifest::{corrupt, too_new};
use crate::journal::reader::{Frame, LogReader, Step};
use crate::journal::{manifest, mark};
use crate::vfs::Vfs;

/// A place in a journal that another process writes.
#[derive(Clone)]
pub(crate) struct Follower {
    vfs: Arc<dyn Vfs>,
    dir: PathBuf,
    manifest: Manifest,
    /// Behind the last frame that was handed out; a file whose header was not read yet has offset 0.
    at: End,
}

/// How following went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(crate) enum Followed {
    /// Everything durable was handed out.
    UpToDate,
    /// The manifest has moved on: begin again.
    Moved,
}

/// True if the error says that a file is not there any more.
pub(crate) fn is_gone(error: &Error) -> bool {
    matches!(error, Error::Io { op: IoOp::Open, source, .. } if source.kind() == std::io::ErrorKind::NotFound)
}

impl Follower {
    /// Reads the manifest of a database.
    pub(crate) fn begin(vfs: Arc<dyn Vfs>, dir: &Path) -> Result<Follower> {
        let Some(stored) = manifest::load(&*vfs, dir)? else { return Err(without_manifest(&*vfs, dir)) };
        let manifest = stored.state;
        let at =
            End { seq: manifest.first_seq.saturating_sub(1), file: manifest.first_file, offset: 0, crc: 0 };
        Ok(Follower { vfs, dir: dir.to_owned(), manifest, at })
    }

    /// The random name of the database.
    pub(crate) fn uuid(&self) -> [u8; 16] {
        self.manifest.uuid
    }

    /// The key of the tombstones' HMAC.
    pub(crate) fn secret(&self) -> [u8; 32] {
        self.manifest.secret.0
    }

    /// The last commit that segments cover.
    pub(crate) fn covered_seq(&self) -> u64 {
        self.manifest.covered_seq
    }

    /// The segments that count, the newest first, with their paths.
    pub(crate) fn segments(&self) -> impl Iterator<Item = (SegmentName, PathBuf)> {
        let dir = layout::segments(&self.dir);
        self.manifest.segments.iter().map(move |name| (*name, layout::segment_in(&dir, name.number)))
    }

    /// Hands out the frames that became durable since.
    pub(crate) fn follow(&mut self, visit: &mut dyn FnMut(Frame<'_>) -> Result<()>) -> Result<Followed> {
        let Some(stored) = manifest::load(&*self.vfs, &self.dir)? else {
            return Err(without_manifest(&*self.vfs, &self.dir));
        };
        let now = stored.state;
        let is_same = (&now.uuid, &now.segments, now.covered_seq, now.first_file)
            == (
                &self.manifest.uuid,
                &self.manifest.segments,
                self.manifest.covered_seq,
                self.manifest.first_file,
            );
        if !is_same {
            return Ok(Followed::Moved);
        }
        self.manifest = now;
        let mark = mark::load(&*self.vfs, &self.dir, &self.manifest.uuid, self.manifest.session)?;
        let durable = mark.map_or(0, |mark| mark.end.seq).max(self.manifest.end.seq);
        while self.at.seq < durable {
            match self.read_file(durable, visit) {
                Ok(()) => {}
                // Retired between the look at the manifest and now.
                Err(error) if is_gone(&error) => return Ok(Followed::Moved),
                Err(error) => return Err(error),
            }
        }
        Ok(Followed::UpToDate)
    }

    /// Reads on in the file of `at`, and goes to the next one at its end.
    fn read_file(&mut self, durable: u64, visit: &mut dyn FnMut(Frame<'_>) -> Result<()>) -> Result<()> {
        let path = layout::log(&self.dir, self.at.file);
        let mut reader = LogReader::open(&*self.vfs, &self.dir, self.at.file, self.manifest.uuid)?;
        if self.at.offset == 0 {
            let (header, crc) = reader.file_header()?.map_err(|unreadable| match unreadable {
                Unreadable::Version(found) => too_new(found),
                Unreadable::Damaged => corrupt(path.clone(), 0, "the header of the log file does not hold"),
            })?;
            let is_first = self.at.file == self.manifest.first_file;
            if header.uuid != self.manifest.uuid
                || header.first_seq != self.at.seq + 1
                || (!is_first && header.prev_crc != self.at.crc)
            {
                return Err(corrupt(path, 0, "the log file belongs elsewhere in the sequence"));
            }
            self.at = End { crc, offset: FILE_HEADER_BYTES as u64, ..self.at };
        }
        reader.stand_at(self.at.offset);
        while self.at.seq < durable {
            match reader.next(self.at.seq, self.at.crc)? {
                Step::Frame { header, crc, payload } => {
                    let FrameHeader { seq, recorded_at, .. } = header;
                    let (file_number, offset) = (self.at.file, self.at.offset);
                    let secret = &self.manifest.secret.0;
                    visit(Frame { seq, recorded_at, payload, file_number, offset, secret })?;
                    self.at = End { seq, crc, offset: reader.offset(), ..self.at };
                }
                Step::End => {
                    self.at = End { file: self.at.file + 1, offset: 0, ..self.at };
                    return Ok(());
                }
                Step::Bad(what) => return Err(corrupt(path, self.at.offset, what)),
            }
        }
        Ok(())
    }
}
