//! Blocks that nobody could have written, under checksums that hold: each is refused for its own reason.

use super::made::{IDENTITY, START, file};
use crate::codec::Writer;
use crate::error::Error;
use crate::segment::checksum::sum;
use crate::segment::table::format::{KEY_BYTES_MAX, Root};
use crate::segment::table::{Found, Table};

/// A block up to its checksum.
fn body(level: u8, count: u32, entries: &[u8], restarts: &[u32]) -> Vec<u8> {
    let mut body = vec![level, 0, 0, 0];
    body.extend_from_slice(&count.to_le_bytes());
    body.extend_from_slice(&(entries.len() as u32).to_le_bytes());
    body.extend_from_slice(entries);
    for restart in restarts {
        body.extend_from_slice(&restart.to_le_bytes());
    }
    body.resize((body.len() + 4).next_multiple_of(8) - 4, 0);
    body
}

/// An entry: what it shares, the rest of its key, its value.
fn entry(shared: u64, own: &[u8], value: Option<&[u8]>) -> Vec<u8> {
    let mut out = Writer::default();
    out.varint(shared);
    out.varint(own.len() as u64);
    out.varint(value.map_or(0, |value| value.len() as u64 + 1));
    out.raw(own);
    out.raw(value.unwrap_or_default());
    out.into_bytes()
}

fn leaf(entries: &[(u64, &[u8])]) -> Vec<u8> {
    let bytes: Vec<u8> = entries.iter().flat_map(|(shared, own)| entry(*shared, own, Some(b"v"))).collect();
    body(0, entries.len() as u32, &bytes, &[0])
}

fn place(at: u64, len: usize) -> Vec<u8> {
    let mut place = at.to_le_bytes().to_vec();
    place.extend_from_slice(&(len as u32).to_le_bytes());
    place
}

/// An index of entries that share nothing.
fn index(children: &[(&[u8], Option<Vec<u8>>)]) -> Vec<u8> {
    let bytes: Vec<u8> = children.iter().flat_map(|(key, value)| entry(0, key, value.as_deref())).collect();
    body(1, children.len() as u32, &bytes, &[0])
}

/// What is wrong with a table of these blocks, laid end to end, of which the `root`-th is the root.
fn wrong(blocks: &[Vec<u8>], root: usize, levels: u32, entry_count: u64) -> Option<&'static str> {
    let mut bytes = vec![0; START as usize];
    let mut places = Vec::new();
    for block in blocks {
        let at = bytes.len() as u64;
        places.push((at, block.len() as u32 + 4));
        bytes.extend_from_slice(block);
        bytes.extend_from_slice(&sum(IDENTITY, at, block).to_le_bytes());
    }
    let (at, len) = places[root];
    let file = file(bytes);
    let table = Table::new(&file, IDENTITY, Root { at, len, levels, entry_count });
    match table.and_then(|table| table.check(START)) {
        Ok(()) => None,
        Err(Error::Corrupt { what, .. }) => Some(what),
        Err(other) => panic!("{other}"),
    }
}

fn wrong_leaf(leaf: Vec<u8>) -> Option<&'static str> {
    let count = u32::from_le_bytes(leaf[4..8].try_into().unwrap());
    wrong(&[leaf], 0, 1, u64::from(count).max(1))
}

fn with(mut block: Vec<u8>, change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    change(&mut block);
    block
}

#[test]
fn the_frame_of_a_block_is_checked() {
    let good = || leaf(&[(0, b"a"), (1, b"b")]);
    assert_eq!(wrong_leaf(good()), None);
    let level = Some("a block is of another level");
    let behind = Some("a block without entries, or with something behind them");
    assert_eq!(wrong_leaf(with(good(), |b| b[0] = 1)), level);
    assert_eq!(wrong_leaf(with(good(), |b| b[3] = 1)), level);
    assert_eq!(wrong_leaf(with(good(), |b| *b.last_mut().unwrap() = 1)), behind);
    assert_eq!(wrong_leaf(with(good(), |b| b.extend([0; 8]))), behind);
    assert_eq!(wrong_leaf(body(0, 0, b"", &[])), behind);
    assert_eq!(wrong_leaf(with(good(), |b| b[8] = 0xff)), Some("cut short"));
    assert_eq!(wrong_leaf(with(good(), |b| b[7] = 0xff)), Some("cut short"));
    let good = good();
    assert_eq!(wrong(&[good], 0, 1, 3), Some("a table does not hold what its root says"));
}

#[test]
fn the_entries_of_a_block_are_checked() {
    let order = Some("keys are not in order");
    let restart = Some("a restart is not where it should be");
    let cut = Some("cut short");
    for (what, entries) in [
        (None, &[(0, &b"a"[..]), (0, b"b"), (1, b"c"), (2, b"c")][..]),
        (order, &[(0, b"b"), (0, b"a")]),
        (order, &[(0, b"a"), (1, b"")]),
        (order, &[(0, b"a"), (0, b"ab")]),
        (order, &[(0, b"a"), (2, b"b")]),
        (order, &[(0, b"ab"), (1, b"")]),
        (order, &[(0, b""), (0, b"")]),
        (restart, &[(1, b"a")]),
        (Some("a key is too long"), &[(0, &[7; KEY_BYTES_MAX + 1])]),
        (Some("a key is too long"), &[(0, &[7; KEY_BYTES_MAX]), (KEY_BYTES_MAX as u64, b"a")]),
    ] {
        assert_eq!(wrong_leaf(leaf(entries)), what, "{entries:?}");
    }
    assert_eq!(wrong_leaf(body(0, 1, &[0, 9, 1, b'a'], &[0])), cut);
    assert_eq!(wrong_leaf(body(0, 1, &[0, 1, 9, b'a'], &[0])), cut);
    let long = [0, 1, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1, b'a'];
    assert_eq!(wrong_leaf(body(0, 1, &long, &[0])), cut);
    let two = [entry(0, b"a", None), entry(0, b"b", None)].concat();
    assert_eq!(wrong_leaf(body(0, 1, &two, &[0])), Some("there is something behind the last entry"));
    assert_eq!(wrong_leaf(body(0, 3, &two, &[0])), cut);
}

#[test]
fn the_restarts_of_a_block_are_checked() {
    let entries: Vec<Vec<u8>> = (0..17u8).map(|n| entry(0, &[n], None)).collect();
    let bytes = entries.concat();
    let restart = Some("a restart is not where it should be");
    assert_eq!(wrong_leaf(body(0, 17, &bytes, &[0, 64])), None);
    assert_eq!(wrong_leaf(body(0, 17, &bytes, &[0, 60])), restart);
    assert_eq!(wrong_leaf(body(0, 17, &bytes, &[4, 64])), restart);
    assert_eq!(wrong_leaf(body(0, 17, &bytes, &[0, u32::MAX])), Some("an entry goes beyond its block"));
    let falling = [&entries[1..], &entries[..1]].concat().concat();
    assert_eq!(wrong_leaf(body(0, 17, &falling, &[0, 64])), Some("keys are not in order"));
}

#[test]
fn the_index_of_a_table_is_checked() {
    let (left, right) = (leaf(&[(0, b"a"), (0, b"c")]), leaf(&[(0, b"d")]));
    let (left_len, right_len) = (left.len() + 4, right.len() + 4);
    let (left_at, right_at) = (START, START + left_len as u64);
    let (left_place, right_place) = (place(left_at, left_len), place(right_at, right_len));
    let wrong_index = |children: &[(&[u8], Option<Vec<u8>>)]| {
        wrong(&[left.clone(), right.clone(), index(children)], 2, 2, 3)
    };
    let a = || (&b"a"[..], Some(left_place.clone()));
    assert_eq!(wrong_index(&[a(), (b"d", Some(right_place.clone()))]), None);
    let first = Some("a block does not begin with the key its index gives");
    assert_eq!(wrong_index(&[a(), (b"da", Some(right_place.clone()))]), first);
    assert_eq!(wrong_index(&[a(), (b"d", Some(left_place.clone()))]), first);
    assert_eq!(wrong_index(&[a(), (b"d", None)]), Some("an index has an absence"));
    let long = [&right_place[..], &[0]].concat();
    assert_eq!(wrong_index(&[a(), (b"d", Some(long))]), Some("a place of a block is too long"));
    assert_eq!(wrong_index(&[a(), (b"d", Some(right_place[..11].to_vec()))]), Some("cut short"));
    let nowhere = Some("no block can be where an index says");
    assert_eq!(wrong_index(&[a(), (b"d", Some(place(right_at + 4, right_len)))]), nowhere);
    assert_eq!(wrong_index(&[a(), (b"d", Some(place(right_at, right_len + 4)))]), nowhere);
    assert_eq!(wrong_index(&[a(), (b"d", Some(place(right_at, 0)))]), nowhere);
    let ahead = Some("an index leads to a block behind it");
    assert_eq!(wrong_index(&[a(), (b"d", Some(place(right_at, right_len + 8)))]), ahead);
    assert_eq!(wrong_index(&[a(), (b"d", Some(place(u64::MAX - 7, right_len)))]), ahead);
    assert_eq!(wrong_index(&[a()]), Some("a table does not hold what its root says"));
    let before = index(&[(b"d", Some(place(START + 40, right_len)))]);
    assert_eq!(before.len() + 4, 40);
    assert_eq!(wrong(&[before, right], 0, 2, 1), ahead);
}

#[test]
fn keys_ascend_from_block_to_block() {
    let (left, right) = (leaf(&[(0, b"a"), (0, b"c")]), leaf(&[(0, b"b")]));
    let right_at = START + left.len() as u64 + 4;
    let children =
        [(&b"a"[..], Some(place(START, left.len() + 4))), (b"b", Some(place(right_at, right.len() + 4)))];
    let what = wrong(&[left, right, index(&children)], 2, 2, 3);
    assert_eq!(what, Some("keys are not in order from block to block"));
}

#[test]
fn finding_a_key_checks_what_it_reads() {
    let index = |value: Option<Vec<u8>>| index(&[(b"a", value)]);
    for (value, is_found) in [(Some(place(START, 32)), true), (None, false), (Some(vec![0; 12]), false)] {
        let mut bytes = vec![0; START as usize];
        for block in [leaf(&[(0, b"a")]), index(value)] {
            let crc = sum(IDENTITY, bytes.len() as u64, &block);
            bytes.extend_from_slice(&block);
            bytes.extend_from_slice(&crc.to_le_bytes());
        }
        let (at, len) = (START + 32, (bytes.len() - START as usize - 32) as u32);
        let file = file(bytes);
        let table = Table::new(&file, IDENTITY, Root { at, len, levels: 2, entry_count: 1 }).unwrap();
        match table.get(b"a") {
            Ok(answer) => assert!(is_found && answer == Found::Value(b"v".to_vec())),
            Err(error) => assert!(!is_found && error.is_corruption()),
        }
        assert_eq!(table.get(b"").unwrap(), Found::Nothing, "before the first key nothing is read below");
    }
}
