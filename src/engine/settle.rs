//! Settling: after facts changed what counts, resolves again the families they touched, and no others.
//!
//! # Invariants
//!   L1 after `settle` the state is what resolution from scratch would give (`engine::check` compares).
//!   L2 the work is proportional to the families touched: a hub's star is never walked, since its pairs are
//!      not live.
//!
//! # Order
//!   pairs and what lives (`assess`), families, hint hubs, persons (`settle_persons`).

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::engine::assess::assess_pairs;
use crate::engine::attend::{Attend, Settling, Unattended};
use crate::engine::change::Change;
use crate::engine::settle_persons::{settle_hint_hubs, settle_person_groups};
use crate::engine::undo::mark_undone;
use crate::engine::walk::{live_pairs_within, pairs_from};
use crate::error::Result;
use crate::records::{Direct, MemberRef, NodeNo, PairKey, Phase};
use crate::resolve::{Conflict, Family, FamilyEdge, FamilyId, Level, SettledFamily, Status, settle_family};
use crate::store::{Draft, Source};

/// Brings the state in line with its facts.
///
/// # Errors
/// Damaged bytes of a segment: the change is broken.
pub(crate) fn settle(change: &mut Change) -> Result<()> {
    settle_attended(change, &mut Unattended)
}

/// [`settle`], with somebody who stands by.
///
/// # Errors
/// Damaged bytes of a segment, or an error of who stands by: the change is broken.
pub(crate) fn settle_attended(change: &mut Change, attend: &mut dyn Attend) -> Result<()> {
    if change.dirty.is_empty() {
        return change.checked();
    }
    mark_undone(change);
    let settled = if change.dirty.everything {
        settle_everything(change, attend)
    } else {
        settle_pieces(change, attend)
    };
    change.broken |= settled.is_err();
    settled
}

/// Settles what is dirty, piece by piece. What a piece leaves to the others, they find: an edge that is not assessed yet
/// touches its families again when it is.
fn settle_pieces(change: &mut Change, attend: &mut dyn Attend) -> Result<()> {
    let pairs = change.dirty.pairs.take();
    let total = pairs.len() as u64;
    let mut done = 0;
    // Also what is dirty beside pairs is settled if there are none.
    let mut pieces = pairs.chunks(attend.piece().max(1));
    loop {
        let piece = pieces.next().unwrap_or_default();
        change.dirty.pairs.extend(piece);
        settle_piece(change)?;
        done += piece.len() as u64;
        attend.between(&mut change.state, Settling { done, total })?;
        if done == total {
            return Ok(());
        }
    }
}

/// Settles every id with all that touches it, piece by piece.
fn settle_everything(change: &mut Change, attend: &mut dyn Attend) -> Result<()> {
    let total = change.state.number_count;
    let piece = NodeNo::try_from(attend.piece().max(1)).unwrap_or(NodeNo::MAX);
    let mut from = 0;
    while from < total {
        let to = total.min(from.saturating_add(piece));
        for number in (from..to).filter(|number| change.state.node(*number).is_some()) {
            change.dirty.pairs.extend(pairs_from(&change.state, number));
            change.dirty.families.insert(number);
            change.dirty.hint_hubs.insert(number);
            change.dirty.persons.insert(number);
        }
        settle_piece(change)?;
        from = to;
        attend.between(&mut change.state, Settling { done: u64::from(from), total: u64::from(total) })?;
    }
    (change.dirty.everything, change.dirty.hub_limit) = (false, 0);
    Ok(())
}

fn settle_piece(change: &mut Change) -> Result<()> {
    assess_pairs(change);
    settle_families(change);
    settle_hint_hubs(change);
    settle_person_groups(change);
    change.state.shed();
    change.checked()
}

fn settle_families(change: &mut Change) {
    let mut done: BTreeSet<NodeNo> = BTreeSet::new();
    for start in change.dirty.families.take() {
        if done.contains(&start) || change.state.node(start).is_none() {
            continue;
        }
        let family = family_around(&change.state, start, change.walk_limit());
        done.extend(family.keys());
        settle_members(change, family);
        change.state.shed();
    }
}

/// Ids by their numbers, each with its live pairs and their other ends.
type Joined = BTreeMap<NodeNo, Vec<(NodeNo, PairKey)>>;

/// The ids joined to `start` by live pairs. One that cannot be read is left out: the change fails for it in the end.
fn family_around(state: &Draft, start: NodeNo, limit: usize) -> Joined {
    let mut family = Joined::new();
    let mut stack = vec![start];
    while let Some(number) = stack.pop() {
        if let (Entry::Vacant(place), Some(node)) = (family.entry(number), state.node(number)) {
            let live = live_pairs_within(state, number, node, limit);
            let live = place.insert(live.map(|(other, _)| (other, PairKey::new(number, other))).collect());
            stack.extend(live.iter().map(|(other, _)| *other));
        }
    }
    family
}

/// Which edge of which pair a family's edge is.
type EdgePlace = (PairKey, Direct);

fn settle_members(change: &mut Change, family: Joined) {
    let state = &change.state;
    let (members, live): (Vec<NodeNo>, Vec<_>) = family.into_iter().unzip();
    if let [alone] = &members[..] {
        let settled = SettledFamily {
            statuses: Vec::new(),
            conflicts: Vec::new(),
            superseded: vec![false],
            entity: vec![0],
        };
        write_nodes(change, &[*alone], &settled);
        return write_members(change, &[*alone], &settled);
    }
    let index_of = |node: NodeNo| members.binary_search(&node).ok();
    let ids: Vec<FamilyId<'_>> = members
        .iter()
        .filter_map(|number| state.node(*number))
        .map(|node| FamilyId { id: &node.id, space: node.space, limit: state.rules.limit_of(node.id.kind()) })
        .collect();
    let mut edges = Vec::new();
    let mut places: Vec<EdgePlace> = Vec::new();
    let mut bans = Vec::new();
    for (index, (number, live)) in members.iter().zip(live).enumerate() {
        for (other, pair_number) in live.into_iter().filter(|(other, _)| other > number) {
            let (Some(other), Some(pair)) = (index_of(other), state.pair(pair_number)) else { continue };
            for edge in pair.edges.iter().filter(|edge| edge.state.phase == Phase::Candidate) {
                let (a, b) = if edge.direct == Direct::BToA { (other, index) } else { (index, other) };
                edges.push(FamilyEdge {
                    a,
                    b,
                    supersedes: edge.direct != Direct::Same,
                    strength: edge.state.force.strength,
                    since: edge.state.force.since,
                });
                places.push((pair_number, edge.direct));
            }
        }
        let banned = state.node(*number).map_or(&[][..], |node| &node.bans);
        let within = banned.iter().filter(|other| *other > number).filter_map(|other| index_of(*other));
        bans.extend(within.map(|other| (index, other)));
    }
    let settled = settle_family(&Family { ids, edges, bans }, &state.rules);
    write_edges(change, &places, &settled);
    write_nodes(change, &members, &settled);
    write_members(change, &members, &settled);
}

/// Lists the ids of each entity at the node that carries its number.
fn write_members(change: &mut Change, members: &[NodeNo], settled: &SettledFamily) {
    let mut entities: BTreeMap<usize, Vec<MemberRef>> = BTreeMap::new();
    for (number, root) in members.iter().zip(&settled.entity) {
        let Some(space) = change.state.node(*number).map(|node| node.space) else { continue };
        entities.entry(*root).or_default().push(MemberRef { number: *number, space });
    }
    for (root, ids) in entities {
        let Some(number) = members.get(root).copied() else { continue };
        let list = (ids.len() > 1).then_some(ids);
        let known = change.state.node(number).and_then(|node| node.members.as_deref());
        if known != list.as_deref()
            && let Some(node) = change.state.node_mut(number)
        {
            node.members = list.map(Arc::from);
        }
    }
}

fn write_edges(change: &mut Change, places: &[EdgePlace], settled: &SettledFamily) {
    let mut conflicts: Vec<Option<&Conflict>> = vec![None; places.len()];
    for (index, conflict) in &settled.conflicts {
        if let Some(place) = conflicts.get_mut(*index) {
            *place = Some(conflict);
        }
    }
    for (((pair, direct), status), conflict) in places.iter().zip(&settled.statuses).zip(conflicts) {
        write_edge(change, (*pair, *direct), *status, conflict);
    }
}

fn write_edge(change: &mut Change, (number, direct): EdgePlace, status: Status, conflict: Option<&Conflict>) {
    let Some(pair) = change.state.pair(number) else { return };
    let Some(edge) = pair.edge(direct) else { return };
    let same_conflict = edge.state.conflict.as_deref() == conflict;
    let was_cardinality = edge.state.came_as_cardinality();
    if edge.state.status == status && edge.state.level == Level::Entity && same_conflict && !was_cardinality {
        return;
    }
    let ends = [pair.a, pair.b];
    let Some(pair) = change.state.pair_mut(number) else { return };
    let Some(edge) = pair.edges.iter_mut().find(|edge| edge.direct == direct) else { return };
    edge.state.status = status;
    edge.state.level = Level::Entity;
    if !same_conflict {
        edge.state.conflict = conflict.cloned().map(Arc::new);
    }
    if was_cardinality || edge.state.came_as_cardinality() {
        change.dirty.persons.extend(ends);
    }
}

fn write_nodes(change: &mut Change, members: &[NodeNo], settled: &SettledFamily) {
    let entities = settled.entity.iter().map(|index| members.get(*index).copied());
    for ((number, entity), superseded) in members.iter().zip(entities).zip(&settled.superseded) {
        let (Some(entity), Some(node)) = (entity, change.state.node(*number)) else { continue };
        if node.entity == entity && node.superseded == *superseded {
            continue;
        }
        let moved = (node.entity != entity).then_some(node.entity);
        if let Some(before) = moved {
            change.dirty.persons.extend([before, entity, *number]);
            change.dirty.hint_hubs.extend(change.state.hints(*number, node));
        }
        if let Some(node) = change.state.node_mut(*number) {
            node.entity = entity;
            node.members = node.members.take().filter(|_| entity == *number);
            node.superseded = *superseded;
        }
    }
}
