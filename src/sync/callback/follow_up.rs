//! Which calls an event makes due, and when: the platforms say that something changed, and are asked to what.
//!
//! # Invariants
//!   F1 every event of wechat reference 6.8, 6.10, 9.1, 16, 17 and 18 has its row here or in the parsers of events, or
//!      is counted only: it says nothing of ids, and nothing is to be fetched for it (`tests/it/callbacks/table.rs` walks them).
//!   F2 events come before what they tell of can be read (wechat reference 16.1), so reads are tried several times.
//!
//! # Counted only
//!   messages; `SCAN`, `CLICK`, `VIEW`, `LOCATION`, `view_miniprogram`; `user_info_modified`, as profiles are not stored;
//!   `transfer_fail`, `msg_audit_approved`, `change_external_tag`, `change_chain`; quotas, links and visits of
//!   `customer_acquisition`, which name no customer; parties and tags of `change_contact`; `channels_ec_vip_user_auto_add`
//!   and orders told to a linked mini program, which name no id of a known scope; `register_corp`, `corp_arch_auth`,
//!   `unlicensed_notify`, `approve_special_auth`, `cancel_special_auth`.

use crate::error::AnswerError;
use crate::model::{Id, Kind, Time};
use crate::sync::callback::receiver::Product;
use crate::sync::secret::Secret;
use crate::wechat::{Event, IngestOptions, Note, Opt};

/// After how long reads are tried, in milliseconds (wechat reference 16.1).
const READ_AFTER_MS: [i64; 4] = [2_000, 10_000, 60_000, 600_000];
/// After a day the nightly reconciliation has read it: it asks for whoever is new and has no unionid yet.
const READ_UNTIL_MS: i64 = Time::DAY_MS;
/// Lives of what is exchanged (wechat reference 9.1, 10, 16.5).
const CODE_UNTIL_MS: i64 = 600_000;
const SUITE_TICKET_UNTIL_MS: i64 = 1_800_000;
const COMPONENT_TICKET_UNTIL_MS: i64 = 43_200_000;

/// A call that is due, or something the caller has to keep.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Call {
    /// `externalcontact/get` of this customer.
    ReadCustomer {
        /// The external_userid.
        external: Id,
    },
    /// `externalcontact/groupchat/get` of this chat.
    ReadChat {
        /// The chat_id.
        chat: Id,
    },
    /// Nothing is asked: a customer group was dissolved, and who was in it is in it no more.
    EndChat {
        /// The chat_id.
        chat: Id,
        /// When.
        at: Time,
    },
    /// `user/info` of this follower: while he follows, his unionid can be had.
    ReadFollower {
        /// The openid.
        openid: Id,
    },
    /// `idconvert/batch/external_userid_to_pending_id`: what was looked up before this user was added or joined may meet him
    /// now. With a chat: of its members, once they are read.
    PendingIds {
        /// The customer, if one was added.
        external: Option<Id>,
        /// The chat, if somebody joined one.
        chat: Option<Id>,
    },
    /// `externalcontact/customer_acquisition/get_chat_info` by the key of a first message.
    ReadAcquisitionChat {
        /// The ChatKey.
        chat_key: Secret,
    },
    /// `kf/sync_msg` of a customer-service account.
    ReadKfMessages {
        /// The account.
        open_kfid: String,
        /// The one-time token of the event.
        token: Option<Secret>,
    },
    /// `channels/ec/order/get` of a shop's order.
    ReadOrder {
        /// The order.
        order_id: String,
    },
    /// Keep the newest `suite_ticket`, and the one before it.
    StoreSuiteTicket {
        /// The suite.
        suite: String,
        /// The ticket.
        ticket: Secret,
    },
    /// Keep the newest `component_verify_ticket`, and the one before it.
    StoreComponentTicket {
        /// The third-party platform.
        component: String,
        /// The ticket.
        ticket: Secret,
    },
    /// `service/get_permanent_code` by an AuthCode: a corp authorised the suite, or its code was reset.
    ExchangeAuthCode {
        /// The suite.
        suite: String,
        /// The code.
        code: Secret,
    },
    /// `component/api_query_auth` by an AuthorizationCode: an app authorised the platform, or changed what it covers.
    ExchangeAuthorization {
        /// The app.
        authorizer: String,
        /// The code.
        code: Secret,
    },
    /// `service/get_auth_info`: what a corp lets the suite see changed.
    ReadAuthInfo {
        /// The suite.
        suite: String,
        /// The corp, as the suite sees it.
        corp: String,
    },
    /// Stop fetching for a corp: it no longer authorises the suite. What is known stays (wechat reference 16.5).
    StopCorp {
        /// The suite.
        suite: String,
        /// The corp, as the suite sees it.
        corp: String,
    },
    /// Stop fetching for an app: it no longer authorises the platform. What is known stays.
    StopAuthorizer {
        /// The app.
        authorizer: String,
    },
    /// `corpgroup/corp/list_app_share_info`: whom an app is shared with changed.
    ReadSharedApps {
        /// The corp, as the suite sees it.
        corp: String,
    },
    /// A corp's administrator agreed to the upgrade of its external_userids: the conversion may begin
    /// (wechat reference 13.7, 23 E).
    ConvertGeneration {
        /// The corp, as the suite sees it.
        corp: String,
    },
}

impl Call {
    /// Whether it is made before others, which may need what it brings: tickets, and codes that do not live long; and what
    /// takes it back, in the order in which they came.
    pub(crate) fn comes_first(&self) -> bool {
        matches!(
            self,
            Call::StoreSuiteTicket { .. }
                | Call::StoreComponentTicket { .. }
                | Call::ExchangeAuthCode { .. }
                | Call::ExchangeAuthorization { .. }
                | Call::StopCorp { .. }
                | Call::StopAuthorizer { .. }
        )
    }
}

/// A call and its times.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct FollowUp {
    /// What to do.
    pub call: Call,
    /// When to try, earliest first; the next one only if the one before found nothing yet. Never empty.
    pub tries_at: Vec<Time>,
    /// When it is no longer worth it: the code is dead, or the reconciliation has done it.
    pub until: Time,
}

/// Collects the calls of one event.
struct Calls {
    at: Time,
    found: Vec<FollowUp>,
}

impl Calls {
    /// Tried several times (F2).
    fn read(&mut self, call: Call) {
        let tries_at = READ_AFTER_MS.iter().map(|after| self.at.plus_ms(*after)).collect();
        self.found.push(FollowUp { call, tries_at, until: self.at.plus_ms(READ_UNTIL_MS) });
    }

    fn now(&mut self, call: Call, until_ms: i64) {
        self.found.push(FollowUp { call, tries_at: vec![self.at], until: self.at.plus_ms(until_ms) });
    }
}

/// The calls that an event makes due.
pub(super) fn follow_ups(
    product: Product,
    options: &IngestOptions,
    event: &Event,
    notes: &[Note],
    received_at: Time,
) -> Result<Vec<FollowUp>, AnswerError> {
    // A time that is none is told by the parser.
    let at = event.time().ok().flatten().unwrap_or(received_at);
    let mut calls = Calls { at, found: Vec::new() };
    for note in notes {
        if let Note::ReadDue { id, .. } = note {
            match id.kind() {
                Kind::ChatId => calls.read(Call::ReadChat { chat: id.clone() }),
                _ => calls.read(Call::ReadCustomer { external: id.clone() }),
            }
        }
    }
    match product {
        Product::App(_) => of_app(options, event, &mut calls)?,
        Product::Corp | Product::Suite => of_corp(options, event, &mut calls)?,
        Product::Platform => of_platform(options, event, &mut calls)?,
    }
    Ok(calls.found)
}

/// Official accounts, mini programs and shops (wechat reference 6.8, 18).
fn of_app(options: &IngestOptions, event: &Event, calls: &mut Calls) -> Result<(), AnswerError> {
    match event.text("Event")? {
        Some("subscribe") => {
            let openids = options.space(Kind::Openid, Opt::Appid)?;
            calls.read(Call::ReadFollower { openid: event.id("FromUserName", &openids)? });
        }
        Some(name) if name.starts_with("channels_ec_order_") => {
            let order_id = need(event, "order_info.order_id")?.to_owned();
            calls.read(Call::ReadOrder { order_id });
        }
        _ => {}
    }
    Ok(())
}

/// WeCom, in both shapes (wechat reference 16, 17).
fn of_corp(options: &IngestOptions, event: &Event, calls: &mut Calls) -> Result<(), AnswerError> {
    let suite = || Ok(event.text("SuiteId")?.unwrap_or_default().to_owned());
    let corp = || Ok(need(event, "AuthCorpId")?.to_owned());
    let is_provider = !options.is_own_view();
    let name = event.either("Event", "InfoType")?.unwrap_or_default();
    match (name, event.text("ChangeType")?.unwrap_or_default()) {
        ("change_external_contact", "add_external_contact" | "add_half_external_contact") if is_provider => {
            let external = event.id("ExternalUserID", &options.view_space(Kind::ExternalUserid)?)?;
            calls.read(Call::PendingIds { external: Some(external), chat: None });
        }
        ("change_external_chat", "create" | "update") if is_provider => {
            if matches!(event.text("UpdateDetail")?, None | Some("add_member")) {
                let chat = event.id("ChatId", &options.view_space(Kind::ChatId)?)?;
                calls.read(Call::PendingIds { external: None, chat: Some(chat) });
            }
        }
        ("change_external_chat", "dismiss") => {
            let chat = event.id("ChatId", &options.view_space(Kind::ChatId)?)?;
            calls.now(Call::EndChat { chat, at: calls.at }, READ_UNTIL_MS);
        }
        ("customer_acquisition", "customer_start_chat") => {
            let customers = options.view_space(Kind::ExternalUserid)?;
            if let Some(external) = event.id_if_given("ExternalUserID", &customers)? {
                calls.read(Call::ReadCustomer { external });
            }
        }
        ("customer_acquisition", "message_from_customer") => {
            calls.read(Call::ReadAcquisitionChat { chat_key: secret(event, "ChatKey")? });
        }
        ("kf_msg_or_event", _) => {
            let token = event.text("Token")?.map(Secret::new);
            let call = Call::ReadKfMessages { open_kfid: need(event, "OpenKfId")?.to_owned(), token };
            calls.now(call, READ_UNTIL_MS);
        }
        ("suite_ticket", _) => {
            let call = Call::StoreSuiteTicket { suite: suite()?, ticket: secret(event, "SuiteTicket")? };
            calls.now(call, SUITE_TICKET_UNTIL_MS);
        }
        ("create_auth" | "reset_permanent_code", _) => {
            let call = Call::ExchangeAuthCode { suite: suite()?, code: secret(event, "AuthCode")? };
            calls.now(call, CODE_UNTIL_MS);
        }
        ("change_auth", _) => {
            calls.read(Call::ReadAuthInfo { suite: suite()?, corp: corp()? });
        }
        ("cancel_auth", _) => {
            calls.now(Call::StopCorp { suite: suite()?, corp: corp()? }, READ_UNTIL_MS);
        }
        ("share_agent_change", _) => calls.read(Call::ReadSharedApps { corp: corp()? }),
        ("agree_external_userid_migration", _) => {
            calls.now(Call::ConvertGeneration { corp: corp()? }, READ_UNTIL_MS);
        }
        _ => {}
    }
    Ok(())
}

/// Third-party platforms (wechat reference 9.1).
fn of_platform(options: &IngestOptions, event: &Event, calls: &mut Calls) -> Result<(), AnswerError> {
    let authorizer = || Ok(need(event, "AuthorizerAppid")?.to_owned());
    match event.text("InfoType")?.unwrap_or_default() {
        "component_verify_ticket" => {
            let component = options.key(Opt::Component)?;
            let ticket = secret(event, "ComponentVerifyTicket")?;
            calls.now(Call::StoreComponentTicket { component, ticket }, COMPONENT_TICKET_UNTIL_MS);
        }
        "authorized" | "updateauthorized" => {
            let code = secret(event, "AuthorizationCode")?;
            calls.now(Call::ExchangeAuthorization { authorizer: authorizer()?, code }, CODE_UNTIL_MS);
        }
        "unauthorized" => calls.now(Call::StopAuthorizer { authorizer: authorizer()? }, READ_UNTIL_MS),
        _ => {}
    }
    Ok(())
}

fn need<'a>(event: &'a Event, field: &'static str) -> Result<&'a str, AnswerError> {
    event.text(field)?.ok_or(AnswerError::Missing(field))
}

fn secret(event: &Event, field: &'static str) -> Result<Secret, AnswerError> {
    need(event, field).map(Secret::new)
}
