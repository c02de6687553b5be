//! Where the bytes live: a mapped file in 4 KiB pages, or anonymous memory that asks for huge pages. The only file
//! with `unsafe`.
#![expect(unsafe_code, reason = "mapping a file and prefetching a cache line have no safe form")]

use std::fs::File;
use std::io;
use std::path::Path;

use memmap2::{Advice, Mmap, MmapMut};

/// Bytes that a form reads.
pub enum Backing {
    /// A mapped file.
    Mapped(Mmap),
    /// Anonymous memory under `madvise(MADV_HUGEPAGE)`.
    Huge(Mmap),
}

impl Backing {
    /// Writes `bytes` to a file, maps it, and unlinks it: the map keeps the pages.
    pub fn mapped(path: &Path, bytes: &[u8]) -> io::Result<Backing> {
        std::fs::write(path, bytes)?;
        let file = File::open(path)?;
        // SAFETY: this process made the file, nobody else knows its name, and it is unlinked at once.
        let map = unsafe { Mmap::map(&file)? };
        std::fs::remove_file(path)?;
        map.advise(Advice::Random)?;
        Ok(Backing::Mapped(map))
    }

    /// Copies `bytes` into anonymous memory that asks for huge pages.
    pub fn huge(bytes: &[u8]) -> io::Result<Backing> {
        const HUGE_PAGE: usize = 2 << 20;
        let mut map = MmapMut::map_anon(bytes.len().next_multiple_of(HUGE_PAGE) + HUGE_PAGE)?;
        map.advise(Advice::HugePage)?;
        if let Some(head) = map.get_mut(..bytes.len()) {
            head.copy_from_slice(bytes);
        }
        Ok(Backing::Huge(map.make_read_only()?))
    }

    /// The bytes; anonymous memory may be longer than what was copied.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Backing::Mapped(map) | Backing::Huge(map) => map,
        }
    }
}

/// Asks for the cache line that holds `bytes[at]`; does nothing past the end.
#[inline(always)]
pub fn prefetch(bytes: &[u8], at: usize) {
    #[cfg(target_arch = "x86_64")]
    if at < bytes.len() {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: `at` is inside `bytes`, and a prefetch reads nothing that a program can see.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(bytes.as_ptr().add(at).cast()) };
    }
}

/// CRC-32C by the processor's instruction, called straight: what the crate's dispatch costs beside it.
#[inline(always)]
pub fn crc32c_inline(bytes: &[u8]) -> Option<u32> {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("sse4.2") {
        // SAFETY: the processor has the feature.
        return Some(unsafe { crc32c_sse42(bytes) });
    }
    None
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "sse4.2")]
fn crc32c_sse42(bytes: &[u8]) -> u32 {
    use std::arch::x86_64::{_mm_crc32_u8, _mm_crc32_u64};
    let (words, tail) = bytes.as_chunks::<8>();
    let mut crc = u64::from(!0_u32);
    for word in words {
        crc = _mm_crc32_u64(crc, u64::from_le_bytes(*word));
    }
    let mut crc = crc as u32;
    for byte in tail {
        crc = _mm_crc32_u8(crc, *byte);
    }
    !crc
}
