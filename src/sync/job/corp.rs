//! The customers of a corp and its customer groups (wechat reference 23 A): by a hundred employees, page by page, then the
//! groups, which hold strangers too.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::engine::Read;
use crate::error::{CallFailure, Error, Result};
use crate::model::{Direction, Id, Kind, RelationKind, Time, When};
use crate::sync::api::{CONTACT_BATCH, FOLLOW_USERS, GROUP_GET, GROUP_LIST, Request};
use crate::sync::client::{Credential, Platform};
use crate::sync::job::paging::{object, page, text};
use crate::sync::job::step::{Job, Place, Planned, Step, Turn};
use crate::wechat::{self, IngestOptions, Opt};

/// Employees of a call, and pairs of a page (wechat reference 12.4).
const USERS_MAX: usize = 100;
const PAIRS_MAX: usize = 100;
/// Groups of a page (wechat reference 12.7).
const GROUPS_MAX: usize = 1_000;
/// Times that some employees are begun again because a cursor was not taken.
const RESTARTS_MAX: u32 = 3;
/// Nobody of these employees has a customer.
const NO_CONTACT: i64 = 84061;

const CONTACTS: u32 = 0;
const GROUPS: u32 = 1;

/// Reads all customers and groups that an app of a corp sees.
pub struct CorpImport {
    caller: Credential,
    corp: String,
    options: IngestOptions,
    /// Employees, in order.
    users: Vec<String>,
    /// Those of them who have left since.
    left: BTreeSet<String>,
    groups: Option<Groups>,
    /// How often the employees at hand were begun again.
    restarts: u32,
    /// The cursors of their pages so far.
    cursors: BTreeSet<String>,
}

impl std::fmt::Debug for CorpImport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CorpImport").field("corp", &self.corp).finish_non_exhaustive()
    }
}

/// A page of groups.
struct Groups {
    page: u64,
    chats: Vec<String>,
    next: Option<String>,
}

impl CorpImport {
    /// For a corp, as `caller`; `open_account` is that of the developer id that the corp bound, `viewer` the provider
    /// that looks at it, if not the corp itself.
    pub fn new(
        caller: Credential,
        corp: &str,
        open_account: Option<&str>,
        viewer: Option<&str>,
    ) -> CorpImport {
        let mut options = IngestOptions::new().with(Opt::Corp, corp);
        open_account.into_iter().for_each(|account| options.set(Opt::OpenAccount, account));
        viewer.into_iter().for_each(|viewer| options.set(Opt::Viewer, viewer));
        CorpImport {
            caller,
            corp: corp.to_owned(),
            options,
            users: Vec::new(),
            left: BTreeSet::new(),
            groups: None,
            restarts: 0,
            cursors: BTreeSet::new(),
        }
    }

    /// The calls that so many employees, pairs of employee and customer, and groups take, by path.
    pub fn calls_for(employees: u64, pairs: u64, groups: u64) -> Vec<(&'static str, u64)> {
        vec![
            (FOLLOW_USERS.path, 1),
            (CONTACT_BATCH.path, employees.div_ceil(USERS_MAX as u64).max(pairs.div_ceil(PAIRS_MAX as u64))),
            (GROUP_LIST.path, groups / GROUPS_MAX as u64 + 1),
            (GROUP_GET.path, groups),
        ]
    }

    fn options_at(&self, at: Time) -> IngestOptions {
        let mut options = self.options.clone();
        options.set_at(at);
        options
    }

    /// The employees of a chunk, less those who have left since they were listed.
    fn users_of(&self, chunk: usize) -> Vec<String> {
        let users = self.users.chunks(USERS_MAX).nth(chunk).unwrap_or_default();
        users.iter().filter(|user| !self.left.contains(*user)).cloned().collect()
    }

    /// A page of the customers of some employees. The place's chunk is which employees, so `page` counts over all of them.
    fn contacts(&mut self, turn: &Turn<'_>) -> Result<Step> {
        let Turn { platform, place, cursor, begun_at, .. } = *turn;
        let mut step = Step::default();
        let chunk = usize::try_from(place.chunk).unwrap_or(usize::MAX);
        let users = self.users_of(chunk);
        let mut next = String::new();
        let anew = Some((Place { page: place.page + 1, ..place }, Some(String::new())));
        if !users.is_empty() {
            match page(platform, &self.caller, &batch(&users, cursor), cursor) {
                Ok((body, answer)) => {
                    next = text(&answer, "next_cursor").to_owned();
                    let rows = answer.get("external_contact_list").and_then(Value::as_array);
                    step.records = rows.map_or(0, |rows| rows.len() as u64);
                    step.take(wechat::parse("work.contact_batch", &body, &self.options_at(begun_at))?);
                }
                Err(Error::Call { failure: CallFailure::Refused(NO_CONTACT), .. }) => {}
                // A cursor does not live long: these employees are begun again.
                Err(Error::Call { failure: CallFailure::Refused(_) | CallFailure::Settings(_), .. })
                    if !cursor.is_empty() && self.restarts < RESTARTS_MAX =>
                {
                    self.restarts += 1;
                    self.cursors.clear();
                    step.next = anew;
                    return Ok(step);
                }
                // Somebody has left: who it was is not said.
                Err(Error::Call { api, failure: failure @ CallFailure::Refused(_) })
                    if cursor.is_empty() && self.restarts < RESTARTS_MAX =>
                {
                    self.restarts += 1;
                    if !self.find_left(platform, &users)? {
                        return Err(Error::Call { api, failure });
                    }
                    step.next = anew;
                    return Ok(step);
                }
                Err(error) => return Err(error),
            }
        }
        let page = place.page + 1;
        step.next = Some(if !next.is_empty() {
            if !self.cursors.insert(next.clone()) {
                // Pages that lead back to each other have no end.
                return Err(Error::Call { api: CONTACT_BATCH.path, failure: CallFailure::NotAnAnswer });
            }
            (Place { page, ..place }, Some(next))
        } else {
            (self.restarts, self.cursors) = (0, BTreeSet::new());
            if chunk + 1 < self.users.len().div_ceil(USERS_MAX) {
                (Place { page, chunk: place.chunk + 1, ..place }, Some(String::new()))
            } else {
                (Place { leg: GROUPS, page: 0, chunk: 0 }, Some(String::new()))
            }
        });
        Ok(step)
    }

    /// Takes note of employees who have left since they were listed: whether there are any. The list is asked first, and
    /// then halves of them, until who is refused is alone.
    fn find_left(&mut self, platform: &Platform, users: &[String]) -> Result<bool> {
        let before = self.left.len();
        let listed = list_users(platform, &self.caller)?;
        self.left.extend(users.iter().filter(|user| listed.binary_search(user).is_err()).cloned());
        if self.left.len() > before {
            return Ok(true);
        }
        let mut parts = vec![users];
        while let Some(part) = parts.pop().filter(|part| !part.is_empty()) {
            match platform.call(&self.caller, &batch(part, "")) {
                Ok(_) | Err(Error::Call { failure: CallFailure::Refused(NO_CONTACT), .. }) => {}
                Err(Error::Call { failure: CallFailure::Refused(_), .. }) if part.len() > 1 => {
                    let (first, second) = part.split_at(part.len() / 2);
                    parts.extend([second, first]);
                }
                Err(Error::Call { failure: CallFailure::Refused(_), .. }) => {
                    self.left.extend(part.iter().cloned());
                }
                Err(error) => return Err(error),
            }
        }
        Ok(self.left.len() > before)
    }

    fn read_groups(&mut self, platform: &Platform, page: u64, cursor: &str) -> Result<()> {
        if self.groups.as_ref().is_some_and(|groups| groups.page == page) {
            return Ok(());
        }
        let (chats, next) = list_groups(platform, &self.caller, cursor)?;
        self.groups = Some(Groups { page, chats, next });
        Ok(())
    }

    fn group(&mut self, turn: &Turn<'_>) -> Result<Step> {
        let Turn { platform, place, cursor, begun_at, .. } = *turn;
        self.read_groups(platform, place.page, cursor)?;
        let mut step = Step::default();
        let Some(groups) = &self.groups else { return Ok(step) };
        let chunk = usize::try_from(place.chunk).unwrap_or(usize::MAX);
        if let Some(chat) = groups.chats.get(chunk) {
            let request = Request::post(&GROUP_GET, &json!({"chat_id": chat, "need_name": 0}));
            match platform.call(&self.caller, &request) {
                Ok(body) => {
                    step.records = 1;
                    step.take(wechat::parse("work.group_get", &body, &self.options_at(begun_at))?);
                }
                // It was dissolved since it was listed, or is out of sight.
                Err(Error::Call { failure: CallFailure::Refused(_), .. }) => step.refused += 1,
                Err(error) => return Err(error),
            }
        }
        step.next = if chunk + 1 < groups.chats.len() {
            Some((Place { chunk: place.chunk + 1, ..place }, None))
        } else {
            let next = groups.next.clone();
            next.map(|next| (Place { page: place.page + 1, chunk: 0, ..place }, Some(next)))
        };
        Ok(step)
    }
}

/// A page of the customers of some employees.
fn batch(users: &[String], cursor: &str) -> Request {
    Request::post(&CONTACT_BATCH, &json!({"userid_list": users, "cursor": cursor, "limit": PAIRS_MAX}))
}

/// The employees that an app sees who may have customers, in order.
pub(super) fn list_users(platform: &Platform, caller: &Credential) -> Result<Vec<String>> {
    let body = platform.call(caller, &Request::get(&FOLLOW_USERS, &[]))?;
    let answer = object(FOLLOW_USERS.path, &body)?;
    let listed = answer.get("follow_user").and_then(Value::as_array);
    let names = listed.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned);
    let mut users: Vec<String> = names.collect();
    users.sort_unstable();
    users.dedup();
    Ok(users)
}

/// How many groups there are, and on how many pages.
pub(super) fn count_groups(platform: &Platform, caller: &Credential) -> Result<(u64, u64)> {
    let (mut groups, mut pages, mut cursor) = (0, 0, String::new());
    let mut cursors = BTreeSet::new();
    loop {
        let (chats, next) = list_groups(platform, caller, &cursor)?;
        (groups, pages) = (groups + chats.len() as u64, pages + 1);
        match next {
            Some(next) if cursors.insert(next.clone()) => cursor = next,
            Some(_) => return Err(Error::Call { api: GROUP_LIST.path, failure: CallFailure::NotAnAnswer }),
            None => return Ok((groups, pages)),
        }
    }
}

/// A page of groups, and what asks for the next one.
pub(super) fn list_groups(
    platform: &Platform,
    caller: &Credential,
    cursor: &str,
) -> Result<(Vec<String>, Option<String>)> {
    let body = json!({"status_filter": 0, "cursor": cursor, "limit": GROUPS_MAX});
    let (_, answer) = page(platform, caller, &Request::post(&GROUP_LIST, &body), cursor)?;
    let listed = answer.get("group_chat_list").and_then(Value::as_array);
    let chats = listed.into_iter().flatten().map(|chat| text(chat, "chat_id").to_owned()).collect();
    let next = text(&answer, "next_cursor");
    Ok((chats, (!next.is_empty()).then(|| next.to_owned())))
}

impl Job for CorpImport {
    fn name(&self) -> String {
        format!("corp {}", self.caller.name())
    }

    fn outline(&mut self, platform: &Platform) -> Result<String> {
        Ok(json!(list_users(platform, &self.caller)?).to_string())
    }

    fn resume(&mut self, outline: &str) -> Result<()> {
        self.groups = None;
        self.users = serde_json::from_str(outline)
            .map_err(|_| Error::Call { api: FOLLOW_USERS.path, failure: CallFailure::NotAnAnswer })?;
        Ok(())
    }

    fn plan(&mut self, turn: &Turn<'_>) -> Result<Vec<Planned>> {
        let users = list_users(turn.platform, &self.caller)?;
        let (groups, pages) = count_groups(turn.platform, &self.caller)?;
        let chunks = users.len().div_ceil(USERS_MAX) as u64;
        let mut pairs = 0;
        for userid in &users {
            if let Ok(user) = Id::in_space(&self.options.view_space(Kind::Userid)?, userid) {
                let follows = &RelationKind::Follows;
                pairs += turn.graph.view().count_neighbors(&user, follows, Direction::Out, When::Open)?;
            }
        }
        // How many customers there are is not said before; what is known of them is the least.
        let batches = chunks.max(pairs.div_ceil(PAIRS_MAX as u64));
        Ok(vec![
            Planned::exactly(&FOLLOW_USERS, 1),
            Planned::at_least(&CONTACT_BATCH, batches),
            Planned::exactly(&GROUP_LIST, pages),
            Planned::exactly(&GROUP_GET, groups),
        ])
    }

    fn step(&mut self, turn: &Turn<'_>) -> Result<Step> {
        match turn.place.leg {
            CONTACTS => self.contacts(turn),
            _ => self.group(turn),
        }
    }
}
