//! The upgrade of a corp's ids to a provider's (wechat reference 23 E): all that is known in the corp's own values gets its
//! link to the provider's, before the upgrade is finished and no conversion answers any more.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::engine::Read;
use crate::error::{CallFailure, Error, Result};
use crate::graph::Graph;
use crate::model::{Id, Kind, KindScope};
use crate::sync::api::{Endpoint, NEW_CHAT, NEW_EXTERNAL, Request, USERID_TO_OPEN};
use crate::sync::client::{Credential, Platform};
use crate::sync::job::step::{Job, Place, Planned, Step, Turn};
use crate::wechat::{self, IngestOptions, Opt};

/// A kind of id that is upgraded.
struct Leg {
    kind: Kind,
    endpoint: &'static Endpoint,
    field: &'static str,
    source: &'static str,
    /// Ids of a call (wechat reference 13.5, 13.6, 13.9).
    most: usize,
}

static LEGS: [Leg; 3] = [
    Leg {
        kind: Kind::ExternalUserid,
        endpoint: &NEW_EXTERNAL,
        field: "external_userid_list",
        source: "work.new_external",
        most: 200,
    },
    Leg {
        kind: Kind::Userid,
        endpoint: &USERID_TO_OPEN,
        field: "userid_list",
        source: "work.userid_convert",
        most: 1_000,
    },
    Leg {
        kind: Kind::ChatId,
        endpoint: &NEW_CHAT,
        field: "chat_id_list",
        source: "work.chatid_convert",
        most: 1_000,
    },
];

/// Links all ids of a corp's own view to a provider's.
pub struct GenerationUpgrade {
    caller: Credential,
    options: IngestOptions,
    /// The ids of a leg that have no counterpart; found anew where a run goes on.
    left: Option<(u32, Vec<Id>)>,
}

impl std::fmt::Debug for GenerationUpgrade {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GenerationUpgrade").field("caller", &self.caller).finish_non_exhaustive()
    }
}

impl GenerationUpgrade {
    /// For a corp, whose ids so far were its own, and the provider `viewer`, whose app's token `caller` has.
    pub fn new(caller: Credential, corp: &str, viewer: &str) -> GenerationUpgrade {
        let options = IngestOptions::new().with(Opt::Corp, corp).with(Opt::Viewer, viewer);
        GenerationUpgrade { caller, options, left: None }
    }

    fn find(&self, graph: &Graph, leg: &Leg) -> Result<Vec<Id>> {
        let new = self.options.view_space(leg.kind.clone())?;
        let old = KindScope::new(leg.kind.clone(), &self.options.key(Opt::Corp)?);
        let old = old.map_err(|rule| crate::error::AnswerError::BadId { field: Opt::Corp.flag(), rule })?;
        let mut left = BTreeSet::new();
        for entity in graph.view().entities() {
            let ids = entity?.ids;
            if ids.iter().any(|id| id.space() == new.as_str()) {
                continue;
            }
            left.extend(ids.into_iter().filter(|id| id.space() == old.as_str()));
        }
        Ok(left.into_iter().rev().collect())
    }

    fn convert(&self, turn: &Turn<'_>, leg: &Leg, ids: &[Id], step: &mut Step) -> Result<()> {
        let mut options = self.options.clone();
        options.set_at(turn.begun_at);
        // One that is refused fails a whole call: its half is asked again, and that one's half, until it is alone.
        let mut parts = vec![ids];
        while let Some(part) = parts.pop().filter(|part| !part.is_empty()) {
            let texts: Vec<Value> = part.iter().map(|id| json!(id.spelling())).collect();
            let request = Request::post(leg.endpoint, &json!({leg.field: texts}));
            match turn.platform.call(&self.caller, &request) {
                Ok(body) => step.take(wechat::parse(leg.source, &body, &options)?),
                Err(Error::Call { failure: CallFailure::Refused(_), .. }) if part.len() > 1 => {
                    let (first, second) = part.split_at(part.len() / 2);
                    parts.extend([second, first]);
                }
                Err(Error::Call { failure: CallFailure::Refused(_), .. }) => step.refused += 1,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

impl Job for GenerationUpgrade {
    fn name(&self) -> String {
        format!("generation {}", self.caller.name())
    }

    fn outline(&mut self, _: &Platform) -> Result<String> {
        Ok(String::new())
    }

    fn resume(&mut self, _: &str) -> Result<()> {
        self.left = None;
        Ok(())
    }

    fn plan(&mut self, turn: &Turn<'_>) -> Result<Vec<Planned>> {
        let planned = LEGS.iter().map(|leg| {
            let left = self.find(turn.graph, leg)?.len().div_ceil(leg.most);
            Ok(Planned::exactly(leg.endpoint, left as u64))
        });
        planned.collect()
    }

    fn step(&mut self, turn: &Turn<'_>) -> Result<Step> {
        let mut step = Step::default();
        let number = turn.place.leg;
        let Some(leg) = usize::try_from(number).ok().and_then(|at| LEGS.get(at)) else { return Ok(step) };
        let mut left = match self.left.take() {
            Some((of, left)) if of == number => left,
            _ => self.find(turn.graph, leg)?,
        };
        let ids = left.split_off(left.len().saturating_sub(leg.most));
        step.records = ids.len() as u64;
        if let Err(error) = self.convert(turn, leg, &ids, &mut step) {
            // They are converted by the next try.
            left.extend(ids);
            self.left = Some((number, left));
            return Err(error);
        }
        let place = if left.is_empty() {
            Place { leg: number + 1, page: 0, chunk: 0 }
        } else {
            Place { chunk: turn.place.chunk + 1, ..turn.place }
        };
        self.left = Some((number, left));
        let is_done = usize::try_from(place.leg).is_ok_and(|leg| leg >= LEGS.len());
        step.next = (!is_done).then_some((place, None));
        Ok(step)
    }
}
