//! The simulator spells as the platforms do: its answers against those that the platforms' documentation prints
//! (`testdata/answers`), keys and types of JSON, both ways.

use std::collections::{BTreeMap, BTreeSet};

use idweave::simulator::{Authorization, Plan, Simulator, Target};
use idweave::sync::api::{self, Carries, Endpoint, Host, Method, Request};
use idweave::sync::client::{Credential, Store, component_ticket};
use idweave::sync::{Secret, Transport};
use serde_json::{Value, json};

use crate::sync::rig::Rig;

/// Calls whose answers the documentation does not print.
const UNPRINTED: [(&str, &str); 3] = [
    ("/channels/ec/order/list/get", "named with its parameters only"),
    ("/channels/ec/order/get", "the fields that hold ids are named one by one"),
    ("/cgi-bin/kf/sync_msg", "named with its cursor only"),
];

/// What is printed, and not always so: where, and why the simulator's answer is another one there.
const APART: [(&str, &str, &str); 4] = [
    (
        "cgi-bin.service.get_permanent_code",
        ".auth_info.agent[].shared_from",
        "nobody shares the suite's agent",
    ),
    ("cgi-bin.service.get_permanent_code", ".register_code_info", "the corp came by no register code"),
    ("cgi-bin.service.get_auth_info", ".auth_info.agent[].shared_from", "nobody shares the suite's agent"),
    (
        "cgi-bin.externalcontact.batch.get_by_user",
        ".external_contact_list[].follow_info.state",
        "only who came by a code or a link with a state has one",
    ),
];

// Calls that the library does not make.
const fn call(host: Host, method: Method, path: &'static str, carries: Carries) -> Endpoint {
    Endpoint { host, method, path, carries, quotas: &[] }
}
const TOKEN: Carries = Carries::Token("access_token");
const PROVIDER: Carries = Carries::Token("provider_access_token");
static APP_TOKEN: Endpoint = call(Host::Weixin, Method::Get, "/cgi-bin/token", Carries::Secret);
static OPEN_CREATE: Endpoint = call(Host::Weixin, Method::Post, "/cgi-bin/open/create", TOKEN);
static OPEN_BIND: Endpoint = call(Host::Weixin, Method::Post, "/cgi-bin/open/bind", TOKEN);
static OPEN_UNBIND: Endpoint = call(Host::Weixin, Method::Post, "/cgi-bin/open/unbind", TOKEN);
static FINISH: Endpoint =
    call(Host::Work, Method::Post, "/cgi-bin/service/finish_openid_migration", PROVIDER);
static FINISH_OLD: Endpoint = call(
    Host::Work,
    Method::Post,
    "/cgi-bin/service/externalcontact/finish_external_userid_migration",
    PROVIDER,
);

/// How often there is something at each place of an answer, and what.
#[derive(Default)]
struct Places {
    kinds: BTreeMap<String, BTreeSet<&'static str>>,
    times: BTreeMap<String, usize>,
    /// The place of the object that it is a field of.
    inside: BTreeMap<String, String>,
}

impl Places {
    fn walk(&mut self, value: &Value, place: &str) {
        let kind = match value {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Number(_) => "number",
            Value::String(_) => "string",
            Value::Array(_) => "array",
            Value::Object(_) => "object",
        };
        self.kinds.entry(place.to_owned()).or_default().insert(kind);
        *self.times.entry(place.to_owned()).or_default() += 1;
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    let field = format!("{place}.{name}");
                    self.inside.insert(field.clone(), place.to_owned());
                    self.walk(value, &field);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.walk(item, &format!("{place}[]"))),
            _ => {}
        }
    }
}

/// What is at each place: its types, and whether all objects of a list have it.
fn shape(text: &[u8]) -> BTreeMap<String, String> {
    let mut places = Places::default();
    places.walk(&serde_json::from_slice(text).unwrap(), "");
    let said = places.kinds.iter().map(|(place, kinds)| {
        let kinds: Vec<&str> = kinds.iter().copied().collect();
        let is_always =
            places.inside.get(place).is_none_or(|inside| places.times[inside] == places.times[place]);
        let sometimes = if is_always { "" } else { ", not in all" };
        (place.clone(), format!("{}{sometimes}", kinds.join(" or ")))
    });
    said.collect()
}

/// Where an answer is other than its sample, and how.
fn differences(sample: &[u8], answer: &[u8]) -> BTreeMap<String, String> {
    let (sample, answer) = (shape(sample), shape(answer));
    let places: BTreeSet<&String> = sample.keys().chain(answer.keys()).collect();
    let differs = places.into_iter().filter(|place| sample.get(*place) != answer.get(*place));
    let says = |of: &BTreeMap<String, String>, place: &String| {
        of.get(place).cloned().unwrap_or_else(|| "nothing".to_owned())
    };
    differs
        .map(|place| {
            let how = format!("printed {}, answered {}", says(&sample, place), says(&answer, place));
            (place.clone(), how)
        })
        .collect()
}

#[test]
fn a_key_too_much_or_too_little_and_another_type_are_differences() {
    let sample = br#"{"a":1,"b":[{"c":"x","d":1},{"c":"y"}],"e":[]}"#;
    let same = br#"{"a":7,"b":[{"c":""},{"c":"z","d":0},{"c":"z"}],"e":[]}"#;
    assert_eq!(differences(sample, same), BTreeMap::new());
    let places = |answer: &[u8]| differences(sample, answer).into_keys().collect::<Vec<_>>();
    assert_eq!(places(br#"{"a":"1","b":[{"c":"x","d":1},{"c":"y"}],"e":[]}"#), [".a"]);
    assert_eq!(places(br#"{"a":1,"b":[{"c":"x","d":1},{"c":"y"}]}"#), [".e"]);
    assert_eq!(places(br#"{"a":1,"b":[{"c":"x","d":1},{"c":"y"}],"e":[1]}"#), [".e[]"]);
    assert_eq!(places(br#"{"a":1,"b":[{"c":"x","d":1},{"c":null}],"e":[]}"#), [".b[].c"]);
    assert_eq!(
        places(br#"{"a":1,"b":[{"c":"x","d":1},{"c":"x","d":1}],"e":[],"f":{"g":1}}"#),
        [".b[].d", ".f", ".f.g"]
    );
}

/// The file of a call's sample.
fn file(path: &str, variant: &str) -> String {
    let name = path.trim_start_matches('/').replace('/', ".");
    if variant.is_empty() { name } else { format!("{name}~{variant}") }
}

/// Answers, by the files of their samples.
struct Asked {
    rig: Rig,
    answers: BTreeMap<String, Vec<u8>>,
}

/// Follows by a QR code with a scene, and is a customer of two employees: of one by a link, of the other by a code.
const BOTH: u32 = 540;
/// Neither.
const STRANGER: u32 = 499;

impl Asked {
    fn new() -> Asked {
        let mut plan = Plan::default();
        // Followers are the accounts 0 to 599, customers those from 500 to 899.
        (plan.accounts, plan.followers, plan.customers) = (900, 600, 400);
        (plan.employees, plan.visible) = (4, 4);
        let rig = Rig::new(plan);
        let pushes = rig.sim.take_pushes();
        let ticket = pushes.iter().find_map(|push| push.xml.split_once("<ComponentVerifyTicket><![CDATA["));
        let ticket = Secret::new(ticket.unwrap().1.split("]]").next().unwrap());
        rig.store.save(&component_ticket(&rig.names.component), &ticket).unwrap();
        rig.sim.rotate_tickets();
        super::live::keep_ticket(&rig);
        rig.sim.unfollow(STRANGER);
        Asked { rig, answers: BTreeMap::new() }
    }

    /// Asks, and keeps what is answered under a name of its own where the call is printed in several ways.
    fn ask_as(&mut self, variant: &str, caller: &Credential, request: &Request) -> Value {
        let path = request.endpoint.path;
        let answered = match request.endpoint.carries {
            Carries::Secret => {
                self.rig.transport().send(request, None).map_err(|failure| failure.to_string())
            }
            Carries::Token(_) => {
                self.rig.platform(None).call(caller, request).map_err(|error| error.to_string())
            }
        };
        let body = answered.unwrap_or_else(|error| panic!("{path} {variant}: {error}"));
        let answer = serde_json::from_slice(&body).unwrap();
        assert!(self.answers.insert(file(path, variant), body).is_none(), "{path} {variant} twice");
        answer
    }

    fn get(
        &mut self,
        caller: &Credential,
        endpoint: &'static Endpoint,
        params: &[(&'static str, &str)],
    ) -> Value {
        self.ask_as("", caller, &Request::get(endpoint, params))
    }

    fn post(&mut self, caller: &Credential, endpoint: &'static Endpoint, body: &Value) -> Value {
        self.ask_as("", caller, &Request::post(endpoint, body))
    }

    fn openid(&self, appid: &str, account: u32) -> String {
        self.rig.sim.ids_in(appid, account).unwrap().0
    }

    /// What a lookup says of a visitor.
    fn visitor(&self, appid: &str, account: u32) -> Value {
        let (openid, unionid) = self.rig.sim.ids_in(appid, account).unwrap();
        json!({"unionid": unionid.unwrap(), "openid": openid})
    }

    fn official_account(&mut self) {
        let names = self.rig.names.clone();
        let (official, app) = (names.official.clone(), self.rig.app(&names.official));
        let secret = names.secret(&official);
        let (openid, stranger) = (self.openid(&official, BOTH), self.openid(&official, STRANGER));
        let own = [("appid", official.as_str()), ("secret", &secret), ("grant_type", "client_credential")];
        self.get(&app, &APP_TOKEN, &own);
        let asked = json!({"appid": official, "secret": secret, "grant_type": "client_credential"});
        self.post(&app, &api::STABLE_TOKEN, &asked);
        self.get(&app, &api::USER_INFO, &[("openid", &openid)]);
        self.ask_as("stranger", &app, &Request::get(&api::USER_INFO, &[("openid", &stranger)]));
        let users = json!({"user_list": [{"openid": openid}, {"openid": stranger}]});
        self.post(&app, &api::USER_BATCHGET, &users);
        let page = self.get(&app, &api::USER_GET, &[]);
        let last = page["next_openid"].as_str().unwrap();
        self.ask_as("end", &app, &Request::get(&api::USER_GET, &[("next_openid", last)]));
        let old = [20, 21].map(|account| self.openid(&names.old_official, account));
        let moved = json!({"from_appid": names.old_official, "openid_list": old});
        self.post(&app, &api::CHANGE_OPENID, &moved);
        self.post(&app, &api::OPEN_GET, &json!({"appid": official}));
        let unbound = self.rig.app(&names.unbound);
        let made = self.post(&unbound, &OPEN_CREATE, &json!({"appid": names.unbound}));
        let named = json!({"appid": names.unbound, "open_appid": made["open_appid"]});
        self.post(&unbound, &OPEN_UNBIND, &named);
        self.post(&unbound, &OPEN_BIND, &named);
    }

    fn pages_and_programs(&mut self) {
        let names = self.rig.names.clone();
        let (official, app) = (names.official.clone(), self.rig.app(&names.official));
        let secret = names.secret(&official);
        let kinds = [
            ("", Authorization::Consent),
            ("snapshot", Authorization::Snapshot),
            ("silent", Authorization::Silent),
        ];
        let mut token = String::new();
        for (variant, authorization) in kinds {
            let code = self.rig.sim.visit(&official, BOTH, authorization).unwrap();
            let params = [("appid", official.as_str()), ("secret", &secret), ("code", &code)];
            let answer = self.ask_as(variant, &app, &Request::get(&api::WEB_TOKEN, &params));
            if authorization == Authorization::Consent {
                answer["access_token"].as_str().unwrap().clone_into(&mut token);
            }
        }
        let openid = self.openid(&official, BOTH);
        self.get(&app, &api::WEB_USER, &[("access_token", &token), ("openid", &openid)]);
        let (mini, program) = (names.mini.clone(), self.rig.app(&names.mini));
        let (secret, openid) = (names.secret(&mini), self.openid(&mini, BOTH));
        let login = self.rig.sim.login(&mini, BOTH).unwrap();
        let params = [("appid", mini.as_str()), ("secret", &secret), ("js_code", &login)];
        self.get(&program, &api::CODE2SESSION, &params);
        let order = self.rig.sim.buy(&mini, BOTH).unwrap();
        self.get(&program, &api::PAID_UNIONID, &[("openid", &openid), ("transaction_id", &order)]);
        let phone = self.rig.sim.phone_button(&mini, BOTH).unwrap();
        self.post(&program, &api::PHONE_NUMBER, &json!({"code": phone}));
    }

    fn third_party_platform(&mut self) {
        let names = self.rig.names.clone();
        let (component, appid) = (self.rig.component(), names.component.clone());
        let ticket = self.rig.store.load(&component_ticket(&appid)).unwrap().unwrap();
        let asked = json!({
            "component_appid": appid, "component_appsecret": names.secret(&appid),
            "component_verify_ticket": ticket.expose(),
        });
        self.post(&component, &api::COMPONENT_TOKEN, &asked);
        let code = self.rig.sim.authorize_component(&names.mini).unwrap();
        let asked = json!({"component_appid": appid, "authorization_code": code});
        let app = self.post(&component, &api::QUERY_AUTH, &asked);
        let refresh = &app["authorization_info"]["authorizer_refresh_token"];
        let asked = json!({
            "component_appid": appid, "authorizer_appid": names.mini, "authorizer_refresh_token": refresh,
        });
        self.post(&component, &api::AUTHORIZER_TOKEN, &asked);
        let asked = json!({"component_appid": appid, "authorizer_appid": names.mini});
        self.post(&component, &api::AUTHORIZER_INFO, &asked);
        let asked = json!({"component_appid": appid, "offset": 0, "count": 100});
        self.post(&component, &api::AUTHORIZER_LIST, &asked);
        let code = self.rig.sim.login(&names.mini, BOTH).unwrap();
        let params = [("appid", names.mini.as_str()), ("js_code", &code), ("component_appid", &appid)];
        self.get(&component, &api::COMPONENT_CODE2SESSION, &params);
        let code = self.rig.sim.visit(&names.official, BOTH, Authorization::Consent).unwrap();
        let params = [("appid", names.official.as_str()), ("code", &code), ("component_appid", &appid)];
        self.get(&component, &api::COMPONENT_WEB_TOKEN, &params);
    }

    fn corp(&mut self) {
        let (names, corp) = (self.rig.names.clone(), self.rig.corp());
        let secret = names.secret(&format!("{} {}", names.corp, names.agent));
        self.get(&corp, &api::CORP_TOKEN, &[("corpid", &names.corp), ("corpsecret", &secret)]);
        let external = self.rig.sim.external_ids(BOTH).0;
        let user = self.rig.sim.userid(0);
        self.get(&corp, &api::FOLLOW_USERS, &[]);
        self.get(&corp, &api::CONTACT_LIST, &[("userid", &user)]);
        self.get(&corp, &api::CONTACT_GET, &[("external_userid", &external)]);
        self.post(&corp, &api::CONTACT_BATCH, &json!({"userid_list": [user], "limit": 50}));
        let groups = self.post(&corp, &api::GROUP_LIST, &json!({"limit": 1_000}));
        self.post(&corp, &api::GROUP_GET, &json!({"chat_id": groups["group_chat_list"][0]["chat_id"]}));
        let opengid = self.rig.sim.opengid(0).unwrap();
        self.post(&corp, &api::OPENGID_TO_CHAT, &json!({"opengid": opengid}));
        self.post(&corp, &api::CONTACT_PAY_OPENID, &json!({"external_userid": external}));
        self.post(&corp, &api::USER_PAY_OPENID, &json!({"userid": user}));
        let code = self.rig.sim.visit_corp(BOTH);
        self.get(&corp, &api::WORK_LOGIN, &[("code", &code)]);
        let code = self.rig.sim.visit_as_employee(0).0;
        self.ask_as("member", &corp, &Request::get(&api::WORK_LOGIN, &[("code", &code)]));
        let asked = json!({"external_userid_list": [external], "need_enter_session_context": 1});
        self.post(&corp, &api::KF_CUSTOMERS, &asked);
        self.rig.sim.take_pushes();
        self.rig.sim.write_to_employee(BOTH, 0);
        let pushes = self.rig.sim.take_pushes();
        let key = pushes.iter().find_map(|push| push.xml.split_once("<ChatKey><![CDATA[")).unwrap().1;
        self.post(&corp, &api::ACQUISITION_CHAT, &json!({"chat_key": key.split("]]").next().unwrap()}));
        let temporary = [self.rig.sim.temporary_id(BOTH), "tm0".to_owned()];
        let asked = json!({"business_type": 2, "user_type": 1, "tmp_external_userid_list": temporary});
        self.post(&corp, &api::CONVERT_TEMPORARY, &asked);
        let provided =
            json!({"external_userid": self.rig.sim.external_ids(BOTH).1, "source_agentid": 1_000_012});
        self.post(&corp, &api::FROM_SERVICE_EXTERNAL, &provided);
        // The customers of downstream corps: accounts 0 to 19 are.
        let (known, unknown) = (self.visitor(&names.mini, 3), self.visitor(&names.mini, 100));
        self.post(&corp, &api::LINKED_EXTERNAL, &known);
        self.post(&corp, &api::LINKED_PENDING, &unknown);
        self.rig.sim.add_downstream_contact(100);
        let met =
            self.rig.platform(None).call(&corp, &Request::post(&api::LINKED_EXTERNAL, &unknown)).unwrap();
        let met: Value = serde_json::from_slice(&met).unwrap();
        let met = json!({"external_userid": [met["external_userid_info"][0]["external_userid"]]});
        self.post(&corp, &api::LINKED_EXTERNAL_TO_PENDING, &met);
        self.rig.sim.depart(3);
        self.post(&corp, &api::UNASSIGNED, &json!({"page_size": 1_000}));
    }

    fn credentials_of_the_provider(&mut self) {
        let names = self.rig.names.clone();
        let (suite, provider) = (self.rig.suite(), self.rig.provider());
        let ticket =
            self.rig.store.load(&idweave::sync::client::suite_ticket(&names.suite)).unwrap().unwrap();
        let asked = json!({
            "suite_id": names.suite, "suite_secret": names.secret(&names.suite), "suite_ticket": ticket.expose(),
        });
        self.post(&suite, &api::SUITE_TOKEN, &asked);
        let code = self.rig.sim.authorize_suite();
        self.post(&suite, &api::PERMANENT_CODE, &json!({"auth_code": code}));
        let authorised = json!({"auth_corpid": names.open_corp, "permanent_code": names.permanent_code()});
        self.post(&suite, &api::AUTH_INFO, &authorised);
        self.post(&suite, &api::SUITE_CORP_TOKEN, &authorised);
        let own = json!({"corpid": names.provider, "provider_secret": names.secret(&names.provider)});
        self.post(&provider, &api::PROVIDER_TOKEN, &own);
        self.post(&provider, &api::CORPID_TO_OPEN, &json!({"corpid": names.corp}));
        let code = self.rig.sim.visit_suite(BOTH);
        self.get(&suite, &api::SUITE_LOGIN, &[("code", &code)]);
        let code = self.rig.sim.visit_as_employee(0).1;
        self.ask_as("member", &suite, &Request::get(&api::SUITE_LOGIN, &[("code", &code)]));
    }

    fn conversions_of_the_provider(&mut self) {
        let names = self.rig.names.clone();
        let (suite_corp, developed) = (self.rig.suite_corp(), self.rig.developed());
        let known = self.visitor(&names.mini, BOTH);
        self.post(&suite_corp, &api::UNIONID_TO_EXTERNAL, &known);
        self.post(&suite_corp, &api::UNIONID_TO_EXTERNAL_OLD, &known);
        let unknown = Request::post(&api::UNIONID_TO_EXTERNAL, &self.visitor(&names.mini, STRANGER));
        self.ask_as("pending", &suite_corp, &unknown);
        self.rig.sim.add_contact(STRANGER, 0, "", 0);
        let met = json!({"external_userid": [self.rig.sim.external_ids(STRANGER).1]});
        self.post(&suite_corp, &api::EXTERNAL_TO_PENDING, &met);
        let of_provider = self.visitor(&names.provider_mini, BOTH);
        self.post(&self.rig.suite(), &api::UNIONID_TO_EXTERNAL_3RD, &of_provider);
        let external = self.rig.sim.external_ids(BOTH).0;
        let listed = json!({"external_userid_list": [external]});
        self.post(&suite_corp, &api::NEW_EXTERNAL, &listed);
        self.post(&suite_corp, &api::GROUP_NEW_EXTERNAL, &listed);
        self.post(&developed, &api::TO_SERVICE_EXTERNAL, &json!({"external_userid": external}));
        let users = json!({"userid_list": [self.rig.sim.userid(0), "nobody"]});
        let open = self.post(&suite_corp, &api::USERID_TO_OPEN, &users);
        let open = json!({"open_userid_list": [open["open_userid_list"][0]["open_userid"], "wo0"]});
        self.post(&self.rig.corp(), &api::OPEN_TO_USERID, &open);
        let groups = Request::post(&api::GROUP_LIST, &json!({"limit": 10}));
        let groups = self.rig.platform(None).call(&developed, &groups).unwrap();
        let groups: Value = serde_json::from_slice(&groups).unwrap();
        let chats = json!({"chat_id_list": [groups["group_chat_list"][0]["chat_id"], "wr0"]});
        self.post(&developed, &api::NEW_CHAT, &chats);
        let soon = self.rig.platform(None).now().ms() / 1_000 + 60;
        self.post(&developed, &api::UPGRADE_CHATS, &json!({"upgrade_time": soon}));
        self.get(&suite_corp, &api::MASS_CALL_TICKET, &[]);
        let provider = self.rig.provider();
        self.post(&provider, &FINISH, &json!({"corpid": names.corp, "openid_type": [1, 3]}));
        self.post(&provider, &FINISH_OLD, &json!({"corpid": names.corp}));
    }
}

fn samples() -> BTreeMap<String, Vec<u8>> {
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/answers");
    let files = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let samples = files.filter(|path| path.extension().is_some_and(|extension| extension == "json"));
    let named = samples.map(|path| {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        (name, std::fs::read(path).unwrap())
    });
    named.collect()
}

#[test]
fn answers_are_as_the_documentation_prints_them() {
    let mut asked = Asked::new();
    asked.official_account();
    asked.pages_and_programs();
    asked.third_party_platform();
    asked.credentials_of_the_provider();
    asked.conversions_of_the_provider();
    asked.corp();
    let samples = samples();
    let names = |of: &BTreeMap<String, Vec<u8>>| of.keys().cloned().collect::<BTreeSet<String>>();
    assert_eq!(names(&asked.answers), names(&samples), "calls that were asked, and those with a sample");
    let (mut found, mut unused) = (Vec::new(), BTreeSet::from(APART));
    for (name, answer) in &asked.answers {
        for (place, how) in differences(&samples[name], answer) {
            let is_at = |apart: &str| {
                place
                    .strip_prefix(apart)
                    .is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
            };
            match APART.iter().find(|(file, apart, _)| file == name && is_at(apart)) {
                Some(apart) => drop(unused.remove(apart)),
                None => found.push(format!("{name} {place}: {how}")),
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
    assert_eq!(unused, BTreeSet::new(), "answered as printed after all");
}

#[test]
fn every_call_of_the_simulator_has_a_sample_or_a_reason_for_none() {
    let sampled: BTreeSet<String> = samples().into_keys().collect();
    let sampled: BTreeSet<&str> = sampled.iter().map(|name| name.split('~').next().unwrap()).collect();
    let paths: BTreeSet<&str> = Simulator::paths().into_iter().map(|(_, path)| path).collect();
    let unprinted = BTreeMap::from(UNPRINTED);
    let files: BTreeSet<String> = paths.iter().map(|path| file(path, "")).collect();
    for path in &paths {
        let has_sample = sampled.contains(file(path, "").as_str());
        assert_ne!(has_sample, unprinted.contains_key(path), "{path}: either a sample or a reason");
    }
    assert!(unprinted.keys().all(|path| paths.contains(path)), "a reason for a call that there is not");
    let strange: Vec<&&str> = sampled.iter().filter(|name| !files.contains(**name)).collect();
    assert_eq!(strange, Vec::<&&str>::new(), "samples of no call");
}

/// The elements of an event, in order.
fn elements(xml: &str) -> Vec<&str> {
    let opened = xml.split('<').filter_map(|part| part.split_once('>')).map(|(name, _)| name);
    opened.filter(|name| !name.starts_with(['/', '!'])).collect()
}

#[test]
fn events_have_the_elements_of_those_that_the_documentation_prints() {
    let rig = Rig::new(Plan::default());
    let pushed = |target: &Target, happens: &dyn Fn()| {
        rig.sim.take_pushes();
        happens();
        rig.sim.take_pushes().into_iter().find(|push| push.target == *target).unwrap().xml
    };
    let add = || rig.sim.add_contact(20, 1, "shop-12", 0);
    let app = Target::App(rig.names.official.clone());
    let events = [
        ("event.work.xml", pushed(&Target::Corp, &add)),
        ("event.work.provider.xml", pushed(&Target::Suite, &add)),
        ("event.work.del_follow.xml", pushed(&Target::Corp, &|| rig.sim.remove_contact(20, 1, true))),
        ("event.work.delete_user.xml", pushed(&Target::Corp, &|| rig.sim.depart(1))),
        ("event.mp.xml", pushed(&app, &|| rig.sim.follow(900, "shop-12"))),
        ("event.open.ticket.xml", pushed(&Target::Component, &|| rig.sim.rotate_tickets())),
        (
            "event.open.xml",
            pushed(&Target::Component, &|| drop(rig.sim.authorize_component(&rig.names.mini))),
        ),
    ];
    for (file, xml) in events {
        let path = format!("{}/testdata/bodies/{file}", env!("CARGO_MANIFEST_DIR"));
        let printed = std::fs::read_to_string(path).unwrap();
        assert_eq!(elements(&xml), elements(&printed), "{file}");
    }
}

#[test]
fn a_refusal_is_status_200_with_an_errcode_and_the_hosts_own_tail() {
    let rig = Rig::new(Plan::default());
    let send = |request: &Request, token: &str| rig.transport().send(request, Some(token)).unwrap();
    let weixin = send(&Request::get(&api::USER_INFO, &[("openid", "o")]), "dead");
    let weixin: Value = serde_json::from_slice(&weixin).unwrap();
    assert_eq!(weixin["errcode"], 40014);
    assert!(weixin["errmsg"].as_str().unwrap().contains("rid: "));
    let work = send(&Request::get(&api::FOLLOW_USERS, &[]), "dead");
    let work: Value = serde_json::from_slice(&work).unwrap();
    assert!(
        work["errmsg"]
            .as_str()
            .unwrap()
            .contains("more info at https://open.work.weixin.qq.com/devtool/query?e=40014")
    );
}
