//! Tests of the bytes of files: modes, ranges, files that shrink, files that cannot be mapped.

use std::path::{Path, PathBuf};

use super::{FileBytes, ReadMode};
use crate::error::{Error, Result};
use crate::vfs::{OpenMode, RealVfs, Vfs, VfsFile, VfsLock};

const MODES: [ReadMode; 3] = [ReadMode::Mapped, ReadMode::Pread, ReadMode::InMemory];

/// A file of `len` bytes that count up.
fn written(len: usize) -> (tempfile::TempDir, PathBuf, Vec<u8>) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.seg");
    let bytes: Vec<u8> = (0..len).map(|n| n as u8).collect();
    std::fs::write(&path, &bytes).unwrap();
    (dir, path, bytes)
}

fn is_corrupt_at(result: Result<super::Piece<'_>>, at: u64) -> bool {
    matches!(result, Err(Error::Corrupt { offset, .. }) if offset == at)
}

#[test]
fn every_mode_gives_the_bytes_within_the_file_and_no_others() {
    let (_dir, path, bytes) = written(10_000);
    for mode in MODES {
        let file = FileBytes::open(&RealVfs, &path, mode).unwrap();
        assert_eq!(file.len(), 10_000);
        for (at, len) in [(0, 0), (0, 1), (0, 10_000), (4_095, 2), (9_999, 1), (10_000, 0), (77, 5_000)] {
            assert_eq!(*file.get(at as u64, len).unwrap(), bytes[at..at + len], "{mode:?}");
        }
        for (at, len) in
            [(0, 10_001), (10_000, 1), (10_001, 0), (u64::MAX, 1), (u64::MAX, 0), (1, usize::MAX)]
        {
            assert!(is_corrupt_at(file.get(at, len), at), "{mode:?} {at} {len}");
        }
        for at in [0, 9_999, 10_000, u64::MAX] {
            file.prefetch(at);
        }
        assert!(!format!("{file:?}").contains("\\x01"), "bytes stay out of logs");
    }
}

#[test]
fn an_empty_file_has_no_bytes() {
    let (_dir, path, _) = written(0);
    for mode in MODES {
        let file = FileBytes::open(&RealVfs, &path, mode).unwrap();
        assert_eq!(file.len(), 0);
        assert!(file.get(0, 0).unwrap().is_empty());
        assert!(is_corrupt_at(file.get(0, 1), 0));
        file.prefetch(0);
    }
}

#[test]
fn a_missing_file_is_an_error() {
    let (dir, ..) = written(1);
    for mode in MODES {
        assert!(matches!(FileBytes::open(&RealVfs, &dir.path().join("b"), mode), Err(Error::Io { .. })));
    }
}

#[test]
fn a_file_that_shrinks_is_an_error_where_it_is_read_piecewise() {
    let (_dir, path, bytes) = written(10_000);
    let file = FileBytes::open(&RealVfs, &path, ReadMode::Pread).unwrap();
    let writer = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
    for len in [9_999, 5_000, 1, 0] {
        writer.set_len(len as u64).unwrap();
        assert_eq!(*file.get(0, len).unwrap(), bytes[..len]);
        assert!(is_corrupt_at(file.get(0, len + 1), 0));
    }
}

#[test]
fn bytes_in_memory_do_not_see_the_file_shrink() {
    let (_dir, path, bytes) = written(3 << 20);
    let file = FileBytes::open(&RealVfs, &path, ReadMode::InMemory).unwrap();
    std::fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(0).unwrap();
    assert_eq!(*file.get(0, bytes.len()).unwrap(), bytes);
    file.prefetch(1 << 20);
}

/// Files that keep from the engine that they are the operating system's.
#[derive(Debug)]
struct Hiding<T>(T);

impl Vfs for Hiding<RealVfs> {
    fn create_dir(&self, path: &Path) -> Result<()> {
        self.0.create_dir(path)
    }

    fn open(&self, path: &Path, mode: OpenMode) -> Result<Box<dyn VfsFile>> {
        Ok(Box::new(Hiding(self.0.open(path, mode)?)))
    }

    fn exists(&self, path: &Path) -> Result<bool> {
        self.0.exists(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<()> {
        self.0.rename(from, to)
    }

    fn remove(&self, path: &Path) -> Result<()> {
        self.0.remove(path)
    }

    fn list(&self, dir: &Path) -> Result<Vec<String>> {
        self.0.list(dir)
    }

    fn sync_dir(&self, dir: &Path) -> Result<()> {
        self.0.sync_dir(dir)
    }

    fn lock(&self, path: &Path) -> Result<Box<dyn VfsLock>> {
        self.0.lock(path)
    }
}

impl VfsFile for Hiding<Box<dyn VfsFile>> {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        self.0.read_at(offset, buffer)
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> Result<()> {
        self.0.write_at(offset, bytes)
    }

    fn set_len(&self, len: u64) -> Result<()> {
        self.0.set_len(len)
    }

    // What a file says whose end nobody could read.
    fn len(&self) -> Result<u64> {
        Ok(self.0.len()? + u64::from(self.0.len()? == 666))
    }

    fn sync_data(&self) -> Result<()> {
        self.0.sync_data()
    }

    fn sync_all(&self) -> Result<()> {
        self.0.sync_all()
    }
}

#[test]
fn a_file_that_cannot_be_mapped_is_read_into_memory() {
    let (_dir, path, bytes) = written(5_000);
    for mode in MODES {
        let file = FileBytes::open(&Hiding(RealVfs), &path, mode).unwrap();
        assert_eq!(*file.get(10, 4_990).unwrap(), bytes[10..]);
        if mode != ReadMode::Pread {
            std::fs::write(&path, b"").unwrap();
            assert_eq!(*file.get(10, 4_990).unwrap(), bytes[10..]);
            std::fs::write(&path, &bytes).unwrap();
        }
    }
}

#[test]
fn a_file_shorter_than_it_says_is_an_error() {
    let (_dir, path, _) = written(666);
    for mode in [ReadMode::Mapped, ReadMode::InMemory] {
        assert!(FileBytes::open(&Hiding(RealVfs), &path, mode).unwrap_err().is_corruption());
    }
    let file = FileBytes::open(&Hiding(RealVfs), &path, ReadMode::Pread).unwrap();
    assert!(is_corrupt_at(file.get(600, 67), 600));
}
