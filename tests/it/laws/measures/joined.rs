//! Naive bridges and suspects: an edge is taken away, and what is left is walked.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use idweave::analytics::{
    Joint, Measuring, OverMerge, OverRule, Suspects, UnderMerge, UnderRule, WeakJoints,
};
use idweave::model::Strength;
use idweave::{EdgeKind, EntityId, Id};

use super::world::{Edge, Entity, World};
use super::{in_any_order, same};

/// The ids that edges lead to from one.
fn reached<'w>(start: &'w Id, edges: &[&'w Edge]) -> BTreeSet<&'w Id> {
    let mut found = BTreeSet::from([start]);
    loop {
        let before = found.len();
        for edge in edges {
            if found.contains(&edge.a) || found.contains(&edge.b) {
                found.extend([&edge.a, &edge.b]);
            }
        }
        if found.len() == before {
            return found;
        }
    }
}

/// The bridges of an entity, restricted ends too.
fn bridges(world: &World<'_>, entity: &Entity) -> Vec<Joint> {
    let inside = |edge: &&Edge| edge.binds() && entity.ids.contains(&edge.a) && entity.ids.contains(&edge.b);
    let all: Vec<&Edge> = world.edges.iter().filter(inside).collect();
    let mut found = Vec::new();
    for (place, edge) in all.iter().enumerate() {
        let rest: Vec<&Edge> =
            all.iter().enumerate().filter(|(other, _)| *other != place).map(|(_, edge)| *edge).collect();
        let part = reached(&edge.a, &rest);
        if part.contains(&edge.b) {
            continue;
        }
        let (x, y) = (part.len() as u64, (entity.ids.len() - part.len()) as u64);
        found.push(Joint {
            entity: entity.number,
            a: edge.a.clone(),
            b: edge.b.clone(),
            kind: if edge.is_supersede { EdgeKind::Supersede } else { EdgeKind::Same },
            strength: edge.strength,
            evidence: edge.evidence,
            smaller_part: x.min(y),
            greater_part: x.max(y),
        });
    }
    found
}

pub(super) fn joints(world: &World<'_>) -> WeakJoints {
    let mut joints = WeakJoints::default();
    for entity in &world.entities {
        let found = bridges(world, entity);
        joints.entities += u64::from(!found.is_empty());
        for joint in found {
            let count = joints.bridges.entry(joint.strength).or_default();
            let (single, between) = (joint.evidence == 1, joint.smaller_part > 1);
            count.bridges += 1;
            count.single_evidence += u64::from(single);
            count.between_groups += u64::from(between);
            count.single_between_groups += u64::from(single && between);
            if !is_restricted(world, &joint) {
                joints.listed.push(joint);
            }
        }
    }
    joints
}

fn is_restricted(world: &World<'_>, joint: &Joint) -> bool {
    world.restricted.contains(&joint.a) || world.restricted.contains(&joint.b)
}

fn rank(joint: &Joint) -> (Strength, u64, Reverse<u64>) {
    (joint.strength, joint.evidence, Reverse(joint.smaller_part))
}

/// Entities that may be several; of equally weak bridges any may be named, so none is here.
fn over(world: &World<'_>, wanted_ids: usize) -> Vec<(OverRule, u64, Vec<Joint>, u64)> {
    let mut found = Vec::new();
    for entity in &world.entities {
        let mut between = bridges(world, entity);
        between.retain(|joint| joint.smaller_part > 1);
        let Some(weakest) = between.iter().map(rank).min() else { continue };
        between.retain(|joint| rank(joint) == weakest);
        let ends_here = |edge: &&Edge| entity.ids.contains(&edge.a) || entity.ids.contains(&edge.b);
        let conflicts = world.edges.iter().filter(|edge| edge.is_conflict()).filter(ends_here).count() as u64;
        let (strength, evidence, _) = weakest;
        let rules = [
            (OverRule::Contested, evidence == 1 && conflicts > 0),
            (OverRule::WeakBridge, evidence == 1 && ["business", "provisional"].contains(&strength.name())),
            (OverRule::Crowded, entity.ids.len() >= wanted_ids),
        ];
        for (rule, _) in rules.into_iter().filter(|(_, fits)| *fits) {
            found.push((rule, entity.ids.len() as u64, between.clone(), conflicts));
        }
    }
    found
}

/// A rule and the entities it is about; of a shared hint, its id too.
type Suspected = (UnderRule, Vec<EntityId>, Option<Id>);

fn under(world: &World<'_>) -> (BTreeMap<UnderRule, u64>, Vec<UnderMerge>) {
    // By rule and entities: the ends that say so, restricted ones last.
    let mut reasons: BTreeMap<Suspected, BTreeSet<(bool, Vec<Id>)>> = BTreeMap::new();
    for edge in &world.edges {
        let (x, y) = (world.entity_of(&edge.a), world.entity_of(&edge.b));
        let rule = match edge.reason {
            Some("cardinality") if x.person != y.person => UnderRule::Cardinality,
            Some("provisional") => UnderRule::Provisional,
            Some("suggestion")
                if x.person != y.person
                    && [&edge.a, &edge.b].iter().all(|id| id.kind().name() != "phone") =>
            {
                UnderRule::Suggestion
            }
            _ => continue,
        };
        let restricted = [&edge.a, &edge.b].iter().any(|id| world.restricted.contains(*id));
        let entities: BTreeSet<EntityId> = BTreeSet::from([x.number, y.number]);
        let by: BTreeSet<Id> = BTreeSet::from([edge.a.clone(), edge.b.clone()]);
        let key = (rule, entities.into_iter().collect(), None);
        reasons.entry(key).or_default().insert((restricted, by.into_iter().collect()));
    }
    let limit = world.oracle.state().settings.hint_hub_limit();
    for phone in world.ids().filter(|id| id.kind().name() == "phone") {
        let hints = world.edges.iter().filter(|edge| edge.strength.name() == "hint" && !edge.is_void());
        let ends = hints.filter(|edge| edge.a == *phone || edge.b == *phone);
        let others: BTreeSet<&Id> =
            ends.map(|edge| if edge.a == *phone { &edge.b } else { &edge.a }).collect();
        let entities: BTreeSet<EntityId> = others.iter().map(|id| world.entity_of(id).number).collect();
        let persons: BTreeSet<u64> = others.iter().map(|id| world.entity_of(id).person).collect();
        if persons.len() > 1 && entities.len() <= limit {
            let restricted = others.iter().any(|id| world.restricted.contains(*id));
            let restricted = restricted || world.restricted.contains(phone);
            let key = (UnderRule::SharedHint, entities.into_iter().collect(), Some(phone.clone()));
            reasons.entry(key).or_default().insert((restricted, vec![phone.clone()]));
        }
    }
    let mut counts = BTreeMap::new();
    let mut listed = Vec::new();
    for ((rule, entities, _), by) in reasons {
        *counts.entry(rule).or_default() += 1;
        let ids = world.entities.iter().filter(|entity| entities.contains(&entity.number));
        let ids = ids.map(|entity| entity.ids.len() as u64).sum();
        let (restricted, by) = by.into_iter().next().unwrap();
        if !restricted {
            listed.push(UnderMerge { rule, entities, ids, by });
        }
    }
    (counts, listed)
}

pub(super) fn suspects_agree(found: &Suspects, world: &World<'_>, wanted: &Measuring) -> Result<(), String> {
    let naive = over(world, world.crowded_ids);
    let mut counts: BTreeMap<OverRule, u64> = BTreeMap::new();
    naive.iter().for_each(|(rule, ..)| *counts.entry(*rule).or_default() += 1);
    same("may be several", &found.over, &counts)?;
    let fits = |listed: &OverMerge| {
        naive.iter().any(|(rule, ids, weakest, conflicts)| {
            (rule, ids, conflicts) == (&listed.rule, &listed.ids, &listed.conflicts)
                && weakest.contains(&listed.joint)
        })
    };
    for listed in &found.over_listed {
        if !fits(listed) || is_restricted(world, &listed.joint) {
            return Err(format!("a suspect that is none: {listed:?}\n naive {naive:?}\n {wanted:?}"));
        }
    }
    let must_be_listed = |weakest: &[Joint]| weakest.iter().all(|joint| !is_restricted(world, joint));
    let missed =
        naive.iter().filter(|(_, _, weakest, _)| must_be_listed(weakest)).find(|(rule, _, weakest, _)| {
            !found.over_listed.iter().any(|listed| listed.rule == *rule && weakest.contains(&listed.joint))
        });
    same("may be several, listed", &missed.is_none(), &true)?;
    let rank = |listed: &OverMerge| (listed.rule, Reverse(listed.joint.smaller_part), listed.joint.entity);
    assert!(found.over_listed.is_sorted_by(|x, y| rank(x) < rank(y)), "each once, and in order");
    let (counts, listed) = under(world);
    same("may be one", &found.under, &counts)?;
    same("may be one, listed", &in_any_order(&found.under_listed), &in_any_order(&listed))?;
    let rank = |listed: &UnderMerge| (listed.rule, Reverse(listed.ids));
    assert!(found.under_listed.is_sorted_by_key(rank), "in order");
    Ok(())
}
