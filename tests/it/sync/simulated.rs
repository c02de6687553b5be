//! What becomes of people, tickets and codes in the simulator, and how it misbehaves, seen by calls alone.

use std::time::Instant;

use idweave::simulator::{Fault, Misbehaviour, Plan, Target, When};
use idweave::sync::Transport;
use idweave::sync::api::{self, Endpoint, Method, Request};
use serde_json::{Value, json};

use crate::sync::rig::Rig;

const BATCH: &str = "/cgi-bin/externalcontact/batch/get_by_user";

/// Calls as nothing but bytes.
struct Caller<'r> {
    rig: &'r Rig,
    token: String,
}

fn sent(rig: &Rig, request: &Request, token: Option<&str>) -> Value {
    let body = rig.transport().send(request, token).unwrap();
    serde_json::from_slice(&body).unwrap()
}

impl<'r> Caller<'r> {
    fn corp(rig: &'r Rig) -> Caller<'r> {
        let names = &rig.names;
        let secret = names.secret(&format!("{} {}", names.corp, names.agent));
        let params = [("corpid", names.corp.as_str()), ("corpsecret", secret.as_str())];
        let answer = sent(rig, &Request::get(&api::CORP_TOKEN, &params), None);
        Caller { rig, token: word(&answer, "access_token") }
    }

    fn app(rig: &'r Rig) -> Caller<'r> {
        let appid = &rig.names.official;
        let asked = json!({
            "grant_type": "client_credential", "appid": appid, "secret": rig.names.secret(appid),
        });
        let answer = sent(rig, &Request::post(&api::STABLE_TOKEN, &asked), None);
        Caller { rig, token: word(&answer, "access_token") }
    }

    fn component(rig: &'r Rig, ticket: &str) -> Value {
        let names = &rig.names;
        let asked = json!({
            "component_appid": names.component, "component_appsecret": names.secret(&names.component),
            "component_verify_ticket": ticket,
        });
        sent(rig, &Request::post(&api::COMPONENT_TOKEN, &asked), None)
    }

    fn get(&self, endpoint: &'static Endpoint, params: &[(&'static str, &str)]) -> Value {
        assert_eq!(endpoint.method, Method::Get);
        sent(self.rig, &Request::get(endpoint, params), Some(&self.token))
    }

    fn post(&self, endpoint: &'static Endpoint, body: &Value) -> Value {
        sent(self.rig, &Request::post(endpoint, body), Some(&self.token))
    }
}

fn word(answer: &Value, name: &str) -> String {
    answer[name].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}

fn words(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|item| item.as_str().unwrap()).collect()
}

/// A field of the first push of a kind since these were taken last.
fn pushed(rig: &Rig, target: Target, has: &str, name: &str) -> String {
    let pushes = rig.sim.take_pushes();
    let xml = pushes.iter().find(|push| push.target == target && push.xml.contains(has)).unwrap().xml.clone();
    let rest = xml.split_once(&format!("<{name}><![CDATA[")).unwrap().1;
    rest.split("]]").next().unwrap().to_owned()
}

#[test]
fn no_call_knows_an_employee_who_left_and_nobody_is_assigned_to_his_customers() {
    let rig = Rig::new(Plan::default());
    let corp = Caller::corp(&rig);
    let (gone, stays) = (rig.sim.userid(3), rig.sim.userid(4));
    let listed = corp.get(&api::CONTACT_LIST, &[("userid", &gone)]);
    let customers = words(&listed["external_userid"]);
    assert!(customers.len() > 10);
    rig.sim.take_pushes();
    rig.sim.depart(3);
    assert_eq!(pushed(&rig, Target::Corp, "delete_user", "UserID"), gone);
    let users = corp.get(&api::FOLLOW_USERS, &[]);
    assert!(!words(&users["follow_user"]).contains(&gone.as_str()));
    assert_eq!(corp.get(&api::CONTACT_LIST, &[("userid", &gone)])["errcode"], 60111);
    let both = json!({"userid_list": [stays, gone], "limit": 100});
    assert_eq!(corp.post(&api::CONTACT_BATCH, &both)["errcode"], 40031);
    let (mut cursor, mut unassigned) = (String::new(), Vec::new());
    loop {
        let page = corp.post(&api::UNASSIGNED, &json!({"page_size": 7, "cursor": cursor}));
        for row in page["info"].as_array().unwrap() {
            assert_eq!(row["handover_userid"], gone.as_str());
            unassigned.push(word(row, "external_userid"));
        }
        cursor = word(&page, "next_cursor");
        assert_eq!(page["is_last"], cursor.is_empty());
        if cursor.is_empty() {
            break;
        }
    }
    unassigned.sort_unstable();
    let mut expected = customers.clone();
    expected.sort_unstable();
    assert_eq!(unassigned, expected);
    // One of them has another employee or none: no read shows the one who left.
    for external in customers {
        let read = corp.get(&api::CONTACT_GET, &[("external_userid", external)]);
        let rest = read["follow_user"].as_array().map_or(0, Vec::len);
        assert_eq!(read["errcode"], if rest == 0 { 84061 } else { 0 });
        assert!(!read.to_string().contains(&gone));
    }
    // The name can be another person's.
    rig.sim.hire_again(3);
    assert_eq!(pushed(&rig, Target::Corp, "create_user", "UserID"), gone);
    assert_eq!(corp.get(&api::CONTACT_LIST, &[("userid", &gone)])["errcode"], 84061);
}

#[test]
fn a_group_that_is_dismissed_is_not_listed_and_not_known() {
    let rig = Rig::new(Plan::default());
    let corp = Caller::corp(&rig);
    let all = corp.post(&api::GROUP_LIST, &json!({"limit": 100}));
    let chat = word(&all["group_chat_list"][1], "chat_id");
    rig.sim.take_pushes();
    rig.sim.dismiss_group(1);
    assert_eq!(pushed(&rig, Target::Corp, "dismiss", "ChatId"), chat);
    let rest = corp.post(&api::GROUP_LIST, &json!({"limit": 100}));
    assert_eq!(rest["group_chat_list"].as_array().unwrap().len(), 3);
    assert!(!rest.to_string().contains(&chat));
    assert_eq!(corp.post(&api::GROUP_GET, &json!({"chat_id": chat}))["errcode"], 86003);
    assert!(rig.sim.members(1).is_empty());
    // Who leaves a group is in it no more.
    let left = rig.sim.members(0)[0];
    rig.sim.leave_group(left, 0);
    let first = corp.post(&api::GROUP_GET, &json!({"chat_id": rest["group_chat_list"][0]["chat_id"]}));
    assert!(!first.to_string().contains(&rig.sim.external_ids(left).0));
}

#[test]
fn what_is_shown_of_a_customer_who_deleted_an_employee_is_the_plans() {
    let mut plan = Plan::default();
    (plan.lists_who_left, plan.stale_ms) = (true, 5_000);
    let rig = Rig::new(plan);
    let corp = Caller::corp(&rig);
    rig.sim.add_contact(5, 2, "", 0);
    let (external, user) = (rig.sim.external_ids(5).0, rig.sim.userid(2));
    rig.sim.remove_contact(5, 2, true);
    let listed = || corp.get(&api::CONTACT_LIST, &[("userid", &user)]).to_string().contains(&external);
    let read = || corp.get(&api::CONTACT_GET, &[("external_userid", &external)])["errcode"].clone();
    assert!(listed());
    assert_eq!(read(), 0, "for five seconds");
    rig.clock.pass(5_000);
    assert!(listed());
    assert_eq!(read(), 84061);
    let asked = json!({"userid_list": [user], "limit": 100});
    assert!(!corp.post(&api::CONTACT_BATCH, &asked).to_string().contains(&external));
    assert!(!rig.sim.contacts().contains(&(5, 2)));
}

/// The pages of an employee's customers until they end, or until so many; an errcode ends them.
fn pages(corp: &Caller<'_>, most: usize) -> (Vec<String>, Vec<usize>, i64) {
    let (mut cursors, mut rows, mut cursor) = (Vec::new(), Vec::new(), String::new());
    while rows.len() < most {
        let asked = json!({"userid_list": [corp.rig.sim.userid(0)], "limit": 10, "cursor": cursor});
        let page = corp.post(&api::CONTACT_BATCH, &asked);
        if page["errcode"] != 0 {
            return (cursors, rows, page["errcode"].as_i64().unwrap());
        }
        rows.push(page["external_contact_list"].as_array().unwrap().len());
        cursor = word(&page, "next_cursor");
        if cursor.is_empty() {
            break;
        }
        cursors.push(cursor.clone());
    }
    (cursors, rows, 0)
}

fn struck(rig: &Rig, path: &str, when: When, what: Misbehaviour) {
    rig.sim.set_faults(vec![Fault { path: path.to_owned(), when, what }]);
}

#[test]
fn cursors_go_wrong_as_they_are_told_to() {
    let rig = Rig::new(Plan::default());
    let corp = Caller::corp(&rig);
    let (cursors, rows, _) = pages(&corp, 100);
    assert!(rows.len() >= 4, "{rows:?}");
    let fault = |when, what| {
        struck(&rig, BATCH, when, what);
        pages(&corp, 8)
    };
    // A page that comes again by another cursor, and an empty one that leads on.
    let (_, twice, _) = fault(When::Nth(2), Misbehaviour::PageTwice);
    assert_eq!(twice.len(), rows.len() + 1);
    let (_, empty, _) = fault(When::Nth(2), Misbehaviour::EmptyPage);
    assert_eq!((empty[1], empty.iter().sum::<usize>()), (0, rows.iter().sum()));
    // Cursors that lead back to themselves, also the first one, and to the one before.
    let (loops, _, _) = fault(When::Every(1), Misbehaviour::CursorLoop);
    assert_eq!((loops.len(), loops[1] == loops[0]), (8, true));
    let (back, _, _) = fault(When::Every(2), Misbehaviour::CursorBack);
    assert_eq!((back.len(), &back[0], &back[2]), (8, &cursors[0], &cursors[0]));
    assert_ne!(back[0], back[1]);
    // A cursor that dies: the third page never comes, however often one begins anew.
    for _ in 0..3 {
        let (_, rows, errcode) = fault(When::Every(1), Misbehaviour::CursorsDie(2));
        assert_eq!((rows.len(), errcode), (2, 40058));
    }
    // Groups have the same cursors.
    let path = "/cgi-bin/externalcontact/groupchat/list";
    struck(&rig, path, When::Every(1), Misbehaviour::CursorsDie(1));
    let page = corp.post(&api::GROUP_LIST, &json!({"limit": 1}));
    let next = corp.post(&api::GROUP_LIST, &json!({"limit": 1, "cursor": page["next_cursor"]}));
    assert_eq!(next["errcode"], 40058);
    let made_up = corp.post(&api::GROUP_LIST, &json!({"limit": 1, "cursor": "2"}));
    assert_eq!(made_up["errcode"], 40058);
}

#[test]
fn a_list_of_followers_may_end_too_early_and_only_its_total_says_so() {
    let rig = Rig::new(Plan::default());
    let app = Caller::app(&rig);
    let path = "/cgi-bin/user/get";
    struck(&rig, path, When::Nth(1), Misbehaviour::EmptyPage);
    let empty = app.get(&api::USER_GET, &[]);
    assert_eq!(empty, json!({"total": 600, "count": 0, "next_openid": ""}));
    struck(&rig, path, When::Nth(1), Misbehaviour::ShortList(250));
    let short = app.get(&api::USER_GET, &[]);
    assert_eq!((&short["total"], &short["count"]), (&json!(600), &json!(250)));
    let rest = app.get(&api::USER_GET, &[("next_openid", short["next_openid"].as_str().unwrap())]);
    assert_eq!(rest["count"], 350);
    let end = app.get(&api::USER_GET, &[("next_openid", rest["next_openid"].as_str().unwrap())]);
    assert_eq!(end, json!({"total": 600, "count": 0, "next_openid": ""}));
}

#[test]
fn an_answer_can_drip() {
    let rig = Rig::new(Plan::default());
    let corp = Caller::corp(&rig);
    let what = Misbehaviour::Slow { bytes: 100, pause_ms: 10 };
    struck(&rig, "", When::Nth(1), what);
    let begun = Instant::now();
    let answer = corp.get(&api::FOLLOW_USERS, &[]);
    assert_eq!(words(&answer["follow_user"]).len(), 12);
    assert!(begun.elapsed().as_millis() >= 10);
    let line = r#"[{"path":"","when":{"nth":1},"what":{"slow":{"bytes":100,"pause_ms":10}}}]"#;
    let read: Vec<Fault> = serde_json::from_str(line).unwrap();
    assert_eq!(read[0].what, what);
}

#[test]
fn the_newest_ticket_and_the_one_before_are_good_each_for_its_life() {
    let rig = Rig::new(Plan::default());
    let names = rig.names.clone();
    let suite_token = |ticket: &str| {
        let asked = json!({
            "suite_id": names.suite, "suite_secret": names.secret(&names.suite), "suite_ticket": ticket,
        });
        sent(&rig, &Request::post(&api::SUITE_TOKEN, &asked), None)["errcode"].clone()
    };
    let first = pushed(&rig, Target::Suite, "suite_ticket", "SuiteTicket");
    let mut tickets = vec![first];
    for _ in 0..2 {
        rig.clock.pass(600_000);
        rig.sim.rotate_tickets();
        tickets.push(pushed(&rig, Target::Suite, "suite_ticket", "SuiteTicket"));
    }
    let answers: Vec<Value> = tickets.iter().map(|ticket| suite_token(ticket)).collect();
    assert_eq!(answers, [json!(40085), json!(0), json!(0)]);
    // The older of the two is thirty minutes old, the newest is not.
    rig.clock.pass(1_200_000);
    let answers: Vec<Value> = tickets.iter().map(|ticket| suite_token(ticket)).collect();
    assert_eq!(answers, [json!(40085), json!(40085), json!(0)]);
    rig.sim.rotate_tickets();
    let ticket = pushed(&rig, Target::Component, "ComponentVerifyTicket", "ComponentVerifyTicket");
    rig.clock.pass(12 * 3_600_000 - 1);
    assert!(Caller::component(&rig, &ticket)["component_access_token"].is_string());
    rig.clock.pass(1);
    assert_eq!(Caller::component(&rig, &ticket)["errcode"], 61005);
    assert_eq!(Caller::component(&rig, "ticket@@@")["errcode"], 61006);
}

#[test]
fn a_code_of_an_authorisation_is_good_once_and_for_ten_minutes() {
    let rig = Rig::new(Plan::default());
    let names = rig.names.clone();
    let ticket = pushed(&rig, Target::Component, "ComponentVerifyTicket", "ComponentVerifyTicket");
    let token = word(&Caller::component(&rig, &ticket), "component_access_token");
    let component = Caller { rig: &rig, token };
    let exchange = |code: &str| {
        let asked = json!({"component_appid": names.component, "authorization_code": code});
        component.post(&api::QUERY_AUTH, &asked)
    };
    let code = rig.sim.authorize_component(&names.mini).unwrap();
    let told = pushed(&rig, Target::Component, "<InfoType><![CDATA[authorized]]>", "AuthorizationCode");
    assert_eq!(told, code);
    let answer = exchange(&code);
    let refresh = word(&answer["authorization_info"], "authorizer_refresh_token");
    assert_eq!(answer["authorization_info"]["authorizer_appid"], names.mini.as_str());
    assert_eq!(exchange(&code)["errcode"], 61009);
    let late = rig.sim.authorize_component(&names.official).unwrap();
    rig.clock.pass(600_000);
    assert_eq!(exchange(&late)["errcode"], 61010);
    // The answer to a refresh is lost: what it was asked with is dead, and the list has the one that is good.
    let refreshed = |token: &str| {
        let asked = json!({
            "component_appid": names.component, "authorizer_appid": names.mini, "authorizer_refresh_token": token,
        });
        Request::post(&api::AUTHORIZER_TOKEN, &asked)
    };
    struck(&rig, "/cgi-bin/component/api_authorizer_token", When::Nth(1), Misbehaviour::HangUp);
    assert!(rig.transport().send(&refreshed(&refresh), Some(&component.token)).is_err());
    assert_eq!(sent(&rig, &refreshed(&refresh), Some(&component.token))["errcode"], 61023);
    let list = listed_apps(&rig, &component.token);
    assert_eq!((&list["total_count"], &list["list"][0]["authorizer_appid"]), (&json!(1), &json!(names.mini)));
    let kept = word(&list["list"][0], "refresh_token");
    let answer = sent(&rig, &refreshed(&kept), Some(&component.token));
    assert!(answer["authorizer_access_token"].is_string(), "{answer}");
    rig.sim.cancel_component(&names.mini);
    assert_eq!(sent(&rig, &refreshed(&kept), Some(&component.token))["errcode"], 61003);
    assert_eq!(listed_apps(&rig, &component.token)["total_count"], 0);
}

/// The apps that authorised the platform, by their list.
fn listed_apps(rig: &Rig, token: &str) -> Value {
    static LIST: Endpoint =
        Endpoint { path: "/cgi-bin/component/api_get_authorizer_list", ..api::AUTHORIZER_INFO };
    let asked = json!({"component_appid": rig.names.component, "offset": 0, "count": 100});
    sent(rig, &Request::post(&LIST, &asked), Some(token))
}

#[test]
fn a_suite_trades_a_corps_code_once_and_is_refused_when_the_corp_takes_it_back() {
    let rig = Rig::new(Plan::default());
    super::live::keep_ticket(&rig);
    let names = rig.names.clone();
    let code = rig.sim.authorize_suite();
    assert_eq!(pushed(&rig, Target::Suite, "create_auth", "AuthCode"), code);
    let trade = Request::post(&api::PERMANENT_CODE, &json!({"auth_code": code}));
    let answer = rig.platform(None).call(&rig.suite(), &trade).unwrap();
    let answer: Value = serde_json::from_slice(&answer).unwrap();
    assert_eq!(word(&answer, "permanent_code"), names.permanent_code());
    assert!(rig.platform(None).call(&rig.suite(), &trade).is_err(), "once");
    let list = Request::get(&api::FOLLOW_USERS, &[]);
    assert!(rig.platform(None).call(&rig.suite_corp(), &list).is_ok());
    rig.sim.cancel_suite();
    assert_eq!(pushed(&rig, Target::Suite, "cancel_auth", "AuthCorpId"), names.open_corp);
    assert!(rig.platform(None).call(&rig.suite_corp(), &list).is_err());
}

#[test]
fn tokens_of_suites_and_platforms_die_as_those_of_corps_do() {
    let rig = Rig::new(Plan::default());
    super::live::keep_ticket(&rig);
    let names = rig.names.clone();
    let code = Request::post(
        &api::AUTH_INFO,
        &json!({"auth_corpid": names.open_corp, "permanent_code": names.permanent_code()}),
    );
    assert!(rig.platform(None).call(&rig.suite(), &code).is_ok());
    struck(&rig, "/cgi-bin/service/get_auth_info", When::Nth(1), Misbehaviour::DeadToken);
    let tokens = rig.sim.calls()["/cgi-bin/service/get_suite_token"];
    assert!(rig.platform(None).call(&rig.suite(), &code).is_ok());
    assert_eq!(rig.sim.calls()["/cgi-bin/service/get_suite_token"], tokens + 1, "a new one was asked for");
}
