//! What the measures count, side by side; each thread has its own.

use crate::analytics::analysis::Analysis;
use crate::analytics::ask::Measure;
use crate::analytics::coverage::CoverageCount;
use crate::analytics::pass::family::FamilySeen;
use crate::analytics::pass::shared::Shared;
use crate::analytics::reach::ReachCount;

/// The counts of the measures that are wanted.
pub(crate) struct Counts {
    ids: u64,
    entities: u64,
    coverage: Option<CoverageCount>,
    reach: Option<ReachCount>,
}

impl Counts {
    pub(crate) fn new(shared: &Shared<'_>) -> Counts {
        let wants = |measure| shared.wanted.wants(measure);
        Counts {
            ids: 0,
            entities: 0,
            coverage: wants(Measure::Coverage).then(|| CoverageCount::new(&shared.columns)),
            reach: wants(Measure::Reach).then(|| ReachCount::new(&shared.columns)),
        }
    }

    /// Counts whole entities.
    pub(crate) fn family(&mut self, family: &FamilySeen, shared: &Shared<'_>) {
        self.ids += family.members.len() as u64;
        self.entities += family.entities().count() as u64;
        self.coverage.iter_mut().for_each(|count| count.family(family));
        self.reach.iter_mut().for_each(|count| count.family(family, &shared.columns));
    }

    /// Adds what another thread counted.
    pub(crate) fn add(&mut self, other: Counts) {
        self.ids += other.ids;
        self.entities += other.entities;
        self.coverage.iter_mut().zip(other.coverage).for_each(|(count, more)| count.add(more));
        self.reach.iter_mut().zip(other.reach).for_each(|(count, more)| count.add(more));
    }

    /// The answers.
    pub(crate) fn finish(self, shared: &Shared<'_>) -> Analysis {
        Analysis {
            seq: shared.state.seq,
            recorded_at: shared.state.recorded_at,
            now: shared.wanted.now,
            ids: self.ids,
            entities: self.entities,
            coverage: self.coverage.map(|count| count.finish(&shared.columns)),
            reach: self.reach.map(|count| count.finish(&shared.columns)),
            ..Analysis::default()
        }
    }
}
