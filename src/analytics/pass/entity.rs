//! What is asked of each entity by the pairs that bind its ids: when they came together, and what holds them.

use crate::analytics::bridges::Bridges;
use crate::analytics::joints::JointRank;
use crate::analytics::pass::counts::Counts;
use crate::analytics::pass::family::{FamilySeen, Seen};
use crate::analytics::pass::shared::Shared;
use crate::analytics::suspects::conflicts_at;
use crate::engine::binds;
use crate::records::{NodeNo, Pair};

/// Memory that serves again.
#[derive(Default)]
pub(crate) struct EntityWalk {
    bridges: Bridges,
}

impl EntityWalk {
    /// Shows the entities of a family to the counts.
    pub(crate) fn family(&mut self, family: &FamilySeen, counts: &mut Counts, shared: &Shared<'_>) {
        // By entity; a pair between two entities stands under both.
        let mut pairs: Vec<(NodeNo, &Pair)> = Vec::with_capacity(family.pairs.len());
        for pair in &family.pairs {
            let entity = |number| family.member(number).map(|member| member.entity);
            let (a, b) = (entity(pair.a), entity(pair.b));
            pairs.extend(a.map(|a| (a, pair)));
            pairs.extend(b.filter(|_| a != b).map(|b| (b, pair)));
        }
        if !pairs.is_sorted_by_key(|(entity, _)| *entity) {
            pairs.sort_by_key(|(entity, _)| *entity);
        }
        for entity in family.entities() {
            let Some(root) = entity.first().map(|member| member.entity) else { continue };
            let from = pairs.partition_point(|(own, _)| *own < root);
            let until = pairs.partition_point(|(own, _)| *own <= root);
            let own = pairs.get(from..until).unwrap_or_default().iter().map(|(_, pair)| *pair);
            if entity.len() > 1 {
                self.entity(entity, &own.collect::<Vec<_>>(), counts, shared);
            }
        }
    }

    fn entity(&mut self, entity: &[Seen], pairs: &[&Pair], counts: &mut Counts, shared: &Shared<'_>) {
        let Some(root) = entity.first().map(|member| member.entity) else { return };
        let binding: Vec<&Pair> = pairs.iter().copied().filter(|pair| pair.edges.iter().any(binds)).collect();
        counts.joins.iter_mut().zip(&shared.first_days).for_each(|(count, first)| {
            count.entity(entity, &binding, first);
        });
        if counts.joints.is_none() && counts.suspects.is_none() {
            return;
        }
        let restricted = |rank: &JointRank| {
            let is_end = |member: &&Seen| rank.has_end(member.number);
            entity.iter().filter(is_end).any(|member| member.restricted)
        };
        let mut weakest: Option<JointRank> = None;
        self.bridges.each(entity, &binding, |bridge| {
            let rank = JointRank::new(&bridge, root, entity.len() as u32);
            counts.joints.iter_mut().for_each(|count| count.bridge(rank, restricted(&rank)));
            if rank.is_between_groups() {
                weakest = weakest.into_iter().chain([rank]).min();
            }
        });
        if let (Some(suspects), Some(weakest)) = (&mut counts.suspects, weakest) {
            let conflicts = conflicts_at(pairs) + shared.conflicts_outside(root);
            suspects.entity(weakest, restricted(&weakest), conflicts, shared.wanted.crowded_ids);
        }
    }
}
