//! The journal payload: golden bytes, round trips, and hostile bytes.

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::prelude::{
    Strategy, TestCaseError, any, prop, prop_assert, prop_assert_eq, prop_oneof, proptest,
};

use crate::codec::arbitrary_fact::fact;
use crate::codec::entry::{Entry, ErasedId, Erasure, decode_commit, encode_commit};
use crate::codec::ndjson;
use crate::model::{Fact, Id, Kind, Op, Placeholders, Time};

const FACTS: &str = include_str!("../../../testdata/format_v1/facts.ndjson");
const GOLDEN: &str = include_str!("../../../testdata/format_v1/commit.hex");

/// The golden facts, an erasure in place of each `erase`, and an undo.
fn golden_entries() -> Vec<Entry> {
    let facts = FACTS.lines().map(|line| ndjson::parse(line, 1, &Placeholders::default()).unwrap());
    facts.map(journal_entry).chain([Entry::Undo { seq: 300 }]).collect()
}

fn journal_entry(fact: Fact) -> Entry {
    match fact.op {
        Op::Erase { sticky, .. } => {
            let ids = vec![
                ErasedId { number: Some(300), mac: [0xab; 32] },
                ErasedId { number: None, mac: [0xcd; 32] },
            ];
            Entry::Erase(Erasure { at: fact.at, sticky, entity: false, ids })
        }
        _ => Entry::Fact(fact),
    }
}

fn hex(bytes: &[u8]) -> String {
    let lines =
        bytes.chunks(48).map(|line| line.iter().map(|b| format!("{b:02x}")).collect::<String>() + "\n");
    lines.collect()
}

fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

fn entry() -> impl Strategy<Value = Entry> {
    let erasure = (any::<i64>(), any::<bool>(), vec((any::<Option<u64>>(), any::<[u8; 32]>()), 0..4))
        .prop_map(|(at, sticky, ids)| {
            let ids = ids.into_iter().map(|(number, mac)| ErasedId { number, mac }).collect();
            Entry::Erase(Erasure { at: Time::from_ms(at), sticky, entity: at % 2 == 0, ids })
        });
    prop_oneof![12 => fact().prop_map(journal_entry), 1 => erasure, 1 => any::<u64>().prop_map(|seq| Entry::Undo { seq })]
}

#[test]
fn the_golden_commit_is_written_and_read() {
    let entries = golden_entries();
    let bytes = encode_commit(&entries);
    assert_eq!(hex(&bytes), GOLDEN);
    assert_eq!(decode_commit(&unhex(GOLDEN)), Ok(entries));
}

#[test]
fn the_golden_commit_holds_every_tag() {
    let entries = golden_entries();
    let tags: BTreeSet<u8> =
        entries.iter().map(|entry| encode_commit(std::slice::from_ref(entry))[2]).collect();
    assert_eq!(tags, (1..=28).collect());
}

#[test]
fn the_spelling_of_a_userid_and_a_corpid_survives() {
    let ids: [Id; 2] = ["userid:corp:ZhangSan".parse().unwrap(), "corpid::WWabc".parse().unwrap()];
    for id in ids {
        let fact = Fact { at: Time::from_ms(5), batch: None, op: Op::Unrestrict { id: id.clone() } };
        let entries = decode_commit(&encode_commit(&[Entry::Fact(fact)])).unwrap();
        let [Entry::Fact(Fact { op: Op::Unrestrict { id: read }, .. })] = &entries[..] else { panic!() };
        assert_eq!((read, read.spelling()), (&id, id.spelling()));
    }
}

#[test]
fn repeated_texts_are_written_once() {
    let line = FACTS.lines().next().unwrap();
    let entry = journal_entry(ndjson::parse(line, 1, &Placeholders::default()).unwrap());
    let [one, two] = [1, 2].map(|count| encode_commit(&vec![entry.clone(); count]).len());
    // tag, flags, delta, two spaces, two lengths, the source; and the two values.
    assert_eq!(two - one, 8 + 28 + 29);
}

#[test]
fn what_passed_an_older_door_is_still_read() {
    let id = Id::with_placeholders(Kind::Unionid, "acme", "0000", &Placeholders::none()).unwrap();
    let op = Op::Block { id, reason: "\u{7}".to_owned(), actor: String::new() };
    let entries = vec![Entry::Fact(Fact { at: Time::MIN, batch: Some(String::new()), op })];
    assert_eq!(decode_commit(&encode_commit(&entries)).as_ref(), Ok(&entries));
}

#[test]
#[should_panic(expected = "N3")]
fn an_erase_fact_never_reaches_the_journal() {
    let line = r#"{"op":"erase","id":"unionid:a:b","reach":"id","reason":"r","at":1}"#;
    let fact = ndjson::parse(line, 1, &Placeholders::default()).unwrap();
    encode_commit(&[Entry::Fact(fact)]);
}

#[test]
fn every_cut_of_a_commit_is_refused() {
    let bytes = encode_commit(&golden_entries());
    for len in 0..bytes.len() {
        assert!(decode_commit(&bytes[..len]).is_err(), "{len} bytes");
    }
    let mut longer = bytes;
    longer.push(0);
    assert_eq!(decode_commit(&longer), Err("bytes after the last entry"));
}

#[test]
fn every_flipped_bit_is_refused_or_means_something_else() {
    let bytes = encode_commit(&golden_entries());
    for place in 0..bytes.len() {
        for bit in 0..8 {
            let mut flipped = bytes.clone();
            flipped[place] ^= 1 << bit;
            if let Ok(entries) = decode_commit(&flipped) {
                assert_eq!(encode_commit(&entries), flipped, "byte {place} bit {bit}");
            }
        }
    }
}

#[test]
fn hostile_payloads_are_refused_with_a_word() {
    let unrestrict = |tail: &[u8]| [&[1, 1, 16, 0, 2, 0, 6][..], b"corpid", tail].concat();
    for (bytes, what) in [
        (vec![], "cut short"),
        (vec![2, 0], "an unknown version of a commit"),
        (vec![1, 0, 0], "bytes after the last entry"),
        (vec![1, 0x80, 0], "a number not in its shortest form"),
        ([&[1][..], &[255; 9], &[1]].concat(), "cut short"),
        (vec![1, 1, 0], "an unknown operation"),
        (vec![1, 1, 29], "an unknown operation"),
        (vec![1, 1, 28], "cut short"),
        (vec![1, 1, 28, 0x80, 0], "a number not in its shortest form"),
        (vec![1, 1, 16, 2, 2], "an unknown flag"),
        (vec![1, 1, 16, 0, 2, 1], "a reference to no text"),
        (vec![1, 1, 16, 0, 2, 0, 1, b'x'], "a text that is no kind and scope"),
        (unrestrict(b"\x01x"), "a text that is no kind and scope"),
        (vec![1, 1, 16, 0, 2, 0, 4, b'a', b'p', b'p', b':', 0], "a value that is no id"),
        (
            [&[1, 1, 16, 0, 2, 0, 4][..], b"app:", &[18], b"WX0123456789ABCDEF"].concat(),
            "a value not in key form",
        ),
        (
            [&[1, 1, 16, 0, 2, 0, 26][..], b"unionid:WX0123456789ABCDEF", &[1, b'x']].concat(),
            "a scope not in key form",
        ),
        // Two batches spelt out though they are the same text.
        ([&[1, 2][..], &[6, 1, 2, 0, 1, b'b', 0, 1, b'b']].concat(), "a text written out twice"),
        (vec![1, 1, 20, 4], "an unknown flag"),
        (vec![1, 1, 20, 0, 0, 1, 2], "an unknown flag"),
        ([&[1, 1, 20, 0, 0][..], &[255; 9], &[1]].concat(), "cut short"),
        (vec![1, 1, 23, 0b1000, 0], "a binding to an app that is not said"),
        (vec![1, 1, 25, 0, 0, 0, 2], "an unknown number per scope"),
        (vec![1, 1, 26, 0, 0, 2, 1, b'b', 0, 1, 1, b'a', 0, 1], "keys out of order"),
        (vec![1, 1, 26, 0, 0, 2, 1, b'b', 0, 1, 1, b'b', 0, 1], "keys out of order"),
        (vec![1, 1, 26, 0, 0, 1, 1, b'b', 3], "an unknown type of rule value"),
        (vec![1, 1, 17, 0, 0, 6], "an unknown relation"),
        (vec![1, 1, 17, 0, 0, 0, 0, 7, b'f', b'o', b'l', b'l', b'o', b'w', b's'], "a bad custom relation"),
    ] {
        assert_eq!(decode_commit(&bytes), Err(what), "{bytes:?}");
    }
}

proptest! {
    #[test]
    fn every_commit_reads_back(entries in vec(entry(), 0..20)) {
        let bytes = encode_commit(&entries);
        let read = decode_commit(&bytes).map_err(TestCaseError::fail)?;
        prop_assert!(read == entries);
        prop_assert_eq!(encode_commit(&read), bytes);
    }

    #[test]
    fn damaged_commits_never_panic(
        entries in vec(entry(), 1..8),
        damage in vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut bytes = encode_commit(&entries);
        for (place, byte) in damage {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        if let Ok(read) = decode_commit(&bytes) {
            prop_assert_eq!(encode_commit(&read), bytes);
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(mut bytes in vec(any::<u8>(), 0..200)) {
        if let Some(version) = bytes.first_mut() {
            *version = 1;
        }
        if let Ok(read) = decode_commit(&bytes) {
            prop_assert_eq!(encode_commit(&read), bytes);
        }
    }
}
