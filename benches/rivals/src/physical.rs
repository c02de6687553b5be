//! What the machine can do: dependent and independent random reads over a buffer, a bare append with its
//! flush, and the memory of this process.

use std::fs::File;
use std::hint::black_box;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use memmap2::MmapMut;

use crate::data::{Random, mix};

/// One cache line a read.
const LINE: usize = 64;

/// A buffer whose lines form one cycle in random order. Its pages are of 4 KiB, as those of a mapped file.
pub struct Buffer {
    bytes: MmapMut,
    lines: usize,
    at: usize,
}

impl Buffer {
    pub fn new(bytes: u64, seed: u64) -> Result<Buffer> {
        let lines = (usize::try_from(bytes)? / LINE).max(2);
        let mut map = MmapMut::map_anon(lines * LINE)?;
        #[cfg(target_os = "linux")]
        map.advise(memmap2::Advice::NoHugePage)?;
        // Sattolo's shuffle: a permutation that is one cycle.
        let mut next: Vec<u32> = (0..u32::try_from(lines)?).collect();
        let mut random = Random::new(seed);
        for line in (1..lines).rev() {
            next.swap(line, random.below(line as u64) as usize);
        }
        for (line, next) in next.into_iter().enumerate() {
            map[line * LINE..line * LINE + 4].copy_from_slice(&next.to_le_bytes());
        }
        Ok(Buffer { bytes: map, lines, at: 0 })
    }

    pub fn len(&self) -> u64 {
        (self.lines * LINE) as u64
    }

    fn line(&self, line: usize) -> usize {
        let mut word = [0; 4];
        word.copy_from_slice(&self.bytes[line * LINE..line * LINE + 4]);
        u32::from_le_bytes(word) as usize
    }

    /// Nanoseconds of a read whose address the read before it gave.
    pub fn dependent_ns(&mut self, reads: u64) -> f64 {
        let begun = Instant::now();
        let mut at = self.at;
        for _ in 0..reads {
            at = self.line(at);
        }
        self.at = black_box(at);
        begun.elapsed().as_nanos() as f64 / reads as f64
    }

    /// Nanoseconds of a read whose address is known long before.
    pub fn independent_ns(&self, reads: u64, seed: u64) -> f64 {
        let begun = Instant::now();
        let mut sum = 0_usize;
        for read in 0..reads {
            let line = (u128::from(mix(seed ^ read)) * self.lines as u128) >> 64;
            sum = sum.wrapping_add(self.line(line as usize));
        }
        black_box(sum);
        begun.elapsed().as_nanos() as f64 / reads as f64
    }
}

/// A file that is only appended to and flushed.
pub struct Append {
    file: File,
    bytes: Vec<u8>,
}

impl Append {
    pub fn new(path: &Path) -> Result<Append> {
        Ok(Append { file: File::options().append(true).create(true).open(path)?, bytes: Vec::new() })
    }

    /// One append of so many bytes, on the medium when it returns.
    pub fn once(&mut self, bytes: u64) -> Result<Duration> {
        self.bytes.resize(usize::try_from(bytes)?, 0x5a);
        let begun = Instant::now();
        self.file.write_all(&self.bytes)?;
        self.file.sync_data()?;
        Ok(begun.elapsed())
    }
}

/// What of this process is in memory.
#[derive(Debug, Clone, Copy, Default, serde::Serialize, serde::Deserialize)]
pub struct Memory {
    /// All of it, mapped files included.
    pub resident_bytes: u64,
    /// What no file stands behind.
    pub anonymous_bytes: u64,
}

/// Read from `/proc/self/status`; zeros where there is none.
pub fn memory() -> Result<Memory> {
    let Ok(status) = std::fs::read_to_string("/proc/self/status") else { return Ok(Memory::default()) };
    let field = |name: &str| -> Result<u64> {
        let line = status.lines().find(|line| line.starts_with(name));
        let kib = line.and_then(|line| line.split_whitespace().nth(1)).context("no such line of status")?;
        Ok(kib.parse::<u64>()? * 1_024)
    };
    Ok(Memory { resident_bytes: field("VmRSS:")?, anonymous_bytes: field("RssAnon:")? })
}

pub fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
