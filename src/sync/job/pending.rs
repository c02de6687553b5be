//! The pending sweep (wechat reference 23 C): a provider's customers who are nobody's visitor yet are asked for the pending
//! ids that they had as visitors, which join them.

use serde_json::json;

use crate::engine::{AskAgain, Read, Unresolved};
use crate::error::{CallFailure, Error, Result};
use crate::model::{Id, Kind, Time};
use crate::sync::api::{EXTERNAL_TO_PENDING, Request};
use crate::sync::client::{Credential, Platform};
use crate::sync::job::step::{Job, Place, Planned, Step, Turn};
use crate::wechat::{self, IngestOptions, Opt};

/// Customers of a call (wechat reference 13.3).
const CUSTOMERS_MAX: usize = 100;
/// A pending id that was looked up longer ago is dead.
const PENDING_MS: i64 = 90 * Time::DAY_MS;

/// The place of an id in the order of [`Read::unresolved`], which lasts while others of them are met: whether somebody said
/// that there is nothing, when it was seen, its value.
type Rank = (bool, i64, String);

fn rank(found: &Unresolved) -> Rank {
    let seen = found.last_seen.map_or(i64::MIN, Time::ms);
    (found.absent.is_some(), seen.saturating_neg(), found.id.spelling().to_owned())
}

/// Asks for the pending ids of customers without a unionid.
pub struct PendingSweep {
    caller: Credential,
    options: IngestOptions,
    /// Whom to ask for; found anew where a run goes on.
    left: Option<Vec<(Rank, Id)>>,
    total: u64,
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
        PendingSweep { caller, options, left: None, total: 0 }
    }

    fn find(&mut self, turn: &Turn<'_>) -> Result<Vec<(Rank, Id)>> {
        let space = self.options.view_space(Kind::ExternalUserid)?;
        // Whoever was not met by a pending id yesterday may be today.
        let asked = AskAgain { believed_ms: 0, ..AskAgain::at(turn.begun_at) };
        let since = turn.begun_at.plus_ms(-PENDING_MS);
        let lacking = turn.graph.view().unresolved(&space, &asked)?;
        let young = lacking.into_iter().filter(|found| found.last_seen.is_none_or(|seen| seen >= since));
        // The most worthwhile is taken first, from the end. Whom this run asked for is in front of its cursor.
        let cursor: Option<Rank> = serde_json::from_str(turn.cursor).ok();
        let ranked = young.map(|found| (rank(&found), found.id));
        let mut left: Vec<(Rank, Id)> =
            ranked.filter(|(rank, _)| cursor.as_ref().is_none_or(|cursor| rank > cursor)).collect();
        left.reverse();
        self.total = left.len() as u64;
        Ok(left)
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
        let asked_last = asked.first().map(|(rank, _)| rank.clone());
        let mut step = Step { total: Some(self.total), records: asked.len() as u64, ..Step::default() };
        if !asked.is_empty() {
            let ids: Vec<&str> = asked.iter().rev().map(|(_, id)| id.spelling()).collect();
            let request = Request::post(&EXTERNAL_TO_PENDING, &json!({"external_userid": ids}));
            let mut options = self.options.clone();
            options.set_at(turn.begun_at);
            match turn.platform.call(&self.caller, &request) {
                Ok(body) => step.take(wechat::parse("work.external_to_pending", &body, &options)?),
                Err(Error::Call { failure: CallFailure::Refused(_), .. }) => {
                    step.refused += asked.len() as u64
                }
                Err(error) => {
                    // They are asked for again.
                    left.extend(asked);
                    self.left = Some(left);
                    return Err(error);
                }
            }
        }
        let next = Place { page: turn.place.page + 1, ..turn.place };
        let cursor = asked_last.filter(|_| !left.is_empty()).map(|rank| json!(rank).to_string());
        step.next = cursor.map(|cursor| (next, Some(cursor)));
        self.left = Some(left);
        Ok(step)
    }
}
