//! Events that the platforms push, as they are before they are encrypted, and sealed for a callback URL.

use std::collections::BTreeMap;

use crate::error::Result;
use crate::simulator::call::Caller;
use crate::simulator::group::Group;
use crate::simulator::ids::{drawn, drawn_number};
use crate::simulator::plan::Topology;
use crate::simulator::world::{CORP, World};
use crate::wechat::CallbackKey;

/// Whose callback URL an event goes to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Target {
    /// That of an app, by its appid.
    App(String),
    /// That of the corp's own agent.
    Corp,
    /// The command URL of the provider's suite.
    Suite,
    /// The authorisation URL of the third-party platform.
    Component,
}

/// An event on its way: what the query and the body of the platform's `POST` are.
#[derive(Clone, PartialEq, Eq)]
pub struct Push {
    /// Where it goes.
    pub target: Target,
    /// The event, in the clear.
    pub xml: String,
    at_s: i64,
    serial: u64,
    seed: u64,
    receiver: String,
    key_of: String,
}

/// The platform's `POST`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// The parameters.
    pub query: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl std::fmt::Debug for Push {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Push").field("target", &self.target).finish_non_exhaustive()
    }
}

impl Push {
    /// Its query and body, sealed with the keys of the topology.
    ///
    /// # Errors
    /// None that the simulator's own keys give.
    pub fn sealed(&self, topology: &Topology) -> Result<Sealed> {
        let of = &self.key_of;
        let key = CallbackKey::new(&topology.callback_token(of), &topology.callback_aes_key(of))?;
        let name = format!("push {}", self.serial);
        let random = drawn(self.seed, &name).first_chunk::<16>().copied().unwrap_or_default();
        let encrypt = key.seal(random, self.xml.as_bytes(), &self.receiver)?;
        let (timestamp, nonce) = (self.at_s.to_string(), drawn_number(self.seed, &name).to_string());
        let signature = key.signature(&timestamp, &nonce, &encrypt);
        let body = format!(
            "<xml><ToUserName><![CDATA[{}]]></ToUserName><Encrypt><![CDATA[{encrypt}]]></Encrypt></xml>",
            self.receiver
        );
        let query =
            BTreeMap::from([("msg_signature", signature), ("timestamp", timestamp), ("nonce", nonce)]);
        let query = query.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Ok(Sealed { query, body: body.into_bytes() })
    }
}

/// A field of text.
fn field(name: &str, value: &str) -> String {
    format!("<{name}><![CDATA[{value}]]></{name}>")
}

impl World {
    fn push(&mut self, target: Target, fields: &str) {
        self.serial += 1;
        let topology = &self.topology;
        let (receiver, key_of) = match &target {
            Target::App(appid) => (appid.clone(), appid.clone()),
            Target::Corp => (topology.corp.clone(), topology.corp.clone()),
            Target::Suite => (topology.suite.clone(), topology.suite.clone()),
            Target::Component => (topology.component.clone(), topology.component.clone()),
        };
        let (at_s, serial, seed) = (self.now_s(), self.serial, self.plan.seed);
        let xml = format!("<xml>{fields}</xml>");
        self.pushes.push(Push { target, xml, at_s, serial, seed, receiver, key_of });
    }

    /// An event of an app: `subscribe` and its like.
    pub(super) fn push_app(&mut self, app: usize, account: u32, event: &str, key: &str) {
        let Some(known) = self.app(app) else { return };
        let appid = known.appid.clone();
        let mut fields = field("ToUserName", &known.original);
        fields.push_str(&field("FromUserName", &known.openids.id(account.into())));
        fields.push_str(&format!("<CreateTime>{}</CreateTime>", self.now_s()));
        fields.push_str(&field("MsgType", "event"));
        fields.push_str(&field("Event", event));
        if !key.is_empty() {
            fields.push_str(&field("EventKey", key));
            fields.push_str(&field("Ticket", "gQH"));
        }
        self.push(Target::App(appid), &fields);
    }

    /// An event of the corp, in both shapes: to its own agent, and to the suite if that may see it.
    fn push_work(&mut self, event: &str, employee: u32, own: &str, provided: &str) {
        let (now_s, corp) = (self.now_s(), self.topology.corp.clone());
        let mut fields = field("ToUserName", &corp);
        fields.push_str(&field("FromUserName", "sys"));
        fields.push_str(&format!("<CreateTime>{now_s}</CreateTime>"));
        fields.push_str(&field("MsgType", "event"));
        fields.push_str(&field("Event", event));
        fields.push_str(own);
        self.push(Target::Corp, &fields);
        if self.sees(Caller::SuiteCorp, employee) {
            let mut fields = field("SuiteId", &self.topology.suite);
            fields.push_str(&field("AuthCorpId", &self.topology.open_corp));
            fields.push_str(&field("InfoType", event));
            fields.push_str(&format!("<TimeStamp>{now_s}</TimeStamp>"));
            fields.push_str(provided);
            self.push(Target::Suite, &fields);
        }
    }

    /// `change_external_contact`.
    pub(super) fn push_contact(&mut self, change: &str, account: u32, employee: u32, state: &str) {
        let fields = |world: &World, caller| {
            let mut fields = field("ChangeType", change);
            fields.push_str(&field("UserID", &world.userid(caller, employee)));
            fields.push_str(&field("ExternalUserID", &world.external_id(caller, account)));
            if !state.is_empty() {
                fields.push_str(&field("State", state));
            }
            fields
        };
        let (own, provided) = (fields(self, Caller::Own(CORP)), fields(self, Caller::SuiteCorp));
        self.push_work("change_external_contact", employee, &own, &provided);
    }

    /// `customer_acquisition`: a customer of a link wrote his first message.
    pub(super) fn push_first_message(&mut self, employee: u32, chat_key: &str) {
        let mut fields = field("ChangeType", "message_from_customer");
        fields.push_str(&field("LinkId", "cawcdea7783d7330c7"));
        fields.push_str(&field("ChatKey", chat_key));
        self.push_work("customer_acquisition", employee, &fields, &fields);
    }

    /// `kf_msg_or_event`: somebody wrote to customer service.
    pub(super) fn push_kf(&mut self, open_kfid: &str) {
        let (now_s, token) = (self.now_s(), self.draw("kf token", 48));
        let mut fields = field("ToUserName", &self.topology.corp);
        fields.push_str(&format!("<CreateTime>{now_s}</CreateTime>"));
        fields.push_str(&field("MsgType", "event"));
        fields.push_str(&field("Event", "kf_msg_or_event"));
        fields.push_str(&field("Token", &token));
        fields.push_str(&field("OpenKfId", open_kfid));
        self.push(Target::Corp, &fields);
    }

    /// `change_external_chat`: who came or went, or that it is no more.
    pub(super) fn push_chat(&mut self, group: usize, change: &str, detail: &str) {
        let Some(Group { owner, .. }) = self.corp(CORP).groups.get(group) else { return };
        let owner = *owner;
        let fields = |world: &World, caller| {
            let mut fields = field("ChatId", &world.chat_id(caller, group));
            fields.push_str(&field("ChangeType", change));
            if !detail.is_empty() {
                fields.push_str(&field("UpdateDetail", detail));
            }
            fields
        };
        let (own, provided) = (fields(self, Caller::Own(CORP)), fields(self, Caller::SuiteCorp));
        self.push_work("change_external_chat", owner, &own, &provided);
    }

    /// `change_contact`: an employee came, or left.
    pub(super) fn push_employee(&mut self, change: &str, employee: u32) {
        let fields = |world: &World, caller| {
            let mut fields = field("ChangeType", change);
            fields.push_str(&field("UserID", &world.userid(caller, employee)));
            fields
        };
        let (own, provided) = (fields(self, Caller::Own(CORP)), fields(self, Caller::SuiteCorp));
        self.push_work("change_contact", employee, &own, &provided);
    }

    /// An event of the suite itself, with what it says more.
    fn push_suite(&mut self, info: &str, more: &str) {
        let mut fields = field("SuiteId", &self.topology.suite);
        fields.push_str(&field("InfoType", info));
        fields.push_str(&format!("<TimeStamp>{}</TimeStamp>", self.now_s()));
        fields.push_str(more);
        self.push(Target::Suite, &fields);
    }

    /// An event of the platform itself, with what it says more.
    fn push_component(&mut self, info: &str, more: &str) {
        let mut fields = field("AppId", &self.topology.component);
        fields.push_str(&format!("<CreateTime>{}</CreateTime>", self.now_s()));
        fields.push_str(&field("InfoType", info));
        fields.push_str(more);
        self.push(Target::Component, &fields);
    }

    /// The corp authorised the suite.
    pub(super) fn push_create_auth(&mut self, code: &str) {
        self.push_suite("create_auth", &field("AuthCode", code));
    }

    /// It took that back.
    pub(super) fn push_cancel_auth(&mut self) {
        self.push_suite("cancel_auth", &field("AuthCorpId", &self.topology.open_corp.clone()));
    }

    /// An app authorised the platform.
    pub(super) fn push_authorized(&mut self, appid: &str, code: &str, until_s: i64) {
        let mut more = field("AuthorizerAppid", appid);
        more.push_str(&field("AuthorizationCode", code));
        more.push_str(&format!("<AuthorizationCodeExpiredTime>{until_s}</AuthorizationCodeExpiredTime>"));
        more.push_str(&field("PreAuthCode", &self.draw("pre auth code", 64)));
        self.push_component("authorized", &more);
    }

    /// It took that back.
    pub(super) fn push_unauthorized(&mut self, appid: &str) {
        self.push_component("unauthorized", &field("AuthorizerAppid", appid));
    }

    /// The newest tickets of the suite and of the platform.
    pub(super) fn push_tickets(&mut self) {
        let suite = field("SuiteTicket", self.provided.suite_tickets.newest());
        let component = field("ComponentVerifyTicket", self.provided.component_tickets.newest());
        self.push_suite("suite_ticket", &suite);
        self.push_component("component_verify_ticket", &component);
    }
}
