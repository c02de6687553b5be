//! What lies below a delta and never changes, newest first: a delta that is being written out, and segments.

use std::sync::Arc;

use crate::store::delta::Delta;

/// One layer.
#[derive(Clone)]
pub(crate) enum Layer {
    /// A delta that a checkpoint is writing out.
    Frozen(Arc<Delta>),
}

/// The layers below a delta, newest first.
#[derive(Clone, Default)]
pub(crate) struct Layers {
    all: Arc<Vec<Layer>>,
}

impl Layers {
    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// The frozen deltas, newest first.
    pub(crate) fn frozen(&self) -> impl Iterator<Item = &Delta> {
        self.all.iter().map(|layer| match layer {
            Layer::Frozen(delta) => &**delta,
        })
    }
}
