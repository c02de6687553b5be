//! An app that moves to another open-platform account: all of its users have other unionids from then on, and no event says so.

use idweave::simulator::Plan;
use idweave::sync::Transport;
use idweave::sync::api::{self, Carries, Endpoint, Host, Method, Request};
use idweave::sync::job::{AccountImport, AccountReconcile, run};
use idweave::wechat::{self, IngestOptions, Opt};
use idweave::{Error, Graph, Id, Kind, KindScope, Read, Translation, error::CallFailure};
use serde_json::{Value, json};

use crate::sync::jobs::{account, finish};
use crate::sync::rig::{Rig, scored};

const OTHER: &str = "wx00000000000000ff";
/// A follower who is a customer.
const BOTH: u32 = 555;

const fn of_open(path: &'static str) -> Endpoint {
    let carries = Carries::Token("access_token");
    Endpoint { host: Host::Weixin, method: Method::Post, path, carries, quotas: &[] }
}
static CREATE: Endpoint = of_open("/cgi-bin/open/create");
static BIND: Endpoint = of_open("/cgi-bin/open/bind");
static UNBIND: Endpoint = of_open("/cgi-bin/open/unbind");

/// What an app is answered: also refusals.
fn asked(rig: &Rig, appid: &str, request: &Request) -> Value {
    let own = json!({"grant_type": "client_credential", "appid": appid, "secret": rig.names.secret(appid)});
    let token = rig.transport().send(&Request::post(&api::STABLE_TOKEN, &own), None).unwrap();
    let token: Value = serde_json::from_slice(&token).unwrap();
    let body = rig.transport().send(request, Some(token["access_token"].as_str().unwrap())).unwrap();
    serde_json::from_slice(&body).unwrap()
}

fn logged_in(rig: &Rig, appid: &str) -> Value {
    let (code, secret) = (rig.sim.login(appid, BOTH).unwrap(), rig.names.secret(appid));
    let params = [("appid", appid), ("secret", secret.as_str()), ("js_code", code.as_str())];
    asked(rig, appid, &Request::get(&api::CODE2SESSION, &params))
}

#[test]
fn a_mini_program_has_other_unionids_elsewhere_none_at_all_nowhere_and_the_same_again_at_home() {
    let rig = Rig::new(Plan::default());
    let (mini, home) = (rig.names.mini.clone(), rig.names.open_account.clone());
    let bound = || asked(&rig, &mini, &Request::post(&api::OPEN_GET, &json!({"appid": mini})));
    let first = logged_in(&rig, &mini);
    assert_eq!(bound()["open_appid"], home.as_str());
    rig.sim.take_pushes();
    assert!(rig.sim.bind(&mini, Some(OTHER)));
    let second = logged_in(&rig, &mini);
    assert_eq!(first["openid"], second["openid"]);
    assert_ne!(first["unionid"], second["unionid"]);
    assert_eq!(bound()["open_appid"], OTHER);
    assert_eq!(rig.sim.owner("unionid", OTHER, second["unionid"].as_str().unwrap()), Some(BOTH));
    assert_eq!(rig.sim.owner("unionid", &home, second["unionid"].as_str().unwrap()), None);
    assert!(rig.sim.bind(&mini, None));
    assert_eq!((&logged_in(&rig, &mini)["unionid"], &bound()["errcode"]), (&Value::Null, &json!(89002)));
    let (order, openid) = (rig.sim.buy(&mini, BOTH).unwrap(), first["openid"].as_str().unwrap());
    let paid = Request::get(&api::PAID_UNIONID, &[("openid", openid), ("transaction_id", &order)]);
    assert_eq!(asked(&rig, &mini, &paid)["errcode"], 89002);
    assert!(rig.sim.bind(&mini, Some(&home)));
    assert_eq!(logged_in(&rig, &mini)["unionid"], first["unionid"], "what is computed comes out the same");
    assert_eq!(asked(&rig, &mini, &paid)["unionid"], first["unionid"]);
    assert_eq!(rig.sim.take_pushes(), [], "no event tells of it");
    assert!(!rig.sim.bind("wx0000000000000000", Some(&home)));
}

#[test]
fn what_a_corp_is_told_of_its_customers_follows_the_account_that_it_bound() {
    let rig = Rig::new(Plan::default());
    let external = rig.sim.external_ids(BOTH).0;
    let read = Request::get(&api::CONTACT_GET, &[("external_userid", external.as_str())]);
    let unionid = || {
        let body = rig.platform(None).call(&rig.corp(), &read).unwrap();
        serde_json::from_slice::<Value>(&body).unwrap()["external_contact"]["unionid"].clone()
    };
    let before = unionid();
    rig.sim.bind(&rig.names.official, Some(&rig.names.provider_open_account));
    let of_provider = rig.sim.ids_in(&rig.names.provider_mini, BOTH).unwrap().1.unwrap();
    assert_ne!(before, json!(of_provider));
    assert_eq!(unionid(), json!(of_provider));
    rig.sim.bind(&rig.names.official, None);
    assert_eq!(unionid(), Value::Null);
}

#[test]
fn an_open_account_may_have_a_name_of_the_users_own_but_must_be_there() {
    let (rig, graph) = (Rig::new(Plan::default()), Graph::options().in_memory().unwrap());
    let official = rig.names.official.clone();
    let named = |name: Option<&str>| AccountImport::new(rig.app(&official), &official, name);
    run(&mut named(Some("main")), &graph, &rig.platform(None), &mut |_| {}).unwrap();
    let space = KindScope::new(Kind::Unionid, "main").unwrap();
    assert!(graph.view().ids_in(&space).next().is_some(), "unionids are of that name");
    let stops = |name: Option<&str>| {
        let ended = run(&mut named(name), &graph, &rig.platform(None), &mut |_| {});
        matches!(ended, Err(Error::Call { failure: CallFailure::OtherBinding, .. }))
    };
    assert!(stops(Some(OTHER)) && stops(None), "it is bound elsewhere");
    assert!(rig.sim.bind(&official, None));
    assert!(stops(Some("main")), "it is bound to none");
}

#[test]
fn calls_bind_and_unbind_only_what_was_made_by_calls() {
    let rig = Rig::new(Plan::default());
    let (unbound, home) = (rig.names.unbound.clone(), rig.names.open_account.clone());
    let ask = |appid: &str, endpoint, body: &Value| asked(&rig, appid, &Request::post(endpoint, body));
    let named = |open: &str| json!({"appid": unbound, "open_appid": open});
    assert_eq!(ask(&unbound, &BIND, &named(&home))["errcode"], 89003, "made in the console");
    assert_eq!(ask(&unbound, &BIND, &named(OTHER))["errcode"], 40013);
    assert_eq!(ask(&unbound, &BIND, &named(&rig.names.provider_open_account))["errcode"], 89001);
    let made = ask(&unbound, &CREATE, &json!({"appid": unbound}));
    let made = made["open_appid"].as_str().unwrap();
    assert_eq!(ask(&unbound, &CREATE, &json!({"appid": unbound}))["errcode"], 89000);
    assert_eq!(ask(&unbound, &BIND, &named(made))["errcode"], 89000);
    assert!(rig.sim.ids_in(&unbound, BOTH).unwrap().1.is_some());
    let website = &rig.names.website;
    let foreign = json!({"appid": unbound, "open_appid": made});
    assert_eq!(ask(website, &UNBIND, &foreign)["errcode"], 40013, "another app's token");
    assert_eq!(
        ask(website, &UNBIND, &json!({"open_appid": made}))["errcode"],
        89002,
        "it is not bound to it"
    );
    assert_eq!(ask(&unbound, &UNBIND, &json!({"open_appid": made}))["errcode"], 0);
    assert_eq!(ask(&unbound, &api::OPEN_GET, &json!({"appid": unbound}))["errcode"], 89002);
    assert_eq!(ask(&unbound, &BIND, &named(made))["errcode"], 0);
}

#[test]
fn a_comparison_stops_at_another_binding_and_old_and_new_unionids_are_joined_by_the_openid() {
    let rig = Rig::new(Plan::default());
    let names = rig.names.clone();
    let graph = Graph::options().in_memory().unwrap();
    finish(&rig, &graph, &mut account(&rig));
    let known = graph.view().seq();
    rig.clock.pass(3_600_000);
    rig.sim.bind(&names.official, Some(OTHER));
    let compared = |open: &str| AccountReconcile::new(rig.app(&names.official), &names.official, Some(open));
    let ended =
        run(&mut compared(&names.open_account), &graph, &rig.platform(None), &mut |_| {}).unwrap_err();
    assert!(matches!(ended, Error::Call { failure: CallFailure::OtherBinding, .. }), "{ended}");
    assert_eq!(graph.view().seq(), known, "nothing of the new account is taken for the old one's");
    // The operator has heard of it: what is read is the new account's.
    let (openid, unionid) = rig.sim.ids_in(&names.official, BOTH).unwrap();
    let body = rig
        .platform(None)
        .call(&rig.app(&names.official), &Request::get(&api::USER_INFO, &[("openid", openid.as_str())]));
    let options = IngestOptions::at(rig.platform(None).now());
    let options = options.with(Opt::Appid, &names.official).with(Opt::OpenAccount, OTHER);
    let told = wechat::parse("mp.user_info", &body.unwrap(), &options).unwrap();
    let now = rig.platform(None).now();
    graph.write(now, |tx| told.facts.iter().try_for_each(|fact| tx.apply(fact).map(drop))).unwrap();
    let openid = Id::new(Kind::Openid, &names.official, &openid).unwrap();
    let unionid_at = |open: &str| {
        let space = KindScope::new(Kind::Unionid, open).unwrap();
        match graph.view().translate(&openid, &space, now).unwrap() {
            Translation::Found(ids) => ids.iter().map(|id| id.spelling().to_owned()).collect::<Vec<_>>(),
            other => panic!("{open}: {other:?}"),
        }
    };
    assert_eq!(unionid_at(OTHER), [unionid.unwrap()]);
    let mini = rig.sim.ids_in(&names.mini, BOTH).unwrap().1.unwrap();
    assert_eq!(unionid_at(&names.open_account), [mini], "the old one is as true as it was");
    assert_eq!(graph.view().conflicts().count(), 0);
    assert_eq!(scored(&rig.sim, &graph).1, 0);
}
