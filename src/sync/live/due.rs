//! What events make due: the calls are made, their facts told, and the item is done.
//!
//! # Order
//!   calls; the commit of their facts, durable; then the item goes. Killed in between, its calls are made again, and
//!   say what is known.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::engine::Read;
use crate::error::{CallFailure, Error, Result};
use crate::graph::{Durability, Graph, Outcome};
use crate::model::{Direction, Fact, Id, Kind, RelationKind, Time, When};
use crate::sync::api::{
    ACQUISITION_CHAT, CONTACT_GET, EXTERNAL_TO_PENDING, Endpoint, GROUP_GET, KF_CUSTOMERS, KF_MESSAGES,
    PERMANENT_CODE, QUERY_AUTH, Request, SHOP_ORDER, USER_INFO,
};
use crate::sync::callback::{Call, FollowUp, Inbox, Item, Receiver, Stage};
use crate::sync::client::{
    Credential, Platform, component_ticket, permanent_code, refresh_token, suite_ticket,
};
use crate::sync::live::source::Source;
use crate::sync::secret::Secret;
use crate::wechat::{self, IngestOptions};

/// Customers of a call (wechat reference 13.3, 17).
const CUSTOMERS_MAX: usize = 100;
/// A call that failed for another reason than that it was too early is made again after so long, and then twice as long.
const AGAIN_MS: i64 = 30_000;
const AGAIN_DOUBLINGS_MAX: u32 = 8;

/// What was done.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Followed {
    /// Items that are done.
    pub done: u64,
    /// Facts that are new.
    pub recorded: u64,
    /// Facts that were known.
    pub known: u64,
    /// Facts and records that were refused.
    pub refused: u64,
    /// Calls that are no longer worth it: nobody answered in time.
    pub expired: u64,
    /// Calls that failed, and are made again later: their failures.
    pub failed: Vec<Error>,
    /// What an operator should hear: a corp or an app authorised no longer, or let see other things.
    pub told: Vec<Call>,
}

/// How often a call of an item was made, and when it is made next.
#[derive(Clone, Copy)]
struct Tried {
    tries: u32,
    next_at: Time,
    is_done: bool,
}

/// How a call ended that did not fail.
enum Ended {
    Done(Vec<Fact>),
    /// What was announced cannot be read yet.
    TooEarly,
    /// Somebody has to look.
    Told,
}

/// Makes the calls that wait in an inbox. What was tried is remembered for as long as the process lives.
pub struct Due {
    receivers: BTreeMap<String, Arc<Receiver>>,
    sources: BTreeMap<String, Source>,
    tried: BTreeMap<(u64, usize), Tried>,
}

impl std::fmt::Debug for Due {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Due").field("sources", &self.sources).finish_non_exhaustive()
    }
}

impl Due {
    /// For these URLs, and who calls for them, by the names of the URLs. The items of others stay where they are.
    pub fn new(receivers: BTreeMap<String, Arc<Receiver>>, sources: BTreeMap<String, Source>) -> Due {
        Due { receivers, sources, tried: BTreeMap::new() }
    }

    /// Makes all calls whose time has come, once.
    ///
    /// # Errors
    /// The inbox's, the graph's and the store's; calls that fail are told in [`Followed::failed`].
    pub fn follow(&mut self, inbox: &Inbox, graph: &Graph, platform: &Platform) -> Result<Followed> {
        let mut followed = Followed::default();
        let mut kept = Vec::new();
        let result = loop {
            match inbox.take(Stage::Due) {
                Ok(Some(item)) => match self.item(&item, graph, platform, &mut followed) {
                    Ok(true) => {
                        followed.done += 1;
                        self.tried.retain(|(number, _), _| *number != item.number());
                        if let Err(error) = inbox.done(item) {
                            break Err(error);
                        }
                    }
                    Ok(false) => kept.push(item),
                    Err(error) => {
                        kept.push(item);
                        break Err(error);
                    }
                },
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        kept.into_iter().for_each(|item| inbox.put_back(item));
        result.map(|()| followed)
    }

    /// Whether an item is done.
    fn item(
        &mut self,
        item: &Item,
        graph: &Graph,
        platform: &Platform,
        followed: &mut Followed,
    ) -> Result<bool> {
        let name = item.receiver();
        let (Some(receiver), Some(source)) = (self.receivers.get(name), self.sources.get(name)) else {
            return Ok(false);
        };
        let mut is_done = true;
        for (index, due) in receiver.work(item)?.follow_ups.iter().enumerate() {
            let now = platform.now();
            let first = due.tries_at.first().copied().unwrap_or(now);
            let key = (item.number(), index);
            let tried = self.tried.entry(key).or_insert(Tried { tries: 0, next_at: first, is_done: false });
            if tried.is_done {
                continue;
            }
            if due.until <= now {
                (tried.is_done, followed.expired) = (true, followed.expired + 1);
                continue;
            }
            if tried.next_at > now {
                is_done = false;
                continue;
            }
            let asking = Asking { source, graph, platform };
            match asking.make(&due.call, followed) {
                Ok(Ended::Done(facts)) => {
                    tell(graph, now, &facts, followed)?;
                    tried.is_done = true;
                }
                Ok(Ended::Told) => {
                    followed.told.push(due.call.clone());
                    tried.is_done = true;
                }
                Ok(Ended::TooEarly) => is_done &= !later(tried, due, now),
                Err(error @ Error::Call { failure: CallFailure::Refused(_) | CallFailure::Spent(_), .. }) => {
                    followed.failed.push(error);
                    tried.is_done = true;
                }
                Err(error @ Error::Call { .. }) => {
                    tried.tries += 1;
                    let doublings = tried.tries.min(AGAIN_DOUBLINGS_MAX);
                    tried.next_at = now.plus_ms(AGAIN_MS << doublings);
                    followed.failed.push(error);
                    is_done = false;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(is_done)
    }
}

/// The next time of the event, if there is one; whether there is.
fn later(tried: &mut Tried, due: &FollowUp, now: Time) -> bool {
    let next = due.tries_at.iter().find(|at| **at > now);
    match next {
        Some(at) => (tried.tries, tried.next_at) = (tried.tries + 1, *at),
        None => tried.is_done = true,
    }
    next.is_some()
}

fn tell(graph: &Graph, now: Time, facts: &[Fact], followed: &mut Followed) -> Result<()> {
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

/// Who asks, and whom.
struct Asking<'a> {
    source: &'a Source,
    graph: &'a Graph,
    platform: &'a Platform,
}

impl Asking<'_> {
    fn make(&self, call: &Call, followed: &mut Followed) -> Result<Ended> {
        let store = self.platform.store();
        match call {
            Call::ReadCustomer { external } => self.customer(external, followed),
            Call::ReadChat { chat } => {
                let request = Request::post(&GROUP_GET, &json!({"chat_id": chat.spelling(), "need_name": 0}));
                self.read((chat, &request), "work.group_get", followed)
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
                store.save(&suite_ticket(suite), ticket)?;
                Ok(Ended::Done(Vec::new()))
            }
            Call::StoreComponentTicket { component, ticket } => {
                store.save(&component_ticket(component), ticket)?;
                Ok(Ended::Done(Vec::new()))
            }
            Call::ExchangeAuthCode { suite, code } => self.exchange_corp(suite, code),
            Call::ExchangeAuthorization { code, .. } => self.exchange_app(code),
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
