//! The accepted facts, told again from the state: what `dump facts` prints and erasure takes out.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use crate::engine::past::Horizon;
use crate::engine::relations::groups_from;
use crate::engine::walk::pairs_from;
use crate::error::Result;
use crate::model::{Fact, Id, KindScope, Op, RelationKind, Selector, Time};
use crate::records::{
    Direct, Evidence, Lifting, NodeNo, PairKey, RelationGroup, RelationKey, RelationOp, Side, SideKey, Sym,
    Telling, ToggleOp, ToldAt, Undone,
};
use crate::store::{Lens, RelationWalk, Source, SourceRetraction, State};

/// What undone facts are labelled with when they are told to another graph.
const UNDONE: &str = "undone";

/// Relations of a node that are read together.
const RELATIONS_AT_ONCE: usize = 256;

fn owned(state: &impl Source, sym: Option<Sym>) -> Option<String> {
    sym.map(|sym| state.text(sym).to_owned())
}

/// The links and supersedes of a pair, with the commit that brought each: each telling by itself.
pub(crate) fn tellings_of_pair(state: &impl Source, key: PairKey) -> Vec<(Fact, u64)> {
    told_of_pair(state, key, |evidence| evidence.all_tellings().collect())
}

fn told_of_pair(
    state: &impl Source,
    key: PairKey,
    tellings: impl Fn(&Evidence) -> Vec<Telling>,
) -> Vec<(Fact, u64)> {
    let Some(pair) = state.pair(key) else { return Vec::new() };
    let (Some(a), Some(b)) = (state.node(pair.a), state.node(pair.b)) else { return Vec::new() };
    let mut facts = Vec::new();
    for edge in &pair.edges {
        for evidence in &edge.evidence {
            for telling in tellings(evidence) {
                let fact = fact_of(state, edge.direct, (&a.id, &b.id), evidence, telling);
                facts.push((fact, telling.recorded_seq));
            }
        }
    }
    facts
}

fn fact_of(
    state: &impl Source,
    direct: Direct,
    (a, b): (&Id, &Id),
    evidence: &Evidence,
    telling: Telling,
) -> Fact {
    let source = state.text(evidence.source).to_owned();
    let event = evidence.event.as_deref().map(str::to_owned);
    let (a, b) = match direct {
        // Undirected: the order of text says nothing of who came first.
        Direct::Same if b < a => (b.clone(), a.clone()),
        _ => (a.clone(), b.clone()),
    };
    let Telling { stated: strength, expires_at, .. } = telling;
    let op = match direct {
        Direct::Same => Op::Link { a, b, source, strength, event, expires_at },
        Direct::AToB => Op::Supersede { old: a, new: b, source, strength, event },
        Direct::BToA => Op::Supersede { old: b, new: a, source, strength, event },
    };
    Fact { at: evidence.observed_at, batch: owned(state, evidence.batch), op }
}

/// The relates and unrelates of a relation.
pub(crate) fn facts_of_relation(state: &impl Source, key: RelationKey) -> Vec<(Fact, u64)> {
    let Some(relation) = state.relation(key) else { return Vec::new() };
    let (Some(from), Some(to)) = (state.node(key.from), state.node(key.to)) else {
        return Vec::new();
    };
    let Ok(kind) = RelationKind::parse(state.text(key.kind)) else { return Vec::new() };
    let told = |op: &RelationOp| {
        let (kind, from, to) = (kind.clone(), from.id.clone(), to.id.clone());
        let source = state.text(op.source).to_owned();
        let fact_op = if op.opens {
            let attrs = op.attrs.as_deref().cloned().unwrap_or_default();
            Op::Relate { kind, from, to, source, attrs }
        } else {
            Op::Unrelate { kind, from, to, source }
        };
        (Fact { at: op.at, batch: owned(state, op.batch), op: fact_op }, op.recorded_seq)
    };
    relation.ops.iter().map(told).collect()
}

/// The facts of a side record, with the commit that brought each.
pub(crate) fn facts_of_side(state: &impl Source, key: &SideKey) -> Vec<(Fact, u64)> {
    match state.side(key) {
        Some(Side::Toggle(key, ops)) => ops.iter().filter_map(|op| toggle_fact(state, key, op)).collect(),
        Some(Side::Absent(SideKey::Absent(id, target), told)) => told
            .iter()
            .map(|told| {
                let source = state.text(told.source).to_owned();
                let op = Op::Absent { id: id.clone(), target: target.clone(), source };
                (Fact { at: told.at, batch: owned(state, told.batch), op }, told.recorded_seq)
            })
            .collect(),
        Some(Side::Retraction(key, lifting)) => {
            let selector = match key {
                SideKey::PairRetraction(a, b, source) => {
                    Selector::Pair { a: a.clone(), b: b.clone(), source: owned(state, *source) }
                }
                SideKey::EventRetraction(source, event) => {
                    Selector::Event { source: state.text(*source).to_owned(), event: event.to_string() }
                }
                _ => return Vec::new(),
            };
            lifting_facts(&selector, lifting).collect()
        }
        _ => Vec::new(),
    }
}

fn toggle_fact(state: &impl Source, key: &SideKey, op: &ToggleOp) -> Option<(Fact, u64)> {
    let (reason, actor) = (op.reason.to_string(), op.actor.to_string());
    let fact_op = match (key, op.forbids) {
        (SideKey::Ban(a, b), true) => Op::Ban { a: a.clone(), b: b.clone(), reason, actor },
        (SideKey::Ban(a, b), false) => Op::Unban { a: a.clone(), b: b.clone(), actor },
        (SideKey::Block(id), true) => Op::Block { id: id.clone(), reason, actor },
        (SideKey::Block(id), false) => Op::Unblock { id: id.clone(), actor },
        (SideKey::Restrict(id), true) => Op::Restrict { id: id.clone(), reason },
        (SideKey::Restrict(id), false) => Op::Unrestrict { id: id.clone() },
        _ => return None,
    };
    Some((Fact { at: op.at, batch: owned(state, op.batch), op: fact_op }, op.recorded_seq))
}

fn lifting_facts(selector: &Selector, lifting: &Lifting) -> impl Iterator<Item = (Fact, u64)> {
    let fact = |told: &ToldAt, op: Op| (Fact { at: told.at, batch: None, op }, told.recorded_seq);
    let retracted = lifting.retracted.iter().map(move |told| fact(told, Op::Retract(selector.clone())));
    retracted.chain(lifting.lifted.iter().map(move |told| fact(told, Op::Unretract(selector.clone()))))
}

/// Every accepted fact that was not erased, in an order that gives an equal graph when told again:
/// settings, evidence and relations, sides, retractions, marks. For what was undone see `relabelled`.
pub(crate) fn all_facts(state: &State) -> impl Iterator<Item = Result<Fact>> + '_ {
    past_facts(state, Horizon::ALL).chain(marks(&state.marks).map(Ok))
}

/// Those of them that counted then, but for marks.
pub(crate) fn past_facts(state: &State, horizon: Horizon) -> impl Iterator<Item = Result<Fact>> + '_ {
    let undone = if horizon.seq >= state.seq {
        state.undone.clone()
    } else {
        Arc::new(state.undone.until(horizon.seq))
    };
    let told = told_facts(state, horizon, undone.clone());
    let told = told.filter(move |told| told.as_ref().map_or(true, |told| horizon.holds(told)));
    let labels = Rc::new(RefCell::new(BTreeSet::new()));
    let (used, counting) = (labels.clone(), undone.clone());
    let facts = told.filter_map(move |told| match told {
        Ok((fact, seq)) if counting.counts(seq) => Some(Ok(fact)),
        Ok((fact, seq)) => {
            let fact = relabelled(state, fact, seq)?;
            used.borrow_mut().insert(seq);
            Some(Ok(fact))
        }
        Err(error) => Some(Err(error)),
    });
    // Only when all else was told it is known which labels were used.
    let retracted = std::iter::once_with(move || std::mem::take(&mut *labels.borrow_mut())).flatten();
    facts.chain(retracted.map(move |seq| retraction_of_label(state, &undone, seq)))
}

/// An undone fact as it is told to another graph: of a batch of its commit, which is retracted. So its ids are there and
/// it says nothing. What names no id is left out, and a restriction, which no batch takes, is told as a block.
fn relabelled(state: &State, fact: Fact, seq: u64) -> Option<Fact> {
    let op = match fact.op {
        Op::Restrict { id, .. } => Op::Block { id, reason: UNDONE.to_owned(), actor: UNDONE.to_owned() },
        op if op.brings_ids() => op,
        _ => return None,
    };
    Some(Fact { at: fact.at, batch: Some(label_of(state, seq)), op })
}

/// The batch that undone facts of a commit are told with: one that nobody speaks in, or that is retracted already.
fn label_of(state: &State, seq: u64) -> String {
    let mut label = format!("{UNDONE}.{seq}");
    while state.sym(&label).is_some_and(|batch| !state.batch_is_retracted(Some(batch))) {
        label.push('.');
    }
    label
}

/// The retraction of a label, as old as the undo.
fn retraction_of_label(state: &State, undone: &Undone, seq: u64) -> Result<Fact> {
    let undo = undone.undo_of(seq).unwrap_or(seq);
    let at = Lens::on(state).answer(|lens| lens.commit_time(undo))?.unwrap_or_default();
    Ok(Fact { at, batch: None, op: Op::Retract(Selector::Batch(label_of(state, seq))) })
}

/// What was told up to a horizon; the tellings of an evidence are one fact, of those that count if one does.
fn told_facts(
    state: &State,
    horizon: Horizon,
    undone: Arc<Undone>,
) -> impl Iterator<Item = Result<(Fact, u64)>> + '_ {
    let whole = move |evidence: &Evidence| {
        let counting = evidence.said_by(|seq| seq <= horizon.seq && undone.counts(seq));
        let said = counting.or_else(|| evidence.said_by(|seq| seq <= horizon.seq));
        said.into_iter().collect::<Vec<Telling>>()
    };
    let settings =
        state.settings.iter().map(|(_, setting)| Ok(((*setting.fact).clone(), setting.recorded_seq)));
    let graph = (0..state.number_count).flat_map(move |number| {
        let begun = Lens::on(state).answer(|lens| {
            let pairs = pairs_from(lens, number).into_iter();
            let facts: Vec<(Fact, u64)> = pairs.flat_map(|pair| told_of_pair(lens, pair, &whole)).collect();
            (facts, groups_from(lens, number).cloned().collect::<Vec<_>>())
        });
        let (facts, groups) =
            begun.map_or_else(|error| (Err(error), Vec::new()), |(facts, groups)| (Ok(facts), groups));
        let relations = groups.into_iter().flat_map(move |group| facts_of_group(state, number, group));
        flatten(facts).chain(relations)
    });
    let sides = flatten(Lens::on(state).answer(Lens::side_keys));
    let sides = sides.flat_map(move |key| {
        flatten(key.and_then(|key| Lens::on(state).answer(|lens| facts_of_side(lens, &key))))
    });
    settings.chain(graph).chain(sides).chain(retractions(state).into_iter().map(Ok))
}

/// The items of a list, or the error in place of it.
pub(crate) fn flatten<T>(items: Result<Vec<T>>) -> impl Iterator<Item = Result<T>> {
    let (items, error) = match items {
        Ok(items) => (items, None),
        Err(error) => (Vec::new(), Some(Err(error))),
    };
    items.into_iter().map(Ok).chain(error)
}

/// The facts of a node's relations in a list, a few at a time: it may have millions.
fn facts_of_group(
    state: &State,
    number: NodeNo,
    group: RelationGroup,
) -> impl Iterator<Item = Result<(Fact, u64)>> + '_ {
    let mut keys = Some(RelationWalk::new(state, (number, group.kind, group.direction), group.links));
    let some = std::iter::from_fn(move || {
        let walk = match keys.as_mut()? {
            Ok(walk) => walk,
            Err(_) => return keys.take()?.err().map(Err),
        };
        let mut some = Vec::with_capacity(RELATIONS_AT_ONCE);
        while some.len() < RELATIONS_AT_ONCE {
            match walk.next_key() {
                Ok(Some(key)) => some.push(key),
                Ok(None) => break,
                Err(error) => {
                    keys = None;
                    return Some(Err(error));
                }
            }
        }
        (!some.is_empty()).then_some(Ok(some))
    });
    some.flat_map(move |keys| {
        let facts = |lens: &Lens<&State>, keys: Vec<RelationKey>| {
            keys.into_iter().flat_map(|key| facts_of_relation(lens, key)).collect()
        };
        flatten(keys.and_then(|keys| Lens::on(state).answer(|lens| facts(lens, keys))))
    })
}

/// The retractions of batches and sources, with the commit that brought each.
pub(crate) fn retractions(state: &State) -> Vec<(Fact, u64)> {
    let mut facts = Vec::new();
    for (batch, lifting) in state.batch_retractions.iter() {
        let selector = Selector::Batch(state.text(*batch).to_owned());
        facts.extend(lifting_facts(&selector, lifting));
    }
    for retraction in state.source_retractions.iter() {
        let SourceRetraction { source, scope, from, to, lifting } = retraction;
        let scope: Option<KindScope> = scope.clone();
        let selector =
            Selector::Source { source: state.text(*source).to_owned(), scope, from: *from, to: *to };
        facts.extend(lifting_facts(&selector, lifting));
    }
    facts
}

fn marks(marks: &BTreeMap<String, (Time, String)>) -> impl Iterator<Item = Fact> + '_ {
    marks.iter().map(|(key, (at, value))| {
        let op = Op::Mark { key: key.clone(), value: value.clone() };
        Fact { at: *at, batch: None, op }
    })
}
