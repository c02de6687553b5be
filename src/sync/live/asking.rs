//! The calls of events, one by one: what is asked, of whom, and the facts that the answer gives.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::engine::Read;
use crate::error::{CallFailure, Error, Result};
use crate::graph::{Durability, Graph, Outcome};
use crate::model::{Direction, Fact, Id, Kind, RelationKind, Time, When};
use crate::sync::api::{
    ACQUISITION_CHAT, AUTH_INFO, CONTACT_GET, EXTERNAL_TO_PENDING, Endpoint, GROUP_GET, KF_CUSTOMERS,
    KF_MESSAGES, PERMANENT_CODE, QUERY_AUTH, Request, SHOP_ORDER, USER_INFO,
};
use crate::sync::callback::Call;
use crate::sync::client::{
    Credential, Platform, auth_info, component_ticket, forget_authorisation, keep_ticket, permanent_code,
    refresh_token, suite_ticket,
};
use crate::sync::job::{compare, compare_group, ended};
use crate::sync::live::due::Followed;
use crate::sync::live::source::Source;
use crate::sync::secret::Secret;
use crate::wechat::{self, IngestOptions};

const MEMBER_OF: RelationKind = RelationKind::MemberOf;
/// Customers of a call (wechat reference 13.3, 17).
const CUSTOMERS_MAX: usize = 100;

/// How a call ended that did not fail.
pub(super) enum Ended {
    Done(Vec<Fact>),
    /// What was announced cannot be read yet.
    TooEarly,
    /// Somebody has to look.
    Told,
}

/// Who asks, and whom.
pub(super) struct Asking<'a> {
    pub(super) source: &'a Source,
    pub(super) graph: &'a Graph,
    pub(super) platform: &'a Platform,
}

impl Asking<'_> {
    /// Makes a call.
    pub(super) fn make(&self, call: &Call, followed: &mut Followed) -> Result<Ended> {
        let store = self.platform.store();
        match call {
            Call::ReadCustomer { external } => self.customer(external, followed),
            Call::ReadChat { chat } => self.chat(chat, followed),
            Call::EndChat { chat, at } => {
                let gone = compare(self.graph, (chat, &MEMBER_OF, Direction::In), BTreeSet::new())?.gone;
                let ended = gone
                    .into_iter()
                    .map(|member| ended(MEMBER_OF, (member, chat.clone()), "event.work", *at));
                Ok(Ended::Done(ended.collect()))
            }
            Call::ReadFollower { openid } => {
                let request = Request::get(&USER_INFO, &[("openid", openid.spelling())]);
                self.read((openid, &request), "mp.user_info", followed)
            }
            Call::PendingIds { external: Some(external), .. } => {
                self.pending(external, None, &[external.spelling()], followed)
            }
            Call::PendingIds { chat: Some(chat), .. } => self.pending_of_chat(chat, followed),
            Call::ReadAcquisitionChat { chat_key } => self.acquired(chat_key, followed),
            Call::ReadKfMessages { open_kfid, token } => self.kf(open_kfid, token.as_ref(), followed),
            Call::ReadOrder { order_id } => self.order(order_id, followed),
            Call::StoreSuiteTicket { suite, ticket } => {
                keep_ticket(store, &suite_ticket(suite), ticket)?;
                Ok(Ended::Done(Vec::new()))
            }
            Call::StoreComponentTicket { component, ticket } => {
                keep_ticket(store, &component_ticket(component), ticket)?;
                Ok(Ended::Done(Vec::new()))
            }
            Call::ExchangeAuthCode { suite, code } => self.exchange_corp(suite, code),
            Call::ExchangeAuthorization { code, .. } => self.exchange_app(code),
            Call::ReadAuthInfo { suite, corp } => self.auth_info(suite, corp),
            Call::StopCorp { corp: whose, .. } | Call::StopAuthorizer { authorizer: whose } => {
                forget_authorisation(store, &self.source.caller(whose))?;
                Ok(Ended::Told)
            }
            _ => Ok(Ended::Told),
        }
    }

    fn options(&self, id: &Id) -> IngestOptions {
        let owner = Source::owner_of(id);
        let mut options = match id.kind() {
            Kind::Openid => self.source.app_options(owner),
            _ => self.source.corp_options(owner),
        };
        options.set_at(self.platform.now());
        options
    }

    /// Reads one thing; no relation, or nobody of that name, may mean that it is too early.
    fn read(&self, (id, request): (&Id, &Request), parser: &str, followed: &mut Followed) -> Result<Ended> {
        match self.platform.call(&self.source.caller(Source::owner_of(id)), request) {
            Ok(body) => {
                let ingest = wechat::parse(parser, &body, &self.options(id))?;
                followed.refused += ingest.refused.len() as u64;
                Ok(Ended::Done(ingest.facts))
            }
            Err(Error::Call { failure: CallFailure::Refused(_), .. }) => Ok(Ended::TooEarly),
            Err(error) => Err(error),
        }
    }

    /// Who is in a chat, and who of those that the graph has there is no more.
    fn chat(&self, chat: &Id, followed: &mut Followed) -> Result<Ended> {
        let request = Request::post(&GROUP_GET, &json!({"chat_id": chat.spelling(), "need_name": 0}));
        let body = match self.platform.call(&self.source.caller(Source::owner_of(chat)), &request) {
            Ok(body) => body,
            Err(Error::Call { failure: CallFailure::Refused(_), .. }) => return Ok(Ended::TooEarly),
            Err(error) => return Err(error),
        };
        let options = self.options(chat);
        let ingest = wechat::parse("work.group_get", &body, &options)?;
        followed.refused += ingest.refused.len() as u64;
        let group = compare_group(self.graph, &ingest, self.platform.now())?;
        let mut facts = ingest.facts;
        facts.extend(group.gone);
        Ok(Ended::Done(facts))
    }

    fn customer(&self, external: &Id, followed: &mut Followed) -> Result<Ended> {
        let request = Request::get(&CONTACT_GET, &[("external_userid", external.spelling())]);
        self.read((external, &request), "work.contact_get", followed)
    }

    fn pending(&self, of: &Id, chat: Option<&str>, ids: &[&str], followed: &mut Followed) -> Result<Ended> {
        let body = match chat {
            Some(chat) => json!({"chat_id": chat, "external_userid": ids}),
            None => json!({"external_userid": ids}),
        };
        self.read((of, &Request::post(&EXTERNAL_TO_PENDING, &body)), "work.external_to_pending", followed)
    }

    /// Of the members of a chat that the graph knows: those who are from outside.
    fn pending_of_chat(&self, chat: &Id, followed: &mut Followed) -> Result<Ended> {
        let view = self.graph.view();
        let mut members = Vec::new();
        for member in view.neighbors(chat, &RelationKind::MemberOf, Direction::In, When::Open) {
            let from = member?.from;
            if *from.kind() == Kind::ExternalUserid {
                members.push(from.spelling().to_owned());
            }
        }
        if members.is_empty() {
            return Ok(Ended::TooEarly);
        }
        let mut facts = Vec::new();
        for part in members.chunks(CUSTOMERS_MAX) {
            let part: Vec<&str> = part.iter().map(String::as_str).collect();
            match self.pending(chat, Some(chat.spelling()), &part, followed)? {
                Ended::Done(found) => facts.extend(found),
                ended => return Ok(ended),
            }
        }
        Ok(Ended::Done(facts))
    }

    /// Who wrote the first message, by its key; then he is read as any customer.
    fn acquired(&self, chat_key: &Secret, followed: &mut Followed) -> Result<Ended> {
        let Some(corp) = self.source.own_corp() else { return Ok(Ended::Told) };
        let request = Request::post(&ACQUISITION_CHAT, &json!({"chat_key": chat_key.expose()}));
        let answer = self.object(&self.source.caller(corp), &request)?;
        let options = self.source.corp_options(corp);
        let space = options.view_space(Kind::ExternalUserid)?;
        match Id::in_space(&space, text(&answer, "external_userid")) {
            Ok(external) => self.customer(&external, followed),
            Err(_) => Ok(Ended::Told),
        }
    }

    fn object(&self, caller: &Credential, request: &Request) -> Result<Value> {
        let body = self.platform.call(caller, request)?;
        serde_json::from_slice(&body).map_err(|_| no_answer(request.endpoint))
    }

    /// Whoever wrote to customer service since it was read last.
    fn kf(&self, open_kfid: &str, token: Option<&Secret>, followed: &mut Followed) -> Result<Ended> {
        let Some(corp) = self.source.own_corp() else { return Ok(Ended::Told) };
        let (caller, store) = (self.source.caller(corp), self.platform.store());
        let name = format!("kf_cursor {corp} {open_kfid}");
        loop {
            let cursor = store.load(&name)?;
            let cursor = cursor.as_ref().map_or("", Secret::expose);
            let token = token.map_or("", Secret::expose);
            let body = json!({"cursor": cursor, "token": token, "open_kfid": open_kfid, "limit": 1_000});
            let answer = self.object(&caller, &Request::post(&KF_MESSAGES, &body))?;
            let listed = answer.get("msg_list").and_then(Value::as_array);
            let written = listed.into_iter().flatten().map(|message| text(message, "external_userid"));
            let mut customers: Vec<&str> = written.filter(|id| !id.is_empty()).collect();
            customers.sort_unstable();
            customers.dedup();
            for part in customers.chunks(CUSTOMERS_MAX) {
                let body = json!({"external_userid_list": part, "need_enter_session_context": 0});
                let body = self.platform.call(&caller, &Request::post(&KF_CUSTOMERS, &body))?;
                let mut options = self.source.corp_options(corp);
                options.set_at(self.platform.now());
                let ingest = wechat::parse("work.kf_customers", &body, &options)?;
                followed.refused += ingest.refused.len() as u64;
                tell(self.graph, self.platform.now(), &ingest.facts, followed)?;
            }
            let next = text(&answer, "next_cursor");
            let has_more = answer.get("has_more").and_then(Value::as_i64) == Some(1);
            if next.is_empty() || next == cursor {
                break;
            }
            // Behind the facts that it covers.
            store.save(&name, &Secret::new(next))?;
            if !has_more {
                break;
            }
        }
        Ok(Ended::Done(Vec::new()))
    }

    fn order(&self, order_id: &str, followed: &mut Followed) -> Result<Ended> {
        let Credential::App { appid, .. } = self.source.credential() else { return Ok(Ended::Told) };
        let request = Request::post(&SHOP_ORDER, &json!({"order_id": order_id}));
        match self.platform.call(self.source.credential(), &request) {
            Ok(body) => {
                let mut options = self.source.app_options(appid);
                options.set_at(self.platform.now());
                let ingest = wechat::parse("shop.order", &body, &options)?;
                followed.refused += ingest.refused.len() as u64;
                Ok(Ended::Done(ingest.facts))
            }
            Err(Error::Call { failure: CallFailure::Refused(_), .. }) => Ok(Ended::TooEarly),
            Err(error) => Err(error),
        }
    }

    fn exchange_corp(&self, suite: &str, code: &Secret) -> Result<Ended> {
        let request = Request::post(&PERMANENT_CODE, &json!({"auth_code": code.expose()}));
        let answer = self.object(self.source.credential(), &request)?;
        let corp = answer.get("auth_corp_info").map_or("", |corp| text(corp, "corpid"));
        let permanent = text(&answer, "permanent_code");
        if corp.is_empty() || permanent.is_empty() {
            return Err(no_answer(&PERMANENT_CODE));
        }
        self.platform.store().save(&permanent_code(suite, corp), &Secret::new(permanent))?;
        Ok(Ended::Done(Vec::new()))
    }

    /// What a corp lets the suite see, to be told where it is another than before: then it is to be compared.
    fn auth_info(&self, suite: &str, corp: &str) -> Result<Ended> {
        let store = self.platform.store();
        let failed = |failure| Error::Call { api: AUTH_INFO.path, failure };
        let code = store.load(&permanent_code(suite, corp))?;
        let code = code.ok_or(failed(CallFailure::NotPushedYet("permanent_code")))?;
        if code.expose().is_empty() {
            return Err(failed(CallFailure::Stopped));
        }
        let body = json!({"auth_corpid": corp, "permanent_code": code.expose()});
        let answer = self.object(self.source.credential(), &Request::post(&AUTH_INFO, &body))?;
        let info = answer.get("auth_info").ok_or(no_answer(&AUTH_INFO))?.to_string();
        let (name, mut is_other) = (auth_info(suite, corp), false);
        store.update(&name, &mut |known| {
            is_other = known.is_none_or(|known| known.expose() != info);
            Ok(is_other.then(|| Secret::new(&info)))
        })?;
        Ok(if is_other { Ended::Told } else { Ended::Done(Vec::new()) })
    }

    fn exchange_app(&self, code: &Secret) -> Result<Ended> {
        let Credential::Component { component, .. } = self.source.credential() else {
            return Ok(Ended::Told);
        };
        let body = json!({"component_appid": component, "authorization_code": code.expose()});
        let answer = self.object(self.source.credential(), &Request::post(&QUERY_AUTH, &body))?;
        let info = answer.get("authorization_info").cloned().unwrap_or_default();
        let (appid, refresh) = (text(&info, "authorizer_appid"), text(&info, "authorizer_refresh_token"));
        if appid.is_empty() || refresh.is_empty() {
            return Err(no_answer(&QUERY_AUTH));
        }
        self.platform.store().save(&refresh_token(component, appid), &Secret::new(refresh))?;
        Ok(Ended::Done(Vec::new()))
    }
}

fn text<'v>(value: &'v Value, field: &str) -> &'v str {
    value.get(field).and_then(Value::as_str).unwrap_or_default()
}

fn no_answer(endpoint: &Endpoint) -> Error {
    Error::Call { api: endpoint.path, failure: CallFailure::NotAnAnswer }
}

/// Tells the graph, durably.
pub(super) fn tell(graph: &Graph, now: Time, facts: &[Fact], followed: &mut Followed) -> Result<()> {
    if facts.is_empty() {
        return Ok(());
    }
    let (mut recorded, mut known, mut refused) = (0, 0, 0);
    graph.write_with(now, Durability::Sync, |tx| {
        for fact in facts {
            match tx.apply(fact) {
                Ok(Outcome::Recorded) => recorded += 1,
                Ok(Outcome::AlreadyKnown) => known += 1,
                Err(error) if error.is_refusal() => refused += 1,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    })?;
    followed.recorded += recorded;
    followed.known += known;
    followed.refused += refused;
    Ok(())
}
