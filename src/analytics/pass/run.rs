//! Runs the pass, step by step; each step is shared by the threads.

use std::ops::Range;
use std::sync::Arc;

use crate::analytics::analysis::Analysis;
use crate::analytics::ask::Measuring;
use crate::analytics::pass::counts::Counts;
use crate::analytics::pass::family::FamilySeen;
use crate::analytics::pass::fresh::read_entity;
use crate::analytics::pass::shared::Shared;
use crate::analytics::pass::threads::share;
use crate::error::Result;
use crate::segment::{Known, Segment};
use crate::store::{Lens, State};

/// Parts for each thread, so that none waits long for the last.
const PARTS_A_THREAD: usize = 16;
/// Words of fresh numbers in a task.
const FRESH_WORDS: usize = 16;

/// Measures a state.
pub(crate) fn analyze(state: &State, wanted: &Measuring) -> Result<Analysis> {
    let shared = Shared::new(state, wanted)?;
    let mut counts = Counts::new(&shared);
    families(&shared)?.into_iter().for_each(|more| counts.add(more));
    fresh(&shared)?.into_iter().for_each(|more| counts.add(more));
    Ok(counts.finish(&shared))
}

/// Families in the order of the file.
fn families(shared: &Shared<'_>) -> Result<Vec<Counts>> {
    let threads = shared.wanted.threads;
    let segments = shared.state.layers.segments();
    let mut tasks: Vec<(usize, Range<u64>)> = Vec::new();
    for (place, segment) in segments.iter().enumerate() {
        let parts = segment.parts(threads.get().saturating_mul(PARTS_A_THREAD))?;
        tasks.extend(parts.into_iter().map(|part| (place, part)));
    }
    let begin = || (Counts::new(shared), FamilySeen::default());
    let done = share(threads, tasks.len(), begin, |(counts, seen), task| {
        let Some((place, part)) = tasks.get(task) else { return Ok(()) };
        let Some((segment, newer)) = segments.get(*place).zip(segments.get(..*place)) else { return Ok(()) };
        for lying in segment.families_in(part.clone()) {
            seen.read(&lying?, shared.state, &shared.columns, shared.depth)?;
            if is_current(seen, newer, shared)? {
                counts.family(seen, shared);
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

/// Entities that are fresh.
fn fresh(shared: &Shared<'_>) -> Result<Vec<Counts>> {
    let Some(fresh) = shared.fresh() else { return Ok(Vec::new()) };
    let begin = || (Counts::new(shared), FamilySeen::default(), Vec::new());
    let tasks = fresh.words().div_ceil(FRESH_WORDS);
    let done = share(shared.wanted.threads, tasks, begin, |(counts, seen, outside), task| {
        let words = task * FRESH_WORDS..(task + 1) * FRESH_WORDS;
        let mut lens = Lens::on(shared.state);
        for root in words.flat_map(|word| fresh.in_word(word)) {
            let how = (&shared.columns, shared.depth);
            lens.ask(|lens| read_entity(lens, root, fresh, how, seen, outside))?;
            counts.family(seen, shared);
        }
        Ok(())
    })?;
    Ok(done.into_iter().map(|(counts, _, _)| counts).collect())
}
