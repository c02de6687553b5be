//! Reads the whole journal in order and judges how it ends: clean, cut, or damaged. Writes nothing.
//!
//! # What counts as proof
//! After a sealed close the end is known exactly, and anything else is damage. After an unclean stop the first bad
//! frame is damage if something proves that it was durable before the last sync group: a later log file (J2), the
//! end where the session began (J3), a mark whose group starts later (J8), or a later frame header whose
//! `synced_through` covers it. Without proof it may never have been acknowledged: the log is cut there.

use std::path::Path;

use crate::error::{Error, Result};
use crate::journal::format::{End, FILE_HEADER_BYTES, FrameHeader, Manifest, Mark, Unreadable};
use crate::journal::layout;
use crate::journal::manifest::{corrupt, too_new};
use crate::journal::reader::{Frame, LogReader, Step};
use crate::vfs::Vfs;

/// How the journal ends.
#[derive(Debug)]
pub(crate) struct Found {
    /// Behind the last good frame.
    pub(crate) end: End,
    /// Of the last frame, if there is one.
    pub(crate) last_recorded_at: Option<i64>,
    /// Frames from `end` on were lost, or begun and not finished.
    pub(crate) cut: bool,
    /// The last file of all was begun and has no header yet.
    pub(crate) torn_file: Option<u64>,
    /// The file of `end` is known to be durable up to here.
    pub(crate) durable_offset: u64,
}

/// Hands every good frame to `visit` and judges the end.
pub(crate) fn scan(
    vfs: &dyn Vfs,
    dir: &Path,
    manifest: &Manifest,
    mark: Option<Mark>,
    visit: &mut dyn FnMut(Frame<'_>) -> Result<()>,
) -> Result<Found> {
    // A mark of frames that segments cover by now says nothing of those that follow.
    let mark = mark.filter(|mark| !manifest.is_sealed() && mark.end.seq > manifest.covered_seq);
    let numbers = live_files(vfs, dir, manifest, mark)?;
    let last_file = numbers.last().copied().unwrap_or_default();
    let mut walk = Walk {
        dir,
        manifest,
        mark,
        last_file,
        found: Found {
            end: End { seq: manifest.first_seq.saturating_sub(1), ..End::default() },
            last_recorded_at: None,
            cut: false,
            torn_file: None,
            durable_offset: 0,
        },
        candidate: End::default(),
        met_end: false,
        met_mark: false,
    };
    for number in numbers {
        let mut reader = LogReader::open(vfs, dir, number, manifest.uuid)?;
        if walk.begin_file(&mut reader, number)? {
            walk.frames(&mut reader, visit)?;
        }
    }
    walk.judge_end()?;
    Ok(walk.found)
}

/// The live log files, of which none may be missing.
fn live_files(vfs: &dyn Vfs, dir: &Path, manifest: &Manifest, mark: Option<Mark>) -> Result<Vec<u64>> {
    let mut numbers = layout::log_numbers(vfs, dir)?;
    numbers.retain(|n| *n >= manifest.first_file); // Older ones are retired.
    let named = manifest.end.file.max(mark.map_or(0, |m| m.end.file));
    let missing = |n| corrupt(layout::log(dir, n), 0, "the log file is missing");
    let mut expected = manifest.first_file;
    for number in &numbers {
        if *number != expected {
            return Err(missing(expected));
        }
        expected = expected.saturating_add(1);
    }
    if expected <= named || numbers.is_empty() {
        return Err(missing(expected));
    }
    Ok(numbers)
}

/// The walk over the files, and what is known so far.
struct Walk<'a> {
    dir: &'a Path,
    manifest: &'a Manifest,
    mark: Option<Mark>,
    last_file: u64,
    found: Found,
    /// A place that is durable as soon as a frame says that its seq is.
    candidate: End,
    met_end: bool,
    met_mark: bool,
}

impl Walk<'_> {
    /// Checks the header of a file; false if the file was begun and not finished.
    fn begin_file(&mut self, reader: &mut LogReader, number: u64) -> Result<bool> {
        let damaged = |what| Err(corrupt(layout::log(self.dir, number), 0, what));
        let (header, crc) = match reader.file_header()? {
            Ok(found) => found,
            Err(Unreadable::Version(found)) => return Err(too_new(found)),
            // J2: a file longer than its header holds frames, so the header was durable.
            Err(Unreadable::Damaged) => {
                let named = self.manifest.end.file.max(self.mark.map_or(0, |m| m.end.file));
                let begun = number == self.last_file
                    && number > self.manifest.first_file.max(named)
                    && reader.len() <= FILE_HEADER_BYTES as u64
                    && !self.manifest.is_sealed();
                if !begun {
                    return damaged("the header of the log file does not hold");
                }
                self.found.torn_file = Some(number);
                return Ok(false);
            }
        };
        if header.uuid != self.manifest.uuid {
            return damaged("the log file belongs to another database");
        }
        if header.file != number || Some(header.first_seq) != self.found.end.seq.checked_add(1) {
            return damaged("the log file belongs elsewhere in the sequence");
        }
        if number != self.manifest.first_file && header.prev_crc != self.found.end.crc {
            return damaged("the log file does not follow the one before");
        }
        self.candidate = End { seq: self.found.end.seq, file: number, offset: reader.offset(), crc };
        self.found.durable_offset = 0;
        self.found.end = self.candidate;
        self.meet();
        Ok(true)
    }

    /// Reads the frames of a file up to its end or to the cut.
    fn frames(
        &mut self,
        reader: &mut LogReader,
        visit: &mut dyn FnMut(Frame<'_>) -> Result<()>,
    ) -> Result<()> {
        loop {
            let at = self.found.end;
            match reader.next(at.seq, at.crc)? {
                Step::End => return Ok(()),
                Step::Bad(what) => {
                    if self.was_durable(reader)? {
                        return Err(corrupt(layout::log(self.dir, at.file), at.offset, what));
                    }
                    self.found.cut = true;
                    return Ok(());
                }
                Step::Frame { header, crc, payload } => {
                    let FrameHeader { seq, recorded_at, .. } = header;
                    visit(Frame {
                        seq,
                        recorded_at,
                        payload,
                        file_number: at.file,
                        offset: at.offset,
                        secret: &self.manifest.secret.0,
                    })?;
                    self.found.last_recorded_at = Some(recorded_at);
                    self.found.end = End { seq, file: at.file, offset: reader.offset(), crc };
                    self.raise_durable(&header);
                    self.meet();
                }
            }
        }
    }

    /// J5: what proves that the bad frame behind `end` was durable before the last sync group.
    fn was_durable(&self, reader: &mut LogReader) -> Result<bool> {
        let bad = self.found.end.seq.saturating_add(1);
        Ok(self.manifest.is_sealed()
            || self.found.end.file != self.last_file
            || self.manifest.end.seq >= bad
            || self.mark.is_some_and(|m| m.group_first > bad)
            || reader.proves_durable(bad)?)
    }

    /// A frame that vouches for the candidate makes it the durable place and becomes the next candidate.
    fn raise_durable(&mut self, header: &FrameHeader) {
        if header.synced_through >= self.candidate.seq {
            self.found.durable_offset = self.candidate.offset;
            self.candidate = self.found.end;
        }
    }

    /// Notes when the walk passes the places that the manifest and the mark name.
    fn meet(&mut self) {
        let here = self.found.end;
        let marked = self.mark.is_some_and(|m| m.end == here);
        self.met_end |= self.manifest.end == here;
        self.met_mark |= marked;
        if marked || self.manifest.end == here {
            self.found.durable_offset = here.offset;
        }
    }

    /// Holds the end against the manifest and the mark.
    fn judge_end(&mut self) -> Result<()> {
        let end = self.found.end;
        let damaged = |what| Err(self.damaged_at_end(what));
        if self.manifest.is_sealed() && end != self.manifest.end {
            return damaged("the log does not end where it was sealed");
        }
        if end.seq < self.manifest.end.seq {
            return damaged("the log ends before the last session began");
        }
        if !self.met_end {
            return damaged("the log does not fit the manifest");
        }
        let Some(mark) = self.mark else { return Ok(()) };
        if end.seq < mark.end.seq {
            if mark.group_first > end.seq.saturating_add(1) {
                return damaged("the log ends before the last sync group");
            }
            self.found.cut = true;
        } else if !self.met_mark {
            return damaged("the log does not fit its mark");
        }
        Ok(())
    }

    fn damaged_at_end(&self, what: &'static str) -> Error {
        corrupt(layout::log(self.dir, self.found.end.file), self.found.end.offset, what)
    }
}
