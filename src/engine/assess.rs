//! Assessing pairs: which evidence counts (3.1, 3.2), what an edge is worth (3.3), and whether hubs and
//! blocks let it into a family (3.4).
//!
//! # Invariants
//!   A1 after `assess_pairs` every edge's phase and force are those of its counting evidence, every pair
//!      stands in the right groups, and `live` says whether it is part of a family.

use std::collections::BTreeSet;

use crate::engine::change::Change;
use crate::engine::retract::stands;
use crate::model::{Kind, Rules, Strength, Time};
use crate::resolve::{EdgeForce, Level, Reason, Status, Voice, edge_force, scope_counts};
use crate::store::{
    Edge, EdgeState, Evidence, Node, NodeNo, Pair, PairNo, PendingClock, PendingPair, Phase, SortedSet, State,
};

/// A pending id lives 90 days where nothing else is said.
const PENDING_LIFE_MS: i64 = 90 * Time::DAY_MS;

/// Assesses the dirty pairs and everything their clocks, degrees and blocks reach.
pub(crate) fn assess_pairs(change: &mut Change) {
    let mut queue = std::mem::take(&mut change.dirty.pairs);
    if change.dirty.everything {
        queue.extend((0..change.state.pairs.len()).filter(|number| change.state.pair(*number).is_some()));
    }
    for number in queue.clone() {
        queue.extend(set_clocks(&mut change.state, number));
    }
    let mut relive: BTreeSet<PairNo> = BTreeSet::new();
    for number in &queue {
        assess_pair(change, *number, &mut relive);
    }
    for node in std::mem::take(&mut change.dirty.blocks) {
        let Some(node) = change.state.node(node) else { continue };
        let limit = change.state.rules.hub_limit;
        let small = node.groups.iter().filter(|g| g.candidate && (g.passing || g.links.len() <= limit));
        relive.extend(small.flat_map(|group| group.links.iter().map(|(_, pair)| pair)));
        let hinted: Vec<PairNo> = node.hints.iter().map(|(_, pair)| pair).collect();
        for pair in hinted {
            mark_ends(change, pair);
        }
    }
    if change.dirty.everything {
        relive.extend(&queue);
    }
    for number in relive {
        set_live(change, number);
    }
}

/// Marks both ends of a pair for persons.
fn mark_ends(change: &mut Change, number: PairNo) {
    let Some((a, b)) = change.state.pair(number).map(|pair| (pair.a, pair.b)) else { return };
    change.dirty.persons.extend([a, b]);
}

/// 3.2: brings the clocks of a pair's pending ends up to date; the pairs whose evidence may count
/// differently for it.
fn set_clocks(state: &mut State, number: PairNo) -> Vec<PairNo> {
    let Some(pair) = state.pair(number) else { return Vec::new() };
    let (Some(a), Some(b)) = (state.node(pair.a), state.node(pair.b)) else { return Vec::new() };
    let is_pending = |node: &Node| *node.id.kind() == Kind::PendingId;
    let pending: Vec<NodeNo> =
        [(pair.a, a), (pair.b, b)].iter().filter(|(_, node)| is_pending(node)).map(|(n, _)| *n).collect();
    if pending.is_empty() {
        return Vec::new();
    }
    // Only edges to ids that are neither external_userids nor pending ids say when a pending id dies.
    let plain = |node: &Node| !matches!(node.id.kind(), Kind::PendingId | Kind::ExternalUserid);
    let says_end = plain(a) || plain(b);
    let standing = pair.edges.iter().flat_map(|edge| &edge.evidence).filter(|e| stands(state, a, b, e));
    let (mut end, mut latest) = (None, None);
    for evidence in standing {
        let dies = evidence.expires_at.unwrap_or_else(|| evidence.observed_at.plus_ms(PENDING_LIFE_MS));
        end = end.max(says_end.then_some(dies));
        latest = latest.max(Some(evidence.observed_at));
    }
    let fresh = PendingPair { end, latest };
    let before = pair.pending;
    if before == Some(fresh) {
        return Vec::new();
    }
    if let Some(pair) = state.pair_mut(number) {
        pair.pending = Some(fresh);
    }
    pending.into_iter().flat_map(|node| move_clock(state, node, number, before, Some(fresh))).collect()
}

/// Replaces what a pair says of a pending id's life; the pairs with evidence between the old end and the new.
fn move_clock(
    state: &mut State,
    node: NodeNo,
    pair: PairNo,
    before: Option<PendingPair>,
    after: Option<PendingPair>,
) -> Vec<PairNo> {
    let Some(node) = state.node_mut(node) else { return Vec::new() };
    let clock = node.clock.get_or_insert_with(|| {
        Box::new(PendingClock {
            ends: SortedSet::default(),
            latest: SortedSet::default(),
            valid_to: Time::MAX,
        })
    });
    if let Some(before) = before {
        before.end.map(|end| clock.ends.remove((end, pair)));
        before.latest.map(|latest| clock.latest.remove((latest, pair)));
    }
    if let Some(after) = after {
        after.end.map(|end| clock.ends.insert((end, pair)));
        after.latest.map(|latest| clock.latest.insert((latest, pair)));
    }
    let valid_to = clock.ends.last().map_or(Time::MAX, |(end, _)| end);
    let earlier = valid_to.min(clock.valid_to);
    if valid_to == clock.valid_to {
        return Vec::new();
    }
    clock.valid_to = valid_to;
    clock.latest.iter_from((earlier.plus_ms(1), 0)).map(|(_, pair)| pair).collect()
}

/// Takes a pair's word back before it is removed.
pub(crate) fn withdraw(change: &mut Change, number: PairNo) {
    let Some(pair) = change.state.pair(number) else { return };
    let (a, b, pending) = (pair.a, pair.b, pair.pending);
    for (node, other) in [(a, b), (b, a)] {
        if let Some(record) = change.state.node_mut(node) {
            record.hints.remove((other, number));
            if record.clock.is_some() {
                let touched = move_clock(&mut change.state, node, number, pending, None);
                change.dirty.pairs.extend(touched);
            }
        }
    }
    // The degree of both ends falls: a hub may cease to be one.
    let (space_a, space_b) = (space_of(&change.state, a), space_of(&change.state, b));
    if let Some(pair) = change.state.pair_mut(number) {
        let was_candidate = std::mem::replace(&mut pair.candidate, false);
        if was_candidate {
            for (node, other, space) in [(a, b, space_b), (b, a, space_a)] {
                let crossing = leave(change, node, other, number, space);
                for pair in crossing {
                    set_live(change, pair);
                }
                change.state.enter_group(node, other, number, false);
            }
        }
    }
}

fn space_of(state: &State, node: NodeNo) -> u32 {
    state.node(node).map_or(u32::MAX, |node| node.space)
}

/// Leaves the candidate group; the pairs of that group if it thereby ceased to be a hub's.
fn leave(change: &mut Change, node: NodeNo, other: NodeNo, pair: PairNo, space: u32) -> Vec<PairNo> {
    let before = degree(&change.state, node, space);
    change.state.leave_group(node, other, pair, true);
    crossing(&change.state, node, space, before)
}

/// Enters the candidate group; the pairs of that group if it thereby became a hub's.
fn enter(change: &mut Change, node: NodeNo, other: NodeNo, pair: PairNo, space: u32) -> Vec<PairNo> {
    let before = degree(&change.state, node, space);
    change.state.enter_group(node, other, pair, true);
    crossing(&change.state, node, space, before)
}

/// degree(x, k) of 3.4: pairs are distinct other ids.
fn degree(state: &State, node: NodeNo, space: u32) -> usize {
    let group = |node: &Node| {
        let at = node.groups.binary_search_by_key(&(space, true), |g| (g.space, g.candidate)).ok()?;
        node.groups.get(at).map(|group| if group.passing { 0 } else { group.links.len() })
    };
    state.node(node).and_then(group).unwrap_or(0)
}

fn crossing(state: &State, node: NodeNo, space: u32, before: usize) -> Vec<PairNo> {
    let limit = state.rules.hub_limit;
    if (before > limit) == (degree(state, node, space) > limit) {
        return Vec::new();
    }
    let Some(node) = state.node(node) else { return Vec::new() };
    let groups = node.groups.iter().filter(|group| group.space == space && group.candidate);
    groups.flat_map(|group| group.links.iter().map(|(_, pair)| pair)).collect()
}

/// What an edge is worth by its counting evidence.
fn assess_edge(state: &State, pair: &Pair, edge: &Edge) -> EdgeState {
    let mut fresh = EdgeState { status: edge.state.status, level: edge.state.level, ..EdgeState::new() };
    let (Some(a), Some(b)) = (state.node(pair.a), state.node(pair.b)) else { return fresh };
    let rules: &Rules = &state.rules;
    let standing: Vec<&Evidence> = edge.evidence.iter().filter(|e| stands(state, a, b, e)).collect();
    fresh.evidence_count = u32::try_from(standing.len()).unwrap_or(u32::MAX);
    if standing.is_empty() {
        return fresh;
    }
    let valid_to = [a, b].iter().filter_map(|node| Some(node.clock.as_ref()?.valid_to)).min();
    let in_scope = |e: &&Evidence| scope_counts(&state.topology, &a.id, &b.id, e.observed_at);
    let in_time = |e: &&Evidence| valid_to.is_none_or(|valid_to| e.observed_at <= valid_to);
    let scoped: Vec<&Evidence> = standing.iter().copied().filter(in_scope).collect();
    let counting: Vec<&Evidence> = scoped.iter().copied().filter(in_time).collect();
    let void = match (scoped.is_empty(), counting.is_empty()) {
        (true, _) => Some(Reason::ScopeMismatch),
        (_, true) => Some(Reason::PendingExpired),
        _ => None,
    };
    // An edge left without evidence is described by what it had.
    let speaking = if void.is_some() { &standing } else { &counting };
    let voices: Vec<Voice<'_>> = speaking.iter().map(|e| voice(state, rules, e)).collect();
    let phone = *a.id.kind() == Kind::Phone || *b.id.kind() == Kind::Phone;
    let force = edge_force(edge.direct.kind(), phone, &voices);
    fresh.force = force.unwrap_or(EdgeForce { strength: Strength::Hint, since: Time::MIN });
    fresh.joins_persons =
        void.is_none() && counting.iter().any(|e| rules.joins_persons(state.text(e.source)));
    fresh.phase = match void {
        Some(reason) => Phase::Void(reason),
        None if fresh.force.strength == Strength::Hint => Phase::Hint,
        None => Phase::Candidate,
    };
    fresh.level = if fresh.force.strength == Strength::Hint { Level::Person } else { Level::Entity };
    if let Phase::Void(reason) = fresh.phase {
        fresh.status = Status::Rejected(reason);
    }
    fresh
}

fn voice<'e>(state: &State, rules: &Rules, evidence: &'e Evidence) -> Voice<'e> {
    Voice {
        source: evidence.source,
        event: evidence.event.as_deref(),
        strength: evidence.stated.unwrap_or_else(|| rules.strength_of(state.text(evidence.source))),
        observed_at: evidence.observed_at,
    }
}

/// Whether two assessments differ in anything that resolution looks at.
fn differs(old: &EdgeState, new: &EdgeState) -> bool {
    (old.phase, old.force, old.joins_persons) != (new.phase, new.force, new.joins_persons)
}

/// Assesses one pair and moves it between groups; adds to `relive` what may live differently.
fn assess_pair(change: &mut Change, number: PairNo, relive: &mut BTreeSet<PairNo>) {
    let Some(pair) = change.state.pair(number) else { return };
    let (a, b) = (pair.a, pair.b);
    let fresh: Vec<EdgeState> =
        pair.edges.iter().map(|edge| assess_edge(&change.state, pair, edge)).collect();
    let touched = pair.edges.iter().zip(&fresh).any(|(edge, fresh)| differs(&edge.state, fresh));
    let was_personal = pair.edges.iter().any(|edge| edge.state.is_personal());
    let recount =
        pair.edges.iter().zip(&fresh).any(|(e, fresh)| e.state.evidence_count != fresh.evidence_count);
    if !touched && !recount {
        return;
    }
    let candidate = fresh.iter().any(|state| state.phase == Phase::Candidate);
    let hinted = fresh.iter().any(|state| state.phase == Phase::Hint);
    let was_candidate = pair.candidate;
    let Some(pair) = change.state.pair_mut(number) else { return };
    for (edge, fresh) in pair.edges.iter_mut().zip(fresh) {
        if differs(&edge.state, &fresh) {
            edge.state = fresh;
        } else {
            edge.state.evidence_count = fresh.evidence_count;
        }
    }
    pair.candidate = candidate;
    if !touched {
        return;
    }
    relive.insert(number);
    if candidate != was_candidate {
        regroup(change, number, (a, b), candidate, relive);
    }
    if was_personal || hinted {
        set_hinted(&mut change.state, number, (a, b), hinted);
        change.dirty.hints.insert(number);
        change.dirty.hint_hubs.extend([a, b]);
        change.dirty.persons.extend([a, b]);
    }
}

fn regroup(
    change: &mut Change,
    number: PairNo,
    (a, b): (NodeNo, NodeNo),
    candidate: bool,
    relive: &mut BTreeSet<PairNo>,
) {
    let (space_a, space_b) = (space_of(&change.state, a), space_of(&change.state, b));
    for (node, other, space) in [(a, b, space_b), (b, a, space_a)] {
        if candidate {
            change.state.leave_group(node, other, number, false);
            relive.extend(enter(change, node, other, number, space));
        } else {
            relive.extend(leave(change, node, other, number, space));
            change.state.enter_group(node, other, number, false);
        }
    }
}

fn set_hinted(state: &mut State, number: PairNo, (a, b): (NodeNo, NodeNo), hinted: bool) {
    for (node, other) in [(a, b), (b, a)] {
        if let Some(node) = state.node_mut(node) {
            if hinted {
                node.hints.insert((other, number));
            } else {
                node.hints.remove((other, number));
            }
        }
    }
}

/// 3.4: whether hubs and blocks let a pair live; its families are to be settled again if it lives or lived.
fn set_live(change: &mut Change, number: PairNo) {
    let state = &change.state;
    let Some(pair) = state.pair(number) else { return };
    let (a, b, candidate, was_live) = (pair.a, pair.b, pair.candidate, pair.live);
    let limit = state.rules.hub_limit;
    let (space_a, space_b) = (space_of(state, a), space_of(state, b));
    let at_hub = candidate && (degree(state, a, space_b) > limit || degree(state, b, space_a) > limit);
    let blocked = [a, b].iter().any(|end| state.node(*end).is_some_and(|node| node.blocked));
    let live = candidate && !at_hub && !blocked;
    let reason = if at_hub { Reason::Hub } else { Reason::Blocked };
    if candidate && !live {
        reject_candidates(change, number, reason);
    }
    if was_live != live
        && let Some(pair) = change.state.pair_mut(number)
    {
        pair.live = live;
    }
    if live || was_live {
        change.dirty.families.extend([a, b]);
    }
}

fn reject_candidates(change: &mut Change, number: PairNo, reason: Reason) {
    let rejected = Status::Rejected(reason);
    let Some(pair) = change.state.pair(number) else { return };
    let is_done = |edge: &Edge| {
        edge.state.phase != Phase::Candidate
            || (edge.state.status == rejected
                && edge.state.conflict.is_none()
                && edge.state.level == Level::Entity)
    };
    if pair.edges.iter().all(is_done) {
        return;
    }
    let came_as_cardinality = pair.edges.iter().any(|edge| edge.state.came_as_cardinality());
    if came_as_cardinality {
        mark_ends(change, number);
    }
    let Some(pair) = change.state.pair_mut(number) else { return };
    for edge in pair.edges.iter_mut().filter(|edge| edge.state.phase == Phase::Candidate) {
        edge.state.status = rejected;
        edge.state.level = Level::Entity;
        edge.state.conflict = None;
    }
}
