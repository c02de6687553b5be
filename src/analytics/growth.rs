//! Growth day by day: ids that came, and ids and groups of ids that came together.

use std::collections::BTreeMap;

use crate::analytics::day::ChinaDay;

/// What came on each day in China, by two clocks.
///
/// # Definition
/// A graph does not keep when something came about; it keeps evidence, each with when it was *observed* and in which commit
/// it was *recorded*. So growth is told from the evidence that is kept, retracted and undone evidence too, by each clock.
/// An id came on the earliest day of the evidence of its edges and of the facts of its relations; one that has neither (only
/// a ban, block or restriction names it) is `undated`. For joins, the edges that bind (accepted inside an entity) are laid
/// day by day, each on the earliest day of its evidence: `joins` is by how many the number of groups fell on a day, so that
/// an entity of n ids has n - 1 joins in all; `merges` counts those of them that brought together two groups of at least two
/// ids each, as the groups were when the day began. What was split or erased since, and edges that bind no more, do not show:
/// it is how that which is there now has come. Of a live graph, [`ChangeRecord`](crate::ChangeRecord)s tell what happened
/// then.
///
/// A graph made by a bulk load was recorded in one commit: its days are those it was observed on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Growth {
    /// Days on which something came by either clock.
    pub days: BTreeMap<ChinaDay, DayGrowth>,
    /// Ids that no evidence and no relation dates.
    pub undated: u64,
}

/// A day's growth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DayGrowth {
    /// By the time of the commits that brought the evidence.
    pub recorded: Came,
    /// By when it was observed.
    pub observed: Came,
}

/// What came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Came {
    /// Ids.
    pub ids: u64,
    /// By how many the number of groups fell.
    pub joins: u64,
    /// Joins of two groups that both had two ids or more.
    pub merges: u64,
}
