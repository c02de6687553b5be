//! 3.8 Persons, incrementally: hint hubs, and the groups of entities that can become one person.
//!
//! # Invariants
//!   M1 a group is closed under joinable edges (counting evidence from a person source, no hub, no block):
//!      no edge out of it can join, so an edge out of it is `hub`, `blocked` or `suggestion` by itself.
//!   M2 an id that is a hub of hints is never walked through, and its flag is found by looking at no more
//!      entities than the limit.

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::change::Change;
use crate::engine::walk::{entity_members, live_pairs_within};
use crate::records::{Direct, Edge, Node, NodeNo, Pair, PairKey, Phase};
use crate::resolve::{Level, PersonEdge, PersonGroup, Reason, Status, settle_persons};
use crate::store::{Draft, Source};

/// Finds which ids are hubs of hints, and what that changes.
pub(crate) fn settle_hint_hubs(change: &mut Change) {
    for number in change.dirty.hint_hubs.take() {
        let Some(node) = change.state.node(number) else { continue };
        let is_hub = reaches_too_many(&change.state, number, node);
        if is_hub == node.hint_hub {
            continue;
        }
        let others: Vec<NodeNo> = change.state.hints(number, node).collect();
        if let Some(node) = change.state.node_mut(number) {
            node.hint_hub = is_hub;
        }
        change.dirty.persons.insert(number);
        for other in others {
            change.dirty.persons.insert(other);
            if is_hub {
                write_hints(change, PairKey::new(number, other), Status::Rejected(Reason::Hub));
            }
        }
    }
    settle_hints_between_hubs(change);
}

/// Hint edges between two hubs are walked from neither end.
fn settle_hints_between_hubs(change: &mut Change) {
    for number in change.dirty.hints.take() {
        let Some(pair) = change.state.pair(number) else { continue };
        if [pair.a, pair.b].iter().all(|end| change.state.node(*end).is_some_and(|node| node.hint_hub)) {
            write_hints(change, number, Status::Rejected(Reason::Hub));
        }
    }
}

/// Whether an id's hint edges reach more distinct entities than `hint_hub_limit`.
fn reaches_too_many(state: &Draft, number: NodeNo, node: &Node) -> bool {
    let mut reached: BTreeSet<NodeNo> = BTreeSet::new();
    for other in state.hints(number, node) {
        reached.extend(state.node(other).map(|other| other.entity));
        if reached.len() > state.rules.hint_hub_limit {
            return true;
        }
    }
    false
}

/// Writes the status of a pair's hint edges.
fn write_hints(change: &mut Change, number: PairKey, status: Status) {
    let Some(pair) = change.state.pair(number) else { return };
    let stale = |edge: &Edge| edge.state.phase == Phase::Hint && edge.state.status != status;
    if !pair.edges.iter().any(stale) {
        return;
    }
    let Some(pair) = change.state.pair_mut(number) else { return };
    for edge in pair.edges.iter_mut().filter(|edge| stale(edge)) {
        edge.state.status = status;
    }
}

/// Resolves the groups around every dirty entity again.
pub(crate) fn settle_person_groups(change: &mut Change) {
    let mut done: BTreeSet<NodeNo> = BTreeSet::new();
    for number in change.dirty.persons.take() {
        let Some(entity) = change.state.node(number).map(|node| node.entity) else { continue };
        if done.contains(&entity) {
            continue;
        }
        let (group, is_alone) = group_around(&change.state, entity, change.walk_limit());
        done.extend(group.keys());
        if is_alone {
            set_person(change, entity, entity);
        } else {
            settle_group(change, &group);
        }
        change.state.shed();
    }
}

/// Entities by number, each with its members.
type Group = BTreeMap<NodeNo, Vec<NodeNo>>;

/// The entities joined to `start` by joinable edges, and whether that is one without any edge of 3.8.
fn group_around(state: &Draft, start: NodeNo, limit: usize) -> (Group, bool) {
    let mut group = Group::new();
    let mut is_alone = true;
    let mut stack = vec![start];
    while let Some(entity) = stack.pop() {
        if group.contains_key(&entity) {
            continue;
        }
        let members = entity_members(state, entity);
        for member in &members {
            for (other, pair) in personal_pairs(state, *member, limit) {
                is_alone = false;
                let joins = pair.edges.iter().any(|edge| is_joinable(state, pair, edge));
                if joins && let Some(other) = state.node(other) {
                    stack.push(other.entity);
                }
            }
        }
        group.insert(entity, members);
    }
    (group, is_alone)
}

/// The pairs of a node that hold edges of 3.8: hints, unless the node is their hub, and cardinality
/// conflicts that a person source speaks for, in groups within the limit.
fn personal_pairs(state: &Draft, number: NodeNo, limit: usize) -> Vec<(NodeNo, &Pair)> {
    let Some(node) = state.node(number) else { return Vec::new() };
    let came = |pair: &Pair| pair.edges.iter().any(|edge| edge.state.came_as_cardinality());
    let mut pairs: Vec<(NodeNo, &Pair)> =
        live_pairs_within(state, number, node, limit).filter(|(_, pair)| came(pair)).collect();
    if !node.hint_hub {
        let hints = state.hints(number, node);
        pairs.extend(hints.filter_map(|other| Some((other, state.pair(PairKey::new(number, other))?))));
    }
    pairs.sort_unstable_by_key(|(other, _)| *other);
    pairs.dedup_by_key(|(other, _)| *other);
    pairs
}

fn is_at_hub(state: &Draft, pair: &Pair) -> bool {
    [pair.a, pair.b].iter().any(|end| state.node(*end).is_some_and(|node| node.hint_hub))
}

fn is_blocked(state: &Draft, pair: &Pair) -> bool {
    [pair.a, pair.b].iter().any(|end| state.node(*end).is_some_and(|node| node.blocked))
}

fn is_joinable(state: &Draft, pair: &Pair, edge: &Edge) -> bool {
    edge.state.is_personal()
        && edge.state.joins_persons
        && !is_blocked(state, pair)
        && (edge.state.came_as_cardinality() || !is_at_hub(state, pair))
}

fn settle_group(change: &mut Change, group: &Group) {
    let state = &change.state;
    let entities: Vec<NodeNo> = group.keys().copied().collect();
    let index_of = |node: NodeNo| entities.binary_search(&state.node(node)?.entity).ok();
    let mut edges = Vec::new();
    let mut places: Vec<(PairKey, Direct)> = Vec::new();
    let mut leaving: Vec<(PairKey, Status)> = Vec::new();
    let mut seen: BTreeSet<PairKey> = BTreeSet::new();
    let mut bans = Vec::new();
    for (index, members) in group.values().enumerate() {
        for member in members {
            for (other, pair) in personal_pairs(state, *member, change.walk_limit()) {
                let Some(number) = state.pair_between(*member, other) else { continue };
                match index_of(other) {
                    None => leaving.push((number, status_outwards(state, pair))),
                    // Most are seen from both ends.
                    Some(_) if !seen.insert(number) => {}
                    Some(other) => {
                        let ends = if *member == pair.a { (index, other) } else { (other, index) };
                        for edge in pair.edges.iter().filter(|edge| edge.state.is_personal()) {
                            places.push((number, edge.direct));
                            edges.extend(person_edge(state, pair, edge, ends));
                        }
                    }
                }
            }
            let banned = state.node(*member).map_or(&[][..], |node| &node.bans);
            bans.extend(banned.iter().filter_map(|other| Some((index, index_of(*other)?))));
        }
    }
    let group = PersonGroup { entity_count: entities.len(), edges, bans };
    let settled = settle_persons(&group, &state.rules);
    for (number, status) in leaving {
        write_hints(change, number, status);
    }
    for ((number, direct), status) in places.into_iter().zip(settled.statuses) {
        write_edge(change, number, direct, status);
    }
    for (entity, person) in entities.iter().zip(settled.person) {
        let Some(person) = entities.get(person).copied() else { continue };
        set_person(change, *entity, person);
    }
}

fn set_person(change: &mut Change, entity: NodeNo, person: NodeNo) {
    if change.state.node(entity).is_some_and(|node| node.person != person)
        && let Some(node) = change.state.node_mut(entity)
    {
        node.person = person;
    }
}

/// What a hint edge out of the group is (M1).
fn status_outwards(state: &Draft, pair: &Pair) -> Status {
    Status::Rejected(if is_at_hub(state, pair) {
        Reason::Hub
    } else if is_blocked(state, pair) {
        Reason::Blocked
    } else {
        Reason::Suggestion
    })
}

fn person_edge<'s>(
    state: &'s Draft,
    pair: &Pair,
    edge: &Edge,
    (a, b): (usize, usize),
) -> Option<PersonEdge<'s>> {
    let (x, y) = (&state.node(pair.a)?.id, &state.node(pair.b)?.id);
    let old = match edge.direct {
        Direct::Same => None,
        Direct::AToB => Some(x),
        Direct::BToA => Some(y),
    };
    Some(PersonEdge {
        x,
        y,
        old,
        a,
        b,
        strength: edge.state.force.strength,
        since: edge.state.force.since,
        from_cardinality: edge.state.phase == Phase::Candidate,
        at_hub: is_at_hub(state, pair),
        blocked: is_blocked(state, pair),
        confirmed: edge.state.joins_persons,
    })
}

fn write_edge(change: &mut Change, number: PairKey, direct: Direct, status: Status) {
    let Some(edge) = change.state.pair(number).and_then(|pair| pair.edge(direct)) else { return };
    let level = if edge.state.phase == Phase::Hint || status == Status::Accepted {
        Level::Person
    } else {
        Level::Entity
    };
    if edge.state.status == status && edge.state.level == level {
        return;
    }
    let Some(pair) = change.state.pair_mut(number) else { return };
    if let Some(edge) = pair.edges.iter_mut().find(|edge| edge.direct == direct) {
        edge.state.status = status;
        edge.state.level = level;
    }
}
