//! The laws of design section 3, on random streams: the engine against the oracle, and against itself.
//!
//! By default a subset for CI. A campaign sets `IDWEAVE_STREAMS` (streams a law), `IDWEAVE_PERMUTATIONS`
//! (orders a stream) and `IDWEAVE_SEED` (the first stream's seed; stream i has seed + i, so that a failure is
//! seen again with its seed and one stream).

pub(crate) mod campaign;
pub(crate) mod changes;
mod conflicts;
mod conformance;
pub(crate) mod engine;
mod ids_in;
mod large;
mod measures;
mod merge;
mod past;
mod relations;
mod scans;
mod subject;
mod undo;
mod unresolved;

use std::collections::{BTreeMap, BTreeSet};

use idweave::model::{Reach, Selector};
use idweave::{EntityId, Fact, Id, Op, Reached, Read, ReadMode, Snapshot, VerifyLevel};

use crate::support::generate::{Flavour, NOW, Random, commits};
use crate::support::oracle::{Door, Oracle, Outcome};
use crate::support::show::show;
use campaign::{Sizes, campaign, permutation_count, report};
use engine::{Told, dump, equal, fed, feed, numbers, on_disk};
use subject::Subject;

const SMALL: Sizes = Sizes { least: 4, most: 40, one_in: 1 };
const LARGE: Sizes = Sizes { least: 150, most: 450, one_in: 20 };
/// Laws that touch the disk or build many graphs a stream.
const RARE: Sizes = Sizes { least: 4, most: 50, one_in: 4 };

type Check = Result<(), String>;

/// A fact at the generator's last moment, so that nothing of a stream is later.
fn last(op: Op) -> Fact {
    Fact { at: NOW, batch: None, op }
}

fn told_oracle(facts: &[Fact]) -> Outcome {
    let mut oracle = Oracle::new();
    oracle.commit(facts);
    oracle.resolve()
}

/// The same commits to both; after each the doors and the answers agree.
fn agrees_at_every_commit(facts: &[Fact], random: &mut Random) -> Check {
    let graph = engine::new_graph()?;
    let mut oracle = Oracle::new();
    for (number, commit) in commits(facts, random).iter().enumerate() {
        let told = feed(&graph, commit)?;
        for ((fact, told), door) in commit.iter().zip(told).zip(oracle.commit(commit)) {
            if matches!(told, Told::Refused(_)) != matches!(door, Door::Refused(_)) {
                return Err(format!(
                    "commit {number}, at the door of {}: {told:?}, oracle {door:?}",
                    show(fact)
                ));
            }
        }
        equal(
            &format!("after commit {number}"),
            "engine",
            &dump(&graph.view()),
            "oracle",
            &oracle.resolve(),
        )?;
    }
    let findings = graph.check().map_err(|error| format!("check: {error}"))?;
    if findings.is_empty() { Ok(()) } else { Err(format!("check finds {findings:?}")) }
}

#[test]
fn the_engine_agrees_with_the_oracle_after_every_commit() {
    for flavour in Flavour::ALL {
        report(campaign("engine = oracle", flavour, SMALL, agrees_at_every_commit));
    }
}

#[test]
fn the_engine_agrees_with_the_oracle_at_the_end_of_long_streams() {
    for flavour in Flavour::ALL {
        report(campaign("engine = oracle", flavour, LARGE, |facts, random| {
            let graph = engine::new_graph()?;
            for commit in commits(facts, random) {
                feed(&graph, &commit)?;
            }
            equal("at the end", "engine", &dump(&graph.view()), "oracle", &told_oracle(facts))
        }));
    }
}

#[test]
fn every_order_of_the_facts_gives_the_same_graph() {
    report(campaign("every order", Flavour::Commuting, SMALL, |facts, random| {
        let expected = dump(&fed(facts)?.view());
        for _ in 0..permutation_count() {
            let mut shuffled = facts.to_vec();
            random.shuffle(&mut shuffled);
            let graph = engine::new_graph()?;
            for commit in commits(&shuffled, random) {
                feed(&graph, &commit)?;
            }
            let order = shuffled.iter().map(|fact| show(fact) + "\n").collect::<String>();
            equal(
                &format!("in the order\n{order}"),
                "shuffled",
                &dump(&graph.view()),
                "in order",
                &expected,
            )?;
        }
        Ok(())
    }));
}

#[test]
fn every_split_into_commits_gives_the_same_graph_and_the_same_numbers() {
    for flavour in Flavour::ALL {
        report(campaign("every split", flavour, SMALL, |facts, random| {
            let at_once = fed(facts)?;
            let (one_by_one, split) = (engine::new_graph()?, engine::new_graph()?);
            for fact in facts {
                feed(&one_by_one, std::slice::from_ref(fact))?;
            }
            for commit in commits(facts, random) {
                feed(&split, &commit)?;
            }
            for (name, graph) in [("one by one", &one_by_one), ("split", &split)] {
                equal(
                    "incremental = from scratch",
                    name,
                    &dump(&graph.view()),
                    "at once",
                    &dump(&at_once.view()),
                )?;
                if numbers(&graph.view()) != numbers(&at_once.view()) {
                    return Err(format!("other numbers {name} than at once"));
                }
            }
            Ok(())
        }));
    }
}

/// Erasures do not travel as facts (a tombstone is an HMAC under the secret of its database), so these
/// streams have none.
#[test]
fn two_graphs_are_merged_by_merging_their_facts() {
    report(campaign("merge", Flavour::Kept, RARE, |facts, random| {
        let (mut left, mut right) = (Vec::new(), Vec::new());
        for fact in facts {
            // One side, the other, or both.
            let side = random.below(5);
            if side != 0 && side != 1 {
                left.push(fact.clone());
            }
            if side != 2 && side != 3 {
                right.push(fact.clone());
            }
        }
        let (left, right, all) = (fed(&left)?, fed(&right)?, fed(facts)?);
        for (one, other) in [(&left, &right), (&right, &left)] {
            let merged = engine::new_graph()?;
            feed(&merged, &one.view().facts().map(|f| f.expect("no damage")).collect::<Vec<Fact>>())?;
            feed(&merged, &other.view().facts().map(|f| f.expect("no damage")).collect::<Vec<Fact>>())?;
            equal("merged", "merged", &dump(&merged.view()), "never apart", &dump(&all.view()))?;
        }
        Ok(())
    }));
}

#[test]
fn the_facts_of_a_graph_told_to_another_give_an_equal_one() {
    for flavour in [Flavour::Commuting, Flavour::EntityErasure] {
        report(campaign("re-import", flavour, RARE, |facts, _| {
            let graph = fed(facts)?;
            let again = fed(&graph.view().facts().map(|f| f.expect("no damage")).collect::<Vec<Fact>>())?;
            equal("re-imported", "again", &dump(&again.view()), "first", &dump(&graph.view()))?;
            let shown = |graph: &Subject| {
                graph.view().facts().map(|fact| show(&fact.expect("no damage"))).collect::<BTreeSet<_>>()
            };
            if shown(&graph) != shown(&again) {
                return Err("the facts differ when told again".to_owned());
            }
            Ok(())
        }));
    }
}

#[test]
fn a_graph_reopened_at_any_point_answers_as_before_and_goes_on() {
    for flavour in Flavour::ALL {
        report(campaign("reopen", flavour, RARE, |facts, random| {
            let place = tempfile::tempdir().map_err(|error| error.to_string())?;
            let mut graph = on_disk(place.path())?;
            for commit in commits(facts, random) {
                feed(&graph, &commit)?;
                if random.one_in(3) {
                    let before = (dump(&graph.view()), numbers(&graph.view()));
                    drop(graph);
                    graph = on_disk(place.path())?;
                    equal("reopened", "after", &dump(&graph.view()), "before", &before.0)?;
                    if numbers(&graph.view()) != before.1 {
                        return Err("other numbers after reopening".to_owned());
                    }
                }
            }
            equal("at the end", "engine", &dump(&graph.view()), "oracle", &told_oracle(facts))
        }));
    }
}

/// Whether a retraction of the batch takes the fact.
fn is_taken_with(batch: &str, fact: &Fact) -> bool {
    let has_selector_reach = matches!(
        fact.op,
        Op::Link { .. }
            | Op::Supersede { .. }
            | Op::Ban { .. }
            | Op::Unban { .. }
            | Op::Block { .. }
            | Op::Unblock { .. }
            | Op::Relate { .. }
            | Op::Unrelate { .. }
            | Op::Absent { .. }
    );
    has_selector_reach && fact.batch.as_deref() == Some(batch)
}

/// Without the entities of one id that `other` does not know.
fn less_singletons(outcome: &Outcome, other: &Outcome) -> Outcome {
    let known: BTreeSet<&String> = other.entities.iter().flat_map(|entity| &entity.ids).collect();
    let stays = |ids: &BTreeSet<String>| ids.len() > 1 || ids.iter().any(|id| known.contains(id));
    let mut less = outcome.clone();
    less.entities.retain(|entity| stays(&entity.ids));
    less.persons.retain(|person| person.len() > 1 || person.iter().any(stays));
    less
}

#[test]
fn retracting_a_batch_is_a_graph_that_never_saw_it_but_for_lone_ids() {
    report(campaign("retract a batch", Flavour::Commuting, SMALL, |facts, _| {
        for batch in ["b1", "b2"] {
            let others: Vec<Fact> =
                facts.iter().filter(|fact| !is_taken_with(batch, fact)).cloned().collect();
            let never = dump(&fed(&others)?.view());
            let graph = fed(facts)?;
            // At the last moment, so that no lifting of the stream reaches it.
            feed(&graph, &[last(Op::Retract(Selector::Batch(batch.to_owned())))])?;
            let retracted = less_singletons(&dump(&graph.view()), &never);
            equal(&format!("without {batch}"), "retracted", &retracted, "never seen", &never)?;
        }
        Ok(())
    }));
}

/// The ids of a stream's facts, a few of them.
fn some_ids(facts: &[Fact], random: &mut Random) -> Vec<Id> {
    let ids: BTreeSet<Id> = facts.iter().flat_map(|fact| fact.op.ids()).cloned().collect();
    let mut ids: Vec<Id> = ids.into_iter().collect();
    random.shuffle(&mut ids);
    ids.truncate(3);
    ids
}

#[test]
fn an_erased_id_is_a_graph_that_never_saw_the_facts_naming_it() {
    report(campaign("erase", Flavour::Commuting, SMALL, |facts, random| {
        for id in some_ids(facts, random) {
            let others: Vec<Fact> =
                facts.iter().filter(|fact| !fact.op.ids().contains(&&id)).cloned().collect();
            let never = dump(&fed(&others)?.view());
            let op =
                Op::Erase { id: id.clone(), reach: Reach::Id, reason: "asked".to_owned(), sticky: false };
            let graph = fed(facts)?;
            feed(&graph, &[last(op.clone())])?;
            equal(&format!("without {id}"), "erased", &dump(&graph.view()), "never seen", &never)?;
            let refusing = engine::new_graph()?;
            feed(&refusing, &[last(op)])?;
            feed(&refusing, facts)?;
            equal(&format!("refusing {id}"), "erased first", &dump(&refusing.view()), "never seen", &never)?;
        }
        Ok(())
    }));
}

#[test]
fn ids_erased_among_the_commits_stay_away_when_everything_is_told_again() {
    report(campaign("erase and replay", Flavour::Commuting, SMALL, |facts, random| {
        let erased = some_ids(facts, random);
        let names = |fact: &Fact| fact.op.ids().iter().any(|id| erased.contains(id));
        let others: Vec<Fact> = facts.iter().filter(|fact| !names(fact)).cloned().collect();
        let never = dump(&fed(&others)?.view());
        let graph = engine::new_graph()?;
        let commits = commits(facts, random);
        let turn = random.below(commits.len() + 1);
        let erasures: Vec<Fact> = erased
            .iter()
            .map(|id| Op::Erase {
                id: id.clone(),
                reach: Reach::Id,
                reason: "asked".to_owned(),
                sticky: false,
            })
            .map(last)
            .collect();
        for (number, commit) in commits.iter().enumerate() {
            if number == turn {
                feed(&graph, &erasures)?;
            }
            feed(&graph, commit)?;
        }
        if turn == commits.len() {
            feed(&graph, &erasures)?;
        }
        equal("erased among the commits", "erased", &dump(&graph.view()), "never seen", &never)?;
        for commit in &commits {
            for (fact, told) in commit.iter().zip(feed(&graph, commit)?) {
                let is_erasure = matches!(fact.op, Op::Erase { .. });
                if names(fact) && !is_erasure && !matches!(told, Told::Refused(_)) {
                    return Err(format!("let in again: {}", show(fact)));
                }
            }
        }
        equal("told again", "erased", &dump(&graph.view()), "never seen", &never)?;
        let acts = graph.view().audits().map_err(|error| error.to_string())?;
        if acts.iter().filter(|act| act.is_erasure()).count() < erased.len() {
            return Err("an erasure is not on record".to_owned());
        }
        let findings = graph.check().map_err(|error| format!("check: {error}"))?;
        if findings.is_empty() { Ok(()) } else { Err(format!("check finds {findings:?}")) }
    }));
}

#[test]
fn what_was_told_before_is_already_known_and_changes_nothing() {
    for flavour in [Flavour::Commuting, Flavour::Kept] {
        report(campaign("told twice", flavour, SMALL, |facts, _| {
            let graph = fed(facts)?;
            let before = (dump(&graph.view()), numbers(&graph.view()));
            for (fact, told) in facts.iter().zip(feed(&graph, facts)?) {
                let is_erasure = matches!(fact.op, Op::Erase { .. });
                if told == Told::New && !is_erasure {
                    return Err(format!("told twice and new again: {}", show(fact)));
                }
            }
            equal("told twice", "after", &dump(&graph.view()), "before", &before.0)?;
            if numbers(&graph.view()) != before.1 { Err("other numbers".to_owned()) } else { Ok(()) }
        }));
    }
}

/// A retraction of each form that takes something of the stream.
fn retractions(facts: &[Fact]) -> Vec<Selector> {
    let mut selectors = vec![Selector::Batch("b1".to_owned()), Selector::Batch("b2".to_owned())];
    for fact in facts {
        let Op::Link { a, b, source, event, .. } = &fact.op else { continue };
        let (a, b, own) = (a.clone(), b.clone(), source.clone());
        selectors.push(Selector::Pair { a: b.clone(), b: a.clone(), source: Some(own.clone()) });
        selectors.push(Selector::Source { source: own, scope: a.kind_scope().ok(), from: None, to: fact.at });
        selectors.push(Selector::Pair { a, b, source: None });
        if let Some(event) = event {
            selectors.push(Selector::Event { source: source.clone(), event: event.clone() });
        }
    }
    selectors
}

#[test]
fn lifting_a_retraction_restores_exactly_what_was() {
    report(campaign("unretract", Flavour::Commuting, RARE, |facts, random| {
        let is_retraction = |fact: &&Fact| !matches!(fact.op, Op::Retract(_) | Op::Unretract(_));
        let facts: Vec<Fact> = facts.iter().filter(is_retraction).cloned().collect();
        let mut selectors = retractions(&facts);
        random.shuffle(&mut selectors);
        selectors.truncate(4);
        let graph = fed(&facts)?;
        let before = (dump(&graph.view()), numbers(&graph.view()));
        for selector in &selectors {
            feed(&graph, &[last(Op::Retract(selector.clone()))])?;
        }
        random.shuffle(&mut selectors);
        for selector in selectors {
            feed(&graph, &[last(Op::Unretract(selector))])?;
        }
        equal("lifted", "after", &dump(&graph.view()), "before", &before.0)?;
        if numbers(&graph.view()) != before.1 { Err("other numbers".to_owned()) } else { Ok(()) }
    }));
}

/// Ids are numbered when a fact first brings them, in the order the fact names them; so entities come in the
/// order of their oldest id.
#[test]
fn the_number_of_an_entity_is_that_of_its_oldest_id_and_of_a_person_its_oldest_entity() {
    report(campaign("numbers", Flavour::Kept, SMALL, |facts, random| {
        let graph = engine::new_graph()?;
        for commit in commits(facts, random) {
            feed(&graph, &commit)?;
        }
        let mut age_of: BTreeMap<String, usize> = BTreeMap::new();
        for id in facts.iter().filter(|fact| fact.op.brings_ids()).flat_map(|fact| fact.op.ids()) {
            let age = age_of.len();
            age_of.entry(id.to_string()).or_insert(age);
        }
        let numbers = numbers(&graph.view());
        let oldest = |ids: &BTreeSet<String>| ids.iter().filter_map(|id| age_of.get(id)).min().copied();
        let ages: Vec<Option<usize>> = numbers.values().map(|(_, ids)| oldest(ids)).collect();
        if !ages.is_sorted() {
            return Err(format!("entities by number have oldest ids of ages {ages:?}"));
        }
        for (person, _) in numbers.values() {
            let least = numbers.iter().find(|(_, (of, _))| of == person).map(|(entity, _)| entity);
            if least != Some(person) {
                return Err(format!("person {person} is not the number of its oldest entity {least:?}"));
            }
        }
        Ok(())
    }));
}

#[test]
fn a_person_is_the_entities_that_bear_its_number() {
    for flavour in Flavour::ALL {
        report(campaign("persons", flavour, SMALL, |facts, random| {
            let graph = engine::new_graph()?;
            for commit in commits(facts, random) {
                feed(&graph, &commit)?;
            }
            let view = graph.view();
            let mut bearing: BTreeMap<u64, BTreeSet<u64>> = BTreeMap::new();
            for (entity, (person, _)) in numbers(&view) {
                bearing.entry(person).or_default().insert(entity);
            }
            for id in facts.iter().flat_map(|fact| fact.op.ids()) {
                let Some(person) = view.person(id).map_err(|error| error.to_string())? else { continue };
                let number = person.person.0;
                let found: BTreeSet<u64> = person.entities.iter().map(|entity| entity.entity.0).collect();
                // An entity of restricted ids alone is not answered.
                let answered = |entity: &u64| match view.entity(EntityId(*entity)) {
                    Ok(reached) => matches!(reached, Reached::Entity(_)),
                    Err(_) => false,
                };
                let all = bearing.remove(&number).unwrap_or_default();
                let all: BTreeSet<u64> = all.into_iter().filter(answered).collect();
                if found != all {
                    return Err(format!("person {number} is {found:?}, and {all:?} bear its number"));
                }
                bearing.insert(number, all);
            }
            Ok(())
        }));
    }
}

#[test]
fn the_answers_of_two_views_of_one_commit_are_equal() {
    report(campaign("views", Flavour::Commuting, RARE, |facts, _| {
        let graph = fed(facts)?;
        let (one, other) = (graph.view(), graph.view());
        feed(&graph, &[last(Op::Mark { key: "cursor".to_owned(), value: "end".to_owned() })])?;
        equal("two views", "one", &dump(&one), "other", &dump(&other))?;
        if one.facts().count() != other.facts().count() { Err("other facts".to_owned()) } else { Ok(()) }
    }));
}

#[test]
fn a_snapshot_answers_as_the_graph_did_in_every_way_of_reading() {
    for flavour in Flavour::ALL {
        report(campaign("snapshot", flavour, RARE, |facts, random| {
            let graph = engine::new_graph()?;
            for commit in commits(facts, random) {
                feed(&graph, &commit)?;
            }
            let place = tempfile::tempdir().map_err(|error| error.to_string())?;
            let shaken = graph.vfs().exists(std::path::Path::new("/db")).unwrap_or(false);
            let path = if shaken { "/snapshot".into() } else { place.path().join("snapshot") };
            graph.snapshot(&path).map_err(|error| format!("snapshot: {error}"))?;
            let (view, told) = (graph.view(), told_oracle(facts));
            for mode in [ReadMode::Mapped, ReadMode::Pread, ReadMode::InMemory] {
                let snapshot =
                    Snapshot::open_on(&*graph.vfs(), &path, mode).map_err(|error| error.to_string())?;
                snapshot.verify(VerifyLevel::Full).map_err(|error| format!("verify: {error}"))?;
                equal("snapshot", "snapshot", &dump(&snapshot), "oracle", &told)?;
                if numbers(&snapshot) != numbers(&view) {
                    return Err("other numbers in the snapshot".to_owned());
                }
                let shown = |read: &dyn Fn() -> Vec<Fact>| read().iter().map(show).collect::<BTreeSet<_>>();
                let of_snapshot = shown(&|| snapshot.facts().map(|f| f.expect("no damage")).collect());
                let of_view = shown(&|| view.facts().map(|f| f.expect("no damage")).collect());
                if of_snapshot != of_view {
                    return Err("other facts in the snapshot".to_owned());
                }
            }
            Ok(())
        }));
    }
}
