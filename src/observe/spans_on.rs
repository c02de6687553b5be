//! Spans for `tracing`: what is going on, by fixed names and counts. No identifier, no scope and no name of a source is
//! in them.

use tracing::span::EnteredSpan;
use tracing::{debug_span, trace_span};

/// A span that ends when it is dropped.
pub(crate) struct Span(EnteredSpan);

impl Span {
    /// A write, from the wait for its turn to durability.
    pub(crate) fn commit() -> Span {
        let fields = (tracing::field::Empty, tracing::field::Empty);
        Span(debug_span!("idweave.commit", seq = fields.0, facts = fields.1).entered())
    }

    /// A checkpoint.
    pub(crate) fn checkpoint() -> Span {
        let empty = tracing::field::Empty;
        Span(debug_span!("idweave.checkpoint", written_bytes = empty, merged_bytes = empty).entered())
    }

    /// One lookup, or a batch of them.
    #[inline]
    pub(crate) fn lookup(verb: &'static str) -> Span {
        Span(trace_span!("idweave.lookup", verb).entered())
    }

    /// A call of a platform, by the path of its endpoint.
    #[cfg(feature = "sync")]
    pub(crate) fn call(endpoint: &'static str) -> Span {
        Span(debug_span!("idweave.call", endpoint).entered())
    }

    /// Notes a count.
    pub(crate) fn note(&self, field: &'static str, count: u64) {
        self.0.record(field, count);
    }
}
