//! Every measure equals a naive recomputation of its definition over what the oracle says, on random graphs.

mod counted;
mod crossed;
mod damaged;
mod graphs;
mod joined;
mod told;
mod world;

use std::fmt::Debug;
use std::num::NonZeroUsize;

use idweave::analytics::{Analysis, Analyze, Measure, Measuring};
use idweave::{Error, Fact, Snapshot, Time};

use crate::laws::campaign::{Sizes, campaign, campaign_on, report};
use crate::laws::engine;
use crate::laws::subject::Subject;
use crate::support::generate::{Flavour, NOW, Random, commits, hub_stream};
use crate::support::oracle::{Oracle, Undo};
use world::World;

const SIZES: Sizes = Sizes { least: 10, most: 90, one_in: 4 };
const LONG: Sizes = Sizes { least: 150, most: 400, one_in: 20 };
/// Between two commits: days begin at other hours than commits.
const APART_MS: i64 = 7 * 3_600_000;

/// The facts in commits, told to both.
fn told_to_both(facts: &[Fact], random: &mut Random) -> Result<(Subject, Oracle, Vec<Time>), String> {
    let (graph, mut oracle, mut times) = (engine::new_graph()?, Oracle::new(), Vec::new());
    for commit in commits(facts, random) {
        tell(&graph, &mut oracle, &mut times, &commit)?;
    }
    Ok((graph, oracle, times))
}

fn tell(graph: &Subject, oracle: &mut Oracle, times: &mut Vec<Time>, commit: &[Fact]) -> Result<(), String> {
    let now = NOW.plus_ms(APART_MS * times.len() as i64);
    let before = graph.view().seq();
    graph
        .write(now, |tx| {
            // What is refused leaves no trace.
            commit.iter().for_each(|fact| drop(tx.apply(fact)));
            Ok(())
        })
        .map_err(|error| format!("write: {error}"))?;
    if graph.view().seq() > before {
        oracle.commit(commit);
        times.push(now);
    }
    Ok(())
}

/// Undoes a commit so far, or an undo, in both; of one that holds an erasure neither does.
fn undo_some(
    graph: &Subject,
    oracle: &mut Oracle,
    times: &mut Vec<Time>,
    random: &mut Random,
) -> Result<(), String> {
    let seq = 1 + random.below(times.len()) as u64;
    let now = NOW.plus_ms(APART_MS * times.len() as i64);
    match graph.write(now, |tx| tx.undo(seq)) {
        Ok(undone) if undone.value => {
            times.push(now);
            same("undo", &oracle.undo(seq, times.len() as u64), &Undo::New)
        }
        Ok(_) | Err(Error::NotUndone { .. }) => {
            same("commits where nothing was undone", &graph.view().seq(), &(times.len() as u64))
        }
        Err(error) => Err(format!("undo of {seq}: {error}")),
    }
}

fn same<T: PartialEq + Debug>(what: &str, found: &T, expected: &T) -> Result<(), String> {
    if found == expected { Ok(()) } else { Err(format!("{what}\n found {found:?}\n naive {expected:?}")) }
}

/// A list in an order of its own, so that two are equal if they hold the same.
fn in_any_order<T: Debug + Clone>(list: &[T]) -> Vec<String> {
    let mut said: Vec<String> = list.iter().map(|item| format!("{item:?}")).collect();
    said.sort();
    said
}

/// What the measures say and what a naive reading of their definitions says.
fn agree(found: &Analysis, world: &World<'_>, wanted: &Measuring) -> Result<(), String> {
    same("ids", &found.ids, &world.ids().count().try_into().unwrap())?;
    same("entities", &found.entities, &world.entities.len().try_into().unwrap())?;
    same("coverage", found.coverage.as_ref().unwrap(), &counted::coverage(world))?;
    same("reach", found.reach.as_ref().unwrap(), &counted::reach(world))?;
    same("sizes", found.sizes.as_ref().unwrap(), &counted::sizes(world))?;
    same("degrees", found.degrees.as_ref().unwrap(), &counted::degrees(world))?;
    same("edges", found.edges.as_ref().unwrap(), &counted::edges(world))?;
    same("funnel", found.funnel.as_ref().unwrap(), &told::funnel(world))?;
    same("growth", found.growth.as_ref().unwrap(), &told::growth(world))?;
    same("contacts", found.contacts.as_ref().unwrap(), &told::contacts(world))?;
    same("followers", found.followers.as_ref().unwrap(), &told::followers(world))?;
    let (hubs, naive) = (found.hubs.as_ref().unwrap(), counted::hubs(world));
    same("hubs", &(hubs.hubs, hubs.hint_hubs), &(naive.hubs, naive.hint_hubs))?;
    same("hubs listed", &in_any_order(&hubs.listed), &in_any_order(&naive.listed))?;
    assert!(hubs.listed.is_sorted_by(|x, y| x.degree >= y.degree), "hubs in order");
    let (joints, naive) = (found.weak_joints.as_ref().unwrap(), joined::joints(world));
    same("bridges", &(&joints.bridges, joints.entities), &(&naive.bridges, naive.entities))?;
    same("bridges listed", &in_any_order(&joints.listed), &in_any_order(&naive.listed))?;
    let rank = |joint: &idweave::analytics::Joint| {
        (joint.strength, joint.evidence, std::cmp::Reverse(joint.smaller_part), joint.entity)
    };
    assert!(joints.listed.is_sorted_by_key(rank), "bridges in order");
    joined::suspects_agree(found.suspects.as_ref().unwrap(), world, wanted)
}

fn by_measure(analysis: &Analysis) -> Vec<(Measure, String)> {
    vec![
        (Measure::Coverage, format!("{:?}", analysis.coverage)),
        (Measure::Reach, format!("{:?}", analysis.reach)),
        (Measure::Funnel, format!("{:?}", analysis.funnel)),
        (Measure::Growth, format!("{:?}", analysis.growth)),
        (Measure::Sizes, format!("{:?}", analysis.sizes)),
        (Measure::Degrees, format!("{:?}", analysis.degrees)),
        (Measure::Edges, format!("{:?}", analysis.edges)),
        (Measure::Hubs, format!("{:?}", analysis.hubs)),
        (Measure::WeakJoints, format!("{:?}", analysis.weak_joints)),
        (Measure::Suspects, format!("{:?}", analysis.suspects)),
        (Measure::Contacts, format!("{:?}", analysis.contacts)),
        (Measure::Followers, format!("{:?}", analysis.followers)),
    ]
}

fn measured(read: &impl Analyze, world: &World<'_>, random: &mut Random) -> Result<(), String> {
    let threads = NonZeroUsize::new(1 + random.below(3)).unwrap();
    let wanted = Measuring::at(world.now)
        .threads(threads)
        .listed(usize::MAX)
        .crowded_ids(world.crowded_ids)
        .began_between(world.began.start, world.began.end);
    let found = read.analyze(&wanted).map_err(|error| format!("analyze: {error}"))?;
    agree(&found, world, &wanted)?;
    // One alone says what it says among others.
    let one = *random.pick(&Measure::ALL);
    let alone = read.analyze(&wanted.only(&[one])).map_err(|error| format!("{one}: {error}"))?;
    for ((measure, alone), (_, among)) in by_measure(&alone).into_iter().zip(by_measure(&found)) {
        same(measure.name(), &alone, &if measure == one { among } else { "None".to_owned() })?;
    }
    Ok(())
}

fn measures_agree(facts: &[Fact], random: &mut Random) -> Result<(), String> {
    let (graph, oracle, times) = told_to_both(facts, random)?;
    measured_everywhere(&graph, &oracle, times, random)
}

fn measures_of_undone_agree(facts: &[Fact], random: &mut Random) -> Result<(), String> {
    let (graph, mut oracle, mut times) = (engine::new_graph()?, Oracle::new(), Vec::new());
    for commit in commits(facts, random) {
        tell(&graph, &mut oracle, &mut times, &commit)?;
        while !times.is_empty() && random.one_in(2) {
            undo_some(&graph, &mut oracle, &mut times, random)?;
        }
    }
    measured_everywhere(&graph, &oracle, times, random)
}

/// Of the graph, and now and then of a snapshot of it.
fn measured_everywhere(
    graph: &Subject,
    oracle: &Oracle,
    times: Vec<Time>,
    random: &mut Random,
) -> Result<(), String> {
    let view = graph.view();
    let world = World::of(oracle, &view, times, random);
    measured(&view, &world, random)?;
    if random.one_in(3) {
        let place = tempfile::tempdir().map_err(|error| error.to_string())?;
        let shaken = graph.vfs().exists(std::path::Path::new("/db")).unwrap_or(false);
        let path = if shaken { "/snapshot".into() } else { place.path().join("snapshot") };
        graph.snapshot(&path).map_err(|error| format!("snapshot: {error}"))?;
        let snapshot = Snapshot::open_on(&*graph.vfs(), &path, idweave::ReadMode::default());
        measured(&snapshot.map_err(|error| error.to_string())?, &world, random)?;
    }
    Ok(())
}

#[test]
fn every_measure_is_what_its_definition_says() {
    for flavour in Flavour::ALL {
        report(campaign("measures", flavour, SIZES, measures_agree));
    }
}

#[test]
fn measures_where_commits_were_undone_are_what_their_definitions_say() {
    for flavour in Flavour::ALL {
        report(campaign("measures of undone commits", flavour, SIZES, measures_of_undone_agree));
    }
}

#[test]
fn measures_of_large_graphs_and_of_hubs_are_what_their_definitions_say() {
    report(campaign("measures of large graphs", Flavour::Commuting, LONG, measures_agree));
    report(campaign_on("measures of hubs", hub_stream, LONG, measures_agree));
}

#[test]
fn two_states_differ_as_their_ids_say() {
    for flavour in [Flavour::EntityErasure, Flavour::Commuting] {
        report(campaign("comparison", flavour, SIZES, |facts, random| {
            let (graph, mut oracle, mut times) = (engine::new_graph()?, Oracle::new(), Vec::new());
            let all = commits(facts, random);
            let first = random.below(all.len() + 1);
            for commit in &all[..first] {
                tell(&graph, &mut oracle, &mut times, commit)?;
            }
            let (before, entities_before) = (graph.view(), crossed::entities(&oracle));
            for commit in &all[first..] {
                tell(&graph, &mut oracle, &mut times, commit)?;
            }
            let (after, entities_after) = (graph.view(), crossed::entities(&oracle));
            let threads = NonZeroUsize::new(1 + random.below(2)).unwrap();
            let found = after.compare_with(&before, threads).map_err(|error| error.to_string())?;
            let naive = crossed::compare((&before, &entities_before), (&after, &entities_after));
            same("comparison", &found, &naive)?;
            // The other way round, and with a graph that numbered its ids in another order.
            let found = before.compare_with(&after, threads).map_err(|error| error.to_string())?;
            let naive = crossed::compare((&after, &entities_after), (&before, &entities_before));
            same("comparison backwards", &found, &naive)?;
            let mut backwards = facts.to_vec();
            backwards.reverse();
            let (other, oracle, _) = told_to_both(&backwards, random)?;
            let (other, entities) = (other.view(), crossed::entities(&oracle));
            let found = other.compare_with(&before, threads).map_err(|error| error.to_string())?;
            same("another graph", &found, &crossed::compare((&before, &entities_before), (&other, &entities)))
        }));
    }
}
