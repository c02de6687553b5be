//! `serve-callbacks` as a process: real HTTP in, facts out, stopped by a signal, killed, misconfigured.
//!
//! `IDWEAVE_KILL_ROUNDS` says how often it is killed under load (default 3).

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use idweave::wechat::CallbackKey;
use serde_json::Value;

use crate::cli::support::{Db, run, text_of};

const TOKEN: &str = "CANARYtoken";
const KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";
const APP: &str = "wxb11529c136998cb6";
const NOW_SECONDS: &str = "1718000003";

fn config(db: &Db) -> String {
    db.file("token", format!("{TOKEN}\n"));
    db.file("key", format!("{KEY}\n"));
    db.file(
        "callbacks.toml",
        format!(
            "[[callback]]\npath = \"/wechat/shop\"\nname = \"shop\"\nproduct = \"app\"\nmode = \"encrypted\"\n\
             keys = [{{ token_file = \"token\", key_file = \"key\" }}]\nreceiveids = [\"{APP}\"]\nappid = \"{APP}\"\n"
        ),
    )
}

struct Server {
    child: Child,
    lines: BufReader<ChildStdout>,
    addr: String,
}

impl Server {
    fn start(db: &Db, more: &[&str]) -> Server {
        let (config, inbox) = (config(db), text_of(&db.beside("inbox")));
        let mut child = Command::new(env!("CARGO_BIN_EXE_idweave"))
            .args(["serve-callbacks", "--config", &config, "--inbox", &inbox, "--listen", "127.0.0.1:0"])
            .args(["--json", "--now", &format!("{NOW_SECONDS}000")])
            .args(more)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        let mut first = String::new();
        lines.read_line(&mut first).unwrap();
        let said: Value = serde_json::from_str(&first).unwrap();
        let addr = said["listening"].as_str().unwrap().to_owned();
        Server { child, lines, addr }
    }

    fn line(&mut self) -> Value {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }

    fn ask(&self, request: &[u8]) -> String {
        ask(&self.addr, request).unwrap()
    }

    /// Pushes a follower's event.
    fn push(&self, openid: &str, nonce: &str) -> String {
        self.ask(&pushed(openid, nonce))
    }

    #[cfg(unix)]
    fn signal(mut self, signal: &str) -> (Option<i32>, String) {
        let told = Command::new("kill").args([signal, &self.child.id().to_string()]).status().unwrap();
        assert!(told.success());
        let ended = self.child.wait().unwrap();
        let mut said = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        (ended.code(), said)
    }
}

/// All that is answered, or nothing if the server goes meanwhile.
fn ask(addr: &str, request: &[u8]) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(addr)?;
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    stream.write_all(request)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

/// The push of a follower's event.
fn pushed(openid: &str, nonce: &str) -> Vec<u8> {
    let key = CallbackKey::new(TOKEN, KEY).unwrap();
    let event = format!(
        "<xml><ToUserName>gh_1</ToUserName><FromUserName>{openid}</FromUserName><CreateTime>1718000000</CreateTime>\
         <MsgType>event</MsgType><Event>subscribe</Event></xml>"
    );
    let encrypt = key.seal([7; 16], event.as_bytes(), APP).unwrap();
    let signature = key.signature(NOW_SECONDS, nonce, &encrypt);
    let body = format!("<xml><ToUserName>gh_1</ToUserName><Encrypt>{encrypt}</Encrypt></xml>");
    let target = format!("/wechat/shop?timestamp={NOW_SECONDS}&nonce={nonce}&msg_signature={signature}");
    let head = format!(
        "POST {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body.as_bytes()].concat()
}

#[cfg(unix)]
#[test]
fn callbacks_become_facts_and_a_signal_ends_it_in_order() {
    let db = Db::new();
    let mut server = Server::start(&db, &["--db", &text_of(&db.path())]);
    let answer = server.push("oCANARYfollower", "1");
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("success"), "{answer}");
    let line = server.line();
    assert_eq!(
        line,
        serde_json::json!({"callback": "shop", "recorded": 1, "known": 0, "refused": 0, "calls": 1})
    );
    assert!(server.push("oCANARYfollower", "1").ends_with("success"), "again, and known");
    assert!(server.push("oCANARYfollower", "2").ends_with("success"), "known by what it says");
    let refused = server.ask(b"POST /wechat/shop?timestamp=1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    assert!(refused.starts_with("HTTP/1.1 403 "), "{refused}");
    let (code, said) = server.signal("-TERM");
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(said, "idweave: stopped; 0 to be read, 1 with calls to make\n");
    let facts = db.run(&["dump", "facts"]).exits(0).stdout;
    assert_eq!(facts.matches("oCANARYfollower").count(), 1, "{facts}");
}

#[cfg(unix)]
#[test]
fn what_was_answered_before_a_kill_becomes_facts_after_it() {
    let db = Db::new();
    let server = Server::start(&db, &[]);
    for number in 0..5 {
        assert!(server.push(&format!("oKILLED{number}"), &number.to_string()).ends_with("success"));
    }
    let (code, _) = server.signal("-KILL");
    assert_eq!(code, None);
    let mut server = Server::start(&db, &["--db", &text_of(&db.path())]);
    for _ in 0..5 {
        assert_eq!(server.line()["recorded"], 1);
    }
    assert!(server.push("oKILLED3", "3").ends_with("success"), "known over the kill");
    let (code, said) = server.signal("-INT");
    assert_eq!((code, said.as_str()), (Some(0), "idweave: stopped; 0 to be read, 5 with calls to make\n"));
    let facts = db.run(&["dump", "facts"]).exits(0).stdout;
    assert_eq!(facts.matches("oKILLED").count(), 5);
}

/// Killed while many push: whatever was answered with success is a fact when another process has read the inbox.
#[cfg(unix)]
#[test]
fn no_kill_under_load_loses_what_was_answered() {
    let rounds = std::env::var("IDWEAVE_KILL_ROUNDS").map_or(3, |text| text.parse::<u64>().unwrap());
    let db = Db::new();
    let mut acknowledged: Vec<String> = Vec::new();
    for round in 0..rounds {
        let mut server = Server::start(&db, &["--db", &text_of(&db.path())]);
        let (told, tells) = std::sync::mpsc::channel();
        let pushers: Vec<_> = (0..3)
            .map(|pusher| {
                let (addr, told) = (server.addr.clone(), told.clone());
                std::thread::spawn(move || {
                    for number in 0..10_000 {
                        let openid = format!("oLOAD{round}p{pusher}n{number}x");
                        let nonce = format!("{round}{pusher}{number}");
                        match ask(&addr, &pushed(&openid, &nonce)) {
                            Ok(answer) if answer.ends_with("success") => drop(told.send(openid)),
                            // Cut off by the kill: nothing was promised.
                            _ => return,
                        }
                    }
                })
            })
            .collect();
        drop(told);
        // Some rounds in the middle of the first ones, some with a queue behind the worker.
        let before = usize::try_from(5 + (round * 37) % 120).unwrap();
        acknowledged.extend(tells.iter().take(before));
        server.child.kill().unwrap();
        server.child.wait().unwrap();
        pushers.into_iter().for_each(|pusher| pusher.join().unwrap());
        acknowledged.extend(tells.iter());
    }
    let server = Server::start(&db, &["--db", &text_of(&db.path())]);
    // One more, to know that all before it were read: items are read in order of arrival.
    assert!(server.push("oLOADlast", "last").ends_with("success"));
    let mut lines = server.lines;
    let mut server = server.child;
    let facts = || db_facts(&db);
    loop {
        let mut line = String::new();
        lines.read_line(&mut line).unwrap();
        let inbox = std::fs::read_dir(db.beside("inbox")).unwrap();
        let is_new = |entry: std::io::Result<std::fs::DirEntry>| {
            entry.unwrap().file_name().to_string_lossy().ends_with(".new")
        };
        if !inbox.into_iter().any(is_new) {
            break;
        }
    }
    server.kill().unwrap();
    server.wait().unwrap();
    let facts = facts();
    let lost: Vec<&String> = acknowledged.iter().filter(|openid| !facts.contains(openid.as_str())).collect();
    println!("{rounds} kills, {} acknowledged pushes", acknowledged.len());
    assert!(lost.is_empty() && facts.contains("oLOADlast"), "{lost:?}");
    assert!(acknowledged.len() as u64 >= 5 * rounds);
}

fn db_facts(db: &Db) -> String {
    db.run(&["dump", "facts"]).exits(0).stdout
}

#[test]
fn settings_that_cannot_be_are_told_without_their_secrets() {
    let db = Db::new();
    let good = std::fs::read_to_string(config(&db)).unwrap();
    let inbox = text_of(&db.beside("inbox"));
    let refused = |text: &str| {
        let config = db.file("bad.toml", text);
        let listen = ["--listen", "127.0.0.1:0"];
        let ran =
            run(&[&["serve-callbacks", "--config", &config, "--inbox", &inbox], &listen[..]].concat(), "");
        let said = ran.exits(2).stderr;
        assert!(!said.contains(TOKEN) && !said.contains(KEY), "{said}");
        said
    };
    assert!(refused("").contains("missing field `callback`"));
    assert!(refused("callback = []").contains("names no [[callback]]"));
    assert!(refused(&good.replace("appid", "appids")).contains("unknown field `appids`"));
    assert!(refused(&good.replace("\"app\"", "\"corp\"")).contains("only the product app has a mode"));
    assert!(refused(&good.replace(", key_file = \"key\"", "")).contains("say key_file or key_env"));
    assert!(refused(&good.replace("key_file = \"key\"", "key_file = \"token\"")).contains("43 characters"));
    assert!(refused(&good.replace("key_file", "key_env")).contains("key is not set"));
    assert!(refused(&good.replace("receiveids", "# receiveids")).contains("receiveids"));
    assert!(refused(&good.replace("/wechat/shop", "wechat")).contains("path"));
    assert!(refused(&format!("{good}apps = {{ gh_1 = \"{APP}\" }}\n")).contains("without an appid"));
    assert!(refused(&format!("{good}{good}")).contains("twice"));
}

#[test]
fn an_address_that_others_reach_needs_a_proxy_before_it() {
    let db = Db::new();
    let (config, inbox) = (config(&db), text_of(&db.beside("inbox")));
    let args = ["serve-callbacks", "--config", &config, "--inbox", &inbox, "--listen", "0.0.0.0:0"];
    assert!(run(&args, "").exits(2).stderr.contains("--behind-proxy"));
    assert!(!db.beside("inbox").exists());
}
