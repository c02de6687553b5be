//! Callback URLs: how they prove whose they are, the forms in which they are written to, and the tickets that come by
//! themselves.

use std::collections::BTreeMap;
use std::sync::Arc;

use idweave::simulator::{Courier, Mode, Plan, Target, Writing};
use idweave::sync::api::{self, Request};
use idweave::sync::callback::{AppMode, Inbox, InboxOptions, Listening, Product, Receiver, Stage, serve};
use idweave::sync::client::Timer;
use idweave::sync::live::{Due, Source};
use idweave::wechat::{CallbackKey, IngestOptions, Opt};
use idweave::{Error, Graph};
use serde_json::json;

use crate::support::sim_disk::SimDisk;
use crate::sync::rig::{Rig, facts};

const MODES: [Mode; 3] = [Mode::Plain, Mode::Compatible, Mode::Safe];

fn key(rig: &Rig, of: &str) -> CallbackKey {
    CallbackKey::new(&rig.names.callback_token(of), &rig.names.callback_aes_key(of)).unwrap()
}

fn app(rig: &Rig, mode: AppMode) -> Receiver {
    let appid = &rig.names.official;
    let key = match mode {
        // Nothing of it is encrypted: there is a token only.
        AppMode::Plain => CallbackKey::of_token(&rig.names.callback_token(appid)),
        _ => key(rig, appid),
    };
    let options = IngestOptions::new().with(Opt::Appid, appid);
    Receiver::new("app", Product::App(mode), vec![key], &[appid], options).unwrap()
}

fn corp(rig: &Rig) -> Receiver {
    let corp = &rig.names.corp;
    Receiver::new("corp", Product::Corp, vec![key(rig, corp)], &[corp], IngestOptions::new()).unwrap()
}

fn suite(rig: &Rig, receiveids: &[&str]) -> Receiver {
    let options = IngestOptions::new().with(Opt::Viewer, &rig.names.provider);
    Receiver::new("suite", Product::Suite, vec![key(rig, &rig.names.suite)], receiveids, options).unwrap()
}

fn platform(rig: &Rig) -> Receiver {
    let component = &rig.names.component;
    let options = IngestOptions::new().with(Opt::Component, component);
    Receiver::new("platform", Product::Platform, vec![key(rig, component)], &[component], options).unwrap()
}

/// Receivers that listen, each under its name, and their inbox.
struct Urls {
    receivers: BTreeMap<String, Arc<Receiver>>,
    inbox: Arc<Inbox>,
    listening: Listening,
}

impl Urls {
    fn new(rig: &Rig, receivers: impl IntoIterator<Item = Receiver>) -> Urls {
        let receivers: BTreeMap<String, Arc<Receiver>> =
            receivers.into_iter().map(|receiver| (receiver.name().to_owned(), Arc::new(receiver))).collect();
        let inbox = Inbox::open("/inbox", InboxOptions::default().vfs(SimDisk::new().vfs())).unwrap();
        let inbox = Arc::new(inbox);
        let paths = receivers.iter().map(|(name, receiver)| (format!("/{name}"), receiver.clone())).collect();
        let clock = rig.clock.clone();
        let now = Arc::new(move || clock.now());
        let listening = serve("127.0.0.1:0".parse().unwrap(), paths, inbox.clone(), now).unwrap();
        Urls { receivers, inbox, listening }
    }

    fn at(&self, name: &str) -> String {
        format!("http://{}/{name}", self.listening.addr())
    }

    /// What came in, and what a graph knows by it.
    fn taken(&self, rig: &Rig, graph: &Graph) -> Vec<Vec<u8>> {
        let mut bodies = Vec::new();
        while let Some(item) = self.inbox.take(Stage::New).unwrap() {
            bodies.push(item.body().to_vec());
            let receiver = self.receivers[item.receiver()].clone();
            self.inbox.apply(item, &receiver, graph, rig.platform(None).now()).unwrap();
        }
        bodies
    }
}

/// What a receiver of a mode takes in of an app's event that is written in a form: the body, and the facts of it.
fn taken(receiving: AppMode, writing: Writing) -> Option<(String, Vec<String>)> {
    let rig = Rig::new(Plan::default());
    let urls = Urls::new(&rig, [app(&rig, receiving)]);
    let target = Target::App(rig.names.official.clone());
    let mut courier = Courier::new(&rig.sim, [(target.clone(), urls.at("app"))]).unwrap();
    courier.write(&target, writing).unwrap();
    rig.sim.take_pushes();
    rig.sim.follow(900, "door-3");
    let round = courier.round();
    let graph = Graph::options().in_memory().unwrap();
    let mut bodies = urls.taken(&rig, &graph);
    assert_eq!((round.accepted, round.failed), if bodies.is_empty() { (0, 1) } else { (1, 0) });
    Some((String::from_utf8(bodies.pop()?).unwrap(), facts(&graph)))
}

#[test]
fn an_apps_url_believes_what_its_mode_lets_it_believe_in_xml_and_in_json() {
    let (_, expected) = taken(AppMode::Encrypted, Writing::default()).unwrap();
    assert_eq!(expected.len(), 1, "{expected:?}");
    for is_json in [false, true] {
        for mode in MODES {
            let writing = Writing { mode, is_json };
            // Who reads encrypted messages believes no other; the token of a plain URL opens nothing.
            for (receiving, is_taken) in [
                (AppMode::Plain, mode == Mode::Plain),
                (AppMode::Compatible, mode != Mode::Plain),
                (AppMode::Encrypted, mode != Mode::Plain),
            ] {
                let taken = taken(receiving, writing);
                assert_eq!(taken.is_some(), is_taken, "{receiving:?} {writing:?}");
                let Some((body, told)) = taken else { continue };
                assert_eq!(body.starts_with('{'), is_json, "{receiving:?} {writing:?}");
                assert_eq!(told, expected, "{receiving:?} {writing:?}");
            }
        }
    }
}

#[test]
fn wecom_is_read_in_xml_and_in_json_and_written_to_in_no_other_mode() {
    let mut told = Vec::new();
    for is_json in [false, true] {
        let rig = Rig::new(Plan::default());
        let urls = Urls::new(&rig, [corp(&rig), suite(&rig, &[&rig.names.suite])]);
        let targets = [(Target::Corp, urls.at("corp")), (Target::Suite, urls.at("suite"))];
        let mut courier = Courier::new(&rig.sim, targets).unwrap();
        for target in [Target::Corp, Target::Suite] {
            courier.write(&target, Writing { mode: Mode::Safe, is_json }).unwrap();
            for mode in [Mode::Plain, Mode::Compatible] {
                let refused = courier.write(&target, Writing { mode, is_json }).unwrap_err();
                assert!(matches!(refused, Error::Answer(_)), "{refused}");
            }
        }
        rig.sim.take_pushes();
        rig.sim.add_contact(20, 1, "spring", 0);
        assert_eq!(courier.round().accepted, 2);
        let graph = Graph::options().in_memory().unwrap();
        let bodies = urls.taken(&rig, &graph);
        assert!(bodies.iter().all(|body| body.starts_with(b"{") == is_json));
        told.push(facts(&graph));
    }
    assert_eq!(told[0].len(), 2, "{told:?}");
    assert_eq!(told[0], told[1]);
    let rig = Rig::new(Plan::default());
    let mut courier = Courier::new(&rig.sim, [(Target::Corp, "http://127.0.0.1:9/")]).unwrap();
    assert!(courier.write(&Target::Suite, Writing::default()).is_err(), "it has no URL");
}

#[test]
fn a_url_proves_whose_it_is_before_anything_is_pushed_to_it() {
    let rig = Rig::new(Plan::default());
    let names = &rig.names;
    let targets = |urls: &Urls| {
        [
            (Target::App(names.official.clone()), urls.at("app")),
            (Target::Corp, urls.at("corp")),
            (Target::Suite, urls.at("suite")),
            (Target::Component, urls.at("platform")),
        ]
    };
    let check = |urls: &Urls| Courier::new(&rig.sim, targets(urls)).unwrap().check();
    // The text for a suite's URL is encrypted for the provider's own corp.
    let suite_of = |receiveids: &[&str]| suite(&rig, receiveids);
    let both = [names.suite.as_str(), names.provider.as_str()];
    let urls = Urls::new(&rig, [app(&rig, AppMode::Plain), corp(&rig), suite_of(&both), platform(&rig)]);
    assert_eq!(check(&urls), []);
    assert_eq!(urls.inbox.len(Stage::New), 0, "nothing is taken in");
    let without = Urls::new(&rig, [app(&rig, AppMode::Encrypted), corp(&rig), suite_of(&[&names.suite])]);
    assert_eq!(check(&without), [Target::Suite, Target::Component]);
    // With another's key nothing is proved.
    let options = IngestOptions::new().with(Opt::Appid, &names.official);
    let product = Product::App(AppMode::Encrypted);
    let foreign = Receiver::new("app", product, vec![key(&rig, &names.corp)], &[&names.official], options);
    let foreign = Urls::new(&rig, [foreign.unwrap()]);
    let all = targets(&foreign).map(|(target, _)| target);
    assert_eq!(check(&foreign), all);
}

/// After so many ten minutes, whether a suite and a platform still get their tokens, by what was pushed to their URLs.
fn goes_on(tens: usize, ticks: bool) -> (bool, bool) {
    let rig = Rig::new(Plan::default());
    let urls = Urls::new(&rig, [suite(&rig, &[&rig.names.suite]), platform(&rig)]);
    let targets = [(Target::Suite, urls.at("suite")), (Target::Component, urls.at("platform"))];
    let mut courier = Courier::new(&rig.sim, targets).unwrap();
    let sources = [
        ("suite".to_owned(), Source::new(rig.suite(), Some(&rig.names.provider))),
        ("platform".to_owned(), Source::new(rig.component(), None)),
    ];
    let mut due = Due::new(urls.receivers.clone(), sources.into());
    let graph = Graph::options().in_memory().unwrap();
    for ten in 0..=tens {
        if ten > 0 {
            rig.clock.pass(600_000);
        }
        if ticks {
            assert_eq!(rig.sim.tick(), ten > 0);
            assert!(!rig.sim.tick(), "once in ten minutes");
        }
        courier.round();
        urls.taken(&rig, &graph);
        due.follow(&urls.inbox, &graph, &rig.platform(None)).unwrap();
    }
    let names = &rig.names;
    let asked = json!({"auth_corpid": names.open_corp, "permanent_code": names.permanent_code()});
    let of_suite = rig.platform(None).call(&rig.suite(), &Request::post(&api::AUTH_INFO, &asked));
    let asked = json!({"component_appid": names.component, "offset": 0, "count": 1});
    let of_platform =
        rig.platform(None).call(&rig.component(), &Request::post(&api::AUTHORIZER_LIST, &asked));
    (of_suite.is_ok(), of_platform.is_ok())
}

#[test]
fn a_simulator_left_running_pushes_new_tickets_and_goes_on() {
    assert_eq!(goes_on(0, false), (true, true));
    // Thirty minutes is a ticket of a suite good for, twelve hours one of a platform.
    assert_eq!(goes_on(4, false), (false, true));
    assert_eq!(goes_on(73, false), (false, false));
    assert_eq!(goes_on(4, true), (true, true));
    assert_eq!(goes_on(73, true), (true, true));
}
