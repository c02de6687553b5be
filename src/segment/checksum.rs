//! The checksum of a piece of an immutable file, which holds for that piece in that place of that file only.
//!
//! It is a CRC-32C that starts from the file's identity and the place, taken together as one word. Two pieces of equal
//! bytes in one file have different checksums wherever their places differ in the low 32 bits of a place's number of
//! bytes, or, beyond 4 GiB, but for one in 2^32; so have two versions of a file at one place, whose identities differ.

/// The checksum of `bytes`, which stand at offset `at` of the file with this `identity`.
pub(crate) fn sum(identity: u32, at: u64, bytes: &[u8]) -> u32 {
    let place = (at as u32) ^ ((at >> 32) as u32).reverse_bits();
    crc32c::crc32c_append(identity ^ place, bytes)
}

#[cfg(test)]
mod tests {
    use super::sum;

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
