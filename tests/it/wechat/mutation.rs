//! Changed bodies by the thousand: never a panic, never an invalid fact, never a secret in an error.

use idweave::model::validate;
use idweave::ndjson;
use idweave::wechat::{CallbackKey, decrypt_open_data, parse};
use proptest::prelude::{ProptestConfig, Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest};

use super::{body, fixtures};

/// Pieces that have broken parsers before.
const PIECES: [&str; 24] = [
    "\"",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "null",
    "-0",
    "1e999",
    "\\u0000",
    "\\ud800",
    "<",
    ">",
    "</xml>",
    "<xml>",
    "&",
    "&#x110000;",
    "<![CDATA[",
    "]]>",
    "<!DOCTYPE",
    "--",
    "\u{0}",
    "18446744073709551616",
];

#[derive(Debug, Clone)]
enum Change {
    Cut(usize, usize),
    Flip(usize, u8),
    Insert(usize, usize),
    Copy(usize, usize, usize),
}

fn change() -> impl Strategy<Value = Change> {
    let place = 0..4096usize;
    prop_oneof![
        (place.clone(), 1..64usize).prop_map(|(at, count)| Change::Cut(at, count)),
        (place.clone(), 1..=255u8).prop_map(|(at, bits)| Change::Flip(at, bits)),
        (place.clone(), 0..PIECES.len()).prop_map(|(at, piece)| Change::Insert(at, piece)),
        (place.clone(), place, 1..64usize).prop_map(|(from, to, count)| Change::Copy(from, to, count)),
    ]
}

fn apply(bytes: &mut Vec<u8>, change: &Change) {
    let place = |at: usize, len: usize| if len == 0 { 0 } else { at % len };
    match *change {
        Change::Cut(at, count) => {
            let from = place(at, bytes.len());
            let to = (from + count).min(bytes.len());
            bytes.drain(from..to);
        }
        Change::Flip(at, bits) => {
            let at = place(at, bytes.len());
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= bits;
            }
        }
        Change::Insert(at, piece) => {
            let at = place(at, bytes.len());
            bytes.splice(at..at, PIECES[piece].bytes());
        }
        Change::Copy(from, to, count) => {
            let (from, to) = (place(from, bytes.len()), place(to, bytes.len()));
            let part = bytes[from..(from + count).min(bytes.len())].to_vec();
            bytes.splice(to..to, part);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, ..ProptestConfig::default() })]

    #[test]
    fn a_changed_body_never_panics_and_gives_valid_facts_or_a_typed_error(
        which in 0..fixtures().len(),
        changes in proptest::collection::vec(change(), 1..6),
    ) {
        let (name, file, options) = fixtures().swap_remove(which);
        let mut bytes = body(file);
        changes.iter().for_each(|change| apply(&mut bytes, change));
        match parse(name, &bytes, &options) {
            Ok(ingest) => {
                prop_assert!(ingest.facts.iter().all(|fact| validate(fact).is_ok()));
                prop_assert!(ingest.refused.len() <= ingest.records);
                prop_assert!(ingest.facts.iter().all(|fact| !ndjson::print(fact).contains("138001")));
            }
            Err(error) => {
                let text = format!("{error} {error:?}");
                prop_assert!(!text.contains("oMwZ") && !text.contains("138001"));
            }
        }
    }

    #[test]
    fn a_body_given_to_another_parser_never_panics(
        which in 0..fixtures().len(),
        other in 0..fixtures().len(),
    ) {
        let file = fixtures()[which].1;
        let (name, _, options) = fixtures().swap_remove(other);
        if let Ok(ingest) = parse(name, &body(file), &options) {
            prop_assert!(ingest.facts.iter().all(|fact| validate(fact).is_ok()));
        }
    }

    #[test]
    fn encrypted_noise_never_panics_and_never_opens(
        bytes in proptest::collection::vec(any::<u8>(), 0..200),
        text in "[A-Za-z0-9+/=]{0,96}",
    ) {
        let key = CallbackKey::new("t", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG").unwrap();
        let noise = String::from_utf8_lossy(&bytes);
        for encrypt in [noise.as_ref(), text.as_str()] {
            let signature = key.signature("1", "n", encrypt);
            prop_assert!(key.open(&signature, "1", "n", encrypt, &["wx1"]).is_err());
            // Noise may end like a padding by chance; then it is shorter than what came in.
            if let Ok(plain) = decrypt_open_data("tiihtNczf5v6AKRyjwEUhQ==", "r7BXXKkLb8qrSNn05n0qiA==", encrypt) {
                prop_assert!(plain.len() < encrypt.len());
            }
        }
        let sealed = key.seal([0; 16], &bytes, "wx1").unwrap();
        let signature = key.signature("1", "n", &sealed);
        prop_assert_eq!(&key.open(&signature, "1", "n", &sealed, &["wx1"]).unwrap()[..], &bytes[..]);
    }
}
