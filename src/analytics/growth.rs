//! Growth day by day: ids that came, and ids and groups of ids that came together.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicU16;
use std::sync::atomic::Ordering::Relaxed;

use crate::analytics::day::ChinaDay;
use crate::analytics::pass::Seen;
use crate::engine::binds;
use crate::error::Result;
use crate::records::{Edge, NodeNo, Pair, Relation, RelationKey};
use crate::store::{Lens, State};

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

/// The day nothing is known of yet.
const NO_DAY: u16 = u16::MAX;

/// When each id came, as threads find out together: the earliest days by both clocks.
pub(crate) struct FirstDays {
    recorded: Vec<AtomicU16>,
    observed: Vec<AtomicU16>,
    commits: CommitDays,
}

impl FirstDays {
    /// Nothing known yet of any number of a state.
    pub(crate) fn new(state: &State) -> Result<FirstDays> {
        let none = || (0..state.number_count).map(|_| AtomicU16::new(NO_DAY)).collect();
        Ok(FirstDays { recorded: none(), observed: none(), commits: CommitDays::of(state)? })
    }

    fn note(&self, ids: [NodeNo; 2], recorded: u16, observed: u16) {
        for number in ids {
            let place = number as usize;
            for (days, day) in [(&self.recorded, recorded), (&self.observed, observed)] {
                if let Some(first) = days.get(place) {
                    first.fetch_min(day, Relaxed);
                }
            }
        }
    }

    /// Notes a pair's evidence.
    pub(crate) fn pair(&self, pair: &Pair) {
        if let Some((recorded, observed)) = first_days(pair.edges.iter(), &self.commits) {
            self.note([pair.a, pair.b], recorded, observed);
        }
    }

    /// Notes a relation's facts.
    pub(crate) fn relation(&self, key: RelationKey, relation: &Relation) {
        let seq = relation.ops.iter().map(|op| op.recorded_seq).min();
        let at = relation.ops.iter().map(|op| op.at).min();
        if let (Some(seq), Some(at)) = (seq, at) {
            self.note([key.from, key.to], self.commits.day_of(seq), ChinaDay::of(at).number());
        }
    }

    /// Ids by days, and how many there are.
    fn finish(&self, days: &mut BTreeMap<ChinaDay, DayGrowth>) -> u64 {
        let mut dated = 0;
        for (recorded, observed) in self.recorded.iter().zip(&self.observed) {
            let (recorded, observed) = (recorded.load(Relaxed), observed.load(Relaxed));
            if recorded != NO_DAY || observed != NO_DAY {
                dated += 1;
                days.entry(ChinaDay::from_number(recorded)).or_default().recorded.ids += 1;
                days.entry(ChinaDay::from_number(observed)).or_default().observed.ids += 1;
            }
        }
        dated
    }
}

/// The earliest days of edges' evidence: by the commits, and by when it was observed.
fn first_days<'e>(edges: impl Iterator<Item = &'e Edge> + Clone, commits: &CommitDays) -> Option<(u16, u16)> {
    let evidence = edges.flat_map(|edge| &edge.evidence);
    let seq = evidence.clone().map(|evidence| evidence.recorded_seq).min()?;
    let at = evidence.map(|evidence| evidence.observed_at).min()?;
    Some((commits.day_of(seq), ChinaDay::of(at).number()))
}

/// On which day each commit was recorded.
struct CommitDays {
    /// The first commit of each day that has any, and the day; ascending.
    firsts: Vec<(u64, u16)>,
}

impl CommitDays {
    fn of(state: &State) -> Result<CommitDays> {
        let mut firsts = Vec::new();
        let mut seq = 1;
        while seq <= state.seq {
            let (day, after) = Lens::on(state).answer(|lens| {
                let day = ChinaDay::of(lens.commit_time(seq).unwrap_or(state.recorded_at));
                (day, lens.seq_at(day.next().begin().plus_ms(-1)) + 1)
            })?;
            firsts.push((seq, day.number()));
            if after <= seq {
                break; // The last day there is has all that comes later.
            }
            seq = after;
        }
        Ok(CommitDays { firsts })
    }

    fn day_of(&self, seq: u64) -> u16 {
        let place = self.firsts.partition_point(|(first, _)| *first <= seq);
        let day = place.checked_sub(1).and_then(|place| self.firsts.get(place));
        day.map_or(0, |(_, day)| *day)
    }
}

/// Joins by days.
#[derive(Default)]
pub(crate) struct JoinCount {
    days: BTreeMap<u16, (Joined, Joined)>,
    groups: Groups,
}

/// Joins and merges.
#[derive(Debug, Clone, Copy, Default)]
struct Joined {
    joins: u64,
    merges: u64,
}

impl JoinCount {
    /// Counts the joins of an entity whose ids are in order of their numbers, by the pairs between them.
    pub(crate) fn entity(&mut self, entity: &[Seen], pairs: &[&Pair], first: &FirstDays) {
        let place = |number: NodeNo| entity.binary_search_by_key(&number, |member| member.number).ok();
        let dated = |pair: &&Pair| {
            let (recorded, observed) =
                first_days(pair.edges.iter().filter(|edge| binds(edge)), &first.commits)?;
            Some((place(pair.a)?, place(pair.b)?, recorded, observed))
        };
        let dated: Vec<(usize, usize, u16, u16)> = pairs.iter().filter_map(dated).collect();
        let mut by_clock: Vec<(u16, usize, usize)> =
            dated.iter().map(|(a, b, recorded, _)| (*recorded, *a, *b)).collect();
        let days = &mut self.days;
        self.groups.join(entity.len(), &mut by_clock, |day, joined| {
            days.entry(day).or_default().0.add(joined);
        });
        by_clock.clear();
        by_clock.extend(dated.iter().map(|(a, b, _, observed)| (*observed, *a, *b)));
        self.groups.join(entity.len(), &mut by_clock, |day, joined| {
            days.entry(day).or_default().1.add(joined);
        });
    }

    pub(crate) fn add(&mut self, other: JoinCount) {
        for (day, (recorded, observed)) in other.days {
            let own = self.days.entry(day).or_default();
            own.0.add(recorded);
            own.1.add(observed);
        }
    }

    /// The answer about a graph of so many ids.
    pub(crate) fn finish(self, ids: u64, first: &FirstDays) -> Growth {
        let mut days: BTreeMap<ChinaDay, DayGrowth> = BTreeMap::new();
        let dated = first.finish(&mut days);
        for (day, (recorded, observed)) in self.days {
            let own = days.entry(ChinaDay::from_number(day)).or_default();
            (own.recorded.joins, own.recorded.merges) = (recorded.joins, recorded.merges);
            (own.observed.joins, own.observed.merges) = (observed.joins, observed.merges);
        }
        Growth { days, undated: ids.saturating_sub(dated) }
    }
}

impl Joined {
    fn add(&mut self, other: Joined) {
        self.joins += other.joins;
        self.merges += other.merges;
    }
}

/// Groups of an entity's ids as they come together, in memory that serves again.
#[derive(Default)]
struct Groups {
    /// Of each id one that it is with; its own place if it stands for its group.
    with: Vec<usize>,
    sizes: Vec<usize>,
}

impl Groups {
    /// Brings ids together day by day, and shows what each day came to.
    fn join(&mut self, ids: usize, dated: &mut [(u16, usize, usize)], mut show: impl FnMut(u16, Joined)) {
        self.with.clear();
        self.with.extend(0..ids);
        self.sizes.clear();
        self.sizes.resize(ids, 1);
        dated.sort_unstable();
        for day in dated.chunk_by(|x, y| x.0 == y.0) {
            let Some((number, _, _)) = day.first().copied() else { continue };
            // What were groups of two ids or more when the day began, as far as the day touches them.
            let mut large: Vec<usize> =
                day.iter().flat_map(|(_, a, b)| [*a, *b]).map(|id| self.root(id)).collect();
            large.sort_unstable();
            large.dedup();
            large.retain(|root| self.sizes.get(*root).is_some_and(|size| *size > 1));
            let joins = day.iter().filter(|(_, a, b)| self.unite(*a, *b)).count() as u64;
            let mut left: Vec<usize> = large.iter().map(|root| self.root(*root)).collect();
            left.sort_unstable();
            left.dedup();
            if joins > 0 {
                show(number, Joined { joins, merges: (large.len() - left.len()) as u64 });
            }
        }
    }

    fn root(&self, mut id: usize) -> usize {
        while let Some(with) = self.with.get(id).copied().filter(|with| *with != id) {
            id = with;
        }
        id
    }

    /// Brings two ids together; false if they were.
    fn unite(&mut self, a: usize, b: usize) -> bool {
        let (a, b) = (self.root(a), self.root(b));
        if a == b {
            return false;
        }
        let size = |id: usize| self.sizes.get(id).copied().unwrap_or(0);
        let (small, large) = if size(a) < size(b) { (a, b) } else { (b, a) };
        let both = size(a) + size(b);
        self.with.get_mut(small).into_iter().for_each(|with| *with = large);
        self.sizes.get_mut(large).into_iter().for_each(|size| *size = both);
        true
    }
}
