//! The pending sweep (wechat reference 23 C): a provider's customers who are nobody's visitor yet are asked for the pending
//! ids that they had as visitors, which join them.

use serde_json::json;

use crate::engine::{AskAgain, Read};
use crate::error::{CallFailure, Error, Result};
use crate::model::{Id, Kind, Time};
use crate::sync::api::{EXTERNAL_TO_PENDING, Request};
use crate::sync::client::{Credential, Platform};
use crate::sync::job::paging::halved;
use crate::sync::job::step::{Job, Place, Planned, Step, Turn};
use crate::wechat::{self, IngestOptions, Opt};

/// Customers of a call (wechat reference 13.3).
const CUSTOMERS_MAX: usize = 100;
/// A pending id that was looked up longer ago is dead.
const PENDING_MS: i64 = 90 * Time::DAY_MS;

/// So many refusals before the first answer mean that nobody may be asked for: more than the few bad ids that may be first.
const REFUSALS_MAX: u32 = 16;

/// Asks for the pending ids of customers without a unionid.
pub struct PendingSweep {
    caller: Credential,
    options: IngestOptions,
    /// Whom to ask for; found anew where a run goes on.
    left: Option<Vec<Id>>,
    total: u64,
    /// Whether a call of this process was answered, and how many were refused.
    is_answered: bool,
    refusals: u32,
}

impl std::fmt::Debug for PendingSweep {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PendingSweep").field("caller", &self.caller).finish_non_exhaustive()
    }
}

impl PendingSweep {
    /// For a corp, as the provider `viewer` sees it, whose app's token `caller` has.
    pub fn new(caller: Credential, corp: &str, viewer: &str) -> PendingSweep {
        let options = IngestOptions::new().with(Opt::Corp, corp).with(Opt::Viewer, viewer);
        PendingSweep { caller, options, left: None, total: 0, is_answered: false, refusals: 0 }
    }

    /// Whom to ask for, the last one first, but for those whom this run asked for. They are taken in order of their values,
    /// and not of their worth: an event changes what a customer is worth, and a run that goes on must not find him in
    /// front of its cursor for that.
    fn find(&mut self, turn: &Turn<'_>) -> Result<Vec<Id>> {
        let space = self.options.view_space(Kind::ExternalUserid)?;
        // Whoever was not met by a pending id yesterday may be today.
        let asked = AskAgain { believed_ms: 0, ..AskAgain::at(turn.begun_at) };
        let since = turn.begun_at.plus_ms(-PENDING_MS);
        let lacking = turn.graph.view().unresolved(&space, &asked)?;
        let young = lacking.into_iter().filter(|found| found.last_seen.is_none_or(|seen| seen >= since));
        let ids = young.map(|found| found.id);
        let mut left: Vec<Id> = ids.filter(|id| id.spelling() > turn.cursor).collect();
        left.sort_unstable_by(|one, other| other.spelling().cmp(one.spelling()));
        self.total = left.len() as u64;
        Ok(left)
    }

    /// One customer who is refused does not cost the others theirs, unless nobody may be asked for.
    fn ask(&mut self, turn: &Turn<'_>, asked: &[Id], step: &mut Step) -> Result<()> {
        let mut options = self.options.clone();
        options.set_at(turn.begun_at);
        let mut errcode_last = 0;
        let refused = halved(asked, |part| {
            let is_barred = !self.is_answered && self.refusals >= REFUSALS_MAX;
            if is_barred && part.len() < asked.len() {
                return Ok(Some(errcode_last));
            }
            let ids: Vec<&str> = part.iter().rev().map(Id::spelling).collect();
            let request = Request::post(&EXTERNAL_TO_PENDING, &json!({"external_userid": ids}));
            match turn.platform.call(&self.caller, &request) {
                Ok(body) => {
                    self.is_answered = true;
                    step.take(wechat::parse("work.external_to_pending", &body, &options)?);
                    Ok(None)
                }
                Err(Error::Call { failure: CallFailure::Refused(errcode), .. }) => {
                    (errcode_last, self.refusals) = (errcode, self.refusals.saturating_add(1));
                    Ok(Some(errcode))
                }
                Err(error) => Err(error),
            }
        })?;
        step.refused += refused.len() as u64;
        Ok(())
    }
}

impl Job for PendingSweep {
    fn name(&self) -> String {
        format!("pending {}", self.caller.name())
    }

    fn outline(&mut self, _: &Platform) -> Result<String> {
        Ok(String::new())
    }

    fn resume(&mut self, _: &str) -> Result<()> {
        self.left = None;
        Ok(())
    }

    fn plan(&mut self, turn: &Turn<'_>) -> Result<Vec<Planned>> {
        let left = self.find(turn)?.len().div_ceil(CUSTOMERS_MAX);
        Ok(vec![Planned::exactly(&EXTERNAL_TO_PENDING, left as u64)])
    }

    fn step(&mut self, turn: &Turn<'_>) -> Result<Step> {
        let mut left = match self.left.take() {
            Some(left) => left,
            None => self.find(turn)?,
        };
        let asked = left.split_off(left.len().saturating_sub(CUSTOMERS_MAX));
        let mut step = Step { total: Some(self.total), records: asked.len() as u64, ..Step::default() };
        if let Err(error) = self.ask(turn, &asked, &mut step) {
            // They are asked for again.
            left.extend(asked);
            self.left = Some(left);
            return Err(error);
        }
        let next = Place { page: turn.place.page + 1, ..turn.place };
        let last = asked.first().filter(|_| !left.is_empty());
        let cursor = last.map(|id| id.spelling().to_owned());
        step.next = cursor.map(|cursor| (next, Some(cursor)));
        self.left = Some(left);
        Ok(step)
    }
}
