//! Watching a graph at work: what it tells an observer, counters that listen, and spans for `tracing`.
//!
//! Nothing here is paid for by those who watch nothing: without an observer a lookup looks at one pointer, and without
//! the feature `tracing` a span is nothing.

mod counters;
mod observer;
#[cfg(not(feature = "tracing"))]
mod spans_off;
#[cfg(feature = "tracing")]
mod spans_on;

pub use counters::Counters;
pub use observer::{Answered, CheckpointSeen, CommitSeen, FactsSeen, LookupSeen, Observer, Verb};

pub(crate) use observer::Watch;
#[cfg(not(feature = "tracing"))]
pub(crate) use spans_off::Span;
#[cfg(feature = "tracing")]
pub(crate) use spans_on::Span;
