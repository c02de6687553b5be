//! Files of the operating system, private to their owner: short and interrupted calls are finished here, and nothing else is added.

use std::collections::BTreeSet;
use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, PoisonError};

use crate::error::{Error, IoOp, Result};
use crate::vfs::{OpenMode, Vfs, VfsFile, VfsLock};

/// The lock files this process holds. Some network file systems lock for each process, not for each handle.
static HELD: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());
/// One of them was given back.
static FREED: Condvar = Condvar::new();

/// The file system of the operating system.
#[derive(Debug, Clone, Copy, Default)]
pub struct RealVfs;

impl Vfs for RealVfs {
    fn create_dir(&self, path: &Path) -> Result<()> {
        match private_dir().create(path) {
            Err(e) if e.kind() == ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
            other => other.map_err(|e| Error::io(IoOp::CreateDir, path, e)),
        }
    }

    fn open(&self, path: &Path, mode: OpenMode) -> Result<Box<dyn VfsFile>> {
        let mut options = private_file();
        match mode {
            OpenMode::Read => {}
            OpenMode::Write => {
                options.write(true);
            }
            OpenMode::Create => {
                options.write(true).create(true).truncate(false);
            }
            OpenMode::CreateNew => {
                options.write(true).create_new(true);
            }
        }
        let file = options.open(path).map_err(|e| Error::io(IoOp::Open, path, e))?;
        Ok(Box::new(RealFile { file, path: path.to_owned() }))
    }

    fn exists(&self, path: &Path) -> Result<bool> {
        path.try_exists().map_err(|e| Error::io(IoOp::Stat, path, e))
    }

    fn absolute(&self, path: &Path) -> Result<PathBuf> {
        std::path::absolute(path).map_err(|e| Error::io(IoOp::Stat, path, e))
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<()> {
        std::fs::rename(from, to).map_err(|e| Error::io(IoOp::Rename, from, e))
    }

    fn remove(&self, path: &Path) -> Result<()> {
        std::fs::remove_file(path).map_err(|e| Error::io(IoOp::Remove, path, e))
    }

    fn list(&self, dir: &Path) -> Result<Vec<String>> {
        let wrap = |e| Error::io(IoOp::Stat, dir, e);
        let mut names = Vec::new();
        for entry in std::fs::read_dir(dir).map_err(wrap)? {
            if let Ok(name) = entry.map_err(wrap)?.file_name().into_string() {
                names.push(name);
            }
        }
        names.sort_unstable();
        Ok(names)
    }

    fn sync_dir(&self, dir: &Path) -> Result<()> {
        if cfg!(windows) {
            return Ok(()); // Directories cannot be flushed there; NTFS orders its own metadata.
        }
        File::open(dir).and_then(|d| d.sync_all()).map_err(|e| Error::io(IoOp::Sync, dir, e))
    }

    fn lock(&self, path: &Path) -> Result<Box<dyn VfsLock>> {
        let (file, key) = lock_file(path)?;
        let mut held = HELD.lock().unwrap_or_else(PoisonError::into_inner);
        if held.contains(&key) {
            return Err(locked(path));
        }
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(locked(path)),
            Err(TryLockError::Error(e)) => return Err(Error::io(IoOp::Lock, path, e)),
        }
        held.insert(key.clone());
        Ok(Box::new(RealLock { file: Some(file), key }))
    }

    fn lock_in_turn(&self, path: &Path) -> Result<Box<dyn VfsLock>> {
        let (file, key) = lock_file(path)?;
        let held = HELD.lock().unwrap_or_else(PoisonError::into_inner);
        let is_taken = |held: &mut BTreeSet<PathBuf>| held.contains(&key);
        let mut held = FREED.wait_while(held, is_taken).unwrap_or_else(PoisonError::into_inner);
        // This process's turn first: it waits for other processes without keeping its own from other locks.
        held.insert(key.clone());
        drop(held);
        let lock = RealLock { file: Some(file), key };
        lock.file.as_ref().map_or(Ok(()), File::lock).map_err(|e| Error::io(IoOp::Lock, path, e))?;
        Ok(Box::new(lock))
    }
}

/// The file of a lock, made if it is missing, and its name that no other spelling of the path differs from.
fn lock_file(path: &Path) -> Result<(File, PathBuf)> {
    let open = private_file().write(true).create(true).truncate(false).open(path);
    let file = open.map_err(|e| Error::io(IoOp::Open, path, e))?;
    let key = path.canonicalize().map_err(|e| Error::io(IoOp::Lock, path, e))?;
    Ok((file, key))
}

fn locked(path: &Path) -> Error {
    Error::Locked { path: path.parent().unwrap_or(path).to_owned() }
}

#[derive(Debug)]
struct RealLock {
    file: Option<File>,
    key: PathBuf,
}

impl VfsLock for RealLock {}

impl Drop for RealLock {
    fn drop(&mut self) {
        let mut held = HELD.lock().unwrap_or_else(PoisonError::into_inner);
        // Before anyone sees the key gone. Closing alone does not give the lock back while a process that is just being
        // started from this one still has the handle.
        self.file.take().into_iter().for_each(|file| drop(file.unlock()));
        held.remove(&self.key);
        FREED.notify_all();
    }
}

#[derive(Debug)]
struct RealFile {
    file: File,
    path: PathBuf,
}

impl RealFile {
    fn wrap(&self, op: IoOp, source: io::Error) -> Error {
        Error::io(op, &self.path, source)
    }
}

impl VfsFile for RealFile {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        let mut done = 0usize;
        while let Some(rest) = buffer.get_mut(done..).filter(|r| !r.is_empty()) {
            match read_some(&self.file, offset.saturating_add(done as u64), rest) {
                Ok(0) => break,
                Ok(n) => done = done.saturating_add(n),
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) => return Err(self.wrap(IoOp::Read, e)),
            }
        }
        Ok(done)
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> Result<()> {
        let mut done = 0usize;
        while let Some(rest) = bytes.get(done..).filter(|r| !r.is_empty()) {
            match write_some(&self.file, offset.saturating_add(done as u64), rest) {
                Ok(0) => return Err(self.wrap(IoOp::Write, ErrorKind::WriteZero.into())),
                Ok(n) => done = done.saturating_add(n),
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) => return Err(self.wrap(IoOp::Write, e)),
            }
        }
        Ok(())
    }

    fn set_len(&self, len: u64) -> Result<()> {
        self.file.set_len(len).map_err(|e| self.wrap(IoOp::Write, e))
    }

    fn reserve(&self, len: u64) -> Result<()> {
        let taken = if len == 0 { Ok(()) } else { take_room(&self.file, len) };
        taken.map_err(|e| self.wrap(IoOp::Write, e))
    }

    fn len(&self) -> Result<u64> {
        Ok(self.file.metadata().map_err(|e| self.wrap(IoOp::Stat, e))?.len())
    }

    fn sync_data(&self) -> Result<()> {
        self.file.sync_data().map_err(|e| self.wrap(IoOp::Sync, e))
    }

    fn sync_all(&self) -> Result<()> {
        self.file.sync_all().map_err(|e| self.wrap(IoOp::Sync, e))
    }

    fn as_file(&self) -> Option<&File> {
        Some(&self.file)
    }
}

/// The files hold ids of people and a secret: nobody but their owner reads them.
fn private_file() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn private_dir() -> DirBuilder {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "modes exist on unix only"))]
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
}

/// Takes room for a file; a file system that does not know how is let be.
#[cfg(any(target_os = "linux", target_vendor = "apple"))]
fn take_room(file: &File, len: u64) -> io::Result<()> {
    use rustix::fs::{FallocateFlags, fallocate};
    use rustix::io::Errno;
    loop {
        match fallocate(file, FallocateFlags::empty(), 0, len) {
            Err(Errno::INTR) => {}
            Err(Errno::OPNOTSUPP | Errno::NOSYS) => return Ok(()),
            taken => return taken.map_err(io::Error::from),
        }
    }
}

#[cfg(not(any(target_os = "linux", target_vendor = "apple")))]
fn take_room(_: &File, _: u64) -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
fn read_some(file: &File, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, offset)
}

#[cfg(unix)]
fn write_some(file: &File, offset: u64, bytes: &[u8]) -> io::Result<usize> {
    std::os::unix::fs::FileExt::write_at(file, bytes, offset)
}

#[cfg(windows)]
fn read_some(file: &File, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, offset)
}

#[cfg(windows)]
fn write_some(file: &File, offset: u64, bytes: &[u8]) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_write(file, bytes, offset)
}
