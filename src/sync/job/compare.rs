//! What a platform lists against what the graph holds open: what is new, what is gone, and what should be asked again.

use std::collections::BTreeSet;

use crate::engine::{Read, Translation};
use crate::error::Result;
use crate::graph::Graph;
use crate::model::{Direction, Fact, Id, KindScope, Op, RelationKind, Time, When};
use crate::wechat::Ingest;

/// For so long after a relation began its id is asked for again, if nobody has told its unionid: the call that its event
/// made due may have been lost.
const YOUNG_MS: i64 = 7 * Time::DAY_MS;
/// The type of contacts who use WeCom (wechat reference 12.3).
const CONTACT_OF_WECOM: &str = "2";

/// The difference between a list and the open relations of an id.
pub(crate) struct Difference {
    /// Listed, but not open.
    pub(crate) new: Vec<Id>,
    /// Open, but not listed.
    pub(crate) gone: Vec<Id>,
    /// Listed and open, since when; but for contacts who use WeCom themselves, and never have a unionid.
    pub(crate) kept: Vec<(Id, Time)>,
}

/// Compares a list with the open relations of an id, of a kind and a direction.
pub(crate) fn compare(
    graph: &Graph,
    (id, kind, direction): (&Id, &RelationKind, Direction),
    listed: BTreeSet<Id>,
) -> Result<Difference> {
    let (view, mut listed) = (graph.view(), listed);
    let (mut gone, mut kept) = (Vec::new(), Vec::new());
    for interval in view.neighbors(id, kind, direction, When::Open) {
        let interval = interval?;
        let other = if direction == Direction::Out { interval.to } else { interval.from };
        let is_of_wecom = interval.attrs.get("type").is_some_and(|kind| kind == CONTACT_OF_WECOM);
        if listed.remove(&other) {
            kept.extend((!is_of_wecom).then_some((other, interval.since)));
        } else {
            gone.push(other);
        }
    }
    Ok(Difference { new: listed.into_iter().collect(), gone, kept })
}

/// Of ids that are related since a time, those whose unionid should be asked for again.
pub(crate) fn lacking(
    graph: &Graph,
    kept: Vec<(Id, Time)>,
    unionids: &KindScope,
    now: Time,
) -> Result<Vec<Id>> {
    let (view, mut lacking) = (graph.view(), Vec::new());
    for (id, since) in kept {
        let is_young = since >= now.plus_ms(-YOUNG_MS);
        if is_young && view.translate(&id, unionids, now)? == Translation::Unknown {
            lacking.push(id);
        }
    }
    Ok(lacking)
}

/// What a group's members say against what the graph has of them.
pub(crate) struct Group {
    /// Who is in it and was not.
    pub(crate) new: BTreeSet<Id>,
    /// Whoever was in it is no more; nobody, if a member could not be read.
    pub(crate) gone: Vec<Fact>,
}

/// Compares a group, as it was read, with the graph.
pub(crate) fn compare_group(graph: &Graph, read: &Ingest, at: Time) -> Result<Group> {
    let pairs = read.facts.iter().filter_map(|fact| match &fact.op {
        Op::Relate { from, to, .. } => Some((from.clone(), to.clone())),
        _ => None,
    });
    let pairs: Vec<(Id, Id)> = pairs.collect();
    let Some(chat) = pairs.first().map(|(_, chat)| chat.clone()) else {
        return Ok(Group { new: BTreeSet::new(), gone: Vec::new() });
    };
    let members = pairs.into_iter().map(|(member, _)| member).collect();
    let kind = RelationKind::MemberOf;
    let difference = compare(graph, (&chat, &kind, Direction::In), members)?;
    let is_whole = read.refused.is_empty();
    let gone = difference.gone.into_iter().filter(|_| is_whole);
    let gone = gone.map(|member| ended(kind.clone(), (member, chat.clone()), "work.group_get", at));
    Ok(Group { new: difference.new.into_iter().collect(), gone: gone.collect() })
}

/// The relation is no more.
pub(crate) fn ended(kind: RelationKind, (from, to): (Id, Id), source: &str, at: Time) -> Fact {
    Fact { at, batch: None, op: Op::Unrelate { kind, from, to, source: source.to_owned() } }
}
