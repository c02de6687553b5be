//! The checksum of a piece of an immutable file, which holds for that piece in that place of that file only.
//!
//! It is a CRC-32C that starts from the file's identity and the place, taken together as one word. Two pieces of equal
//! bytes in one file have different checksums wherever their places differ in the low 32 bits of a place's number of
//! bytes, or, beyond 4 GiB, but for one in 2^32; so have two versions of a file at one place, whose identities differ.

use twox_hash::XxHash3_64;

/// The checksum of `bytes`, which stand at offset `at` of the file with this `identity`.
pub(crate) fn sum(identity: u32, at: u64, bytes: &[u8]) -> u32 {
    let place = (at as u32) ^ ((at >> 32) as u32).reverse_bits();
    crc32c::crc32c_append(identity ^ place, bytes)
}

/// A quicker checksum for what every lookup verifies: XXH3 of the bytes, moved by the file and the place. Any change
/// of the bytes is missed once in 2^32; a move within 4 GiB never.
pub(crate) fn quick_sum(identity: u32, at: u64, bytes: &[u8]) -> u32 {
    let place = identity ^ (at as u32) ^ ((at >> 32) as u32).reverse_bits();
    XxHash3_64::oneshot(bytes) as u32 ^ place.wrapping_mul(0x9e37_79b1)
}

#[cfg(test)]
mod tests {
    use super::{quick_sum, sum};

    #[test]
    fn a_quick_sum_differs_wherever_the_place_does() {
        let places: std::collections::BTreeSet<u32> =
            (0..100_000u64).map(|n| quick_sum(1, n * 8, b"same")).collect();
        assert_eq!(places.len(), 100_000);
        assert_ne!(quick_sum(1, 8, b"same"), quick_sum(2, 8, b"same"));
        assert_ne!(quick_sum(1, 8, b"same"), quick_sum(1, 8, b"sane"));
    }

    #[test]
    fn a_sum_is_of_the_file_the_place_and_the_bytes() {
        assert_eq!(sum(7, 4096, b"block"), crc32c::crc32c_append(7 ^ 4096, b"block"));
        assert_ne!(sum(7, 1 << 32, b"block"), sum(7, 0, b"block"));
    }

    #[test]
    fn no_place_and_no_file_shares_a_sum_with_another() {
        let places: std::collections::BTreeSet<u32> =
            (0..100_000u64).map(|n| sum(1, n * 8, b"same")).collect();
        assert_eq!(places.len(), 100_000);
        let files: std::collections::BTreeSet<u32> = (0..100_000u32).map(|n| sum(n, 8, b"same")).collect();
        assert_eq!(files.len(), 100_000);
    }
}
