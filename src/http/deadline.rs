//! A moment of the monotonic clock after which nothing is waited for (H1).

use std::time::{Duration, Instant};

/// The moment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deadline {
    /// None where it lies beyond what the clock can tell.
    at: Option<Instant>,
}

impl Deadline {
    /// So many milliseconds from now.
    pub(super) fn after_ms(ms: u64) -> Deadline {
        Deadline { at: Instant::now().checked_add(Duration::from_millis(ms)) }
    }

    /// What is left, as sockets want it: never zero, none when it has passed.
    pub(super) fn left(self) -> Option<Duration> {
        let Some(at) = self.at else { return Some(Duration::MAX) };
        at.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())
    }
}
