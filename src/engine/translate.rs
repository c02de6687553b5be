//! translate: which id of another kind and scope is this?

use std::cmp::Reverse;

use crate::engine::answer::Translation;
use crate::engine::reading::{may_answer, restricted_free};
use crate::engine::resolve::answerable;
use crate::engine::retract::stands;
use crate::engine::walk::{all_pairs, entity_members};
use crate::model::{Id, Kind, KindScope, Time};
use crate::records::{Node, NodeNo, Side, SideKey};
use crate::resolve::{Reason, Status};
use crate::store::Source;

/// Translates an id to a kind and scope; the first answer that applies.
pub(crate) fn translate(source: &impl Source, id: &Id, target: &KindScope, now: Time) -> Translation {
    let renamed = canonical(source, target);
    let target = renamed.as_ref().unwrap_or(target);
    let Some(start) = answerable(source, id) else {
        let canonical = source.topology().canonical_scope(id.scope()).and_then(|s| id.with_scope(&s).ok());
        let id = canonical.as_ref().unwrap_or(id);
        if !may_answer(source, id) {
            return Translation::Unknown;
        }
        return absent(source, std::slice::from_ref(id), target)
            .map_or(Translation::Unknown, |(as_of, source)| Translation::Absent { as_of, source });
    };
    let found = of_space(source, &members_of_space(source, start, target), target);
    if !found.is_empty() {
        return Translation::Found(found);
    }
    let members = entity_members(source, start);
    let provisional = over_provisional(source, &members, target);
    if !provisional.is_empty() {
        return Translation::Provisional(provisional);
    }
    let ids: Vec<Id> =
        members.iter().filter_map(|number| source.node(*number)).map(|node| node.id.clone()).collect();
    let absent = absent(source, &ids, target);
    if *target.kind() == Kind::ExternalUserid
        && let Some((id, valid_to)) = pending(source, &members, target, now, absent.as_ref().map(|a| a.0))
    {
        return Translation::Pending { id, valid_to };
    }
    match absent {
        Some((as_of, source)) => Translation::Absent { as_of, source },
        None => Translation::Unknown,
    }
}

/// The members of the entity that holds `start` in a kind and scope: its root's list tells without looking
/// at the others.
fn members_of_space(source: &impl Source, start: NodeNo, target: &KindScope) -> Vec<NodeNo> {
    let (Some(space), Some(root)) = (source.sym(target.as_str()), source.node(start).map(|node| node.entity))
    else {
        return Vec::new();
    };
    match source.node(root).and_then(|node| node.members.clone()) {
        Some(members) => {
            members.iter().filter(|member| member.space == space).map(|member| member.number).collect()
        }
        None => vec![root],
    }
}

/// An alias of a corp in a target means the corp's key.
pub(crate) fn canonical(source: &impl Source, target: &KindScope) -> Option<KindScope> {
    let scope = source.topology().canonical_scope(target.scope())?;
    KindScope::new(target.kind().clone(), &scope).ok()
}

/// When something was last observed on an id's edges.
pub(crate) fn latest_observed(source: &impl Source, number: NodeNo) -> Option<Time> {
    let pairs = all_pairs(source, number);
    let latest = pairs.into_iter().filter_map(|(_, pair)| {
        let pair = source.pair(pair)?;
        let (a, b) = (source.node(pair.a)?, source.node(pair.b)?);
        let evidence = pair.edges.iter().flat_map(|edge| &edge.evidence);
        evidence.filter(|told| stands(source, a, b, told)).map(|told| told.observed_at).max()
    });
    latest.max()
}

/// The answerable members of a kind and scope: not superseded first, then latest observed, then by text.
fn of_space(source: &impl Source, members: &[NodeNo], target: &KindScope) -> Vec<Id> {
    let fits = |node: &Node| node.id.space() == target.as_str() && restricted_free(node);
    let mut found: Vec<(bool, Reverse<Option<Time>>, Id)> = Vec::new();
    for number in members {
        let Some(node) = source.node(*number).filter(|node| fits(node)) else { continue };
        found.push((node.superseded, Reverse(None), node.id.clone()));
    }
    if found.len() > 1 {
        for (_, latest, id) in &mut found {
            *latest = Reverse(source.number_of(id).and_then(|number| latest_observed(source, number)));
        }
        found.sort_unstable();
    }
    found.into_iter().map(|(_, _, id)| id).collect()
}

/// What is reached only over edges rejected as `provisional`.
fn over_provisional(source: &impl Source, members: &[NodeNo], target: &KindScope) -> Vec<Id> {
    let mut beyond = Vec::new();
    for number in members {
        for (other, pair) in crate::engine::walk::live_pairs(source, *number) {
            let rejected = source.pair(pair).is_some_and(|pair| {
                pair.edges.iter().any(|e| e.state.status == Status::Rejected(Reason::Provisional))
            });
            if rejected && !members.contains(&other) {
                beyond.extend(entity_members(source, other));
            }
        }
    }
    beyond.sort_unstable();
    beyond.dedup();
    of_space(source, &beyond, target)
}

/// The latest counting negative answer about any of the ids.
fn absent(source: &impl Source, ids: &[Id], target: &KindScope) -> Option<(Time, String)> {
    let mut latest: Option<(Time, String)> = None;
    for id in ids {
        let key = SideKey::Absent(id.clone(), target.clone());
        let side = source.side(&key);
        let Some(Side::Absent(_, told)) = side else { continue };
        for answer in told {
            let spaces = [id.space(), target.as_str()];
            let retracted = !source.counts(answer.recorded_seq)
                || source.batch_is_retracted(answer.batch)
                || source.source_is_retracted(answer.source, answer.at, &spaces);
            if !retracted {
                latest = latest.max(Some((answer.at, source.text(answer.source).to_owned())));
            }
        }
    }
    latest
}

/// A pending id of the same view that still stands at `now`, unless a newer answer says there is no contact.
fn pending(
    source: &impl Source,
    members: &[NodeNo],
    target: &KindScope,
    now: Time,
    absent_at: Option<Time>,
) -> Option<(Id, Option<Time>)> {
    let mut best: Option<(Time, Id)> = None;
    for number in members {
        let Some(node) = source.node(*number) else { continue };
        let fits = *node.id.kind() == Kind::PendingId
            && node.id.scope() == target.scope()
            && !node.superseded
            && restricted_free(node);
        if !fits {
            continue;
        }
        let valid_to = node.clock.as_ref().map_or(Time::MAX, |clock| clock.valid_to);
        let newer = absent_at.is_some_and(|at| latest_observed(source, *number).is_none_or(|seen| at > seen));
        if valid_to < now || newer {
            continue;
        }
        let candidate = (valid_to, node.id.clone());
        if best.as_ref().is_none_or(|known| (candidate.0, &known.1) > (known.0, &candidate.1)) {
            best = Some(candidate);
        }
    }
    best.map(|(valid_to, id)| (id, (valid_to != Time::MAX).then_some(valid_to)))
}
