//! history: how the entity of an id came to be, commit by commit.
//!
//! An entity changes where facts name an id of its family or one beside it, or settings or retractions are told. So the
//! commits that brought those are looked at, each as a past of its own; ids that were in the family once may bring further
//! commits. An id beside it whose list is long (a hub of junk) is not gone through: where two stages differ and commits
//! lie between them, the change is searched for by halves.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::codec::ndjson;
use crate::engine::answer::HistoryStep;
use crate::engine::facts::{facts_of_relation, facts_of_side, retractions, tellings_of_pair};
use crate::engine::past::horizon::Horizon;
use crate::engine::past::state::{Depth, PastState};
use crate::engine::reading::{may_answer, restricted_free};
use crate::engine::relations::all_relations;
use crate::engine::resolve::answerable;
use crate::engine::walk::{all_pairs, entity_members};
use crate::error::Result;
use crate::model::{EntityId, Fact, Id, Op};
use crate::records::{NodeNo, SideKey};
use crate::store::{Lens, Source, State};

/// Ids beside the family with more pairs than that are not gone through.
const SHORT: usize = 64;

/// An entity as a commit left it.
#[derive(Default, PartialEq)]
struct Stage {
    entity: Option<NodeNo>,
    /// Its ids, and whether another id took their place.
    ids: BTreeMap<Id, bool>,
}

/// What is known of the facts that made an entity.
struct Told {
    today: Lens<Arc<State>>,
    /// By commit: facts that name an id that was in the entity at some time.
    naming: BTreeMap<u64, Vec<Fact>>,
    /// By commit: settings, and retractions of batches and sources.
    general: BTreeMap<u64, Vec<Fact>>,
    /// Ids whose facts are noted, all of them or those that are not of their pairs.
    known: BTreeSet<NodeNo>,
    known_in_part: BTreeSet<NodeNo>,
}

impl Told {
    fn begin(today: Arc<State>) -> Told {
        let mut general: BTreeMap<u64, Vec<Fact>> = BTreeMap::new();
        let settings =
            today.settings.iter().map(|(_, setting)| ((*setting.fact).clone(), setting.recorded_seq));
        for (fact, seq) in settings.chain(retractions(&today)) {
            general.entry(seq).or_default().push(fact);
        }
        let (naming, known, known_in_part) = Default::default();
        Told { today: Lens::on(today), naming, general, known, known_in_part }
    }

    /// Notes the facts that name an id of the family, and those of the ids beside it.
    fn note(&mut self, number: NodeNo) {
        let beside: Vec<NodeNo> =
            all_pairs(&self.today, number).into_iter().map(|(other, _)| other).collect();
        self.note_facts(number, usize::MAX);
        for other in beside {
            self.note_facts(other, SHORT);
        }
    }

    /// Notes the facts that name a number, but for those of its pairs if they are many.
    fn note_facts(&mut self, number: NodeNo, pairs_max: usize) {
        let today = &self.today;
        let Some(node) = today.node(number) else { return };
        let pairs: usize = node.groups.iter().map(|group| group.links.len()).sum();
        let has_pairs = pairs <= pairs_max;
        if self.known.contains(&number) || (!has_pairs && !self.known_in_part.insert(number)) {
            return;
        }
        let mut told: Vec<(Fact, u64)> = Vec::new();
        told.extend(today.sides_naming(&node.id).into_iter().flat_map(|key| facts_of_side(today, &key)));
        if has_pairs {
            self.known.insert(number);
            told.extend(
                all_pairs(today, number).into_iter().flat_map(|(_, key)| tellings_of_pair(today, key)),
            );
        }
        // A relation decides nothing but that its ends are there.
        let relations = all_relations(today, number).into_iter();
        told.extend(relations.flat_map(|(_, key)| facts_of_relation(today, key)).min_by_key(|(_, seq)| *seq));
        let retracted = told.iter().flat_map(|(fact, _)| retractions_of_event(today, &fact.op));
        let retracted: Vec<(Fact, u64)> = retracted.collect();
        for (fact, seq) in told {
            self.naming.entry(seq).or_default().push(fact);
        }
        for (fact, seq) in retracted {
            self.general.entry(seq).or_default().push(fact);
        }
    }

    /// Why a commit changed the entity: the facts that name one of its ids, or else one beside it, or else what is told of
    /// all.
    fn because(&self, seq: u64, before: &Stage, after: &Stage) -> Vec<Fact> {
        let in_it = |id: &Id| before.ids.contains_key(id) || after.ids.contains_key(id);
        let shown = |fact: &&Fact| fact.op.ids().into_iter().all(|id| may_answer(&self.today, id));
        let mut seqs = BTreeSet::from([seq]);
        let undone = &self.today.state().undone;
        if !undone.undone_by(seq).is_empty() {
            // What counts otherwise since that commit.
            seqs.extend(undone.until(seq).differing(&undone.until(seq - 1)));
        }
        let told = |by: &BTreeMap<u64, Vec<Fact>>| {
            seqs.iter().filter_map(|seq| by.get(seq)).flatten().cloned().collect::<Vec<Fact>>()
        };
        let naming = told(&self.naming);
        let all: Vec<&Fact> = naming.iter().filter(shown).collect();
        let own: Vec<&Fact> =
            all.iter().copied().filter(|fact| fact.op.ids().into_iter().any(in_it)).collect();
        let general = told(&self.general);
        let general = || general.iter().collect();
        let facts = [own, all].into_iter().find(|facts| !facts.is_empty()).unwrap_or_else(general);
        let mut facts: Vec<Fact> = facts.into_iter().cloned().collect();
        facts.sort_by_cached_key(|fact| (fact.at, ndjson::print(fact)));
        facts.dedup();
        facts
    }
}

/// The retractions of the event that something was told with.
fn retractions_of_event(today: &Lens<Arc<State>>, op: &Op) -> Vec<(Fact, u64)> {
    let (Op::Link { source, event: Some(event), .. } | Op::Supersede { source, event: Some(event), .. }) = op
    else {
        return Vec::new();
    };
    let source = Source::sym(today, source).filter(|_| today.event_retractions() > 0);
    source.map_or_else(Vec::new, |source| {
        facts_of_side(today, &SideKey::EventRetraction(source, event.as_str().into()))
    })
}

/// The steps by which the entity of an id became what it is at the horizon; none if the id may not be answered.
pub(crate) fn history(today: &Arc<State>, id: &Id, horizon: Horizon) -> Result<Vec<HistoryStep>> {
    let mut told = Told::begin(today.clone());
    let Some(start) = answerable(&told.today, id) else { return told.today.answer(|_| Vec::new()) };
    told.note(start);
    let last = horizon.seq.min(today.seq);
    let mut stages: BTreeMap<u64, Stage> = BTreeMap::new();
    let mut wanted = BTreeSet::from([last]);
    while !wanted.is_empty() {
        for seq in std::mem::take(&mut wanted) {
            let mut past = PastState::begin(today.clone(), Horizon { seq, ..horizon })?;
            let mut stage = past.ask(&[id], Depth::Families, |seen| stage_of(seen, id))?;
            // What is restricted today is not told of then either.
            stage.ids.retain(|id, _| may_answer(&told.today, id));
            past.family_then(start)?.into_iter().for_each(|number| told.note(number));
            stages.insert(seq, stage);
        }
        let undos = today.undone.undos();
        let told_at = told.naming.keys().chain(told.general.keys()).copied().chain(undos);
        wanted.extend(told_at.filter(|seq| *seq <= last && !stages.contains_key(seq)));
        if wanted.is_empty() {
            wanted = between(&stages);
        }
    }
    let mut steps = Vec::new();
    let mut before = Stage::default();
    for (seq, stage) in stages {
        if stage == before {
            continue;
        }
        let recorded_at = told.today.commit_time(seq).unwrap_or_default();
        let missing_in = |stage: &Stage, other: &Stage| {
            stage.ids.keys().filter(|id| !other.ids.contains_key(*id)).cloned().collect::<Vec<Id>>()
        };
        steps.push(HistoryStep {
            seq,
            recorded_at,
            entity: stage.entity.map(|number| EntityId(u64::from(number))),
            ids: stage.ids.keys().cloned().collect(),
            superseded: stage.ids.iter().filter(|(_, is)| **is).map(|(id, _)| id.clone()).collect(),
            joined: missing_in(&stage, &before),
            left: missing_in(&before, &stage),
            because: told.because(seq, &before, &stage),
            undid: today.undone.undone_by(seq).to_vec(),
        });
        before = stage;
    }
    told.today.answer(|_| steps)
}

/// Commits half-way between stages that differ.
fn between(stages: &BTreeMap<u64, Stage>) -> BTreeSet<u64> {
    let known = stages.iter().zip(stages.iter().skip(1));
    let first = stages.iter().next().into_iter().filter(|(_, stage)| **stage != Stage::default());
    let apart = known.filter(|((_, x), (_, y))| x != y).map(|((x, _), (y, _))| (*x, *y));
    let apart = apart.chain(first.map(|(seq, _)| (0, *seq)));
    apart.filter(|(x, y)| y - x > 1).map(|(x, y)| x + (y - x) / 2).collect()
}

/// The entity of an id.
fn stage_of(source: &impl Source, id: &Id) -> Stage {
    let Some(number) = answerable(source, id) else { return Stage::default() };
    let members = entity_members(source, number);
    let nodes = members.iter().filter_map(|member| source.node(*member)).filter(|node| restricted_free(node));
    let ids = nodes.map(|node| (node.id.clone(), node.superseded)).collect();
    Stage { entity: source.node(number).map(|node| node.entity), ids }
}
