//! A 64-byte line of entries: the layouts under test, and their checks.
//!
//! An entry is a fingerprint of the key's hash and the location of a record; location 0 is an empty entry. A line has
//! overflow bits too: a key that found no room here sets the bit that its hash chooses, so an absent key rarely leads
//! to a second line.

use std::marker::PhantomData;

use crate::check::{Check, Crc};
use twox_hash::XxHash3_64;

/// Bytes of a line.
pub const LINE: usize = 64;

/// How entries, overflow bits and a check share 64 bytes.
pub trait Layout: Sync + 'static {
    /// What the tables call it.
    const NAME: &'static str;
    /// Entries in a line.
    const ENTRIES: usize;
    /// Whether the line's check matches.
    fn verify(line: &[u8; LINE]) -> bool;
    /// A bit for each entry that may belong to the hash.
    fn matches(line: &[u8; LINE], hash: u64) -> u32;
    /// The location of entry `i`.
    fn location(line: &[u8; LINE], i: usize) -> u32;
    /// Whether a key that chose the same bit as this hash had to go elsewhere.
    fn overflowed(line: &[u8; LINE], hash: u64) -> bool;
    /// Puts an entry in.
    fn put(line: &mut [u8; LINE], i: usize, hash: u64, location: u32);
    /// Notes that the key went elsewhere.
    fn overflow(line: &mut [u8; LINE], hash: u64);
    /// Writes the check.
    fn seal(line: &mut [u8; LINE]);
}

fn word(line: &[u8; LINE], i: usize) -> u32 {
    u32::from_le_bytes(line.as_chunks::<4>().0[i & 15])
}

fn half(line: &[u8; LINE], i: usize) -> u16 {
    u16::from_le_bytes(line.as_chunks::<2>().0[i & 31])
}

fn set_word(line: &mut [u8; LINE], i: usize, value: u32) {
    line.as_chunks_mut::<4>().0[i & 15] = value.to_le_bytes();
}

fn set_half(line: &mut [u8; LINE], i: usize, value: u16) {
    line.as_chunks_mut::<2>().0[i & 31] = value.to_le_bytes();
}

fn seal32<C: Check>(line: &mut [u8; LINE]) {
    let check = C::of(&line[..LINE - 4]);
    set_word(line, 15, check);
}

/// The overflow bit of a hash among `bits`; neither the line number (top bits) nor the fingerprint (low bits) has a say.
#[inline(always)]
fn overflow_bit(hash: u64, bits: u32) -> u32 {
    ((hash >> 16) as u16 as u32 * bits) >> 16
}

/// 10 entries: locations (31 bits, overflow bits on top), 16-bit fingerprints, CRC-32C.
pub struct Ten32;

impl Layout for Ten32 {
    const NAME: &'static str = "10 x (16+31), crc32c";
    const ENTRIES: usize = 10;
    #[inline(always)]
    fn verify(line: &[u8; LINE]) -> bool {
        Crc::holds(line)
    }
    #[inline(always)]
    fn matches(line: &[u8; LINE], hash: u64) -> u32 {
        (0..10).fold(0, |mask, i| mask | u32::from(half(line, 20 + i) == hash as u16) << i)
    }
    #[inline(always)]
    fn location(line: &[u8; LINE], i: usize) -> u32 {
        word(line, i) & (u32::MAX >> 1)
    }
    #[inline(always)]
    fn overflowed(line: &[u8; LINE], hash: u64) -> bool {
        word(line, overflow_bit(hash, 10) as usize) >> 31 == 1
    }
    fn put(line: &mut [u8; LINE], i: usize, hash: u64, location: u32) {
        set_word(line, i, word(line, i) | location);
        set_half(line, 20 + i, hash as u16);
    }
    fn overflow(line: &mut [u8; LINE], hash: u64) {
        let i = overflow_bit(hash, 10) as usize;
        set_word(line, i, word(line, i) | 1 << 31);
    }
    fn seal(line: &mut [u8; LINE]) {
        seal32::<Crc>(line);
    }
}

/// 10 entries: locations (32 bits), 16-bit fingerprints, 16 overflow bits, 16 bits of XXH3-64.
pub struct Ten16;

fn check16(line: &[u8; LINE]) -> u16 {
    XxHash3_64::oneshot(&line[..LINE - 2]) as u16
}

impl Layout for Ten16 {
    const NAME: &'static str = "10 x (16+32), xxh3/16";
    const ENTRIES: usize = 10;
    #[inline(always)]
    fn verify(line: &[u8; LINE]) -> bool {
        check16(line) == half(line, 31)
    }
    #[inline(always)]
    fn matches(line: &[u8; LINE], hash: u64) -> u32 {
        Ten32::matches(line, hash)
    }
    #[inline(always)]
    fn location(line: &[u8; LINE], i: usize) -> u32 {
        word(line, i)
    }
    #[inline(always)]
    fn overflowed(line: &[u8; LINE], hash: u64) -> bool {
        half(line, 30) >> overflow_bit(hash, 16) & 1 == 1
    }
    fn put(line: &mut [u8; LINE], i: usize, hash: u64, location: u32) {
        set_word(line, i, location);
        set_half(line, 20 + i, hash as u16);
    }
    fn overflow(line: &mut [u8; LINE], hash: u64) {
        set_half(line, 30, half(line, 30) | 1 << overflow_bit(hash, 16));
    }
    fn seal(line: &mut [u8; LINE]) {
        let check = check16(line);
        set_half(line, 31, check);
    }
}

/// 12 entries of 40 bits: words of (overflow bit, 2 bits of fingerprint, 29 bits of location), 8 more bits of
/// fingerprint, CRC-32C. A file of 256 MiB leaves 6 bits of the fingerprint in the word.
pub struct Twelve<C>(PhantomData<C>);

impl<C: Check> Layout for Twelve<C> {
    const NAME: &'static str = "12 x (10+29), check 32";
    const ENTRIES: usize = 12;
    #[inline(always)]
    fn verify(line: &[u8; LINE]) -> bool {
        C::holds(line)
    }
    #[inline(always)]
    fn matches(line: &[u8; LINE], hash: u64) -> u32 {
        let (low, high) = (hash as u8, (hash >> 8) as u32 & 3);
        (0..12).fold(0, |mask, i| {
            let same = (line[48 + i] == low) & (word(line, i) >> 29 & 3 == high);
            mask | u32::from(same) << i
        })
    }
    #[inline(always)]
    fn location(line: &[u8; LINE], i: usize) -> u32 {
        word(line, i) & (u32::MAX >> 3)
    }
    #[inline(always)]
    fn overflowed(line: &[u8; LINE], hash: u64) -> bool {
        word(line, overflow_bit(hash, 12) as usize) >> 31 == 1
    }
    fn put(line: &mut [u8; LINE], i: usize, hash: u64, location: u32) {
        set_word(line, i, word(line, i) | location | ((hash >> 8) as u32 & 3) << 29);
        line[48 + i] = hash as u8;
    }
    fn overflow(line: &mut [u8; LINE], hash: u64) {
        let i = overflow_bit(hash, 12) as usize;
        set_word(line, i, word(line, i) | 1 << 31);
    }
    fn seal(line: &mut [u8; LINE]) {
        seal32::<C>(line);
    }
}
