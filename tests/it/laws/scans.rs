//! The scans that take a graph elsewhere say what the other verbs say.

use std::collections::{BTreeMap, BTreeSet};

use idweave::model::{Direction, RelationKind, When};
use idweave::{EdgeDump, EntityId, Fact, Id, Op, Read, RelationInterval, View};

use crate::laws::campaign::{campaign, report};
use crate::laws::engine::{fed, feed, new_graph};
use crate::laws::{Check, SMALL};
use crate::support::generate::{Flavour, Random, commits};

fn all<T>(answers: idweave::Answers<'_, T>) -> Result<Vec<T>, String> {
    answers.collect::<Result<Vec<T>, _>>().map_err(|error| error.to_string())
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, found: &T, expected: &T) -> Check {
    if found == expected { Ok(()) } else { Err(format!("{what}: {found:?}, not {expected:?}")) }
}

fn members_are_entities(view: &impl Read) -> Check {
    let members = all(view.members())?;
    let mut dumped = Vec::new();
    for entity in all(view.entities())? {
        dumped.push((entity.entity, entity.class, entity.person, entity.ids, entity.superseded));
    }
    let found = members.iter().map(|entity| {
        let ids: BTreeSet<Id> = entity.ids.iter().map(|id| id.id.clone()).collect();
        let superseded: BTreeSet<Id> =
            entity.ids.iter().filter(|id| id.superseded).map(|id| id.id.clone()).collect();
        let (ids, superseded) = (ids.into_iter().collect(), superseded.into_iter().collect());
        (entity.entity, entity.class, entity.person, ids, superseded)
    });
    same("members", &found.collect::<Vec<_>>(), &dumped)?;
    for entity in &members {
        let numbers: Vec<u64> = entity.ids.iter().map(|id| id.number).collect();
        if !numbers.is_sorted() || numbers.first() != Some(&entity.entity.0) {
            return Err(format!("the ids of {:?} are not in order of their numbers", entity.entity));
        }
        for id in &entity.ids {
            let resolved = view.resolve(&id.id).map_err(|error| error.to_string())?;
            let member = resolved.and_then(|all| all.members.into_iter().find(|member| member.id == id.id));
            let told = member.map(|member| (member.superseded, member.blocked));
            let expected = (!id.restricted).then_some((id.superseded, id.blocked));
            // Another form of it may be restricted.
            if told.is_some() {
                same("an id", &told, &expected)?;
            }
        }
    }
    let mut persons: BTreeMap<u64, Vec<(EntityId, u64)>> = BTreeMap::new();
    for entity in &members {
        let of_person = persons.entry(entity.person.0).or_default();
        of_person.push((entity.entity, entity.ids.len() as u64));
    }
    let found = all(view.persons())?.into_iter().map(|person| {
        let sizes = person.entities.iter().map(|size| (size.entity, size.ids + size.restricted));
        (person.person.0, sizes.collect::<Vec<_>>())
    });
    same("persons", &found.collect::<Vec<_>>(), &persons.into_iter().collect())
}

fn edges_in_full_are_edges(view: &impl Read, facts: &[Fact]) -> Check {
    let numbers: BTreeMap<u64, Id> =
        all(view.members())?.into_iter().flat_map(|entity| entity.ids).map(|id| (id.number, id.id)).collect();
    let full = all(view.edges_in_full())?;
    for edge in &full {
        let ends = (numbers.get(&edge.ends.0), numbers.get(&edge.ends.1));
        same("ends", &ends, &(Some(&edge.edge.a), Some(&edge.edge.b)))?;
        let standing = edge.evidence.iter().filter(|evidence| evidence.stands).count();
        same("what stands", &standing, &edge.edge.evidence)?;
        same("retracted", &edge.retracted, &(standing == 0))?;
    }
    let told: Vec<EdgeDump> =
        full.iter().filter(|edge| !edge.retracted).map(|edge| edge.edge.clone()).collect();
    same("edges", &told, &all(view.edges())?)?;
    let is_evidence = |fact: &Fact| matches!(fact.op, Op::Link { .. } | Op::Supersede { .. });
    let found: usize = full.iter().map(|edge| edge.evidence.len()).sum();
    let kept = all(view.facts())?.iter().filter(|fact| is_evidence(fact)).count();
    same("evidence", &found, &kept)?;
    let told = facts.iter().filter(|fact| is_evidence(fact)).count();
    if found > told { Err(format!("{found} evidences of {told} facts")) } else { Ok(()) }
}

fn relations_are_neighbours(view: &impl Read, facts: &[Fact]) -> Check {
    let mut kinds: BTreeSet<RelationKind> = BTreeSet::new();
    for fact in facts {
        if let Op::Relate { kind, .. } | Op::Unrelate { kind, .. } = &fact.op {
            kinds.insert(kind.clone());
        }
    }
    let mut found: BTreeMap<(RelationKind, Id), Vec<RelationInterval>> = BTreeMap::new();
    for spell in all(view.relations())?.into_iter().filter(|spell| !spell.restricted) {
        let key = (spell.kind, spell.interval.from.clone());
        found.entry(key).or_default().push(spell.interval);
    }
    let mut expected: BTreeMap<(RelationKind, Id), Vec<RelationInterval>> = BTreeMap::new();
    for id in all(view.members())?.into_iter().flat_map(|entity| entity.ids).map(|id| id.id) {
        for kind in &kinds {
            let intervals = all(view.neighbors(&id, kind, Direction::Out, When::Ever))?;
            if !intervals.is_empty() {
                expected.insert((kind.clone(), id.clone()), intervals);
            }
        }
    }
    same("relations", &found, &expected)
}

fn scans_hold(facts: &[Fact], random: &mut Random) -> Check {
    let graph = new_graph()?;
    for commit in commits(facts, random) {
        feed(&graph, &commit)?;
    }
    let view = graph.view();
    members_are_entities(&view)?;
    edges_in_full_are_edges(&view, facts)?;
    relations_are_neighbours(&view, facts)?;
    let seqs = view.seq() + 1;
    let seq = random.next() % seqs;
    let past = view.as_of(seq).map_err(|error| error.to_string())?;
    members_are_entities(&past)?;
    edges_in_full_are_edges(&past, facts)?;
    relations_are_neighbours(&past, facts)
}

#[test]
fn scans_of_all_ids_edges_and_relations_say_what_the_verbs_say() {
    // Of an aliased id relations are told at the form they were told of.
    for flavour in [Flavour::Kept, Flavour::Commuting, Flavour::EntityErasure] {
        report(campaign("scans", flavour, SMALL, scans_hold));
    }
}

/// By number: which entity held the id since which commit.
type Held = BTreeMap<u64, Vec<(u64, EntityId)>>;

fn note(held: &mut Held, view: &View) -> Check {
    for entity in all(view.members())? {
        for id in entity.ids {
            let stages = held.entry(id.number).or_default();
            if stages.last().is_none_or(|(_, before)| *before != entity.entity) {
                stages.push((view.seq(), entity.entity));
            }
        }
    }
    Ok(())
}

fn memberships_of(view: &impl Read) -> Result<Held, String> {
    let mut held = Held::new();
    let mut open: BTreeMap<u64, Option<u64>> = BTreeMap::new();
    for membership in all(view.memberships())? {
        let until = open.insert(membership.number, membership.until_seq);
        if until.is_some_and(|until| until != Some(membership.from_seq)) {
            return Err(format!("a gap: {membership:?}"));
        }
        let times = (Some(membership.from_seq), Some(membership.from));
        for (seq, time) in [times, (membership.until_seq, membership.until)] {
            let told =
                seq.map_or(Ok(None), |seq| view.commit_time(seq)).map_err(|error| error.to_string())?;
            same("the time of a commit", &told, &time)?;
        }
        held.entry(membership.number).or_default().push((membership.from_seq, membership.entity));
    }
    if open.values().any(Option::is_some) { Err("an id that is in no entity".to_owned()) } else { Ok(held) }
}

fn memberships_hold(facts: &[Fact], random: &mut Random) -> Check {
    let graph = new_graph()?;
    let (mut held, mut at) = (Held::new(), Vec::new());
    for commit in commits(facts, random) {
        feed(&graph, &commit)?;
        note(&mut held, &graph.view())?;
        at.push((graph.view().seq(), held.clone()));
    }
    same("memberships", &memberships_of(&graph.view())?, &held)?;
    if !at.is_empty() {
        let (seq, held) = random.pick(&at);
        let past = graph.view().as_of(*seq).map_err(|error| error.to_string())?;
        same("memberships as of then", &memberships_of(&past)?, held)?;
    }
    Ok(())
}

#[test]
fn memberships_are_what_each_commit_left() {
    report(campaign("memberships", Flavour::Kept, SMALL, memberships_hold));
}

#[test]
fn memberships_of_an_undone_commit_go_back() {
    report(campaign("memberships, undone", Flavour::Kept, SMALL, |facts, random| {
        let graph = new_graph()?;
        let mut held = Held::new();
        for commit in commits(facts, random) {
            feed(&graph, &commit)?;
            note(&mut held, &graph.view())?;
            if random.one_in(3) {
                let seq = 1 + random.next() % graph.view().seq().max(1);
                let undone = graph.write(idweave::Time::from_ms(0), |tx| tx.undo(seq).map(drop));
                undone.map_err(|error| error.to_string())?;
                note(&mut held, &graph.view())?;
            }
        }
        same("memberships", &memberships_of(&graph.view())?, &held)
    }));
}

#[test]
fn memberships_know_nothing_of_moments_of_observation() {
    let graph = fed(&[]).unwrap();
    let past = graph.view().observed_until(idweave::Time::from_ms(0)).unwrap();
    assert!(all(past.memberships()).unwrap_err().contains("memberships"));
}
