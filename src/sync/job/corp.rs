//! The customers of a corp and its customer groups (wechat reference 23 A): by a hundred employees, page by page, then the
//! groups, which hold strangers too.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::engine::Read;
use crate::error::{CallFailure, Error, Result};
use crate::model::{Direction, Id, Kind, RelationKind, Time, When};
use crate::sync::api::{CONTACT_BATCH, FOLLOW_USERS, GROUP_GET, GROUP_LIST, Request};
use crate::sync::client::{Credential, Platform};
use crate::sync::job::groups::{AtGroup, GROUPS_MAX, Groups, count_groups};
use crate::sync::job::paging::{Cursors, RESTARTS_MAX, halved, is_dead_cursor, object, text};
use crate::sync::job::step::{Job, Place, Planned, Step, Turn};
use crate::wechat::{self, IngestOptions, Opt};

/// Employees of a call, and pairs of a page (wechat reference 12.4).
const USERS_MAX: usize = 100;
const PAIRS_MAX: usize = 100;
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
    groups: Groups,
    /// How often the employees at hand were begun again.
    restarts: u32,
    cursors: Cursors,
}

impl std::fmt::Debug for CorpImport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CorpImport").field("corp", &self.corp).finish_non_exhaustive()
    }
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
            groups: Groups::default(),
            restarts: 0,
            cursors: Cursors::default(),
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
            match self.cursors.page(platform, &self.caller, &batch(&users, cursor), cursor) {
                Ok((body, answer)) => {
                    next = text(&answer, "next_cursor").to_owned();
                    let rows = answer.get("external_contact_list").and_then(Value::as_array);
                    step.records = rows.map_or(0, |rows| rows.len() as u64);
                    step.take(wechat::parse("work.contact_batch", &body, &self.options_at(begun_at))?);
                }
                Err(Error::Call { failure: CallFailure::Refused(NO_CONTACT), .. }) => {}
                // These employees are begun again.
                Err(error) if is_dead_cursor(&error, cursor) && self.restarts < RESTARTS_MAX => {
                    self.restarts += 1;
                    self.cursors = Cursors::default();
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
            (Place { page, ..place }, Some(next))
        } else {
            (self.restarts, self.cursors) = (0, Cursors::default());
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
        let refused = halved(users, |part| match platform.call(&self.caller, &batch(part, "")) {
            Ok(_) | Err(Error::Call { failure: CallFailure::Refused(NO_CONTACT), .. }) => Ok(None),
            Err(Error::Call { failure: CallFailure::Refused(errcode), .. }) => Ok(Some(errcode)),
            Err(error) => Err(error),
        })?;
        self.left.extend(refused.into_iter().map(|(user, _)| user.clone()));
        Ok(self.left.len() > before)
    }

    fn group(&mut self, turn: &Turn<'_>) -> Result<Step> {
        let mut step = Step::default();
        let at = self.groups.at(turn.platform, &self.caller, turn.place, turn.cursor)?;
        let chat = match at {
            AtGroup::Chat(chat, next) => {
                step.next = next;
                chat
            }
            AtGroup::Between(next) => {
                step.next = next;
                return Ok(step);
            }
        };
        let request = Request::post(&GROUP_GET, &json!({"chat_id": chat, "need_name": 0}));
        match turn.platform.call(&self.caller, &request) {
            Ok(body) => {
                step.records = 1;
                step.take(wechat::parse("work.group_get", &body, &self.options_at(turn.begun_at))?);
            }
            // It was dissolved since it was listed, or is out of sight.
            Err(Error::Call { failure: CallFailure::Refused(_), .. }) => step.refused += 1,
            Err(error) => return Err(error),
        }
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

impl Job for CorpImport {
    fn name(&self) -> String {
        format!("corp {}", self.caller.name())
    }

    fn outline(&mut self, platform: &Platform) -> Result<String> {
        Ok(json!(list_users(platform, &self.caller)?).to_string())
    }

    fn resume(&mut self, outline: &str) -> Result<()> {
        (self.restarts, self.cursors, self.groups) = (0, Cursors::default(), Groups::default());
        self.left = BTreeSet::new();
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
