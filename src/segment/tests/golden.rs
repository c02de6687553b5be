//! The segments of `tests/data/format_v1` hold something of everything, so that a change of any part of the format
//! shows in them.

use std::collections::BTreeSet;
use std::path::Path;

use crate::hex::from_hex;
use crate::segment::bytes::FileBytes;
use crate::segment::file::FileSegment;
use crate::segment::format::Form::{Dense, Hashed};
use crate::segment::known::Known;
use crate::segment::table::Walk;

pub(super) const BASE: &str =
    include_str!("../../../tests/data/format_v1/checkpointed/segments-0000000001.seg.hex");
pub(super) const ABOVE: &str =
    include_str!("../../../tests/data/format_v1/checkpointed/segments-0000000002.seg.hex");
pub(super) const SNAPSHOT: &str = include_str!("../../../tests/data/format_v1/snapshot/snapshot.hex");

fn segment(hex: &str) -> FileSegment {
    FileSegment::from_bytes(FileBytes::in_memory(Path::new("golden"), from_hex(hex))).unwrap()
}

/// The tags of rows, in upper case where the row is an absence.
fn tags(segment: &FileSegment) -> String {
    let mut rows = segment.table().unwrap().scan(b"");
    let mut tags = BTreeSet::new();
    while let Some(row) = rows.next().unwrap() {
        let tag = char::from(row.key[0]);
        tags.insert(if row.value.is_some() { tag } else { tag.to_ascii_uppercase() });
    }
    tags.into_iter().collect()
}

/// How many families and how many numbers that are gone there are, and how many of these have an id hidden.
fn records(segment: &FileSegment) -> [usize; 3] {
    let mut counts = [0; 3];
    for known in segment.scan() {
        match known.unwrap() {
            Known::Nothing => {}
            Known::Family(_) => counts[0] += 1,
            Known::Gone(gone) => {
                counts[1] += 1;
                counts[2] += usize::from(gone.hashes.is_some());
            }
        }
    }
    counts
}

#[test]
fn the_golden_segments_hold_records_rows_and_indexes_of_every_kind() {
    let [base, above, snapshot] = [BASE, ABOVE, SNAPSHOT].map(segment);
    assert_eq!([&base, &above, &snapshot].map(|segment| segment.name().is_base), [true, false, true]);
    assert_eq!([&base, &above, &snapshot].map(|segment| segment.header().form), [Dense, Hashed, Dense]);
    assert!(base.table().unwrap().levels() >= 2);
    // Lower case: a value; upper case: an absence.
    let found = [&base, &above, &snapshot].map(tags);
    assert_eq!(found, ["bcehklmnprstuxyz", "BMPRSbcehklmnoprstux", "abcehklmnprstuxyz"]);
    assert_eq!([&base, &above, &snapshot].map(records), [[131, 6, 0], [11, 4, 4], [131, 12, 0]]);
}
