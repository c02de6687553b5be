//! What is written on cards and lines at one moment.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Strength, Time};
use crate::page::{count, date, shortened};
use crate::picture::fold::{Card, Drawn, Line};
use crate::picture::scene::{Scene, SeenEdge};
use crate::picture::words::Words;
use crate::resolve::{EdgeKind, Reason, Status};

/// Values that a card of several ids shows.
pub(crate) const VALUES_SHOWN: usize = 3;
/// Columns of a row beside a line.
const LINE_COLUMNS: usize = 23;
/// Columns of a row of a card.
const CARD_COLUMNS: usize = 22;

/// What a card says.
pub(crate) struct CardText {
    /// What its ids are.
    pub(crate) kind: String,
    pub(crate) scope: String,
    pub(crate) values: Vec<String>,
    /// What else is to say.
    pub(crate) foot: Vec<String>,
    /// It belongs to what was asked about.
    pub(crate) is_member: bool,
    /// All its ids were superseded.
    pub(crate) is_superseded: bool,
}

/// What a card says at a moment; `None` if none of its ids is there.
pub(crate) fn card_text(card: &Card, scene: &Scene, words: &Words) -> Option<CardText> {
    let there: Vec<_> = card.ids.iter().filter_map(|id| Some((id, scene.ids.get(id)?))).collect();
    let (first, _) = there.first()?;
    let is_many = card.ids.len() > 1;
    let kinds: BTreeSet<_> = card.ids.iter().map(|id| id.kind().name()).collect();
    let scopes: BTreeSet<_> = card.ids.iter().map(|id| id.scope()).collect();
    let kind = if kinds.len() == 1 { words.kind(first.kind()) } else { words.text("kind.any").to_owned() };
    let scope = if scopes.len() == 1 { first.scope() } else { words.text("scope.any") };
    let mut values: Vec<String> = there.iter().take(VALUES_SHOWN).map(|(id, _)| words.value(id)).collect();
    let unseen = there.len().saturating_sub(VALUES_SHOWN) as u64;
    if unseen > 0 {
        values.push(words.filled("more.values", &[("n", &count(unseen))]));
    }
    let mut foot = Vec::new();
    let entities: BTreeSet<_> = there.iter().filter_map(|(_, seen)| seen.entity).collect();
    let mut says: Vec<String> = Vec::new();
    if is_many {
        let ids = words.counted("ids", there.len() as u64);
        let all = (there.len() < card.ids.len()).then(|| count(card.ids.len() as u64));
        says.push(all.map_or(ids.clone(), |all| words.filled("of", &[("n", &ids), ("all", &all)])));
    }
    if let (Some(entity), 1) = (entities.first(), entities.len()) {
        says.push(words.filled("card.entity", &[("entity", &entity.to_string())]));
    }
    let of_all = |told: bool, key| (told && !is_many).then(|| words.text(key).to_owned());
    says.extend(of_all(there.iter().all(|(_, seen)| seen.superseded), "card.superseded"));
    says.extend(of_all(there.iter().all(|(_, seen)| seen.blocked), "card.blocked"));
    foot.push(says.join(", "));
    let within = card.within.iter().filter(|key| scene.edges.contains_key(key)).count() as u64;
    if within > 0 {
        foot.push(words.filled("within", &[("edges", &words.counted("edges", within))]));
    }
    for more in scene.more.iter().filter(|more| card.ids.contains(&more.id)) {
        let (ids, space) = (count(more.ids), words.kind(more.space.kind()));
        foot.push(words.filled("more.around", &[("ids", &ids), ("space", &space)]));
    }
    foot.retain(|row| !row.is_empty());
    Some(CardText {
        kind: shortened(&kind, CARD_COLUMNS),
        scope: shortened(scope, CARD_COLUMNS),
        values,
        foot: foot.iter().map(|row| shortened(row, CARD_COLUMNS + 2)).collect(),
        is_member: there.iter().any(|(_, seen)| seen.is_member),
        is_superseded: there.iter().all(|(_, seen)| seen.superseded),
    })
}

/// What a line says.
pub(crate) struct LineText {
    /// From the strongest of its edges: how it is drawn.
    pub(crate) strength: Option<Strength>,
    pub(crate) rows: Vec<String>,
    /// Why its edges, or some of them, do not join.
    pub(crate) rejected: Option<String>,
    /// An arrow leads to its second end.
    pub(crate) has_arrow: bool,
    /// All of it, for those who point at it.
    pub(crate) whole: String,
}

/// What a line says at a moment; `None` if nothing of it is there.
pub(crate) fn line_text(line: &Line, scene: &Scene, words: &Words) -> Option<LineText> {
    match &line.drawn {
        Drawn::Bans(bans) => {
            let there = bans.iter().filter(|ban| scene.bans.contains(ban)).count() as u64;
            let ban = if there > 1 {
                format!("{} {}", count(there), words.text("ban"))
            } else {
                words.text("ban").to_owned()
            };
            let whole = ban.clone();
            (there > 0).then_some(LineText {
                strength: None,
                rows: Vec::new(),
                rejected: Some(ban),
                has_arrow: false,
                whole,
            })
        }
        Drawn::Edges(keys) => {
            let there: Vec<&SeenEdge> = keys.iter().filter_map(|key| scene.edges.get(key)).collect();
            (!there.is_empty()).then(|| edges_text(&there, words))
        }
    }
}

fn edges_text(edges: &[&SeenEdge], words: &Words) -> LineText {
    let strengths: BTreeSet<Strength> = edges.iter().map(|seen| seen.edge.strength).collect();
    let named: Vec<&str> = strengths.iter().rev().map(|strength| words.strength(*strength)).collect();
    let mut first = named.join(", ");
    if edges.len() > 1 {
        first = format!("{} \u{b7} {first}", words.counted("edges", edges.len() as u64));
    }
    let is_supersede = edges.first().is_some_and(|seen| seen.edge.kind == EdgeKind::Supersede);
    if is_supersede {
        first = format!("{} \u{b7} {first}", words.text("edge.supersede"));
    }
    let standing = || edges.iter().flat_map(|seen| &seen.evidence).filter(|told| told.stands);
    let sources: BTreeMap<&str, u64> = standing().fold(BTreeMap::new(), |mut sources, told| {
        *sources.entry(told.source.as_str()).or_default() += 1;
        sources
    });
    let times: Vec<Time> = standing().map(|told| told.observed_at).collect();
    let rows = [first, sources_row(&sources), times_row(&times)];
    let rejected = rejected_row(edges, words);
    let mut whole: Vec<String> = rows.iter().filter(|row| !row.is_empty()).cloned().collect();
    whole.extend(rejected.clone());
    LineText {
        strength: strengths.last().copied(),
        rows: rows.iter().filter(|row| !row.is_empty()).map(|row| shortened(row, LINE_COLUMNS)).collect(),
        rejected: rejected.map(|row| shortened(&row, LINE_COLUMNS - 2)),
        has_arrow: is_supersede,
        whole: whole.join("\n"),
    }
}

/// `mini.code2session, work.contact_get +2`.
fn sources_row(sources: &BTreeMap<&str, u64>) -> String {
    let mut by_count: Vec<(&str, u64)> = sources.iter().map(|(source, times)| (*source, *times)).collect();
    by_count.sort_by_key(|(source, times)| (u64::MAX - times, *source));
    match by_count.as_slice() {
        [] => String::new(),
        [(only, _)] => (*only).to_owned(),
        [(first, _), rest @ ..] => format!("{first} +{}", rest.len()),
    }
}

/// The first and the last day, and how many evidences there are if it is not one.
fn times_row(times: &[Time]) -> String {
    let (Some(first), Some(last)) = (times.iter().min(), times.iter().max()) else { return String::new() };
    let (from, to) = (date(*first), date(*last));
    let days = if from == to {
        from
    } else {
        format!("{from}\u{2013}{}", to.get(5..).filter(|_| to.get(..4) == from.get(..4)).unwrap_or(&to))
    };
    match times.len() as u64 {
        1 => days,
        many => format!("{days} \u{d7}{}", count(many)),
    }
}

fn rejected_row(edges: &[&SeenEdge], words: &Words) -> Option<String> {
    let mut reasons: BTreeMap<Reason, u64> = BTreeMap::new();
    for seen in edges {
        if let Status::Rejected(reason) = seen.edge.status {
            *reasons.entry(reason).or_default() += 1;
        }
    }
    let is_all = reasons.values().sum::<u64>() == edges.len() as u64 && reasons.len() == 1;
    let named = reasons.iter().map(|(reason, times)| match is_all {
        true => words.reason(*reason).to_owned(),
        false => format!("{} {}", count(*times), words.reason(*reason)),
    });
    (!reasons.is_empty()).then(|| named.collect::<Vec<_>>().join(", "))
}
