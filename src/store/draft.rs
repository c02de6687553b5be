//! Changing a state: records are copied from the layers into the delta before they change.
//!
//! # Invariants
//!   D1 nothing below the delta is ever written; a record that is to change is in the delta first.
//!   D2 each record is kept whole, so that the delta never needs a second look below it; but for long lists.
//!   D3 a node that comes from a frozen delta has its long lists on top of those there (`Lens::items`), which the
//!      segment that is being written of them will hold: what is added to a hub meanwhile is written once.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use crate::error::Result;
use crate::model::{Id, Time};
use crate::records::{
    Edge, Group, List, ListKey, Node, NodeNo, Pair, PairKey, Relation, RelationKey, Side, SideKey, Slot,
    SortedSet, Sym,
};
use crate::store::delta::{Delta, Mention, Tomb};
use crate::store::hash::{
    hash_event, hash_id, hash_list, hash_mac, hash_node, hash_pair, hash_relation, hash_side,
};
use crate::store::lens::Lens;
use crate::store::source::Source;
use crate::store::state::{State, full};

/// A state that is being changed.
pub(crate) type Draft = Lens<State>;

/// About what a record takes in memory beside its lists, with its place in the tables.
const NODE_BYTES: usize = size_of::<Node>() + 160;
const PAIR_BYTES: usize = size_of::<Pair>() + 320;
const SIDE_BYTES: usize = size_of::<Side>() + 400;
const RELATION_BYTES: usize = size_of::<Relation>() + 200;
const POSTING_BYTES: usize = 12;

/// What a group says of the ids at its far ends.
#[derive(Clone, Copy)]
struct Near {
    space: Sym,
    passing: bool,
}

impl Near {
    fn of(other: &Node) -> Near {
        Near { space: other.space, passing: other.id.kind().is_passing() }
    }
}

fn enter(node: &mut Node, other: NodeNo, Near { space, passing }: Near, candidate: bool) {
    let key = (space, candidate);
    match node.groups.binary_search_by_key(&key, |group| (group.space, group.candidate)) {
        Ok(at) => node.groups.get_mut(at).into_iter().for_each(|group| group.links.insert(other)),
        Err(at) => {
            if node.groups.is_empty() {
                // Most nodes have one.
                node.groups.reserve_exact(1);
            }
            let links = List::from_sorted(vec![other]);
            node.groups.insert(at, Group { space, candidate, passing, links });
        }
    }
}

fn leave(node: &mut Node, other: NodeNo, Near { space, .. }: Near, candidate: bool) {
    let key = (space, candidate);
    let Ok(at) = node.groups.binary_search_by_key(&key, |group| (group.space, group.candidate)) else {
        return;
    };
    let Some(group) = node.groups.get_mut(at) else { return };
    group.links.remove(other);
    if group.links.is_empty() && !group.links.lies_below() {
        node.groups.remove(at);
    }
}

impl Deref for Draft {
    type Target = State;

    fn deref(&self) -> &State {
        &self.state
    }
}

impl DerefMut for Draft {
    fn deref_mut(&mut self) -> &mut State {
        &mut self.state
    }
}

impl Draft {
    /// The node of a number, to change.
    pub(crate) fn node_mut(&mut self, number: NodeNo) -> Option<&mut Node> {
        let hash = hash_node(number);
        if !self.state.layers.is_empty() && self.state.delta.nodes.find(hash, |_| true).is_none() {
            self.fetch_node(number);
        }
        match self.state.delta.nodes.find_mut(hash, |_| true)? {
            (_, Slot::Live(node)) => Some(Arc::make_mut(node)),
            (_, Slot::Gone(_)) => None,
        }
    }

    /// Copies a node into the delta, and its entity's ids into the filter (E2).
    fn fetch_node(&mut self, number: NodeNo) {
        let Some(mut slot) = self.slot(number).cloned() else { return };
        let frozen = self.state.layers.frozen();
        let from_frozen =
            frozen.is_some_and(|frozen| frozen.nodes.find(hash_node(number), |_| true).is_some());
        if let Slot::Live(node) = &mut slot
            && from_frozen
        {
            // The checkpoint that writes the frozen delta decides where the node's pairs lie (D3 for its lists).
            *node = Arc::new(Node { far_pairs: true, ..node.on_top() });
        }
        if let Slot::Live(node) = &slot {
            let root = node.entity;
            if self.state.delta.nodes.find(hash_node(root), |_| true).is_none() {
                let members = self.node(root).and_then(|root| root.members.clone());
                let alone = [number];
                let listed: Vec<NodeNo> =
                    members.iter().flat_map(|list| list.iter().map(|m| m.number)).collect();
                let members = if listed.is_empty() { &alone[..] } else { &listed[..] };
                let seed = self.state.seed;
                let hashes: Vec<u64> =
                    members.iter().filter_map(|m| self.node(*m)).map(|m| hash_id(seed, &m.id)).collect();
                for hash in hashes {
                    self.state.delta.filter.add(hash);
                }
            }
        }
        self.state.delta.bytes += NODE_BYTES;
        self.state.delta.nodes.insert(hash_node(number), (number, slot));
    }

    /// Gives an id the next number.
    pub(crate) fn create_node(&mut self, id: &Id) -> Result<NodeNo> {
        let state = &mut self.state;
        let space = state.intern(id.space())?;
        let number = state.number_count;
        state.number_count = number.checked_add(1).ok_or_else(|| full("the number of ids"))?;
        let node = Node::new(id.clone(), space, number);
        let hash = hash_id(state.seed, id);
        let delta = &mut state.delta;
        delta.nodes.insert(hash_node(number), (number, Slot::Live(Arc::new(node))));
        delta.ids.insert(hash, number);
        delta.filter.add(hash);
        delta.bytes += NODE_BYTES + id.as_str().len();
        state.count_in_space(space, 1);
        state.live_nodes += 1;
        self.post(ListKey::Space(space), number);
        Ok(number)
    }

    /// Takes over a number from another state with the same names and numbers: an id nothing touches yet, or what is
    /// left of one.
    pub(crate) fn adopt(&mut self, number: NodeNo, from: &Slot) {
        let slot = match from {
            Slot::Gone(next) => Slot::Gone(*next),
            Slot::Live(node) => {
                self.state.delta.ids.insert(hash_id(self.state.seed, &node.id), number);
                self.state.live_nodes += 1;
                Slot::Live(Arc::new(Node::new(node.id.clone(), node.space, number)))
            }
        };
        self.state.delta.nodes.insert(hash_node(number), (number, slot));
    }

    /// Retires a number; it leads to `next`, if anywhere.
    pub(crate) fn retire_node(&mut self, number: NodeNo) {
        if self.node_mut(number).is_none() {
            return;
        }
        let Some(hash) = self.node(number).map(|node| hash_id(self.state.seed, &node.id)) else { return };
        self.state.delta.ids.remove(hash, |known| *known == number);
        self.redirect_node(number, None);
        // Segments say how many there were.
        self.state.live_nodes = self.state.live_nodes.saturating_sub(1);
    }

    /// Where a retired number leads.
    pub(crate) fn redirect_node(&mut self, number: NodeNo, next: Option<NodeNo>) {
        if let Some((_, slot)) = self.state.delta.nodes.find_mut(hash_node(number), |_| true) {
            *slot = Slot::Gone(next);
        }
    }

    /// Lets the numbers that were retired from one state to a later one lead where the later one says; they are retired
    /// here too.
    pub(crate) fn lead_as(&mut self, before: &State, later: &State) {
        let mut led: Vec<(NodeNo, Option<NodeNo>)> = Vec::new();
        later.delta.nodes.differences(&before.delta.nodes, &mut |_, is| {
            if let Some((number, Slot::Gone(next))) = is {
                led.push((*number, *next));
            }
        });
        for (number, next) in led {
            if matches!(self.slot(number), Some(Slot::Gone(own)) if *own != next) {
                let nodes = &mut self.state.delta.nodes;
                nodes.remove(hash_node(number), |_| true);
                nodes.insert(hash_node(number), (number, Slot::Gone(next)));
                self.state.delta.bytes += NODE_BYTES;
            }
        }
    }

    /// A pair, to change.
    pub(crate) fn pair_mut(&mut self, key: PairKey) -> Option<&mut Pair> {
        let hash = hash_pair(key);
        if !self.state.layers.is_empty() && self.state.delta.pairs.find(hash, |_| true).is_none() {
            let pair = Arc::new(self.pair(key)?.clone());
            self.state.delta.bytes += PAIR_BYTES;
            self.state.delta.pairs.insert(hash, (key, Some(pair)));
        }
        let (_, pair) = self.state.delta.pairs.find_mut(hash, |_| true)?;
        pair.as_mut().map(Arc::make_mut)
    }

    /// Adds a pair with the first evidence of its first edge, in no candidate group yet; both ends are named once more.
    pub(crate) fn create_pair(&mut self, key: PairKey, first: Edge) {
        let PairKey { a, b } = key;
        let pair = Pair { a, b, edges: vec![first], candidate: false, live: false, pending: None };
        let delta = &mut self.state.delta;
        delta.bytes += PAIR_BYTES;
        let hash = hash_pair(key);
        match delta.pairs.find_mut(hash, |_| true) {
            Some((_, place)) => *place = Some(Arc::new(pair)),
            None => delta.pairs.insert(hash, (key, Some(Arc::new(pair)))),
        }
        for (node, other) in [(a, b), (b, a)] {
            let Some(near) = self.node(other).map(Near::of) else { return };
            if let Some(node) = self.node_mut(node) {
                node.named += 1;
                enter(node, other, near, false);
            }
        }
    }

    /// Removes a pair, from its ends too.
    pub(crate) fn remove_pair(&mut self, key: PairKey) {
        let Some(candidate) = self.pair_mut(key).map(|pair| pair.candidate) else { return };
        self.leave_group(key.a, key.b, candidate);
        self.leave_group(key.b, key.a, candidate);
        let keep = !self.state.layers.is_empty();
        let pairs = &mut self.state.delta.pairs;
        match pairs.find_mut(hash_pair(key), |_| true) {
            Some((_, pair)) if keep => *pair = None,
            _ => {
                pairs.remove(hash_pair(key), |_| true);
            }
        }
    }

    /// Takes the pair with `other` out of a group of `node` (N1).
    fn leave_group(&mut self, node: NodeNo, other: NodeNo, candidate: bool) {
        let Some(near) = self.node(other).map(Near::of) else { return };
        if let Some(node) = self.node_mut(node) {
            leave(node, other, near, candidate);
        }
    }

    /// Moves the pair with `other` into the candidate group of `node`, or out of it into the other one (N1);
    /// the degree of the node towards the other's space before and after.
    pub(crate) fn move_pair(&mut self, node: NodeNo, other: NodeNo, candidate: bool) -> (usize, usize) {
        let Some(near) = self.node(other).map(Near::of) else { return (0, 0) };
        let Some(node) = self.node_mut(node) else { return (0, 0) };
        let before = node.degree(near.space);
        leave(node, other, near, !candidate);
        enter(node, other, near, candidate);
        (before, node.degree(near.space))
    }

    /// A relation, to change.
    pub(crate) fn relation_mut(&mut self, key: RelationKey) -> Option<&mut Relation> {
        let hash = hash_relation(key);
        let is_it = |(known, _): &(RelationKey, Option<Arc<Relation>>)| *known == key;
        if !self.state.layers.is_empty() && self.state.delta.relations.find(hash, is_it).is_none() {
            let relation = Arc::new(self.relation(key)?.clone());
            self.state.delta.bytes += RELATION_BYTES;
            self.state.delta.relations.insert(hash, (key, Some(relation)));
        }
        let (_, relation) = self.state.delta.relations.find_mut(hash, is_it)?;
        relation.as_mut().map(Arc::make_mut)
    }

    /// Adds a relation without facts to the table, or empties or removes it.
    fn put_relation(&mut self, key: RelationKey, relation: Option<Arc<Relation>>) {
        let hash = hash_relation(key);
        let is_it = |(known, _): &(RelationKey, Option<Arc<Relation>>)| *known == key;
        let keep = relation.is_some() || !self.state.layers.is_empty();
        let relations = &mut self.state.delta.relations;
        relations.remove(hash, is_it);
        if keep {
            relations.insert(hash, (key, relation));
        }
    }

    /// Adds a relation without facts to the table.
    pub(crate) fn create_relation(&mut self, key: RelationKey) {
        self.state.delta.bytes += RELATION_BYTES;
        self.put_relation(key, Some(Arc::new(Relation { ops: Vec::new() })));
    }

    /// Takes a relation out of the table.
    pub(crate) fn drop_relation(&mut self, key: RelationKey) {
        self.put_relation(key, None);
    }

    /// A side record, to change.
    pub(crate) fn side_mut(&mut self, key: &SideKey) -> Option<&mut Side> {
        let hash = hash_side(key);
        let is_it = |(known, _): &(Arc<SideKey>, Option<Arc<Side>>)| **known == *key;
        if !self.state.layers.is_empty() && self.state.delta.sides.find(hash, is_it).is_none() {
            let side = self.side(key)?.clone();
            self.put_side(side);
        }
        let (_, side) = self.state.delta.sides.find_mut(hash, is_it)?;
        side.as_mut().map(Arc::make_mut)
    }

    /// Adds a side record.
    pub(crate) fn create_side(&mut self, side: Side) {
        self.put_side(side);
    }

    fn put_side(&mut self, side: Side) {
        let key = Arc::new(side.key().clone());
        let seed = self.state.seed;
        let hash = hash_side(&key);
        let delta = &mut self.state.delta;
        delta.bytes += SIDE_BYTES;
        for id in key.ids() {
            let hash_of_id = hash_id(seed, id);
            match delta.mentions.find_mut(hash_of_id, |mention| mention.id == *id) {
                Some(mention) => {
                    Arc::make_mut(mention).sides.insert(hash);
                }
                None => {
                    let mut sides = SortedSet::default();
                    sides.insert(hash);
                    delta.mentions.insert(hash_of_id, Arc::new(Mention { id: id.clone(), sides }));
                }
            }
        }
        delta.sides.remove(hash, |(known, _)| **known == *key);
        delta.sides.insert(hash, (key, Some(Arc::new(side))));
    }

    /// Removes a side record.
    pub(crate) fn remove_side(&mut self, key: &SideKey) {
        let seed = self.state.seed;
        let hash = hash_side(key);
        let keep = !self.state.layers.is_empty();
        let delta = &mut self.state.delta;
        delta.sides.remove(hash, |(known, _)| **known == *key);
        if keep {
            let key = Arc::new(key.clone());
            delta.wiped.remove(hash, |known| *known == key);
            delta.wiped.insert(hash, key.clone());
            delta.sides.insert(hash, (key, None));
            delta.bytes += SIDE_BYTES;
        }
        for id in key.ids() {
            let hash_of_id = hash_id(seed, id);
            let mut is_bare = false;
            if let Some(mention) = delta.mentions.find_mut(hash_of_id, |mention| mention.id == *id) {
                let mention = Arc::make_mut(mention);
                mention.sides.remove(hash);
                is_bare = mention.sides.is_empty();
            }
            if is_bare {
                delta.mentions.remove(hash_of_id, |mention| mention.id == *id);
            }
        }
    }

    /// Notes that a source, a batch or a space is met at a node.
    fn post(&mut self, key: ListKey, node: NodeNo) {
        let hash = hash_list(key);
        let delta = &mut self.state.delta;
        let is_new = match delta.postings.find_mut(hash, |(known, _)| *known == key) {
            Some((_, nodes)) => nodes.insert(node),
            None => {
                let mut nodes = SortedSet::default();
                nodes.insert(node);
                delta.postings.insert(hash, (key, nodes));
                true
            }
        };
        delta.bytes += if is_new { POSTING_BYTES } else { 0 };
    }

    /// Notes that a source and a batch touched a pair.
    pub(crate) fn note_origin(&mut self, source: Sym, batch: Option<Sym>, touched: PairKey) {
        self.post(ListKey::Source(source), touched.a);
        if let Some(batch) = batch {
            self.post(ListKey::Batch(batch), touched.a);
        }
    }

    /// Notes that a batch told of a toggle.
    pub(crate) fn note_toggle(&mut self, batch: Sym, key: &SideKey) {
        let side = hash_side(key);
        let sides = &mut self.state.delta.batch_sides;
        match sides.find_mut(hash_node(batch), |(sym, _)| *sym == batch) {
            Some((_, sides)) => {
                sides.insert(side);
            }
            None => {
                let mut set = SortedSet::default();
                set.insert(side);
                sides.insert(hash_node(batch), (batch, set));
            }
        }
    }

    /// Notes that an event touched a pair.
    pub(crate) fn note_event(&mut self, source: Sym, event: &str, pair: PairKey) {
        let hash = hash_event(self.state.seed, self.state.text(source), event);
        let delta: &mut Delta = &mut self.state.delta;
        delta.bytes += 2 * size_of::<PairKey>();
        match delta.events.find_mut(hash, |(known, _)| *known == hash) {
            Some((_, pairs)) => {
                pairs.insert(pair);
            }
            None => {
                let mut pairs = SortedSet::default();
                pairs.insert(pair);
                delta.events.insert(hash, (hash, pairs));
            }
        }
    }

    /// Adds or strengthens a tomb; whether anything changed.
    pub(crate) fn bury(&mut self, mac: [u8; 32], at: Time, sticky: bool) -> bool {
        let known = self.tomb(&mac);
        let tomb = match &known {
            Some(known) => Tomb { mac, at: known.at.max(at), sticky: known.sticky || sticky },
            None => Tomb { mac, at, sticky },
        };
        if known.as_deref() == Some(&tomb) {
            return false;
        }
        let tombs = &mut self.state.delta.tombs;
        tombs.remove(hash_mac(&mac), |known| known.mac == mac);
        tombs.insert(hash_mac(&mac), Arc::new(tomb));
        self.state.tomb_count += u64::from(known.is_none());
        self.state.delta.bytes += 2 * size_of::<Tomb>();
        true
    }
}
