//! Every way to come by an id that the reference names: asked of the simulator, told to a graph, compared with the truth.

use std::collections::BTreeSet;

use idweave::simulator::{Authorization, Plan, Simulator};
use idweave::sync::Secret;
use idweave::sync::api::{self, Endpoint, Method, Request};
use idweave::sync::client::{Credential, Store, component_ticket, refresh_token};
use idweave::wechat::{self, IngestOptions, Opt};
use idweave::{Graph, Id, Kind, KindScope, Read, Time, Translation};
use serde_json::{Value, json};

use crate::sync::rig::{Rig, scored};

/// A follower who is a customer, and an account that is neither.
const BOTH: u32 = 580;
const NEITHER: u32 = 10;

struct Ways {
    rig: Rig,
    graph: Graph,
    asked: BTreeSet<&'static str>,
    sources: BTreeSet<&'static str>,
}

impl Ways {
    fn new() -> Ways {
        let mut plan = Plan::default();
        // Followers are the accounts 0 to 599, customers those from 550 to 699.
        (plan.accounts, plan.followers, plan.customers) = (700, 600, 150);
        (plan.visible, plan.employees) = (12, 12);
        let rig = Rig::new(plan);
        super::live::keep_ticket(&rig);
        rig.sim.unfollow(NEITHER);
        Ways {
            rig,
            graph: Graph::options().in_memory().unwrap(),
            asked: BTreeSet::new(),
            sources: BTreeSet::new(),
        }
    }

    fn at(&self) -> IngestOptions {
        IngestOptions::at(self.rig.platform(None).now())
    }

    fn of_app(&self, appid: &str) -> IngestOptions {
        self.at().with(Opt::Appid, appid).with(Opt::OpenAccount, &self.rig.names.open_account)
    }

    fn of_corp(&self) -> IngestOptions {
        let names = &self.rig.names;
        self.at().with(Opt::Corp, &names.corp).with(Opt::OpenAccount, &names.open_account)
    }

    fn of_view(&self) -> IngestOptions {
        self.of_corp().with(Opt::Viewer, &self.rig.names.provider)
    }

    fn call(&mut self, caller: &Credential, request: &Request) -> Vec<u8> {
        self.asked.insert(request.endpoint.path);
        let answered = self.rig.platform(None).call(caller, request);
        answered.unwrap_or_else(|error| panic!("{}: {error}", request.endpoint.path))
    }

    fn tell(&mut self, source: &'static str, body: &[u8], options: &IngestOptions) {
        self.sources.insert(source);
        let ingest = wechat::parse(source, body, options).unwrap_or_else(|error| panic!("{source}: {error}"));
        assert!(ingest.refused.is_empty(), "{source}: {:?}", ingest.refused);
        let now = self.rig.platform(None).now();
        let told = |tx: &mut idweave::Tx| ingest.facts.iter().try_for_each(|fact| tx.apply(fact).map(drop));
        self.graph.write(now, told).unwrap_or_else(|error| panic!("{source}: {error}"));
    }

    fn get(
        &mut self,
        caller: &Credential,
        endpoint: &'static Endpoint,
        params: &[(&'static str, &str)],
    ) -> Vec<u8> {
        assert_eq!(endpoint.method, Method::Get);
        self.call(caller, &Request::get(endpoint, params))
    }

    fn post(&mut self, caller: &Credential, endpoint: &'static Endpoint, body: &Value) -> Vec<u8> {
        assert_eq!(endpoint.method, Method::Post);
        self.call(caller, &Request::post(endpoint, body))
    }

    fn openid(&self, appid: &str, account: u32) -> String {
        self.rig.sim.ids_in(appid, account).unwrap().0
    }

    fn unionid(&self, account: u32) -> String {
        self.rig.sim.ids_in(&self.rig.names.mini, account).unwrap().1.unwrap()
    }

    /// What an id leads to in the graph.
    fn found(&self, from: (Kind, &str, &str), to: (Kind, &str)) -> Option<String> {
        let id = Id::new(from.0, from.1, from.2).unwrap();
        let space = KindScope::new(to.0, to.1).unwrap();
        let now = self.rig.platform(None).now();
        match self.graph.view().translate(&id, &space, now).unwrap() {
            Translation::Found(ids) | Translation::Provisional(ids) => Some(ids[0].spelling().to_owned()),
            _ => None,
        }
    }

    fn is_linked(&self, appid: &str, account: u32) {
        let openid = self.openid(appid, account);
        let unionid = (Kind::Unionid, self.rig.names.open_account.as_str());
        assert_eq!(self.found((Kind::Openid, appid, &openid), unionid), Some(self.unionid(account)));
    }

    fn is_right(&self) {
        assert_eq!(scored(&self.rig.sim, &self.graph).1, 0);
    }
}

fn text(body: &[u8], field: &str) -> String {
    let value: Value = serde_json::from_slice(body).unwrap();
    value.pointer(field).and_then(Value::as_str).unwrap_or_default().to_owned()
}

#[test]
fn official_accounts_tell_unionids_of_followers_visitors_and_those_who_moved() {
    let mut ways = Ways::new();
    let (names, official) = (ways.rig.names.clone(), ways.rig.names.official.clone());
    let app = ways.rig.app(&official);
    let options = ways.of_app(&official);
    let openid = ways.openid(&official, BOTH);
    let body = ways.get(&app, &api::USER_INFO, &[("openid", &openid)]);
    ways.tell("mp.user_info", &body, &options);
    ways.is_linked(&official, BOTH);
    let asked = [7, 8].map(|account| json!({"openid": ways.openid(&official, account)}));
    let body = ways.post(&app, &api::USER_BATCHGET, &json!({"user_list": asked}));
    ways.tell("mp.user_batchget", &body, &options);
    ways.is_linked(&official, 8);
    let body = ways.get(&app, &api::USER_GET, &[]);
    ways.tell("mp.user_get", &body, &options);
    // A visitor who does not follow, by consent; both bodies of one flow.
    let code = ways.rig.sim.visit(&official, NEITHER, Authorization::Consent).unwrap();
    let secret = names.secret(&official);
    let params = [
        ("appid", official.as_str()),
        ("secret", &secret),
        ("code", &code),
        ("grant_type", "authorization_code"),
    ];
    let body = ways.get(&app, &api::WEB_TOKEN, &params);
    let flow = options.clone().with(Opt::Flow, "flow-1");
    ways.tell("mp.web_oauth", &body, &flow);
    let (token, openid) = (text(&body, "/access_token"), text(&body, "/openid"));
    let body = ways.get(&app, &api::WEB_USER, &[("access_token", &token), ("openid", &openid)]);
    ways.tell("mp.web_oauth", &body, &flow);
    ways.is_linked(&official, NEITHER);
    // One who moved from the old account.
    let old = ways.openid(&names.old_official, 20);
    let body = ways.post(
        &app,
        &api::CHANGE_OPENID,
        &json!({"from_appid": names.old_official, "openid_list": [old]}),
    );
    ways.tell("mp.changeopenid", &body, &options.clone().with(Opt::FromAppid, &names.old_official));
    let new = ways.found((Kind::Openid, &names.old_official, &old), (Kind::Openid, &official));
    assert_eq!(new, Some(ways.openid(&official, 20)));
    let body = ways.post(&app, &api::OPEN_GET, &json!({"appid": official}));
    assert_eq!(text(&body, "/open_appid"), names.open_account);
    ways.is_right();
}

#[test]
fn a_snapshot_page_tells_nothing_and_a_silent_page_an_openid_only() {
    let mut ways = Ways::new();
    let official = ways.rig.names.official.clone();
    let (app, secret, options) =
        (ways.rig.app(&official), ways.rig.names.secret(&official), ways.of_app(&official));
    for authorization in [Authorization::Snapshot, Authorization::Silent] {
        let code = ways.rig.sim.visit(&official, NEITHER, authorization).unwrap();
        let params = [("appid", official.as_str()), ("secret", &secret), ("code", &code)];
        let body = ways.get(&app, &api::WEB_TOKEN, &params);
        let has_unionid = String::from_utf8_lossy(&body).contains("unionid");
        assert_eq!(has_unionid, authorization == Authorization::Snapshot);
        let ingest = wechat::parse("mp.web_oauth", &body, &options).unwrap();
        let links = ingest.facts.iter().filter(|fact| matches!(fact.op, idweave::Op::Link { .. }));
        assert_eq!(links.count(), 0);
        // A code is good once.
        let again = Request::get(&api::WEB_TOKEN, &params);
        assert!(ways.rig.platform(None).call(&app, &again).is_err());
    }
}

#[test]
fn mini_programs_websites_and_shops_tell_unionids() {
    let mut ways = Ways::new();
    let names = ways.rig.names.clone();
    let (mini, options) = (names.mini.clone(), ways.of_app(&names.mini));
    let (app, secret) = (ways.rig.app(&mini), names.secret(&mini));
    let code = ways.rig.sim.login(&mini, 1).unwrap();
    let params = [
        ("appid", mini.as_str()),
        ("secret", &secret),
        ("js_code", &code),
        ("grant_type", "authorization_code"),
    ];
    let body = ways.get(&app, &api::CODE2SESSION, &params);
    ways.tell("mini.code2session", &body, &options);
    ways.is_linked(&mini, 1);
    // What the front end has, under the session key of a login.
    let code = ways.rig.sim.login(&mini, 2).unwrap();
    let body =
        ways.get(&app, &api::CODE2SESSION, &[("appid", &mini), ("secret", &secret), ("js_code", &code)]);
    let key = text(&body, "/session_key");
    let (data, iv) = ways.rig.sim.open_data(&mini, 2).unwrap();
    ways.tell(
        "mini.open_data",
        data.as_bytes(),
        &options.clone().with(Opt::SessionKey, &key).with(Opt::Iv, &iv),
    );
    ways.is_linked(&mini, 2);
    let context = ways.rig.sim.cloud_context(&mini, 3).unwrap();
    ways.tell("mini.cloud_context", context.as_bytes(), &options);
    ways.is_linked(&mini, 3);
    // Just after a payment.
    let (order, openid) = (ways.rig.sim.buy(&mini, 4).unwrap(), ways.openid(&mini, 4));
    let body = ways.get(&app, &api::PAID_UNIONID, &[("openid", &openid), ("transaction_id", &order)]);
    ways.tell("mini.paid_unionid", &body, &options.clone().with(Opt::Openid, &openid));
    ways.is_linked(&mini, 4);
    ways.rig.clock.pass(301_000);
    let late = Request::get(&api::PAID_UNIONID, &[("openid", &openid), ("transaction_id", &order)]);
    assert!(ways.rig.platform(None).call(&app, &late).is_err(), "five minutes");
    let code = ways.rig.sim.phone_button(&mini, 5).unwrap();
    let body = ways.post(&app, &api::PHONE_NUMBER, &json!({"code": code}));
    let openid = ways.openid(&mini, 5);
    let phone = options
        .with(Opt::Openid, &openid)
        .with(Opt::PhoneKey, "k1:MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=");
    ways.tell("mini.phone", &body, &phone);
    // A website.
    let (site, secret) = (names.website.clone(), names.secret(&names.website));
    let code = ways.rig.sim.visit(&site, 6, Authorization::Consent).unwrap();
    let app = ways.rig.app(&site);
    let body = ways.get(&app, &api::WEB_TOKEN, &[("appid", &site), ("secret", &secret), ("code", &code)]);
    let options = ways.of_app(&site);
    ways.tell("app.login", &body, &options);
    ways.is_linked(&site, 6);
    // A shop.
    let order = ways.rig.sim.buy(&names.shop, 9).unwrap();
    let app = ways.rig.app(&names.shop);
    let body = ways.post(&app, &api::SHOP_ORDERS, &json!({"page_size": 100}));
    assert_eq!(text(&body, "/order_id_list/0"), order);
    let body = ways.post(&app, &api::SHOP_ORDER, &json!({"order_id": order}));
    let options = ways.of_app(&names.shop);
    ways.tell("shop.order", &body, &options);
    ways.is_linked(&names.shop, 9);
    ways.is_right();
}

#[test]
fn a_third_party_platform_logs_in_the_users_of_the_apps_that_authorised_it() {
    let mut ways = Ways::new();
    let names = ways.rig.names.clone();
    let component = ways.rig.component();
    ways.rig.sim.rotate_tickets();
    for push in ways.rig.sim.take_pushes() {
        if let Some((_, rest)) = push.xml.split_once("<ComponentVerifyTicket><![CDATA[") {
            let ticket = Secret::new(rest.split("]]").next().unwrap());
            ways.rig.store.save(&component_ticket(&names.component), &ticket).unwrap();
        }
    }
    let code = ways.rig.sim.authorize_component(&names.mini).unwrap();
    let body = json!({"component_appid": names.component, "authorization_code": code});
    let body = ways.post(&component, &api::QUERY_AUTH, &body);
    let refresh = Secret::new(&text(&body, "/authorization_info/authorizer_refresh_token"));
    ways.rig.store.save(&refresh_token(&names.component, &names.mini), &refresh).unwrap();
    let asked = json!({"component_appid": names.component, "authorizer_appid": names.mini});
    let body = ways.post(&component, &api::AUTHORIZER_INFO, &asked);
    assert!(text(&body, "/authorizer_info/user_name").starts_with("gh_"));
    let code = ways.rig.sim.login(&names.mini, 1).unwrap();
    let params = [
        ("appid", names.mini.as_str()),
        ("js_code", &code),
        ("grant_type", "authorization_code"),
        ("component_appid", &names.component),
    ];
    let body = ways.get(&component, &api::COMPONENT_CODE2SESSION, &params);
    let options = ways.of_app(&names.mini);
    ways.tell("mini.code2session", &body, &options);
    ways.is_linked(&names.mini, 1);
    let code = ways.rig.sim.visit(&names.official, 2, Authorization::Consent).unwrap();
    let params = [("appid", names.official.as_str()), ("code", &code), ("component_appid", &names.component)];
    let body = ways.get(&component, &api::COMPONENT_WEB_TOKEN, &params);
    let options = ways.of_app(&names.official);
    ways.tell("mp.web_oauth", &body, &options);
    ways.is_linked(&names.official, 2);
    // With the app's own token, which is asked for by a refresh token that is another each time.
    let authorizer = Credential::Authorizer { component: Box::new(component), appid: names.mini.clone() };
    for account in [3, 4] {
        let order = ways.rig.sim.buy(&names.mini, account).unwrap();
        let openid = ways.openid(&names.mini, account);
        let params = [("openid", openid.as_str()), ("transaction_id", &order)];
        let body = ways.get(&authorizer, &api::PAID_UNIONID, &params);
        let options = ways.of_app(&names.mini).with(Opt::Openid, &openid);
        ways.tell("mini.paid_unionid", &body, &options);
        ways.is_linked(&names.mini, account);
        ways.rig.clock.pass(3 * 3_600_000);
    }
    ways.is_right();
}

#[test]
fn a_corp_tells_who_its_customers_and_group_members_are() {
    let mut ways = Ways::new();
    let names = ways.rig.names.clone();
    let (corp, options) = (ways.rig.corp(), ways.of_corp());
    let unionids = (Kind::Unionid, names.open_account.as_str());
    let external = ways.rig.sim.external_ids(BOTH).0;
    let body = ways.get(&corp, &api::CONTACT_GET, &[("external_userid", &external)]);
    ways.tell("work.contact_get", &body, &options);
    let found = ways.found((Kind::ExternalUserid, &names.corp, &external), unionids.clone());
    assert_eq!(found, Some(ways.unionid(BOTH)));
    let body = ways.get(&corp, &api::FOLLOW_USERS, &[]);
    let user = text(&body, "/follow_user/0");
    let body = ways.get(&corp, &api::CONTACT_LIST, &[("userid", &user)]);
    ways.tell("work.contact_list", &body, &options.clone().with(Opt::Userid, &user));
    let body =
        ways.post(&corp, &api::CONTACT_BATCH, &json!({"userid_list": [user], "cursor": "", "limit": 100}));
    ways.tell("work.contact_batch", &body, &options);
    let body = ways.post(&corp, &api::GROUP_LIST, &json!({"status_filter": 0, "limit": 1_000}));
    let chat = text(&body, "/group_chat_list/0/chat_id");
    let body = ways.post(&corp, &api::GROUP_GET, &json!({"chat_id": chat, "need_name": 0}));
    ways.tell("work.group_get", &body, &options);
    // The stranger in the group is nobody's contact: for him the other calls have nothing.
    let stranger = ways.rig.sim.external_ids(0).0;
    let found = ways.found((Kind::ExternalUserid, &names.corp, &stranger), unionids.clone());
    assert_eq!(found, Some(ways.unionid(0)));
    let request = Request::get(&api::CONTACT_GET, &[("external_userid", &stranger)]);
    assert!(ways.rig.platform(None).call(&corp, &request).is_err());
    let body = ways.post(&corp, &api::UNASSIGNED, &json!({"page_size": 1_000}));
    assert!(String::from_utf8_lossy(&body).contains("is_last"));
    let asked = json!({"external_userid": external});
    let body = ways.post(&corp, &api::CONTACT_PAY_OPENID, &asked);
    ways.tell("work.pay_openid", &body, &ways.of_corp().with(Opt::External, &external));
    let body = ways.post(&corp, &api::USER_PAY_OPENID, &json!({"userid": user}));
    ways.tell("work.pay_openid", &body, &ways.of_corp().with(Opt::Userid, &user));
    let code = ways.rig.sim.visit_corp(BOTH);
    let body = ways.get(&corp, &api::WORK_LOGIN, &[("code", &code)]);
    ways.tell("work.login", &body, &ways.of_corp());
    let opengid = ways.rig.sim.opengid(0).unwrap();
    let body = ways.post(&corp, &api::OPENGID_TO_CHAT, &json!({"opengid": opengid}));
    let chat_options = ways.of_corp().with(Opt::Opengid, &opengid).with(Opt::Appid, &names.mini);
    ways.tell("work.opengid_to_chat", &body, &chat_options);
    let kf = ways.rig.sim.external_ids(NEITHER).0;
    let body = ways.post(&corp, &api::KF_CUSTOMERS, &json!({"external_userid_list": [kf]}));
    ways.tell("work.kf_customers", &body, &ways.of_corp());
    let found = ways.found((Kind::ExternalUserid, &names.corp, &kf), unionids);
    assert_eq!(found, Some(ways.unionid(NEITHER)));
    ways.is_right();
}

#[test]
fn providers_convert_visitors_customers_and_employees() {
    let mut ways = Ways::new();
    let names = ways.rig.names.clone();
    let (suite_corp, suite, developed) = (ways.rig.suite_corp(), ways.rig.suite(), ways.rig.developed());
    let view = format!("{}@{}", names.corp, names.provider);
    let (openid, unionid) = (ways.openid(&names.mini, BOTH), ways.unionid(BOTH));
    let visitor = json!({"unionid": unionid, "openid": openid, "subject_type": 0});
    let options = ways.of_view().with(Opt::Unionid, &unionid);
    let body = ways.post(&suite_corp, &api::UNIONID_TO_EXTERNAL, &visitor);
    ways.tell("work.unionid_to_external", &body, &options);
    let external = (Kind::ExternalUserid, view.as_str());
    let provided = ways.rig.sim.external_ids(BOTH).1;
    let found = ways.found((Kind::Unionid, &names.open_account, &unionid), external.clone());
    assert_eq!(found.as_ref(), Some(&provided));
    let body = ways.post(&suite_corp, &api::UNIONID_TO_EXTERNAL_OLD, &visitor);
    ways.tell("work.unionid_to_external", &body, &options);
    // Of the provider's own mini program, whose unionids are of another open account.
    let (openid, own) = ways.rig.sim.ids_in(&names.provider_mini, BOTH).unwrap();
    let body = ways.post(&suite, &api::UNIONID_TO_EXTERNAL_3RD, &json!({"unionid": own, "openid": openid}));
    assert_eq!(text(&body, "/external_userid_info/0/external_userid"), provided);
    // Not yet a customer: pending, and then met.
    let (openid, unionid) = (ways.openid(&names.mini, 5), ways.unionid(5));
    let body =
        ways.post(&suite_corp, &api::UNIONID_TO_EXTERNAL, &json!({"unionid": unionid, "openid": openid}));
    ways.tell("work.unionid_to_external", &body, &ways.of_view().with(Opt::Unionid, &unionid));
    assert!(!text(&body, "/pending_id").is_empty());
    ways.rig.sim.add_contact(5, 0, "", 0);
    let met = ways.rig.sim.external_ids(5).1;
    let body = ways.post(&suite_corp, &api::EXTERNAL_TO_PENDING, &json!({"external_userid": [met]}));
    ways.tell("work.external_to_pending", &body, &ways.of_view());
    let found = ways.found((Kind::Unionid, &names.open_account, &ways.unionid(5)), external);
    assert_eq!(found, Some(met));
    // Generations.
    let corp_value = ways.rig.sim.external_ids(BOTH).0;
    let asked = json!({"external_userid_list": [corp_value]});
    for endpoint in [&api::NEW_EXTERNAL, &api::GROUP_NEW_EXTERNAL] {
        let body = ways.post(&suite_corp, endpoint, &asked);
        ways.tell("work.new_external", &body, &ways.of_view());
    }
    let one = json!({"external_userid": corp_value});
    let body = ways.post(&developed, &api::TO_SERVICE_EXTERNAL, &one);
    ways.tell("work.to_service_external", &body, &ways.of_view().with(Opt::External, &corp_value));
    let corp = ways.rig.corp();
    let back = json!({"external_userid": provided, "source_agentid": 1_000_012});
    let body = ways.post(&corp, &api::FROM_SERVICE_EXTERNAL, &back);
    ways.tell("work.from_service_external", &body, &ways.of_view().with(Opt::External, &provided));
    let found = ways.found((Kind::ExternalUserid, &names.corp, &corp_value), (Kind::ExternalUserid, &view));
    assert_eq!(found, Some(provided));
    let temporary = ways.rig.sim.temporary_id(BOTH);
    let asked = json!({"business_type": 2, "user_type": 1, "tmp_external_userid_list": [temporary]});
    let body = ways.post(&corp, &api::CONVERT_TEMPORARY, &asked);
    assert_eq!(text(&body, "/results/0/external_userid"), corp_value);
    ways.employees_and_chats(&suite_corp, &developed);
    ways.is_right();
}

impl Ways {
    fn employees_and_chats(&mut self, suite_corp: &Credential, developed: &Credential) {
        let (names, corp) = (self.rig.names.clone(), self.rig.corp());
        let view = format!("{}@{}", names.corp, names.provider);
        let user = self.rig.sim.userid(0);
        let body = self.post(suite_corp, &api::USERID_TO_OPEN, &json!({"userid_list": [user]}));
        self.tell("work.userid_convert", &body, &self.of_view());
        let open = text(&body, "/open_userid_list/0/open_userid");
        let found = self.found((Kind::Userid, &names.corp, &user), (Kind::Userid, &view));
        assert_eq!(found.as_ref(), Some(&open));
        let body = self.post(&corp, &api::OPEN_TO_USERID, &json!({"open_userid_list": [open]}));
        self.tell("work.userid_convert", &body, &self.of_view());
        let body = self.post(&self.rig.provider(), &api::CORPID_TO_OPEN, &json!({"corpid": names.corp}));
        assert_eq!(text(&body, "/open_corpid"), names.open_corp);
        let options = self.at().with(Opt::Corp, &names.corp).with(Opt::Provider, &names.provider);
        self.tell("work.corpid_convert", &body, &options);
        let body = self.post(developed, &api::GROUP_LIST, &json!({"limit": 10}));
        let chat = text(&body, "/group_chat_list/0/chat_id");
        let body = self.post(developed, &api::NEW_CHAT, &json!({"chat_id_list": [chat]}));
        self.tell("work.chatid_convert", &body, &self.of_view());
        let soon = self.rig.platform(None).now().ms() / 1_000 + 60;
        self.post(developed, &api::UPGRADE_CHATS, &json!({"upgrade_time": soon}));
        self.rig.clock.pass(120_000);
        let late = Request::post(&api::NEW_CHAT, &json!({"chat_id_list": [chat]}));
        assert!(self.rig.platform(None).call(developed, &late).is_err(), "only before the upgrade");
        let body = self.get(suite_corp, &api::MASS_CALL_TICKET, &[]);
        assert!(!text(&body, "/mass_call_ticket").is_empty());
        let code = self.rig.sim.visit_suite(BOTH);
        let body = self.get(&self.rig.suite(), &api::SUITE_LOGIN, &[("code", &code)]);
        assert!(text(&body, "/openid").starts_with('o'));
        let asked = json!({"auth_corpid": names.open_corp, "permanent_code": names.permanent_code()});
        let body = self.post(&self.rig.suite(), &api::AUTH_INFO, &asked);
        assert_eq!(text(&body, "/auth_corp_info/corpid"), names.open_corp);
        let code = self.rig.sim.authorize_suite();
        let body = self.post(&self.rig.suite(), &api::PERMANENT_CODE, &json!({"auth_code": code}));
        assert_eq!(text(&body, "/permanent_code"), names.permanent_code());
    }
}

#[test]
fn an_upstream_corp_asks_for_the_customers_of_its_downstream() {
    let mut ways = Ways::new();
    let names = ways.rig.names.clone();
    let corp = ways.rig.corp();
    // Accounts 0 to 19 are the downstream corp's customers.
    let asked = json!({"unionid": ways.unionid(3), "openid": ways.openid(&names.mini, 3)});
    let body = ways.post(&corp, &api::LINKED_EXTERNAL, &asked);
    assert_eq!(text(&body, "/external_userid_info/0/corpid"), names.downstream);
    let linked = text(&body, "/external_userid_info/0/external_userid");
    let view = format!("{}@{}", names.downstream, names.corp);
    assert_eq!(ways.rig.sim.owner("external_userid", &view, &linked), Some(3));
    let options = ways
        .at()
        .with(Opt::Corp, &names.downstream)
        .with(Opt::Viewer, &names.corp)
        .with(Opt::OpenAccount, &names.open_account);
    let (unionid, openid) = (ways.unionid(100), ways.openid(&names.mini, 100));
    let body = ways.post(&corp, &api::LINKED_PENDING, &json!({"unionid": unionid, "openid": openid}));
    ways.tell("work.unionid_to_external", &body, &options.clone().with(Opt::Unionid, &unionid));
    ways.rig.sim.add_downstream_contact(100);
    let now: Time = ways.rig.platform(None).now();
    let asked = json!({"unionid": unionid, "openid": openid});
    let body = ways.post(&corp, &api::LINKED_EXTERNAL, &asked);
    let met = text(&body, "/external_userid_info/0/external_userid");
    let body = ways.post(&corp, &api::LINKED_EXTERNAL_TO_PENDING, &json!({"external_userid": [met]}));
    ways.tell("work.external_to_pending", &body, &options);
    let found = ways.found((Kind::Unionid, &names.open_account, &unionid), (Kind::ExternalUserid, &view));
    assert_eq!((found, now.ms() > 0), (Some(met), true));
    ways.is_right();
}

#[test]
fn every_call_of_the_catalogue_of_calls_is_answered_by_the_simulator() {
    let answered: BTreeSet<&str> = Simulator::paths().into_iter().map(|(_, path)| path).collect();
    let asked: BTreeSet<&str> = api::ENDPOINTS.iter().map(|endpoint| endpoint.path).collect();
    let unanswered: Vec<&&str> = asked.difference(&answered).collect();
    assert_eq!(unanswered, Vec::<&&str>::new());
}
