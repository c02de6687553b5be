//! Customer groups (wechat reference 12.7, 12.8).

use serde_json::{Value, json};

use crate::simulator::call::{Answer, Call, Caller, ok, refused, with};
use crate::simulator::ids::{Space, drawn_hex, drawn_number};
use crate::simulator::world::{CORP, MINI, World};

const PAGE_MAX: usize = 1_000;
/// Members of a group who are customers.
const MEMBERS: u32 = 10;

/// A member from outside.
pub(super) struct Member {
    pub(super) account: u32,
    pub(super) since_ms: i64,
}

/// A group.
pub(super) struct Group {
    pub(super) owner: u32,
    pub(super) since_ms: i64,
    pub(super) members: Vec<Member>,
    pub(super) version: u64,
    pub(super) is_dismissed: bool,
}

impl World {
    /// A group of an employee: some customers, and an account that is nobody's contact, if there is one.
    pub(super) fn found_group(&mut self, number: u32, customers: u32) {
        let plan = self.plan.clone();
        let since_ms = plan.start_ms - 86_400_000;
        let mut members: Vec<Member> = (0..MEMBERS.min(customers))
            .map(|member| {
                let drawn =
                    drawn_number(plan.seed, &format!("member {number} {member}")) % u64::from(customers);
                let account = plan.accounts - customers + u32::try_from(drawn).unwrap_or(0);
                Member { account, since_ms: since_ms + i64::from(member) * 1_000 }
            })
            .collect();
        members.sort_by_key(|member| member.account);
        members.dedup_by_key(|member| member.account);
        if number < plan.accounts - customers {
            members.push(Member { account: number, since_ms: since_ms + 60_000 });
        }
        let owner = number % plan.employees.max(1);
        if let Some(corp) = self.corps.get_mut(CORP) {
            corp.groups.push(Group { owner, since_ms, members, version: 1, is_dismissed: false });
        }
    }

    /// The id of a chat, as a caller sees it. The developed agent sees the corp's own until it has upgraded.
    pub(super) fn chat_id(&self, caller: Caller, group: usize) -> String {
        let is_upgraded = self.provided.chats_upgraded_ms.is_some_and(|from| from <= self.now_ms);
        self.chats(caller, is_upgraded).id(group as u64)
    }

    pub(super) fn chats(&self, caller: Caller, is_upgraded: bool) -> &Space {
        match caller {
            Caller::Own(number) => &self.corp(number).chats,
            Caller::Developed if !is_upgraded => &self.corp(CORP).chats,
            _ => &self.provided.chats,
        }
    }

    pub(super) fn group_of(&self, caller: Caller, chat: &str) -> Option<usize> {
        let spaces = [self.chats(caller, true), self.chats(caller, false)];
        let number = spaces.iter().find_map(|chats| chats.number(chat))?;
        let number = usize::try_from(number).ok()?;
        (number < self.corp(self.corp_number(caller)).groups.len()).then_some(number)
    }

    pub(super) fn group_list(&mut self, call: &Call<'_>) -> Answer {
        let most = call.number("limit").and_then(|most| usize::try_from(most).ok()).unwrap_or(PAGE_MAX);
        if most > PAGE_MAX || most == 0 {
            return refused(40058);
        }
        let (cursor, most) = (self.cursor(call)?, self.faults.page_len(most));
        let first = cursor.number()?;
        let corp = self.corp(self.corp_number(call.caller));
        let seen = corp.groups.iter().enumerate();
        let seen = seen.filter(|(_, group)| !group.is_dismissed && self.sees(call.caller, group.owner));
        let page: Vec<usize> = seen.map(|(number, _)| number).skip(first).take(most + 1).collect();
        let rows = page.iter().take(most).map(|number| {
            let owner = corp.groups.get(*number).map(|group| group.owner);
            let has_left = owner.is_some_and(|owner| corp.departed.contains(&owner));
            json!({"chat_id": self.chat_id(call.caller, *number), "status": i32::from(has_left)})
        });
        let rows: Vec<Value> = rows.collect();
        let next = (page.len() > most).then(|| (first + most).to_string());
        Ok(ok(json!({"group_chat_list": rows, "next_cursor": self.next_cursor(&cursor, next)})))
    }

    pub(super) fn group_get(&mut self, call: &Call<'_>) -> Answer {
        let Some(number) = self.group_of(call.caller, call.text("chat_id")) else { return refused(86001) };
        let corp = self.corp(self.corp_number(call.caller));
        let Some(group) = corp.groups.get(number).filter(|group| !group.is_dismissed) else {
            return refused(86003);
        };
        if !self.sees(call.caller, group.owner) {
            return refused(60011);
        }
        let owner = self.userid(call.caller, group.owner);
        let employee = json!({
            "userid": owner, "type": 1, "join_time": group.since_ms / 1_000, "join_scene": 1,
            "invitor": {"userid": owner}, "group_nickname": "", "name": "",
        });
        let external = group.members.iter().map(|member| {
            let row = json!({
                "userid": self.external_id(call.caller, member.account), "type": 2,
                "join_time": member.since_ms / 1_000, "join_scene": 3, "state": format!("grp-{number}"),
                "group_nickname": "", "name": "",
            });
            with(row, "unionid", self.unionid_of_contact(call.caller, member.account))
        });
        let members: Vec<Value> = std::iter::once(employee).chain(external).collect();
        // The next employee helps its owner.
        let next = group.owner + 1;
        let is_shown = !corp.userid(next).is_empty() && self.sees(call.caller, next);
        let admins = Vec::from_iter(is_shown.then(|| json!({"userid": self.userid(call.caller, next)})));
        Ok(ok(json!({"group_chat": {
            "chat_id": self.chat_id(call.caller, number), "name": "", "owner": owner,
            "create_time": group.since_ms / 1_000, "notice": "", "member_list": members, "admin_list": admins,
            "member_version": drawn_hex(self.plan.seed, &format!("version {number} {}", group.version), 32),
        }})))
    }

    /// What a mini program calls a chat.
    pub(super) fn opengid(&self, group: usize) -> Option<String> {
        let mini = self.app(MINI)?;
        Some(Space::of_work(self.plan.seed, "tG", &mini.appid, "opengid").id(group as u64))
    }

    pub(super) fn opengid_to_chat(&mut self, call: &Call<'_>) -> Answer {
        let asked = call.text("opengid");
        let corp = self.corp(self.corp_number(call.caller));
        let found = corp
            .groups
            .iter()
            .enumerate()
            .find(|(number, group)| !group.is_dismissed && self.opengid(*number).as_deref() == Some(asked))
            .map(|(number, _)| number);
        let owner = found.and_then(|group| corp.groups.get(group)).map(|group| group.owner);
        match found {
            Some(_) if owner.is_some_and(|owner| !self.sees(call.caller, owner)) => refused(60011),
            Some(group) => Ok(ok(json!({"chat_id": self.chat_id(call.caller, group)}))),
            None => refused(40058),
        }
    }
}
