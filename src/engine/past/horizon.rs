//! Which facts counted.

use crate::model::{Fact, Time};

/// The facts that count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Horizon {
    /// Those of this commit and the ones before it ...
    pub(crate) seq: u64,
    /// ... that are of this moment or an earlier one.
    pub(crate) until: Time,
}

impl Horizon {
    /// All there is.
    pub(crate) const ALL: Horizon = Horizon { seq: u64::MAX, until: Time::MAX };

    pub(crate) fn holds(&self, (fact, seq): &(Fact, u64)) -> bool {
        self.reaches(fact.at, *seq)
    }

    /// Whether what was told of a moment, by a commit, counts.
    pub(crate) fn reaches(&self, at: Time, seq: u64) -> bool {
        seq <= self.seq && at <= self.until
    }
}
