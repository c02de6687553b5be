//! The bytes of an immutable file: mapped, read piece by piece, or in memory, and the same to whoever reads them.
//!
//! # Invariants
//!   P1 a piece is as long as was asked for, or there is an error: nothing is cut or filled up.
//!   P2 what is asked for is within the length the file had when it was opened, or nothing is looked at.

use std::fmt;
use std::io;
use std::ops::Deref;
use std::path::{Path, PathBuf};

use crate::error::{Error, IoOp, Result};
use crate::segment::mmap::{Mapping, Memory, prefetch};
use crate::vfs::{OpenMode, Vfs, VfsFile};

/// How the bytes of immutable files are read.
///
/// In every mode each block of a file is verified at every read, so the answers are the same. What differs is
/// speed, memory, and what happens when the medium fails or another program meddles with the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum ReadMode {
    /// Mapped into memory: the fastest; the system keeps in memory what is used and gives it back when it must.
    ///
    /// If another program cuts a file short while it is mapped, or the medium (or a network file system) fails to
    /// deliver a page, the operating system ends the whole process with a signal (`SIGBUS` on Unix): no library
    /// can turn that into an error. idweave itself never cuts a file it has mapped. Where that is not enough,
    /// use one of the other modes.
    #[default]
    Mapped,
    /// Read from the file at every access: slower, for every access is a system call; needs no memory, and every
    /// failure is an error.
    Pread,
    /// Read into memory when opened, in large pages where the system gives them: faster than mapped, takes as much
    /// memory as the files are long, opens as slowly as they are read, and a failure of the medium is an error when
    /// opening.
    InMemory,
}

/// The bytes of an immutable file.
pub(crate) struct FileBytes {
    path: PathBuf,
    len: u64,
    held: Held,
}

enum Held {
    Mapped(Mapping),
    File(Box<dyn VfsFile>),
    Memory(Memory),
}

/// Some of the bytes.
#[derive(Debug)]
pub(crate) enum Piece<'f> {
    /// Those of the map or the memory.
    Borrowed(&'f [u8]),
    /// Read for this piece.
    Owned(Vec<u8>),
}

impl Deref for Piece<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Piece::Borrowed(bytes) => bytes,
            Piece::Owned(bytes) => bytes,
        }
    }
}

impl fmt::Debug for FileBytes {
    // Without the bytes: they hold ids of people.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileBytes").field("path", &self.path).field("len", &self.len).finish_non_exhaustive()
    }
}

impl FileBytes {
    /// Opens a file that nobody writes to any more. A file that cannot be mapped, for it is not the operating
    /// system's, is read into memory where `Mapped` was asked for.
    pub(crate) fn open(vfs: &dyn Vfs, path: &Path, mode: ReadMode) -> Result<FileBytes> {
        let file = vfs.open(path, OpenMode::Read)?;
        let len = file.len()?;
        let mapped = || Mapping::new(&*file, len).map_err(|source| Error::io(IoOp::Read, path, source));
        let held = match mode {
            ReadMode::Pread => Held::File(file),
            ReadMode::Mapped => match mapped()? {
                Some(map) => Held::Mapped(map),
                None => Held::Memory(read_all(&*file, path, len)?),
            },
            ReadMode::InMemory => Held::Memory(read_all(&*file, path, len)?),
        };
        Ok(FileBytes { path: path.to_owned(), len, held })
    }

    /// Bytes that are in memory already, as those of a file of this name.
    #[cfg(test)]
    pub(crate) fn in_memory(path: &Path, bytes: Vec<u8>) -> FileBytes {
        let mut memory = Memory::zeros(bytes.len()).unwrap();
        memory.copy_from_slice(&bytes);
        FileBytes { path: path.to_owned(), len: bytes.len() as u64, held: Held::Memory(memory) }
    }

    /// The length in bytes, as it was when the file was opened.
    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    /// `len` bytes from `at` on; [`Error::Corrupt`] if not all of them are there.
    #[inline]
    pub(crate) fn get(&self, at: u64, len: usize) -> Result<Piece<'_>> {
        let is_within = at.checked_add(len as u64).is_some_and(|end| end <= self.len);
        let held = match &self.held {
            _ if !is_within => None,
            Held::Mapped(map) => within(map, at, len),
            Held::Memory(bytes) => within(bytes, at, len),
            Held::File(file) => return self.read(&**file, at, len),
        };
        held.map(Piece::Borrowed).ok_or_else(|| self.corrupt(at, "what should be here is beyond the end"))
    }

    fn read(&self, file: &dyn VfsFile, at: u64, len: usize) -> Result<Piece<'_>> {
        let mut bytes = room(&self.path, len)?;
        if file.read_at(at, &mut bytes)? < len {
            return Err(self.corrupt(at, "the file is shorter than when it was opened"));
        }
        Ok(Piece::Owned(bytes))
    }

    /// Starts fetching what is at `at`, if the bytes are in memory; out of range it does nothing.
    #[inline]
    pub(crate) fn prefetch(&self, at: u64) {
        match &self.held {
            Held::Mapped(map) => prefetch(map, at),
            Held::Memory(bytes) => prefetch(bytes, at),
            Held::File(_) => {}
        }
    }

    /// The error for damage found at `at`.
    #[cold]
    pub(crate) fn corrupt(&self, at: u64, what: &'static str) -> Error {
        Error::Corrupt { file: self.path.clone(), offset: at, what }
    }
}

fn within(bytes: &[u8], at: u64, len: usize) -> Option<&[u8]> {
    let at = usize::try_from(at).ok()?;
    bytes.get(at..at.checked_add(len)?)
}

/// Zeros to read into; more than there is memory for is an error.
fn room(path: &Path, len: usize) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let reserved = bytes.try_reserve_exact(len);
    reserved.map_err(|_| Error::io(IoOp::Read, path, io::ErrorKind::OutOfMemory.into()))?;
    bytes.resize(len, 0);
    Ok(bytes)
}

fn read_all(file: &dyn VfsFile, path: &Path, len: u64) -> Result<Memory> {
    let room = usize::try_from(len).map_err(|_| io::ErrorKind::OutOfMemory.into()).and_then(Memory::zeros);
    let mut bytes = room.map_err(|source| Error::io(IoOp::Read, path, source))?;
    if file.read_at(0, &mut bytes)? < bytes.len() {
        return Err(Error::Corrupt {
            file: path.to_owned(),
            offset: len,
            what: "the file became shorter while it was read",
        });
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests;
