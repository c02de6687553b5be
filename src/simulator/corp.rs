//! Corps: employees, their customers, and the calls about them (wechat reference 12).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::simulator::call::{Answer, Call, Caller, Errcode, ok, refused, with};
use crate::simulator::group::Group;
use crate::simulator::ids::Space;
use crate::simulator::world::{CORP, DOWNSTREAM, OFFICIAL, World};

/// Employees of a call, and pairs of a page.
const BATCH_MAX: usize = 100;
/// Followers of a page.
const FOLLOWERS_MAX: usize = 500;

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
    pub(super) of_employee: BTreeSet<(u32, u32)>,
    /// Relations of employees who left: employee's name, account, time.
    pub(super) unassigned: Vec<(String, u32, i64)>,
    pub(super) groups: Vec<Group>,
    pub(super) external: Externals,
    pub(super) chats: Space,
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
            unassigned: Vec::new(),
            groups: Vec::new(),
            external: Externals::new(seed, corpid, corpid, accounts),
            chats: Space::of_work(seed, "wr", corpid, corpid),
            web: Space::of_weixin(seed, "web", corpid),
            pay: Space::of_weixin(seed, "pay", corpid),
        }
    }

    pub(super) fn employee(&self, userid: &str) -> Option<u32> {
        let at = self.employees.iter().position(|name| name.eq_ignore_ascii_case(userid))?;
        u32::try_from(at).ok()
    }

    pub(super) fn userid(&self, employee: u32) -> &str {
        usize::try_from(employee).ok().and_then(|at| self.employees.get(at)).map_or("", String::as_str)
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

    /// Makes an account a customer of an employee, as `(when, state)`.
    pub(super) fn befriend(
        &mut self,
        corp: usize,
        account: u32,
        employee: u32,
        (since_ms, state): (i64, &str),
    ) {
        let Some(corp) = self.corps.get_mut(corp) else { return };
        let add_way = if state.is_empty() { 1 } else { 16 };
        let contact = Contact { since_ms, add_way, state: state.to_owned(), readable_ms: 0 };
        corp.contacts.insert((account, employee), contact);
        corp.of_employee.insert((employee, account));
    }

    /// The external id of an account, as a caller sees it.
    pub(super) fn external_id(&self, caller: Caller, account: u32) -> String {
        match caller {
            Caller::Own(number) => self.corp(number).external.id(account),
            _ => self.provided.external.id(account),
        }
    }

    pub(super) fn external_account(&self, caller: Caller, id: &str) -> Option<u32> {
        match caller {
            Caller::Own(number) => self.corp(number).external.account(id),
            _ => self.provided.external.account(id),
        }
    }

    /// The name of an employee, as a caller sees it.
    pub(super) fn userid(&self, caller: Caller, employee: u32) -> String {
        if caller.is_provider() {
            return self.provided.users.id(employee.into());
        }
        self.corp(self.corp_number(caller)).userid(employee).to_owned()
    }

    pub(super) fn employee(&self, caller: Caller, userid: &str) -> Option<u32> {
        if caller.is_provider() {
            return self.provided.users.account(userid);
        }
        self.corp(self.corp_number(caller)).employee(userid)
    }

    /// The unionid that a corp's own app is told of an external contact.
    pub(super) fn unionid_of_contact(&self, caller: Caller, account: u32) -> Option<String> {
        let is_told = caller == Caller::Own(CORP) && account < self.plan.accounts;
        is_told.then(|| self.unionid(OFFICIAL, account.into())).flatten()
    }

    pub(super) fn follow_user_list(&mut self, call: &Call<'_>) -> Answer {
        let corp = self.corp(self.corp_number(call.caller));
        let number = u32::try_from(corp.employees.len()).unwrap_or(0);
        let users = (0..number).filter(|user| self.sees(call.caller, *user));
        let users: Vec<String> = users.map(|user| self.userid(call.caller, user)).collect();
        Ok(ok(json!({"follow_user": users})))
    }

    pub(super) fn contact_list(&mut self, call: &Call<'_>) -> Answer {
        let Some(user) = self.employee(call.caller, call.param("userid")) else { return refused(60111) };
        if !self.sees(call.caller, user) {
            return refused(60011);
        }
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
        with(contact, "unionid", self.unionid_of_contact(caller, account))
    }

    fn follow_info(&self, caller: Caller, account: u32, employee: u32, contact: &Contact) -> Value {
        let userid = self.userid(caller, employee);
        let by = if contact.add_way == 16 { self.external_id(caller, account) } else { userid.clone() };
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
        let seen = corp
            .followers(account)
            .filter(|(user, contact)| self.sees(call.caller, *user) && contact.readable_ms <= self.now_ms);
        let first: usize = call.param("cursor").parse().unwrap_or(0);
        let followers: Vec<Value> = seen
            .map(|(user, contact)| {
                let info = self.follow_info(call.caller, account, user, contact);
                with(info, "tags", Some(json!([])))
            })
            .collect();
        if followers.is_empty() {
            return refused(84061);
        }
        let more = followers.len() > first + FOLLOWERS_MAX;
        let page: Vec<Value> = followers.into_iter().skip(first).take(FOLLOWERS_MAX).collect();
        let answer =
            json!({"external_contact": self.external_contact(call.caller, account), "follow_user": page});
        Ok(ok(with(answer, "next_cursor", more.then(|| (first + FOLLOWERS_MAX).to_string()))))
    }

    pub(super) fn contact_batch(&mut self, call: &Call<'_>) -> Answer {
        let users = call.list("userid_list", BATCH_MAX)?;
        let found: Vec<u32> = users.iter().filter_map(|name| self.employee(call.caller, name)).collect();
        if found.len() < users.len() {
            return refused(40031);
        }
        let most = call.number("limit").and_then(|most| usize::try_from(most).ok()).unwrap_or(50);
        if most > BATCH_MAX {
            return refused(40058);
        }
        let most = self.faults.page_len(most);
        // A cursor is where the next page begins: which of the employees, and from which customer on.
        let (first, from) = self.batch_cursor(call.text("cursor"))?;
        let corp = self.corp(self.corp_number(call.caller));
        let pairs = found.iter().enumerate().skip(first).flat_map(|(at, user)| {
            let from = if at == first { from } else { 0 };
            corp.of_employee
                .range((*user, from)..=(*user, u32::MAX))
                .map(move |(_, account)| (at, *user, *account))
        });
        let seen = pairs.filter(|(_, user, _)| self.sees(call.caller, *user));
        let mut page: Vec<(usize, u32, u32)> = seen.take(most + 1).collect();
        if page.is_empty() && call.text("cursor").is_empty() {
            return refused(84061);
        }
        let next = if page.len() > most { page.pop() } else { None };
        let rows = page.iter().filter_map(|(_, user, account)| {
            let contact = corp.contacts.get(&(*account, *user))?;
            Some(json!({
                "external_contact": self.external_contact(call.caller, *account),
                "follow_info": with(self.follow_info(call.caller, *account, *user, contact), "tag_id", Some(json!([]))),
            }))
        });
        let rows: Vec<Value> = rows.collect();
        let next = next.map_or(String::new(), |(at, _, account)| format!("c{at}_{account}"));
        let next = if self.faults.take_loop() { call.text("cursor").to_owned() } else { next };
        Ok(ok(json!({"external_contact_list": rows, "next_cursor": next})))
    }

    fn batch_cursor(&self, cursor: &str) -> Result<(usize, u32), Errcode> {
        if cursor.is_empty() {
            return Ok((0, 0));
        }
        let parts = cursor.strip_prefix('c').and_then(|rest| rest.split_once('_'));
        let parsed = parts.and_then(|(at, account)| Some((at.parse().ok()?, account.parse().ok()?)));
        parsed.ok_or(Errcode(40058))
    }

    pub(super) fn unassigned_list(&mut self, call: &Call<'_>) -> Answer {
        let corp = self.corp(self.corp_number(call.caller));
        let rows = corp.unassigned.iter().map(|(userid, account, at_ms)| {
            json!({
                "handover_userid": userid, "external_userid": self.external_id(call.caller, *account),
                "dimission_time": at_ms / 1_000,
            })
        });
        let rows: Vec<Value> = rows.collect();
        Ok(ok(json!({"info": rows, "is_last": true, "next_cursor": ""})))
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
        let Some(user) = self.employee(call.caller, call.text("userid")) else { return refused(60111) };
        let corp = self.corp(self.corp_number(call.caller));
        Ok(ok(json!({"openid": corp.pay.id((1 << 36) + u64::from(user))})))
    }
}
