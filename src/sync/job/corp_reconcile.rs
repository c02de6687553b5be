//! The customers and groups of a corp compared with what the graph holds open (wechat reference 23 D): three tries to
//! deliver an event are all there are, and changes made by calls have none.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::error::{CallFailure, Error, Result};
use crate::model::{Direction, Id, Kind, Op, RelationKind};
use crate::sync::api::{CONTACT_GET, CONTACT_LIST, FOLLOW_USERS, GROUP_GET, GROUP_LIST, Request};
use crate::sync::client::{Credential, Platform};
use crate::sync::job::compare::{compare, ended};
use crate::sync::job::corp::{count_groups, list_groups, list_users};
use crate::sync::job::paging::object;
use crate::sync::job::step::{Job, Place, Planned, Step, Turn};
use crate::wechat::{self, Ingest, IngestOptions, Opt};

const USERS: u32 = 0;
const GROUPS: u32 = 1;
/// No relation: the employee has no customer, or the customer none of the employees any more.
const NO_CONTACT: i64 = 84061;

/// Compares all customers and groups that an app of a corp sees with the graph.
pub struct CorpReconcile {
    caller: Credential,
    options: IngestOptions,
    users: Vec<String>,
    groups: Option<(u64, Vec<String>, Option<String>)>,
}

impl std::fmt::Debug for CorpReconcile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CorpReconcile").field("caller", &self.caller).finish_non_exhaustive()
    }
}

impl CorpReconcile {
    /// See [`crate::sync::job::CorpImport::new`].
    pub fn new(
        caller: Credential,
        corp: &str,
        open_account: Option<&str>,
        viewer: Option<&str>,
    ) -> CorpReconcile {
        let mut options = IngestOptions::new().with(Opt::Corp, corp);
        open_account.into_iter().for_each(|account| options.set(Opt::OpenAccount, account));
        viewer.into_iter().for_each(|viewer| options.set(Opt::Viewer, viewer));
        CorpReconcile { caller, options, users: Vec::new(), groups: None }
    }

    fn options_at(&self, turn: &Turn<'_>) -> IngestOptions {
        let mut options = self.options.clone();
        options.set_at(turn.begun_at);
        options
    }

    /// One employee. Whoever is new is asked for, since the list does not say since when and by which way.
    fn user(&mut self, turn: &Turn<'_>) -> Result<Step> {
        let mut step = Step::default();
        let number = usize::try_from(turn.place.chunk).unwrap_or(usize::MAX);
        step.total = Some(self.users.len() as u64);
        if let Some(userid) = self.users.get(number) {
            step.records = 1;
            let request = Request::get(&CONTACT_LIST, &[("userid", userid)]);
            let options = self.options_at(turn).with(Opt::Userid, userid);
            let listed = match turn.platform.call(&self.caller, &request) {
                Ok(body) => wechat::parse("work.contact_list", &body, &options)?,
                Err(Error::Call { failure: CallFailure::Refused(NO_CONTACT), .. }) => Ingest::default(),
                Err(error) => return Err(error),
            };
            let user = options.id(&options.view_space(Kind::Userid)?, Opt::Userid)?;
            if !self.compare_user(turn, &user, listed, &mut step)? {
                step.next = Some((turn.place, None));
                return Ok(step);
            }
        }
        let next = turn.place.chunk + 1;
        step.next = Some(if next < self.users.len() as u64 {
            (Place { chunk: next, ..turn.place }, None)
        } else {
            (Place { leg: GROUPS, page: 0, chunk: 0 }, Some(String::new()))
        });
        Ok(step)
    }

    /// Whether it came to the end: calls that fail end it, but what was read before is told.
    fn compare_user(&self, turn: &Turn<'_>, user: &Id, listed: Ingest, step: &mut Step) -> Result<bool> {
        let kind = RelationKind::Follows;
        let found = listed.facts.iter().filter_map(|fact| match &fact.op {
            Op::Relate { to, .. } => Some(to.clone()),
            _ => None,
        });
        let found: BTreeSet<Id> = found.collect();
        let difference = compare(turn.graph, (user, &kind, Direction::Out), found)?;
        for external in difference.new {
            let request = Request::get(&CONTACT_GET, &[("external_userid", external.spelling())]);
            match turn.platform.call(&self.caller, &request) {
                Ok(body) => step.take(wechat::parse("work.contact_get", &body, &self.options_at(turn))?),
                // It cannot be read yet, or no more: the list says so much.
                Err(Error::Call { failure: CallFailure::Refused(_), .. }) => {
                    let is_it = |op: &Op| matches!(op, Op::Relate { to, .. } if *to == external);
                    step.facts.extend(listed.facts.iter().filter(|fact| is_it(&fact.op)).cloned());
                }
                Err(Error::Call { .. }) if !step.facts.is_empty() => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        let gone = difference.gone.into_iter().map(|external| {
            ended(kind.clone(), (user.clone(), external), "work.contact_list", turn.begun_at)
        });
        step.facts.extend(gone);
        Ok(true)
    }

    fn group(&mut self, turn: &Turn<'_>) -> Result<Step> {
        let (page, chunk) = (turn.place.page, turn.place.chunk);
        if self.groups.as_ref().is_none_or(|(known, _, _)| *known != page) {
            let (chats, next) = list_groups(turn.platform, &self.caller, turn.cursor)?;
            self.groups = Some((page, chats, next));
        }
        let mut step = Step::default();
        let Some((_, chats, next_page)) = &self.groups else { return Ok(step) };
        let chat = usize::try_from(chunk).ok().and_then(|chunk| chats.get(chunk));
        if let Some(chat) = chat {
            self.compare_group(turn, chat, &mut step)?;
        }
        step.next = if chunk + 1 < chats.len() as u64 {
            Some((Place { chunk: chunk + 1, ..turn.place }, None))
        } else {
            let next = next_page.clone();
            next.map(|next| (Place { page: page + 1, chunk: 0, ..turn.place }, Some(next)))
        };
        Ok(step)
    }

    fn compare_group(&self, turn: &Turn<'_>, chat: &str, step: &mut Step) -> Result<()> {
        let kind = RelationKind::MemberOf;
        let request = Request::post(&GROUP_GET, &json!({"chat_id": chat, "need_name": 0}));
        let body = match turn.platform.call(&self.caller, &request) {
            Ok(body) => body,
            Err(Error::Call { failure: CallFailure::Refused(_), .. }) => {
                step.refused += 1;
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        step.records = 1;
        let read = wechat::parse("work.group_get", &body, &self.options_at(turn))?;
        let related = |op: &Op| match op {
            Op::Relate { from, to, .. } => Some((from.clone(), to.clone())),
            _ => None,
        };
        let pairs: Vec<(Id, Id)> = read.facts.iter().filter_map(|fact| related(&fact.op)).collect();
        let Some(chat) = pairs.first().map(|(_, chat)| chat.clone()) else {
            // A member that could not be read is no member that is gone.
            step.take(read);
            return Ok(());
        };
        let is_whole = read.refused.is_empty();
        let members = pairs.into_iter().map(|(member, _)| member).collect();
        let difference = compare(turn.graph, (&chat, &kind, Direction::In), members)?;
        // What is known already is not told every night.
        let new: BTreeSet<Id> = difference.new.into_iter().collect();
        let is_new = |op: &Op| match op {
            Op::Relate { from, .. } => new.contains(from),
            Op::Link { a, b, .. } => new.contains(a) || new.contains(b),
            _ => false,
        };
        step.refused += read.refused.len() as u64;
        step.facts.extend(read.facts.into_iter().filter(|fact| is_new(&fact.op)));
        let gone = difference.gone.into_iter().filter(|_| is_whole);
        step.facts.extend(
            gone.map(|member| ended(kind.clone(), (member, chat.clone()), "work.group_get", turn.begun_at)),
        );
        Ok(())
    }
}

impl Job for CorpReconcile {
    fn name(&self) -> String {
        format!("corp_reconcile {}", self.caller.name())
    }

    fn outline(&mut self, platform: &Platform) -> Result<String> {
        Ok(json!(list_users(platform, &self.caller)?).to_string())
    }

    fn resume(&mut self, outline: &str) -> Result<()> {
        self.groups = None;
        let listed = object("get_follow_user_list", outline.as_bytes())?;
        let listed = listed.as_array().into_iter().flatten();
        self.users = listed.filter_map(Value::as_str).map(str::to_owned).collect();
        Ok(())
    }

    fn plan(&mut self, turn: &Turn<'_>) -> Result<Vec<Planned>> {
        let users = list_users(turn.platform, &self.caller)?;
        let (groups, pages) = count_groups(turn.platform, &self.caller)?;
        Ok(vec![
            Planned::exactly(&FOLLOW_USERS, 1),
            Planned::exactly(&CONTACT_LIST, users.len() as u64),
            Planned::at_least(&CONTACT_GET, 0),
            Planned::exactly(&GROUP_LIST, pages),
            Planned::exactly(&GROUP_GET, groups),
        ])
    }

    fn step(&mut self, turn: &Turn<'_>) -> Result<Step> {
        match turn.place.leg {
            USERS => self.user(turn),
            _ => self.group(turn),
        }
    }
}
