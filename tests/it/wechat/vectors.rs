//! The official vectors (wechat reference 5.2-5.5): A and B of the callback envelope, C and D of open data,
//! E and F of the signatures, and what must not pass.

use idweave::wechat::{
    CallbackKey, Opt, decrypt_open_data, login_state_signature, parse, verify_raw_data_signature,
};

use super::{MINI, OPEN, lines, timeless};

const KEY_A: &str = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C";
const CORP_A: &str = "wx5823bf96d3bd56c7";
const KEY_B: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";
const APP_B: &str = "wxb11529c136998cb6";
const SESSION_C: &str = "tiihtNczf5v6AKRyjwEUhQ==";
const IV_C: &str = "r7BXXKkLb8qrSNn05n0qiA==";
const SESSION_D: &str = "YZJqKnNFi0KAiKUc0ggC2g==";
const IV_D: &str = "KEWv/gyiIwAfHvjrLeaX6w==";

fn vector(file: &str) -> String {
    let path = format!("{}/testdata/vectors/{file}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn key_a() -> CallbackKey {
    CallbackKey::new("QDG6eK", KEY_A).unwrap()
}

fn key_b() -> CallbackKey {
    CallbackKey::new("pamtest", KEY_B).unwrap()
}

fn open(key: &CallbackKey, message: [&str; 4], receiveid: &str) -> Option<String> {
    let [signature, timestamp, nonce, encrypt] = message;
    let plain = key.open(signature, timestamp, nonce, encrypt, &["another", receiveid]).ok()?;
    Some(String::from_utf8(plain.to_vec()).unwrap())
}

/// A message signed by the key itself.
fn open_signed(key: &CallbackKey, encrypt: &str, receiveid: &str) -> Option<String> {
    open(key, [&key.signature("1409304348", "xxxxxx", encrypt), "1409304348", "xxxxxx", encrypt], receiveid)
}

const ECHO: [&str; 4] = [
    "5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3",
    "1409659589",
    "263014780",
    "P9nAzCzyDtyTWESHep1vC5X9xho/qYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp+4RPcs8TgAE7OaBO+FZXvnaqQ==",
];

#[test]
fn a1_the_url_check_opens() {
    assert_eq!(open(&key_a(), ECHO, CORP_A).unwrap(), "1616140317555161061");
}

#[test]
fn a2_the_message_opens() {
    let encrypt = vector("a2.encrypt");
    let message = ["477715d11cdb4164915debcba66cb864d751f3e6", "1409659813", "1372623149", &encrypt];
    let plain = open(&key_a(), message, CORP_A).unwrap();
    assert_eq!((plain.len(), &plain), (284, &vector("a2.xml")));
    // Sealed again with the sample's random prefix it is the sample.
    let random = *b"0960688932c47ef1";
    assert_eq!(key_a().seal(random, plain.as_bytes(), CORP_A).unwrap(), encrypt);
}

#[test]
fn a3_the_signature_alone() {
    let key = CallbackKey::new("ovAkP0Tb", KEY_A).unwrap();
    let signature = key.signature("1628737717", "1811081856", &vector("a3.encrypt"));
    assert_eq!(signature, "8128e41a38892d814e4aa67753425da9dc8ec2b3");
}

#[test]
fn b1_and_b2_seal_to_the_published_text_and_open_again() {
    let b1 = "\u{6211}\u{662f}\u{4e2d}\u{6587}abcd123";
    let b1_sealed =
        "jn1L23DB+6ELqJ+6bruv21Y6MD7KeIfP82D6gU39rmkgczbWwt5+3bnyg5K55bgVtVzd832WzZGMhkP72vVOfg==";
    for (plain, sealed) in [(b1.to_owned(), b1_sealed.to_owned()), (vector("b2.xml"), vector("b2.encrypt"))] {
        assert_eq!(key_b().seal(*b"aaaabbbbccccdddd", plain.as_bytes(), APP_B).unwrap(), sealed);
        assert_eq!(open_signed(&key_b(), &sealed, APP_B).unwrap(), plain);
    }
}

#[test]
fn b3_verifies_and_opens() {
    let encrypt = vector("b3.encrypt");
    let message = ["4f3ad57b6989f09f4eb392acce4f9e93942ed890", "1458300676", "260774613", &encrypt];
    assert_eq!(open(&key_b(), message, APP_B).unwrap(), vector("b3.xml"));
}

#[test]
fn an_envelope_with_any_part_changed_does_not_open() {
    let [signature, timestamp, nonce, encrypt] = ECHO;
    let short = &signature[..39];
    let upper = signature.to_uppercase();
    let swapped = encrypt.replacen('P', "Q", 1);
    for message in [
        [short, timestamp, nonce, encrypt],
        ["", timestamp, nonce, encrypt],
        [upper.as_str(), timestamp, nonce, encrypt],
        [signature, "1409659590", nonce, encrypt],
        [signature, timestamp, "263014781", encrypt],
        [signature, timestamp, nonce, &swapped],
    ] {
        assert_eq!(open(&key_a(), message, CORP_A), None);
    }
    assert_eq!(open(&CallbackKey::new("other", KEY_A).unwrap(), ECHO, CORP_A), None);
    assert_eq!(open(&key_a(), ECHO, "wx5823BF96d3bd56c7"), None, "a message for somebody else");
    // Signed well, but not ours or no envelope at all.
    for encrypt in ["", "AAAA", "not base64", &"A".repeat(64), &encrypt[..64], &vector("b2.encrypt")] {
        assert_eq!(open_signed(&key_a(), encrypt, CORP_A), None, "{encrypt}");
    }
    // A personal developer's third-party app has an empty receiveid.
    let sealed = key_a().seal([7; 16], b"", "").unwrap();
    assert_eq!(open_signed(&key_a(), &sealed, "").unwrap(), "");
}

#[test]
fn every_padding_from_1_to_32_opens() {
    for length in 0..64 {
        let message = vec![b'm'; length];
        let sealed = key_b().seal([length as u8; 16], &message, APP_B).unwrap();
        assert_eq!(open_signed(&key_b(), &sealed, APP_B).unwrap().into_bytes(), message);
    }
}

#[test]
fn a_bad_callback_key_is_refused_and_never_shown() {
    for key in ["", &KEY_A[..42], &format!("{KEY_A}="), &format!("{KEY_A}A"), &KEY_A.replace('j', "*")] {
        let error = CallbackKey::new("QDG6eK", key).unwrap_err().to_string();
        assert_eq!(error, "the option EncodingAESKey is not 43 characters of base64");
    }
    assert_eq!(format!("{:?}", key_a()), "CallbackKey");
}

#[test]
fn c_open_data_decrypts_and_becomes_a_link() {
    let encrypted = vector("c.encrypted");
    let plain = decrypt_open_data(SESSION_C, IV_C, &encrypted).unwrap();
    assert_eq!(String::from_utf8(plain.to_vec()).unwrap(), vector("c.json"));
    let options = timeless(&[(Opt::Appid, MINI), (Opt::OpenAccount, OPEN), (Opt::SessionKey, SESSION_C)]);
    let wrapped = format!(r#"{{"errMsg":"getUserInfo:ok","encryptedData":"{encrypted}","iv":"{IV_C}"}}"#);
    for (body, options) in
        [(format!("{encrypted}\n"), options.clone().with(Opt::Iv, IV_C)), (wrapped, options.clone())]
    {
        let ingest = parse("mini.open_data", body.as_bytes(), &options).unwrap();
        assert_eq!(
            lines(&ingest),
            [format!(
                "link openid:{MINI}:oGZUI0egBJY1zhBYw2KhdUfwVJJE unionid:{OPEN}:ocMvos6NjeKLIBqg5Mr9QjxrP1FA \
             source=mini.open_data at=1477314187000"
            )]
        );
    }
}

#[test]
fn c_with_anything_changed_gives_no_facts() {
    let encrypted = vector("c.encrypted");
    let options = |appid: &str, key: &str, iv: &str| {
        timeless(&[(Opt::Appid, appid), (Opt::OpenAccount, OPEN), (Opt::SessionKey, key), (Opt::Iv, iv)])
    };
    let refusal =
        |body: &str, options| parse("mini.open_data", body.as_bytes(), &options).unwrap_err().to_string();
    let decrypt = "the data does not decrypt: wrong key, wrong iv or changed bytes";
    let good = options(MINI, SESSION_C, IV_C);
    assert_eq!(refusal(&format!("aaaa{encrypted}"), good.clone()), decrypt);
    assert_eq!(refusal(&encrypted[..encrypted.len() - 24], good.clone()), decrypt);
    assert_eq!(refusal("", good.clone()), decrypt);
    assert_eq!(refusal(&encrypted, options(MINI, SESSION_C, IV_D)), decrypt);
    assert_eq!(refusal(&encrypted, options(MINI, SESSION_D, IV_C)), decrypt);
    assert_eq!(refusal(&encrypted, options(MINI, "AAAA", IV_C)), decrypt);
    assert_eq!(refusal(&encrypted, options(MINI, SESSION_C, "")), decrypt);
    assert_eq!(
        refusal(&encrypted, options("wx13974bf780d3dc89", SESSION_C, IV_C)),
        "the watermark names another appid"
    );
    let no_iv = timeless(&[(Opt::Appid, MINI), (Opt::SessionKey, SESSION_C)]);
    assert_eq!(refusal(&encrypted, no_iv.clone()), "the option --iv is needed for this answer");
    assert_eq!(refusal(&vector("c.json"), no_iv), "the field encryptedData is missing");
    assert!(!format!("{good:?}").contains(SESSION_C));
}

#[test]
fn d_phone_data_decrypts_and_is_not_user_data() {
    let plain = decrypt_open_data(SESSION_D, IV_D, &vector("d.encrypted")).unwrap();
    assert_eq!(String::from_utf8(plain.to_vec()).unwrap(), vector("d.json"));
    let phone = format!(r#"{{"phoneNumber":"1","watermark":{{"timestamp":1634545675,"appid":"{MINI}"}}}}"#);
    let error = parse("mini.open_data", phone.as_bytes(), &timeless(&[(Opt::Appid, MINI)])).unwrap_err();
    assert_eq!(error.to_string(), "the field openId is missing");
}

#[test]
fn e_the_raw_data_signature_holds_for_these_bytes_only() {
    let raw = vector("e.json");
    let (key, signature) = ("HyVFkGl5F5OQWJZZaNzBBg==", "75e81ceda165f4ffa64f4068af58c64b8f54b88c");
    assert!(verify_raw_data_signature(&raw, key, signature));
    assert!(!verify_raw_data_signature(&format!("{raw} "), key, signature));
    assert!(!verify_raw_data_signature(&raw, SESSION_C, signature));
    assert!(!verify_raw_data_signature(&raw, key, &signature[1..]));
    assert!(!verify_raw_data_signature(&raw, key, ""));
}

#[test]
fn f_the_login_state_signature_keys_with_the_text() {
    let key = "o0q0otL8aEzpcZL/FT9WsQ==";
    assert_eq!(
        login_state_signature(key, br#"{"foo":"bar"}"#),
        "654571f79995b2ce1e149e53c0a33dc39c0a74090db514261454e8dbe432aa0b"
    );
    assert_eq!(
        login_state_signature(key, b""),
        "46e043c5525c2d817c44be603d30837a808a1d930d038f6fdc3e62a201fed128"
    );
}
