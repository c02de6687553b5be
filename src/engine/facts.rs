//! The accepted facts, told again from the state: what `dump facts` prints and erasure takes out.

use std::collections::BTreeMap;

use crate::engine::relations::relations_from;
use crate::engine::walk::pairs_from;
use crate::error::Result;
use crate::model::{Fact, KindScope, Op, RelationKind, Selector, Time};
use crate::records::{
    Direct, Evidence, Lifting, NodeNo, PairKey, RelationKey, RelationOp, Side, SideKey, Sym, ToggleOp,
};
use crate::store::{Lens, Source, SourceRetraction, State};

fn owned(state: &impl Source, sym: Option<Sym>) -> Option<String> {
    sym.map(|sym| state.text(sym).to_owned())
}

/// The links and supersedes of a pair, with the commit that brought each.
pub(crate) fn facts_of_pair(state: &impl Source, key: PairKey) -> Vec<(Fact, u64)> {
    let Some(pair) = state.pair(key) else { return Vec::new() };
    let (Some(a), Some(b)) = (state.node(pair.a), state.node(pair.b)) else { return Vec::new() };
    let mut facts = Vec::new();
    for edge in &pair.edges {
        for evidence in &edge.evidence {
            let Evidence { source, batch, event, stated, observed_at, expires_at, recorded_seq } = evidence;
            let source = state.text(*source).to_owned();
            let event = event.as_deref().map(str::to_owned);
            let (a, b) = match edge.direct {
                // Undirected: the order of text says nothing of who came first.
                Direct::Same if b.id < a.id => (b.id.clone(), a.id.clone()),
                _ => (a.id.clone(), b.id.clone()),
            };
            let op = match edge.direct {
                Direct::Same => Op::Link { a, b, source, strength: *stated, event, expires_at: *expires_at },
                Direct::AToB => Op::Supersede { old: a, new: b, source, strength: *stated, event },
                Direct::BToA => Op::Supersede { old: b, new: a, source, strength: *stated, event },
            };
            let fact = Fact { at: *observed_at, batch: owned(state, *batch), op };
            facts.push((fact, *recorded_seq));
        }
    }
    facts
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

/// The facts of a side record. Retractions keep no commit: they count as recorded with the last one.
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
            lifting_facts(&selector, lifting).map(|fact| (fact, state.seq())).collect()
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

fn lifting_facts(selector: &Selector, lifting: &Lifting) -> impl Iterator<Item = Fact> {
    let fact = |at: &Time, op: Op| Fact { at: *at, batch: None, op };
    let retracted = lifting.retracted.iter().map(move |at| fact(at, Op::Retract(selector.clone())));
    retracted.chain(lifting.lifted.iter().map(move |at| fact(at, Op::Unretract(selector.clone()))))
}

/// Every accepted fact that was not erased, in an order that gives an equal graph when told again:
/// settings, evidence and relations, sides, retractions, marks.
pub(crate) fn all_facts(state: &State) -> impl Iterator<Item = Result<Fact>> + '_ {
    let settings = state.settings.iter().map(|(_, fact)| Ok((**fact).clone()));
    let graph = (0..state.number_count)
        .flat_map(move |number| flatten(Lens::on(state).answer(|lens| facts_from(lens, number))));
    let sides = flatten(Lens::on(state).answer(Lens::side_keys));
    let sides = sides.flat_map(move |key| {
        flatten(key.and_then(|key| Lens::on(state).answer(|lens| plain(facts_of_side(lens, &key)))))
    });
    settings
        .chain(graph)
        .chain(sides)
        .chain(retractions(state).into_iter().map(Ok))
        .chain(marks(&state.marks).map(Ok))
}

/// The items of a list, or the error in place of it.
pub(crate) fn flatten<T>(items: Result<Vec<T>>) -> impl Iterator<Item = Result<T>> {
    let (items, error) = match items {
        Ok(items) => (items, None),
        Err(error) => (Vec::new(), Some(Err(error))),
    };
    items.into_iter().map(Ok).chain(error)
}

fn plain(facts: Vec<(Fact, u64)>) -> Vec<Fact> {
    facts.into_iter().map(|(fact, _)| fact).collect()
}

/// The facts of the pairs that a node is the smaller end of, and of the relations that begin at it.
fn facts_from(source: &impl Source, number: NodeNo) -> Vec<Fact> {
    let pairs = pairs_from(source, number).into_iter().flat_map(|pair| facts_of_pair(source, pair));
    let relations = relations_from(source, number).into_iter();
    let relations = relations.flat_map(|relation| facts_of_relation(source, relation));
    plain(pairs.chain(relations).collect())
}

fn retractions(state: &State) -> Vec<Fact> {
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
