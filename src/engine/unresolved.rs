//! unresolved: what should be asked again, the most worthwhile first.
//!
//! # What is listed
//! Of a `pending_id` space the ids that die soon and still have no external_userid of their view; of an `openid` or
//! `external_userid` space the ids whose entity has no unionid. Superseded, blocked and restricted ids are not, nor is
//! an id about which somebody answered not long ago that there is no such counterpart, nor an app's or a corp's whose
//! topology says that there is no open account to have one.
//!
//! # Order
//! Pending ids: what dies first comes first, for that cannot be asked later. Others: those never asked about before those
//! that were, then what was seen last comes first (whoever is here now is worth most), then by text.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::engine::ids_in::numbers_in;
use crate::engine::reading::restricted_free;
use crate::engine::relations::{all_relations, counting_times};
use crate::engine::retract::stands;
use crate::engine::translate::canonical;
use crate::engine::walk::{all_pairs, entity_members};
use crate::error::Result;
use crate::model::{Binding, Id, Kind, KindScope, Time, split_scope};
use crate::records::{Node, NodeNo, Side, SideKey};
use crate::store::{Lens, Source, State};

/// What is to be listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AskAgain {
    /// The moment of asking.
    pub now: Time,
    /// Pending ids are listed that die in so many milliseconds.
    pub within_ms: i64,
    /// A negative answer is believed for so many milliseconds.
    pub believed_ms: i64,
    /// How many are listed at most; more than that are never held.
    pub most: usize,
}

impl AskAgain {
    /// Days before the death of a pending id that it is listed, and days that a negative answer is believed.
    const DAYS: (i64, i64) = (14, 7);

    /// Pending ids that die within 14 days; answers are believed for 7 days; everything is listed.
    pub fn at(now: Time) -> AskAgain {
        let (within, believed) = AskAgain::DAYS;
        let days = |days: i64| days * Time::DAY_MS;
        AskAgain { now, within_ms: days(within), believed_ms: days(believed), most: usize::MAX }
    }
}

/// Why an id is worth asking about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Lack {
    /// The pending id dies at this moment, and nobody knows the contact yet.
    Expiring(Time),
    /// No unionid is known.
    Unionid,
}

impl Lack {
    /// The name in answers.
    pub fn name(self) -> &'static str {
        match self {
            Lack::Expiring(_) => "expiring",
            Lack::Unionid => "no_unionid",
        }
    }
}

/// An id that should be asked about again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unresolved {
    /// The id.
    pub id: Id,
    /// Why.
    pub lack: Lack,
    /// The counterpart that is lacking: `external_userid`, `unionid`.
    pub counterpart: Kind,
    /// In which space, where the view or the topology says.
    pub space: Option<KindScope>,
    /// The first thing that was observed of it.
    pub since: Option<Time>,
    /// The last.
    pub last_seen: Option<Time>,
    /// When somebody last answered that there is no such counterpart, and who.
    pub absent: Option<(Time, String)>,
}

/// How little an id is worth: less comes first.
type Rank = (Time, bool, Reverse<Option<Time>>, Id);

/// What is listed, in order of worth.
struct Best {
    most: usize,
    /// The least worthwhile on top.
    heap: BinaryHeap<Ranked>,
}

struct Ranked {
    rank: Rank,
    found: Unresolved,
}

impl PartialEq for Ranked {
    fn eq(&self, other: &Ranked) -> bool {
        self.rank == other.rank
    }
}

impl Eq for Ranked {}

impl PartialOrd for Ranked {
    fn partial_cmp(&self, other: &Ranked) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Ranked {
    fn cmp(&self, other: &Ranked) -> std::cmp::Ordering {
        self.rank.cmp(&other.rank)
    }
}

impl Best {
    fn note(&mut self, found: Unresolved) {
        let dies = if let Lack::Expiring(dies) = found.lack { dies } else { Time::MAX };
        let rank = (dies, found.absent.is_some(), Reverse(found.last_seen), found.id.clone());
        self.heap.push(Ranked { rank, found });
        if self.heap.len() > self.most {
            self.heap.pop();
        }
    }

    fn in_order(self) -> Vec<Unresolved> {
        self.heap.into_sorted_vec().into_iter().map(|ranked| ranked.found).collect()
    }
}

/// What should be asked again of a space. Only the ids of that space are looked at.
pub(crate) fn unresolved(state: &State, space: &KindScope, asked: &AskAgain) -> Result<Vec<Unresolved>> {
    let mut best = Best { most: asked.most, heap: BinaryHeap::new() };
    let mut lens = Lens::on(state);
    let renamed = canonical(&lens, space);
    let space = renamed.as_ref().unwrap_or(space);
    for number in numbers_in(state, space) {
        let number = number?;
        lens.ask(|lens| unresolved_at(lens, number, space, asked))?
            .into_iter()
            .for_each(|one| best.note(one));
    }
    Ok(best.in_order())
}

/// The same of what was found of single numbers.
pub(crate) fn in_order_of_worth(found: impl IntoIterator<Item = Unresolved>, most: usize) -> Vec<Unresolved> {
    let mut best = Best { most, heap: BinaryHeap::new() };
    found.into_iter().for_each(|one| best.note(one));
    best.in_order()
}

/// What should be asked again of the id of a number, if it is of this space.
pub(crate) fn unresolved_at(
    source: &impl Source,
    number: NodeNo,
    space: &KindScope,
    asked: &AskAgain,
) -> Option<Unresolved> {
    let node = source.node(number).filter(|node| node.id.space() == space.as_str())?;
    if node.superseded || node.blocked || !restricted_free(node) {
        return None;
    }
    let (lack, counterpart) = lack_of(source, node, asked)?;
    let members: Vec<&Node> =
        entity_members(source, number).into_iter().filter_map(|member| source.node(member)).collect();
    let is_known = members.iter().any(|member| counterpart.is(&member.id) && !member.superseded);
    if is_known {
        return None;
    }
    let absent = members.iter().filter_map(|member| absent(source, &member.id, &counterpart)).max();
    if absent.as_ref().is_some_and(|(at, _)| asked.now.since(*at) < asked.believed_ms) {
        return None;
    }
    let (since, last_seen) =
        seen(source, number).map_or((None, None), |(first, last)| (Some(first), Some(last)));
    let Counterpart { kind, space } = counterpart;
    Some(Unresolved { id: node.id.clone(), lack, counterpart: kind, space, since, last_seen, absent })
}

/// What an id could be translated to.
struct Counterpart {
    kind: Kind,
    /// Any of the kind, if nobody knows in which space it would be.
    space: Option<KindScope>,
}

impl Counterpart {
    fn is(&self, id: &Id) -> bool {
        match &self.space {
            Some(space) => id.space() == space.as_str(),
            None => *id.kind() == self.kind,
        }
    }

    fn is_asked_by(&self, target: &KindScope) -> bool {
        self.space.as_ref().map_or(*target.kind() == self.kind, |space| space == target)
    }
}

fn lack_of(source: &impl Source, node: &Node, asked: &AskAgain) -> Option<(Lack, Counterpart)> {
    let scope = node.id.scope();
    match node.id.kind() {
        Kind::PendingId => {
            let dies = node.clock.as_ref().map(|clock| clock.valid_to).filter(|dies| *dies != Time::MAX)?;
            let left = dies.since(asked.now);
            let space = KindScope::new(Kind::ExternalUserid, scope).ok();
            let counterpart = Counterpart { kind: Kind::ExternalUserid, space };
            (0..=asked.within_ms).contains(&left).then_some((Lack::Expiring(dies), counterpart))
        }
        Kind::Openid => unionid_of(source.topology().open_account_of(scope, asked.now)),
        Kind::ExternalUserid => {
            let topology = source.topology();
            match topology.bound_app_of(split_scope(scope).0, asked.now) {
                Binding::To(app) => unionid_of(topology.open_account_of(app, asked.now)),
                // Nothing is known, or of no app: a corp may name its contacts' unionids all the same.
                Binding::Unbound | Binding::Unknown => unionid_of(Binding::Unknown),
            }
        }
        _ => None,
    }
}

fn unionid_of(open_account: Binding<'_>) -> Option<(Lack, Counterpart)> {
    let space = match open_account {
        Binding::Unbound => return None,
        Binding::Unknown => None,
        Binding::To(key) => KindScope::new(Kind::Unionid, key).ok(),
    };
    Some((Lack::Unionid, Counterpart { kind: Kind::Unionid, space }))
}

/// The latest counting answer that an id has no such counterpart.
fn absent(source: &impl Source, id: &Id, counterpart: &Counterpart) -> Option<(Time, String)> {
    let mut latest: Option<(Time, String)> = None;
    for key in source.sides_about(id) {
        let SideKey::Absent(_, target) = &*key else { continue };
        if !counterpart.is_asked_by(target) {
            continue;
        }
        let Some(Side::Absent(_, told)) = source.side(&key) else { continue };
        let counts = told.iter().filter(|answer| {
            let spaces = [id.space(), target.as_str()];
            source.counts(answer.recorded_seq)
                && !source.batch_is_retracted(answer.batch)
                && !source.source_is_retracted(answer.source, answer.at, &spaces)
        });
        let named = counts.map(|answer| (answer.at, source.text(answer.source).to_owned()));
        latest = latest.max(named.max());
    }
    latest
}

/// When an id was first and last seen, on its edges and in its relations.
fn seen(source: &impl Source, number: NodeNo) -> Option<(Time, Time)> {
    let mut times: Vec<Time> = Vec::new();
    for (_, key) in all_pairs(source, number) {
        let Some(pair) = source.pair(key) else { continue };
        let (Some(a), Some(b)) = (source.node(pair.a), source.node(pair.b)) else { continue };
        let evidence = pair.edges.iter().flat_map(|edge| &edge.evidence);
        times.extend(evidence.filter(|told| stands(source, a, b, told)).map(|told| told.observed_at));
    }
    for (_, key) in all_relations(source, number) {
        times.extend(counting_times(source, key));
    }
    Some((times.iter().copied().min()?, times.iter().copied().max()?))
}
