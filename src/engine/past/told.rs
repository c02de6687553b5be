//! Which commits told of a family and of what is beside it, and which changed what counts.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::engine::facts::retractions;
use crate::engine::relations::all_relations;
use crate::engine::walk::all_pairs;
use crate::error::Result;
use crate::model::{Op, Selector};
use crate::records::{Node, NodeNo, PairKey, Relation, RelationGroup, Side, SideKey, Sym};
use crate::store::{Lens, RelationWalk, Source, State};

/// Lists of pairs up to this length are gone through, of ids beside a family too.
const SHORT: usize = 64;
/// Records that are read together of longer lists.
const AT_ONCE: usize = 256;

/// What was told of a family and of what is beside it.
#[derive(Default)]
pub(in crate::engine::past) struct Told {
    /// The commits.
    pub(in crate::engine::past) seqs: BTreeSet<u64>,
    batches: BTreeSet<Sym>,
    sources: BTreeSet<Sym>,
    whole: BTreeSet<NodeNo>,
    beside: BTreeSet<NodeNo>,
    /// A list beside it was not gone through.
    is_long: bool,
}

impl Told {
    /// Whether something beside the family was not gone through.
    pub(in crate::engine::past) fn is_long(&self) -> bool {
        self.is_long
    }

    /// Notes what was told of an id of the family, and of the ids beside it.
    pub(in crate::engine::past) fn note(
        &mut self,
        today: &mut Lens<Arc<State>>,
        number: NodeNo,
    ) -> Result<()> {
        if !self.whole.insert(number) {
            return Ok(());
        }
        self.note_one(today, number, usize::MAX)?;
        let others = today.ask(|today| all_pairs(today, number))?;
        if others.len() > SHORT {
            self.is_long = true;
            return Ok(());
        }
        for (other, _) in others {
            if !self.whole.contains(&other) && self.beside.insert(other) {
                self.note_one(today, other, SHORT)?;
            }
        }
        Ok(())
    }

    /// Notes what was told of a number, but for its pairs if they are many.
    fn note_one(&mut self, today: &mut Lens<Arc<State>>, number: NodeNo, pairs_max: usize) -> Result<()> {
        let count = |node: &Node| node.groups.iter().map(|group| group.links.len()).sum::<usize>();
        let (pairs, sides) = today.ask(|today| {
            let node = today.node(number);
            (node.map_or(0, count), node.map_or_else(Vec::new, |node| today.sides_naming(&node.id)))
        })?;
        for key in sides {
            today.ask(|today| self.note_side(today, &key))?;
        }
        if pairs > pairs_max {
            self.is_long = true;
            return Ok(());
        }
        let pairs = today.ask(|today| all_pairs(today, number))?;
        for some in pairs.chunks(AT_ONCE) {
            today.ask(|today| some.iter().for_each(|(_, key)| self.note_pair(today, *key)))?;
        }
        Ok(())
    }

    fn note_pair(&mut self, today: &Lens<Arc<State>>, key: PairKey) {
        let Some(pair) = today.pair(key) else { return };
        for evidence in pair.edges.iter().flat_map(|edge| &edge.evidence) {
            self.seqs.extend(evidence.all_tellings().map(|telling| telling.recorded_seq));
            self.sources.insert(evidence.source);
            self.batches.extend(evidence.batch);
            if let Some(event) = evidence.event.as_ref().filter(|_| today.event_retractions() > 0) {
                self.note_side(today, &SideKey::EventRetraction(evidence.source, event.clone()));
            }
        }
    }

    fn note_side(&mut self, today: &Lens<Arc<State>>, key: &SideKey) {
        match today.side(key) {
            Some(Side::Toggle(_, ops)) => {
                self.seqs.extend(ops.iter().map(|op| op.recorded_seq));
                self.batches.extend(ops.iter().filter_map(|op| op.batch));
            }
            Some(Side::Retraction(_, lifting)) => {
                let all = lifting.retracted.iter().chain(&lifting.lifted);
                self.seqs.extend(all.map(|told| told.recorded_seq));
            }
            // It decides nothing about families.
            Some(Side::Absent(..)) | None => {}
        }
    }
}

/// What a commit changed for more than the ids that it named.
enum Change {
    /// Rules, topology, kinds.
    Setting,
    Batch(Option<Sym>),
    Source(Option<Sym>),
    /// These commits count otherwise since then.
    Undo(Vec<u64>),
}

/// The commits that changed something for more than the ids they named.
pub(in crate::engine::past) struct General {
    changes: Vec<(u64, Change)>,
    seqs: BTreeSet<u64>,
}

impl General {
    pub(in crate::engine::past) fn of(state: &State) -> General {
        let mut changes: Vec<(u64, Change)> = Vec::new();
        changes.extend(state.settings.iter().map(|(_, setting)| (setting.recorded_seq, Change::Setting)));
        for (fact, seq) in retractions(state) {
            let (Op::Retract(selector) | Op::Unretract(selector)) = fact.op else { continue };
            changes.push(match selector {
                Selector::Batch(batch) => (seq, Change::Batch(state.sym(&batch))),
                Selector::Source { source, .. } => (seq, Change::Source(state.sym(&source))),
                _ => (seq, Change::Setting),
            });
        }
        let undos = state.undone.undos();
        changes.extend(undos.map(|seq| (seq, Change::Undo(state.undone.undone_by(seq).to_vec()))));
        let seqs = changes.iter().map(|(seq, _)| *seq).collect();
        General { changes, seqs }
    }

    /// Those of a commit or later ones that may concern a family.
    pub(in crate::engine::past) fn since(&self, first: u64, told: &Told) -> BTreeSet<u64> {
        let concerns = |change: &Change| match change {
            _ if told.is_long => true,
            Change::Setting => true,
            Change::Batch(batch) => batch.is_some_and(|batch| told.batches.contains(&batch)),
            Change::Source(source) => source.is_some_and(|source| told.sources.contains(&source)),
            // An undo of an undo, of a retraction or of a setting may bring anything back.
            Change::Undo(seqs) => seqs.iter().any(|seq| told.seqs.contains(seq) || self.seqs.contains(seq)),
        };
        let later = self.changes.iter().filter(|(seq, change)| *seq >= first && concerns(change));
        later.map(|(seq, _)| *seq).collect()
    }
}

/// The first commit that told a fact which lets a number exist.
pub(in crate::engine::past) fn first_told(
    today: &mut Lens<Arc<State>>,
    number: NodeNo,
) -> Result<Option<u64>> {
    let mut first: Option<u64> = None;
    let mut note = |seq: Option<u64>| first = [first, seq].into_iter().flatten().min();
    let pairs = today.ask(|today| all_pairs(today, number))?;
    for some in pairs.chunks(AT_ONCE) {
        note(today.ask(|today| some.iter().filter_map(|(_, key)| first_of_pair(today, *key)).min())?);
    }
    note(today.ask(|today| first_of_sides(today, number))?);
    let groups =
        today.ask(|today| today.node(number).map_or_else(Vec::new, |node| node.relations.clone()))?;
    if groups.iter().all(|group| group.links.len() <= AT_ONCE) {
        note(today.ask(|today| {
            let keys = all_relations(today, number).into_iter();
            keys.filter_map(|(_, key)| first_of_relation(today.relation(key)?)).min()
        })?);
    } else {
        for group in groups {
            note(first_of_list(today.state(), number, group)?);
        }
    }
    Ok(first)
}

fn first_of_pair(today: &Lens<Arc<State>>, key: PairKey) -> Option<u64> {
    let evidence = today.pair(key)?.edges.iter().flat_map(|edge| &edge.evidence);
    evidence.flat_map(|evidence| evidence.all_tellings().map(|telling| telling.recorded_seq)).min()
}

fn first_of_sides(today: &Lens<Arc<State>>, number: NodeNo) -> Option<u64> {
    let sides = today.sides_naming(&today.node(number)?.id);
    let first = |key: &Arc<SideKey>| match today.side(key) {
        Some(Side::Toggle(_, ops)) => ops.iter().filter(|op| op.forbids).map(|op| op.recorded_seq).min(),
        _ => None,
    };
    sides.iter().filter_map(first).min()
}

fn first_of_relation(relation: &Relation) -> Option<u64> {
    relation.ops.iter().map(|op| op.recorded_seq).min()
}

/// The same of a list that may hold millions.
fn first_of_list(state: &State, number: NodeNo, group: RelationGroup) -> Result<Option<u64>> {
    let mut walk = RelationWalk::new(state, (number, group.kind, group.direction), group.links)?;
    let mut first: Option<u64> = None;
    while let Some((_, relation)) = walk.next_alone()? {
        first = [first, first_of_relation(&relation)].into_iter().flatten().min();
    }
    Ok(first)
}
