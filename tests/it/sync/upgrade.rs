//! A corp that authorised its provider before ids were upgraded: its own values, then conversions, then the switch.

use idweave::simulator::{Plan, Target};
use idweave::sync::api::{self, Carries, Endpoint, Host, Method, Request};
use idweave::sync::client::Credential;
use idweave::sync::job::{CorpImport, GenerationUpgrade, run};
use idweave::wechat::{self, IngestOptions, Opt};
use idweave::{Error, Graph, Id, Kind, KindScope, Read, Translation, error::CallFailure};
use serde_json::{Value, json};

use crate::sync::jobs::finish;
use crate::sync::rig::{Rig, scored};

static FINISH: Endpoint = Endpoint {
    host: Host::Work,
    method: Method::Post,
    path: "/cgi-bin/service/finish_openid_migration",
    carries: Carries::Token("provider_access_token"),
    quotas: &[],
};
static FINISH_OLD: Endpoint = Endpoint {
    host: Host::Work,
    method: Method::Post,
    path: "/cgi-bin/service/externalcontact/finish_external_userid_migration",
    carries: Carries::Token("provider_access_token"),
    quotas: &[],
};

/// A customer of an employee whom the provider sees.
const CUSTOMER: u32 = 30;

fn before() -> Rig {
    let mut plan = Plan::default();
    plan.is_before_upgrade = true;
    let rig = Rig::new(plan);
    super::live::keep_ticket(&rig);
    rig.sim.add_contact(CUSTOMER, 1, "", 0);
    rig
}

fn answer(rig: &Rig, caller: &Credential, request: &Request) -> Value {
    let body = rig.platform(None).call(caller, request);
    serde_json::from_slice(&body.unwrap_or_else(|error| panic!("{}: {error}", request.endpoint.path)))
        .unwrap()
}

/// The errcode that a call is refused with.
fn refusal(rig: &Rig, caller: &Credential, request: &Request) -> i64 {
    match rig.platform(None).call(caller, request) {
        Err(Error::Call {
            failure: CallFailure::Refused(errcode) | CallFailure::Settings(errcode), ..
        }) => errcode,
        other => panic!("{}: {other:?}", request.endpoint.path),
    }
}

fn read(external: &str) -> Request {
    Request::get(&api::CONTACT_GET, &[("external_userid", external)])
}

fn converted(externals: &[&str]) -> Request {
    Request::post(&api::NEW_EXTERNAL, &json!({"external_userid_list": externals}))
}

/// What the provider's app, of this agent or of its suite, has converted.
fn finish_upgrade(rig: &Rig, agent: Option<i64>, sorts: &[i64]) {
    let mut body = json!({"corpid": rig.names.open_corp, "openid_type": sorts});
    agent.into_iter().for_each(|agent| body["agentid"] = json!(agent));
    assert_eq!(answer(rig, &rig.provider(), &Request::post(&FINISH, &body))["errcode"], 0);
}

#[test]
fn before_the_switch_a_providers_app_is_told_the_corps_own_values_and_converts_them() {
    let rig = before();
    let (own, provided) = rig.sim.external_ids(CUSTOMER);
    let user = rig.sim.userid(1);
    for caller in [rig.suite_corp(), rig.developed()] {
        let users = answer(&rig, &caller, &Request::get(&api::FOLLOW_USERS, &[]));
        assert!(users["follow_user"].as_array().unwrap().contains(&json!(user)), "{users}");
        // It may ask with both.
        for external in [&own, &provided] {
            let contact = answer(&rig, &caller, &read(external));
            assert_eq!(contact["external_contact"]["external_userid"], own.as_str());
            assert_eq!(contact["follow_user"][0]["userid"], user.as_str());
        }
        let rows = answer(&rig, &caller, &converted(&[&own, &provided]));
        let row = |id: &str| json!({"external_userid": id, "new_external_userid": provided});
        assert_eq!(rows["items"], json!([row(&own), row(&provided)]), "what is new comes back as it is");
    }
    let one = Request::post(&api::TO_SERVICE_EXTERNAL, &json!({"external_userid": own}));
    assert_eq!(answer(&rig, &rig.developed(), &one)["external_userid"], provided.as_str());
    // Unionids: the app that is developed for the corp has the corp's, a third-party app the provider's.
    let unionid =
        |caller: &Credential| answer(&rig, caller, &read(&own))["external_contact"]["unionid"].clone();
    let of = |appid: &str| json!(rig.sim.ids_in(appid, CUSTOMER).unwrap().1.unwrap());
    assert_eq!(unionid(&rig.developed()), of(&rig.names.official));
    assert_eq!(unionid(&rig.suite_corp()), of(&rig.names.provider_mini));
    // And the corp is called by its own name.
    let asked = json!({"auth_corpid": rig.names.corp, "permanent_code": rig.names.permanent_code()});
    let told = answer(&rig, &rig.suite(), &Request::post(&api::AUTH_INFO, &asked));
    assert_eq!(told["auth_corp_info"]["corpid"], rig.names.corp.as_str());
}

#[test]
fn after_the_switch_there_are_new_values_only_and_no_conversion() {
    let rig = before();
    let (own, provided) = rig.sim.external_ids(CUSTOMER);
    let (user, suite_corp) = (rig.sim.userid(1), rig.suite_corp());
    let of_user = |userid: &str| Request::get(&api::CONTACT_LIST, &[("userid", userid)]);
    let open = Request::post(&api::USERID_TO_OPEN, &json!({"userid_list": [user]}));
    let open = answer(&rig, &suite_corp, &open)["open_userid_list"][0]["open_userid"].clone();
    let open = open.as_str().unwrap();
    rig.sim.take_pushes();
    finish_upgrade(&rig, None, &[3]);
    // External userids are new, userids are not yet.
    let contact = answer(&rig, &suite_corp, &read(&provided));
    assert_eq!(contact["external_contact"]["external_userid"], provided.as_str());
    assert_eq!(contact["external_contact"]["unionid"], Value::Null, "unionids are no longer told");
    assert_eq!(contact["follow_user"][0]["userid"], user.as_str());
    assert_eq!(refusal(&rig, &suite_corp, &read(&own)), 40096);
    assert_eq!(refusal(&rig, &suite_corp, &converted(&[&own])), 48002);
    // The app that is developed for the corp is another one: it is where it was.
    assert_eq!(
        answer(&rig, &rig.developed(), &read(&own))["external_contact"]["external_userid"],
        own.as_str()
    );
    assert_eq!(answer(&rig, &rig.developed(), &converted(&[&own]))["errcode"], 0);
    finish_upgrade(&rig, None, &[1]);
    assert_eq!(answer(&rig, &suite_corp, &read(&provided))["follow_user"][0]["userid"], open);
    assert_eq!(refusal(&rig, &suite_corp, &of_user(&user)), 60111);
    assert_eq!(answer(&rig, &suite_corp, &of_user(open))["errcode"], 0);
    let asked = json!({"auth_corpid": rig.names.corp, "permanent_code": rig.names.permanent_code()});
    assert_eq!(refusal(&rig, &rig.suite(), &Request::post(&api::AUTH_INFO, &asked)), 40013);
    // Events to the suite are written in new values, those to the corp's own agent as ever.
    rig.sim.add_contact(CUSTOMER + 1, 1, "", 0);
    let (own, provided) = rig.sim.external_ids(CUSTOMER + 1);
    let pushes = rig.sim.take_pushes();
    let of = |target: &Target| &pushes.iter().find(|push| push.target == *target).unwrap().xml;
    assert!(of(&Target::Suite).contains(&provided) && of(&Target::Suite).contains(open));
    assert!(of(&Target::Suite).contains(&rig.names.open_corp) && of(&Target::Corp).contains(&own));
    // The app that is developed for the corp, in one call.
    finish_upgrade(&rig, Some(1_000_012), &[1, 3]);
    assert_eq!(answer(&rig, &rig.developed(), &read(&provided))["follow_user"][0]["userid"], open);
    let one = Request::post(&api::TO_SERVICE_EXTERNAL, &json!({"external_userid": own}));
    assert_eq!(refusal(&rig, &rig.developed(), &one), 48002);
}

#[test]
fn the_switch_is_the_providers_for_a_corp_and_an_app_that_there_are() {
    let rig = before();
    let refused = |caller: &Credential, body: &Value| refusal(&rig, caller, &Request::post(&FINISH, body));
    let (corp, provider) = (&rig.names.corp, rig.provider());
    assert_eq!(refused(&provider, &json!({"corpid": "ww0", "openid_type": [1]})), 40013);
    assert_eq!(refused(&provider, &json!({"corpid": corp, "agentid": 7, "openid_type": [1]})), 40056);
    for sorts in [json!([]), json!([2]), json!(null)] {
        assert_eq!(refused(&provider, &json!({"corpid": corp, "openid_type": sorts})), 40058);
    }
    // The older call is about external userids of third-party apps.
    answer(&rig, &provider, &Request::post(&FINISH_OLD, &json!({"corpid": corp})));
    let (own, provided) = rig.sim.external_ids(CUSTOMER);
    let told = answer(&rig, &rig.suite_corp(), &read(&provided));
    assert_eq!(told["external_contact"]["external_userid"], provided.as_str());
    assert_eq!(told["follow_user"][0]["userid"], rig.sim.userid(1).as_str());
    assert_eq!(answer(&rig, &rig.developed(), &read(&own))["errcode"], 0);
    // That the corp agrees is an event of the suite.
    rig.sim.take_pushes();
    rig.sim.agree_to_upgrade();
    let pushes = rig.sim.take_pushes();
    let agreed = "<InfoType><![CDATA[agree_external_userid_migration]]></InfoType>";
    assert!(pushes.len() == 1 && pushes[0].target == Target::Suite && pushes[0].xml.contains(agreed));
}

fn found(graph: &Graph, rig: &Rig, from: (Kind, &str, &str), to: (Kind, &str)) -> Option<String> {
    let (id, space) = (Id::new(from.0, from.1, from.2).unwrap(), KindScope::new(to.0, to.1).unwrap());
    match graph.view().translate(&id, &space, rig.platform(None).now()).unwrap() {
        Translation::Found(ids) => Some(ids[0].spelling().to_owned()),
        _ => None,
    }
}

#[test]
fn what_is_linked_right_before_the_switch_is_the_same_person_after_it() {
    let rig = before();
    let names = rig.names.clone();
    let graph = Graph::options().in_memory().unwrap();
    rig.sim.set_range(&names.developed_agent, 12);
    // What the provider's app read so far are the corp's own values.
    let mut import = CorpImport::new(rig.developed(), &names.corp, Some(&names.open_account), None);
    finish(&rig, &graph, &mut import);
    let mut upgrade = GenerationUpgrade::new(rig.developed(), &names.corp, &names.provider);
    let report = finish(&rig, &graph, &mut upgrade);
    assert_eq!((report.refused, scored(&rig.sim, &graph).1), (0, 0), "{report:?}");
    finish_upgrade(&rig, Some(1_000_012), &[1, 3]);
    let view = format!("{}@{}", names.corp, names.provider);
    let unionids = (Kind::Unionid, names.open_account.as_str());
    for (account, employee) in rig.sim.contacts() {
        let (own, provided) = rig.sim.external_ids(account);
        let of_own = (Kind::ExternalUserid, names.corp.as_str(), own.as_str());
        let of_provided = (Kind::ExternalUserid, view.as_str(), provided.as_str());
        assert_eq!(found(&graph, &rig, of_own, (Kind::ExternalUserid, &view)).as_ref(), Some(&provided));
        // The unionid that was told before the switch is known by the new value, too.
        let unionid =
            rig.sim.ids_in(&names.official, account).filter(|_| account < 1_000).and_then(|ids| ids.1);
        assert_eq!(found(&graph, &rig, of_provided, unionids.clone()), unionid, "{account}");
        let user = rig.sim.userid(employee);
        let user = (Kind::Userid, names.corp.as_str(), user.as_str());
        assert!(found(&graph, &rig, user, (Kind::Userid, &view)).is_some());
    }
    // Strangers in groups have both values, too.
    for entity in graph.view().entities() {
        let ids = entity.unwrap().ids;
        for kind in [Kind::ExternalUserid, Kind::Userid] {
            let has = |scope: &str| ids.iter().any(|id| *id.kind() == kind && id.scope() == scope);
            assert!(!has(&names.corp) || has(&view), "{kind:?} without a counterpart");
        }
    }
    // What is read after the switch, under the provider's view, falls into the same entities.
    let entities = graph.view().stats().unwrap().entities;
    let body = rig.platform(None).call(&rig.developed(), &read(&rig.sim.external_ids(CUSTOMER).1)).unwrap();
    let options = IngestOptions::at(rig.platform(None).now());
    let options = options.with(Opt::Corp, &names.corp).with(Opt::Viewer, &names.provider);
    let told = wechat::parse("work.contact_get", &body, &options).unwrap();
    graph
        .write(rig.platform(None).now(), |tx| told.facts.iter().try_for_each(|fact| tx.apply(fact).map(drop)))
        .unwrap();
    assert_eq!(format!("{:?}", graph.view().stats().unwrap().entities), format!("{entities:?}"));
    assert_eq!(scored(&rig.sim, &graph).1, 0);
}

#[test]
fn who_converts_after_the_switch_is_too_late() {
    let rig = before();
    let names = rig.names.clone();
    let graph = Graph::options().in_memory().unwrap();
    let mut import = CorpImport::new(rig.developed(), &names.corp, Some(&names.open_account), None);
    finish(&rig, &graph, &mut import);
    finish_upgrade(&rig, Some(1_000_012), &[3]);
    let mut upgrade = GenerationUpgrade::new(rig.developed(), &names.corp, &names.provider);
    let ended = run(&mut upgrade, &graph, &rig.platform(None), &mut |_| {}).unwrap_err();
    assert!(matches!(ended, Error::Call { failure: CallFailure::Settings(48002), .. }), "{ended}");
    let own = rig.sim.external_ids(CUSTOMER).0;
    let view = format!("{}@{}", names.corp, names.provider);
    let of_own = (Kind::ExternalUserid, names.corp.as_str(), own.as_str());
    assert_eq!(found(&graph, &rig, of_own, (Kind::ExternalUserid, &view)), None);
}
