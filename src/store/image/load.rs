//! The state that segments hold: what is small is read, records stay where they are.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::codec::{Reader, What};
use crate::error::Result;
use crate::model::{Fact, Time};
use crate::records::Undone;
use crate::segment::rows::{
    Tag, take_lifting, take_mark, take_setting, take_source_retraction, take_undone_key, take_undos,
};
use crate::segment::{Absences, Merge, Segment};
use crate::store::layer::{Layers, Saved};
use crate::store::state::{SourceRetraction, State};

/// A state as segments hold it.
pub(crate) struct Restored {
    /// It lacks its settings.
    pub(crate) state: State,
    /// Facts about topology, kinds and rules, in the order they were told, each with the commit that brought it.
    pub(crate) settings: Vec<(u64, Fact)>,
}

/// Reads a state from segments, the newest first.
pub(crate) fn restore(segments: Vec<Arc<Segment>>) -> Result<Option<Restored>> {
    let Some(newest) = segments.first() else { return Ok(None) };
    let (name, counts) = (*newest.name(), *newest.counts());
    let damaged = |what| newest.corrupt(0, what);
    // Each number that was given out has a place in a segment: scans go over no more of them than files can hold.
    let room = segments.iter().fold(0, |room: u64, segment| room.saturating_add(segment.number_room()));
    if counts.numbers > room {
        return Err(damaged("a segment claims more numbers than there is room for"));
    }
    let mut state = State::default();
    (state.seed, state.seq) = (name.seed, name.seq);
    state.recorded_at = Time::from_ms(counts.recorded_at);
    state.number_count = counts.numbers as u32;
    state.live_nodes = counts.live;
    state.pair_retractions = counts.pair_retractions;
    state.event_retractions = counts.event_retractions;
    state.tomb_count = counts.tombs;
    each_row(&segments, Tag::Text, |key, value| {
        let text = std::str::from_utf8(value).map_err(|_| "a text that is not UTF-8")?;
        let sym = state.intern(text).map_err(|_| "too many texts")?;
        if number_in(key)? == sym { Ok(()) } else { Err("texts out of order") }
    })?;
    each_row(&segments, Tag::SpaceCount, |key, value| {
        let count = Reader::new(value).varint()?;
        let count = u32::try_from(count).map_err(|_| "a number beyond 32 bits")?;
        state.count_in_space(number_in(key)?, count);
        Ok(())
    })?;
    let mut settings = Vec::new();
    each_row(&segments, Tag::Setting, |_, value| {
        settings.push(take_setting(value)?);
        Ok(())
    })?;
    if u64::from(state.text_count()) != counts.texts || settings.len() as u64 != counts.settings {
        return Err(damaged("a segment lacks texts or settings that it says it has"));
    }
    let mut batches = BTreeMap::new();
    each_row(&segments, Tag::BatchRetraction, |key, value| {
        batches.insert(number_in(key)?, take_lifting(value)?);
        Ok(())
    })?;
    let mut sources = Vec::new();
    each_row(&segments, Tag::SourceRetraction, |_, value| {
        let (source, scope, from, to, lifting) = take_source_retraction(value)?;
        sources.push(SourceRetraction { source, scope, from, to, lifting });
        Ok(())
    })?;
    let undone = undone_in(&segments)?.ok_or_else(|| damaged("an undo of what is not earlier"))?;
    let mut marks = BTreeMap::new();
    each_row(&segments, Tag::Mark, |key, value| {
        let key =
            std::str::from_utf8(key.get(1..).unwrap_or_default()).map_err(|_| "a text that is not UTF-8")?;
        marks.insert(key.to_owned(), take_mark(value)?);
        Ok(())
    })?;
    state.batch_retractions = Arc::new(batches);
    state.source_retractions = Arc::new(sources);
    state.undone = Arc::new(undone);
    state.marks = Arc::new(marks);
    let mut saved = Saved::of(&state);
    saved.settings = settings.len() as u32;
    state.layers = Layers::of(segments.clone(), saved);
    Ok(Some(Restored { state, settings }))
}

/// The commits that were undone; `None` if that cannot be.
fn undone_in(segments: &[Arc<Segment>]) -> Result<Option<Undone>> {
    let mut undos: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
    each_row(segments, Tag::Undone, |key, value| {
        undos.insert(take_undone_key(key)?, take_undos(value)?);
        Ok(())
    })?;
    Ok(Undone::of(undos))
}

fn number_in(key: &[u8]) -> Result<u32, What> {
    let number = key.get(1..).and_then(|rest| rest.try_into().ok()).map(u32::from_be_bytes);
    number.ok_or("a key that is no number")
}

/// Calls `take` with each row of a tag.
fn each_row(
    segments: &[Arc<Segment>],
    tag: Tag,
    mut take: impl FnMut(&[u8], &[u8]) -> Result<(), What>,
) -> Result<()> {
    let scans = segments.iter().map(|segment| Ok(segment.table()?.prefix(&tag.prefix())));
    let mut rows = Merge::new(scans.collect::<Result<_>>()?, Absences::Dropped);
    while let Some(row) = rows.next()? {
        let taken = row.value.map_or(Ok(()), |value| take(row.key, value));
        if let (Err(what), Some(newest)) = (taken, segments.first()) {
            return Err(newest.corrupt(0, what));
        }
    }
    Ok(())
}
