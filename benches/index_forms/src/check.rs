//! The checks: 32 bits at the end of what they cover.

use crate::backing::crc32c_inline;
use twox_hash::XxHash3_64;

/// A 32-bit check over a line, a head or a record.
pub trait Check: Sync + Send + 'static {
    /// What the tables call it.
    const NAME: &'static str;
    /// The check of bytes.
    fn of(bytes: &[u8]) -> u32;
    /// Whether the last four bytes are the check of those before.
    fn holds(bytes: &[u8]) -> bool;
}

/// CRC-32C by the crate. The CRC of bytes and their own CRC is one constant: nothing to cut off and compare, and an
/// aligned line stays eight whole words.
pub struct Crc;

/// CRC-32C of any bytes followed by their own CRC-32C in little-endian order.
const RESIDUE: u32 = 0x4867_4bc7;

impl Check for Crc {
    const NAME: &'static str = "crc32c";
    #[inline(always)]
    fn of(bytes: &[u8]) -> u32 {
        crc32c::crc32c(bytes)
    }
    #[inline(always)]
    fn holds(bytes: &[u8]) -> bool {
        crc32c::crc32c(bytes) == RESIDUE
    }
}

/// The low half of XXH3-64.
pub struct Xxh;

impl Check for Xxh {
    const NAME: &'static str = "xxh3";
    #[inline(always)]
    fn of(bytes: &[u8]) -> u32 {
        XxHash3_64::oneshot(bytes) as u32
    }
    #[inline(always)]
    fn holds(bytes: &[u8]) -> bool {
        bytes.split_last_chunk().is_some_and(|(data, check)| Self::of(data) == u32::from_le_bytes(*check))
    }
}

/// CRC-32C by the processor's instruction, without the crate's call: what one small `unsafe` would buy.
pub struct Straight;

impl Check for Straight {
    const NAME: &'static str = "crc32c, called straight";
    #[inline(always)]
    fn of(bytes: &[u8]) -> u32 {
        crc32c_inline(bytes).unwrap_or(0)
    }
    #[inline(always)]
    fn holds(bytes: &[u8]) -> bool {
        crc32c_inline(bytes) == Some(RESIDUE)
    }
}
