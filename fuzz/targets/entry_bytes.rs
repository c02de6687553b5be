//! Journal payloads: no panic; what decodes encodes to the same bytes.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| idweave::fuzzing::entry_bytes(bytes));
