//! Checkpoints: what is in memory becomes a segment, and the journal lets go of what it covers.
//!
//! # Invariants
//!   Z1 writers and readers go on while a segment is written: they wait only while the delta is frozen and while
//!      the new segment takes its place.
//!   Z2 the state before and after answers alike; a checkpoint that failed has changed nothing, and the next one
//!      begins with what it left.
//!
//! # Order
//!   freeze (writer's lock), write, install (writer's lock): see `journal/checkpoint.rs` for what is durable when.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::error::{Error, Result};
use crate::graph::handle::Graph;
use crate::graph::shared::{Shared, held};
use crate::observe::{CheckpointSeen, Span};
use crate::segment::{Name, ReadMode, Segment, SegmentWriter};
use crate::store::{
    Installing, Layers, Place, Saved, State, counts_of, merge, owed, room_for_changes, room_for_merge,
    seed_of, write_changes,
};

/// Segments that may lie on top of each other before they are merged whatever their sizes.
const SEGMENTS_MAX: usize = 6;
/// Segments beside which no further one is written before they are merged.
const SEGMENTS_CROWD: usize = 64;
/// A segment is merged into the one below it unless that is so many times larger.
const TIER_RATIO: u64 = 4;

/// What a checkpoint did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Checkpointed {
    /// The last commit that segments cover.
    pub seq: u64,
    /// Bytes of the segment that was written; 0 if there was nothing new.
    pub written_bytes: u64,
    /// Bytes of the segment that others were merged into; 0 if none were.
    pub merged_bytes: u64,
    /// Segments there are now.
    pub segments: usize,
}

/// A delta that was frozen and is not written yet.
pub(crate) struct Frozen {
    /// The state of that moment, its delta on top.
    state: Arc<State>,
    place: Place,
}

/// One checkpoint at a time; what a failed one left.
pub(crate) type Checkpoints = Mutex<Option<Frozen>>;

impl Graph {
    /// Writes what changed since the last checkpoint as a segment, lets the journal go that it covers, and merges
    /// segments where that keeps lookups quick, and where they hold anything of an id that was erased: of that no file of
    /// the database has a byte when this returns. Other threads go on reading and writing meanwhile. The graph does it
    /// by itself when what is in memory grows past [`crate::Options::delta_bytes`].
    ///
    /// A graph without files has nothing to do.
    ///
    /// # Errors
    /// `Io` (a full disk too), `Poisoned`, `Corrupt`. The graph answers as before then, and nothing is lost; where the next
    /// log file could not be begun, it takes no commits until it is opened again. An error of the merge only is told
    /// too: what was in memory is written then.
    pub fn checkpoint(&self) -> Result<Checkpointed> {
        self.shared().checkpoint()
    }
}

impl Shared {
    /// Writes out the delta and merges: see [`Graph::checkpoint`].
    pub(crate) fn checkpoint(&self) -> Result<Checkpointed> {
        let begun = self.watch().clock();
        let span = Span::checkpoint();
        let mut unfinished = held(&self.checkpoints);
        let mut done = CheckpointSeen::default();
        let written = self.write_delta(&mut unfinished).inspect(|bytes| done.written_bytes = *bytes);
        let merged = written.and_then(|_| self.merge_segments()).inspect(|bytes| done.merged_bytes = *bytes);
        drop(unfinished);
        self.tell_checkpoint(&span, done, begun, merged.is_err());
        merged?;
        let CheckpointSeen { written_bytes, merged_bytes, .. } = done;
        let state = self.latest_state();
        let seq = state.layers.segments().first().map_or(0, |newest| newest.name().seq);
        Ok(Checkpointed { seq, written_bytes, merged_bytes, segments: state.layers.segments().len() })
    }

    /// Writes out the delta, if that is still wanted when a checkpoint that is under way has ended; the state then. A
    /// merge that fails is for the next checkpoint to try again: it takes nothing from those who need the delta written.
    pub(crate) fn checkpoint_if(&self, wanted: impl Fn() -> bool) -> Result<Arc<State>> {
        let begun = self.watch().clock();
        let span = Span::checkpoint();
        let mut unfinished = held(&self.checkpoints);
        if wanted() {
            let mut done = CheckpointSeen::default();
            let written = self.write_delta(&mut unfinished).inspect(|bytes| done.written_bytes = *bytes);
            if written.is_ok() {
                drop(self.merge_segments().inspect(|bytes| done.merged_bytes = *bytes));
            }
            drop(unfinished);
            self.tell_checkpoint(&span, done, begun, written.is_err());
            written?;
        }
        Ok(self.latest_state())
    }

    /// Tells whoever watches of a checkpoint that had something to do.
    fn tell_checkpoint(
        &self,
        span: &Span,
        mut done: CheckpointSeen,
        begun: Option<Duration>,
        has_failed: bool,
    ) {
        span.note("written_bytes", done.written_bytes);
        span.note("merged_bytes", done.merged_bytes);
        let is_nothing = done.written_bytes == 0 && done.merged_bytes == 0 && !has_failed;
        if let Some(observer) = self.watch().observer().filter(|_| !is_nothing) {
            done.has_failed = has_failed;
            done.segments = self.latest_state().layers.segments().len() as u64;
            done.took = self.watch().since(begun);
            observer.checkpointed(&done);
        }
    }

    /// Writes out the delta, and before it what a failed checkpoint left; the bytes written.
    pub(in crate::graph) fn write_delta(&self, unfinished: &mut Option<Frozen>) -> Result<u64> {
        let mut written = 0;
        // A manifest that could not be written whole may name the very segment that would be written again.
        if held(&self.writer).is_poisoned() {
            return Err(Error::Poisoned);
        }
        if self.latest_state().layers.segments().len() >= SEGMENTS_CROWD {
            // Merges failed so far; a manifest has no room for many more names.
            self.merge_segments()?;
        }
        // Twice where a failed checkpoint left a frozen delta: that first, then what came since.
        loop {
            let is_left = unfinished.is_some();
            if !is_left {
                *unfinished = self.freeze()?;
            }
            let Some(frozen) = unfinished.as_ref() else { break };
            written += self.write_out(frozen)?;
            *unfinished = None;
            // Only now: the segment counts, whatever becomes of what it replaces.
            held(&self.writer).retire()?;
            if !is_left {
                break;
            }
        }
        Ok(written)
    }

    /// Puts an empty delta on top of the present one; `None` if that holds nothing new.
    fn freeze(&self) -> Result<Option<Frozen>> {
        let mut writer = held(&self.writer);
        let state = writer.state().clone();
        let covered = state.layers.segments().first().map_or(0, |newest| newest.name().seq);
        if state.seq <= covered {
            return Ok(None);
        }
        let Some(place) = writer.begin_checkpoint()? else { return Ok(None) };
        let mut fresh = State::clone(&state);
        let frozen = Arc::new(std::mem::take(&mut fresh.delta));
        fresh.frozen_bytes += frozen.bytes as u64;
        fresh.layers = fresh.layers.below(frozen);
        self.replace_states(&mut writer, |_| Some(fresh.clone()));
        Ok(Some(Frozen { state, place }))
    }

    /// Writes a frozen delta as a segment and puts that in its place; the bytes written.
    fn write_out(&self, frozen: &Frozen) -> Result<u64> {
        let Frozen { state, place } = frozen;
        let number = self.next_segment(place);
        let is_base = state.layers.segments().is_empty();
        let write = |out: &mut SegmentWriter| write_changes(state, None, out);
        let segment = write_segment(place, number, is_base, state, self.read_mode, write)?;
        let mut segments = vec![segment.clone()];
        segments.extend(state.layers.segments().iter().cloned());
        let mut writer = held(&self.writer);
        let erased = state.erases();
        writer.install(&segments, Installing { place, covers: true, erased })?;
        let layers = Layers::of(segments, Saved::of(state));
        self.replace_states(&mut writer, |old| {
            old.layers.frozen()?;
            let mut state = State::clone(old);
            state.layers = layers.clone();
            Some(state)
        });
        Ok(segment.bytes())
    }

    /// The number of the next segment: one that was begun and given up may have taken the number of the manifest.
    pub(in crate::graph) fn next_segment(&self, place: &Place) -> u64 {
        let newest = self.latest_state().layers.segments().iter().map(|segment| segment.name().number).max();
        place.next_segment().max(newest.map_or(1, |newest| newest + 1))
    }

    /// Merges the newest segments that are alike in size, and those down to the oldest that still holds something of
    /// an erased id; the bytes written.
    fn merge_segments(&self) -> Result<u64> {
        let state = self.latest_state();
        let segments = state.layers.segments();
        let count = mergeable(&segments.iter().map(|segment| segment.bytes()).collect::<Vec<_>>());
        let owed = if held(&self.writer).owes_bytes() { segments.len() } else { owed(segments)? };
        let Some((run, below)) = segments.split_at_checked(count.max(owed)) else { return Ok(0) };
        if run.len() < 2 && owed == 0 {
            return Ok(0);
        }
        let Some(place) = held(&self.writer).place()? else { return Ok(0) };
        let number = self.next_segment(&place);
        let is_base = below.is_empty();
        let place = if is_base { place.for_base()? } else { place };
        let write = |out: &mut SegmentWriter| merge(run, below, None, &*state, out);
        let merged = write_merged(&place, number, is_base, run, self.read_mode, write);
        let merged = merged.inspect_err(|_| {
            if is_base {
                place.abandon()
            }
        })?;
        let mut kept = vec![merged.clone()];
        kept.extend(below.iter().cloned());
        let mut writer = held(&self.writer);
        writer.install(&kept, Installing { place: &place, covers: false, erased: false })?;
        self.replace_states(&mut writer, |old| {
            let mut state = State::clone(old);
            state.layers = state.layers.with_segments(kept.clone());
            Some(state)
        });
        writer.retire()?;
        Ok(merged.bytes())
    }
}

/// How many of the newest segments to merge, by their sizes.
pub(crate) fn mergeable(sizes: &[u64]) -> usize {
    let mut count = 1;
    let mut sum = sizes.first().copied().unwrap_or(0);
    for size in sizes.iter().skip(1) {
        if *size > sum.saturating_mul(TIER_RATIO) && sizes.len() - count < SEGMENTS_MAX {
            break;
        }
        sum = sum.saturating_add(*size);
        count += 1;
    }
    // A pair of alike segments may wait for a third.
    if count >= 3 || sizes.len() > SEGMENTS_MAX { count } else { 1 }
}

/// Writes a segment to its place and opens it; nothing is left of it after an error.
pub(in crate::graph) fn write_segment(
    place: &Place,
    number: u64,
    is_base: bool,
    state: &State,
    read_mode: ReadMode,
    write: impl FnOnce(&mut SegmentWriter) -> Result<()>,
) -> Result<Arc<Segment>> {
    let uuid = place.uuid();
    let name = Name { uuid, number, seq: state.seq, seed: seed_of(&uuid), is_base };
    place.write(name, read_mode, room_for_changes(state), |mut out| {
        write(&mut out)?;
        out.finish(counts_of(state))
    })
}

pub(in crate::graph) fn write_merged(
    place: &Place,
    number: u64,
    is_base: bool,
    run: &[Arc<Segment>],
    read_mode: ReadMode,
    write: impl FnOnce(&mut SegmentWriter) -> Result<()>,
) -> Result<Arc<Segment>> {
    let Some(newest) = run.first() else {
        return Err(Error::Internal { what: "nothing to merge" });
    };
    let name = Name { number, is_base, ..*newest.name() };
    place.write(name, read_mode, room_for_merge(run), |mut out| {
        write(&mut out)?;
        out.finish(*newest.counts())
    })
}

#[cfg(test)]
mod tests {
    use super::mergeable;

    #[test]
    fn segments_alike_in_size_are_merged_and_a_large_one_is_left_alone() {
        assert_eq!(mergeable(&[]), 1);
        assert_eq!(mergeable(&[10]), 1);
        assert_eq!(mergeable(&[10, 10]), 1);
        assert_eq!(mergeable(&[10, 10, 10]), 3);
        assert_eq!(mergeable(&[10, 10, 10, 1_000]), 3);
        assert_eq!(mergeable(&[10, 12, 30, 100, 1_000_000]), 4);
        assert_eq!(mergeable(&[1, 1_000]), 1);
        assert_eq!(
            mergeable(&[1, 100, 10_000, 1_000_000, 100_000_000, 10_000_000_000, 1_000_000_000_000]),
            2
        );
    }
}
