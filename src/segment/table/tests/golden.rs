//! The bytes of a small table.

use super::made::{Entries, START, make};
use crate::segment::table::Root;
use crate::segment::table::format::Place;

const GOLDEN: u32 = 7;

#[test]
fn a_block_has_the_bytes_of_the_layout() {
    let entries: Entries = [(b"a".to_vec(), Some(b"1".to_vec())), (b"ab".to_vec(), None)].into();
    let made = make(&entries, GOLDEN);
    let block = [
        0, 0, 0, 0, 2, 0, 0, 0, 9, 0, 0, 0, // level, entries, their length
        0, 1, 2, b'a', b'1', // nothing shared, one byte of key, one of value
        1, 1, 0, b'b', // one byte shared, one of its own, an absence
        0, 0, 0, 0, // the first restart
        0, 0, 0, // up to a multiple of 8
        241, 194, 173, 79, // the checksum
    ];
    assert_eq!(made.bytes[START as usize..], block);
    assert_eq!(made.root, Root { at: START, len: 32, levels: 1, entry_count: 2 });
}

#[test]
fn an_index_has_the_bytes_of_the_layout() {
    let large = |byte: u8| Some(vec![byte; 4_000]);
    let entries: Entries = [(b"a".to_vec(), large(1)), (b"ab".to_vec(), large(2))].into();
    let made = make(&entries, GOLDEN);
    assert_eq!(made.blocks[..2], [Place { at: 64, len: 4032 }, Place { at: 4096, len: 4032 }]);
    let index = [
        1, 0, 0, 0, 2, 0, 0, 0, 32, 0, 0, 0, // level, entries, their length
        0, 1, 13, b'a', 64, 0, 0, 0, 0, 0, 0, 0, 0xc0, 0x0f, 0, 0, // the first block
        1, 1, 13, b'b', 0, 16, 0, 0, 0, 0, 0, 0, 0xc0, 0x0f, 0, 0, // the second
        0, 0, 0, 0, // the first restart
        0, 0, 0, 0, // up to a multiple of 8
        109, 17, 124, 225, // the checksum
    ];
    assert_eq!(made.bytes[8128..], index);
    assert_eq!(made.root, Root { at: 8128, len: 56, levels: 2, entry_count: 2 });
}

#[test]
fn a_root_reads_back_and_an_impossible_one_is_refused() {
    let root = Root { at: 0x0807_0605_0403_0200, len: 4096, levels: 3, entry_count: 258 };
    let bytes = [0, 2, 3, 4, 5, 6, 7, 8, 0, 16, 0, 0, 3, 0, 0, 0, 2, 1, 0, 0, 0, 0, 0, 0];
    assert_eq!(root.encode(), bytes);
    assert_eq!(Root::decode(&bytes), Ok(root));
    let empty = Root { at: 64, len: 0, levels: 0, entry_count: 0 };
    assert_eq!(Root::decode(&empty.encode()), Ok(empty));
    let impossible = [
        Root { at: 1, ..root },
        Root { len: 12, ..root },
        Root { len: 8, ..root },
        Root { len: u32::MAX - 7, ..root },
        Root { levels: 0, ..root },
        Root { levels: 41, ..root },
        Root { entry_count: 0, ..root },
        Root { levels: 1, ..empty },
        Root { entry_count: 1, ..empty },
        Root { at: 1, ..empty },
    ];
    for root in impossible {
        assert!(Root::decode(&root.encode()).is_err(), "{root:?}");
    }
}
