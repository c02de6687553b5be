//! What the measures count, side by side; each thread has its own.

use crate::analytics::analysis::Analysis;
use crate::analytics::ask::Measure;
use crate::analytics::began::BeganCounts;
use crate::analytics::comparison::CrossingCount;
use crate::analytics::coverage::CoverageCount;
use crate::analytics::degrees::DegreeCount;
use crate::analytics::edges::EdgeCount;
use crate::analytics::funnel::FunnelCount;
use crate::analytics::growth::JoinCount;
use crate::analytics::hubs::HubCount;
use crate::analytics::joints::JointsCount;
use crate::analytics::pass::entity::EntityWalk;
use crate::analytics::pass::family::FamilySeen;
use crate::analytics::pass::shared::Shared;
use crate::analytics::reach::ReachCount;
use crate::analytics::sizes::SizeCount;
use crate::analytics::suspects::SuspectCount;
use crate::error::Result;
use crate::model::Kind;
use crate::records::Pair;

/// The counts of the measures that are wanted.
pub(crate) struct Counts {
    ids: u64,
    entities: u64,
    coverage: Option<CoverageCount>,
    reach: Option<ReachCount>,
    funnel: Option<FunnelCount>,
    sizes: Option<SizeCount>,
    degrees: Option<DegreeCount>,
    hubs: Option<HubCount>,
    pub(crate) joins: Option<JoinCount>,
    pub(crate) edges: Option<EdgeCount>,
    pub(crate) joints: Option<JointsCount>,
    pub(crate) suspects: Option<SuspectCount>,
    pub(crate) contacts: Option<BeganCounts>,
    pub(crate) followers: Option<BeganCounts>,
    pub(crate) crossing: Option<CrossingCount>,
    entity: EntityWalk,
}

/// Adds to each count that is there what another thread has of it.
macro_rules! add_each {
    ($own:ident, $other:ident, $($count:ident),*) => {
        $($own.$count.iter_mut().zip($other.$count).for_each(|(count, more)| count.add(more));)*
    };
}

impl Counts {
    pub(crate) fn new(shared: &Shared<'_>) -> Counts {
        let wants = |measure| shared.wanted.wants(measure);
        let listed = shared.wanted.listed;
        Counts {
            ids: 0,
            entities: 0,
            coverage: wants(Measure::Coverage).then(|| CoverageCount::new(&shared.columns)),
            reach: wants(Measure::Reach).then(|| ReachCount::new(&shared.columns)),
            funnel: shared.funnel.as_ref().map(FunnelCount::new),
            sizes: wants(Measure::Sizes).then(SizeCount::default),
            degrees: wants(Measure::Degrees).then(DegreeCount::default),
            hubs: wants(Measure::Hubs).then(|| HubCount::new(listed)),
            joins: wants(Measure::Growth).then(JoinCount::default),
            edges: wants(Measure::Edges).then(EdgeCount::default),
            joints: wants(Measure::WeakJoints).then(|| JointsCount::new(listed)),
            suspects: wants(Measure::Suspects).then(|| SuspectCount::new(listed)),
            contacts: wants(Measure::Contacts).then(BeganCounts::of_contacts),
            followers: wants(Measure::Followers).then(BeganCounts::of_followers),
            crossing: shared.beside.as_ref().map(|_| CrossingCount::default()),
            entity: EntityWalk::default(),
        }
    }

    /// Counts whole entities, and the pairs among their ids.
    pub(crate) fn family(&mut self, family: &FamilySeen, shared: &Shared<'_>) -> Result<()> {
        self.ids += family.members.len() as u64;
        self.entities += family.entities().count() as u64;
        self.coverage.iter_mut().for_each(|count| count.family(family));
        self.reach.iter_mut().for_each(|count| count.family(family, &shared.columns));
        self.funnel
            .iter_mut()
            .zip(&shared.funnel)
            .for_each(|(count, plan)| count.family(family, shared, plan));
        self.sizes.iter_mut().for_each(|count| count.family(family, &shared.columns));
        self.degrees.iter_mut().for_each(|count| count.family(family));
        self.hubs.iter_mut().for_each(|count| count.family(family, shared));
        if let (Some(count), Some(beside)) = (&mut self.crossing, &shared.beside) {
            count.family(family, beside)?;
        }
        if shared.depth.pairs {
            for pair in &family.pairs {
                let column = |number| family.member(number).map_or(u32::MAX, |member| member.column);
                self.pair(pair, shared, || Ok((column(pair.a), column(pair.b))))?;
            }
            let mut entity = std::mem::take(&mut self.entity);
            entity.family(family, self, shared);
            self.entity = entity;
        }
        if let Some(suspects) = &mut self.suspects {
            let is_phone = |number| {
                let column = family.member(number).map(|member| member.column);
                column.and_then(|column| shared.columns.kind(column)) == Some(&Kind::Phone)
            };
            for (number, _) in family.hints.iter().filter(|(number, count)| *count > 1 && is_phone(*number)) {
                suspects.phone(*number, shared)?;
            }
        }
        Ok(())
    }

    /// Counts a pair whose ends lie in two families.
    pub(crate) fn pair_outside(&mut self, pair: &Pair, shared: &Shared<'_>) -> Result<()> {
        let column = |number| -> Result<u32> {
            let brief = shared.state.brief(number)?;
            Ok(brief.map_or(u32::MAX, |brief| shared.columns.of_text(brief.space)))
        };
        self.suspects.iter_mut().try_for_each(|count| count.conflicts_outside(pair, shared))?;
        self.pair(pair, shared, || Ok((column(pair.a)?, column(pair.b)?)))
    }

    fn pair(
        &mut self,
        pair: &Pair,
        shared: &Shared<'_>,
        columns: impl FnOnce() -> Result<(u32, u32)>,
    ) -> Result<()> {
        shared.first_days.iter().for_each(|first| first.pair(pair));
        self.suspects.iter_mut().try_for_each(|count| count.pair(pair, shared))?;
        self.edges.as_mut().map_or(Ok(()), |count| count.pair(pair, columns))
    }

    /// Adds what another thread counted.
    pub(crate) fn add(&mut self, other: Counts) {
        self.ids += other.ids;
        self.entities += other.entities;
        add_each!(
            self, other, coverage, reach, funnel, sizes, degrees, hubs, joins, edges, joints, suspects,
            contacts, followers, crossing
        );
    }

    /// The answers.
    pub(crate) fn finish(self, shared: &Shared<'_>) -> Result<Analysis> {
        let (state, columns) = (shared.state, &shared.columns);
        let ids = self.ids;
        let growth = self.joins.zip(shared.first_days.as_ref());
        Ok(Analysis {
            seq: state.seq,
            recorded_at: state.recorded_at,
            now: shared.wanted.now,
            ids,
            entities: self.entities,
            coverage: self.coverage.map(|count| count.finish(columns)),
            reach: self.reach.map(|count| count.finish(columns)),
            funnel: self.funnel.zip(shared.funnel.as_ref()).map(|(count, plan)| count.finish(plan)),
            growth: growth.map(|(count, first)| count.finish(ids, first)),
            sizes: self.sizes.map(SizeCount::finish),
            degrees: self.degrees.map(|count| count.finish(columns)),
            edges: self.edges.map(|count| count.finish(columns)),
            hubs: self.hubs.map(|count| count.finish(shared)).transpose()?,
            weak_joints: self.joints.map(|count| count.finish(state)).transpose()?,
            suspects: self.suspects.map(|count| count.finish(shared)).transpose()?,
            contacts: self.contacts.map(|count| count.finish(shared)).transpose()?,
            followers: self.followers.map(|count| count.finish(shared)).transpose()?,
        })
    }
}
