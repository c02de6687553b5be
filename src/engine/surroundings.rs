//! surroundings: what is known around an id, as one value to plan from.
//!
//! Lists are cut: whether an account is anybody's contact does not need all of an employee's customers, nor all of a
//! customer's chats.

use std::collections::BTreeMap;

use crate::engine::neighbors::answered_intervals;
use crate::engine::past::Horizon;
use crate::engine::reading::{may_answer, restricted_free};
use crate::engine::relations::{counting_times, of_node};
use crate::engine::resolve::answerable;
use crate::engine::walk::{entity_members, live_pairs};
use crate::model::{
    AppIssuer, Binding, Bound, Class, CorpIssuer, Direction, Id, Issuers, Kind, KnownAbsent, KnownId, Op,
    RelationKind, Surroundings, Tie, Time, Topology, When,
};
use crate::records::{Node, NodeNo, Side, SideKey};
use crate::resolve::{Reason, Status};
use crate::store::{Source, State};

/// Most relations of one kind that are looked at, of one member.
const TIES_MAX: usize = 64;

/// What is known around an id; of one that is not known, or may not be answered, itself alone.
pub(crate) fn surroundings(source: &impl Source, id: &Id, issuers: Issuers) -> Surroundings {
    let scope = source.topology().canonical_scope(id.scope());
    let id = scope.and_then(|scope| id.with_scope(&scope).ok()).unwrap_or_else(|| id.clone());
    let Some(start) = answerable(source, &id) else {
        let absents =
            if may_answer(source, &id) { absents(source, std::slice::from_ref(&id)) } else { Vec::new() };
        return Surroundings { absents, ..Surroundings::of_unknown(id, issuers) };
    };
    let numbers = entity_members(source, start);
    let mut members: Vec<KnownId> = Vec::new();
    let mut ties = Vec::new();
    for number in &numbers {
        let Some(node) = source.node(*number).filter(|node| restricted_free(node)) else { continue };
        members.push(member(node));
        ties.extend(ties_of(source, *number, node));
    }
    members.sort_unstable_by(|x, y| x.id.cmp(&y.id));
    let ids: Vec<Id> = members.iter().map(|member| member.id.clone()).collect();
    let absents = absents(source, &ids);
    Surroundings { id, members, provisional: provisional(source, &numbers), ties, absents, issuers }
}

fn member(node: &Node) -> KnownId {
    let clock = node.clock.as_ref().filter(|_| *node.id.kind() == Kind::PendingId);
    let valid_to = clock.map(|clock| clock.valid_to).filter(|valid_to| *valid_to != Time::MAX);
    KnownId { id: node.id.clone(), superseded: node.superseded, valid_to }
}

/// Followers of a customer, chats of an account or an employee, apps of a subscriber.
fn ties_of(source: &impl Source, number: NodeNo, node: &Node) -> Vec<Tie> {
    let mut kinds = Vec::new();
    match node.id.kind() {
        Kind::ExternalUserid => kinds.push((RelationKind::Follows, Direction::In)),
        Kind::Openid => kinds.push((RelationKind::Subscribes, Direction::Out)),
        _ => {}
    }
    if matches!(node.id.class(), Class::Account | Class::Staff) {
        kinds.push((RelationKind::MemberOf, Direction::Out));
    }
    let mut ties = Vec::new();
    for (kind, direction) in kinds {
        let keys = of_node(source, number, kind.name(), direction);
        for key in keys.into_iter().take(TIES_MAX) {
            let other = if direction == Direction::In { key.from } else { key.to };
            let Some(other) = source.node(other).filter(|node| restricted_free(node)) else { continue };
            let (kind, id, other) = (kind.clone(), node.id.clone(), other.id.clone());
            match answered_intervals(source, key, When::Ever).pop() {
                Some(last) => {
                    let (since, until) = (Some(last.since), last.until);
                    ties.push(Tie { id, kind, other, since, until, attrs: last.attrs });
                }
                // Told of only as ended: somebody asked, and it was not so.
                None => {
                    if let Some(until) = counting_times(source, key).into_iter().max() {
                        let (since, until, attrs) = (None, Some(until), BTreeMap::new());
                        ties.push(Tie { id, kind, other, since, until, attrs });
                    }
                }
            }
        }
    }
    ties
}

fn absents(source: &impl Source, ids: &[Id]) -> Vec<KnownAbsent> {
    let mut absents = Vec::new();
    for id in ids {
        for key in source.sides_about(id) {
            let SideKey::Absent(_, target) = &*key else { continue };
            let Some(Side::Absent(_, told)) = source.side(&key) else { continue };
            let counts = told.iter().filter(|answer| {
                let spaces = [id.space(), target.as_str()];
                source.counts(answer.recorded_seq)
                    && !source.batch_is_retracted(answer.batch)
                    && !source.source_is_retracted(answer.source, answer.at, &spaces)
            });
            let latest = counts.map(|answer| (answer.at, source.text(answer.source).to_owned())).max();
            absents.extend(latest.map(|(as_of, source)| KnownAbsent {
                id: id.clone(),
                target: target.clone(),
                as_of,
                source,
            }));
        }
    }
    absents
}

/// The ids beyond edges that were rejected as `provisional`.
fn provisional(source: &impl Source, members: &[NodeNo]) -> Vec<Id> {
    let mut beyond = Vec::new();
    for number in members {
        for (other, pair) in live_pairs(source, *number) {
            let rejected = source.pair(pair).is_some_and(|pair| {
                pair.edges.iter().any(|edge| edge.state.status == Status::Rejected(Reason::Provisional))
            });
            if rejected && !members.contains(&other) {
                beyond.extend(entity_members(source, other));
            }
        }
    }
    let nodes = beyond.into_iter().filter_map(|number| source.node(number));
    let mut ids: Vec<Id> = nodes.filter(|node| restricted_free(node)).map(|node| node.id.clone()).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// Who issues ids, as the facts within a horizon say it is at `now`; `topology` is what they set up.
pub(crate) fn issuers(state: &State, topology: &Topology, horizon: Horizon, now: Time) -> Issuers {
    let mut issuers = Issuers::default();
    let undone = state.undone.until(horizon.seq);
    let counts = |at, seq| horizon.reaches(at, seq) && undone.counts(seq);
    let settings = state.settings.iter().filter(|(_, told)| counts(told.fact.at, told.recorded_seq));
    let mut facts: Vec<_> = settings.map(|(_, told)| told.fact.clone()).collect();
    // What was said last holds.
    facts.sort_by_key(|fact| fact.at);
    for fact in facts {
        match &fact.op {
            Op::App { appid, app_type, subject, .. } => {
                let app = issuers.apps.entry(appid.clone()).or_default();
                said(&mut app.app_type, app_type);
                said(&mut app.subject, subject);
            }
            Op::Corp { key, subject, .. } => {
                said(&mut issuers.corps.entry(key.clone()).or_default().subject, subject);
            }
            Op::OpenAccount { key, subject } => {
                said(issuers.open_accounts.entry(key.clone()).or_default(), subject);
            }
            Op::Provider { key, subject } => {
                said(issuers.providers.entry(key.clone()).or_default(), subject);
            }
            _ => {}
        }
    }
    for (appid, app) in &mut issuers.apps {
        let AppIssuer { open_account, .. } = app;
        *open_account = bound(topology.open_account_of(appid, now));
    }
    for (key, corp) in &mut issuers.corps {
        let CorpIssuer { bound_app, kf_bound_app, aliases, .. } = corp;
        *bound_app = bound(topology.bound_app_of(key, now));
        *kf_bound_app = bound(topology.kf_bound_app_of(key, now));
        *aliases = topology.aliases_of(key).map(str::to_owned).collect();
    }
    issuers
}

fn said(known: &mut Option<String>, told: &Option<String>) {
    if told.is_some() {
        known.clone_from(told);
    }
}

fn bound(binding: Binding<'_>) -> Bound {
    match binding {
        Binding::Unknown => Bound::Unknown,
        Binding::Unbound => Bound::Nothing,
        Binding::To(key) => Bound::To(key.to_owned()),
    }
}
