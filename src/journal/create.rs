//! Makes a new, empty database.
//!
//! # Order
//!   everything is durable under its own name before MANIFEST gets its name: before that rename there is no
//!   database and `create` may be run again, after it there is a good one. A segment that it begins with gets its
//!   name while MANIFEST.new is there, which tells it from one whose manifest was lost.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::{Error, IoOp, Result};
use crate::journal::format::{
    End, FILE_HEADER_BYTES, FileHeader, Manifest, Secret, SegmentName, State, Uuid, checksum,
};
use crate::journal::layout;
use crate::journal::manifest::{Stored, corrupt};
use crate::journal::mark::MARK_FILE_BYTES;
use crate::journal::writer::{Journal, Options};
use crate::vfs::{OpenMode, Vfs};

/// What makes a database this one and no other.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    pub(crate) uuid: Uuid,
    pub(crate) secret: Secret,
}

/// What a database begins with.
#[derive(Debug, Clone)]
pub(crate) struct Begun {
    /// The last commit that the segments cover.
    pub(crate) seq: u64,
    /// The newest first, each with the file it lies in until there is a database.
    pub(crate) segments: Vec<(PathBuf, SegmentName)>,
}

impl Identity {
    /// A new one, from the system's random source.
    pub(crate) fn random() -> Result<Identity> {
        let mut identity = Identity { uuid: [0; 16], secret: Secret([0; 32]) };
        getrandom::fill(&mut identity.uuid)
            .and_then(|()| getrandom::fill(&mut identity.secret.0))
            .map_err(|_| Error::io(IoOp::Read, "the system's random source", io::ErrorKind::Other.into()))?;
        Ok(identity)
    }
}

impl Journal {
    /// Makes a new database in `dir`, which may be missing, empty, or left by a creation that was cut short.
    pub(crate) fn create(vfs: Arc<dyn Vfs>, dir: &Path, options: Options) -> Result<Journal> {
        Journal::create_as(vfs, dir, options, Identity::random()?)
    }

    /// The same with a given identity.
    pub(crate) fn create_as(
        vfs: Arc<dyn Vfs>,
        dir: &Path,
        options: Options,
        identity: Identity,
    ) -> Result<Journal> {
        Journal::create_with(vfs, dir, options, identity, |_| Ok(None))
    }

    /// A database that begins with segments. `write` is given the directory of segments, which it may use as it
    /// likes, and makes their files there, under names that no segment has.
    pub(crate) fn create_from(
        vfs: Arc<dyn Vfs>,
        dir: &Path,
        options: Options,
        identity: Identity,
        write: impl FnOnce(&Path) -> Result<Option<Begun>>,
    ) -> Result<Journal> {
        let files = vfs.clone();
        Journal::create_with(vfs, dir, options, identity, |dir| {
            let segments = layout::segments(dir);
            files.create_dir(&segments)?;
            write(&segments)
        })
    }

    fn create_with(
        vfs: Arc<dyn Vfs>,
        dir: &Path,
        options: Options,
        identity: Identity,
        fill: impl FnOnce(&Path) -> Result<Option<Begun>>,
    ) -> Result<Journal> {
        vfs.create_dir(dir)?;
        if let Some(parent) = dir.parent() {
            vfs.sync_dir(if parent.as_os_str().is_empty() { Path::new(".") } else { parent })?;
        }
        refuse_occupied(&*vfs, dir)?; // Before a lock file is put among somebody's files.
        let lock = vfs.lock(&layout::lock(dir))?;
        refuse_occupied(&*vfs, dir)?;

        let begun = fill(dir)?;
        let covered_seq = begun.as_ref().map_or(0, |begun| begun.seq);
        let begun = begun.map(|begun| begun.segments).unwrap_or_default();
        vfs.create_dir(&layout::journal(dir))?;
        let end = begin_log(&*vfs, dir, &identity.uuid, covered_seq)?;
        let mark = vfs.open(&layout::mark(dir), OpenMode::Create)?;
        mark.write_at(0, &[0; MARK_FILE_BYTES])?;
        mark.sync_all()?;
        vfs.sync_dir(&layout::journal(dir))?;

        let manifest = Stored::new(Manifest {
            resolver_version: options.resolver_version,
            generation: 1,
            uuid: identity.uuid,
            secret: identity.secret,
            first_file: end.file,
            first_seq: end.seq.saturating_add(1),
            session: 0,
            state: State::Sealed,
            end,
            covered_seq,
            next_segment: begun.iter().map(|(_, segment)| segment.number + 1).max().unwrap_or(0),
            segments: begun.iter().map(|(_, segment)| *segment).collect(),
        });
        manifest.write_new(&*vfs, &layout::manifest_new(dir))?;
        vfs.sync_dir(dir)?;
        if !begun.is_empty() {
            let segments = layout::segments(dir);
            for (file, segment) in &begun {
                let name = layout::segment_in(&segments, segment.number);
                // A conversion that was cut short here has given some their names.
                if vfs.exists(file)? || !vfs.exists(&name)? {
                    vfs.rename(file, &name)?;
                }
            }
            vfs.sync_dir(&segments)?;
        }
        vfs.rename(&layout::manifest_new(dir), &layout::manifest(dir))?;
        vfs.sync_dir(dir)?;
        Journal::resume(vfs, dir, options, manifest, end, lock)
    }
}

/// Writes the first log file, with its header only.
fn begin_log(vfs: &dyn Vfs, dir: &Path, uuid: &Uuid, covered_seq: u64) -> Result<End> {
    let header = FileHeader { uuid: *uuid, file: 1, first_seq: covered_seq + 1, prev_crc: checksum(uuid) };
    let bytes = header.encode();
    let file = vfs.open(&layout::log(dir, header.file), OpenMode::Create)?;
    file.set_len(0)?;
    file.write_at(0, &bytes)?;
    file.sync_all()?;
    let crc = bytes.last_chunk().map_or(0, |crc| u32::from_le_bytes(*crc));
    Ok(End { seq: covered_seq, file: header.file, offset: FILE_HEADER_BYTES as u64, crc })
}

/// An error if there is anything that a creation cut short could not have left.
fn refuse_occupied(vfs: &dyn Vfs, dir: &Path) -> Result<()> {
    let is_converted = vfs.exists(&layout::converting(dir))?;
    let ours = |name: &str| {
        ["LOCK", "MANIFEST.new", "CONVERTING.new", "journal", "segments"].contains(&name)
            || (is_converted && layout::is_of_conversion(name))
    };
    if vfs.list(dir)?.iter().all(|name| ours(name)) && !holds_frames(vfs, dir)? && !holds_segments(vfs, dir)?
    {
        return Ok(());
    }
    Err(Error::AlreadyExists { path: dir.to_owned() })
}

/// The error for a directory without a manifest: no database, or one that lost it.
pub(crate) fn without_manifest(vfs: &dyn Vfs, dir: &Path) -> Error {
    match vfs
        .exists(dir)
        .and_then(|exists| Ok(exists && (holds_frames(vfs, dir)? || holds_segments(vfs, dir)?)))
    {
        Ok(true) => {
            corrupt(layout::manifest(dir), 0, "the manifest is missing, and there are frames or segments")
        }
        Ok(false) => Error::NotFound { path: dir.to_owned() },
        Err(e) => e,
    }
}

/// True if there are segments that belong to a database: a creation that was cut short leaves one beside MANIFEST.new.
fn holds_segments(vfs: &dyn Vfs, dir: &Path) -> Result<bool> {
    let segments = layout::segments(dir);
    if !vfs.exists(&segments)? || vfs.exists(&layout::manifest_new(dir))? {
        return Ok(false);
    }
    Ok(vfs.list(&segments)?.iter().any(|name| layout::segment_number(name).is_some()))
}

/// True if the journal's directory holds more than a creation leaves.
fn holds_frames(vfs: &dyn Vfs, dir: &Path) -> Result<bool> {
    if !vfs.exists(&layout::journal(dir))? {
        return Ok(false);
    }
    for number in layout::log_numbers(vfs, dir)? {
        let file = vfs.open(&layout::log(dir, number), OpenMode::Read)?;
        if number != 1 || file.len()? > FILE_HEADER_BYTES as u64 {
            return Ok(true);
        }
    }
    Ok(false)
}
