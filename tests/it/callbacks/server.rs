//! Callbacks over real HTTP: the official vectors on the wire, limits, methods, floods.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use idweave::Time;
use idweave::sync::callback::{AppMode, Inbox, InboxOptions, Listening, Product, Receiver, Stage, serve};
use idweave::wechat::Opt;

use super::{
    APP_B, COMPONENT, CORP, CORP_A, NOW, Query, app, key_a, key_b, options, push, subscribe, vector,
};

/// The moment the official samples of WeCom were made.
const THEN: Time = Time::from_ms(1_409_659_813_000);

struct Site {
    _dir: tempfile::TempDir,
    inbox: Arc<Inbox>,
    listening: Listening,
}

fn site(now: Time) -> Site {
    let dir = tempfile::tempdir().unwrap();
    let inbox = Arc::new(Inbox::open(dir.path().join("inbox"), InboxOptions::default()).unwrap());
    let corp = Receiver::new("corp", Product::Corp, vec![key_a()], &[CORP_A], options(&[(Opt::Corp, CORP)]))
        .unwrap();
    let many = Receiver::of_authorizers("many", vec![key_b()], &[COMPONENT], [("gh_1", APP_B)]).unwrap();
    let receivers =
        [("/cgi-bin/wxpush", corp), ("/app", app(AppMode::Encrypted)), ("/open/$APPID$/callback", many)];
    let receivers: BTreeMap<String, Arc<Receiver>> =
        receivers.into_iter().map(|(path, url)| (path.to_owned(), Arc::new(url))).collect();
    let addr = SocketAddr::from(([127, 0, 0, 1], 0));
    let listening = serve(addr, receivers, inbox.clone(), Arc::new(move || now)).unwrap();
    Site { _dir: dir, inbox, listening }
}

fn ask(site: &Site, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(site.listening.addr()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    drop(stream.write_all(request));
    let mut answer = Vec::new();
    // A reset after the answer is an end like another.
    drop(stream.read_to_end(&mut answer));
    String::from_utf8(answer).unwrap()
}

fn post(target: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "POST {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

fn get(target: &str) -> Vec<u8> {
    format!("GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").into_bytes()
}

fn target(path: &str, query: &Query) -> String {
    let pairs: Vec<String> = query.iter().map(|(name, value)| format!("{name}={value}")).collect();
    format!("{path}?{}", pairs.join("&"))
}

#[test]
fn the_official_samples_of_wecom_pass_as_they_are_on_the_wire() {
    let site = site(THEN);
    let echo =
        "P9nAzCzyDtyTWESHep1vC5X9xho%2FqYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp%2B4RPcs8TgAE7OaBO%2BFZXvnaqQ%3D%3D";
    let check = format!(
        "/cgi-bin/wxpush?msg_signature=5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3&timestamp=1409659589&nonce=263014780&echostr={echo}"
    );
    let answer = ask(&site, &get(&check));
    assert!(
        answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("\r\n\r\n1616140317555161061"),
        "{answer}"
    );
    let body = format!(
        "<xml><ToUserName><![CDATA[{CORP_A}]]></ToUserName><Encrypt><![CDATA[{}]]></Encrypt>\
         <AgentID><![CDATA[218]]></AgentID></xml>",
        vector("a2.encrypt")
    );
    let pushed = "/cgi-bin/wxpush?msg_signature=477715d11cdb4164915debcba66cb864d751f3e6&timestamp=1409659813&nonce=1372623149";
    for _ in 0..3 {
        let answer = ask(&site, &post(pushed, body.as_bytes()));
        assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("\r\n\r\n"), "{answer}");
    }
    assert_eq!(site.inbox.len(Stage::New), 1, "tried three times, queued once");
    let item = site.inbox.take(Stage::New).unwrap().unwrap();
    assert_eq!(item.body(), vector("a2.xml").as_bytes());
}

#[test]
fn whatever_is_refused_is_answered_byte_for_byte_alike() {
    let site = site(NOW);
    let (query, sealed) = push(&subscribe("oX1"), APP_B);
    let good = target("/app", &query);
    let changed = sealed.iter().map(|byte| if *byte == b'A' { b'B' } else { *byte }).collect::<Vec<u8>>();
    let requests = [
        post("/elsewhere", &sealed),
        post("/app", &sealed),
        post(&good, b""),
        post(&good, &changed),
        post(&good.replace("nonce=", "nonce=1"), &sealed),
        post(&target("/cgi-bin/wxpush", &query), &sealed),
        get("/app"),
        get(&good),
        format!("DELETE {good} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").into_bytes(),
    ];
    for request in requests {
        assert_eq!(
            ask(&site, &request),
            "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        );
    }
    let answer = ask(&site, &post(&good, &sealed));
    assert!(answer.ends_with("\r\n\r\nsuccess"), "{answer}");
    assert!(ask(&site, &post(&good, &vec![b'<'; 64 * 1024 + 1])).starts_with("HTTP/1.1 413 "));
    assert_eq!(site.inbox.len(Stage::New), 1);
}

#[test]
fn a_url_of_many_apps_is_found_by_its_pattern() {
    let site = site(NOW);
    let paths = [
        ("/open/wx1/callback", "200"),
        ("/open/$APPID$/callback", "200"),
        ("/open//callback", "403"),
        ("/open/wx1/callback/", "403"),
        ("/open/wx1/x/callback", "403"),
        ("/open/wx1", "403"),
        ("/open/wx1/Callback", "403"),
    ];
    for (path, status) in paths {
        let (query, sealed) = push(&subscribe("oX1"), COMPONENT);
        let answer = ask(&site, &post(&target(path, &query), &sealed));
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{path}: {answer}");
    }
}

/// What is accepted may hold tickets and codes.
#[cfg(unix)]
#[test]
fn the_files_of_an_inbox_are_their_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let site = site(NOW);
    let (query, sealed) = push(&subscribe("oX1"), APP_B);
    assert!(ask(&site, &post(&target("/app", &query), &sealed)).ends_with("success"));
    let dir = site._dir.path().join("inbox");
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&dir), 0o700);
    let files: Vec<_> = std::fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(files.len(), 3, "the lock, the cache and the item");
    assert!(files.iter().all(|file| mode(file) == 0o600));
}

#[test]
fn a_flood_of_silent_connections_is_turned_away_and_a_stop_waits_for_none_of_them() {
    let site = site(NOW);
    let flood: Vec<TcpStream> =
        (0..300).filter_map(|_| TcpStream::connect(site.listening.addr()).ok()).collect();
    let (query, sealed) = push(&subscribe("oX1"), APP_B);
    let answer = ask(&site, &post(&target("/app", &query), &sealed));
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    drop(flood);
    let mut answered = String::new();
    for _ in 0..1000 {
        answered = ask(&site, &post(&target("/app", &query), &sealed));
        if answered.ends_with("success") {
            break;
        }
    }
    assert!(answered.ends_with("success"), "{answered}");
    let silent: Vec<TcpStream> =
        (0..20).map(|_| TcpStream::connect(site.listening.addr()).unwrap()).collect();
    let begun = std::time::Instant::now();
    site.listening.stop();
    assert!(begun.elapsed() < Duration::from_secs(4), "sooner than any deadline");
    drop(silent);
}
