//! Corps: employees, their customers, and the calls about them (wechat reference 12).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::simulator::call::{Answer, Call, Caller, Errcode, ok, refused, with};
use crate::simulator::group::Group;
use crate::simulator::ids::Space;
use crate::simulator::login::phone_of;
use crate::simulator::upgrade::Sort;
use crate::simulator::world::{DOWNSTREAM, OFFICIAL, PROVIDER_MINI, World};

/// Employees of a call, and pairs of a page.
const BATCH_MAX: usize = 100;
/// Customers of a page whom nobody is assigned to.
const PAGE_MAX: usize = 1_000;
/// Followers of a page.
const FOLLOWERS_MAX: usize = 500;

/// How a customer came (wechat reference 12.3): by a QR code, or by an acquisition link.
pub(super) const BY_CODE: i64 = 1;
pub(super) const BY_LINK: i64 = 16;

/// External ids of one view: of users of WeChat, and of users of another company's WeCom.
pub(super) struct Externals {
    accounts: u32,
    wechat: Space,
    wecom: Space,
}

impl Externals {
    pub(super) fn new(seed: u64, issuer: &str, view: &str, accounts: u32) -> Externals {
        let space = |prefix| Space::of_work(seed, prefix, issuer, view);
        Externals { accounts, wechat: space("wm"), wecom: space("wo") }
    }

    pub(super) fn id(&self, account: u32) -> String {
        let space = if account < self.accounts { &self.wechat } else { &self.wecom };
        space.id(account.into())
    }

    pub(super) fn account(&self, id: &str) -> Option<u32> {
        self.wechat.account(id).or_else(|| self.wecom.account(id))
    }
}

/// An employee has a customer.
#[derive(Clone)]
pub(super) struct Contact {
    pub(super) since_ms: i64,
    pub(super) add_way: i64,
    pub(super) state: String,
    /// Calls do not see it before, as after an event.
    pub(super) readable_ms: i64,
}

/// A corp.
pub(super) struct Corp {
    pub(super) corpid: String,
    pub(super) employees: Vec<String>,
    pub(super) contacts: BTreeMap<(u32, u32), Contact>,
    /// Employees' lists: employee and account.
    pub(super) of_employee: BTreeSet<(u32, u32)>,
    /// Pairs that ended, which reads of the contact still show until then.
    pub(super) stale: BTreeMap<(u32, u32), (Contact, i64)>,
    /// Employees who left.
    pub(super) departed: BTreeSet<u32>,
    /// Relations of employees who left: employee's name, account, time.
    pub(super) unassigned: Vec<(String, u32, i64)>,
    pub(super) groups: Vec<Group>,
    pub(super) external: Externals,
    pub(super) chats: Space,
    /// Tags that the corp gives its customers.
    pub(super) tags: Space,
    pub(super) web: Space,
    pub(super) pay: Space,
}

impl Corp {
    pub(super) fn new(seed: u64, corpid: &str, accounts: u32) -> Corp {
        Corp {
            corpid: corpid.to_owned(),
            employees: Vec::new(),
            contacts: BTreeMap::new(),
            of_employee: BTreeSet::new(),
            stale: BTreeMap::new(),
            departed: BTreeSet::new(),
            unassigned: Vec::new(),
            groups: Vec::new(),
            external: Externals::new(seed, corpid, corpid, accounts),
            chats: Space::of_work(seed, "wr", corpid, corpid),
            tags: Space::of_work(seed, "et", corpid, corpid),
            web: Space::of_weixin(seed, "web", corpid),
            pay: Space::of_weixin(seed, "pay", corpid),
        }
    }

    pub(super) fn employee(&self, userid: &str) -> Option<u32> {
        let at = self.employees.iter().position(|name| name.eq_ignore_ascii_case(userid))?;
        u32::try_from(at).ok().filter(|employee| !self.departed.contains(employee))
    }

    pub(super) fn userid(&self, employee: u32) -> &str {
        usize::try_from(employee).ok().and_then(|at| self.employees.get(at)).map_or("", String::as_str)
    }

    /// Who is employed now.
    fn staff(&self) -> impl Iterator<Item = u32> {
        let all = 0..u32::try_from(self.employees.len()).unwrap_or(0);
        all.filter(|employee| !self.departed.contains(employee))
    }

    /// Who has an account as customer, as a read of it shows at a time.
    fn read(&self, account: u32, now_ms: i64) -> BTreeMap<u32, &Contact> {
        let pairs = (account, 0)..=(account, u32::MAX);
        let stale = self.stale.range(pairs).filter(|(_, (_, until_ms))| *until_ms > now_ms);
        let stale = stale.map(|((_, user), (contact, _))| (*user, contact));
        let living = self.followers(account).filter(|(_, contact)| contact.readable_ms <= now_ms);
        stale.chain(living).collect()
    }

    /// Who has an account as customer.
    pub(super) fn followers(&self, account: u32) -> impl Iterator<Item = (u32, &Contact)> {
        self.contacts.range((account, 0)..=(account, u32::MAX)).map(|((_, user), contact)| (*user, contact))
    }
}

impl World {
    pub(super) fn corp(&self, number: usize) -> &Corp {
        let [corp, downstream] = &self.corps;
        if number == DOWNSTREAM { downstream } else { corp }
    }

    /// Makes an account a customer of an employee, as `(when, state)`: who has a state came by the link with it.
    pub(super) fn befriend(
        &mut self,
        corp: usize,
        account: u32,
        employee: u32,
        (since_ms, state): (i64, &str),
    ) {
        let add_way = if state.is_empty() { BY_CODE } else { BY_LINK };
        let contact = Contact { since_ms, add_way, state: state.to_owned(), readable_ms: 0 };
        self.acquaint(corp, account, employee, contact);
    }

    /// Makes an account a customer of an employee.
    pub(super) fn acquaint(&mut self, corp: usize, account: u32, employee: u32, contact: Contact) {
        let Some(corp) = self.corps.get_mut(corp) else { return };
        corp.contacts.insert((account, employee), contact);
        corp.of_employee.insert((employee, account));
    }

    /// The external id of an account, as a caller sees it.
    pub(super) fn external_id(&self, caller: Caller, account: u32) -> String {
        if self.has_own(caller, Sort::Externals) {
            return self.corp(self.corp_number(caller)).external.id(account);
        }
        self.provided.external.id(account)
    }

    pub(super) fn external_account(&self, caller: Caller, id: &str) -> Option<u32> {
        let own = self.has_own(caller, Sort::Externals);
        let own = own.then(|| self.corp(self.corp_number(caller)).external.account(id)).flatten();
        own.or_else(|| {
            let is_taken = self.takes_provided(caller, Sort::Externals);
            is_taken.then(|| self.provided.external.account(id)).flatten()
        })
    }

    /// A tag of the corp's, as a caller sees it.
    fn tag_id(&self, caller: Caller) -> String {
        let is_own = self.has_own(caller, Sort::Externals);
        let tags = if is_own { &self.corp(self.corp_number(caller)).tags } else { &self.provided.tags };
        tags.id(1)
    }

    /// The name of an employee, as a caller sees it.
    pub(super) fn userid(&self, caller: Caller, employee: u32) -> String {
        if self.has_own(caller, Sort::Users) {
            return self.corp(self.corp_number(caller)).userid(employee).to_owned();
        }
        self.provided.users.id(employee.into())
    }

    pub(super) fn employee(&self, caller: Caller, userid: &str) -> Option<u32> {
        let corp = self.corp(self.corp_number(caller));
        let own = self.has_own(caller, Sort::Users).then(|| corp.employee(userid)).flatten();
        own.or_else(|| {
            let is_taken = self.takes_provided(caller, Sort::Users);
            let provided = is_taken.then(|| self.provided.users.account(userid)).flatten();
            provided.filter(|user| !corp.departed.contains(user))
        })
    }

    /// The unionid that an app is told of an external contact. Of the provider's, those of a corp that has not upgraded:
    /// the one developed for it that of the corp's open account, others that of the provider's own (wechat reference 3.3).
    pub(super) fn unionid_of_contact(&self, caller: Caller, account: u32) -> Option<String> {
        let app = match caller {
            Caller::Own(DOWNSTREAM) => return None,
            Caller::Own(_) => OFFICIAL,
            _ if !self.has_own(caller, Sort::Externals) => return None,
            Caller::Developed => OFFICIAL,
            _ => PROVIDER_MINI,
        };
        (account < self.plan.accounts).then(|| self.unionid(app, account.into())).flatten()
    }

    pub(super) fn follow_user_list(&mut self, call: &Call<'_>) -> Answer {
        let corp = self.corp(self.corp_number(call.caller));
        let users = corp.staff().filter(|user| self.sees(call.caller, *user));
        let users: Vec<String> = users.map(|user| self.userid(call.caller, user)).collect();
        Ok(ok(json!({"follow_user": users})))
    }

    pub(super) fn contact_list(&mut self, call: &Call<'_>) -> Answer {
        let user = self.seen_employee(call.caller, call.param("userid"))?;
        let corp = self.corp(self.corp_number(call.caller));
        let of_user = corp.of_employee.range((user, 0)..=(user, u32::MAX));
        let ids: Vec<String> = of_user.map(|(_, account)| self.external_id(call.caller, *account)).collect();
        if ids.is_empty() { refused(84061) } else { Ok(ok(json!({"external_userid": ids}))) }
    }

    fn external_contact(&self, caller: Caller, account: u32) -> Value {
        let is_wechat = account < self.plan.accounts;
        let contact = json!({
            "external_userid": self.external_id(caller, account), "name": "\u{5c0f}\u{6ee1}",
            "type": if is_wechat { 1 } else { 2 }, "gender": 0,
        });
        let contact = with(contact, "corp_name", (!is_wechat).then_some("\u{4f19}\u{4f34}"));
        with(contact, "unionid", self.unionid_of_contact(caller, account))
    }

    /// What an employee has noted of a customer, and where the customer came from.
    fn follow_user(&self, caller: Caller, account: u32, employee: u32, contact: &Contact) -> Value {
        let info = self.follow_info(caller, account, employee, contact);
        if contact.add_way == BY_LINK {
            let channels = json!({"nickname": "\u{67d0}\u{67d0}", "source": 1});
            return with(with(info, "tags", Some(json!([]))), "wechat_channels", Some(channels));
        }
        let tag = json!({
            "group_name": "\u{6765}\u{6e90}", "tag_name": "\u{95e8}\u{5e97}",
            "tag_id": self.tag_id(caller), "type": 1,
        });
        let info = with(with(info, "tags", Some(json!([tag]))), "remark_corp_name", Some(""));
        // Mobiles that employees typed are not for providers (wechat reference 12.3).
        let mobiles = (!caller.is_provider()).then(|| json!([phone_of(account)]));
        with(info, "remark_mobiles", mobiles)
    }

    fn follow_info(&self, caller: Caller, account: u32, employee: u32, contact: &Contact) -> Value {
        let userid = self.userid(caller, employee);
        let by = if contact.add_way == BY_LINK { self.external_id(caller, account) } else { userid.clone() };
        let info = json!({
            "userid": userid, "remark": "", "description": "", "createtime": contact.since_ms / 1_000,
            "oper_userid": by, "add_way": contact.add_way,
        });
        let state = (!contact.state.is_empty()).then(|| contact.state.clone());
        with(info, "state", state)
    }

    pub(super) fn contact_get(&mut self, call: &Call<'_>) -> Answer {
        let Some(account) = self.external_account(call.caller, call.param("external_userid")) else {
            return refused(40096);
        };
        let corp = self.corp(self.corp_number(call.caller));
        let cursor = self.cursor(call)?;
        let first = cursor.number()?;
        let seen = corp.read(account, self.now_ms).into_iter();
        let followers: Vec<Value> = seen
            .filter(|(user, _)| self.sees(call.caller, *user))
            .map(|(user, contact)| self.follow_user(call.caller, account, user, contact))
            .collect();
        if followers.is_empty() {
            // Somebody has him, whom the app may not see.
            return refused(if corp.read(account, self.now_ms).is_empty() { 84061 } else { 60011 });
        }
        let more = followers.len() > first + FOLLOWERS_MAX;
        let page: Vec<Value> = followers.into_iter().skip(first).take(FOLLOWERS_MAX).collect();
        let contact = with(self.external_contact(call.caller, account), "avatar", Some(""));
        let next = more.then(|| (first + FOLLOWERS_MAX).to_string());
        let next = self.next_cursor(&cursor, next);
        Ok(ok(json!({"external_contact": contact, "follow_user": page, "next_cursor": next})))
    }

    pub(super) fn contact_batch(&mut self, call: &Call<'_>) -> Answer {
        let users = call.list("userid_list", BATCH_MAX)?;
        let found: Vec<u32> = users.iter().filter_map(|name| self.employee(call.caller, name)).collect();
        if found.len() < users.len() {
            return refused(40031);
        }
        if !found.iter().all(|user| self.sees(call.caller, *user)) {
            return refused(60011);
        }
        let most = call.number("limit").and_then(|most| usize::try_from(most).ok()).unwrap_or(50);
        if most > BATCH_MAX {
            return refused(40058);
        }
        let most = self.faults.page_len(most);
        let cursor = self.cursor(call)?;
        let (first, from) = batch_place(&cursor.place)?;
        let corp = self.corp(self.corp_number(call.caller));
        let pairs = found.iter().enumerate().skip(first).flat_map(|(at, user)| {
            let from = if at == first { from } else { 0 };
            corp.of_employee
                .range((*user, from)..=(*user, u32::MAX))
                .map(move |(_, account)| (at, *user, *account))
        });
        // An employee's list may show who has left him; what is read of him is no more.
        let seen = pairs.filter(|(_, user, account)| corp.contacts.contains_key(&(*account, *user)));
        let mut page: Vec<(usize, u32, u32)> = seen.take(most + 1).collect();
        if page.is_empty() && cursor.place.is_empty() {
            return refused(84061);
        }
        let next = if page.len() > most { page.pop() } else { None };
        let tag = self.tag_id(call.caller);
        let tags = |contact: &Contact| if contact.add_way == BY_CODE { json!([tag]) } else { json!([]) };
        let rows = page.iter().filter_map(|(_, user, account)| {
            let contact = corp.contacts.get(&(*account, *user))?;
            Some(json!({
                "external_contact": self.external_contact(call.caller, *account),
                "follow_info": with(self.follow_info(call.caller, *account, *user, contact), "tag_id", Some(tags(contact))),
            }))
        });
        let rows: Vec<Value> = rows.collect();
        let next = next.map(|(at, _, account)| format!("{at}_{account}"));
        let next = self.next_cursor(&cursor, next);
        Ok(ok(json!({"external_contact_list": rows, "next_cursor": next})))
    }

    pub(super) fn unassigned_list(&mut self, call: &Call<'_>) -> Answer {
        let most = call.number("page_size").and_then(|most| usize::try_from(most).ok()).unwrap_or(PAGE_MAX);
        if most == 0 || most > PAGE_MAX {
            return refused(40058);
        }
        let (cursor, most) = (self.cursor(call)?, self.faults.page_len(most));
        let first = cursor.number()?;
        let corp = self.corp(self.corp_number(call.caller));
        let rows = corp.unassigned.iter().skip(first).take(most).map(|(userid, account, at_ms)| {
            let handover = match corp.employees.iter().position(|name| name == userid) {
                Some(user) => self.userid(call.caller, u32::try_from(user).unwrap_or(0)),
                None => userid.clone(),
            };
            json!({
                "handover_userid": handover, "external_userid": self.external_id(call.caller, *account),
                "dimission_time": at_ms / 1_000,
            })
        });
        let rows: Vec<Value> = rows.collect();
        let next = (corp.unassigned.len() > first + most).then(|| (first + most).to_string());
        let next = self.next_cursor(&cursor, next);
        Ok(ok(json!({"info": rows, "is_last": next.is_empty(), "next_cursor": next})))
    }

    pub(super) fn pay_openid_of_contact(&mut self, call: &Call<'_>) -> Answer {
        let account = self.external_account(call.caller, call.text("external_userid"));
        match account {
            Some(account) if account < self.plan.accounts => {
                let corp = self.corp(self.corp_number(call.caller));
                Ok(ok(json!({"openid": corp.pay.id(account.into())})))
            }
            _ => refused(40096),
        }
    }

    /// Employees are numbered behind all accounts: what account of WeChat one has is not known here.
    pub(super) fn pay_openid_of_employee(&mut self, call: &Call<'_>) -> Answer {
        let user = self.seen_employee(call.caller, call.text("userid"))?;
        let corp = self.corp(self.corp_number(call.caller));
        Ok(ok(json!({"openid": corp.pay.id((1 << 36) + u64::from(user))})))
    }
}

/// Where a page of pairs begins: which of the employees, and from which customer on.
fn batch_place(place: &str) -> Result<(usize, u32), Errcode> {
    if place.is_empty() {
        return Ok((0, 0));
    }
    let parsed =
        place.split_once('_').and_then(|(at, account)| Some((at.parse().ok()?, account.parse().ok()?)));
    parsed.ok_or(Errcode(40058))
}
