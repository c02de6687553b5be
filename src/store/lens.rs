//! A state looked at through its layers. What has to be read from a segment is kept until the lens is dropped,
//! so that answers can borrow it.
//!
//! # Invariants
//!   U1 the delta is asked first, then the layers, newest first; the first that knows a key has the say.
//!   U2 a lens that met damaged bytes says so when asked (`fault`): nothing made with it may be given out then.

use std::borrow::Borrow;
use std::sync::Arc;

use crate::codec::What;
use crate::error::{Error, Result};
use crate::model::{Id, Rules, Time, Topology};
use crate::records::{
    List, ListKey, NodeItem, NodeNo, Pair, PairKey, Relation, RelationKey, Side, SideKey, Slot, SortedSet,
    Sym, Undone,
};
use crate::segment::rows::{
    ListsBelow, RowItem, Tag, batch_side_key, event_key, mention_key, pair_key, relation_key, side_key,
    take_batch_side_key, take_event_key, take_far_pair, take_mention_key, take_relation, take_side,
    take_side_key, take_tomb, tomb_key,
};
use crate::segment::{Absences, Family, Found, Key, Known, Merge, Record, Segment};
use crate::store::delta::{Delta, Tomb};
use crate::store::hash::{
    hash_event, hash_id, hash_list, hash_mac, hash_node, hash_pair, hash_relation, hash_side,
};
use crate::store::listed::{Listed, united};
use crate::store::loads::Loads;
use crate::store::source::Source;
use crate::store::state::State;

/// Records that a lens holds before it may let them go.
const LOADS_MAX: usize = 1 << 17;
/// The same between many answers.
const ASKED_LOADS_MAX: usize = 1 << 12;

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

    /// One of many answers made with this lens one after the other: what is read for them is let go on the way.
    pub(crate) fn ask<T>(&mut self, verb: impl FnOnce(&Lens<S>) -> T) -> Result<T> {
        let answer = verb(self);
        let fault = self.take_fault();
        if self.loads.len() > ASKED_LOADS_MAX {
            self.loads = Loads::default();
        }
        fault.map_or(Ok(answer), Err)
    }

    /// The first damage that was met.
    pub(crate) fn take_fault(&mut self) -> Option<Error> {
        self.loads.take_fault()
    }

    /// The deltas, newest first.
    pub(in crate::store) fn deltas(&self) -> impl Iterator<Item = &Delta> {
        self.state().deltas()
    }

    /// The segments, newest first.
    pub(in crate::store) fn segments(&self) -> &[Arc<Segment>] {
        self.state().layers.segments()
    }

    /// Lets go of what was read, if that is much.
    pub(crate) fn shed(&mut self) {
        if self.loads.len() > LOADS_MAX {
            let fault = self.take_fault();
            self.loads = Loads::default();
            fault.map(|fault| self.loads.caught::<()>(Err(fault)));
        }
    }

    /// The slot of a number as the layers below the delta have it.
    pub(in crate::store) fn slot_below_delta(&self, number: NodeNo) -> Option<&Slot> {
        let frozen = self.state().layers.frozen();
        match frozen.and_then(|frozen| frozen.nodes.find(hash_node(number), |_| true)) {
            Some((_, slot)) => Some(slot),
            None => self.slot_below(number),
        }
    }

    /// A pair as the layers below the delta have it.
    pub(in crate::store) fn pair_below_delta(&self, key: PairKey) -> Option<&Pair> {
        let frozen = self.state().layers.frozen();
        match frozen.and_then(|frozen| frozen.pairs.find(hash_pair(key), |_| true)) {
            Some((_, pair)) => pair.as_deref(),
            None => self.pair_below(key),
        }
    }

    /// The slot of a number as the segments have it, and whatever lies beside it.
    fn slot_below(&self, number: NodeNo) -> Option<&Slot> {
        if number >= self.state().layers.numbers_below() {
            return None;
        }
        if let Some(known) = self.loads.slots.get(&number) {
            return known.as_ref();
        }
        for segment in self.segments() {
            match self.loads.caught(segment.find_node(number))? {
                Known::Nothing => {}
                Known::Gone(gone) => {
                    return self.loads.slots.insert(number, Some(Slot::Gone(gone.next))).as_ref();
                }
                Known::Family(record) => {
                    self.load_family(segment, &record);
                    return self.loads.slots.get(&number)?.as_ref();
                }
            }
        }
        self.loads.slots.insert(number, None).as_ref()
    }

    fn load_family(&self, segment: &Segment, record: &Record<'_>) {
        let Some(family) = self.loads.caught(segment.family(record, self.state())) else { return };
        for (number, node) in family.nodes {
            self.loads.slots.insert(number, Some(Slot::Live(Arc::new(node))));
        }
        for pair in family.pairs {
            self.loads.pairs.insert(pair.key(), Some(pair));
        }
    }

    /// A pair beside one of its ends, if it can be read without their family.
    fn pair_alone(&self, key: PairKey) -> Option<Pair> {
        if self.loads.slots.get(&key.a).is_some() {
            return None;
        }
        for segment in self.segments() {
            let record = match self.loads.caught(segment.find_node(key.a))? {
                Known::Nothing => continue,
                Known::Gone(_) => return None,
                Known::Family(record) => record,
            };
            let mut pairs = self.loads.caught(segment.pairs(&record, self.state()))??;
            let at = pairs.binary_search_by_key(&key, Pair::key).ok()?;
            return Some(pairs.swap_remove(at));
        }
        None
    }

    /// The family that a number lies in, as the segments have it: its numbers and the keys of its pairs.
    pub(crate) fn family_below(&self, number: NodeNo) -> Option<Family> {
        for segment in self.segments() {
            match self.loads.caught(segment.find_node(number))? {
                Known::Nothing => {}
                Known::Gone(_) => return None,
                Known::Family(record) => return self.loads.caught(segment.family(&record, self.state())),
            }
        }
        None
    }

    /// A row of the segments: the newest that speaks of the key has the say.
    pub(crate) fn row(&self, key: &[u8]) -> Option<Vec<u8>> {
        for segment in self.segments() {
            match self.loads.caught(segment.table().and_then(|table| table.get(key)))? {
                Found::Value(value) => return Some(value),
                Found::Absent => return None,
                Found::Nothing => {}
            }
        }
        None
    }

    /// What a row says; damage is remembered.
    pub(in crate::store) fn row_of<T>(
        &self,
        key: &[u8],
        take: impl FnOnce(&[u8]) -> Result<T, What>,
    ) -> Option<T> {
        let row = self.row(key)?;
        self.loads.caught(take(&row).map_err(|what| self.damaged(what)))
    }

    /// The error for a row that cannot be read though its checksum held.
    fn damaged(&self, what: What) -> Error {
        self.segments().first().map_or(Error::Internal { what }, |segment| segment.corrupt(0, what))
    }

    /// The keys of rows with a prefix, of all segments as one.
    fn row_keys<T>(&self, prefix: &[u8], take: impl Fn(&[u8]) -> Result<T, What>) -> Vec<T> {
        let read = || {
            let scans = self.segments().iter().map(|segment| Ok(segment.table()?.prefix(prefix)));
            let mut rows = Merge::new(scans.collect::<Result<_>>()?, Absences::Dropped);
            let mut keys = Vec::new();
            while let Some(row) = rows.next()? {
                keys.push(take(row.key).map_err(|what| self.damaged(what))?);
            }
            Ok(keys)
        };
        if self.segments().is_empty() { Vec::new() } else { self.loads.caught(read()).unwrap_or_default() }
    }

    /// The items of a list's rows, in order.
    pub(crate) fn items_below<'s, T: RowItem + 's>(&'s self, key: ListKey) -> impl Iterator<Item = T> + 's {
        let numbers_below = self.state().layers.numbers_below();
        let may_lie_below = numbers_below > 0 && key.node().is_none_or(|node| node < numbers_below);
        let lists = may_lie_below.then(|| ListsBelow::new(self.segments(), key));
        let mut lists = lists.and_then(|lists| self.loads.caught(lists));
        std::iter::from_fn(move || {
            let next = lists.as_mut()?.next();
            let item = self.loads.caught(next).flatten();
            if item.is_none() {
                lists = None;
            }
            item
        })
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
        let has_mentions =
            self.segments().iter().any(|segment| self.loads.caught(segment.has_mentions()).unwrap_or(true));
        if has_mentions {
            let below = self.row_keys(&mention_key(id, None), take_mention_key);
            keys.extend(below.into_iter().map(Arc::new));
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
        let below = self.row_keys(&Tag::Side.prefix(), take_side_key).into_iter().map(Arc::new);
        self.living(keys.chain(below).collect())
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
        let below = self.row_keys(&batch_side_key(batch, None), take_batch_side_key);
        keys.extend(below.into_iter().map(Arc::new));
        self.living(keys)
    }

    /// The pairs an event may have touched.
    pub(crate) fn pairs_of_event(&self, source: Sym, event: &str) -> Vec<PairKey> {
        let hash = hash_event(self.state().seed, self.state().text(source), event);
        let found = self.deltas().filter_map(|delta| delta.events.find(hash, |(known, _)| *known == hash));
        let mut pairs: Vec<PairKey> = found.flat_map(|(_, pairs)| pairs.iter()).collect();
        let below = self.row_keys(&event_key(hash, None), take_event_key);
        pairs.extend(below.into_iter().map(|(_, pair)| pair));
        pairs
    }

    /// The tomb of an id, by its HMAC.
    pub(crate) fn tomb(&self, mac: &[u8; 32]) -> Option<Arc<Tomb>> {
        let found = |delta: &Delta| delta.tombs.find(hash_mac(mac), |tomb| tomb.mac == *mac).cloned();
        self.deltas().find_map(found).or_else(|| {
            let (at, sticky) = self.row_of(&tomb_key(mac), take_tomb)?;
            Some(Arc::new(Tomb { mac: *mac, at, sticky }))
        })
    }

    /// The nodes that a source, a batch or a space was noted at, in order of their numbers.
    pub(crate) fn posted(&self, key: ListKey) -> Vec<NodeNo> {
        let found = |delta: &Delta| {
            let list = delta.postings.find(hash_list(key), |(known, _)| *known == key);
            list.map(|(_, nodes)| nodes.clone())
        };
        let lists: Vec<SortedSet<NodeNo>> = self.deltas().filter_map(found).collect();
        let mut nodes: Vec<NodeNo> = lists.iter().flat_map(SortedSet::iter).collect();
        nodes.extend(self.items_below::<NodeNo>(key));
        nodes.sort_unstable();
        nodes.dedup();
        nodes
    }

    /// The items of a record's list, in order.
    pub(crate) fn items<'s, T: RowItem + NodeItem + 's>(
        &'s self,
        key: ListKey,
        list: &'s List<T>,
    ) -> impl Iterator<Item = T> + 's {
        match self.state().frozen_list(key).filter(|_| list.lies_below()) {
            Some(frozen) => self.items_on(list, || self.items_on(frozen, || self.items_below(key))),
            None => self.items_on(list, || self.items_below(key)),
        }
    }

    /// The items of a list and of what it says lies below, in order.
    fn items_on<'s, T: RowItem + 's, I: Iterator<Item = T> + 's>(
        &'s self,
        list: &'s List<T>,
        below: impl FnOnce() -> I,
    ) -> Listed<'s, T> {
        if !list.lies_below() {
            return Listed::Here(list.here().iter());
        }
        let below = below().filter(|item| !list.is_gone(*item));
        Listed::United(Box::new(united(list.here().iter(), below)))
    }
}

impl<S: Borrow<State>> Lens<S> {
    /// The number of an id as the segments have it.
    fn number_below(&self, hash: u64, id: &Id) -> Option<NodeNo> {
        if self.segments().is_empty() {
            return None;
        }
        let key = Key::new(self.state().id_space(id.space())?, id.value());
        for segment in self.segments() {
            match self.loads.caught(segment.find_id(hash, id, &key))? {
                Known::Nothing => {}
                Known::Gone(_) => return None,
                Known::Family(record) => return self.loads.caught(segment.number_in(&record, &key))?,
            }
        }
        None
    }

    /// A pair as the segments have it: beside one of its ends, or in a row of its own.
    fn pair_below(&self, key: PairKey) -> Option<&Pair> {
        if key.b >= self.state().layers.numbers_below() {
            return None;
        }
        if let Some(known) = self.loads.pairs.get(&key) {
            return known.as_ref();
        }
        if let Some(pair) = self.pair_alone(key) {
            return self.loads.pairs.insert(key, Some(pair)).as_ref();
        }
        // Loads the family, if it is not there yet, and its pairs with it.
        let far = |number| matches!(self.slot_below(number), Some(Slot::Live(node)) if node.far_pairs);
        let (a_is_far, b_is_far) = (far(key.a), far(key.b));
        if let Some(known) = self.loads.pairs.get(&key) {
            return known.as_ref();
        }
        let row = || self.row_of(&pair_key(key), |bytes| take_far_pair(key, bytes));
        let pair = if a_is_far && b_is_far { row() } else { None };
        self.loads.pairs.insert(key, pair).as_ref()
    }

    fn relation_below(&self, key: RelationKey) -> Option<&Relation> {
        if key.from.max(key.to) >= self.state().layers.numbers_below() {
            return None;
        }
        if let Some(known) = self.loads.relations.get(&key) {
            return known.as_ref();
        }
        let relation = self.row_of(&relation_key(key), take_relation);
        self.loads.relations.insert(key, relation).as_ref()
    }

    /// A side record as the segments have it.
    pub(in crate::store) fn side_below(&self, key: &SideKey) -> Option<&Side> {
        if self.segments().is_empty() {
            return None;
        }
        if let Some(known) = self.loads.sides.get(key) {
            return known.as_ref();
        }
        let side = self.row_of(&side_key(key), |bytes| take_side(key.clone(), bytes));
        self.loads.sides.insert(key.clone(), side).as_ref()
    }
}

impl<S: Borrow<State>> Source for Lens<S> {
    fn number_of(&self, id: &Id) -> Option<NodeNo> {
        let hash = hash_id(self.state().seed, id);
        let is_it = |number: &NodeNo| self.node(*number).is_some_and(|node| node.id == *id);
        let told = self.deltas().find_map(|delta| delta.ids.find(hash, is_it).copied());
        // What the segments say of a number stands where no delta says otherwise.
        let is_untold = |number: &NodeNo| {
            let mut deltas = self.deltas();
            !deltas.any(|delta| delta.nodes.find(hash_node(*number), |_| true).is_some())
        };
        told.or_else(|| self.number_below(hash, id).filter(|number| is_untold(number) || is_it(number)))
    }

    fn slot(&self, number: NodeNo) -> Option<&Slot> {
        let told = self.deltas().find_map(|delta| delta.nodes.find(hash_node(number), |_| true));
        told.map(|(_, slot)| slot).or_else(|| self.slot_below(number))
    }

    fn number_count(&self) -> NodeNo {
        self.state().number_count
    }

    fn pair(&self, key: PairKey) -> Option<&Pair> {
        match self.deltas().find_map(|delta| delta.pairs.find(hash_pair(key), |_| true)) {
            Some((_, pair)) => pair.as_deref(),
            None => self.pair_below(key),
        }
    }

    fn relation(&self, key: RelationKey) -> Option<&Relation> {
        let hash = hash_relation(key);
        match self.deltas().find_map(|delta| delta.relations.find(hash, |(known, _)| *known == key)) {
            Some((_, relation)) => relation.as_deref(),
            None => self.relation_below(key),
        }
    }

    fn side(&self, key: &SideKey) -> Option<&Side> {
        let hash = hash_side(key);
        match self.deltas().find_map(|delta| delta.sides.find(hash, |(known, _)| **known == *key)) {
            Some((_, side)) => side.as_deref(),
            None => self.side_below(key),
        }
    }

    fn sides_about(&self, id: &Id) -> Vec<Arc<SideKey>> {
        self.sides_naming(id)
    }

    fn nodes_in<'s>(&'s self, key: ListKey, list: &'s List<NodeNo>) -> impl Iterator<Item = NodeNo> + 's {
        self.items(key, list)
    }

    fn text(&self, sym: Sym) -> &str {
        self.state().text(sym)
    }

    fn sym(&self, text: &str) -> Option<Sym> {
        self.state().sym(text)
    }

    fn undone(&self) -> &Undone {
        &self.state().undone
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

    fn topology(&self) -> &Topology {
        &self.state().topology
    }

    fn rules(&self) -> &Rules {
        &self.state().rules
    }
}
