//! erase: removes what facts not newer than the erasure said of an id, and leaves a tombstone.
//!
//! # Invariants
//!   X1 afterwards the graph is what it would be had it never seen those facts; newer ones stay, afresh.
//!   X2 the journal holds numbers and HMACs only.
//!
//! # Order
//!   settle (the entity is the one of that moment), bury, collect, remove, redirect, tell the newer facts.

use std::collections::BTreeSet;

use crate::codec::{Entry, ErasedId, Erasure, ndjson};
use crate::engine::apply::perform;
use crate::engine::audit::note_erasure;
use crate::engine::change::{Change, Erased};
use crate::engine::facts::{facts_of_relation, facts_of_side, tellings_of_pair};
use crate::engine::relations::{all_relations, remove_relation};
use crate::engine::settle::settle;
use crate::engine::sides::refresh_toggle;
use crate::engine::tomb::mac_of;
use crate::engine::walk::{all_pairs, entity_members};
use crate::error::Result;
use crate::model::{Fact, Id, Op, Reach, Time, split_scope};
use crate::records::{Lifting, NodeNo, PairKey, Side, SideKey};
use crate::store::{Draft, Source};

/// Erases an id or its entity; `false` if that was done already and nothing is left to remove.
pub(crate) fn erase(change: &mut Change, id: &Id, reach: Reach, at: Time, sticky: bool) -> Result<bool> {
    settle(change)?;
    let state = &change.state;
    let mut targets = under_aliases(state, id);
    if reach == Reach::Entity {
        let nodes = targets.iter().filter_map(|target| state.number_of(target)).collect::<Vec<_>>();
        let members = nodes.into_iter().flat_map(|node| entity_members(state, node)).collect::<BTreeSet<_>>();
        for node in members.into_iter().filter_map(|member| state.node(member)) {
            for target in under_aliases(state, &node.id) {
                if !targets.contains(&target) {
                    targets.push(target);
                }
            }
        }
    }
    let erased = targets
        .iter()
        .map(|target| ErasedId {
            number: state.number_of(target).map(u64::from),
            mac: mac_of(&change.secret, target),
        })
        .collect();
    let erasure = Erasure { at, sticky, entity: reach == Reach::Entity, ids: erased };
    let changed = erase_all(change, &targets, &erasure)?;
    change.erased = Erased {
        ids: targets,
        macs: erasure.ids.iter().map(|id| id.mac).collect(),
        known: erasure.ids.iter().filter(|id| id.number.is_some()).count(),
    };
    if changed {
        note_erasure(change, &erasure)?;
        change.entries.push(Entry::Erase(erasure));
    }
    Ok(changed)
}

/// An id, and what may have been stored of it under an alias of its corp before that meant the corp's key.
fn under_aliases(state: &Draft, id: &Id) -> Vec<Id> {
    let (corp, viewer) = split_scope(id.scope());
    let mut forms = vec![id.clone()];
    for alias in state.topology.aliases_of(corp) {
        let scope = viewer.map_or_else(|| alias.to_owned(), |viewer| format!("{alias}@{viewer}"));
        let form = id.with_scope(&scope).ok();
        forms.extend(form.filter(|f| state.number_of(f).is_some() || !state.sides_naming(f).is_empty()));
    }
    forms
}

/// Applies an erasure from the journal.
pub(crate) fn replay(change: &mut Change, erasure: &Erasure) -> Result<()> {
    settle(change)?;
    let mut targets = Vec::new();
    for erased in &erasure.ids {
        let numbered = erased.number.and_then(|number| u32::try_from(number).ok());
        let known = numbered.and_then(|number| change.state.node(number)).map(|node| node.id.clone());
        // An id that only memos and retractions name has no number: it is found by its HMAC.
        let found = known.or_else(|| {
            let mut named: Vec<Id> = Vec::new();
            for key in change.state.side_keys() {
                named.extend(key.ids().into_iter().cloned());
            }
            named.into_iter().find(|id| mac_of(&change.secret, id) == erased.mac)
        });
        targets.extend(found);
    }
    erase_all(change, &targets, erasure)?;
    note_erasure(change, erasure)
}

fn erase_all(change: &mut Change, targets: &[Id], erasure: &Erasure) -> Result<bool> {
    let mut changed = false;
    for erased in &erasure.ids {
        changed |= change.state.bury(erased.mac, erasure.at, erasure.sticky);
    }
    let gone = |fact: &Fact| erasure.sticky || fact.at <= erasure.at;
    // An id none of whose facts goes stays as it is, its number too.
    let named: Vec<Id> =
        targets.iter().filter(|id| facts_naming(&change.state, id).iter().any(gone)).cloned().collect();
    let targets = named.as_slice();
    let mut entities: Vec<(NodeNo, Vec<NodeNo>)> = Vec::new();
    for target in targets {
        if let Some(node) = change.state.number_of(target) {
            entities.push((node, entity_members(&change.state, node)));
        }
    }
    let mut doomed: BTreeSet<NodeNo> = BTreeSet::new();
    let mut newer: Vec<(Fact, u64)> = Vec::new();
    for target in targets {
        changed |= remove_sides(change, target, &gone, &mut newer);
        if let Some(node) = change.state.number_of(target) {
            let (removed, kept) = remove_node_facts(change, node, &gone);
            changed |= removed;
            newer.extend(kept);
            doomed.insert(node);
        }
    }
    let peers: Vec<NodeNo> = change.dirty.families.iter().collect();
    retire(change, &doomed);
    tell_again(change, newer)?;
    // Only now: a peer that a newer fact names again keeps its number.
    let is_bare = |number: &NodeNo| change.state.node(*number).is_some_and(|node| node.named == 0);
    let bare: BTreeSet<NodeNo> = peers.into_iter().filter(is_bare).collect();
    retire(change, &bare);
    doomed.extend(bare);
    redirect(change, &doomed, &entities);
    Ok(changed)
}

/// The facts that name an id.
fn facts_naming(state: &Draft, id: &Id) -> Vec<Fact> {
    let mut facts: Vec<(Fact, u64)> = Vec::new();
    if let Some(number) = state.number_of(id) {
        let pairs = all_pairs(state, number).into_iter();
        facts.extend(pairs.flat_map(|(_, pair)| tellings_of_pair(state, pair)));
        let relations = all_relations(state, number).into_iter();
        facts.extend(relations.flat_map(|(_, relation)| facts_of_relation(state, relation)));
    }
    let sides = state.sides_naming(id).into_iter();
    facts.extend(sides.flat_map(|key| facts_of_side(state, &key)));
    facts.into_iter().map(|(fact, _)| fact).collect()
}

/// Retires numbers.
fn retire(change: &mut Change, doomed: &BTreeSet<NodeNo>) {
    for number in doomed {
        change.state.retire_node(*number);
    }
}

/// Redirects retired numbers to the smallest survivor of their entity.
fn redirect(change: &mut Change, doomed: &BTreeSet<NodeNo>, entities: &[(NodeNo, Vec<NodeNo>)]) {
    for (_, members) in entities {
        let survivor = members.iter().copied().find(|member| change.state.node(*member).is_some());
        for member in members.iter().filter(|member| doomed.contains(member)) {
            change.state.redirect_node(*member, survivor);
        }
    }
}

/// Facts newer than the erasure name the id afresh, in order of time and text: how they were split into
/// commits does not show in the numbers they get.
fn tell_again(change: &mut Change, mut newer: Vec<(Fact, u64)>) -> Result<()> {
    newer.sort_by_cached_key(|(fact, seq)| (fact.at, ndjson::print(&but_for_what_it_says(fact)), *seq));
    let (seq, retelling) = (change.seq, change.retelling);
    change.retelling = true;
    for (fact, recorded_seq) in newer {
        change.seq = recorded_seq;
        let told = perform(change, &fact);
        change.seq = seq;
        told?;
    }
    change.retelling = retelling;
    Ok(())
}

/// The same for all tellings of an evidence, which are told in the order of their commits.
fn but_for_what_it_says(fact: &Fact) -> Fact {
    let mut fact = fact.clone();
    match &mut fact.op {
        Op::Link { strength, expires_at, .. } => (*strength, *expires_at) = (None, None),
        Op::Supersede { strength, .. } => *strength = None,
        _ => {}
    }
    fact
}

/// Removes the side records' operations that go, and takes out the newer ones to be told again.
fn remove_sides(
    change: &mut Change,
    id: &Id,
    gone: &impl Fn(&Fact) -> bool,
    newer: &mut Vec<(Fact, u64)>,
) -> bool {
    let mut changed = false;
    for key in change.state.sides_naming(id) {
        let facts = facts_of_side(&change.state, &key);
        changed |= facts.iter().any(|(fact, _)| gone(fact));
        unname_side(change, &key, &facts);
        empty_side(change, &key);
        change.state.remove_side(&key);
        newer.extend(facts.into_iter().filter(|(fact, _)| !gone(fact)));
    }
    changed
}

/// Takes back the naming of a side record's facts.
fn unname_side(change: &mut Change, key: &SideKey, facts: &[(Fact, u64)]) {
    let count = facts.iter().filter(|(fact, _)| fact.op.brings_ids()).count();
    for id in key.ids() {
        if let Some(node) = change.state.number_of(id) {
            unname(&mut change.state, node, count);
            change.dirty.families.insert(node);
        }
    }
}

/// Empties a side record, so that flags and edges no longer follow it.
fn empty_side(change: &mut Change, key: &SideKey) {
    match change.state.side_mut(key) {
        Some(Side::Toggle(_, ops)) => {
            ops.clear();
            refresh_toggle(change, key);
        }
        Some(Side::Retraction(key, lifting)) => {
            *lifting = Lifting::default();
            let ids: Vec<Id> = key.ids().into_iter().cloned().collect();
            if let [a, b] = ids.as_slice()
                && let (Some(x), Some(y)) = (change.state.number_of(a), change.state.number_of(b))
                && let Some(pair) = change.state.pair_between(x, y)
            {
                change.dirty.pairs.insert(pair);
            }
        }
        _ => {}
    }
}

fn unname(state: &mut Draft, node: NodeNo, count: usize) {
    if let Some(node) = state.node_mut(node) {
        node.named = node.named.saturating_sub(u32::try_from(count).unwrap_or(u32::MAX));
    }
}

/// Removes every pair and relation of a node; whether a fact that goes was among them, and the newer ones.
fn remove_node_facts(
    change: &mut Change,
    number: NodeNo,
    gone: &impl Fn(&Fact) -> bool,
) -> (bool, Vec<(Fact, u64)>) {
    let Some(node) = change.state.node(number) else { return (false, Vec::new()) };
    let bans = node.bans.clone();
    let pairs = all_pairs(&change.state, number);
    let relations = all_relations(&change.state, number);
    let mut all: Vec<(Fact, u64)> = Vec::new();
    for (other, pair) in pairs {
        let facts = tellings_of_pair(&change.state, pair);
        let edges = change.state.pair(pair).map_or(&[][..], |pair| &pair.edges);
        let evidences = edges.iter().map(|edge| edge.evidence.len()).sum();
        detach_pair(change, number, other, pair, evidences);
        all.extend(facts);
    }
    for (other, relation) in relations {
        let facts = facts_of_relation(&change.state, relation);
        remove_relation(&mut change.state, relation);
        unname(&mut change.state, other, facts.len());
        change.dirty.families.insert(other);
        all.extend(facts);
    }
    for other in bans {
        if let Some(other) = change.state.node_mut(other) {
            other.bans.retain(|ban| *ban != number);
        }
    }
    let changed = all.iter().any(|(fact, _)| gone(fact));
    all.retain(|(fact, _)| !gone(fact));
    (changed, all)
}

/// Takes a pair out of the graph and marks what that may change.
fn detach_pair(change: &mut Change, node: NodeNo, other: NodeNo, pair: PairKey, fact_count: usize) {
    crate::engine::assess::withdraw(change, pair);
    change.state.remove_pair(pair);
    unname(&mut change.state, other, fact_count);
    for end in [node, other] {
        change.dirty.families.insert(end);
        change.dirty.persons.insert(end);
        change.dirty.hint_hubs.insert(end);
    }
}
