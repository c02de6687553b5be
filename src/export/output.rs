//! A file that is being written: buffered, and with the error of the file system kept for who asks.

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use crate::error::{Error, Result};
use crate::vfs::{OpenMode, Vfs, VfsFile};

/// Bytes that are written together.
const BUFFER: usize = 1 << 20;

/// The first error of a file, which the writers of columns hand on without its kind.
#[derive(Clone, Default)]
pub(in crate::export) struct Failure(Arc<Mutex<Option<Error>>>);

impl Failure {
    /// The error in place of what a writer said.
    pub(in crate::export) fn or(&self, what: &'static str) -> Error {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.take().unwrap_or(Error::Internal { what })
    }

    fn keep(&self, error: Error) -> io::Error {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get_or_insert(error);
        io::Error::other("the file system refused")
    }
}

/// A new file.
pub(in crate::export) struct Output {
    file: Box<dyn VfsFile>,
    buffer: Vec<u8>,
    written: u64,
    failure: Failure,
}

impl Output {
    /// Makes a file; what had its name is lost.
    pub(in crate::export) fn create(vfs: &dyn Vfs, path: &Path) -> Result<Output> {
        let file = vfs.open(path, OpenMode::Create)?;
        file.set_len(0)?;
        Ok(Output { file, buffer: Vec::with_capacity(BUFFER), written: 0, failure: Failure::default() })
    }

    pub(in crate::export) fn failure(&self) -> Failure {
        self.failure.clone()
    }

    fn flush_buffer(&mut self) -> Result<()> {
        if !self.buffer.is_empty() {
            self.file.write_at(self.written, &self.buffer)?;
            self.written += self.buffer.len() as u64;
            self.buffer.clear();
        }
        Ok(())
    }

    /// Makes it durable; its length.
    pub(in crate::export) fn finish(mut self) -> Result<u64> {
        self.flush_buffer()?;
        self.file.sync_all()?;
        Ok(self.written)
    }
}

impl io::Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.buffer.len() + bytes.len() > BUFFER {
            self.flush_buffer().map_err(|error| self.failure.keep(error))?;
        }
        if bytes.len() > BUFFER {
            self.file.write_at(self.written, bytes).map_err(|error| self.failure.keep(error))?;
            self.written += bytes.len() as u64;
        } else {
            self.buffer.extend_from_slice(bytes);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.flush_buffer().map_err(|error| self.failure.keep(error))
    }
}
