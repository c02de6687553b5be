//! relate and unrelate, and reading relations as intervals (design section 3.9).

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::engine::answer::RelationInterval;
use crate::engine::change::Change;
use crate::engine::tell::{name_node, node_for};
use crate::error::Result;
use crate::model::{Direction, Fact, Id, Op, Time, When};
use crate::records::{List, NodeNo, Relation, RelationGroup, RelationKey, RelationOp, Sym};
use crate::resolve::{RelationEvent, attributes, intervals};
use crate::store::{Draft, Source};

/// Applies a relate or unrelate; `false` if it was known.
pub(crate) fn relate(change: &mut Change, fact: &Fact) -> Result<bool> {
    let no_attrs = BTreeMap::new();
    let (kind, from, to, source, opens, attrs) = match &fact.op {
        Op::Relate { kind, from, to, source, attrs } => (kind, from, to, source, true, attrs),
        Op::Unrelate { kind, from, to, source } => (kind, from, to, source, false, &no_attrs),
        _ => return Ok(false),
    };
    let known_to = change.known_to(change.seq);
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
    let key = RelationKey { kind, from, to };
    if state.relation(key).is_none() {
        state.create_relation(key);
        enter(state, from, kind, Direction::Out, to);
        enter(state, to, kind, Direction::In, from);
    }
    let Some(relation) = state.relation_mut(key) else { return Ok(false) };
    let again = |known: &RelationOp| {
        RelationOp { recorded_seq: known.recorded_seq, ..op.clone() } == *known
            && known_to.from(known.recorded_seq)
    };
    if relation.ops.iter().any(again) {
        return Ok(false);
    }
    relation.ops.push(op);
    let attr_bytes: usize = attrs.iter().map(|(key, value)| key.len() + value.len() + 96).sum();
    state.delta.bytes += size_of::<RelationOp>() + attr_bytes;
    name_node(state, from);
    name_node(state, to);
    Ok(true)
}

fn enter(state: &mut Draft, node: NodeNo, kind: Sym, direction: Direction, link: NodeNo) {
    let Some(node) = state.node_mut(node) else { return };
    match node.relations.iter_mut().find(|group| group.kind == kind && group.direction == direction) {
        Some(group) => {
            group.links.insert(link);
        }
        None => {
            let links = List::from_iter([link]);
            node.relations.push(RelationGroup { kind, direction, links });
        }
    }
}

/// Takes a relation out of the lists of both its ends and the table.
pub(crate) fn remove_relation(state: &mut Draft, key: RelationKey) {
    if state.relation(key).is_none() {
        return;
    }
    let RelationKey { kind, from, to } = key;
    for (node, direction, link) in [(from, Direction::Out, to), (to, Direction::In, from)] {
        if let Some(node) = state.node_mut(node) {
            for group in &mut node.relations {
                if group.kind == kind && group.direction == direction {
                    group.links.remove(link);
                }
            }
            node.relations.retain(|group| !group.links.is_empty() || group.links.lies_below());
        }
    }
    state.drop_relation(key);
}

/// The facts of a relation that count.
pub(crate) fn counting<'r>(
    source: &impl Source,
    relation: &'r Relation,
    spaces: &[&str],
    empty: &'r BTreeMap<String, String>,
) -> Vec<RelationEvent<'r>> {
    let counts = |op: &&RelationOp| {
        source.counts(op.recorded_seq)
            && !source.batch_is_retracted(op.batch)
            && !source.source_is_retracted(op.source, op.at, spaces)
    };
    let event = |op: &'r RelationOp| {
        let attrs = op.attrs.as_deref().unwrap_or(empty);
        RelationEvent { at: op.at, opens: op.opens, attrs }
    };
    relation.ops.iter().filter(counts).map(event).collect()
}

/// The intervals of a relation that are asked for, oldest first.
pub(crate) fn read_intervals(source: &impl Source, key: RelationKey, when: When) -> Vec<RelationInterval> {
    let (from, to) = (source.node(key.from), source.node(key.to));
    let (Some(relation), Some(from), Some(to)) = (source.relation(key), from, to) else { return Vec::new() };
    intervals_between(source, relation, (&from.id, &to.id), when)
}

/// The same of a relation and its ends.
pub(crate) fn intervals_between(
    source: &impl Source,
    relation: &Relation,
    (from, to): (&Id, &Id),
    when: When,
) -> Vec<RelationInterval> {
    let empty = BTreeMap::new();
    let events = counting(source, relation, &[from.space(), to.space()], &empty);
    let asked = intervals(events.clone()).into_iter().filter(|(since, until)| when.holds(*since, *until));
    let interval = |(since, until): (Time, Option<Time>)| {
        let moment = match when {
            When::At(moment) => moment,
            When::Ever | When::Open => until.unwrap_or(Time::MAX),
        };
        let attrs = attributes(&events, moment);
        RelationInterval { from: from.clone(), to: to.clone(), since, until, attrs }
    };
    asked.map(interval).collect()
}

/// When the facts of a relation that count were observed.
pub(crate) fn counting_times(source: &impl Source, key: RelationKey) -> Vec<Time> {
    let (from, to) = (source.node(key.from), source.node(key.to));
    let (Some(relation), Some(from), Some(to)) = (source.relation(key), from, to) else { return Vec::new() };
    let empty = BTreeMap::new();
    let events = counting(source, relation, &[from.id.space(), to.id.space()], &empty);
    events.iter().map(|event| event.at).collect()
}

/// The relations of a node, of one kind and direction, in order of the other ends' numbers.
pub(crate) fn of_node(
    source: &impl Source,
    number: NodeNo,
    kind: &str,
    direction: Direction,
) -> Vec<RelationKey> {
    let (Some(node), Some(kind)) = (source.node(number), source.sym(kind)) else { return Vec::new() };
    let group = node.relations.iter().find(|group| group.kind == kind && group.direction == direction);
    let others = group.iter().flat_map(|group| source.related(number, group));
    others.map(|other| relation_key(kind, direction, number, other)).collect()
}

/// Every relation of a node, and its other end.
pub(crate) fn all_relations(source: &impl Source, number: NodeNo) -> Vec<(NodeNo, RelationKey)> {
    let groups = source.node(number).map_or(&[][..], |node| &node.relations);
    let keys = groups.iter().flat_map(|group| {
        let others = source.related(number, group);
        others.map(|other| (other, relation_key(group.kind, group.direction, number, other)))
    });
    keys.collect()
}

/// The lists of the relations that begin at a node.
pub(crate) fn groups_from(source: &impl Source, number: NodeNo) -> impl Iterator<Item = &RelationGroup> {
    let groups = source.node(number).map_or(&[][..], |node| &node.relations);
    groups.iter().filter(|group| group.direction == Direction::Out)
}

/// The key of the relation that `node` has with `other` in a direction.
pub(crate) fn relation_key(kind: Sym, direction: Direction, node: NodeNo, other: NodeNo) -> RelationKey {
    match direction {
        Direction::Out => RelationKey { kind, from: node, to: other },
        Direction::In => RelationKey { kind, from: other, to: node },
    }
}
