//! The followers of an official account compared with what the graph holds open (wechat reference 23 D).
//!
//! # Order
//!   The list, page by page, each kept in the store before the mark that leads behind it. When it is whole it is compared, and
//!   whoever differs is asked for, in the order of the ids, so that a run that goes on begins behind the last of them.
//!
//! # Invariants
//!   A1 the list alone ends nothing and begins nothing: people come and go while it is read, and it may leave somebody out. Whoever
//!      differs is asked for, and the answer says whether he follows.
//!   A2 what an event told since the run began is newer than its list, and stands.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::engine::{Read, Verdict};
use crate::error::{Error, Result};
use crate::graph::Graph;
use crate::model::{Direction, Id, Op, RelationKind, Time, When};
use crate::sync::api::{OPEN_GET, USER_BATCHGET, USER_GET};
use crate::sync::client::{Credential, Platform};
use crate::sync::job::account::{AccountImport, list_page};
use crate::sync::job::compare::{compare, ended, lacking};
use crate::sync::job::step::{Job, Place, Planned, Step, Turn};
use crate::sync::secret::Secret;

/// Followers of a step: as many as one call says who they are.
const ASKED_MAX: usize = 100;

const LIST: u32 = 0;
const ASK: u32 = 1;

const SUBSCRIBES: RelationKind = RelationKind::Subscribes;

/// Compares all followers of an official account with the graph. It begins as [`AccountImport`] does.
pub struct AccountReconcile {
    import: AccountImport,
    caller: Credential,
    /// What is to be done; compared anew where a run goes on.
    left: Option<Left>,
}

/// A page of the list, as the store keeps it while a run needs it.
#[derive(Serialize, Deserialize)]
struct Listed {
    /// Of which run it is.
    begun_at_ms: i64,
    is_last: bool,
    openids: Vec<String>,
}

struct Left {
    /// Who is asked for, from the end.
    asked: Vec<Id>,
    /// Those of them whom the list does not have, though they followed.
    gone: BTreeSet<Id>,
    app: Id,
    total: u64,
    /// Pages of the list.
    pages: u64,
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
        AccountReconcile { import, caller, left: None }
    }

    /// Where a page of the list is kept.
    fn listed_name(&self, page: u64) -> String {
        format!("listed {} {page}", self.name())
    }

    /// A page of the list, kept for the comparison.
    fn list(&self, turn: &Turn<'_>) -> Result<Step> {
        let Turn { platform, place, cursor, begun_at, .. } = *turn;
        let page = list_page(platform, &self.caller, cursor, place.chunk)?;
        let mut step = Step { total: page.total, refused: page.lacking, ..Step::default() };
        let last = page.openids.last().cloned().filter(|_| page.goes_on);
        let read = place.chunk + page.openids.len() as u64;
        let (is_last, openids) = (last.is_none(), page.openids);
        let kept = Listed { begun_at_ms: begun_at.ms(), is_last, openids };
        let kept =
            serde_json::to_string(&kept).map_err(|_| Error::Internal { what: "a list that is no JSON" })?;
        platform.store().save(&self.listed_name(place.page), &Secret::new(&kept))?;
        step.next = Some(match last {
            Some(last) => (Place { page: place.page + 1, chunk: read, ..place }, Some(last)),
            None => (Place { leg: ASK, page: 0, chunk: 0 }, Some(String::new())),
        });
        Ok(step)
    }

    /// The whole list of a run, and on how many pages; `None` if the store has lost some of it.
    fn listed(&self, turn: &Turn<'_>) -> Result<Option<(BTreeSet<Id>, u64)>> {
        let space = self.import.openids()?;
        let mut listed = BTreeSet::new();
        for number in 0.. {
            let text = turn.platform.store().load(&self.listed_name(number))?;
            let page: Option<Listed> = text.and_then(|text| serde_json::from_str(text.expose()).ok());
            let Some(page) = page.filter(|page| page.begun_at_ms == turn.begun_at.ms()) else {
                return Ok(None);
            };
            listed.extend(page.openids.iter().filter_map(|openid| Id::in_space(&space, openid).ok()));
            if page.is_last {
                return Ok(Some((listed, number + 1)));
            }
        }
        Ok(None)
    }

    fn compare(&self, turn: &Turn<'_>, (listed, pages): (BTreeSet<Id>, u64)) -> Result<Left> {
        let app = self.import.app()?;
        let difference = compare(turn.graph, (&app, &SUBSCRIBES, Direction::In), listed)?;
        let mut asked = Vec::new();
        for openid in difference.new {
            asked.extend((!has_changed(turn.graph, &openid, turn.begun_at)?).then_some(openid));
        }
        let mut gone = BTreeSet::new();
        for openid in difference.gone {
            gone.extend((!has_changed(turn.graph, &openid, turn.begun_at)?).then_some(openid));
        }
        if let Some(unionids) = self.import.unionids()? {
            asked.extend(lacking(turn.graph, difference.kept, &unionids, turn.begun_at)?);
        }
        asked.extend(gone.iter().cloned());
        let cursor =
            Id::in_space(&self.import.openids()?, turn.cursor).ok().filter(|_| turn.place.leg == ASK);
        asked.retain(|openid| cursor.as_ref().is_none_or(|asked| openid > asked));
        asked.sort_unstable_by(|one, other| other.cmp(one));
        let total = asked.len() as u64;
        Ok(Left { asked, gone, app, total, pages })
    }

    fn ask(&mut self, turn: &Turn<'_>) -> Result<Step> {
        let mut left = match self.left.take() {
            Some(left) => left,
            None => match self.listed(turn)? {
                Some(listed) => self.compare(turn, listed)?,
                None => {
                    let anew = Place { leg: LIST, page: 0, chunk: 0 };
                    return Ok(Step { next: Some((anew, Some(String::new()))), ..Step::default() });
                }
            },
        };
        let asked = left.asked.split_off(left.asked.len().saturating_sub(ASKED_MAX));
        let mut step = Step { total: Some(left.total), records: asked.len() as u64, ..Step::default() };
        let openids: Vec<String> = asked.iter().rev().map(|openid| openid.spelling().to_owned()).collect();
        let bad = match self.import.read_users(turn.platform, &openids, turn.begun_at, &mut step) {
            Ok(bad) => bad,
            Err(error) => {
                // They are asked for again.
                left.asked.extend(asked);
                self.left = Some(left);
                return Err(error);
            }
        };
        // Whom the list only left out is known as ever, and not told again.
        let is_known = |op: &Op| -> Result<bool> {
            let Op::Link { a, b, .. } = op else { return Ok(false) };
            Ok((left.gone.contains(a) || left.gone.contains(b))
                && turn.graph.view().same(a, b)? == Verdict::SameEntity)
        };
        for fact in std::mem::take(&mut step.facts) {
            if !is_known(&fact.op)? {
                step.facts.push(fact);
            }
        }
        // Nobody of that name follows.
        let is_gone = |id: &&Id| left.gone.contains(*id) && bad.iter().any(|bad| bad == id.spelling());
        let gone = asked.iter().filter(is_gone).map(|openid| {
            ended(SUBSCRIBES, (openid.clone(), left.app.clone()), "mp.user_get", turn.begun_at)
        });
        step.facts.extend(gone);
        if left.asked.is_empty() {
            for page in 0..left.pages {
                turn.platform.store().remove(&self.listed_name(page))?;
            }
            return Ok(step);
        }
        self.left = Some(left);
        let next = Place { page: turn.place.page + 1, ..turn.place };
        step.next = openids.last().map(|last| (next, Some(last.clone())));
        Ok(step)
    }
}

/// Whether an openid began or ended to follow since a time, as events told (A2).
fn has_changed(graph: &Graph, openid: &Id, since: Time) -> Result<bool> {
    let view = graph.view();
    for interval in view.neighbors(openid, &SUBSCRIBES, Direction::Out, When::Ever) {
        let interval = interval?;
        if interval.since >= since || interval.until.is_some_and(|until| until >= since) {
            return Ok(true);
        }
    }
    Ok(false)
}

impl Job for AccountReconcile {
    fn name(&self) -> String {
        format!("account_reconcile {}", self.caller.name())
    }

    fn outline(&mut self, platform: &Platform) -> Result<String> {
        self.import.outline(platform)
    }

    fn resume(&mut self, _: &str) -> Result<()> {
        self.left = None;
        Ok(())
    }

    fn plan(&mut self, turn: &Turn<'_>) -> Result<Vec<Planned>> {
        let space = self.import.openids()?;
        let (mut listed, mut pages) = (BTreeSet::new(), 0);
        let (mut cursor, mut read) = (String::new(), 0);
        loop {
            let page = list_page(turn.platform, &self.caller, &cursor, read)?;
            pages += 1;
            read += page.openids.len() as u64;
            listed.extend(page.openids.iter().filter_map(|openid| Id::in_space(&space, openid).ok()));
            match page.openids.into_iter().next_back().filter(|_| page.goes_on) {
                Some(last) => cursor = last,
                None => break,
            }
        }
        let asked = self.compare(turn, (listed, pages))?.asked.len().div_ceil(ASKED_MAX) as u64;
        Ok(vec![
            Planned::exactly(&OPEN_GET, 1),
            Planned::exactly(&USER_GET, pages),
            Planned::exactly(&USER_BATCHGET, asked),
        ])
    }

    fn step(&mut self, turn: &Turn<'_>) -> Result<Step> {
        match turn.place.leg {
            LIST => self.list(turn),
            _ => self.ask(turn),
        }
    }
}
