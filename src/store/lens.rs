//! A state looked at through its layers. What has to be read from a segment is kept until the lens is dropped,
//! so that answers can borrow it.
//!
//! # Invariants
//!   U1 the delta is asked first, then the layers, newest first; the first that knows a key has the say.
//!   U2 a lens that met damaged bytes says so when asked (`fault`): nothing made with it may be given out then.

use std::borrow::Borrow;
use std::cell::OnceCell;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::model::{Id, Rules, Time, Topology};
use crate::records::{
    List, ListItem, ListKey, NodeNo, Pair, PairKey, Relation, RelationKey, Side, SideKey, Slot, SortedSet,
    Sym,
};
use crate::store::delta::{Delta, Tomb};
use crate::store::hash::{
    hash_event, hash_id, hash_list, hash_mac, hash_node, hash_pair, hash_relation, hash_side,
};
use crate::store::source::Source;
use crate::store::state::State;

/// What a lens has met so far.
#[derive(Default)]
struct Loads {
    fault: OnceCell<Error>,
}

/// A state and what was read of it.
pub(crate) struct Lens<S> {
    pub(in crate::store) state: S,
    loads: Loads,
}

impl<S: Borrow<State>> Lens<S> {
    /// Looks at a state.
    pub(crate) fn on(state: S) -> Lens<S> {
        Lens { state, loads: Loads::default() }
    }

    /// The state looked at.
    pub(crate) fn state(&self) -> &State {
        self.state.borrow()
    }

    /// The state, what was read of it dropped.
    pub(crate) fn into_state(self) -> S {
        self.state
    }

    /// The answer made with this lens, unless it met damaged bytes (U2).
    pub(crate) fn answer<T>(mut self, verb: impl FnOnce(&Lens<S>) -> T) -> Result<T> {
        let answer = verb(&self);
        self.take_fault().map_or(Ok(answer), Err)
    }

    /// The first damage that was met.
    pub(crate) fn take_fault(&mut self) -> Option<Error> {
        self.loads.fault.take()
    }

    /// The deltas, newest first.
    fn deltas(&self) -> impl Iterator<Item = &Delta> {
        let state = self.state();
        std::iter::once(&state.delta).chain(state.layers.frozen())
    }

    /// The side records that name an id.
    pub(crate) fn sides_naming(&self, id: &Id) -> Vec<Arc<SideKey>> {
        let hash = hash_id(self.state().seed, id);
        let mut keys: Vec<Arc<SideKey>> = Vec::new();
        for delta in self.deltas() {
            let mention = delta.mentions.find(hash, |mention| mention.id == *id);
            for side in mention.iter().flat_map(|mention| mention.sides.iter()) {
                let named = delta.sides.find_all(side).filter(|(key, _)| key.ids().contains(&id));
                keys.extend(named.map(|(key, _)| key.clone()));
            }
        }
        self.living(keys)
    }

    /// Keys of side records that are there, each once, in order.
    fn living(&self, mut keys: Vec<Arc<SideKey>>) -> Vec<Arc<SideKey>> {
        keys.sort_unstable();
        keys.dedup();
        keys.retain(|key| self.side(key).is_some());
        keys
    }

    /// Every side record's key, in order.
    pub(crate) fn side_keys(&self) -> Vec<Arc<SideKey>> {
        let keys = self.deltas().flat_map(|delta| delta.sides.values().map(|(key, _)| key.clone()));
        self.living(keys.collect())
    }

    /// The toggles that a batch told of.
    pub(crate) fn sides_of_batch(&self, batch: Sym) -> Vec<Arc<SideKey>> {
        let mut keys = Vec::new();
        for delta in self.deltas() {
            let sides = delta.batch_sides.find(hash_node(batch), |(sym, _)| *sym == batch);
            for side in sides.iter().flat_map(|(_, sides)| sides.iter()) {
                keys.extend(delta.sides.find_all(side).map(|(key, _)| key.clone()));
            }
        }
        self.living(keys)
    }

    /// The pairs an event may have touched.
    pub(crate) fn pairs_of_event(&self, source: Sym, event: &str) -> Vec<PairKey> {
        let hash = hash_event(self.state().seed, self.state().text(source), event);
        let found = self.deltas().filter_map(|delta| delta.events.find(hash, |(known, _)| *known == hash));
        found.flat_map(|(_, pairs)| pairs.iter()).collect()
    }

    /// The tomb of an id, by its HMAC.
    pub(crate) fn tomb(&self, mac: &[u8; 32]) -> Option<Arc<Tomb>> {
        let found = |delta: &Delta| delta.tombs.find(hash_mac(mac), |tomb| tomb.mac == *mac).cloned();
        self.deltas().find_map(found)
    }

    /// The nodes that a source, a batch or a space was noted at, in order of their numbers.
    pub(crate) fn posted(&self, key: ListKey) -> Vec<NodeNo> {
        let found = |delta: &Delta| {
            let list = delta.postings.find(hash_list(key), |(known, _)| *known == key);
            list.map(|(_, nodes)| nodes.clone())
        };
        let lists: Vec<SortedSet<NodeNo>> = self.deltas().filter_map(found).collect();
        let mut nodes: Vec<NodeNo> = lists.iter().flat_map(SortedSet::iter).collect();
        nodes.sort_unstable();
        nodes.dedup();
        nodes
    }

    /// The items of a record's list, in order.
    pub(crate) fn items<'s, T: ListItem + 's>(
        &'s self,
        _key: ListKey,
        list: &'s List<T>,
    ) -> Box<dyn Iterator<Item = T> + 's> {
        Box::new(list.here().iter())
    }
}

impl<S: Borrow<State>> Source for Lens<S> {
    fn number_of(&self, id: &Id) -> Option<NodeNo> {
        let hash = hash_id(self.state().seed, id);
        let is_it = |number: &NodeNo| self.node(*number).is_some_and(|node| node.id == *id);
        self.deltas().find_map(|delta| delta.ids.find(hash, is_it).copied())
    }

    fn slot(&self, number: NodeNo) -> Option<&Slot> {
        self.deltas().find_map(|delta| delta.nodes.find(hash_node(number), |_| true)).map(|(_, slot)| slot)
    }

    fn number_count(&self) -> NodeNo {
        self.state().number_count
    }

    fn pair(&self, key: PairKey) -> Option<&Pair> {
        let (_, pair) = self.deltas().find_map(|delta| delta.pairs.find(hash_pair(key), |_| true))?;
        pair.as_deref()
    }

    fn relation(&self, key: RelationKey) -> Option<&Relation> {
        let hash = hash_relation(key);
        let (_, relation) =
            self.deltas().find_map(|delta| delta.relations.find(hash, |(known, _)| *known == key))?;
        relation.as_deref()
    }

    fn side(&self, key: &SideKey) -> Option<&Side> {
        let hash = hash_side(key);
        let (_, side) =
            self.deltas().find_map(|delta| delta.sides.find(hash, |(known, _)| **known == *key))?;
        side.as_deref()
    }

    fn nodes_in<'s>(&'s self, key: ListKey, list: &'s List<NodeNo>) -> Box<dyn Iterator<Item = NodeNo> + 's> {
        self.items(key, list)
    }

    fn text(&self, sym: Sym) -> &str {
        self.state().text(sym)
    }

    fn sym(&self, text: &str) -> Option<Sym> {
        self.state().sym(text)
    }

    fn batch_is_retracted(&self, batch: Option<Sym>) -> bool {
        self.state().batch_is_retracted(batch)
    }

    fn source_is_retracted(&self, source: Sym, at: Time, spaces: &[&str]) -> bool {
        self.state().source_is_retracted(source, at, spaces)
    }

    fn pair_retractions(&self) -> u64 {
        self.state().pair_retractions
    }

    fn event_retractions(&self) -> u64 {
        self.state().event_retractions
    }

    fn tomb_count(&self) -> u64 {
        self.state().tomb_count
    }

    fn topology(&self) -> &Topology {
        &self.state().topology
    }

    fn rules(&self) -> &Rules {
        &self.state().rules
    }

    fn seq(&self) -> u64 {
        self.state().seq
    }

    fn recorded_at(&self) -> Time {
        self.state().recorded_at
    }
}
