//! What lies below a delta and never changes, newest first: a delta that is being written out, and segments.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::Time;
use crate::records::{Lifting, NodeNo, Sym, Undone};
use crate::segment::Segment;
use crate::store::delta::Delta;
use crate::store::state::{SourceRetraction, State};

/// What of a state's small parts the segments hold: only what differs is written again.
#[derive(Clone, Default)]
pub(crate) struct Saved {
    pub(crate) texts: Sym,
    pub(crate) settings: u32,
    pub(crate) batch_retractions: Arc<BTreeMap<Sym, Lifting>>,
    pub(crate) source_retractions: Arc<Vec<SourceRetraction>>,
    pub(crate) undone: Arc<Undone>,
    pub(crate) marks: Arc<BTreeMap<String, (Time, String)>>,
}

impl Saved {
    /// All that a state has.
    pub(crate) fn of(state: &State) -> Saved {
        Saved {
            texts: state.text_count(),
            settings: state.settings.len(),
            batch_retractions: state.batch_retractions.clone(),
            source_retractions: state.source_retractions.clone(),
            undone: state.undone.clone(),
            marks: state.marks.clone(),
        }
    }
}

/// The layers below a delta. A clone is O(1).
#[derive(Clone, Default)]
pub(crate) struct Layers {
    /// A delta that a checkpoint is writing out.
    frozen: Option<Arc<Delta>>,
    /// Newest first.
    segments: Arc<Vec<Arc<Segment>>>,
    saved: Arc<Saved>,
}

impl Layers {
    /// Segments, the newest first, and what small parts they hold.
    pub(crate) fn of(segments: Vec<Arc<Segment>>, saved: Saved) -> Layers {
        Layers { frozen: None, segments: Arc::new(segments), saved: Arc::new(saved) }
    }

    /// The same segments below a frozen delta.
    pub(crate) fn below(&self, frozen: Arc<Delta>) -> Layers {
        Layers { frozen: Some(frozen), ..self.clone() }
    }

    /// Other segments that hold the same.
    pub(crate) fn with_segments(&self, segments: Vec<Arc<Segment>>) -> Layers {
        Layers { segments: Arc::new(segments), ..self.clone() }
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.frozen.is_none() && self.segments.is_empty()
    }

    /// A delta that a checkpoint is writing out.
    pub(crate) fn frozen(&self) -> Option<&Arc<Delta>> {
        self.frozen.as_ref()
    }

    /// The segments, newest first.
    pub(crate) fn segments(&self) -> &[Arc<Segment>] {
        &self.segments
    }

    /// What small parts the segments hold.
    pub(crate) fn saved(&self) -> &Saved {
        &self.saved
    }

    /// How many node numbers the segments know of.
    pub(crate) fn numbers_below(&self) -> NodeNo {
        self.segments.first().map_or(0, |newest| newest.counts().numbers as NodeNo)
    }
}
