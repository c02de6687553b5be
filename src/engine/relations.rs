//! relate and unrelate, and reading relations as intervals (design section 3.9).

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::engine::answer::RelationInterval;
use crate::engine::change::Change;
use crate::engine::tell::{name_node, node_for};
use crate::error::Result;
use crate::model::{Direction, Fact, Op, Time};
use crate::resolve::{RelationEvent, attributes, intervals};
use crate::store::{NodeNo, Relation, RelationGroup, RelationNo, RelationOp, SortedSet, Source, State, Sym};

/// Applies a relate or unrelate; `false` if it was known.
pub(crate) fn relate(change: &mut Change, fact: &Fact) -> Result<bool> {
    let no_attrs = BTreeMap::new();
    let (kind, from, to, source, opens, attrs) = match &fact.op {
        Op::Relate { kind, from, to, source, attrs } => (kind, from, to, source, true, attrs),
        Op::Unrelate { kind, from, to, source } => (kind, from, to, source, false, &no_attrs),
        _ => return Ok(false),
    };
    let state = &mut change.state;
    let kind = state.intern(kind.name())?;
    let op = RelationOp {
        at: fact.at,
        opens,
        source: state.intern(source)?,
        batch: fact.batch.as_deref().map(|batch| state.intern(batch)).transpose()?,
        attrs: (!attrs.is_empty()).then(|| Arc::new(attrs.clone())),
        recorded_seq: change.seq,
    };
    let (from, to) = (node_for(state, from)?, node_for(state, to)?);
    let number = match relation_between(state, kind, from, to) {
        Some(number) => number,
        None => {
            let number = state.create_relation(kind, from, to)?;
            enter(state, from, kind, Direction::Out, (to, number));
            enter(state, to, kind, Direction::In, (from, number));
            number
        }
    };
    let Some(relation) = state.relation_mut(number) else { return Ok(false) };
    if relation
        .ops
        .iter()
        .any(|known| RelationOp { recorded_seq: known.recorded_seq, ..op.clone() } == *known)
    {
        return Ok(false);
    }
    relation.ops.push(op);
    name_node(state, from);
    name_node(state, to);
    Ok(true)
}

/// The relation of a kind between two nodes.
pub(crate) fn relation_between(state: &State, kind: Sym, from: NodeNo, to: NodeNo) -> Option<RelationNo> {
    let group =
        state.node(from)?.relations.iter().find(|g| g.kind == kind && g.direction == Direction::Out)?;
    let (found, number) = group.links.first_from((to, 0))?;
    (found == to).then_some(number)
}

fn enter(state: &mut State, node: NodeNo, kind: Sym, direction: Direction, link: (NodeNo, RelationNo)) {
    let Some(node) = state.node_mut(node) else { return };
    match node.relations.iter_mut().find(|group| group.kind == kind && group.direction == direction) {
        Some(group) => {
            group.links.insert(link);
        }
        None => {
            let mut links = SortedSet::default();
            links.insert(link);
            node.relations.push(RelationGroup { kind, direction, links });
        }
    }
}

/// Takes a relation out of the lists of both its ends and the table.
pub(crate) fn remove_relation(state: &mut State, number: RelationNo) {
    let Some(relation) = state.relation(number) else { return };
    let (kind, from, to) = (relation.kind, relation.from, relation.to);
    for (node, direction, link) in [(from, Direction::Out, (to, number)), (to, Direction::In, (from, number))]
    {
        if let Some(node) = state.node_mut(node) {
            for group in &mut node.relations {
                if group.kind == kind && group.direction == direction {
                    group.links.remove(link);
                }
            }
            node.relations.retain(|group| !group.links.is_empty());
        }
    }
    if let Some(slot) = state.relations.get_mut(number) {
        *slot = None;
    }
}

/// The facts of a relation that count.
fn counting<'r>(
    source: &impl Source,
    relation: &'r Relation,
    spaces: &[&str],
    empty: &'r BTreeMap<String, String>,
) -> Vec<(RelationEvent<'r>, Sym)> {
    let counts = |op: &&RelationOp| {
        !source.batch_is_retracted(op.batch) && !source.source_is_retracted(op.source, op.at, spaces)
    };
    let ops = relation.ops.iter().filter(counts);
    ops.map(|op| {
        let attrs = op.attrs.as_deref().unwrap_or(empty);
        (RelationEvent { at: op.at, opens: op.opens, attrs }, op.source)
    })
    .collect()
}

/// The intervals of a relation, oldest first, each with its attributes as of its end (now for an open one).
pub(crate) fn read_intervals(source: &impl Source, number: RelationNo) -> Vec<RelationInterval> {
    let Some(relation) = source.relation(number) else { return Vec::new() };
    let (Some(from), Some(to)) = (source.node(relation.from), source.node(relation.to)) else {
        return Vec::new();
    };
    let empty = BTreeMap::new();
    let events: Vec<RelationEvent<'_>> =
        counting(source, &relation, &[from.id.space(), to.id.space()], &empty)
            .into_iter()
            .map(|(event, _)| event)
            .collect();
    let found = intervals(events.clone());
    let close = |(since, until): (Time, Option<Time>)| RelationInterval {
        from: from.id.clone(),
        to: to.id.clone(),
        since,
        until,
        attrs: attributes(&events, until.unwrap_or(Time::MAX)),
    };
    found.into_iter().map(close).collect()
}

/// The relations of a node, of one kind and direction, in order of the other ends' numbers.
pub(crate) fn of_node(
    source: &impl Source,
    number: NodeNo,
    kind: &str,
    direction: Direction,
) -> Vec<RelationNo> {
    let node = source.node(number);
    let kind = source.sym(kind);
    let group = node
        .as_ref()
        .and_then(|node| node.relations.iter().find(|g| Some(g.kind) == kind && g.direction == direction));
    group.map_or_else(Vec::new, |group| group.links.iter().map(|(_, number)| number).collect())
}
