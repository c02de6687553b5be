//! The disk itself: files in memory, a log of every change, and injected faults.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Error as IoError, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use idweave::error::IoOp;
use idweave::vfs::{OpenMode, Vfs, VfsFile, VfsLock};
use idweave::{Error, Result};

use super::images::{Entry, Image, Mode, Replay};

/// A change to the disk, in the order it was asked for.
#[derive(Debug, Clone)]
pub(super) enum Op {
    Add {
        path: PathBuf,
        entry: Entry,
    },
    Remove {
        path: PathBuf,
    },
    Rename {
        from: PathBuf,
        to: PathBuf,
    },
    Write {
        inode: usize,
        at: usize,
        bytes: Vec<u8>,
    },
    SetLen {
        inode: usize,
        len: usize,
    },
    Sync {
        inode: usize,
    },
    /// A flush that failed and dropped what was dirty.
    SyncDropped {
        inode: usize,
    },
    SyncDir {
        dir: PathBuf,
    },
}

/// A fault to inject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The call with this index (of all calls, from 0) fails; a write does half of its work first.
    Call { index: u64, forever: bool },
    /// The flush of a file with this index (from 0) fails once, and its dirty bytes are dropped as if clean.
    SyncDrops { index: u64 },
    /// Files may grow by this many bytes in all; a write does what fits.
    Space { bytes: usize },
}

#[derive(Debug, Default)]
struct State {
    base: Image,
    log: Vec<Op>,
    names: BTreeMap<PathBuf, Entry>,
    files: Vec<Vec<u8>>,
    locks: BTreeSet<PathBuf>,
    fault: Option<Fault>,
    calls: u64,
    syncs: u64,
}

/// A disk in memory. Clones are handles of the same disk.
#[derive(Debug, Clone, Default)]
pub(crate) struct SimDisk(Arc<Mutex<State>>);

impl SimDisk {
    /// A disk with nothing but the root directory.
    pub(crate) fn new() -> SimDisk {
        SimDisk::from_image(&Image::default())
    }

    /// A disk whose durable state is this image.
    pub(crate) fn from_image(image: &Image) -> SimDisk {
        let (names, files) = image.to_inodes();
        SimDisk(Arc::new(Mutex::new(State { base: image.clone(), names, files, ..State::default() })))
    }

    /// For the engine's options.
    pub(crate) fn vfs(&self) -> Arc<dyn Vfs> {
        Arc::new(self.clone())
    }

    /// Injects a fault, or none; counting starts again.
    pub(crate) fn inject(&self, fault: Option<Fault>) {
        let mut state = self.state();
        (state.fault, state.calls, state.syncs) = (fault, 0, 0);
    }

    /// Calls since the last `inject`.
    pub(crate) fn calls(&self) -> u64 {
        self.state().calls
    }

    /// Flushes of files since the last `inject`.
    pub(crate) fn syncs(&self) -> u64 {
        self.state().syncs
    }

    /// The bytes by which files may still grow, if that is bounded.
    #[allow(dead_code, reason = "the journal's tests need a part of the simulated disk")]
    pub(crate) fn space_left(&self) -> Option<usize> {
        self.state().space()
    }

    /// How many changes the log holds: a crash may come at any cut from 0 to this.
    pub(crate) fn cuts(&self) -> usize {
        self.state().log.len()
    }

    /// What a process sees now: the state after it is killed, with the system alive.
    pub(crate) fn live_image(&self) -> Image {
        let state = self.state();
        Image::from_inodes(&state.names, &state.files)
    }

    /// The disks a crash after `cut` changes may leave. At most `2^bits_max` are all; else a seeded sample.
    pub(crate) fn crash_images(&self, cut: usize, mode: Mode, bits_max: u32, seed: u64) -> Vec<Image> {
        let state = self.state();
        let mut replay = Replay::new(&state.base);
        let (before, last) = match state.log[..cut].split_last() {
            Some((last, before)) => (before, Some(last)),
            None => (&state.log[..0], None),
        };
        before.iter().for_each(|op| replay.apply(op));
        replay.images(last, mode, bits_max, seed)
    }

    /// Changes a file behind everyone's back, as rot or an operator would: durable and not in the log.
    pub(crate) fn damage(&self, path: &Path, change: impl FnOnce(&mut Vec<u8>)) -> SimDisk {
        let mut image = self.live_image();
        image.change(path, change);
        SimDisk::from_image(&image)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a call and fails it if it is its turn.
    fn call(&self, op: IoOp, path: &Path) -> Result<MutexGuard<'_, State>> {
        let mut state = self.state();
        let index = state.calls;
        state.calls += 1;
        match state.fault {
            Some(Fault::Call { index: at, forever }) if index == at || (forever && index > at) => {
                Err(fail(op, path, IoError::other("injected")))
            }
            _ => Ok(state),
        }
    }
}

fn fail(op: IoOp, path: &Path, source: IoError) -> Error {
    Error::Io { op, path: path.to_owned(), source }
}

impl State {
    fn change(&mut self, op: Op) {
        match &op {
            Op::Add { path, entry } => {
                self.names.insert(path.clone(), *entry);
            }
            Op::Remove { path } => {
                self.names.remove(path);
            }
            Op::Rename { from, to } => {
                if let Some(entry) = self.names.remove(from) {
                    self.names.insert(to.clone(), entry);
                }
            }
            Op::Write { inode, at, bytes } => overwrite(&mut self.files[*inode], *at, bytes),
            Op::SetLen { inode, len } => self.files[*inode].resize(*len, 0),
            Op::Sync { .. } | Op::SyncDropped { .. } | Op::SyncDir { .. } => {}
        }
        self.log.push(op);
    }

    /// The bytes by which files may still grow, if that is bounded.
    fn space(&self) -> Option<usize> {
        match self.fault {
            Some(Fault::Space { bytes }) => Some(bytes),
            _ => None,
        }
    }

    /// Takes space for growth; how many of the bytes are granted.
    fn grant(&mut self, growth: usize) -> usize {
        match &mut self.fault {
            Some(Fault::Space { bytes }) => {
                let granted = growth.min(*bytes);
                *bytes -= granted;
                granted
            }
            _ => growth,
        }
    }
}

/// Writes into a file's bytes; a gap becomes zeros.
pub(super) fn overwrite(file: &mut Vec<u8>, at: usize, bytes: &[u8]) {
    if bytes.is_empty() {
        return;
    }
    if file.len() < at + bytes.len() {
        file.resize(at + bytes.len(), 0);
    }
    file[at..at + bytes.len()].copy_from_slice(bytes);
}

impl Vfs for SimDisk {
    fn create_dir(&self, path: &Path) -> Result<()> {
        let mut state = self.call(IoOp::CreateDir, path)?;
        match state.names.get(path) {
            Some(Entry::Dir) => Ok(()),
            Some(Entry::File(_)) => Err(fail(IoOp::CreateDir, path, ErrorKind::AlreadyExists.into())),
            None if !state.names.contains_key(path.parent().unwrap_or(path)) => {
                Err(fail(IoOp::CreateDir, path, ErrorKind::NotFound.into()))
            }
            None => {
                state.change(Op::Add { path: path.to_owned(), entry: Entry::Dir });
                Ok(())
            }
        }
    }

    fn open(&self, path: &Path, mode: OpenMode) -> Result<Box<dyn VfsFile>> {
        let mut state = self.call(IoOp::Open, path)?;
        let refuse = |kind: ErrorKind| Err(fail(IoOp::Open, path, kind.into()));
        let inode = match (state.names.get(path).copied(), mode) {
            (Some(Entry::Dir), _) => return refuse(ErrorKind::IsADirectory),
            (Some(Entry::File(_)), OpenMode::CreateNew) => return refuse(ErrorKind::AlreadyExists),
            (Some(Entry::File(inode)), _) => inode,
            (None, OpenMode::Read | OpenMode::Write) => return refuse(ErrorKind::NotFound),
            (None, _) => {
                if !state.names.contains_key(path.parent().unwrap_or(path)) {
                    return refuse(ErrorKind::NotFound);
                }
                let inode = state.files.len();
                state.files.push(Vec::new());
                state.change(Op::Add { path: path.to_owned(), entry: Entry::File(inode) });
                inode
            }
        };
        let writable = mode != OpenMode::Read;
        Ok(Box::new(SimFile { disk: self.clone(), inode, path: path.to_owned(), writable }))
    }

    fn exists(&self, path: &Path) -> Result<bool> {
        Ok(self.call(IoOp::Stat, path)?.names.contains_key(path))
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<()> {
        let mut state = self.call(IoOp::Rename, from)?;
        if !matches!(state.names.get(from), Some(Entry::File(_))) {
            return Err(fail(IoOp::Rename, from, ErrorKind::NotFound.into()));
        }
        state.change(Op::Rename { from: from.to_owned(), to: to.to_owned() });
        Ok(())
    }

    fn remove(&self, path: &Path) -> Result<()> {
        let mut state = self.call(IoOp::Remove, path)?;
        if !matches!(state.names.get(path), Some(Entry::File(_))) {
            return Err(fail(IoOp::Remove, path, ErrorKind::NotFound.into()));
        }
        state.change(Op::Remove { path: path.to_owned() });
        Ok(())
    }

    fn list(&self, dir: &Path) -> Result<Vec<String>> {
        let state = self.call(IoOp::Stat, dir)?;
        if !matches!(state.names.get(dir), Some(Entry::Dir)) {
            return Err(fail(IoOp::Stat, dir, ErrorKind::NotFound.into()));
        }
        let inside = state.names.keys().filter(|p| p.parent() == Some(dir));
        Ok(inside.filter_map(|p| Some(p.file_name()?.to_str()?.to_owned())).collect())
    }

    fn sync_dir(&self, dir: &Path) -> Result<()> {
        let mut state = self.call(IoOp::Sync, dir)?;
        state.change(Op::SyncDir { dir: dir.to_owned() });
        Ok(())
    }

    fn lock(&self, path: &Path) -> Result<Box<dyn VfsLock>> {
        drop(self.open(path, OpenMode::Create)?);
        if !self.state().locks.insert(path.to_owned()) {
            return Err(Error::Locked { path: path.parent().unwrap_or(path).to_owned() });
        }
        Ok(Box::new(SimLock { disk: self.clone(), path: path.to_owned() }))
    }
}

#[derive(Debug)]
struct SimLock {
    disk: SimDisk,
    path: PathBuf,
}

impl VfsLock for SimLock {}

impl Drop for SimLock {
    fn drop(&mut self) {
        self.disk.state().locks.remove(&self.path);
    }
}

#[derive(Debug)]
struct SimFile {
    disk: SimDisk,
    inode: usize,
    path: PathBuf,
    writable: bool,
}

impl SimFile {
    fn sync(&self) -> Result<()> {
        let mut state = self.disk.call(IoOp::Sync, &self.path)?;
        let index = state.syncs;
        state.syncs += 1;
        if state.fault == Some(Fault::SyncDrops { index }) {
            state.change(Op::SyncDropped { inode: self.inode });
            return Err(fail(IoOp::Sync, &self.path, IoError::other("injected")));
        }
        state.change(Op::Sync { inode: self.inode });
        Ok(())
    }
}

impl VfsFile for SimFile {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        let state = self.disk.call(IoOp::Read, &self.path)?;
        let file = &state.files[self.inode];
        let from = (offset as usize).min(file.len());
        let size = buffer.len().min(file.len() - from);
        buffer[..size].copy_from_slice(&file[from..from + size]);
        Ok(size)
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> Result<()> {
        assert!(self.writable, "a write to a file that was opened for reading");
        let at = offset as usize;
        let (mut state, injected) = match self.disk.call(IoOp::Write, &self.path) {
            Ok(state) => (state, None),
            Err(e) => (self.disk.state(), Some(e)),
        };
        let end = at + bytes.len();
        let growth = end.saturating_sub(state.files[self.inode].len());
        let mut size = bytes.len() - (growth - state.grant(growth)).min(bytes.len());
        if injected.is_some() {
            size /= 2;
        }
        if size > 0 {
            state.change(Op::Write { inode: self.inode, at, bytes: bytes[..size].to_vec() });
        }
        match injected {
            Some(e) => Err(e),
            None if size < bytes.len() => Err(fail(IoOp::Write, &self.path, ErrorKind::StorageFull.into())),
            None => Ok(()),
        }
    }

    fn set_len(&self, len: u64) -> Result<()> {
        let mut state = self.disk.call(IoOp::Write, &self.path)?;
        state.change(Op::SetLen { inode: self.inode, len: len as usize });
        Ok(())
    }

    fn reserve(&self, len: u64) -> Result<()> {
        let mut state = self.disk.call(IoOp::Write, &self.path)?;
        let growth = (len as usize).saturating_sub(state.files[self.inode].len());
        if state.space().is_some_and(|space| space < growth) {
            return Err(fail(IoOp::Write, &self.path, ErrorKind::StorageFull.into()));
        }
        if growth > 0 {
            state.grant(growth);
            state.change(Op::SetLen { inode: self.inode, len: len as usize });
        }
        Ok(())
    }

    fn len(&self) -> Result<u64> {
        Ok(self.disk.call(IoOp::Stat, &self.path)?.files[self.inode].len() as u64)
    }

    fn sync_data(&self) -> Result<()> {
        self.sync()
    }

    fn sync_all(&self) -> Result<()> {
        self.sync()
    }
}
