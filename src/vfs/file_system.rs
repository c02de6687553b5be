//! What the engine asks of a file system, of an open file and of a lock (V2, V3 of `vfs`).

use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};

use crate::error::Result;

/// How a file is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum OpenMode {
    /// An existing file, for reading only.
    Read,
    /// An existing file, for reading and writing.
    Write,
    /// For reading and writing; made empty if it does not exist.
    Create,
    /// For reading and writing; it is an error if it exists.
    CreateNew,
}

/// A file system. Paths are those of the system below; errors are [`crate::Error::Io`] with the path in question.
pub trait Vfs: Send + Sync + fmt::Debug {
    /// Makes one directory. It is no error if it is there already.
    fn create_dir(&self, path: &Path) -> Result<()>;

    /// Opens a file.
    fn open(&self, path: &Path, mode: OpenMode) -> Result<Box<dyn VfsFile>>;

    /// True if there is a file or directory of this name.
    fn exists(&self, path: &Path) -> Result<bool>;

    /// The same place as a path that does not depend on where the process is.
    fn absolute(&self, path: &Path) -> Result<PathBuf> {
        Ok(path.to_owned())
    }

    /// Gives a file another name, in one step, replacing what had that name.
    fn rename(&self, from: &Path, to: &Path) -> Result<()>;

    /// Removes a file.
    fn remove(&self, path: &Path) -> Result<()>;

    /// The names in a directory, sorted; names that are not UTF-8 are left out, for none of ours is such.
    fn list(&self, dir: &Path) -> Result<Vec<String>>;

    /// Makes the names in a directory durable.
    fn sync_dir(&self, dir: &Path) -> Result<()>;

    /// Takes the lock of a lock file (made if missing) until the guard is dropped or the process ends;
    /// [`crate::Error::Locked`] at once if anyone has it, this process included.
    fn lock(&self, path: &Path) -> Result<Box<dyn VfsLock>>;

    /// The same, but waits for whoever has it: for locks that are held for the time of a write.
    fn lock_in_turn(&self, path: &Path) -> Result<Box<dyn VfsLock>> {
        self.lock(path)
    }
}

/// An open file.
pub trait VfsFile: Send + Sync + fmt::Debug {
    /// Fills `buffer` from `offset` on and returns how much was there: less only at the end of the file.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize>;

    /// Writes all of `bytes` at `offset`, growing the file if needed. After an error a part may be written.
    fn write_at(&self, offset: u64, bytes: &[u8]) -> Result<()>;

    /// Cuts or grows (with zeros) the file.
    fn set_len(&self, len: u64) -> Result<()>;

    /// Takes room on the medium for a file of `len` bytes, so that writing them does not meet a full one. The file may be
    /// longer afterwards, by zeros, up to `len`: cut off what was not needed. A file system that cannot take room
    /// ahead need not.
    ///
    /// # Errors
    /// There is not so much room; nothing is taken then.
    fn reserve(&self, len: u64) -> Result<()> {
        if len > self.len()? { self.set_len(len) } else { Ok(()) }
    }

    /// The length in bytes.
    fn len(&self) -> Result<u64>;

    /// True if the file has no bytes.
    fn is_empty(&self) -> Result<bool> {
        Ok(self.len()? == 0)
    }

    /// Makes the bytes and the length durable.
    fn sync_data(&self) -> Result<()>;

    /// Makes the bytes and all that is known about the file durable.
    fn sync_all(&self) -> Result<()>;

    /// The file of the operating system behind this one, if there is one, so that it can be mapped into memory.
    /// A simulated file has none and is read by `read_at` alone.
    fn as_file(&self) -> Option<&File> {
        None
    }
}

/// A held lock; dropping it gives the lock back.
pub trait VfsLock: Send + Sync + fmt::Debug {}
