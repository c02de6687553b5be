//! What an agent may not see, and how many calls it may have in flight.

use std::io::Write;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use idweave::simulator::{Fault, Misbehaviour, Plan, Target, When};
use idweave::sync::api::{self, Request};
use idweave::sync::client::Credential;
use idweave::sync::job::CorpImport;
use idweave::sync::{Secret, Transport};
use idweave::{Graph, Id, Kind, Read};
use serde_json::{Value, json};

use crate::sync::jobs::finish;
use crate::sync::rig::{Rig, scored};

impl Rig {
    /// The corp's other agent.
    fn branch(&self) -> Credential {
        let (corp, agent) = (self.names.corp.clone(), self.names.branch_agent.clone());
        let secret = Secret::new(&self.names.secret(&format!("{corp} {agent}")));
        Credential::Corp { corp, agent, secret }
    }

    fn token_of(&self, agent: &str) -> String {
        let secret = self.names.secret(&format!("{} {agent}", self.names.corp));
        let params = [("corpid", self.names.corp.as_str()), ("corpsecret", &secret)];
        let body = self.transport().send(&Request::get(&api::CORP_TOKEN, &params), None).unwrap();
        let answer: Value = serde_json::from_slice(&body).unwrap();
        answer["access_token"].as_str().unwrap().to_owned()
    }
}

fn asked(rig: &Rig, token: &str, request: &Request) -> Value {
    serde_json::from_slice(&rig.transport().send(request, Some(token)).unwrap()).unwrap()
}

fn customer_of(rig: &Rig, is_it: impl Fn(&[u32]) -> bool) -> u32 {
    let contacts = rig.sim.contacts();
    let of = |account: u32| {
        let of_account = contacts.iter().filter(|(known, _)| *known == account);
        of_account.map(|(_, employee)| *employee).collect::<Vec<u32>>()
    };
    contacts.iter().map(|(account, _)| *account).find(|account| is_it(&of(*account))).unwrap()
}

#[test]
fn an_own_agent_is_shown_the_employees_of_its_range_and_what_is_theirs() {
    let rig = Rig::new(Plan::default());
    let branch = rig.token_of(&rig.names.branch_agent);
    let whole = rig.token_of(&rig.names.agent);
    assert_ne!(branch, whole, "agents have tokens of their own");
    let ask = |request: &Request| asked(&rig, &branch, request);
    let users = |names: &[u32]| names.iter().map(|user| rig.sim.userid(*user)).collect::<Vec<_>>();
    let get = |external: &str| Request::get(&api::CONTACT_GET, &[("external_userid", external)]);
    assert_eq!(ask(&Request::get(&api::FOLLOW_USERS, &[]))["follow_user"], json!(users(&[0, 1, 2])));
    // Others are refused where they are named.
    let outside = rig.sim.userid(3);
    assert_eq!(ask(&Request::get(&api::CONTACT_LIST, &[("userid", &outside)]))["errcode"], 60011);
    assert_eq!(ask(&Request::get(&api::CONTACT_LIST, &[("userid", "nobody")]))["errcode"], 60111);
    let both = json!({"userid_list": users(&[0, 3]), "limit": 100});
    assert_eq!(ask(&Request::post(&api::CONTACT_BATCH, &both))["errcode"], 60011);
    assert_eq!(ask(&Request::post(&api::USER_PAY_OPENID, &json!({"userid": outside})))["errcode"], 60011);
    // A customer of one who is seen and one who is not has one follower, one of others only none.
    let shared = customer_of(&rig, |of| of.contains(&2) && of.contains(&3));
    let shared = rig.sim.external_ids(shared).0;
    let followers = |answer: &Value| answer["follow_user"].as_array().unwrap().len();
    assert_eq!((followers(&ask(&get(&shared))), followers(&asked(&rig, &whole, &get(&shared)))), (1, 2));
    let unseen = customer_of(&rig, |of| of.iter().all(|user| *user > 2));
    assert_eq!(ask(&get(&rig.sim.external_ids(unseen).0))["errcode"], 60011);
    assert_eq!(ask(&get(&rig.sim.external_ids(0).0))["errcode"], 84061, "nobody's customer");
    // Groups are of their owners: 0 to 3.
    let groups = |token: &str| {
        let listed = asked(&rig, token, &Request::post(&api::GROUP_LIST, &json!({"limit": 100})));
        let chats = listed["group_chat_list"].as_array().unwrap().iter().map(|row| row["chat_id"].clone());
        chats.collect::<Vec<Value>>()
    };
    assert_eq!(groups(&branch), groups(&whole)[..3]);
    let last = json!({"chat_id": groups(&whole)[3]});
    assert_eq!(ask(&Request::post(&api::GROUP_GET, &last))["errcode"], 60011);
    let opengid = json!({"opengid": rig.sim.opengid(3).unwrap()});
    assert_eq!(ask(&Request::post(&api::OPENGID_TO_CHAT, &opengid))["errcode"], 60011);
    // A visitor is known to be a customer by those who are seen.
    let page = |token: &str| {
        let code = rig.sim.visit_corp(unseen);
        asked(&rig, token, &Request::get(&api::WORK_LOGIN, &[("code", &code)]))["external_userid"].clone()
    };
    assert_eq!((page(&branch), page(&whole)), (Value::Null, json!(rig.sim.external_ids(unseen).0)));
}

#[test]
fn ids_are_the_same_in_all_of_a_corps_agents_and_an_import_takes_what_is_seen() {
    let rig = Rig::new(Plan::default());
    let names = rig.names.clone();
    let graph = Graph::options().in_memory().unwrap();
    let mut import = CorpImport::new(rig.branch(), &names.corp, Some(&names.open_account), None);
    finish(&rig, &graph, &mut import);
    let external =
        |account: u32| Id::new(Kind::ExternalUserid, &names.corp, &rig.sim.external_ids(account).0).unwrap();
    let known = |account: u32| {
        let found = graph.view().contacts_of(&external(account), &names.corp).unwrap();
        found.iter().map(|contact| contact.userid.spelling().to_owned()).collect::<Vec<_>>()
    };
    for (account, employee) in rig.sim.contacts() {
        assert_eq!(known(account).contains(&rig.sim.userid(employee)), employee < 3, "{account} {employee}");
    }
    assert_eq!(scored(&rig.sim, &graph).1, 0);
}

#[test]
fn a_range_can_change_and_events_follow_it() {
    let rig = Rig::new(Plan::default());
    let names = &rig.names;
    let told = |employee: u32| {
        rig.sim.take_pushes();
        rig.sim.add_contact(20, employee, "", 0);
        rig.sim.take_pushes().into_iter().map(|push| push.target).collect::<Vec<Target>>()
    };
    assert_eq!(told(9), [Target::Corp], "the provider's apps see employees 0 to 7");
    assert!(rig.sim.set_range(&names.agent, 5) && rig.sim.set_range(&names.suite, 10));
    let pushes = rig.sim.take_pushes();
    assert!(pushes.iter().any(|push| push.xml.contains("change_auth")), "the suite hears of its range");
    assert_eq!(told(9), [Target::Suite]);
    assert_eq!(told(4), [Target::Corp, Target::Suite]);
    assert_eq!(told(10), []);
    assert!(!rig.sim.set_range("7", 1), "no such agent");
}

/// Comes back when something is so, which takes no longer than the other side's threads.
fn until(mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(60), "it never is");
        std::thread::yield_now();
    }
}

/// Answers of a call drip, so that it stays in flight.
fn dripping(rig: &Rig) {
    rig.sim.set_faults(vec![Fault {
        path: "/cgi-bin/externalcontact/list".to_owned(),
        when: When::Every(1),
        what: Misbehaviour::Slow { bytes: 1, pause_ms: 20 },
    }]);
}

/// Sends a call and does not wait for its answer.
fn sent(rig: &Rig, token: &str) -> TcpStream {
    let addr = rig.addr();
    let mut stream = TcpStream::connect(addr).unwrap();
    let (host, user) = ("qyapi.weixin.qq.com", rig.sim.userid(0));
    let line =
        format!("GET /{host}/cgi-bin/externalcontact/list?access_token={token}&userid={user} HTTP/1.1");
    write!(stream, "{line}\r\nHost: {addr}\r\nConnection: close\r\n\r\n").unwrap();
    stream
}

#[test]
fn an_app_with_too_many_calls_in_flight_is_refused_until_one_has_landed() {
    let mut plan = Plan::default();
    plan.in_flight_max = 2;
    let rig = Rig::new(plan);
    let (agent, branch) = (rig.token_of(&rig.names.agent), rig.token_of(&rig.names.branch_agent));
    let users = Request::get(&api::FOLLOW_USERS, &[]);
    let errcode = |token: &str| asked(&rig, token, &users)["errcode"].clone();
    // One after the other, none is refused.
    assert!((0..20).all(|_| errcode(&agent) == 0));
    dripping(&rig);
    let flying = [sent(&rig, &agent), sent(&rig, &agent)];
    let path = "/cgi-bin/externalcontact/list";
    until(|| rig.sim.calls().get(path) == Some(&2));
    assert_eq!(errcode(&agent), 45033);
    assert_eq!(errcode(&branch), 0, "the limit is an app's own");
    let violations = rig.sim.violations();
    assert_eq!(violations.len(), 1);
    assert_eq!((violations[0].window_ms, violations[0].calls_max), (0, 2));
    // Whoever waits no longer lets his call land, where the server notices it.
    let [first, second] = flying;
    drop(first);
    until(|| errcode(&agent) == 0);
    drop(second);
    assert_eq!(rig.sim.calls()[path], 2);
}

#[test]
fn clients_that_are_refused_for_flying_too_many_calls_try_again_and_get_their_answers() {
    let mut plan = Plan::default();
    plan.in_flight_max = 1;
    let rig = Rig::new(plan);
    let agent = rig.token_of(&rig.names.agent);
    dripping(&rig);
    let stream = sent(&rig, &agent);
    until(|| rig.sim.calls().get("/cgi-bin/externalcontact/list") == Some(&1));
    // The clock of the rig does not wait, so the tries are over before the call has landed.
    let users = Request::get(&api::FOLLOW_USERS, &[]);
    let ended = rig.platform(None).call(&rig.corp(), &users).unwrap_err();
    let tries = rig.sim.violations().len();
    assert!(tries > 1, "{ended}");
    drop(stream);
    until(|| asked(&rig, &agent, &users)["errcode"] == 0);
    assert!(rig.platform(None).call(&rig.corp(), &users).is_ok());
}
