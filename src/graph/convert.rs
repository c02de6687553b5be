//! Conversion: the same database in another home.
//!
//! The records are copied in pieces, each a segment of the new database; what was copied is noted in a file, `CONVERTING`, so
//! that a conversion that was cut short goes on where it was. The new database has the name, the secret, the numbers, the feed
//! and the list of published snapshots of the old one: it is to take its place.
//!
//! # Order
//!   a piece is durable before `CONVERTING` names it; the feed is copied before there is a database; `CONVERTING` goes when
//!   the two were found to answer alike.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::engine::Read;
use crate::error::{Error, Result};
use crate::graph::handle::Graph;
use crate::graph::options::{HomeKind, Options};
use crate::graph::spill::SpillDir;
use crate::graph::view::View;
use crate::journal::{
    Begun, Identity, Journal, Options as JournalOptions, Secret, SegmentName, converting, converting_new,
    spill_in,
};
use crate::kvlog::{KvBegun, KvLog, KvPlace};
use crate::segment::{Name, Segment, SegmentWriter};
use crate::store::{Place, Records, State, copy_rows, room_for_merge, seed_of};
use crate::vfs::{OpenMode, Vfs};

/// Pieces of records; one more has what lies beside records.
const RECORD_PIECES: u64 = 5;
/// Bytes of a file that are copied at once.
const COPY_BYTES: usize = 1 << 20;

/// What a conversion did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Converted {
    /// The last commit of the new database.
    pub seq: u64,
    /// Bytes of its segments.
    pub bytes: u64,
    /// Pieces they were copied in.
    pub pieces: usize,
    /// Pieces that an earlier attempt had copied.
    pub kept: usize,
}

/// What `CONVERTING` says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Progress {
    uuid: [u8; 16],
    seq: u64,
    /// Number and bytes of each piece that is whole.
    pieces: Vec<(u64, u64)>,
}

impl Options {
    /// Makes a database in a directory that is missing or empty, in the home of these options, with what another has
    /// after a checkpoint: the same graph, name, secret, numbers, change feed and list of published snapshots. It is to
    /// take the other's place. When it is made, every entity, edge and fact of both is compared.
    ///
    /// Cut short, it goes on when it is called again, if nothing was written to the other database meanwhile; else it begins
    /// again.
    ///
    /// # Errors
    /// `AlreadyExists`, `Io`, `Corrupt`, `Locked`. Where the comparison fails, `Corrupt` names the new directory: remove it.
    pub fn convert(self, from: &Graph, dir: impl AsRef<Path>) -> Result<Converted> {
        self.check()?;
        let dir = dir.as_ref();
        let shared = from.shared();
        let state = shared.checkpoint_if(|| true)?;
        let (uuid, secret) = shared.identity();
        let mut conversion =
            Conversion { options: &self, dir, state: &state, progress: Progress::default(), kept: 0 };
        conversion.progress = conversion.begun(uuid)?;
        conversion.kept = conversion.progress.pieces.len();
        if !conversion.is_made()? {
            conversion.make((uuid, secret), shared.files())?;
        }
        let made = Graph::options().home(self.home.clone()).vfs(self.vfs.clone()).open(dir)?;
        compare(&View::new(state.clone(), self.limits, Arc::default()), &made.view(), dir)?;
        made.close()?;
        self.vfs.remove(&converting(dir))?;
        let Progress { seq, pieces, .. } = &conversion.progress;
        let bytes = pieces.iter().map(|(_, bytes)| bytes).sum();
        Ok(Converted { seq: *seq, bytes, pieces: pieces.len(), kept: conversion.kept })
    }
}

/// A conversion under way.
struct Conversion<'c> {
    options: &'c Options,
    dir: &'c Path,
    state: &'c State,
    progress: Progress,
    kept: usize,
}

impl Conversion<'_> {
    fn segments(&self) -> &[Arc<Segment>] {
        self.state.layers.segments()
    }

    /// What an earlier attempt to convert the same says it copied.
    fn begun(&self, uuid: [u8; 16]) -> Result<Progress> {
        let seq = self.segments().first().map_or(0, |newest| newest.name().seq);
        let fresh = Progress { uuid, seq, pieces: Vec::new() };
        let path = converting(self.dir);
        let vfs = &*self.options.vfs;
        if !vfs.exists(self.dir)? || !vfs.exists(&path)? {
            return Ok(fresh);
        }
        let file = vfs.open(&path, OpenMode::Read)?;
        let len = usize::try_from(file.len()?.min(COPY_BYTES as u64)).unwrap_or(COPY_BYTES);
        let mut bytes = vec![0; len];
        file.read_at(0, &mut bytes)?;
        let told: Option<Progress> = serde_json::from_slice(&bytes).ok();
        Ok(told.filter(|told| (told.uuid, told.seq) == (uuid, seq)).unwrap_or(fresh))
    }

    /// Whether the database is there already, and only the comparison was missing.
    fn is_made(&self) -> Result<bool> {
        let vfs = &*self.options.vfs;
        let has = |name: &str| vfs.exists(&self.dir.join(name));
        Ok(self.is_whole() && vfs.exists(&converting(self.dir))? && (has("HOME")? || has("MANIFEST")?))
    }

    fn is_whole(&self) -> bool {
        let wanted = if self.segments().is_empty() { 0 } else { RECORD_PIECES + 1 };
        self.progress.pieces.len() as u64 == wanted
    }

    fn make(
        &mut self,
        (uuid, secret): ([u8; 16], [u8; 32]),
        files: Option<(Arc<dyn Vfs>, PathBuf)>,
    ) -> Result<()> {
        let (options, dir) = (self.options, self.dir);
        let vfs = options.vfs.clone();
        match &options.home {
            HomeKind::Native => {
                let identity = Identity { uuid, secret: Secret(secret) };
                let begin = |segments: &Path| {
                    let spills = SpillDir::Files { vfs: vfs.clone(), dir: segments.to_owned() };
                    self.fill(&spills, files)?;
                    let named = |(number, bytes): &(u64, u64)| {
                        let name = SegmentName { number: *number, file_len: *bytes };
                        (spill_in(segments, *number), name)
                    };
                    let segments = self.progress.pieces.iter().rev().map(named).collect();
                    Ok(Some(Begun { seq: self.progress.seq, segments }))
                };
                Journal::create_from(vfs.clone(), dir, JournalOptions::default(), identity, begin)?.close()
            }
            HomeKind::Kv(store) => {
                let begin = |place: &KvPlace| {
                    let place = Box::new(Place::Rows(place.clone()));
                    self.fill(&SpillDir::Rows { spills: place.clone(), base: place }, files)?;
                    let segments = self.progress.pieces.iter().rev().copied().collect();
                    Ok(Some(KvBegun { seq: self.progress.seq, segments }))
                };
                KvLog::create(vfs.clone(), dir, store.clone(), (uuid, secret), begin)?.close()
            }
        }
    }

    /// Copies what is not copied yet: segments, feed, list of snapshots.
    fn fill(&mut self, to: &SpillDir, files: Option<(Arc<dyn Vfs>, PathBuf)>) -> Result<()> {
        self.note()?;
        let all = self.segments().to_vec();
        if let Some(newest) = all.first() {
            let numbers = newest.counts().numbers;
            let mut records = Records::of(&all);
            for piece in 1..=RECORD_PIECES + 1 {
                let last = if piece < RECORD_PIECES { numbers / RECORD_PIECES * piece } else { u64::MAX };
                let last = u32::try_from(last).unwrap_or(u32::MAX);
                if self.progress.pieces.len() as u64 >= piece {
                    records.skip_through(last)?;
                    continue;
                }
                let bytes = self.copy_piece(to, piece, newest, |out| {
                    if piece > RECORD_PIECES {
                        return copy_rows(&all, &[], None, out);
                    }
                    while records.copy_next(last, &[], self.state, out)? {}
                    Ok(())
                })?;
                self.progress.pieces.push((piece, bytes));
                self.note()?;
            }
        }
        match files {
            Some((vfs, from)) => self.copy_files(&*vfs, &from),
            None => Ok(()),
        }
    }

    fn copy_piece(
        &self,
        to: &SpillDir,
        number: u64,
        newest: &Segment,
        copy: impl FnOnce(&mut SegmentWriter) -> Result<()>,
    ) -> Result<u64> {
        let (uuid, seq) = (self.progress.uuid, self.progress.seq);
        let name = Name { uuid, number, seq, seed: seed_of(&uuid), is_base: number == 1 };
        let room = room_for_merge(self.segments()) / (RECORD_PIECES + 1);
        let written = to.write(name, self.options.read_mode, room, |mut out| {
            copy(&mut out)?;
            out.finish(*newest.counts())
        })?;
        Ok(written.bytes())
    }

    /// Notes how far it has come, durably.
    fn note(&self) -> Result<()> {
        let vfs = &*self.options.vfs;
        let text = serde_json::to_vec(&self.progress)
            .map_err(|_| Error::Internal { what: "a conversion that cannot be noted" })?;
        let new = converting_new(self.dir);
        let file = vfs.open(&new, OpenMode::Create)?;
        file.set_len(0)?;
        file.write_at(0, &text)?;
        file.sync_all()?;
        vfs.rename(&new, &converting(self.dir))?;
        vfs.sync_dir(self.dir)
    }

    /// Copies the change feed and the list of published snapshots.
    fn copy_files(&self, from_vfs: &dyn Vfs, from: &Path) -> Result<()> {
        let vfs = &*self.options.vfs;
        if from_vfs.exists(&from.join("PUBLISHED"))? {
            copy_file(from_vfs, &from.join("PUBLISHED"), vfs, &self.dir.join("PUBLISHED"))?;
        }
        let (from, to) = (from.join("feed"), self.dir.join("feed"));
        if from_vfs.exists(&from)? {
            vfs.create_dir(&to)?;
            for name in from_vfs.list(&from)? {
                copy_file(from_vfs, &from.join(&name), vfs, &to.join(&name))?;
            }
            vfs.sync_dir(&to)?;
        }
        vfs.sync_dir(self.dir)
    }
}

fn copy_file(from_vfs: &dyn Vfs, from: &Path, to_vfs: &dyn Vfs, to: &Path) -> Result<()> {
    let (source, target) = (from_vfs.open(from, OpenMode::Read)?, to_vfs.open(to, OpenMode::Create)?);
    target.set_len(0)?;
    let mut buffer = vec![0; COPY_BYTES];
    let mut at = 0;
    loop {
        let len = source.read_at(at, &mut buffer)?;
        if len == 0 {
            return target.sync_all();
        }
        target.write_at(at, buffer.get(..len).unwrap_or_default())?;
        at += len as u64;
    }
}

/// An error unless two databases say the same of entities, edges and facts, in the same order.
fn compare(from: &View, to: &View, dir: &Path) -> Result<()> {
    let is_same = are_equal(from.entities(), to.entities())?
        && are_equal(from.edges(), to.edges())?
        && are_equal(from.facts(), to.facts())?;
    let what = "what was converted differs from what it was made from";
    if is_same { Ok(()) } else { Err(Error::Corrupt { file: dir.to_owned(), offset: 0, what }) }
}

fn are_equal<T: PartialEq>(
    from: impl Iterator<Item = Result<T>>,
    mut to: impl Iterator<Item = Result<T>>,
) -> Result<bool> {
    for one in from {
        if to.next().transpose()? != Some(one?) {
            return Ok(false);
        }
    }
    Ok(to.next().transpose()?.is_none())
}
