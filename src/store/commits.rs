//! When commits were recorded, as a lens finds it: in the deltas, and below in rows of many commits each.

use std::borrow::Borrow;

use crate::model::Time;
use crate::segment::rows::{COMMITS_A_ROW, commits_key, take_commit_times};
use crate::store::lens::Lens;
use crate::store::state::State;

impl<S: Borrow<State>> Lens<S> {
    /// When a commit was recorded.
    pub(crate) fn commit_time(&self, seq: u64) -> Option<Time> {
        let mut last = self.state().seq;
        for delta in self.deltas() {
            let before = last.saturating_sub(u64::from(delta.commits.len()));
            if seq > before {
                let place = u32::try_from(seq - before - 1).ok()?;
                return delta.commits.get(place).copied();
            }
            last = before;
        }
        let place = seq.checked_sub(1)?;
        self.commits_below(place).get((place % COMMITS_A_ROW) as usize).copied()
    }

    /// The last commit that was recorded at a time or before it; 0 if there was none.
    pub(crate) fn seq_at(&self, at: Time) -> u64 {
        let (mut from, mut to) = (0, self.state().seq);
        while from < to {
            let middle = to - (to - from) / 2;
            if self.commit_time(middle).is_some_and(|time| time <= at) {
                from = middle;
            } else {
                to = middle - 1;
            }
        }
        from
    }

    /// When the commits beside one (counted from 0) were recorded, as far as the segments know.
    pub(crate) fn commits_below(&self, place: u64) -> Vec<Time> {
        self.row_of(&commits_key(place / COMMITS_A_ROW), take_commit_times).unwrap_or_default()
    }
}
