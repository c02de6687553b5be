//! The followers of an official account compared with what the graph holds open (wechat reference 23 D).

use std::collections::BTreeSet;

use serde_json::json;

use crate::error::{CallFailure, Error, Result};
use crate::model::{Direction, Id, RelationKind};
use crate::sync::api::{OPEN_GET, Request, USER_BATCHGET, USER_GET};
use crate::sync::client::{Credential, Platform};
use crate::sync::job::account::{AccountImport, list_page};
use crate::sync::job::compare::{compare, ended, lacking};
use crate::sync::job::paging::{object, text};
use crate::sync::job::step::{Job, Place, Planned, Step, Turn};

/// Followers of a step: as many as one call says who they are.
const ASKED_MAX: usize = 100;
/// The app is bound to no open account.
const UNBOUND: i64 = 89002;

/// Compares all followers of an official account with the graph. It begins by asking which open account the app is bound
/// to: where that is another than the settings say, unionids are another's too, and it stops.
pub struct AccountReconcile {
    import: AccountImport,
    caller: Credential,
    open_account: Option<String>,
    /// What is to be done; compared anew where a run goes on.
    left: Option<Left>,
}

struct Left {
    /// Who is asked for, from the end.
    asked: Vec<Id>,
    /// Those of them whom the list does not have, though they followed.
    gone: BTreeSet<Id>,
    app: Id,
    total: u64,
}

impl std::fmt::Debug for AccountReconcile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AccountReconcile").field("caller", &self.caller).finish_non_exhaustive()
    }
}

impl AccountReconcile {
    /// See [`AccountImport::new`].
    pub fn new(caller: Credential, appid: &str, open_account: Option<&str>) -> AccountReconcile {
        let import = AccountImport::new(caller.clone(), appid, open_account);
        let open_account = open_account.map(str::to_owned);
        AccountReconcile { import, caller, open_account, left: None }
    }

    fn compared(&mut self, turn: &Turn<'_>) -> Result<&mut Left> {
        let left = match self.left.take() {
            Some(left) => left,
            None => self.compare(turn)?,
        };
        Ok(self.left.insert(left))
    }

    fn compare(&self, turn: &Turn<'_>) -> Result<Left> {
        let app = self.import.app()?;
        let openids = self.import.openids()?;
        let mut listed = BTreeSet::new();
        let (mut cursor, mut read) = (String::new(), 0);
        loop {
            let page = list_page(turn.platform, &self.caller, &cursor, read)?;
            read += page.openids.len() as u64;
            listed.extend(page.openids.iter().filter_map(|openid| Id::in_space(&openids, openid).ok()));
            match page.openids.into_iter().next_back().filter(|_| page.goes_on) {
                Some(last) => cursor = last,
                None => break,
            }
        }
        let kind = RelationKind::Subscribes;
        let difference = compare(turn.graph, (&app, &kind, Direction::In), listed)?;
        let mut asked = difference.new;
        if let Some(unionids) = self.import.unionids()? {
            asked.extend(lacking(turn.graph, difference.kept, &unionids, turn.begun_at)?);
        }
        // The list is the least there are: whoever is not on it is asked for, and the answer says whether he follows.
        let gone: BTreeSet<Id> = difference.gone.iter().cloned().collect();
        asked.extend(difference.gone);
        let total = asked.len() as u64;
        Ok(Left { asked, gone, app, total })
    }
}

impl Job for AccountReconcile {
    fn name(&self) -> String {
        format!("account_reconcile {}", self.caller.name())
    }

    fn outline(&mut self, platform: &Platform) -> Result<String> {
        let request = Request::post(&OPEN_GET, &json!({"appid": self.import.appid()}));
        let bound = match platform.call(&self.caller, &request) {
            Ok(body) => Some(text(&object(OPEN_GET.path, &body)?, "open_appid").to_owned()),
            Err(Error::Call { failure: CallFailure::Settings(UNBOUND), .. }) => None,
            // Who calls for himself has no permission to ask it.
            Err(Error::Call { failure: CallFailure::Settings(_) | CallFailure::Refused(_), .. }) => {
                self.open_account.clone()
            }
            Err(error) => return Err(error),
        };
        if bound != self.open_account {
            return Err(Error::Call { api: OPEN_GET.path, failure: CallFailure::OtherBinding });
        }
        Ok(String::new())
    }

    fn resume(&mut self, _: &str) -> Result<()> {
        self.left = None;
        Ok(())
    }

    fn plan(&mut self, turn: &Turn<'_>) -> Result<Vec<Planned>> {
        let asked = self.compared(turn)?.asked.len().div_ceil(ASKED_MAX) as u64;
        let pages = self.import.plan(turn)?.into_iter().find(|planned| planned.endpoint == &USER_GET);
        let pages = pages.map_or(1, |planned| planned.calls);
        Ok(vec![
            Planned::exactly(&OPEN_GET, 1),
            Planned::exactly(&USER_GET, pages),
            Planned::exactly(&USER_BATCHGET, asked),
        ])
    }

    fn step(&mut self, turn: &Turn<'_>) -> Result<Step> {
        let left = self.compared(turn)?;
        let (total, app) = (left.total, left.app.clone());
        let asked = left.asked.split_off(left.asked.len().saturating_sub(ASKED_MAX));
        let is_done = left.asked.is_empty();
        let mut step = Step { total: Some(total), records: asked.len() as u64, ..Step::default() };
        let openids: Vec<String> = asked.iter().map(|openid| openid.spelling().to_owned()).collect();
        match self.import.read_users(turn.platform, &openids, turn.begun_at, &mut step) {
            Ok(bad) => {
                // Nobody of that name follows.
                let gone = self.left.as_ref().map(|left| &left.gone);
                let is_gone = |id: &&Id| {
                    bad.iter().any(|bad| bad == id.spelling()) && gone.is_some_and(|gone| gone.contains(*id))
                };
                let gone = asked.iter().filter(is_gone).map(|openid| {
                    let pair = (openid.clone(), app.clone());
                    ended(RelationKind::Subscribes, pair, "mp.user_get", turn.begun_at)
                });
                step.facts.extend(gone);
            }
            Err(error) => {
                // They are asked for again.
                self.left.iter_mut().for_each(|left| left.asked.extend_from_slice(&asked));
                return Err(error);
            }
        }
        let next = Place { chunk: turn.place.chunk + 1, ..turn.place };
        step.next = (!is_done).then_some((next, None));
        Ok(step)
    }
}
