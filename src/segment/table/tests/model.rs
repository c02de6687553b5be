//! What tables answer is what a map answers, in every read mode and merged.

use std::ops::Bound;

use proptest::prelude::{Strategy, any, prop, prop_assert, prop_assert_eq, prop_oneof, proptest};

use super::made::{Entries, IDENTITY, Numbers, START, Walked, all, file, found, listed, make, table};
use crate::error::Result;
use crate::segment::bytes::{FileBytes, ReadMode};
use crate::segment::table::{Absences, Finder, Found, Merge, Scan, Table};
use crate::vfs::RealVfs;

/// Keys of few letters, so that they share prefixes and are prefixes of each other.
fn key() -> impl Strategy<Value = Vec<u8>> {
    let letter = prop_oneof![0u8..3, 254u8..=255];
    prop_oneof![
        prop::collection::vec(letter, 0..8),
        (prop::collection::vec(any::<u8>(), 1..3), 0usize..700).prop_map(|(mut tail, len)| {
            tail.splice(0..0, std::iter::repeat_n(b'k', len));
            tail
        })
    ]
}

fn value() -> impl Strategy<Value = Option<Vec<u8>>> {
    let len = prop_oneof![8 => 0usize..60, 1 => 3_900usize..4_200, 1 => 0usize..9_000];
    prop::option::weighted(0.8, (any::<u8>(), len).prop_map(|(byte, len)| vec![byte; len]))
}

fn entries(max: usize) -> impl Strategy<Value = Entries> {
    prop::collection::btree_map(key(), value(), 0..max)
}

fn merged(scans: Vec<Scan<'_>>, absences: Absences) -> Result<Walked> {
    let mut merge = Merge::new(scans, absences);
    let mut walked = Vec::new();
    while let Some(entry) = merge.next()? {
        walked.push((entry.key.to_vec(), entry.value.map(<[u8]>::to_vec)));
    }
    assert!(merge.next()?.is_none(), "an end stays one");
    Ok(walked)
}

proptest! {
    #[test]
    fn a_table_answers_as_a_map_does(
        entries in entries(200),
        probes in prop::collection::vec(key(), 20),
    ) {
        let made = make(&entries, IDENTITY);
        let file = file(made.bytes);
        let table = table(&file, made.root);
        table.check(START).unwrap();
        prop_assert_eq!(table.entry_count(), entries.len() as u64);
        prop_assert_eq!(all(table.scan(b"")), listed(&entries));
        let mut finder = Finder::new(table);
        for key in entries.keys().chain(&probes).chain(entries.keys().rev()) {
            prop_assert_eq!(table.get(key).unwrap(), found(&entries, key));
            prop_assert_eq!(finder.get(key).unwrap(), found(&entries, key));
        }
        for probe in probes.iter().chain(entries.keys().step_by(17)) {
            let from = (Bound::Included(probe.clone()), Bound::Unbounded);
            prop_assert_eq!(all(table.scan(probe)), listed(entries.range(from)));
            let below = entries.iter().filter(|(key, _)| key.starts_with(probe));
            prop_assert_eq!(all(table.prefix(probe)), listed(below));
        }
    }

    #[test]
    fn merged_tables_answer_as_maps_laid_over_each_other(
        layers in prop::collection::vec(entries(40), 0..5),
        from in key(),
    ) {
        let mut over = Entries::new();
        for layer in layers.iter().rev() {
            over.extend(layer.clone());
        }
        over.retain(|key, _| *key >= from);
        let made: Vec<_> = layers.iter().map(|layer| make(layer, IDENTITY)).collect();
        let files: Vec<_> = made.iter().map(|made| (file(made.bytes.clone()), made.root)).collect();
        let scans = || files.iter().map(|(file, root)| table(file, *root).scan(&from)).collect();
        prop_assert_eq!(merged(scans(), Absences::Kept).unwrap(), listed(&over));
        over.retain(|_, value| value.is_some());
        prop_assert_eq!(merged(scans(), Absences::Dropped).unwrap(), listed(&over));
    }

    #[test]
    fn equal_entries_make_equal_bytes(entries in entries(60)) {
        let (once, again) = (make(&entries, IDENTITY), make(&entries, IDENTITY));
        prop_assert_eq!(once.root, again.root);
        prop_assert!(once.bytes == again.bytes);
    }
}

fn many(count: usize) -> Entries {
    let mut numbers = Numbers(7);
    let entry = |n: usize| {
        let key = format!("openid:wx{:04}:{:016x}", n % 9, numbers.next()).into_bytes();
        let len = numbers.below(20);
        (key, (!n.is_multiple_of(11)).then(|| numbers.bytes(len)))
    };
    (0..count).map(entry).collect()
}

#[test]
fn a_table_of_several_levels_answers_as_a_map_does() {
    let entries = many(30_000);
    let made = make(&entries, IDENTITY);
    assert!(made.root.levels >= 3, "{:?}", made.root);
    assert!(made.blocks.iter().all(|block| block.len <= 4096 && block.at % 8 == 0 && block.len % 8 == 0));
    let file = file(made.bytes);
    let table = table(&file, made.root);
    table.check(START).unwrap();
    assert!(table.check(START + 8).is_err() && table.check(0).is_err(), "a table begins where it begins");
    assert_eq!(all(table.scan(b"")), listed(&entries));
    assert_eq!(all(table.scan(b"openid:wx0008")).len(), all(table.prefix(b"openid:wx0008")).len());
    assert_eq!(all(table.prefix(b"openid:wx0009")), []);
    let mut finder = Finder::new(table);
    for (n, key) in entries.keys().enumerate() {
        assert_eq!(table.get(key).unwrap(), found(&entries, key));
        assert_eq!(finder.get(key).unwrap(), found(&entries, key));
        let mut near = key.clone();
        match n % 3 {
            0 => near.push(0),
            1 => drop(near.pop()),
            _ => *near.last_mut().unwrap() ^= 1,
        }
        assert_eq!(table.get(&near).unwrap(), found(&entries, &near));
        assert_eq!(finder.get(&near).unwrap(), found(&entries, &near));
        for prefix in [key, &near, &key[..key.len() / 2].to_vec()] {
            let first = entries.range(prefix.clone()..).next();
            let has = first.is_some_and(|(first, _)| first.starts_with(prefix));
            assert_eq!(finder.has_prefix(prefix).unwrap(), has);
            assert_eq!(Finder::new(table).has_prefix(prefix).unwrap(), has);
        }
    }
}

#[test]
fn the_read_modes_agree() {
    let entries = many(5_000);
    let made = make(&entries, IDENTITY);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.seg");
    std::fs::write(&path, &made.bytes).unwrap();
    for mode in [ReadMode::Mapped, ReadMode::Pread, ReadMode::InMemory] {
        let file = FileBytes::open(&RealVfs, &path, mode).unwrap();
        let table = Table::new(&file, IDENTITY, made.root).unwrap();
        table.check(START).unwrap();
        assert_eq!(all(table.scan(b"")), listed(&entries), "{mode:?}");
        for key in entries.keys().step_by(3) {
            assert_eq!(table.get(key).unwrap(), found(&entries, key), "{mode:?}");
        }
        assert_eq!(table.get(b"openid:wx0003:").unwrap(), Found::Nothing);
    }
}
