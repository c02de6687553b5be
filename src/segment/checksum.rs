//! The checksum of a piece of an immutable file, which holds for that piece in that place of that file only.
//!
//! It is a CRC-32C that starts from the file's identity and the place: twelve bytes, little-endian, ahead of the
//! piece. A piece of equal bytes elsewhere in the file, or in the same place of another version of the file, has
//! another checksum: for places below 4 GiB always, for both being other at once but for one time in 2^32.

/// The checksum of `bytes`, which stand at offset `at` of the file with this `identity`.
pub(crate) fn sum(identity: u32, at: u64, bytes: &[u8]) -> u32 {
    let place = crc32c::crc32c_append(crc32c::crc32c(&identity.to_le_bytes()), &at.to_le_bytes());
    crc32c::crc32c_append(place, bytes)
}

#[cfg(test)]
mod tests {
    use super::sum;

    #[test]
    fn a_sum_is_of_the_file_the_place_and_the_bytes() {
        let mut all = 7u32.to_le_bytes().to_vec();
        all.extend_from_slice(&4096u64.to_le_bytes());
        all.extend_from_slice(b"block");
        assert_eq!(sum(7, 4096, b"block"), crc32c::crc32c(&all));
        assert_eq!(sum(0x1dea_5eed, 64, b"golden"), 0x2d57_9188);
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
