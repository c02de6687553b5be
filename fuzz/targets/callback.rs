//! Any bytes as a pushed callback: a query and a body as they come, an encrypted text that is signed well, an event that
//! is sealed well. Never a panic; what nobody signed is refused; what is accepted is an event that reads the same twice.
#![no_main]

#[path = "../bounded.rs"]
mod bounded;
#[path = "../../tests/it/support/sim_disk/mod.rs"]
#[allow(dead_code, unused_imports, reason = "the fuzzer needs a part of the simulated disk")]
mod sim_disk;

use idweave::Time;
use idweave::sync::callback::{AppMode, Inbox, InboxOptions, Product, Receiver, Stage};
use idweave::wechat::{CallbackKey, IngestOptions, Opt};
use libfuzzer_sys::fuzz_target;
use sim_disk::SimDisk;

const AES_KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";
const NOW: Time = Time::from_ms(1_718_000_003_000);
const STAMP: &str = "1718000003";

fn receiver(flags: u8) -> Option<Receiver> {
    let (product, option) = match flags % 6 {
        0 => (Product::App(AppMode::Encrypted), Opt::Appid),
        1 => (Product::App(AppMode::Compatible), Opt::Appid),
        2 => (Product::App(AppMode::Plain), Opt::Appid),
        3 => (Product::Corp, Opt::Viewer),
        4 => (Product::Suite, Opt::Viewer),
        _ => (Product::Platform, Opt::Component),
    };
    let options = IngestOptions::new().with(option, "wx4f4bc4dec97d474b");
    let key = CallbackKey::new("token", AES_KEY).ok()?;
    Receiver::new("url", product, vec![key], &["wx1"], options).ok()
}

fn signed(key: &CallbackKey, encrypt: &str) -> (Vec<(String, String)>, Vec<u8>) {
    let signature = key.signature(STAMP, "n", encrypt);
    let query = [("msg_signature", signature.as_str()), ("timestamp", STAMP), ("nonce", "n")];
    let query = query.map(|(name, value)| (name.to_owned(), value.to_owned()));
    (query.to_vec(), format!("<xml><Encrypt><![CDATA[{encrypt}]]></Encrypt></xml>").into_bytes())
}

fuzz_target!(|data: &[u8]| {
    let Some((flags, data)) = data.split_first() else { return };
    let (Some(receiver), Ok(key)) = (receiver(*flags), CallbackKey::new("token", AES_KEY)) else { return };
    let disk = SimDisk::new();
    let Ok(inbox) = Inbox::open("/inbox", InboxOptions::default().vfs(disk.vfs())) else { return };
    let way = flags / 6 % 3;
    let (query, body) = match way {
        0 => {
            let mut parts = data.splitn(5, |byte| *byte == 0).map(String::from_utf8_lossy);
            let names = ["msg_signature", "timestamp", "nonce", "signature"];
            let query = names.map(|name| (name.to_owned(), parts.next().unwrap_or_default().into_owned()));
            (query.to_vec(), parts.next().unwrap_or_default().into_owned().into_bytes())
        }
        1 => signed(&key, &String::from_utf8_lossy(data)),
        _ => match key.seal([7; 16], data, "wx1") {
            Ok(encrypt) => signed(&key, &encrypt),
            Err(_) => return,
        },
    };
    let _checked = receiver.get(&query);
    let reply = inbox.post(&receiver, &query, &body, NOW);
    assert!(matches!(reply.status, 200 | 403), "only a failing disk is answered otherwise");
    assert!(way != 0 || reply.status == 403, "what nobody signed is refused");
    if reply.status == 200 {
        assert_eq!(inbox.post(&receiver, &query, &body, NOW).status, 200, "answered alike");
        assert_eq!(inbox.len(Stage::New), 1, "queued once");
        if let Ok(Some(item)) = inbox.take(Stage::New) {
            let read = |item| receiver.work(item).map(|work| (work.facts, work.refused)).ok();
            assert!(read(&item) == read(&item), "read the same twice");
        }
    }
});
