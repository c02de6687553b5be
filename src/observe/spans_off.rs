//! Spans where nobody asked for them: nothing.

/// Nothing.
pub(crate) struct Span;

impl Span {
    pub(crate) fn commit() -> Span {
        Span
    }

    pub(crate) fn checkpoint() -> Span {
        Span
    }

    #[inline]
    pub(crate) fn lookup(_verb: &'static str) -> Span {
        Span
    }

    #[cfg(feature = "sync")]
    pub(crate) fn call(_endpoint: &'static str) -> Span {
        Span
    }

    pub(crate) fn note(&self, _field: &'static str, _count: u64) {}
}
