//! Hooks for the fuzz targets into what is not public; built with `--cfg fuzzing` only.

use crate::codec::{decode_commit, encode_commit};
use crate::segment::reseal;

/// Decodes a journal payload; what decodes must encode to the same bytes.
pub fn entry_bytes(bytes: &[u8]) {
    if let Ok(entries) = decode_commit(bytes) {
        assert!(encode_commit(&entries) == bytes, "N1: a payload has one encoding");
    }
}

/// Makes the checksums of a segment right again after its bytes were changed.
pub fn reseal_segment(bytes: &mut [u8]) {
    reseal(bytes);
}
