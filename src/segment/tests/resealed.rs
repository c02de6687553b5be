//! Changed bytes behind checksums that are right again: what stands behind a checksum is checked for itself.

use std::path::Path;

use super::golden::{ABOVE, BASE, SNAPSHOT};
use crate::hex::from_hex;
use crate::segment::bytes::FileBytes;
use crate::segment::file::FileSegment;
use crate::segment::reseal::reseal;

#[test]
fn what_was_not_changed_is_sealed_already() {
    for hex in [BASE, ABOVE, SNAPSHOT] {
        let bytes = from_hex(hex);
        let mut sealed = bytes.clone();
        reseal(&mut sealed);
        assert!(sealed == bytes);
    }
}

#[test]
fn a_change_of_any_part_is_sealed() {
    let bytes = from_hex(BASE);
    let mut beyond = 0;
    let changes: Vec<usize> = (0..bytes.len()).step_by(61).collect();
    for at in &changes {
        let mut changed = bytes.clone();
        changed[*at] ^= 0x10;
        reseal(&mut changed);
        let file = FileBytes::in_memory(Path::new("changed"), changed);
        let read = FileSegment::from_bytes(file).and_then(|segment| {
            segment.scan().try_for_each(|known| known.map(drop))?;
            segment.table()?.check(segment.header().table_at)
        });
        let is_of_checksum = read.is_err_and(|error| error.to_string().contains("checksum"));
        beyond += usize::from(!is_of_checksum);
    }
    assert_eq!(beyond, changes.len(), "read as far as what was changed");
}
