//! Runs the pass, step by step; each step is shared by the threads.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use crate::analytics::analysis::Analysis;
use crate::analytics::ask::{Measure, Measuring};
use crate::analytics::began::counting_events;
use crate::analytics::comparison::CrossingCount;
use crate::analytics::pass::counts::Counts;
use crate::analytics::pass::family::FamilySeen;
use crate::analytics::pass::fresh::read_entity;
use crate::analytics::pass::shared::Shared;
use crate::analytics::pass::threads::share;
use crate::error::Result;
use crate::records::{NodeNo, Relation, RelationKey, Sym};
use crate::resolve::intervals;
use crate::segment::{Known, Segment};
use crate::store::{Lens, State};

/// Parts for each thread, so that none waits long for the last.
const PARTS_A_THREAD: usize = 16;
/// Words of fresh numbers in a task.
const FRESH_WORDS: usize = 16;

/// Measures a state.
pub(crate) fn analyze(state: &State, wanted: &Measuring) -> Result<Analysis> {
    let mut shared = Shared::new(state, wanted)?;
    let mut counts = Counts::new(&shared);
    relations(&shared)?.into_iter().for_each(|more| counts.add(more));
    if shared.depth.pairs {
        pair_rows(&shared)?.into_iter().for_each(|more| counts.add(more));
        fresh(&shared, FreshStep::Outside)?.into_iter().for_each(|more| counts.add(more));
        let conflicts = counts.suspects.as_mut().map(|count| count.take_conflicts());
        shared.note_conflicts(conflicts.unwrap_or_default());
    }
    families(&shared)?.into_iter().for_each(|more| counts.add(more));
    fresh(&shared, FreshStep::Families)?.into_iter().for_each(|more| counts.add(more));
    counts.finish(&shared)
}

/// Counts how a state and the one beside it cross.
pub(crate) fn walk_families(shared: &Shared<'_>) -> Result<Option<CrossingCount>> {
    let mut counts = Counts::new(shared);
    families(shared)?.into_iter().for_each(|more| counts.add(more));
    fresh(shared, FreshStep::Families)?.into_iter().for_each(|more| counts.add(more));
    Ok(counts.crossing)
}

/// How many parts a step has.
fn parts_of(shared: &Shared<'_>) -> usize {
    shared.wanted.threads.get().saturating_mul(PARTS_A_THREAD)
}

/// The numbers that segments know of, in parts.
fn number_parts(shared: &Shared<'_>) -> Vec<Range<NodeNo>> {
    let below = shared.state.layers.numbers_below();
    let step = below.div_ceil(parts_of(shared).min(below as usize).max(1) as NodeNo).max(1);
    (0..below).step_by(step as usize).map(|from| from..from.saturating_add(step).min(below)).collect()
}

/// Relations: those of rows by kind and part, and those that deltas tell of as the last task.
fn relations(shared: &Shared<'_>) -> Result<Vec<Counts>> {
    let wants = |measure| shared.wanted.wants(measure);
    let (all, follows) = (wants(Measure::Growth), wants(Measure::Funnel) || wants(Measure::Contacts));
    if !all && !follows && !wants(Measure::Followers) {
        return Ok(Vec::new());
    }
    let is_read = |kind: &Sym| {
        let kind = Some(*kind);
        all || (follows && kind == shared.follows) || (wants(Measure::Followers) && kind == shared.subscribes)
    };
    let kinds = shared.state.relation_kinds_below()?.into_iter().filter(is_read);
    let parts = number_parts(shared);
    let tasks: Vec<(Sym, Range<NodeNo>)> =
        kinds.flat_map(|kind| parts.iter().map(move |part| (kind, part.clone()))).collect();
    share(
        shared.wanted.threads,
        tasks.len() + 1,
        || Counts::new(shared),
        |counts, task| {
            let visit = |key, relation: &Relation| relation_of(counts, key, relation, shared);
            match tasks.get(task) {
                Some((kind, part)) => shared.state.each_relation_below(*kind, part.clone(), visit),
                None => shared.state.each_relation_told(visit),
            }
        },
    )
}

/// Counts a relation.
fn relation_of(
    counts: &mut Counts,
    key: RelationKey,
    relation: &Relation,
    shared: &Shared<'_>,
) -> Result<()> {
    shared.first_days.iter().for_each(|first| first.relation(key, relation));
    let kind = Some(key.kind);
    if kind != shared.follows && kind != shared.subscribes {
        return Ok(());
    }
    let none = BTreeMap::new();
    let events = counting_events(shared.state, key, relation, &none)?;
    let intervals = intervals(events.clone());
    let (count, owner) = if kind == shared.follows {
        if let Some((_, until)) = intervals.last() {
            shared.note_contact(key.to, until.is_none());
        }
        (&mut counts.contacts, key.from)
    } else {
        (&mut counts.followers, key.to)
    };
    let asked = shared.wanted.began_from..shared.wanted.began_to;
    count.iter_mut().for_each(|count| count.relation(owner, &events, &intervals, asked.clone()));
    Ok(())
}

/// Pairs that lie by themselves in segments.
fn pair_rows(shared: &Shared<'_>) -> Result<Vec<Counts>> {
    let parts = number_parts(shared);
    share(
        shared.wanted.threads,
        parts.len(),
        || Counts::new(shared),
        |counts, task| {
            let Some(part) = parts.get(task) else { return Ok(()) };
            shared.state.each_pair_row(part.clone(), |pair| {
                let is_shown_elsewhere = match (shared.is_fresh(pair.a), shared.is_fresh(pair.b)) {
                    // It may have changed, and is looked at as fresh.
                    (true, true) => true,
                    (false, false) => shared.state.lie_together(pair.key())?,
                    (true, false) | (false, true) => false,
                };
                if is_shown_elsewhere { Ok(()) } else { counts.pair_outside(pair, shared) }
            })
        },
    )
}

/// Families in the order of the file.
fn families(shared: &Shared<'_>) -> Result<Vec<Counts>> {
    let segments = shared.state.layers.segments();
    let mut tasks: Vec<(usize, Range<u64>)> = Vec::new();
    for (place, segment) in segments.iter().enumerate() {
        let parts = segment.parts(parts_of(shared))?;
        tasks.extend(parts.into_iter().map(|part| (place, part)));
    }
    let begin = || (Counts::new(shared), FamilySeen::default());
    let done = share(shared.wanted.threads, tasks.len(), begin, |(counts, seen), task| {
        let Some((place, part)) = tasks.get(task) else { return Ok(()) };
        let Some((segment, newer)) = segments.get(*place).zip(segments.get(..*place)) else { return Ok(()) };
        for lying in segment.families_in(part.clone()) {
            seen.read(&lying?, shared)?;
            if is_current(seen, newer, shared)? {
                counts.family(seen, shared)?;
            }
        }
        Ok(())
    })?;
    Ok(done.into_iter().map(|(counts, _)| counts).collect())
}

/// Whether a record says how its ids are now (P1).
fn is_current(seen: &FamilySeen, newer: &[Arc<Segment>], shared: &Shared<'_>) -> Result<bool> {
    let Some(first) = seen.members.first() else { return Ok(false) };
    for newer in newer {
        // A record is replaced whole (M1 of `store::image`).
        if !matches!(newer.find_node(first.number)?, Known::Nothing) {
            return Ok(false);
        }
    }
    Ok(!seen.members.iter().any(|member| shared.is_fresh(member.number)))
}

/// What of fresh entities is looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum FreshStep {
    /// The pairs between them.
    Outside,
    /// They themselves.
    Families,
}

/// Entities that are fresh.
fn fresh(shared: &Shared<'_>, step: FreshStep) -> Result<Vec<Counts>> {
    let Some(fresh) = shared.fresh() else { return Ok(Vec::new()) };
    let begin = || (Counts::new(shared), FamilySeen::default(), Vec::new());
    let tasks = fresh.words().div_ceil(FRESH_WORDS);
    let done = share(shared.wanted.threads, tasks, begin, |(counts, seen, outside), task| {
        let words = task * FRESH_WORDS..(task + 1) * FRESH_WORDS;
        let mut lens = Lens::on(shared.state);
        for root in words.flat_map(|word| fresh.in_word(word)) {
            lens.ask(|lens| read_entity(lens, root, fresh, shared, seen, outside))??;
            match step {
                FreshStep::Outside => {
                    outside.iter().try_for_each(|pair| counts.pair_outside(pair, shared))?
                }
                FreshStep::Families => counts.family(seen, shared)?,
            }
        }
        Ok(())
    })?;
    Ok(done.into_iter().map(|(counts, _, _)| counts).collect())
}
