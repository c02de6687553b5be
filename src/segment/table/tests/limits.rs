//! Limits, keys out of order, failing sinks.

use super::made::{Entries, IDENTITY, START, all, file, found, make, table};
use crate::error::{Error, IoOp, Result};
use crate::segment::table::format::{BLOCK_BYTES_MAX, KEY_BYTES_MAX, Root, VALUE_BYTES_MAX};
use crate::segment::table::{Found, Sink, Table, TableWriter};

fn nowhere(_: &[u8]) -> Result<()> {
    Ok(())
}

#[test]
fn a_table_without_entries_has_none() {
    let made = make(&Entries::new(), IDENTITY);
    assert_eq!(made.root, Root { at: START, len: 0, levels: 0, entry_count: 0 });
    assert_eq!(made.bytes.len(), START as usize);
    let file = file(made.bytes);
    let table = table(&file, made.root);
    assert_eq!(table.get(b"").unwrap(), Found::Nothing);
    assert_eq!(all(table.scan(b"")), []);
    table.check(START).unwrap();
    assert!(Table::new(&file, IDENTITY, Root { levels: 1, ..made.root }).is_err());
    assert!(Table::new(&file, IDENTITY, Root { at: START + 8, ..made.root }).is_err(), "beyond the end");
}

#[test]
fn the_empty_key_and_the_empty_value_are_a_key_and_a_value() {
    let entries: Entries = [(vec![], Some(vec![])), (vec![0], None), (vec![0, 0], Some(vec![]))].into();
    let made = make(&entries, IDENTITY);
    let file = file(made.bytes);
    let table = table(&file, made.root);
    for key in [&[][..], &[0], &[0, 0], &[0, 0, 0]] {
        assert_eq!(table.get(key).unwrap(), found(&entries, key));
    }
    table.check(START).unwrap();
}

#[test]
fn the_largest_entries_fit_and_larger_ones_are_refused() {
    let key = |n: u8| vec![n; KEY_BYTES_MAX];
    let mut entries: Entries = (0..40).map(|n| (key(n), Some(vec![n; 40]))).collect();
    entries.insert(key(20), Some(vec![9; VALUE_BYTES_MAX]));
    let made = make(&entries, IDENTITY);
    assert!(made.blocks.iter().all(|block| block.len as usize <= BLOCK_BYTES_MAX));
    assert_eq!(made.blocks.iter().filter(|block| block.len > 4096).count(), 1, "alone in its block");
    let file = file(made.bytes);
    let table = table(&file, made.root);
    table.check(START).unwrap();
    for key in entries.keys() {
        assert!(table.get(key).unwrap() == found(&entries, key));
    }
    let mut writer = TableWriter::new(IDENTITY, 0);
    let mut sink = nowhere;
    let long = writer.add(&mut sink, &vec![0; KEY_BYTES_MAX + 1], None).unwrap_err();
    assert!(matches!(long, Error::TooLarge { limit: 1024, .. }), "{long}");
    let long = writer.add(&mut sink, b"k", Some(&vec![0; VALUE_BYTES_MAX + 1])).unwrap_err();
    assert!(matches!(long, Error::TooLarge { limit: 0x1000_0000, .. }), "{long}");
    writer.add(&mut sink, b"k", None).unwrap();
    assert_eq!(writer.finish(&mut sink).unwrap().entry_count, 1, "what was refused left no trace");
}

#[test]
fn keys_out_of_order_are_refused_without_harm() {
    let mut bytes = Vec::new();
    let mut sink = |block: &[u8]| {
        bytes.extend_from_slice(block);
        Ok(())
    };
    let mut writer = TableWriter::new(IDENTITY, 0);
    for (key, is_in_order) in [(&b""[..], true), (b"", false), (b"b", true), (b"a", false), (b"b", false)] {
        match writer.add(&mut sink, key, None) {
            Ok(()) => assert!(is_in_order),
            Err(error) => assert!(!is_in_order && matches!(error, Error::Internal { .. }), "{error}"),
        }
    }
    let root = writer.finish(&mut sink).unwrap();
    let file = file(bytes);
    assert_eq!(all(table(&file, root).scan(b"")), [(vec![], None), (b"b".to_vec(), None)]);
}

#[test]
fn an_error_of_the_sink_is_passed_on() {
    struct Full;
    impl Sink for Full {
        fn append(&mut self, _: &[u8]) -> Result<()> {
            Err(Error::io(IoOp::Write, "a.seg", std::io::ErrorKind::StorageFull.into()))
        }
    }
    let mut writer = TableWriter::new(IDENTITY, 0);
    writer.add(&mut Full, b"a", Some(&[0; 3_000])).unwrap();
    assert!(matches!(writer.add(&mut Full, b"b", Some(&[0; 3_000])), Err(Error::Io { .. })));
    let mut writer = TableWriter::new(IDENTITY, 0);
    writer.add(&mut Full, b"a", None).unwrap();
    assert!(matches!(writer.finish(&mut Full), Err(Error::Io { .. })));
}

#[test]
fn memory_does_not_grow_with_the_table() {
    let mut longest = 0;
    let mut sink = |block: &[u8]| {
        longest = longest.max(block.len());
        Ok(())
    };
    let mut writer = TableWriter::new(IDENTITY, 0);
    for n in 0..400_000u32 {
        writer.add(&mut sink, &n.to_be_bytes(), Some(&[0; 16])).unwrap();
    }
    let root = writer.finish(&mut sink).unwrap();
    assert!(longest <= 4096 && root.levels == 3, "{longest}, {root:?}");
}
