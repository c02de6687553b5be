//! The followers of an official account compared with what the graph holds open (wechat reference 23 D).

use std::collections::BTreeSet;

use serde_json::json;

use crate::error::{CallFailure, Error, Result};
use crate::model::{Direction, Id, RelationKind};
use crate::sync::api::{OPEN_GET, Request, USER_BATCHGET, USER_GET};
use crate::sync::client::{Credential, Platform};
use crate::sync::job::account::{AccountImport, list_page};
use crate::sync::job::compare::{compare, ended};
use crate::sync::job::paging::{object, text};
use crate::sync::job::step::{Job, Place, Planned, Step, Turn};

/// Followers of a step: as many as one call says who they are.
const NEW_MAX: usize = 100;
/// Those that are gone need no call.
const GONE_MAX: usize = 1_000;
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
    new: Vec<Id>,
    gone: Vec<(Id, Id)>,
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
        let mut cursor = String::new();
        loop {
            let (page, next, _) = list_page(turn.platform, &self.caller, &cursor)?;
            listed.extend(page.iter().filter_map(|openid| Id::in_space(&openids, openid).ok()));
            match next {
                Some(next) => cursor = next,
                None => break,
            }
        }
        let kind = RelationKind::Subscribes;
        let difference = compare(turn.graph, (&app, &kind, Direction::In), listed)?;
        let total = (difference.new.len() + difference.gone.len()) as u64;
        let gone = difference.gone.into_iter().map(|openid| (openid, app.clone())).collect();
        Ok(Left { new: difference.new, gone, total })
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
        let left = self.compared(turn)?;
        let new = left.new.len().div_ceil(NEW_MAX) as u64;
        let pages = self.import.plan(turn)?.into_iter().find(|planned| planned.endpoint == &USER_GET);
        let pages = pages.map_or(1, |planned| planned.calls);
        Ok(vec![
            Planned::exactly(&OPEN_GET, 1),
            Planned::exactly(&USER_GET, pages),
            Planned::exactly(&USER_BATCHGET, new),
        ])
    }

    fn step(&mut self, turn: &Turn<'_>) -> Result<Step> {
        let left = self.compared(turn)?;
        let total = left.total;
        let new = left.new.split_off(left.new.len().saturating_sub(NEW_MAX));
        let gone = if new.is_empty() {
            left.gone.split_off(left.gone.len().saturating_sub(GONE_MAX))
        } else {
            Vec::new()
        };
        let is_done = left.new.is_empty() && left.gone.is_empty();
        let mut step = Step { total: Some(total), ..Step::default() };
        step.records = (new.len() + gone.len()) as u64;
        let openids: Vec<String> = new.iter().map(|openid| openid.spelling().to_owned()).collect();
        self.import.read_users(turn.platform, &openids, turn.begun_at, &mut step)?;
        step.facts.extend(
            gone.into_iter().map(|pair| ended(RelationKind::Subscribes, pair, "mp.user_get", turn.begun_at)),
        );
        let next = Place { chunk: turn.place.chunk + 1, ..turn.place };
        step.next = (!is_done).then_some((next, None));
        Ok(step)
    }
}
