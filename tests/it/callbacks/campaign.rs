//! Callbacks with something changed: none is accepted, none panics. `IDWEAVE_CALLBACKS` says how many (default 20,000),
//! `IDWEAVE_SEED` with which seed.

use idweave::sync::callback::{AppMode, Receiver, Reply};
use idweave::wechat::CallbackKey;

use super::{APP_B, CORP, NOW, Query, app, corp, inbox, push, push_json, subscribe};

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// Splitmix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end.max(1) as u64).unwrap()
    }
}

/// Changes a text somewhere; it may come out as it was.
fn change(random: &mut Random, bytes: &mut Vec<u8>) {
    let at = random.below(bytes.len());
    match random.below(7) {
        0 if !bytes.is_empty() => bytes[at] ^= 1 << random.below(8),
        1 => bytes.insert(at, u8::try_from(random.below(256)).unwrap()),
        2 if !bytes.is_empty() => drop(bytes.remove(at)),
        3 => bytes.truncate(at),
        4 if !bytes.is_empty() => {
            let other = random.below(bytes.len());
            bytes.swap(at, other);
        }
        5 => {
            let piece: Vec<u8> = bytes.iter().skip(at).take(random.below(40)).copied().collect();
            let to = random.below(bytes.len());
            bytes.splice(to..to, piece);
        }
        _ => {
            const PIECES: [&str; 12] = [
                "<Encrypt>",
                "</xml>",
                "<![CDATA[",
                "]]>",
                "&amp;",
                "&#0;",
                "<!DOCTYPE a>",
                "{",
                "\"encrypt\":",
                "\u{0}",
                "<a>",
                "AAAA",
            ];
            bytes.splice(at..at, PIECES[random.below(PIECES.len())].bytes());
        }
    }
}

fn changed(random: &mut Random, (query, body): &(Query, Vec<u8>)) -> (Query, Vec<u8>) {
    let (mut query, mut body) = (query.clone(), body.clone());
    for _ in 0..=random.below(3) {
        if random.below(3) == 0 {
            let which = random.below(query.len());
            let mut text = query[which].1.clone().into_bytes();
            change(random, &mut text);
            query[which].1 = String::from_utf8_lossy(&text).into_owned();
        } else {
            change(random, &mut body);
        }
    }
    (query, body)
}

/// Whether all that is signed is as it was: the encrypted text stands in the body, whatever marks of CDATA part it and whatever JSON escapes, and the texts, sorted and
/// joined with nothing between them, are the same. Characters may move from one to the next: the protocol is so.
fn is_signed_alike((query, body): &(Query, Vec<u8>), (first, original): &(Query, Vec<u8>)) -> bool {
    let encrypt = longest_base64(&String::from_utf8_lossy(original));
    let joined = |query: &Query| {
        let texts = query.iter().filter(|(name, _)| name != "msg_signature").map(|(_, value)| value.as_str());
        let mut texts: Vec<&str> = texts.chain([super::TOKEN_B, &encrypt]).collect();
        texts.sort_unstable();
        texts.concat()
    };
    let text = String::from_utf8_lossy(body).replace("]]>", "").replace("<![CDATA[", "").replace("\\/", "/");
    text.contains(&encrypt) && query[0] == first[0] && joined(query) == joined(first)
}

fn longest_base64(text: &str) -> String {
    let pieces = text.split(|c: char| !c.is_ascii_alphanumeric() && !"+/=".contains(c));
    pieces.max_by_key(|piece| piece.len()).unwrap().to_owned()
}

#[test]
fn no_changed_callback_is_accepted_and_none_panics() {
    let count = number("IDWEAVE_CALLBACKS", 20_000);
    let mut random = Random(number("IDWEAVE_SEED", 1));
    let (_disk, inbox) = inbox();
    let good: Vec<(Receiver, (Query, Vec<u8>))> = vec![
        (app(AppMode::Encrypted), push(&subscribe("oX1"), APP_B)),
        (app(AppMode::Encrypted), push_json(&subscribe("oX2"), APP_B)),
        (app(AppMode::Plain), push(&subscribe("oX3"), APP_B)),
        (corp(), push(&subscribe("oX4"), CORP)),
    ];
    let refused = Reply { status: 403, body: Vec::new() };
    let mut same_signed = 0;
    for turn in 0..count {
        let (url, original) = &good[random.below(good.len())];
        let pushed = changed(&mut random, original);
        let reply = inbox.post(url, &pushed.0, &pushed.1, NOW);
        if reply != refused {
            // White space, a comment, another field: what is signed is as it was, so it is the platform's word still, and
            // known already or for the first time.
            let body = String::from_utf8_lossy(&pushed.1);
            assert!(is_signed_alike(&pushed, original), "turn {turn}: {:?} {body}", pushed.0);
            assert_eq!(reply.status, 200);
            same_signed += 1;
        }
    }
    println!(
        "{count} changed callbacks: {same_signed} with all that is signed as it was, the others refused"
    );
    assert!(same_signed < count / 3, "most changes touch what is signed");
    assert!(inbox.len(idweave::sync::callback::Stage::New) <= good.len(), "each event at most once");
}

/// Behind a right signature: whatever is encrypted, nothing panics, and what is accepted is an event.
#[test]
fn no_encrypted_text_panics_though_it_is_signed_well() {
    let count = number("IDWEAVE_CALLBACKS", 20_000) / 10;
    let mut random = Random(number("IDWEAVE_SEED", 2));
    let key = CallbackKey::new(super::TOKEN_B, super::KEY_B).unwrap();
    let (_disk, inbox) = inbox();
    let url = app(AppMode::Encrypted);
    let event = subscribe("oX1").into_bytes();
    let mut accepted = 0;
    for turn in 0..count {
        let mut message = event.clone();
        for _ in 0..=random.below(4) {
            change(&mut random, &mut message);
        }
        let mut encrypt = key.seal([7; 16], &message, APP_B).unwrap();
        if random.below(2) == 0 {
            let mut text = encrypt.into_bytes();
            change(&mut random, &mut text);
            encrypt = String::from_utf8_lossy(&text).into_owned();
        }
        let stamp = (NOW.ms() / 1000).to_string();
        let signature = key.signature(&stamp, &turn.to_string(), &encrypt);
        let (query, body) = super::envelope(&signature, &stamp, &turn.to_string(), &encrypt);
        let reply = inbox.post(&url, &query, &body, NOW);
        assert!(matches!(reply.status, 200 | 403));
        if reply.status == 200
            && let Some(item) = inbox.take(idweave::sync::callback::Stage::New).unwrap()
        {
            accepted += 1;
            drop(url.work(&item).unwrap());
            inbox.done(item).unwrap();
        }
    }
    assert!(accepted > 0 && accepted < count, "{accepted} of {count}");
}
