//! The state of a graph as one persistent value: cheap to clone, changed by the writer only.
//!
//! What is small (names, settings, retractions of batches and sources, undos, marks) it holds itself; records lie in
//! the delta, and below that in layers that never change.
//!
//! # Invariants
//!   G1 an id leads to its number exactly while a live node has that number.
//!   G2 everything but the counters and statuses can be told again as facts (`engine::facts`).
//!
//! # Not here
//!   how records are found through the layers (`lens`) and changed (`draft`); what facts do (`engine::apply`).

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use crate::error::{Error, Result};
use crate::model::{Fact, KindScope, RuleValue, Rules, Time, Topology};
use crate::records::{Lifting, List, ListKey, NodeItem, NodeNo, Slot, Sym, Table, Trie, Undone};
use crate::segment::{Spaces, hash_text};
use crate::store::delta::Delta;
use crate::store::hash::hash_node;
use crate::store::layer::Layers;

/// A retraction of what a source said in an interval.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SourceRetraction {
    pub(crate) source: Sym,
    pub(crate) scope: Option<KindScope>,
    pub(crate) from: Option<Time>,
    pub(crate) to: Time,
    pub(crate) lifting: Lifting,
}

/// A fact about topology, kinds or rules.
#[derive(Debug, Clone)]
pub(crate) struct Setting {
    pub(crate) fact: Arc<Fact>,
    pub(crate) recorded_seq: u64,
}

/// An interned text.
struct Text {
    text: Box<str>,
    /// The kind and scope it names, once somebody asked.
    space: OnceLock<Option<KindScope>>,
}

/// A graph. It holds people's ids and events, so it has no Debug.
#[derive(Clone, Default)]
pub(crate) struct State {
    pub(crate) seq: u64,
    pub(crate) recorded_at: Time,
    /// Seeds every hash of this database.
    pub(crate) seed: u64,
    texts: Table<Arc<Text>>,
    syms: Trie<Sym>,
    /// By interned text: how many numbers were given out in that (kind, scope).
    space_counts: Table<u32>,
    /// The texts that ids were numbered in, by hash: the few that every question asks for.
    id_spaces: Arc<Vec<(u64, Sym)>>,
    /// How many numbers were given out.
    pub(crate) number_count: NodeNo,
    pub(crate) live_nodes: u64,
    /// How often a pair, and an event, was retracted: 0 spares a look.
    pub(crate) pair_retractions: u64,
    pub(crate) event_retractions: u64,
    pub(crate) tomb_count: u64,
    pub(crate) batch_retractions: Arc<BTreeMap<Sym, Lifting>>,
    pub(crate) source_retractions: Arc<Vec<SourceRetraction>>,
    /// The commits that were undone.
    pub(crate) undone: Arc<Undone>,
    pub(crate) topology: Arc<Topology>,
    pub(crate) rules: Arc<Rules>,
    /// Facts about topology, kinds and rules, as they were told.
    pub(crate) settings: Table<Setting>,
    setting_numbers: Trie<u32>,
    /// Rule, kind -> (at, text) of the value in force.
    pub(crate) rule_values: Arc<BTreeMap<String, (Time, String, RuleValue)>>,
    pub(crate) marks: Arc<BTreeMap<String, (Time, String)>>,
    pub(crate) delta: Delta,
    pub(crate) layers: Layers,
    /// Bytes of the deltas that were frozen so far.
    pub(crate) frozen_bytes: u64,
}

/// What a graph's hashes are seeded with: its name, which is random.
pub(crate) fn seed_of(uuid: &[u8; 16]) -> u64 {
    uuid.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

/// The number space of records is 32 bits wide.
pub(crate) fn full(what: &'static str) -> Error {
    Error::TooLarge { what, limit: u64::from(u32::MAX) }
}

impl State {
    /// An empty state of the graph with this name.
    pub(crate) fn seeded(uuid: [u8; 16]) -> State {
        State { seed: seed_of(&uuid), ..State::default() }
    }

    /// A state with the same names and numbers and nothing else in it.
    pub(crate) fn emptied(&self) -> State {
        State {
            seed: self.seed,
            texts: self.texts.clone(),
            syms: self.syms.clone(),
            space_counts: self.space_counts.clone(),
            id_spaces: self.id_spaces.clone(),
            number_count: self.number_count,
            ..State::default()
        }
    }

    /// Notes that a commit is complete.
    pub(crate) fn note_commit(&mut self, seq: u64, recorded_at: Time) -> Result<()> {
        (self.seq, self.recorded_at) = (seq, recorded_at);
        self.delta.commits.push(recorded_at).map(drop).ok_or_else(|| full("the commits in memory"))
    }

    /// Bytes of all changes since the graph was opened.
    pub(crate) fn changed_bytes(&self) -> u64 {
        self.frozen_bytes + self.delta.bytes as u64
    }

    /// The number of a text, if it was interned.
    pub(crate) fn sym(&self, text: &str) -> Option<Sym> {
        let known = |sym: &Sym| self.texts.get(*sym).is_some_and(|known| *known.text == *text);
        self.syms.find(hash_text(self.seed, text), known).copied()
    }

    /// The number of a text, interned if it is new.
    pub(crate) fn intern(&mut self, text: &str) -> Result<Sym> {
        if let Some(sym) = self.sym(text) {
            return Ok(sym);
        }
        let sym = self
            .texts
            .push(Arc::new(Text { text: text.into(), space: OnceLock::new() }))
            .ok_or_else(|| full("the number of names"))?;
        self.space_counts.push(0);
        self.syms.insert(hash_text(self.seed, text), sym);
        Ok(sym)
    }

    /// An interned text.
    pub(crate) fn text(&self, sym: Sym) -> &str {
        self.texts.get(sym).map_or("", |text| &text.text)
    }

    /// How many texts were interned.
    pub(crate) fn text_count(&self) -> Sym {
        self.texts.len()
    }

    /// How many numbers were given out in a (kind, scope).
    pub(crate) fn space_count(&self, space: Sym) -> u32 {
        self.space_counts.get(space).copied().unwrap_or(0)
    }

    /// The number of a (kind, scope) that ids were numbered in: the quick way to [`State::sym`].
    pub(crate) fn id_space(&self, text: &str) -> Option<Sym> {
        let hash = hash_text(self.seed, text);
        let from = self.id_spaces.partition_point(|(known, _)| *known < hash);
        let same = self.id_spaces.get(from..)?.iter().take_while(|(known, _)| *known == hash);
        same.map(|(_, sym)| *sym).find(|sym| self.text(*sym) == text)
    }

    /// Counts numbers given out in a (kind, scope).
    pub(crate) fn count_in_space(&mut self, space: Sym, more: u32) {
        if self.space_count(space) == 0 {
            let entry = (hash_text(self.seed, self.text(space)), space);
            let spaces = Arc::make_mut(&mut self.id_spaces);
            spaces.insert(spaces.partition_point(|known| *known < entry), entry);
        }
        if let Some(count) = self.space_counts.get_mut(space) {
            *count = count.saturating_add(more);
        }
    }

    /// The (kind, scope) names that ids were numbered in.
    pub(crate) fn spaces(&self) -> impl Iterator<Item = (Sym, &str)> {
        let used = self.space_counts.iter().filter(|(_, count)| **count > 0);
        used.map(|(sym, _)| (sym, self.text(sym)))
    }

    /// Whether a batch is retracted.
    pub(crate) fn batch_is_retracted(&self, batch: Option<Sym>) -> bool {
        let lifting = batch.and_then(|batch| self.batch_retractions.get(&batch));
        lifting.is_some_and(|lifting| lifting.in_force(&self.undone).is_some())
    }

    /// Whether a source's word on something observed at a time is retracted, on edges touching these spaces.
    pub(crate) fn source_is_retracted(&self, source: Sym, at: Time, spaces: &[&str]) -> bool {
        self.source_retractions.iter().any(|retraction| {
            retraction.source == source
                && at <= retraction.to
                && retraction.from.is_none_or(|from| from <= at)
                && retraction.scope.as_ref().is_none_or(|scope| spaces.contains(&scope.as_str()))
                && retraction.lifting.in_force(&self.undone).is_some()
        })
    }

    /// Keeps a fact about topology, kinds or rules, `text` being its canonical form; whether it is new, beside what
    /// commits told that are known of.
    pub(crate) fn keep_setting(
        &mut self,
        fact: &Fact,
        text: &str,
        recorded_seq: u64,
        knows: impl Fn(u64) -> bool,
    ) -> Result<bool> {
        let hash = hash_text(self.seed, text);
        let is_it = |known: &Setting| *known.fact == *fact && knows(known.recorded_seq);
        let known = |number: &u32| self.settings.get(*number).is_some_and(is_it);
        if self.setting_numbers.find(hash, known).is_some() {
            return Ok(false);
        }
        let setting = Setting { fact: Arc::new(fact.clone()), recorded_seq };
        let number = self.settings.push(setting).ok_or_else(|| full("the number of settings"))?;
        self.setting_numbers.insert(hash, number);
        Ok(true)
    }
}

impl State {
    /// The deltas, newest first.
    pub(in crate::store) fn deltas(&self) -> impl Iterator<Item = &Delta> {
        std::iter::once(&self.delta).chain(self.layers.frozen().map(|frozen| &**frozen))
    }

    /// What lies next below a node's list in the delta: the frozen delta's, if that has the node too.
    pub(in crate::store) fn frozen_list<T: NodeItem>(&self, key: ListKey) -> Option<&List<T>> {
        let (frozen, hash) = (self.layers.frozen()?, hash_node(key.node()?));
        self.delta.nodes.find(hash, |_| true)?;
        match frozen.nodes.find(hash, |_| true)? {
            (_, Slot::Live(node)) => T::list_in(node, key),
            (_, Slot::Gone(_)) => None,
        }
    }
}

impl Spaces for State {
    fn space(&self, sym: Sym) -> Option<&KindScope> {
        let text = self.texts.get(sym)?;
        text.space.get_or_init(|| text.text.parse().ok()).as_ref()
    }
}
