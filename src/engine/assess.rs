//! Assessing pairs: which evidence counts (3.1, 3.2), what an edge is worth (3.3), and whether hubs and
//! blocks let it into a family (3.4).
//!
//! # Invariants
//!   A1 after `assess_pairs` every edge's phase and force are those of its counting evidence, every pair
//!      stands in the right groups, and `live` says whether it is part of a family.

use std::cmp::Reverse;

use crate::engine::change::Change;
use crate::engine::marks::Marks;
use crate::engine::retract::standing;
use crate::model::{Kind, Rules, Strength, Time};
use crate::records::{
    Edge, EdgeState, Evidence, List, ListKey, Node, NodeNo, Pair, PairKey, PendingClock, PendingPair, Phase,
    Telling,
};
use crate::resolve::{EdgeForce, Level, Reason, Status, Voice, edge_force, scope_counts};
use crate::store::{Draft, Source};

/// A pending id lives 90 days where nothing else is said.
const PENDING_LIFE_MS: i64 = 90 * Time::DAY_MS;

/// Assesses the dirty pairs and everything their clocks, degrees and blocks reach.
pub(crate) fn assess_pairs(change: &mut Change) {
    let mut queue = change.dirty.pairs.take();
    let mut reached = Marks::default();
    for number in &queue {
        reached.extend(set_clocks(&mut change.state, *number));
        change.state.shed();
    }
    if !reached.is_empty() {
        reached.extend(queue);
        queue = reached.take();
    }
    let mut relive = Marks::default();
    for number in &queue {
        assess_pair(change, *number, &mut relive);
        change.state.shed();
    }
    for number in change.dirty.blocks.take() {
        let Some(node) = change.state.node(number) else { continue };
        let limit = change.state.rules.hub_limit;
        let small = node.groups.iter().filter(|g| g.candidate && (g.passing || g.links.len() <= limit));
        let others = small.flat_map(|group| change.state.links(number, group));
        relive.extend(others.map(|other| PairKey::new(number, other)));
        let hinted: Vec<NodeNo> = change.state.hints(number, node).collect();
        for other in hinted {
            mark_ends(change, PairKey::new(number, other));
        }
    }
    if change.dirty.everything {
        relive.extend(&queue);
    }
    for number in relive.take() {
        set_live(change, number);
        change.state.shed();
    }
}

/// Marks both ends of a pair for persons.
fn mark_ends(change: &mut Change, number: PairKey) {
    if change.state.pair(number).is_some() {
        change.dirty.persons.extend([number.a, number.b]);
    }
}

/// 3.2: brings the clocks of a pair's pending ends up to date; the pairs whose evidence may count
/// differently for it.
fn set_clocks(state: &mut Draft, number: PairKey) -> Vec<PairKey> {
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
    let evidence = pair.edges.iter().flat_map(|edge| &edge.evidence);
    let (mut end, mut latest) = (None, None);
    for (evidence, said) in evidence.filter_map(|e| Some((e, standing(state, a, b, e)?))) {
        let dies = said.expires_at.unwrap_or_else(|| evidence.observed_at.plus_ms(PENDING_LIFE_MS));
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
    state: &mut Draft,
    number: NodeNo,
    pair: PairKey,
    before: Option<PendingPair>,
    after: Option<PendingPair>,
) -> Vec<PairKey> {
    let other = if pair.a == number { pair.b } else { pair.a };
    let Some(node) = state.node_mut(number) else { return Vec::new() };
    let clock = node.clock.get_or_insert_with(|| {
        Box::new(PendingClock { ends: List::default(), latest: List::default(), valid_to: Time::MAX })
    });
    if let Some(before) = before {
        before.end.into_iter().for_each(|end| clock.ends.remove((Reverse(end), other)));
        before.latest.into_iter().for_each(|latest| clock.latest.remove((Reverse(latest), other)));
    }
    if let Some(after) = after {
        after.end.into_iter().for_each(|end| clock.ends.insert((Reverse(end), other)));
        after.latest.into_iter().for_each(|latest| clock.latest.insert((Reverse(latest), other)));
    }
    let Some(clock) = state.node(number).and_then(|node| node.clock.as_deref()) else { return Vec::new() };
    let last = state.items(ListKey::ClockEnds(number), &clock.ends).next();
    let valid_to = last.map_or(Time::MAX, |(Reverse(end), _)| end);
    let before = clock.valid_to;
    if valid_to == before {
        return Vec::new();
    }
    let later = |(Reverse(at), _): &(Reverse<Time>, NodeNo)| *at > valid_to.min(before);
    let latest = state.items(ListKey::ClockLatest(number), &clock.latest).take_while(later);
    let reached: Vec<PairKey> = latest.map(|(_, other)| PairKey::new(number, other)).collect();
    if let Some(clock) = state.node_mut(number).and_then(|node| node.clock.as_mut()) {
        clock.valid_to = valid_to;
    }
    reached
}

/// Takes a pair's word back before it is removed.
pub(crate) fn withdraw(change: &mut Change, number: PairKey) {
    let Some(pair) = change.state.pair(number) else { return };
    let (a, b, pending) = (pair.a, pair.b, pair.pending);
    if is_hinted(pair) {
        set_hinted(&mut change.state, (a, b), false);
    }
    for node in [a, b] {
        if change.state.node(node).is_some_and(|node| node.clock.is_some()) {
            let touched = move_clock(&mut change.state, node, number, pending, None);
            change.dirty.pairs.extend(touched);
        }
    }
    // The degree of both ends falls: a hub may cease to be one.
    let pair = change.state.pair_mut(number);
    if pair.is_some_and(|pair| std::mem::replace(&mut pair.candidate, false)) {
        for (node, other) in [(a, b), (b, a)] {
            for pair in move_pair(&mut change.state, node, other, false) {
                set_live(change, pair);
            }
        }
    }
}

/// Moves a pair of a node into its candidate group or out of it; the pairs of that group if the node thereby became a
/// hub, or ceased to be one (3.4).
fn move_pair(state: &mut Draft, number: NodeNo, other: NodeNo, candidate: bool) -> Vec<PairKey> {
    let (before, after) = state.move_pair(number, other, candidate);
    let limit = state.rules.hub_limit;
    if (before > limit) == (after > limit) {
        return Vec::new();
    }
    let (Some(node), Some(other)) = (state.node(number), state.node(other)) else { return Vec::new() };
    let groups = node.groups.iter().filter(|group| group.space == other.space && group.candidate);
    let others = groups.flat_map(|group| state.links(number, group));
    others.map(|other| PairKey::new(number, other)).collect()
}

/// What an edge is worth by its counting evidence.
fn assess_edge(state: &Draft, pair: &Pair, edge: &Edge) -> EdgeState {
    let mut fresh = EdgeState { status: edge.state.status, level: edge.state.level, ..EdgeState::new() };
    let (Some(a), Some(b)) = (state.node(pair.a), state.node(pair.b)) else { return fresh };
    let rules: &Rules = &state.rules;
    let standing: Vec<(&Evidence, Telling)> =
        edge.evidence.iter().filter_map(|e| Some((e, standing(state, a, b, e)?))).collect();
    fresh.evidence_count = u32::try_from(standing.len()).unwrap_or(u32::MAX);
    if standing.is_empty() {
        // What became of it before says nothing any more.
        return EdgeState::new();
    }
    let valid_to = [a, b].iter().filter_map(|node| Some(node.clock.as_ref()?.valid_to)).min();
    let in_scope = |(e, _): &(&Evidence, Telling)| scope_counts(&state.topology, &a.id, &b.id, e.observed_at);
    let in_time = |(e, _): &(&Evidence, Telling)| valid_to.is_none_or(|valid_to| e.observed_at <= valid_to);
    let scoped: Vec<(&Evidence, Telling)> = standing.iter().copied().filter(in_scope).collect();
    let counting: Vec<(&Evidence, Telling)> = scoped.iter().copied().filter(in_time).collect();
    let void = match (scoped.is_empty(), counting.is_empty()) {
        (true, _) => Some(Reason::ScopeMismatch),
        (_, true) => Some(Reason::PendingExpired),
        _ => None,
    };
    // An edge left without evidence is described by what it had.
    let speaking = if void.is_some() { &standing } else { &counting };
    let voices: Vec<Voice<'_>> = speaking.iter().map(|(e, said)| voice(state, rules, e, said)).collect();
    let phone = *a.id.kind() == Kind::Phone || *b.id.kind() == Kind::Phone;
    let force = edge_force(edge.direct.kind(), phone, &voices);
    fresh.force = force.unwrap_or(EdgeForce { strength: Strength::Hint, since: Time::MIN });
    fresh.joins_persons =
        void.is_none() && counting.iter().any(|(e, _)| rules.joins_persons(state.text(e.source)));
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

fn voice<'e>(state: &Draft, rules: &Rules, evidence: &'e Evidence, said: &Telling) -> Voice<'e> {
    Voice {
        source: evidence.source,
        event: evidence.event.as_deref(),
        strength: said.stated.unwrap_or_else(|| rules.strength_of(state.text(evidence.source))),
        observed_at: evidence.observed_at,
    }
}

/// Whether two assessments differ in anything that resolution looks at.
fn differs(old: &EdgeState, new: &EdgeState) -> bool {
    (old.phase, old.force, old.joins_persons) != (new.phase, new.force, new.joins_persons)
}

/// Assesses one pair and moves it between groups; adds to `relive` what may live differently.
fn assess_pair(change: &mut Change, number: PairKey, relive: &mut Marks<PairKey>) {
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
    let (was_candidate, was_hinted) = (pair.candidate, is_hinted(pair));
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
        relive.extend(move_pair(&mut change.state, a, b, candidate));
        relive.extend(move_pair(&mut change.state, b, a, candidate));
    }
    if was_personal || hinted {
        if was_hinted != hinted {
            set_hinted(&mut change.state, (a, b), hinted);
        }
        change.dirty.hints.insert(number);
        change.dirty.hint_hubs.extend([a, b]);
        change.dirty.persons.extend([a, b]);
    }
}

/// Whether a pair stands in its ends' lists of hints.
fn is_hinted(pair: &Pair) -> bool {
    pair.edges.iter().any(|edge| edge.state.phase == Phase::Hint)
}

fn set_hinted(state: &mut Draft, (a, b): (NodeNo, NodeNo), hinted: bool) {
    for (node, other) in [(a, b), (b, a)] {
        if let Some(node) = state.node_mut(node) {
            if hinted {
                node.hints.insert(other);
            } else {
                node.hints.remove(other);
            }
        }
    }
}

/// 3.4: whether hubs and blocks let a pair live; its families are to be settled again if it lives or lived.
fn set_live(change: &mut Change, number: PairKey) {
    let state = &change.state;
    let Some(pair) = state.pair(number) else { return };
    let (a, b, candidate, was_live) = (pair.a, pair.b, pair.candidate, pair.live);
    let (Some(node_a), Some(node_b)) = (state.node(a), state.node(b)) else { return };
    let limit = state.rules.hub_limit;
    let degree = node_a.degree(node_b.space).max(node_b.degree(node_a.space));
    let at_hub = candidate && degree > limit;
    let blocked = node_a.blocked || node_b.blocked;
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

fn reject_candidates(change: &mut Change, number: PairKey, reason: Reason) {
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
