//! The upgrade of a corp's ids to a provider's (wechat reference 23 E): all that is known in the corp's own values gets its
//! link to the provider's, before the upgrade is finished and no conversion answers any more. The switch itself
//! (`finish_openid_migration`) cannot be taken back: it is the operator's, who looks first at what was refused.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::engine::Read;
use crate::error::{CallFailure, Error, Result};
use crate::graph::Graph;
use crate::model::{Direction, Id, Kind, KindScope, RelationKind, When};
use crate::sync::api::{Endpoint, GROUP_NEW_EXTERNAL, NEW_CHAT, NEW_EXTERNAL, Request, USERID_TO_OPEN};
use crate::sync::client::{Credential, Platform};
use crate::sync::job::step::{Job, Place, Planned, Step, Turn};
use crate::wechat::{self, IngestOptions, Opt};

/// A kind of id that is upgraded.
struct Leg {
    kind: Kind,
    endpoint: &'static Endpoint,
    field: &'static str,
    source: &'static str,
    /// Whether it is asked group by group: of strangers in groups, whom no employee has as a customer.
    is_by_chat: bool,
    /// Ids of a call (wechat reference 13.5, 13.6, 13.9).
    most: usize,
}

static LEGS: [Leg; 4] = [
    Leg {
        kind: Kind::ExternalUserid,
        endpoint: &NEW_EXTERNAL,
        field: "external_userid_list",
        source: "work.new_external",
        is_by_chat: false,
        most: 200,
    },
    Leg {
        kind: Kind::ExternalUserid,
        endpoint: &GROUP_NEW_EXTERNAL,
        field: "external_userid_list",
        source: "work.new_external",
        is_by_chat: true,
        most: 200,
    },
    Leg {
        kind: Kind::Userid,
        endpoint: &USERID_TO_OPEN,
        field: "userid_list",
        source: "work.userid_convert",
        is_by_chat: false,
        most: 1_000,
    },
    Leg {
        kind: Kind::ChatId,
        endpoint: &NEW_CHAT,
        field: "chat_id_list",
        source: "work.chatid_convert",
        is_by_chat: false,
        most: 1_000,
    },
];

/// Links all ids of a corp's own view to a provider's.
pub struct GenerationUpgrade {
    caller: Credential,
    options: IngestOptions,
    /// The calls of a leg that are left, from the end; found anew where a run goes on.
    left: Option<(u32, Vec<Part>)>,
}

/// The ids of a call that have no counterpart, and the group they are in, if it is asked by groups.
struct Part {
    chat: Option<Id>,
    ids: Vec<Id>,
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

    fn find(&self, graph: &Graph, leg: &Leg) -> Result<Vec<Part>> {
        let new = self.options.view_space(leg.kind.clone())?;
        let old = KindScope::new(leg.kind.clone(), &self.options.key(Opt::Corp)?);
        let old = old.map_err(|rule| crate::error::AnswerError::BadId { field: Opt::Corp.flag(), rule })?;
        let view = graph.view();
        let mut left: BTreeMap<Option<Id>, Vec<Id>> = BTreeMap::new();
        for entity in view.entities() {
            let ids = entity?.ids;
            if ids.iter().any(|id| id.space() == new.as_str()) {
                continue;
            }
            for id in ids.into_iter().filter(|id| id.space() == old.as_str()) {
                if !leg.is_by_chat {
                    left.entry(None).or_default().push(id);
                    continue;
                }
                // Any group that shows him will do.
                let mut chats = view.neighbors(&id, &RelationKind::MemberOf, Direction::Out, When::Ever);
                let chat = chats.next().transpose()?.map(|found| found.to);
                drop(chats);
                if chat.is_some() {
                    left.entry(chat).or_default().push(id);
                }
            }
        }
        let parts = left.into_iter().flat_map(|(chat, ids)| {
            let parts: Vec<Part> =
                ids.chunks(leg.most).map(|ids| Part { chat: chat.clone(), ids: ids.to_vec() }).collect();
            parts
        });
        Ok(parts.collect())
    }

    fn convert(&self, turn: &Turn<'_>, leg: &Leg, asked: &Part, step: &mut Step) -> Result<()> {
        let mut options = self.options.clone();
        options.set_at(turn.begun_at);
        // One that is refused fails a whole call: its half is asked again, and that one's half, until it is alone.
        let mut parts = vec![asked.ids.as_slice()];
        while let Some(part) = parts.pop().filter(|part| !part.is_empty()) {
            let texts: Vec<Value> = part.iter().map(|id| json!(id.spelling())).collect();
            let mut body = json!({leg.field: texts});
            if let (Some(chat), Value::Object(fields)) = (&asked.chat, &mut body) {
                fields.insert("chat_id".to_owned(), json!(chat.spelling()));
            }
            let request = Request::post(leg.endpoint, &body);
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
            let calls = self.find(turn.graph, leg)?.len() as u64;
            // Who is a stranger shows when the others have their ids.
            if leg.is_by_chat {
                return Ok(Planned::at_least(leg.endpoint, 0));
            }
            Ok(Planned::exactly(leg.endpoint, calls))
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
        if let Some(part) = left.pop() {
            step.records = part.ids.len() as u64;
            if let Err(error) = self.convert(turn, leg, &part, &mut step) {
                // They are converted by the next try.
                left.push(part);
                self.left = Some((number, left));
                return Err(error);
            }
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
