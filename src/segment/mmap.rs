//! Files mapped into memory, and memory fetched ahead: the only unsafe code of the crate.
//!
//! # Invariants
//!   M1 only files that nobody writes to any more are mapped, and only for reading.
//!   M2 fetching ahead reads nothing: no place makes it fault.
//!
//! # Not here
//!   whether a file may be mapped, and what its bytes mean.

use std::io;
use std::ops::{Deref, DerefMut};

use memmap2::{Mmap, MmapMut, MmapOptions};

use crate::vfs::VfsFile;

/// Bytes mapped into memory, for reading only.
#[derive(Debug)]
pub(crate) struct Mapping {
    map: Mmap,
}

impl Mapping {
    /// Maps the first `len` bytes of a file; `None` for a file that is not the operating system's.
    ///
    /// The file comes as the vfs opened it, so that files are named there only (V1 of `vfs`).
    pub(crate) fn new(file: &dyn VfsFile, len: u64) -> io::Result<Option<Mapping>> {
        let Some(file) = file.as_file() else { return Ok(None) };
        let len = usize::try_from(len).map_err(|_| io::Error::from(io::ErrorKind::OutOfMemory))?;
        let mut options = MmapOptions::new();
        options.len(len);
        // SAFETY: the bytes must not change while they are borrowed. By M1 they do not: this program writes a
        // file under another name, flushes it, and never writes to it again; it only ever removes its name. What
        // other programs do to the file cannot be ruled out by any reader of a map; `ReadMode` says so to the
        // user and offers other modes. Bytes that did change fail their checksum, or were checked as changed.
        let map = unsafe { options.map(file) }?;
        Ok(Some(Mapping { map }))
    }
}

impl Deref for Mapping {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.map
    }
}

/// Memory of its own, in large pages where the system gives them: reads from all over it then miss the
/// translation of addresses less often.
#[derive(Debug)]
pub(crate) struct Memory {
    map: MmapMut,
    len: usize,
}

impl Memory {
    /// So many zeros; an error if there is not that much memory.
    pub(crate) fn zeros(len: usize) -> io::Result<Memory> {
        // No map is empty.
        let map = MmapMut::map_anon(len.max(1))?;
        #[cfg(target_os = "linux")]
        // A wish: without large pages it is as right, and slower.
        drop(map.advise(memmap2::Advice::HugePage));
        Ok(Memory { map, len })
    }
}

impl Deref for Memory {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.map.get(..self.len).unwrap_or_default()
    }
}

impl DerefMut for Memory {
    fn deref_mut(&mut self) -> &mut [u8] {
        self.map.get_mut(..self.len).unwrap_or_default()
    }
}

/// Starts fetching the cache line at `at`, where the processor can be asked to; out of range it does nothing.
#[inline]
pub(crate) fn prefetch(bytes: &[u8], at: u64) {
    let Some(byte) = usize::try_from(at).ok().and_then(|at| bytes.get(at)) else { return };
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: the instruction is there on every x86_64, is a hint, and faults on no address (M2); this one
        // is of a byte that is there.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(byte).cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = byte;
}
