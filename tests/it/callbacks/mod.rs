//! Callbacks: verified, queued durably, turned into facts and calls.

/// A million changed callbacks.
mod campaign;
/// The queue and the replay cache, over restarts, kills and failing disks.
mod inbox;
/// What a URL accepts, and the one refusal.
mod receiver;
/// The same over real HTTP.
mod server;
/// Every event that the platforms document.
mod table;

use std::sync::atomic::{AtomicU32, Ordering};

use idweave::Time;
use idweave::sync::callback::{AppMode, Inbox, InboxOptions, Product, Receiver};
use idweave::wechat::{CallbackKey, IngestOptions, Opt};

use crate::support::sim_disk::SimDisk;

/// The official vectors' keys (wechat reference 5.2, 5.3).
pub(super) const TOKEN_A: &str = "QDG6eK";
pub(super) const KEY_A: &str = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C";
pub(super) const CORP_A: &str = "wx5823bf96d3bd56c7";
pub(super) const TOKEN_B: &str = "pamtest";
pub(super) const KEY_B: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";
pub(super) const APP_B: &str = "wxb11529c136998cb6";

pub(super) const CORP: &str = "ww1234567890abcdef";
pub(super) const PROVIDER: &str = "ww00000000feedbeef";
pub(super) const SUITE: &str = "ww4asffe99e54c0f4c";
pub(super) const COMPONENT: &str = "wx5e5eaa11bb22cc33";

/// When events of these tests are pushed.
pub(super) const NOW: Time = Time::from_ms(1_718_000_003_000);

pub(super) const SUCCESS: &str = "success";

pub(super) type Query = Vec<(String, String)>;

pub(super) fn key_a() -> CallbackKey {
    CallbackKey::new(TOKEN_A, KEY_A).unwrap()
}

pub(super) fn key_b() -> CallbackKey {
    CallbackKey::new(TOKEN_B, KEY_B).unwrap()
}

pub(super) fn options(given: &[(Opt, &str)]) -> IngestOptions {
    given.iter().fold(IngestOptions::new(), |options, (option, value)| options.with(*option, value))
}

/// A URL with the key of vector B.
pub(super) fn receiver(product: Product, receiveid: &str, given: &[(Opt, &str)]) -> Receiver {
    Receiver::new("url", product, vec![key_b()], &[receiveid], options(given)).unwrap()
}

pub(super) fn app(mode: AppMode) -> Receiver {
    receiver(Product::App(mode), APP_B, &[(Opt::Appid, APP_B)])
}

pub(super) fn corp() -> Receiver {
    receiver(Product::Corp, CORP, &[(Opt::Corp, CORP)])
}

pub(super) fn suite() -> Receiver {
    receiver(Product::Suite, SUITE, &[(Opt::Viewer, PROVIDER)])
}

pub(super) fn platform() -> Receiver {
    receiver(Product::Platform, COMPONENT, &[(Opt::Component, COMPONENT)])
}

pub(super) fn query(pairs: &[(&str, &str)]) -> Query {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// The query and the body that bring an encrypted text.
pub(super) fn envelope(signature: &str, stamp: &str, nonce: &str, encrypt: &str) -> (Query, Vec<u8>) {
    let body =
        format!("<xml><ToUserName><![CDATA[x]]></ToUserName><Encrypt><![CDATA[{encrypt}]]></Encrypt></xml>");
    (query(&[("msg_signature", signature), ("timestamp", stamp), ("nonce", nonce)]), body.into_bytes())
}

/// A push of a message as the platform would make it, with a nonce of its own.
pub(super) fn push(message: &str, receiveid: &str) -> (Query, Vec<u8>) {
    static NONCE: AtomicU32 = AtomicU32::new(1);
    let nonce = NONCE.fetch_add(1, Ordering::Relaxed).to_string();
    push_at(message, receiveid, NOW.ms() / 1000, &nonce)
}

pub(super) fn push_at(message: &str, receiveid: &str, stamp: i64, nonce: &str) -> (Query, Vec<u8>) {
    let (key, stamp) = (key_b(), stamp.to_string());
    let encrypt = key.seal(*b"aaaabbbbccccdddd", message.as_bytes(), receiveid).unwrap();
    envelope(&key.signature(&stamp, nonce, &encrypt), &stamp, nonce, &encrypt)
}

/// The same in JSON, with the lower-case keys that a provider may get.
pub(super) fn push_json(message: &str, receiveid: &str) -> (Query, Vec<u8>) {
    let (key, stamp) = (key_b(), (NOW.ms() / 1000).to_string());
    let encrypt = key.seal(*b"bbbbbbbbccccdddd", message.as_bytes(), receiveid).unwrap();
    let (query, _) = envelope(&key.signature(&stamp, "json", &encrypt), &stamp, "json", &encrypt);
    (query, format!(r#"{{"tousername":"x","encrypt":"{encrypt}","agentid":""}}"#).into_bytes())
}

/// A follower of the app of vector B, as an event.
pub(super) fn subscribe(openid: &str) -> String {
    format!(
        "<xml><ToUserName><![CDATA[gh_870882ca4b1f]]></ToUserName><FromUserName><![CDATA[{openid}]]></FromUserName>\
         <CreateTime>1718000000</CreateTime><MsgType><![CDATA[event]]></MsgType>\
         <Event><![CDATA[subscribe]]></Event></xml>"
    )
}

pub(super) fn inbox_on(disk: &SimDisk) -> Inbox {
    Inbox::open("/inbox", InboxOptions::default().vfs(disk.vfs())).unwrap()
}

pub(super) fn inbox() -> (SimDisk, Inbox) {
    let disk = SimDisk::new();
    let inbox = inbox_on(&disk);
    (disk, inbox)
}

pub(super) fn vector(file: &str) -> String {
    let path = format!("{}/testdata/vectors/{file}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

pub(super) fn body(file: &str) -> String {
    let path = format!("{}/testdata/bodies/{file}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}
