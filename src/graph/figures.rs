//! Figures of a graph that are at hand: nothing is counted for them.

use crate::error::Result;
use crate::graph::snapshot::Snapshot;
use crate::graph::view::{Shown, View};
use crate::model::Time;
use crate::store::State;

/// What a state holds and where that lies. It takes no longer for a large graph than for a small one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Figures {
    /// The last commit.
    pub seq: u64,
    /// When it was recorded.
    pub recorded_at: Time,
    /// Ids.
    pub ids: u64,
    /// Tombstones of erased ids.
    pub erased: u64,
    /// About how many bytes of changes are in memory, those included that a checkpoint is writing out.
    pub delta_bytes: u64,
    /// Segments.
    pub segments: u64,
    /// Their bytes.
    pub segment_bytes: u64,
}

impl Figures {
    pub(crate) fn of(state: &State) -> Figures {
        let segments = state.layers.segments();
        let frozen = state.layers.frozen().map_or(0, |frozen| frozen.bytes);
        Figures {
            seq: state.seq,
            recorded_at: state.recorded_at,
            ids: state.live_nodes,
            erased: state.tomb_count,
            delta_bytes: (state.delta.bytes + frozen) as u64,
            segments: segments.len() as u64,
            segment_bytes: segments.iter().map(|segment| segment.bytes()).sum(),
        }
    }
}

impl View {
    /// What it shows, in numbers that are at hand.
    ///
    /// # Errors
    /// `ViewExpired`.
    pub fn figures(&self) -> Result<Figures> {
        Ok(Figures::of(Shown::state(self)?))
    }
}

impl Snapshot {
    /// What it shows, in numbers that are at hand.
    ///
    /// # Errors
    /// None today.
    pub fn figures(&self) -> Result<Figures> {
        Ok(Figures::of(Shown::state(self)?))
    }
}
