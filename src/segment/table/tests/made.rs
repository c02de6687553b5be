//! Tables made from a map, and walks turned into lists.

use std::collections::BTreeMap;
use std::path::Path;

use crate::error::Result;
use crate::segment::bytes::FileBytes;
use crate::segment::table::Walk;
use crate::segment::table::format::Place;
use crate::segment::table::scan::Entry;
use crate::segment::table::{Found, Root, Scan, Table, TableWriter};

/// What a table holds; `None` is an absence.
pub(super) type Entries = BTreeMap<Vec<u8>, Option<Vec<u8>>>;
/// What a walk gave.
pub(super) type Walked = Vec<(Vec<u8>, Option<Vec<u8>>)>;

/// Where the tables of the tests begin.
pub(super) const START: u64 = 64;
/// The identity of their files.
pub(super) const IDENTITY: u32 = 0x5eed_1234;

/// A file with a table in it.
pub(super) struct Made {
    pub(super) bytes: Vec<u8>,
    pub(super) root: Root,
    /// Every block, in the order of the file.
    pub(super) blocks: Vec<Place>,
}

pub(super) fn make(entries: &Entries, identity: u32) -> Made {
    let mut bytes = vec![0; START as usize];
    let mut blocks = Vec::new();
    let mut sink = |block: &[u8]| {
        blocks.push(Place { at: bytes.len() as u64, len: block.len() as u32 });
        bytes.extend_from_slice(block);
        Ok(())
    };
    let mut writer = TableWriter::new(identity, START);
    for (key, value) in entries {
        writer.add(&mut sink, key, value.as_deref()).unwrap();
    }
    let root = writer.finish(&mut sink).unwrap();
    Made { bytes, root, blocks }
}

pub(super) fn file(bytes: Vec<u8>) -> FileBytes {
    FileBytes::in_memory(Path::new("a.seg"), bytes)
}

pub(super) fn table<'f>(file: &'f FileBytes, root: Root) -> Table<'f> {
    Table::new(file, IDENTITY, root).unwrap()
}

fn owned(entry: Entry<'_>) -> (Vec<u8>, Option<Vec<u8>>) {
    (entry.key.to_vec(), entry.value.map(<[u8]>::to_vec))
}

/// What a walk gives until it ends or fails.
pub(super) fn walk(scan: &mut Scan<'_>) -> (Walked, Result<()>) {
    let mut walked = Vec::new();
    loop {
        match scan.next() {
            Ok(Some(entry)) => walked.push(owned(entry)),
            Ok(None) => return (walked, Ok(())),
            Err(error) => return (walked, Err(error)),
        }
    }
}

/// What a walk gives that does not fail.
pub(super) fn all(mut scan: Scan<'_>) -> Walked {
    let (walked, end) = walk(&mut scan);
    end.unwrap();
    assert!(scan.next().unwrap().is_none(), "an end stays one");
    walked
}

/// The same of a map.
pub(super) fn listed<'e>(entries: impl IntoIterator<Item = (&'e Vec<u8>, &'e Option<Vec<u8>>)>) -> Walked {
    entries.into_iter().map(|(key, value)| (key.clone(), value.clone())).collect()
}

/// What a table of these entries says of a key.
pub(super) fn found(entries: &Entries, key: &[u8]) -> Found {
    match entries.get(key) {
        Some(Some(value)) => Found::Value(value.clone()),
        Some(None) => Found::Absent,
        None => Found::Nothing,
    }
}

/// Numbers that look random and are the same in every run.
pub(super) struct Numbers(pub(super) u64);

impl Numbers {
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(super) fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    pub(super) fn bytes(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| self.next() as u8).collect()
    }
}

/// Long keys, so that few entries have three levels of blocks; every fifth is an absence.
pub(super) fn long_keyed(seed: u64, count: usize) -> Entries {
    let mut numbers = Numbers(seed);
    let entry = |n: usize| {
        let key = numbers.bytes(500);
        (key, (!n.is_multiple_of(5)).then(|| numbers.bytes(30)))
    };
    (0..count).map(entry).collect()
}
