//! A file system one file of which is a buffer that the test may change under whoever has it open, and that notes
//! which of its bytes are read.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use idweave::Result;
use idweave::vfs::{OpenMode, Vfs, VfsFile, VfsLock};

use crate::support::sim_disk::{Image, SimDisk};

/// Where bytes were read, and how many.
pub(crate) type Range = (usize, usize);

/// An image of a disk, one file of it watched. Clones are handles of the same file.
#[derive(Debug, Clone)]
pub(crate) struct Watched {
    disk: SimDisk,
    path: PathBuf,
    file: Arc<Mutex<Buffer>>,
}

#[derive(Debug)]
struct Buffer {
    bytes: Vec<u8>,
    /// What was read; `None` while nobody wants to know.
    reads: Option<Vec<Range>>,
}

impl Watched {
    pub(crate) fn new(image: &Image, path: &Path) -> Watched {
        let bytes = image.file(path).unwrap().to_vec();
        let file = Arc::new(Mutex::new(Buffer { bytes, reads: None }));
        Watched { disk: SimDisk::from_image(image), path: path.to_owned(), file }
    }

    /// Another disk with the same files as they are now.
    pub(crate) fn again(&self) -> Watched {
        let mut image = self.disk.live_image();
        image.change(&self.path, |bytes| bytes.clone_from(&self.buffer().bytes));
        Watched::new(&image, &self.path)
    }

    pub(crate) fn vfs(&self) -> Arc<dyn Vfs> {
        Arc::new(self.clone())
    }

    pub(crate) fn flip(&self, bit: usize) {
        self.buffer().bytes[bit / 8] ^= 1 << (bit % 8);
    }

    /// What `call` returns, and the ranges it read: in order, none in another.
    pub(crate) fn reads_of<T>(&self, call: impl FnOnce() -> T) -> (T, Vec<Range>) {
        self.buffer().reads = Some(Vec::new());
        let answer = call();
        let mut reads = self.buffer().reads.take().unwrap();
        reads.sort_unstable();
        let mut ranges: Vec<Range> = Vec::new();
        for (at, len) in reads {
            match ranges.last_mut().filter(|(last, before)| at <= last + before) {
                Some((last, before)) => *before = (*before).max(at + len - *last),
                None => ranges.push((at, len)),
            }
        }
        (answer, ranges)
    }

    fn buffer(&self) -> MutexGuard<'_, Buffer> {
        self.file.lock().unwrap()
    }
}

impl Vfs for Watched {
    fn create_dir(&self, path: &Path) -> Result<()> {
        self.disk.create_dir(path)
    }

    fn open(&self, path: &Path, mode: OpenMode) -> Result<Box<dyn VfsFile>> {
        if path != self.path {
            return self.disk.open(path, mode);
        }
        assert_eq!(mode, OpenMode::Read, "a segment is not written to");
        Ok(Box::new(WatchedFile(self.file.clone())))
    }

    fn exists(&self, path: &Path) -> Result<bool> {
        self.disk.exists(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<()> {
        self.disk.rename(from, to)
    }

    fn remove(&self, path: &Path) -> Result<()> {
        self.disk.remove(path)
    }

    fn list(&self, dir: &Path) -> Result<Vec<String>> {
        self.disk.list(dir)
    }

    fn sync_dir(&self, dir: &Path) -> Result<()> {
        self.disk.sync_dir(dir)
    }

    fn lock(&self, path: &Path) -> Result<Box<dyn VfsLock>> {
        self.disk.lock(path)
    }
}

#[derive(Debug)]
struct WatchedFile(Arc<Mutex<Buffer>>);

impl VfsFile for WatchedFile {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        let mut file = self.0.lock().unwrap();
        let at = usize::try_from(offset).unwrap();
        let there = file.bytes.get(at..).unwrap_or_default();
        let len = there.len().min(buffer.len());
        buffer[..len].copy_from_slice(&there[..len]);
        if let Some(reads) = file.reads.as_mut().filter(|_| len > 0) {
            reads.push((at, len));
        }
        Ok(len)
    }

    fn write_at(&self, _offset: u64, _bytes: &[u8]) -> Result<()> {
        unreachable!("a segment is not written to")
    }

    fn set_len(&self, _len: u64) -> Result<()> {
        unreachable!("a segment is not written to")
    }

    fn len(&self) -> Result<u64> {
        Ok(self.0.lock().unwrap().bytes.len() as u64)
    }

    fn sync_data(&self) -> Result<()> {
        Ok(())
    }

    fn sync_all(&self) -> Result<()> {
        Ok(())
    }
}
