//! Any bytes as an encrypted callback or open data: never a panic, nothing opens that was not sealed, and
//! what was sealed opens to the same bytes.
#![no_main]

use idweave::wechat::{CallbackKey, IngestOptions, Opt, decrypt_open_data, parse, verify_raw_data_signature};
use libfuzzer_sys::fuzz_target;

const SESSION_KEY: &str = "tiihtNczf5v6AKRyjwEUhQ==";
const IV: &str = "r7BXXKkLb8qrSNn05n0qiA==";
const AES_KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";

fuzz_target!(|data: &[u8]| {
    let Ok(key) = CallbackKey::new("token", AES_KEY) else { return };
    let text = String::from_utf8_lossy(data);
    let (first, second) = text.split_at(text.floor_char_boundary(text.len() / 2));

    assert!(key.open(first, "1", "n", second, &["wx1"]).is_err(), "an unsigned text never opens");
    let signature = key.signature("1", "n", &text);
    let _signed_noise = key.open(&signature, "1", "n", &text, &["wx1"]);
    if let Ok(sealed) = key.seal([7; 16], data, "wx1") {
        let signature = key.signature("1", "n", &sealed);
        let opened = key.open(&signature, "1", "n", &sealed, &["wx1"]);
        assert!(opened.is_ok_and(|plain| plain[..] == *data), "what was sealed opens");
        assert!(key.open(&signature, "1", "n", &sealed, &["wx2"]).is_err(), "only for its receiver");
    }

    let _key_of_noise = CallbackKey::new(first, second);
    let _open_data = decrypt_open_data(SESSION_KEY, IV, &text);
    let _noise_as_key = decrypt_open_data(first, second, &text);
    assert!(!verify_raw_data_signature(first, SESSION_KEY, second));
    let options = IngestOptions::new()
        .with(Opt::Appid, "wx4f4bc4dec97d474b")
        .with(Opt::SessionKey, SESSION_KEY)
        .with(Opt::Iv, IV);
    let _parsed = parse("mini.open_data", data, &options);
});
