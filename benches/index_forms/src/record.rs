//! A record of one account: the bytes, the checked read, the comparison of the key.
//!
//! # Layout
//! | offset | size | field |
//! |---|---|---|
//! | 0 | 2 | length in bytes, a multiple of 8 |
//! | 2 | 1 | members |
//! | 3 | 1 | zero |
//! | 4 | 24 each | members: space (2), length of the value (1), packed value (21) |
//! | 124 | 4 | check of the head, all before it: with 5 members the head is two cache lines |
//! | 128 | .. | evidence |
//! | length - 4 | 4 | check of all before it |

use crate::backing::prefetch;
use crate::check::Check;
use crate::ids::{self, IDS_PER_ACCOUNT, PACKED};

/// A location counts units of this many bytes.
pub const UNIT: usize = 8;
const HEADER: usize = 4;
const MEMBER: usize = 3 + PACKED;
/// Shortest record that can hold its own frame.
const MIN_LEN: usize = HEADER + 12;

/// A checksum did not match, or a length or a location was not possible.
#[derive(Debug, Clone, Copy)]
pub struct Corrupt;

/// The records of `accounts`, each at a multiple of `align`, and the location of each. Location 0 is never used.
pub fn write<C: Check>(accounts: u64, align: usize) -> (Vec<u8>, Vec<u32>) {
    let mut bytes = vec![0; 64];
    let mut locations = Vec::with_capacity(accounts as usize);
    for account in 0..accounts {
        bytes.resize(bytes.len().next_multiple_of(align), 0);
        let start = bytes.len();
        let location = u32::try_from(start / UNIT).unwrap_or(0);
        assert!(location != 0 && location >> 29 == 0, "the file is too long for the layouts under test");
        locations.push(location);
        let shape = ids::mix(account ^ 0xacc0);
        // Evidence of 4 to 8 observations of 18 to 22 bytes: records of 220 to 304 bytes.
        let evidence = (4 + shape % 4) as usize * 18 + (shape >> 8) as usize % 24;
        let len = (HEADER + MEMBER * IDS_PER_ACCOUNT as usize + evidence + 20 + 4).next_multiple_of(UNIT);
        bytes.extend_from_slice(&(len as u16).to_le_bytes());
        bytes.extend_from_slice(&[IDS_PER_ACCOUNT as u8, 0]);
        for slot in 0..IDS_PER_ACCOUNT {
            bytes.extend_from_slice(&(slot as u16).to_le_bytes());
            bytes.push(PACKED as u8);
            bytes.extend_from_slice(&ids::packed(account, slot));
        }
        let check = C::of(&bytes[start..]);
        bytes.extend_from_slice(&check.to_le_bytes());
        let mut state = shape;
        while bytes.len() < start + len - 4 {
            state = ids::mix(state);
            let left = start + len - 4 - bytes.len();
            bytes.extend_from_slice(&state.to_le_bytes()[..left.min(8)]);
        }
        let crc = C::of(&bytes[start..]);
        bytes.extend_from_slice(&crc.to_le_bytes());
    }
    (bytes, locations)
}

/// The record at `location`, or its head alone, verified.
#[inline(always)]
pub fn read<C: Check>(records: &[u8], location: u32, whole: bool) -> Result<&[u8], Corrupt> {
    let rest = records.get(location as usize * UNIT..).ok_or(Corrupt)?;
    let len = usize::from(u16::from_le_bytes(*rest.first_chunk().ok_or(Corrupt)?));
    if len < MIN_LEN || !len.is_multiple_of(UNIT) {
        return Err(Corrupt);
    }
    let head = HEADER + MEMBER * usize::from(*rest.get(2).ok_or(Corrupt)?) + 4;
    let record = rest.get(..if whole { len } else { head }).ok_or(Corrupt)?;
    if C::holds(record) { Ok(record) } else { Err(Corrupt) }
}

/// Asks for the first `lines` cache lines of the record at `location`.
#[inline(always)]
pub fn prefetch_record(records: &[u8], location: u32, lines: usize) {
    let at = location as usize * UNIT;
    for i in 0..lines {
        prefetch(records, at + i * 64);
    }
}

/// If the record holds the value in `space`: eight bytes of its first member, what a translation would return.
#[inline(always)]
pub fn member(record: &[u8], space: u16, value: &[u8; PACKED]) -> Option<u64> {
    let count = usize::from(*record.get(2)?);
    let members = record.get(HEADER..HEADER + MEMBER * count)?;
    let wanted = pattern(space, value);
    // No branch depends on which member it is: the place is random, so each would be mispredicted.
    let held =
        members.as_chunks::<MEMBER>().0.iter().fold(false, |held, member| held | same(words(member), wanted));
    let first = members.get(3..11)?.first_chunk()?;
    held.then(|| u64::from_le_bytes(*first))
}

/// The bytes of a member, as words.
#[inline(always)]
fn pattern(space: u16, value: &[u8; PACKED]) -> [u64; 3] {
    let mut member = [0; MEMBER];
    let (head, tail) = member.split_at_mut(3);
    let [low, high] = space.to_le_bytes();
    head.copy_from_slice(&[low, high, PACKED as u8]);
    tail.copy_from_slice(value);
    words(&member)
}

#[inline(always)]
fn words(member: &[u8; MEMBER]) -> [u64; 3] {
    let (words, _) = member.as_chunks::<8>();
    [0, 1, 2].map(|i| u64::from_le_bytes(words[i]))
}

#[inline(always)]
fn same(a: [u64; 3], b: [u64; 3]) -> bool {
    (a[0] ^ b[0]) | (a[1] ^ b[1]) | (a[2] ^ b[2]) == 0
}
