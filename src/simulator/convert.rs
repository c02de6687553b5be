//! Conversions of ids (wechat reference 13 and 14).

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::simulator::app::Subject;
use crate::simulator::call::{Answer, Call, Caller, Errcode, ok, refused};
use crate::simulator::ids::Space;
use crate::simulator::world::{BRANCH, CORP, DOWNSTREAM, World};

/// A pending id lives so long.
const PENDING_MS: i64 = 90 * 86_400_000;
/// A mass-call ticket does.
const MASS_CALL_MS: i64 = 7 * 86_400_000;
const PENDINGS_MAX: usize = 100;
const IDS_MAX: usize = 1_000;

/// Accounts that were asked for before they were customers, or out of sight; by the corp's view and by the linked one.
#[derive(Default)]
pub(super) struct Pendings {
    by_id: BTreeMap<String, u32>,
    /// The last of an account, and when it ends.
    latest: BTreeMap<(u32, bool), (String, i64)>,
}

impl World {
    /// The account that a unionid and an openid of the same app mean, with the app.
    fn visitor(&self, call: &Call<'_>) -> Result<(usize, u32), Errcode> {
        let (unionid, openid) = (call.text("unionid"), call.text("openid"));
        let found = self.apps.iter().enumerate().find_map(|(number, app)| {
            let account = app.openids.account(openid)?;
            (self.unionid(number, account.into()).as_deref() == Some(unionid)).then_some((number, account))
        });
        found.ok_or(Errcode(40073))
    }

    fn is_of(&self, app: usize, subject: Subject) -> bool {
        self.app(app).is_some_and(|app| app.subject == subject)
    }

    fn pending(&mut self, account: u32, is_linked: bool) -> String {
        if let Some(id) = self.live_pending(account, is_linked) {
            return id.to_owned();
        }
        let id = format!("p{}", self.draw("pending", 31));
        self.pendings.by_id.insert(id.clone(), account);
        self.pendings.latest.insert((account, is_linked), (id.clone(), self.now_ms + PENDING_MS));
        id
    }

    pub(super) fn unionid_to_external(&mut self, call: &Call<'_>) -> Answer {
        if !call.caller.is_provider() {
            return refused(48002);
        }
        let subject = if call.number("subject_type") == Some(1) { Subject::Provider } else { Subject::Owner };
        let (app, account) = self.visitor(call)?;
        if !self.is_of(app, subject) {
            return refused(40058);
        }
        if self.sees_account(call.caller, account) {
            return Ok(ok(json!({"external_userid": self.external_id(call.caller, account)})));
        }
        Ok(ok(json!({"pending_id": self.pending(account, false)})))
    }

    /// The older form: it has no pending ids.
    pub(super) fn unionid_to_external_old(&mut self, call: &Call<'_>) -> Answer {
        let (app, account) = self.visitor(call)?;
        if !self.is_of(app, Subject::Owner) || !call.caller.is_provider() {
            return refused(48002);
        }
        if !self.sees_account(call.caller, account) {
            return refused(84061);
        }
        Ok(ok(json!({"external_userid": self.external_id(call.caller, account)})))
    }

    pub(super) fn unionid_to_external_3rd(&mut self, call: &Call<'_>) -> Answer {
        let (app, account) = self.visitor(call)?;
        if !self.is_of(app, Subject::Provider) {
            return refused(40058);
        }
        let is_one = self.sees_account(call.caller, account);
        let row = is_one.then(|| {
            json!({"corpid": self.corpid(call.caller), "external_userid": self.external_id(call.caller, account)})
        });
        Ok(ok(json!({"external_userid_info": Vec::from_iter(row)})))
    }

    pub(super) fn linked_external(&mut self, call: &Call<'_>) -> Answer {
        let (app, account) = self.visitor(call)?;
        if !self.is_of(app, Subject::Owner) || call.caller != Caller::Own(CORP) {
            return refused(48002);
        }
        let is_one = self.corp(DOWNSTREAM).followers(account).next().is_some();
        let row = is_one
            .then(|| json!({"corpid": self.topology.downstream, "external_userid": self.linked.id(account)}));
        Ok(ok(json!({"external_userid_info": Vec::from_iter(row)})))
    }

    pub(super) fn linked_pending(&mut self, call: &Call<'_>) -> Answer {
        let (app, account) = self.visitor(call)?;
        if !self.is_of(app, Subject::Owner) || call.caller != Caller::Own(CORP) {
            return refused(48002);
        }
        Ok(ok(json!({"pending_id": self.pending(account, true)})))
    }

    pub(super) fn external_to_pending(&mut self, call: &Call<'_>) -> Answer {
        let listed = call.list("external_userid", PENDINGS_MAX)?;
        let chat = match call.text("chat_id") {
            "" => None,
            chat => Some(self.group_of(call.caller, chat).ok_or(Errcode(86001))?),
        };
        let rows = listed.iter().filter_map(|id| {
            let account = self.external_account(call.caller, id)?;
            let corp = self.corp(self.corp_number(call.caller));
            let is_seen = match chat.and_then(|chat| corp.groups.get(chat)) {
                Some(group) => {
                    self.sees(call.caller, group.owner)
                        && group.members.iter().any(|member| member.account == account)
                }
                None => corp.followers(account).any(|(user, _)| self.sees(call.caller, user)),
            };
            let pending = self.live_pending(account, false).filter(|_| is_seen)?;
            Some(json!({"external_userid": id, "pending_id": pending}))
        });
        let rows: Vec<Value> = rows.collect();
        Ok(ok(json!({"result": rows})))
    }

    fn live_pending(&self, account: u32, is_linked: bool) -> Option<&str> {
        let (id, until_ms) = self.pendings.latest.get(&(account, is_linked))?;
        (*until_ms > self.now_ms).then_some(id.as_str())
    }

    pub(super) fn linked_external_to_pending(&mut self, call: &Call<'_>) -> Answer {
        let listed = call.list("external_userid", PENDINGS_MAX)?;
        let rows = listed.iter().filter_map(|id| {
            let account = match call.caller {
                Caller::Own(DOWNSTREAM) => self.external_account(call.caller, id),
                _ => self.linked.account(id),
            };
            let account =
                account.filter(|account| self.corp(DOWNSTREAM).followers(*account).next().is_some())?;
            Some(json!({"external_userid": id, "pending_id": self.live_pending(account, true)?}))
        });
        let rows: Vec<Value> = rows.collect();
        Ok(ok(json!({"result": rows})))
    }

    /// The corp's value to the provider's; what is the provider's already comes back as it is.
    pub(super) fn new_external(&mut self, call: &Call<'_>) -> Answer {
        self.may_convert(call.caller)?;
        let listed = call.list("external_userid_list", IDS_MAX)?;
        let group = match call.text("chat_id") {
            "" => None,
            chat => Some(self.group_of(call.caller, chat).ok_or(Errcode(86001))?),
        };
        let corp = &self.corp(CORP).external;
        let rows = listed.iter().filter(|id| self.is_shown(id, group)).filter_map(|id| {
            let new = match corp.account(id) {
                Some(account) => self.provided.external.id(account),
                None => self.provided.external.account(id).map(|_| (*id).to_owned())?,
            };
            Some(json!({"external_userid": id, "new_external_userid": new}))
        });
        let rows: Vec<Value> = rows.collect();
        Ok(ok(json!({"items": rows})))
    }

    /// Whether a conversion shows an account: to whom it is a customer's, or a member's of the group that is asked about.
    fn is_shown(&self, id: &str, group: Option<usize>) -> bool {
        let corp = self.corp(CORP);
        let account = corp.external.account(id).or_else(|| self.provided.external.account(id));
        account.is_some_and(|account| match group {
            None => corp.contacts.range((account, 0)..=(account, u32::MAX)).next().is_some(),
            Some(group) => corp
                .groups
                .get(group)
                .is_some_and(|group| group.members.iter().any(|member| member.account == account)),
        })
    }

    pub(super) fn service_external(&mut self, call: &Call<'_>) -> Answer {
        self.may_convert(call.caller)?;
        let account = self.corp(CORP).external.account(call.text("external_userid"));
        match account {
            Some(account) if call.caller == Caller::Developed => {
                Ok(ok(json!({"external_userid": self.provided.external.id(account)})))
            }
            Some(_) => refused(48002),
            None => refused(40096),
        }
    }

    pub(super) fn external_of_service(&mut self, call: &Call<'_>) -> Answer {
        let account = self.provided.external.account(call.text("external_userid"));
        match account {
            None => refused(40096),
            Some(_) if !matches!(call.caller, Caller::Own(CORP | BRANCH)) => refused(48002),
            // Both apps must see him.
            Some(account)
                if self.sees_account(call.caller, account)
                    && self.sees_account(Caller::SuiteCorp, account) =>
            {
                Ok(ok(json!({"external_userid": self.corp(CORP).external.id(account)})))
            }
            Some(_) => refused(60011),
        }
    }

    pub(super) fn convert_temporary(&mut self, call: &Call<'_>) -> Answer {
        let listed = call.list("tmp_external_userid_list", PENDINGS_MAX)?;
        let (mut rows, mut invalid) = (Vec::new(), Vec::new());
        for id in listed {
            match self.provided.temporary.account(id) {
                Some(account) => rows.push(json!({
                    "tmp_external_userid": id, "external_userid": self.external_id(call.caller, account),
                })),
                None => invalid.push(id),
            }
        }
        Ok(ok(json!({"results": rows, "invalid_tmp_external_userid_list": invalid})))
    }

    pub(super) fn userid_to_open(&mut self, call: &Call<'_>) -> Answer {
        if !call.caller.is_provider() {
            return refused(48002);
        }
        let (mut rows, mut invalid) = (Vec::new(), Vec::new());
        for userid in call.list("userid_list", IDS_MAX)? {
            match self.corp(CORP).employee(userid) {
                Some(user) => {
                    rows.push(json!({"userid": userid, "open_userid": self.provided.users.id(user.into())}))
                }
                None => invalid.push(userid),
            }
        }
        Ok(ok(json!({"open_userid_list": rows, "invalid_userid_list": invalid})))
    }

    pub(super) fn open_to_userid(&mut self, call: &Call<'_>) -> Answer {
        let (mut rows, mut invalid) = (Vec::new(), Vec::new());
        for open in call.list("open_userid_list", IDS_MAX)? {
            match self.provided.users.account(open) {
                Some(user) => {
                    rows.push(json!({"open_userid": open, "userid": self.corp(CORP).userid(user)}));
                }
                None => invalid.push(open),
            }
        }
        Ok(ok(json!({"userid_list": rows, "invalid_open_userid_list": invalid})))
    }

    pub(super) fn corpid_to_open(&mut self, call: &Call<'_>) -> Answer {
        if call.text("corpid") != self.topology.corp {
            return refused(40013);
        }
        Ok(ok(json!({"open_corpid": self.topology.open_corp})))
    }

    /// The ids of chats after the upgrade: only before it.
    pub(super) fn new_chats(&mut self, call: &Call<'_>) -> Answer {
        let is_over = self.provided.chats_upgraded_ms.is_some_and(|from| from <= self.now_ms);
        if call.caller != Caller::Developed || is_over {
            return refused(48002);
        }
        let (mut rows, mut invalid) = (Vec::new(), Vec::new());
        for chat in call.list("chat_id_list", IDS_MAX)? {
            match self.corp(CORP).chats.number(chat) {
                Some(group) => {
                    rows.push(json!({"chat_id": chat, "new_chat_id": self.provided.chats.id(group)}))
                }
                None => invalid.push(chat),
            }
        }
        Ok(ok(json!({"items": rows, "invalid_chat_id_list": invalid})))
    }

    pub(super) fn upgrade_chats(&mut self, call: &Call<'_>) -> Answer {
        let at_ms = call.number("upgrade_time").unwrap_or(0) * 1_000;
        if call.caller != Caller::Developed || at_ms < self.now_ms - 1_000 {
            return refused(40058);
        }
        self.provided.chats_upgraded_ms = Some(at_ms);
        Ok(ok(json!({})))
    }

    /// Once for the corp, and good for seven days.
    pub(super) fn mass_call_ticket(&mut self, call: &Call<'_>) -> Answer {
        if !call.caller.is_provider() && call.caller != Caller::Own(CORP) {
            return refused(48002);
        }
        let drawn = self.draw("mass call", 32);
        let until_ms = self.now_ms + MASS_CALL_MS;
        let (ticket, _) = self.mass_call.get_or_insert((drawn, until_ms));
        Ok(ok(json!({"mass_call_ticket": ticket})))
    }

    /// Whether a ticket is one that lifts quotas now.
    pub(super) fn has_mass_call_ticket(&self, ticket: &str) -> bool {
        let known = self.mass_call.as_ref();
        known.is_some_and(|(known, until_ms)| known == ticket && *until_ms > self.now_ms)
    }

    /// The ids of a scope in the provider's hands: what the truth needs.
    pub(super) fn temporary(&self) -> &Space {
        &self.provided.temporary
    }

    /// Whose a pending id is.
    pub(super) fn pending_account(&self, id: &str) -> Option<u32> {
        self.pendings.by_id.get(id).copied()
    }
}
