//! Flipped bits, cuts, swapped and stale blocks, forged checksums.

use super::made::{
    Entries, IDENTITY, Made, Numbers, START, file, found, listed, long_keyed, make, table, walk,
};
use crate::error::Result;
use crate::segment::bytes::{FileBytes, ReadMode};
use crate::segment::checksum::sum;
use crate::segment::table::Walk;
use crate::segment::table::format::{Place, Root};
use crate::segment::table::scan::Entry;
use crate::segment::table::{Absences, Found, Merge, Table};
use crate::vfs::RealVfs;

/// A table of three levels in some 40 KiB.
fn small() -> (Entries, Made) {
    let entries = long_keyed(1, 64);
    let made = make(&entries, IDENTITY);
    assert!(made.root.levels == 3 && made.bytes.len() < 60_000);
    (entries, made)
}

fn opened<'f>(file: &'f FileBytes, root: Root) -> Result<Table<'f>> {
    Table::new(file, IDENTITY, root)
}

/// A key that is looked for in this block, for every block.
fn keys_through(entries: &Entries, made: &Made) -> Vec<Vec<u8>> {
    let through = |place: &Place| {
        let mut bytes = made.bytes.clone();
        bytes[place.at as usize + 20] ^= 1;
        let file = file(bytes);
        let table = table(&file, made.root);
        entries.keys().find(|key| table.get(key).is_err()).unwrap().clone()
    };
    made.blocks.iter().map(through).collect()
}

/// Every answer is an error or what it was, and a walk stops at the damage.
fn holds(entries: &Entries, file: &FileBytes, root: Root) {
    let Ok(table) = opened(file, root) else { return };
    for key in entries.keys() {
        match table.get(key) {
            Ok(answer) => assert_eq!(answer, found(entries, key)),
            Err(error) => assert!(error.is_corruption()),
        }
    }
    let (walked, end) = walk(&mut table.scan(b""));
    assert_eq!(walked, listed(entries)[..walked.len()]);
    match end {
        Ok(()) => assert_eq!(walked.len(), entries.len()),
        Err(error) => assert!(error.is_corruption()),
    }
}

#[test]
fn every_flipped_bit_is_met_by_the_reads_of_its_block() {
    let (entries, made) = small();
    let keys = keys_through(&entries, &made);
    let mut flips = 0u32;
    for (block, key) in made.blocks.iter().zip(&keys) {
        let mut bytes = made.bytes.clone();
        for at in block.at as usize..block.at as usize + block.len as usize {
            for bit in 0..8 {
                bytes[at] ^= 1 << bit;
                let file = file(bytes.clone());
                let table = table(&file, made.root);
                assert!(table.get(key).unwrap_err().is_corruption(), "byte {at}, bit {bit}");
                if flips.is_multiple_of(61) {
                    holds(&entries, &file, made.root);
                    assert!(table.check(START).unwrap_err().is_corruption(), "byte {at}, bit {bit}");
                }
                bytes[at] ^= 1 << bit;
                flips += 1;
            }
        }
    }
    assert_eq!(flips as usize, 8 * (made.bytes.len() - START as usize), "blocks are all there is");
}

#[test]
fn a_walk_that_failed_does_not_seem_to_end() {
    let (_, made) = small();
    let mut bytes = made.bytes.clone();
    bytes[made.blocks[1].at as usize + 20] ^= 1;
    let file = file(bytes);
    let mut scan = table(&file, made.root).scan(b"");
    let (walked, end) = walk(&mut scan);
    assert!(!walked.is_empty() && end.unwrap_err().is_corruption());
    assert!(scan.next().is_err() && scan.next().is_err());
    assert_eq!(scan.entry().unwrap(), None::<Entry<'_>>);
    let mut merge = Merge::new(vec![table(&file, made.root).scan(b"")], Absences::Kept);
    while let Ok(entry) = merge.next() {
        assert!(entry.is_some());
    }
    assert!(merge.next().is_err());
}

#[test]
fn a_file_cut_before_it_is_opened_is_an_error() {
    let (_, made) = small();
    for len in 0..made.bytes.len() {
        let file = file(made.bytes[..len].to_vec());
        assert!(opened(&file, made.root).unwrap_err().is_corruption(), "{len}");
    }
}

#[test]
fn a_file_cut_after_it_was_opened_is_an_error_or_answers_as_before() {
    let (entries, made) = small();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.seg");
    std::fs::write(&path, &made.bytes).unwrap();
    let file = FileBytes::open(&RealVfs, &path, ReadMode::Pread).unwrap();
    let writer = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
    let table = table(&file, made.root);
    for (len, key) in (0..made.bytes.len()).rev().zip(entries.keys().cycle()) {
        writer.set_len(len as u64).unwrap();
        assert!(table.get(key).unwrap_err().is_corruption(), "the root is the last block: {len}");
        if len % 1_000 == 0 {
            holds(&entries, &file, made.root);
        }
    }
}

#[test]
fn a_block_in_the_place_of_another_is_an_error() {
    let entries: Entries = (0..2_000u32).map(|n| (n.to_be_bytes().to_vec(), Some(vec![1; 8]))).collect();
    let made = make(&entries, IDENTITY);
    let keys = keys_through(&entries, &made);
    let mut swaps = 0;
    for (to, key) in made.blocks.iter().zip(&keys) {
        for from in made.blocks.iter().filter(|from| from.len == to.len && from.at != to.at) {
            let mut bytes = made.bytes.clone();
            let (from, to, len) = (from.at as usize, to.at as usize, to.len as usize);
            bytes[to..to + len].copy_from_slice(&made.bytes[from..from + len]);
            bytes[from..from + len].copy_from_slice(&made.bytes[to..to + len]);
            let file = file(bytes);
            assert!(table(&file, made.root).get(key).unwrap_err().is_corruption());
            holds(&entries, &file, made.root);
            swaps += 1;
        }
    }
    assert!(swaps >= 6, "there are blocks of one length: {swaps}");
}

#[test]
fn a_block_of_another_version_of_the_file_is_an_error() {
    let entries = |value: u8| -> Entries {
        (0..2_000u32).map(|n| (n.to_be_bytes().to_vec(), Some(vec![value; 8]))).collect()
    };
    let (new, old) = (make(&entries(1), IDENTITY), make(&entries(2), IDENTITY ^ 1));
    assert_eq!(new.blocks, old.blocks);
    let keys = keys_through(&entries(1), &new);
    for (block, key) in new.blocks.iter().zip(&keys) {
        let mut bytes = new.bytes.clone();
        let range = block.at as usize..(block.at + u64::from(block.len)) as usize;
        bytes[range.clone()].copy_from_slice(&old.bytes[range]);
        let file = file(bytes);
        assert!(table(&file, new.root).get(key).unwrap_err().is_corruption());
        holds(&entries(1), &file, new.root);
    }
}

#[test]
fn a_root_that_points_elsewhere_is_an_error() {
    let (entries, made) = small();
    let file = file(made.bytes.clone());
    let key = entries.keys().next().unwrap();
    for place in &made.blocks {
        for levels in 0..=5 {
            let root = Root { at: place.at, len: place.len, levels, entry_count: made.root.entry_count };
            if root != made.root {
                let answer = opened(&file, root).and_then(|table| table.check(START));
                assert!(answer.unwrap_err().is_corruption());
            }
        }
    }
    for bit in 0..64 {
        let root = Root { at: made.root.at ^ 1 << bit, ..made.root };
        assert!(opened(&file, root).and_then(|table| table.get(key)).unwrap_err().is_corruption());
        let root = Root { len: made.root.len ^ 1 << (bit % 32), ..made.root };
        let answer = opened(&file, root).and_then(|table| table.get(key));
        assert!(answer.unwrap_err().is_corruption());
        let root = Root { entry_count: made.root.entry_count ^ 1 << bit, ..made.root };
        assert!(opened(&file, root).and_then(|table| table.check(START)).unwrap_err().is_corruption());
    }
}

/// Changes bytes of blocks, and their checksums with them: what is left are the checks of the contents.
#[test]
fn forged_blocks_never_panic_or_hang() {
    let mut numbers = Numbers(3);
    let short: Entries =
        (0..900u32).map(|n| ((n * 7).to_be_bytes().to_vec(), (n % 9 > 0).then(|| vec![2; 9]))).collect();
    let mut refused = 0;
    for entries in [long_keyed(2, 40), short] {
        let made = make(&entries, IDENTITY);
        for _ in 0..4_000 {
            let mut bytes = made.bytes.clone();
            for _ in 0..=numbers.below(2) {
                forge(&mut bytes, made.blocks[numbers.below(made.blocks.len())], &mut numbers);
            }
            let file = file(bytes);
            let table = table(&file, made.root);
            let (walked, _) = walk(&mut table.scan(b""));
            assert!(walked.is_sorted_by(|a, b| a.0 < b.0), "no key twice");
            refused += usize::from(table.check(START).is_err());
            for key in entries.keys().step_by(29) {
                let answer: Result<Found> = table.get(key);
                assert!(answer.is_ok() || answer.is_err_and(|error| error.is_corruption()));
            }
        }
    }
    assert!(refused > 1_000, "{refused}");
}

fn forge(bytes: &mut [u8], place: Place, numbers: &mut Numbers) {
    let block = &mut bytes[place.at as usize..][..place.len as usize];
    let body_len = block.len() - 4;
    // Mostly where the numbers are: the header, the first entries, the restarts.
    let at = match numbers.below(4) {
        0 => numbers.below(12),
        1 => 12 + numbers.below(30),
        2 => body_len - 1 - numbers.below(12),
        _ => numbers.below(body_len),
    };
    block[at] = match numbers.below(3) {
        0 => numbers.next() as u8,
        1 => block[at].wrapping_add(1),
        _ => block[at] ^ 1 << numbers.below(8),
    };
    let crc = sum(IDENTITY, place.at, &block[..body_len]);
    block[body_len..].copy_from_slice(&crc.to_le_bytes());
}
