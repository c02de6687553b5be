//! The state of a graph as one persistent value: cheap to clone, changed by the writer only.
//!
//! # Invariants
//!   G1 `ids` leads to exactly the live nodes.
//!   G2 everything but the counters and statuses can be told again as facts (`engine::facts`).
//!
//! # Not here
//!   what facts do to it (`engine::apply`), what follows for identities (`engine::settle`).

use std::collections::BTreeMap;
use std::hash::{BuildHasher, Hash};
use std::sync::Arc;

use hashbrown::DefaultHashBuilder;

use crate::error::{Error, Result};
use crate::model::{Fact, Id, KindScope, RuleValue, Rules, Time, Topology};
use crate::store::persist::{SortedSet, Table, Trie};
use crate::store::records::{Group, Node, NodeNo, Pair, PairNo, Ref, Relation, RelationNo, Slot, Sym};
use crate::store::sides::{Lifting, Side, SideKey, SideNo};

/// A retraction of what a source said in an interval.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SourceRetraction {
    pub(crate) source: Sym,
    pub(crate) scope: Option<KindScope>,
    pub(crate) from: Option<Time>,
    pub(crate) to: Time,
    pub(crate) lifting: Lifting,
}

/// What is left of an erased id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tomb {
    /// HMAC-SHA-256 of the key form under the database's secret.
    pub(crate) mac: [u8; 32],
    pub(crate) at: Time,
    pub(crate) sticky: bool,
}

/// Side records by the id they name.
#[derive(Debug, Clone)]
struct Mention {
    id: Id,
    sides: SortedSet<SideNo>,
}

/// A graph. It holds people's ids and events, so it has no Debug.
#[derive(Clone, Default)]
pub(crate) struct State {
    pub(crate) seq: u64,
    pub(crate) recorded_at: Time,
    hasher: DefaultHashBuilder,
    texts: Table<Arc<str>>,
    syms: Trie<Sym>,
    ids: Trie<NodeNo>,
    pub(crate) nodes: Table<Slot>,
    pub(crate) live_nodes: u64,
    pub(crate) pairs: Table<Option<Arc<Pair>>>,
    pub(crate) relations: Table<Option<Arc<Relation>>>,
    sides: Table<Option<Arc<Side>>>,
    side_numbers: Trie<SideNo>,
    mentions: Trie<Arc<Mention>>,
    /// By interned text: what a batch or a source touched, in order of arrival.
    pub(crate) by_batch: Table<Table<Ref>>,
    pub(crate) by_source: Table<Table<Ref>>,
    /// By interned (kind, scope): the numbers given out in it, erased ones included.
    pub(crate) by_space: Table<Table<NodeNo>>,
    events: Trie<PairNo>,
    pub(crate) pair_retractions: u64,
    pub(crate) event_retractions: u64,
    pub(crate) batch_retractions: Arc<BTreeMap<Sym, Lifting>>,
    pub(crate) source_retractions: Arc<Vec<SourceRetraction>>,
    pub(crate) tombs: Trie<Arc<Tomb>>,
    pub(crate) tomb_count: u64,
    pub(crate) topology: Arc<Topology>,
    pub(crate) rules: Arc<Rules>,
    /// Facts about topology, kinds and rules, as they were told.
    pub(crate) settings: Table<Arc<Fact>>,
    setting_numbers: Trie<u32>,
    /// Rule, kind -> (at, text) of the value in force.
    pub(crate) rule_values: Arc<BTreeMap<String, (Time, String, RuleValue)>>,
    pub(crate) marks: Arc<BTreeMap<String, (Time, String)>>,
}

/// The number space of records is 32 bits wide.
fn full(what: &'static str) -> Error {
    Error::TooLarge { what, limit: u64::from(u32::MAX) }
}

impl State {
    fn hash(&self, key: &(impl Hash + ?Sized)) -> u64 {
        self.hasher.hash_one(key)
    }

    // Texts.

    /// The number of a text, if it was interned.
    pub(crate) fn sym(&self, text: &str) -> Option<Sym> {
        let known = |sym: &Sym| self.texts.get(*sym).is_some_and(|known| **known == *text);
        self.syms.find(self.hash(text), known).copied()
    }

    /// The number of a text, interned if it is new.
    pub(crate) fn intern(&mut self, text: &str) -> Result<Sym> {
        if let Some(sym) = self.sym(text) {
            return Ok(sym);
        }
        let sym = self.texts.push(text.into()).ok_or_else(|| full("the number of names"))?;
        self.by_batch.push(Table::default());
        self.by_source.push(Table::default());
        self.by_space.push(Table::default());
        self.syms.insert(self.hash(text), sym);
        Ok(sym)
    }

    /// An interned text.
    pub(crate) fn text(&self, sym: Sym) -> &str {
        self.texts.get(sym).map_or("", |text| text)
    }

    // Nodes.

    /// The number of an id, if it exists.
    pub(crate) fn number_of(&self, id: &Id) -> Option<NodeNo> {
        let known = |number: &NodeNo| self.node(*number).is_some_and(|node| node.id == *id);
        self.ids.find(self.hash(id.as_str()), known).copied()
    }

    /// The node of a number.
    pub(crate) fn node(&self, number: NodeNo) -> Option<&Node> {
        match self.nodes.get(number)? {
            Slot::Live(node) => Some(node),
            Slot::Gone(_) => None,
        }
    }

    /// The node of a number, to change.
    pub(crate) fn node_mut(&mut self, number: NodeNo) -> Option<&mut Node> {
        match self.nodes.get_mut(number)? {
            Slot::Live(node) => Some(Arc::make_mut(node)),
            Slot::Gone(_) => None,
        }
    }

    /// Gives an id the next number.
    pub(crate) fn create_node(&mut self, id: &Id) -> Result<NodeNo> {
        let space = self.intern(id.space())?;
        let number = self.nodes.len();
        let node = Node {
            id: id.clone(),
            space,
            named: 0,
            entity: number,
            person: number,
            members: None,
            superseded: false,
            blocked: false,
            restricted: false,
            hint_hub: false,
            groups: Vec::new(),
            hints: SortedSet::default(),
            bans: Vec::new(),
            relations: Vec::new(),
            clock: None,
        };
        let number = self.nodes.push(Slot::Live(Arc::new(node))).ok_or_else(|| full("the number of ids"))?;
        self.ids.insert(self.hash(id.as_str()), number);
        if let Some(nodes) = self.by_space.get_mut(space) {
            nodes.push(number);
        }
        self.live_nodes += 1;
        Ok(number)
    }

    /// Retires a number.
    pub(crate) fn retire_node(&mut self, number: NodeNo) {
        let Some(node) = self.node(number) else { return };
        let hash = self.hash(node.id.as_str());
        self.ids.remove(hash, |known| *known == number);
        if let Some(slot) = self.nodes.get_mut(number) {
            *slot = Slot::Gone(None);
        }
        self.live_nodes -= 1;
    }

    // Pairs.

    /// A pair.
    pub(crate) fn pair(&self, number: PairNo) -> Option<&Pair> {
        self.pairs.get(number)?.as_deref()
    }

    /// A pair, to change.
    pub(crate) fn pair_mut(&mut self, number: PairNo) -> Option<&mut Pair> {
        self.pairs.get_mut(number)?.as_mut().map(Arc::make_mut)
    }

    /// The pair between two nodes.
    pub(crate) fn pair_between(&self, x: NodeNo, y: NodeNo) -> Option<PairNo> {
        let (node_x, node_y) = (self.node(x)?, self.node(y)?);
        let find = |node: &Node, space: Sym, other: NodeNo| {
            let groups = node.groups.iter().filter(|group| group.space == space);
            let mut hits = groups.filter_map(|group| group.links.first_from((other, 0)));
            hits.find(|(found, _)| *found == other).map(|(_, pair)| pair)
        };
        if node_x.groups.len() <= node_y.groups.len() {
            find(node_x, node_y.space, y)
        } else {
            find(node_y, node_x.space, x)
        }
    }

    /// Adds a pair without edges between two nodes, in no candidate group yet.
    pub(crate) fn create_pair(&mut self, x: NodeNo, y: NodeNo) -> Result<PairNo> {
        let (a, b) = if x < y { (x, y) } else { (y, x) };
        let pair = Pair { a, b, edges: Vec::new(), candidate: false, live: false, pending: None };
        let number = self.pairs.push(Some(Arc::new(pair))).ok_or_else(|| full("the number of edges"))?;
        self.enter_group(a, b, number, false);
        self.enter_group(b, a, number, false);
        Ok(number)
    }

    /// Removes a pair from its ends and the table.
    pub(crate) fn remove_pair(&mut self, number: PairNo) {
        let Some(pair) = self.pair(number) else { return };
        let (a, b, candidate) = (pair.a, pair.b, pair.candidate);
        self.leave_group(a, b, number, candidate);
        self.leave_group(b, a, number, candidate);
        if let Some(slot) = self.pairs.get_mut(number) {
            *slot = None;
        }
    }

    /// Puts a pair into a group of `node` (N1).
    pub(crate) fn enter_group(&mut self, node: NodeNo, other: NodeNo, pair: PairNo, candidate: bool) {
        let Some((space, passing)) =
            self.node(other).map(|other| (other.space, other.id.kind().is_passing()))
        else {
            return;
        };
        let Some(node) = self.node_mut(node) else { return };
        let key = (space, candidate);
        match node.groups.binary_search_by_key(&key, |group| (group.space, group.candidate)) {
            Ok(at) => {
                if let Some(group) = node.groups.get_mut(at) {
                    group.links.insert((other, pair));
                }
            }
            Err(at) => {
                let mut links = SortedSet::default();
                links.insert((other, pair));
                node.groups.insert(at, Group { space, candidate, passing, links });
            }
        }
    }

    /// Takes a pair out of a group of `node` (N1).
    pub(crate) fn leave_group(&mut self, node: NodeNo, other: NodeNo, pair: PairNo, candidate: bool) {
        let Some(space) = self.node(other).map(|other| other.space) else { return };
        let Some(node) = self.node_mut(node) else { return };
        let key = (space, candidate);
        let Ok(at) = node.groups.binary_search_by_key(&key, |group| (group.space, group.candidate)) else {
            return;
        };
        if let Some(group) = node.groups.get_mut(at) {
            group.links.remove((other, pair));
            if group.links.is_empty() {
                node.groups.remove(at);
            }
        }
    }

    // Relations.

    /// A relation.
    pub(crate) fn relation(&self, number: RelationNo) -> Option<&Relation> {
        self.relations.get(number)?.as_deref()
    }

    /// A relation, to change.
    pub(crate) fn relation_mut(&mut self, number: RelationNo) -> Option<&mut Relation> {
        self.relations.get_mut(number)?.as_mut().map(Arc::make_mut)
    }

    /// Adds a relation without facts to the table.
    pub(crate) fn create_relation(&mut self, kind: Sym, from: NodeNo, to: NodeNo) -> Result<RelationNo> {
        let relation = Relation { kind, from, to, ops: Vec::new() };
        self.relations.push(Some(Arc::new(relation))).ok_or_else(|| full("the number of relations"))
    }

    // Sides.

    /// The number of a side record.
    pub(crate) fn side_number(&self, key: &SideKey) -> Option<SideNo> {
        let known = |number: &SideNo| self.side(*number).is_some_and(|side| side.key() == key);
        self.side_numbers.find(self.hash(key), known).copied()
    }

    /// A side record.
    pub(crate) fn side(&self, number: SideNo) -> Option<&Side> {
        self.sides.get(number)?.as_deref()
    }

    /// A side record, to change.
    pub(crate) fn side_mut(&mut self, number: SideNo) -> Option<&mut Side> {
        self.sides.get_mut(number)?.as_mut().map(Arc::make_mut)
    }

    /// Every side record.
    pub(crate) fn sides(&self) -> impl Iterator<Item = (SideNo, &Side)> {
        self.sides.iter().filter_map(|(number, side)| Some((number, side.as_deref()?)))
    }

    /// Adds a side record.
    pub(crate) fn create_side(&mut self, side: Side) -> Result<SideNo> {
        let hash = self.hash(side.key());
        let named: Vec<Id> = side.key().ids().into_iter().cloned().collect();
        let number =
            self.sides.push(Some(Arc::new(side))).ok_or_else(|| full("the number of side records"))?;
        self.side_numbers.insert(hash, number);
        for id in named {
            let hash = self.hash(id.as_str());
            match self.mentions.find_mut(hash, |mention| mention.id == id) {
                Some(mention) => {
                    Arc::make_mut(mention).sides.insert(number);
                }
                None => {
                    let mut sides = SortedSet::default();
                    sides.insert(number);
                    self.mentions.insert(hash, Arc::new(Mention { id, sides }));
                }
            }
        }
        Ok(number)
    }

    /// Removes a side record.
    pub(crate) fn remove_side(&mut self, number: SideNo) {
        let Some(side) = self.side(number) else { return };
        let key = side.key().clone();
        let hash = self.hash(&key);
        self.side_numbers.remove(hash, |known| *known == number);
        for id in key.ids() {
            let hash = self.hash(id.as_str());
            let mut is_bare = false;
            if let Some(mention) = self.mentions.find_mut(hash, |mention| mention.id == *id) {
                let mention = Arc::make_mut(mention);
                mention.sides.remove(number);
                is_bare = mention.sides.is_empty();
            }
            if is_bare {
                self.mentions.remove(hash, |mention| mention.id == *id);
            }
        }
        if let Some(slot) = self.sides.get_mut(number) {
            *slot = None;
        }
    }

    /// The side records that name an id.
    pub(crate) fn sides_naming(&self, id: &Id) -> Vec<SideNo> {
        let mention = self.mentions.find(self.hash(id.as_str()), |mention| mention.id == *id);
        mention.map_or_else(Vec::new, |mention| mention.sides.iter().collect())
    }

    // What batches, sources and events touched.

    /// Notes that a batch and a source touched something.
    pub(crate) fn note_origin(&mut self, source: Option<Sym>, batch: Option<Sym>, touched: Ref) {
        if let Some(log) = source.and_then(|source| self.by_source.get_mut(source)) {
            log.push(touched);
        }
        if let Some(log) = batch.and_then(|batch| self.by_batch.get_mut(batch)) {
            log.push(touched);
        }
    }

    /// Notes that an event touched a pair.
    pub(crate) fn note_event(&mut self, source: Sym, event: &str, pair: PairNo) {
        let hash = self.hash(&(source, event));
        if self.events.find(hash, |known| *known == pair).is_none() {
            self.events.insert(hash, pair);
        }
    }

    /// The pairs an event may have touched.
    pub(crate) fn pairs_of_event(&self, source: Sym, event: &str) -> Vec<PairNo> {
        let mut pairs = Vec::new();
        let hash = self.hash(&(source, event));
        self.events.find(hash, |pair| {
            pairs.push(*pair);
            false
        });
        pairs
    }

    /// Whether a batch is retracted.
    pub(crate) fn batch_is_retracted(&self, batch: Option<Sym>) -> bool {
        let lifting = batch.and_then(|batch| self.batch_retractions.get(&batch));
        lifting.is_some_and(|lifting| lifting.in_force().is_some())
    }

    /// Whether a source's word on something observed at a time is retracted, on edges touching these spaces.
    pub(crate) fn source_is_retracted(&self, source: Sym, at: Time, spaces: &[&str]) -> bool {
        self.source_retractions.iter().any(|retraction| {
            retraction.source == source
                && at <= retraction.to
                && retraction.from.is_none_or(|from| from <= at)
                && retraction.scope.as_ref().is_none_or(|scope| spaces.contains(&scope.as_str()))
                && retraction.lifting.in_force().is_some()
        })
    }

    // Settings.

    /// Keeps a fact about topology, kinds or rules, `text` being its canonical form; whether it is new.
    pub(crate) fn keep_setting(&mut self, fact: &Fact, text: &str) -> Result<bool> {
        let hash = self.hash(text);
        let known = |number: &u32| self.settings.get(*number).is_some_and(|known| **known == *fact);
        if self.setting_numbers.find(hash, known).is_some() {
            return Ok(false);
        }
        let number =
            self.settings.push(Arc::new(fact.clone())).ok_or_else(|| full("the number of settings"))?;
        self.setting_numbers.insert(hash, number);
        Ok(true)
    }

    /// The (kind, scope) names that were interned, with their numbers.
    pub(crate) fn spaces(&self) -> impl Iterator<Item = (Sym, &str)> {
        let used = self.by_space.iter().filter(|(_, nodes)| nodes.len() > 0);
        used.map(|(sym, _)| (sym, self.text(sym)))
    }

    // Tombs.

    /// The tomb of an id, by its HMAC.
    pub(crate) fn tomb(&self, mac: &[u8; 32]) -> Option<&Tomb> {
        self.tombs.find(mac_hash(mac), |tomb| tomb.mac == *mac).map(|tomb| &**tomb)
    }

    /// Adds or strengthens a tomb; whether anything changed.
    pub(crate) fn bury(&mut self, mac: [u8; 32], at: Time, sticky: bool) -> bool {
        if let Some(tomb) = self.tombs.find_mut(mac_hash(&mac), |tomb| tomb.mac == mac) {
            let stronger = Tomb { mac, at: tomb.at.max(at), sticky: tomb.sticky || sticky };
            let changed = **tomb != stronger;
            *tomb = Arc::new(stronger);
            return changed;
        }
        self.tombs.insert(mac_hash(&mac), Arc::new(Tomb { mac, at, sticky }));
        self.tomb_count += 1;
        true
    }
}

/// An HMAC is as good a hash as any.
fn mac_hash(mac: &[u8; 32]) -> u64 {
    mac.first_chunk::<8>().map_or(0, |bytes| u64::from_le_bytes(*bytes))
}
