//! The customers and groups of a corp compared with what the graph holds open (wechat reference 23 D): three tries to
//! deliver an event are all there are, and changes made by calls have none.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::engine::Read;
use crate::error::{CallFailure, Error, Result};
use crate::model::{Direction, Id, Kind, KindScope, Op, RelationKind, When};
use crate::sync::api::{CONTACT_GET, CONTACT_LIST, FOLLOW_USERS, GROUP_GET, GROUP_LIST, Request};
use crate::sync::client::{Credential, Platform};
use crate::sync::job::compare::{compare, compare_group, ended, lacking};
use crate::sync::job::corp::list_users;
use crate::sync::job::groups::{AtGroup, Groups, count_groups};
use crate::sync::job::paging::object;
use crate::sync::job::step::{Job, Place, Planned, Step, Turn};
use crate::wechat::{self, Ingest, IngestOptions, Opt};

const FOLLOWS: RelationKind = RelationKind::Follows;

const USERS: u32 = 0;
const LEFT: u32 = 1;
const GROUPS: u32 = 2;
/// Nobody has this userid (any more).
const GONE: [i64; 3] = [46004, 60111, 60121];
/// No relation: the employee has no customer, or the customer none of the employees any more.
const NO_CONTACT: i64 = 84061;

/// Compares all customers and groups that an app of a corp sees with the graph.
pub struct CorpReconcile {
    caller: Credential,
    options: IngestOptions,
    users: Vec<String>,
    /// Those who are not listed any more; found anew where a run goes on.
    left: Option<Vec<String>>,
    groups: Groups,
    /// Of the employee who is compared, the customers whom this process asked for and told of: where a call failed behind
    /// them it goes on with the next one, so each try comes further or ends the run.
    told: BTreeSet<Id>,
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
        let (users, left, groups, told) = Default::default();
        CorpReconcile { caller, options, users, left, groups, told }
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
        if let Some(userid) = self.users.get(number).cloned() {
            step.records = 1;
            if !self.read_user(turn, &userid, &mut step)? {
                step.next = Some((turn.place, None));
                return Ok(step);
            }
        }
        let next = turn.place.chunk + 1;
        step.next = Some(if next < self.users.len() as u64 {
            (Place { chunk: next, ..turn.place }, None)
        } else {
            (Place { leg: LEFT, page: 0, chunk: 0 }, Some(String::new()))
        });
        Ok(step)
    }

    /// One of those who had customers and is not listed any more: he left, or lost the right to have some, and his
    /// customers are nobody's; or he is only out of sight, and nothing is known of him.
    fn left(&mut self, turn: &Turn<'_>) -> Result<Step> {
        let mut step = Step::default();
        let mut left = match self.left.take() {
            Some(left) => left,
            None => self.find_left(turn)?,
        };
        let user = left.pop();
        self.left = Some(left);
        let Some(user) = user else {
            step.next = Some((Place { leg: GROUPS, page: 0, chunk: 0 }, Some(String::new())));
            return Ok(step);
        };
        step.records = 1;
        // A run that goes on begins behind whom it asked for last: of some of them nothing is known all the same.
        step.next = Some(match self.read_user(turn, &user, &mut step) {
            Ok(true) => (Place { page: turn.place.page + 1, ..turn.place }, Some(user)),
            unfinished => {
                self.left.iter_mut().for_each(|left| left.push(user.clone()));
                unfinished?;
                (turn.place, None)
            }
        });
        Ok(step)
    }

    /// Employees with open customers who are not listed, from the end, but for those whom this run has asked for.
    fn find_left(&self, turn: &Turn<'_>) -> Result<Vec<String>> {
        let space = self.options.view_space(Kind::Userid)?;
        let listed = self.users.iter().filter_map(|user| Id::in_space(&space, user).ok());
        let listed: BTreeSet<Id> = listed.collect();
        let (view, mut left) = (turn.graph.view(), Vec::new());
        for id in view.ids_in(&space) {
            let id = id?;
            if listed.contains(&id) || id.spelling() <= turn.cursor {
                continue;
            }
            let mut follows = view.neighbors(&id, &FOLLOWS, Direction::Out, When::Open);
            if follows.next().transpose()?.is_some() {
                left.push(id.spelling().to_owned());
            }
        }
        left.sort_unstable_by(|one, other| other.cmp(one));
        Ok(left)
    }

    /// Whether it came to the end of an employee: see `compare_user`.
    fn read_user(&mut self, turn: &Turn<'_>, userid: &str, step: &mut Step) -> Result<bool> {
        let request = Request::get(&CONTACT_LIST, &[("userid", userid)]);
        let options = self.options_at(turn).with(Opt::Userid, userid);
        let listed = match turn.platform.call(&self.caller, &request) {
            Ok(body) => wechat::parse("work.contact_list", &body, &options)?,
            Err(Error::Call { failure: CallFailure::Refused(errcode), .. })
                if errcode == NO_CONTACT || GONE.contains(&errcode) =>
            {
                Ingest::default()
            }
            // Out of sight: nothing is known of him.
            Err(Error::Call { failure: CallFailure::Refused(_), .. }) => {
                step.refused += 1;
                return Ok(true);
            }
            Err(error) => return Err(error),
        };
        let user = options.id(&options.view_space(Kind::Userid)?, Opt::Userid)?;
        let is_at_end = self.compare_user(turn, &user, listed, step)?;
        if is_at_end {
            self.told.clear();
        }
        Ok(is_at_end)
    }

    /// Whether it came to the end: calls that fail end it, but what was read before is told.
    fn compare_user(&mut self, turn: &Turn<'_>, user: &Id, listed: Ingest, step: &mut Step) -> Result<bool> {
        step.refused += listed.refused.len() as u64;
        let found = listed.facts.iter().filter_map(|fact| match &fact.op {
            Op::Relate { to, .. } => Some(to.clone()),
            _ => None,
        });
        let found: BTreeSet<Id> = found.collect();
        let difference = compare(turn.graph, (user, &FOLLOWS, Direction::Out), found)?;
        let mut asked = difference.new;
        let ended_before = if asked.is_empty() { BTreeSet::new() } else { ever(turn, user)? };
        if let Some(unionids) = self.unionids()? {
            asked.extend(lacking(turn.graph, difference.kept, &unionids, turn.begun_at)?);
        }
        asked.retain(|external| !self.told.contains(external));
        for external in asked {
            let request = Request::get(&CONTACT_GET, &[("external_userid", external.spelling())]);
            match turn.platform.call(&self.caller, &request) {
                Ok(body) => step.take(wechat::parse("work.contact_get", &body, &self.options_at(turn))?),
                // It cannot be read yet: the list says so much. Or no more: a list goes on to show customers who deleted
                // the employee, and what ended is not begun again by that.
                Err(Error::Call { failure: CallFailure::Refused(_), .. }) => {
                    let is_it = |op: &Op| matches!(op, Op::Relate { to, .. } if *to == external);
                    let of_list = listed.facts.iter().filter(|fact| is_it(&fact.op));
                    step.facts.extend(of_list.filter(|_| !ended_before.contains(&external)).cloned());
                }
                Err(Error::Call { .. }) if !step.facts.is_empty() => return Ok(false),
                Err(error) => return Err(error),
            }
            self.told.insert(external);
        }
        // A customer who could not be read is no customer who is gone.
        let gone = difference.gone.into_iter().filter(|_| listed.refused.is_empty());
        let gone =
            gone.map(|external| ended(FOLLOWS, (user.clone(), external), "work.contact_list", turn.begun_at));
        step.facts.extend(gone);
        Ok(true)
    }

    /// The unionids that the corp's own view has.
    fn unionids(&self) -> Result<Option<KindScope>> {
        let has_some = self.options.is_own_view() && self.options.get(Opt::OpenAccount).is_some();
        has_some.then(|| Ok(self.options.space(Kind::Unionid, Opt::OpenAccount)?)).transpose()
    }

    fn group(&mut self, turn: &Turn<'_>) -> Result<Step> {
        let mut step = Step::default();
        match self.groups.at(turn.platform, &self.caller, turn.place, turn.cursor)? {
            AtGroup::Chat(chat, next) => {
                self.compare_group(turn, &chat, &mut step)?;
                step.next = next;
            }
            AtGroup::Between(next) => step.next = next,
        }
        Ok(step)
    }

    fn compare_group(&self, turn: &Turn<'_>, chat: &str, step: &mut Step) -> Result<()> {
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
        let group = compare_group(turn.graph, &read, turn.begun_at)?;
        // What is known already is not told every night.
        let is_new = |op: &Op| match op {
            Op::Relate { from, .. } => group.new.contains(from),
            Op::Link { a, b, .. } => group.new.contains(a) || group.new.contains(b),
            _ => false,
        };
        step.refused += read.refused.len() as u64;
        step.facts.extend(read.facts.into_iter().filter(|fact| is_new(&fact.op)));
        step.facts.extend(group.gone);
        Ok(())
    }
}

/// Whoever was an employee's customer ever.
fn ever(turn: &Turn<'_>, user: &Id) -> Result<BTreeSet<Id>> {
    let view = turn.graph.view();
    view.neighbors(user, &FOLLOWS, Direction::Out, When::Ever).map(|found| Ok(found?.to)).collect()
}

impl Job for CorpReconcile {
    fn name(&self) -> String {
        format!("corp_reconcile {}", self.caller.name())
    }

    fn outline(&mut self, platform: &Platform) -> Result<String> {
        Ok(json!(list_users(platform, &self.caller)?).to_string())
    }

    fn resume(&mut self, outline: &str) -> Result<()> {
        (self.left, self.groups, self.told) = Default::default();
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
            LEFT => self.left(turn),
            _ => self.group(turn),
        }
    }
}
