//! What tells the time to calls and waits for them: the library itself reads no clock and never sleeps.

use crate::model::Time;

/// Tells the time and waits. A program gives the system's clock; a test one of its own, which no call outwaits.
pub trait Timer: Send + Sync {
    /// The time.
    fn now(&self) -> Time;

    /// Returns after so many milliseconds, or earlier if the run is to end: then `false`, and no further call is made.
    fn wait(&self, ms: u64) -> bool;
}
