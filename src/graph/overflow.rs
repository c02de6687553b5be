//! What a large change does not keep in memory: its records, written to segments of its own while it is settled.
//!
//! # Invariants
//!   O1 the segments count when the change does: until a manifest names them they are as if they were not there, and are
//!      removed by whoever began them, or by the next open.
//!   O2 they hold records only. Settings, retractions and whatever else bears the number of the commit, which is not known
//!      yet, stay in memory.
//!
//! # Order
//!   `Shared::checkpoints` is held while segments of a change are there, so that nobody takes their numbers.

use std::sync::{Arc, MutexGuard};

use crate::engine::{Attend, Settling};
use crate::error::Result;
use crate::graph::checkpoint::{Frozen, mergeable, write_merged, write_segment};
use crate::graph::shared::{Shared, held};
use crate::segment::Segment;
use crate::store::{Candidates, Differing, Draft, Layers, Place, Saved, State, merge, write_changes};

/// Segments of a change that may lie on top of each other before they are merged.
const SEGMENTS_MAX: usize = 24;

/// Edges that are settled at once, at most: the families of neighbours are mostly touched by one piece.
const PIECE_MAX: usize = 4_096;
/// What an edge may make of changes; many make less.
const PIECE_BYTES: u64 = 1 << 14;

/// The lock on checkpoints.
type CheckpointsGuard<'s> = MutexGuard<'s, Option<Frozen>>;

/// Stands by a large change: writes out what grows past the bound.
pub(crate) struct Overflow<'s, 'p> {
    shared: &'s Shared,
    /// The state that the change began with.
    begun: Arc<State>,
    progress: &'p mut dyn FnMut(Settling),
    is_muted: bool,
    /// Bytes of changes in memory that are written out; `None` = there is no place for them.
    bound: Option<u64>,
    /// Where segments are written, once one was.
    place: Option<Place>,
    /// The number of the next one.
    next: u64,
    /// The segments of the change, newest first.
    own: Vec<Arc<Segment>>,
    /// The lock, unless who began the change holds it.
    guard: Option<CheckpointsGuard<'s>>,
    is_held: bool,
    /// Of what was written out, what differs from what the change began with.
    candidates: Candidates,
}

impl<'s, 'p> Overflow<'s, 'p> {
    /// For a change that begins with a state; `is_held`: the caller holds the lock on checkpoints until this is dropped.
    pub(crate) fn begin(
        shared: &'s Shared,
        begun: Arc<State>,
        is_held: bool,
        progress: &'p mut dyn FnMut(Settling),
    ) -> Overflow<'s, 'p> {
        let has_place = begun.layers.frozen().is_none();
        // One half grows, the other is what writing it takes.
        let bound = shared.delta_bytes.filter(|_| has_place).map(|bytes| bytes / 2);
        Overflow {
            shared,
            begun,
            progress,
            is_muted: false,
            bound,
            place: None,
            next: 0,
            own: Vec::new(),
            guard: None,
            is_held,
            candidates: Candidates::default(),
        }
    }

    /// The state that the change began with.
    pub(crate) fn begun(&self) -> &State {
        &self.begun
    }

    /// From now on tells nobody how far it has come: locks are held that he may want.
    pub(crate) fn mute(&mut self) {
        self.is_muted = true;
    }

    /// Before who holds the change takes the writer's lock, which finding a place takes too.
    pub(crate) fn prepare(&mut self) -> Result<()> {
        if self.bound.is_some() && self.place()?.is_none() {
            self.bound = None;
        }
        Ok(())
    }

    /// Where segments are written.
    fn place(&mut self) -> Result<Option<Place>> {
        if self.place.is_none() {
            if !self.is_held {
                self.guard = Some(held(&self.shared.checkpoints));
            }
            self.place = held(&self.shared.writer).place()?;
            if let Some(place) = &self.place {
                place.make_dir()?;
                self.next = self.shared.next_segment(place);
            }
        }
        Ok(self.place.clone())
    }

    /// Takes the records out of a state's memory, into a segment below it.
    fn write_out(&mut self, draft: &mut Draft) -> Result<()> {
        let Some(place) = self.place()? else {
            self.bound = None;
            return Ok(());
        };
        draft.take_fault().map_or(Ok(()), Err)?;
        let mut state = State::clone(draft);
        let mut records = State::clone(draft);
        records.delta = state.delta.take_records();
        state.frozen_bytes += records.delta.bytes as u64;
        // O2: small parts are those that lie below already.
        records.settings = self.begun.settings.clone();
        records.batch_retractions = self.begun.batch_retractions.clone();
        records.source_retractions = self.begun.source_retractions.clone();
        records.marks = self.begun.marks.clone();
        records.undone = self.begun.undone.clone();
        self.candidates.note(&self.begun, &records.delta)?;
        let number = self.take_number();
        let below = self.begun.layers.segments().to_vec();
        let write = |out: &mut _| write_changes(&records, None, out);
        let segment =
            write_segment(&place, number, below.is_empty(), &records, self.shared.read_mode, write)?;
        self.own.insert(0, segment);
        self.merge_own(&place, &records)?;
        let segments = self.own.iter().chain(&below).cloned().collect();
        state.layers = Layers::of(segments, Saved::of(&records));
        *draft = Draft::on(state);
        Ok(())
    }

    fn take_number(&mut self) -> u64 {
        let number = self.next;
        self.next += 1;
        number
    }

    /// Merges the change's segments that are alike in size, once they are many: few are quicker to read, and what is
    /// written once is written quicker still.
    fn merge_own(&mut self, place: &Place, state: &State) -> Result<()> {
        while self.own.len() > SEGMENTS_MAX {
            let sizes: Vec<u64> = self.own.iter().map(|segment| segment.bytes()).collect();
            let count = mergeable(&sizes);
            let number = self.take_number();
            let (run, rest) = self.own.split_at(count.min(self.own.len()));
            let below: Vec<Arc<Segment>> = rest.iter().chain(self.begun.layers.segments()).cloned().collect();
            let write = |out: &mut _| merge(run, &below, None, state, out);
            let is_base = below.is_empty();
            let merged = write_merged(place, number, is_base, run, self.shared.read_mode, write)?;
            let merged_away: Vec<Arc<Segment>> = self.own.splice(..count, [merged]).collect();
            for segment in merged_away {
                place.remove(segment.name().number)?;
            }
        }
        Ok(())
    }

    /// What two states say differently: where the change wrote out something else, and where either has something in
    /// memory.
    pub(crate) fn differing(&mut self, before: &State, now: &mut Draft) -> Result<Differing> {
        if self.own.is_empty() {
            return Ok(Differing::between(before, now));
        }
        std::mem::take(&mut self.candidates).differing(before, now)
    }

    /// The change counts, and its segments with it.
    pub(crate) fn keep(&mut self) {
        self.own.clear();
    }
}

impl Attend for Overflow<'_, '_> {
    fn piece(&self) -> usize {
        let room = self.bound.map_or(u64::MAX, |bound| bound / PIECE_BYTES);
        usize::try_from(room).unwrap_or(usize::MAX).clamp(1, PIECE_MAX)
    }

    fn between(&mut self, state: &mut Draft, settling: Settling) -> Result<()> {
        if !self.is_muted {
            (self.progress)(settling);
        }
        match self.bound {
            Some(bound) if state.delta.bytes as u64 >= bound => self.write_out(state),
            _ => Ok(()),
        }
    }
}

impl Drop for Overflow<'_, '_> {
    /// O1. What cannot be removed now is removed by the next open.
    fn drop(&mut self) {
        let Some(place) = &self.place else { return };
        for segment in &self.own {
            drop(place.remove(segment.name().number));
        }
    }
}
