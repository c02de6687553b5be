//! The upgrade of a corp's ids to a provider's (wechat reference 23 E): all that is known in the corp's own values gets its
//! link to the provider's, before the upgrade is finished and no conversion answers any more. The switch itself
//! (`finish_openid_migration`) cannot be taken back: it is the operator's, who looks first at what has no counterpart
//! ([`Job::tally`]).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::engine::Read;
use crate::error::{AnswerError, CallFailure, Error, Result};
use crate::graph::Graph;
use crate::model::{Direction, Fact, Id, Kind, KindScope, Op, RelationKind, When};
use crate::sync::api::{
    CORPID_TO_OPEN, Endpoint, GROUP_NEW_EXTERNAL, NEW_CHAT, NEW_EXTERNAL, Request, USERID_TO_OPEN,
};
use crate::sync::client::{Credential, Platform};
use crate::sync::job::paging::halved;
use crate::sync::job::step::{Job, Place, Planned, Step, Tally, Turn, Unlinked};
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
/// Nobody knows the group (any more): it is refused as a whole, whoever is asked for.
const NO_CHAT: [i64; 2] = [86001, 86003];
/// The corp itself comes last.
const CORP: u32 = 4;

/// Links all ids of a corp's own view to a provider's.
pub struct GenerationUpgrade {
    caller: Credential,
    /// Who asks for the corp's own open_corpid.
    provider: Option<Credential>,
    options: IngestOptions,
    /// The calls of a leg that are left, from the end; found anew where a run goes on.
    left: Option<(u32, Vec<Part>)>,
    /// Who got no counterpart from this process, and why.
    unlinked: BTreeMap<Id, Unlinked>,
}

/// The ids of a call that have no counterpart, in order, and the group they are in, if it is asked by groups.
struct Part {
    turn: GroupTurn,
    chat: Option<Id>,
    ids: Vec<Id>,
}

/// When a group is asked: those that he is in now show a stranger, those that he left or that are no more may.
type GroupTurn = u8;
const CURRENT: GroupTurn = 0;
const FORMER: GroupTurn = 1;

/// Where a leg goes on: behind this id of this group, or of none.
type Behind = (GroupTurn, String, String);

impl std::fmt::Debug for GenerationUpgrade {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GenerationUpgrade").field("caller", &self.caller).finish_non_exhaustive()
    }
}

impl GenerationUpgrade {
    /// For a corp, whose ids so far were its own, and the provider `viewer`, whose app's token `caller` has.
    pub fn new(caller: Credential, corp: &str, viewer: &str) -> GenerationUpgrade {
        let options = IngestOptions::new().with(Opt::Corp, corp).with(Opt::Viewer, viewer);
        GenerationUpgrade { caller, provider: None, options, left: None, unlinked: BTreeMap::new() }
    }

    /// Asks for the open_corpid of the corp as well, which only the provider itself may (wechat reference 13.6).
    #[must_use]
    pub fn with_provider(mut self, provider: Credential) -> GenerationUpgrade {
        self.provider = Some(provider);
        self
    }

    /// The corp's own values of a kind, and the provider's.
    fn spaces(&self, kind: &Kind) -> Result<(KindScope, KindScope)> {
        let new = self.options.view_space(kind.clone())?;
        let old = KindScope::new(kind.clone(), &self.options.key(Opt::Corp)?);
        let old = old.map_err(|rule| AnswerError::BadId { field: Opt::Corp.flag(), rule })?;
        Ok((old, new))
    }

    /// The corp in its own value, and where its open_corpids are.
    fn corp(&self) -> Result<(Id, KindScope)> {
        let bad = |rule| AnswerError::BadId { field: Opt::Corp.flag(), rule };
        let corp = Id::new(Kind::Corpid, "", &self.options.key(Opt::Corp)?).map_err(bad)?;
        let open = KindScope::new(Kind::Corpid, &format!("@{}", self.options.key(Opt::Viewer)?));
        Ok((corp, open.map_err(bad)?))
    }

    /// The calls of a leg behind an id, in order. A stranger is in one of each of his groups: he needs the next one only
    /// where those before did not show him.
    fn find(&self, graph: &Graph, leg: &Leg, behind: Option<&Behind>) -> Result<Vec<Part>> {
        let (old, new) = self.spaces(&leg.kind)?;
        let view = graph.view();
        let mut left: BTreeMap<(GroupTurn, String), (Option<Id>, Vec<Id>)> = BTreeMap::new();
        for id in view.ids_in(&old) {
            let id = id?;
            if has_counterpart(&view, &id, &new)? {
                continue;
            }
            let chats = if leg.is_by_chat { groups_of(&view, &id)? } else { vec![(CURRENT, None)] };
            for (mut turn, chat) in chats {
                let spelled = spelled(chat.as_ref());
                let is_left = |turn: GroupTurn| {
                    let place = (turn, spelled.clone(), id.spelling().to_owned());
                    behind.is_none_or(|behind| place > *behind)
                };
                // He may have come back to a group since its turn was over.
                if leg.is_by_chat && !is_left(turn) {
                    turn = FORMER;
                }
                if is_left(turn) {
                    let (_, ids) = left.entry((turn, spelled)).or_insert_with(|| (chat, Vec::new()));
                    ids.push(id.clone());
                }
            }
        }
        let mut parts: Vec<Part> = Vec::new();
        for ((turn, _), (chat, mut ids)) in left {
            ids.sort_unstable_by(|one, other| one.spelling().cmp(other.spelling()));
            let part = |ids: &[Id]| Part { turn, chat: chat.clone(), ids: ids.to_vec() };
            parts.extend(ids.chunks(leg.most).map(part));
        }
        Ok(parts)
    }

    fn convert(&mut self, turn: &Turn<'_>, leg: &Leg, asked: &Part, step: &mut Step) -> Result<()> {
        let options = self.options_at(turn);
        let (old, _) = self.spaces(&leg.kind)?;
        let (mut silent, mut of_no_chat) = (Vec::new(), Vec::new());
        let refused = halved(&asked.ids, |part| {
            let texts: Vec<Value> = part.iter().map(|id| json!(id.spelling())).collect();
            let mut body = json!({leg.field: texts});
            if let (Some(chat), Value::Object(fields)) = (&asked.chat, &mut body) {
                fields.insert("chat_id".to_owned(), json!(chat.spelling()));
            }
            match turn.platform.call(&self.caller, &Request::post(leg.endpoint, &body)) {
                Ok(body) => {
                    let mut read = wechat::parse(leg.source, &body, &options)?;
                    let twins = read.facts.iter().filter_map(|fact| twin_of(fact, &old));
                    let twins: Vec<Fact> = twins.collect();
                    read.facts.extend(twins);
                    let named: BTreeSet<&Id> = read.facts.iter().flat_map(|fact| fact.op.ids()).collect();
                    let unnamed = part.iter().filter(|id| !named.contains(id));
                    silent.extend(unnamed.map(|id| (id.clone(), Unlinked::LeftOut)));
                    step.take(read);
                    Ok(None)
                }
                // All of them are in it: asking for less would be refused as well.
                Err(Error::Call { failure: CallFailure::Refused(errcode), .. })
                    if asked.chat.is_some() && NO_CHAT.contains(&errcode) =>
                {
                    of_no_chat.extend(part.iter().map(|id| (id.clone(), Unlinked::Refused(errcode))));
                    Ok(None)
                }
                Err(Error::Call { failure: CallFailure::Refused(errcode), .. }) => Ok(Some(errcode)),
                Err(error) => Err(error),
            }
        })?;
        step.refused += (refused.len() + of_no_chat.len()) as u64;
        self.unlinked.extend(silent);
        self.unlinked.extend(of_no_chat);
        let refused = refused.into_iter().map(|(id, errcode)| (id.clone(), Unlinked::Refused(errcode)));
        self.unlinked.extend(refused);
        Ok(())
    }

    fn without_counterpart(&self, graph: &Graph, leg: &Leg, ids: Vec<Id>) -> Result<Vec<Id>> {
        let (view, (_, new)) = (graph.view(), self.spaces(&leg.kind)?);
        let mut without = Vec::new();
        for id in ids {
            if !has_counterpart(&view, &id, &new)? {
                without.push(id);
            }
        }
        Ok(without)
    }

    fn options_at(&self, turn: &Turn<'_>) -> IngestOptions {
        let mut options = self.options.clone();
        options.set_at(turn.begun_at);
        options
    }

    fn leg(&mut self, turn: &Turn<'_>, leg: &Leg) -> Result<Step> {
        let mut step = Step::default();
        let number = turn.place.leg;
        let mut left = match self.left.take() {
            Some((of, left)) if of == number => left,
            _ => {
                let behind: Option<Behind> = serde_json::from_str(turn.cursor).ok();
                let mut left = self.find(turn.graph, leg, behind.as_ref())?;
                left.reverse();
                left
            }
        };
        let (mut behind, mut is_asked) = (None, false);
        while !is_asked && let Some(mut part) = left.pop() {
            behind = part.ids.last().map(|last| place_of(&part, last));
            if leg.is_by_chat {
                // Another of their groups may have shown them.
                part.ids = self.without_counterpart(turn.graph, leg, part.ids)?;
            }
            is_asked = !part.ids.is_empty();
            if !is_asked {
                continue;
            }
            step.records = part.ids.len() as u64;
            if let Err(error) = self.convert(turn, leg, &part, &mut step) {
                // They are converted by the next try.
                left.push(part);
                self.left = Some((number, left));
                return Err(error);
            }
        }
        step.next = Some(if left.is_empty() {
            (Place { leg: number + 1, page: 0, chunk: 0 }, Some(String::new()))
        } else {
            (
                Place { page: turn.place.page + 1, ..turn.place },
                behind.map(|behind| json!(behind).to_string()),
            )
        });
        self.left = Some((number, left));
        Ok(step)
    }

    /// The corp's open_corpid, if somebody may ask for it and nobody knows it.
    fn corpid(&mut self, turn: &Turn<'_>) -> Result<Step> {
        let mut step = Step::default();
        let Some(provider) = &self.provider else { return Ok(step) };
        let (corp, open) = self.corp()?;
        if has_counterpart(&turn.graph.view(), &corp, &open)? {
            return Ok(step);
        }
        step.records = 1;
        let request = Request::post(&CORPID_TO_OPEN, &json!({"corpid": corp.spelling()}));
        match turn.platform.call(provider, &request) {
            Ok(body) => {
                let viewer = self.options.key(Opt::Viewer)?;
                let options = self.options_at(turn).with(Opt::Provider, &viewer);
                step.take(wechat::parse("work.corpid_convert", &body, &options)?);
            }
            Err(Error::Call { failure: CallFailure::Refused(errcode), .. }) => {
                step.refused += 1;
                self.unlinked.insert(corp, Unlinked::Refused(errcode));
            }
            Err(error) => return Err(error),
        }
        Ok(step)
    }

    /// Why an id has no counterpart.
    fn why(&self, view: &impl Read, id: &Id, new: &KindScope) -> Result<Unlinked> {
        if let Some(why) = self.unlinked.get(id) {
            return Ok(*why);
        }
        let around = view.edges_around(id, usize::MAX)?;
        let is_new = |id: &Id| id.space() == new.as_str();
        let is_told = around.edges.iter().any(|around| is_new(&around.edge.a) || is_new(&around.edge.b));
        Ok(if is_told { Unlinked::Rejected } else { Unlinked::NotAsked })
    }

    fn tally_of(
        &self,
        view: &impl Read,
        ids: impl Iterator<Item = Result<Id>>,
        new: &KindScope,
    ) -> Result<Tally> {
        let mut tally = Tally { kind: new.kind().clone(), known: 0, linked: 0, unlinked: BTreeMap::new() };
        for id in ids {
            let id = id?;
            tally.known += 1;
            if has_counterpart(view, &id, new)? {
                tally.linked += 1;
            } else {
                *tally.unlinked.entry(self.why(view, &id, new)?).or_default() += 1;
            }
        }
        Ok(tally)
    }
}

fn has_counterpart(view: &impl Read, id: &Id, new: &KindScope) -> Result<bool> {
    let entity = view.resolve(id)?;
    Ok(entity.is_some_and(|entity| entity.members.iter().any(|member| member.id.space() == new.as_str())))
}

/// Where a conversion says which of the viewer's ids takes another's place: until then the viewer had the corp's own values
/// (wechat reference 13.9), so the corp's own id is the same as the new one.
fn twin_of(fact: &Fact, own: &KindScope) -> Option<Fact> {
    let Op::Supersede { old, new, source, event, .. } = &fact.op else { return None };
    let op = Op::Link {
        a: Id::in_space(own, old.spelling()).ok()?,
        b: new.clone(),
        source: source.clone(),
        strength: None,
        event: event.clone(),
        expires_at: None,
    };
    Some(Fact { at: fact.at, batch: None, op })
}

/// The groups that somebody is in or was in, each once.
fn groups_of(view: &impl Read, id: &Id) -> Result<Vec<(GroupTurn, Option<Id>)>> {
    let of = |when| view.neighbors(id, &RelationKind::MemberOf, Direction::Out, when);
    let mut groups: BTreeMap<Id, GroupTurn> = BTreeMap::new();
    for (turn, when) in [(CURRENT, When::Open), (FORMER, When::Ever)] {
        for found in of(when) {
            groups.entry(found?.to).or_insert(turn);
        }
    }
    Ok(groups.into_iter().map(|(chat, turn)| (turn, Some(chat))).collect())
}

fn place_of(part: &Part, last: &Id) -> Behind {
    (part.turn, spelled(part.chat.as_ref()), last.spelling().to_owned())
}

fn spelled(chat: Option<&Id>) -> String {
    chat.map_or_else(String::new, |chat| chat.spelling().to_owned())
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
            // Who is a stranger shows when the others have their ids.
            if leg.is_by_chat {
                return Ok(Planned::at_least(leg.endpoint, 0));
            }
            Ok(Planned::exactly(leg.endpoint, self.find(turn.graph, leg, None)?.len() as u64))
        });
        let mut planned = planned.collect::<Result<Vec<Planned>>>()?;
        if self.provider.is_some() {
            let (corp, open) = self.corp()?;
            let is_known = has_counterpart(&turn.graph.view(), &corp, &open)?;
            planned.push(Planned::exactly(&CORPID_TO_OPEN, u64::from(!is_known)));
        }
        Ok(planned)
    }

    fn step(&mut self, turn: &Turn<'_>) -> Result<Step> {
        let leg = usize::try_from(turn.place.leg).ok().and_then(|at| LEGS.get(at));
        match leg {
            Some(leg) => self.leg(turn, leg),
            None if turn.place.leg == CORP => self.corpid(turn),
            None => Ok(Step::default()),
        }
    }

    /// Of each kind, how many ids of the corp's own have a counterpart of the provider's. Why others have none is known of
    /// those that this process asked for: a run that is over asks again for all that have none.
    fn tally(&self, graph: &Graph) -> Result<Vec<Tally>> {
        let view = graph.view();
        let kinds = LEGS.iter().filter(|leg| !leg.is_by_chat).map(|leg| {
            let (old, new) = self.spaces(&leg.kind)?;
            self.tally_of(&view, view.ids_in(&old), &new)
        });
        let mut tallies = kinds.collect::<Result<Vec<Tally>>>()?;
        let (corp, open) = self.corp()?;
        tallies.push(self.tally_of(&view, std::iter::once(Ok(corp)), &open)?);
        Ok(tallies)
    }
}
