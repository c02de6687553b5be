//! `simulate` as a process: what people do is asked for over HTTP, and what comes of it is pushed in the forms that were asked
//! for, to URLs that proved whose they are.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use idweave::Time;
use idweave::simulator::{Plan, Simulator, Topology};
use idweave::sync::callback::{AppMode, Inbox, InboxOptions, Product, Receiver, Stage, serve};
use idweave::wechat::{CallbackKey, IngestOptions, Opt};
use serde_json::{Value, json};

use crate::cli::support::run;
use crate::support::sim_disk::SimDisk;

/// The time of the simulator.
const NOW_MS: i64 = 1_750_000_000_000;

/// A simulator that runs as a program.
struct Simulating {
    child: Child,
    addr: String,
}

impl Simulating {
    fn start(more: &[&str]) -> Simulating {
        let mut child = Command::new(env!("CARGO_BIN_EXE_idweave"))
            .args(["simulate", "--json", "--now", &NOW_MS.to_string()])
            .args(more)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut first = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
        let said: Value = serde_json::from_str(&first).unwrap();
        let addr = said["base"].as_str().unwrap().strip_prefix("http://").unwrap().to_owned();
        Simulating { child, addr }
    }

    /// What a driver is answered: status and body.
    fn drive(&self, verb: &str, asked: &Value) -> (u16, Value) {
        let body = asked.to_string();
        let head = format!(
            "POST /simulator/{verb} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        let mut stream = TcpStream::connect(&self.addr).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream.write_all(&[head.as_bytes(), body.as_bytes()].concat()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, serde_json::from_str(body).unwrap_or(Value::Null))
    }

    /// Ends it in order: what it said.
    fn stop(mut self) -> String {
        let told = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(told.success());
        assert_eq!(self.child.wait().unwrap().code(), Some(0));
        let mut said = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        said
    }
}

/// The names of a simulator's world, which follow from its seed.
fn names() -> Topology {
    Simulator::new(Plan::default(), Arc::new(|| NOW_MS)).topology()
}

#[cfg(unix)]
#[test]
fn events_are_pushed_in_the_forms_that_were_asked_for() {
    let names = names();
    let key = |of: &str| CallbackKey::new(&names.callback_token(of), &names.callback_aes_key(of)).unwrap();
    let options = IngestOptions::new().with(Opt::Appid, &names.official);
    let plain = Product::App(AppMode::Plain);
    let app = Receiver::new("app", plain, vec![key(&names.official)], &[&names.official], options).unwrap();
    let corp = vec![key(&names.corp)];
    let corp = Receiver::new("corp", Product::Corp, corp, &[&names.corp], IngestOptions::new()).unwrap();
    let receivers =
        BTreeMap::from([("/app".to_owned(), Arc::new(app)), ("/corp".to_owned(), Arc::new(corp))]);
    let inbox = Arc::new(Inbox::open("/inbox", InboxOptions::default().vfs(SimDisk::new().vfs())).unwrap());
    // Whoever asks for the time is about to take something in.
    let (tell, told) = mpsc::channel();
    let tell = Mutex::new(tell);
    let clock = Arc::new(move || {
        drop(tell.lock().map(|tell| tell.send(())));
        Time::from_ms(NOW_MS)
    });
    let listening = serve("127.0.0.1:0".parse().unwrap(), receivers, inbox.clone(), clock).unwrap();
    let pushed_to = |form: &str, path: &str| format!("{form}=http://{}{path}", listening.addr());
    let (to_app, to_corp) = (pushed_to("app,plain,json", "/app"), pushed_to("corp,json", "/corp"));
    let nowhere = "suite=http://127.0.0.1:9/";
    let simulating = Simulating::start(&["--push", &to_app, "--push", &to_corp, "--push", nowhere]);
    let taken = || {
        told.recv_timeout(Duration::from_secs(60)).unwrap();
        loop {
            if let Some(item) = inbox.take(Stage::New).unwrap() {
                let (name, body) = (item.receiver().to_owned(), item.body().to_vec());
                inbox.done(item).unwrap();
                return (name, serde_json::from_slice::<Value>(&body).unwrap());
            }
            std::thread::yield_now();
        }
    };
    let asked = json!({"account": 900, "scene": "door-3"});
    assert_eq!(simulating.drive("follow", &asked), (200, json!({"done": true})));
    let (name, event) = taken();
    assert_eq!(
        (name.as_str(), &event["Event"], &event["EventKey"]),
        ("app", &json!("subscribe"), &json!("qrscene_door-3"))
    );
    assert_eq!(event["CreateTime"], NOW_MS / 1_000);
    let asked = json!({"account": 30, "employee": 2, "state": "spring"});
    assert_eq!(simulating.drive("add_contact", &asked), (200, json!({"done": true})));
    let (name, event) = taken();
    assert_eq!((name.as_str(), &event["ChangeType"]), ("corp", &json!("add_external_contact")));
    let said = simulating.stop();
    assert!(
        said.contains("the URL of the suite did not prove itself") && !said.contains("of the app"),
        "{said}"
    );
    assert!(!said.contains("of the corp") && said.contains("answered 0 calls"), "{said}");
}

#[cfg(unix)]
#[test]
fn a_world_is_changed_over_http_and_its_truth_asked_for() {
    let simulating = Simulating::start(&["--before-upgrade"]);
    let names = names();
    let done = (200, json!({"done": true}));
    let bound =
        |app: &str, account: &str| simulating.drive("bind", &json!({"appid": app, "open_account": account}));
    assert_eq!(bound(&names.mini, "wx00000000000000ff"), done);
    assert_eq!(bound(&names.mini, ""), done);
    assert_eq!(bound("wx0000000000000000", "").0, 404, "no such app");
    assert_eq!(simulating.drive("set_range", &json!({"agent": names.agent, "employees": 3})), done);
    assert_eq!(simulating.drive("set_range", &json!({"agent": "7", "employees": 3})).0, 404);
    assert_eq!(simulating.drive("agree_to_upgrade", &json!({})), done);
    for scope in ["snapshot", "snapshot_real", "snapshot_late"] {
        let visit = json!({"appid": names.official, "account": 3, "scope": scope});
        assert!(simulating.drive("visit", &visit).1["code"].is_string());
    }
    let told = simulating.drive("topology", &Value::Null).1;
    assert_eq!(told["branch"]["agent"], names.branch_agent.as_str());
    assert_eq!(simulating.drive("dance", &Value::Null).0, 404);
    simulating.stop();
}

#[test]
fn a_form_that_a_target_does_not_have_is_a_wrong_usage() {
    for push in ["corp,plain=http://127.0.0.1:9/", "app,yaml=http://127.0.0.1:9/", "shop=http://127.0.0.1:9/"]
    {
        let ran = run(&["simulate", "--push", push], "").exits(2);
        assert!(ran.stderr.contains("--push"), "{ran:?}");
    }
    let ran = run(&["simulate", "--push", "corp=http://example.com/"], "");
    assert_ne!(ran.code, 0, "to this machine only");
}
