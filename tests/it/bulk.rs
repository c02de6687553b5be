//! Bulk loads: the same database as one commit makes, whatever fails on the way.

use std::path::Path;

use idweave::{Error, Fact, Graph, Options, Outcome, Result, Tx, VerifyLevel};

use crate::segments::answers::{Questions, text};
use crate::segments::history::{DIR, HUB, hub, leftovers};
use crate::support::generate::{Flavour, NOW, stream};
use crate::support::sim_disk::{Fault, Mode, SimDisk};

/// So little memory that every fact is spilled.
const SPILL_ALWAYS: u64 = 1;

fn facts(seed: u64, count: usize) -> Vec<Fact> {
    let flavour = Flavour::ALL[seed as usize % Flavour::ALL.len()];
    stream(seed, flavour, count).into_iter().chain(hub().into_iter().flatten()).collect()
}

fn questions(facts: &[Fact]) -> Questions {
    let mut questions = Questions::about(facts);
    questions.add(HUB.parse().unwrap(), idweave::model::RelationKind::Follows);
    questions
}

/// What one commit of the facts answers, and what became of each fact.
fn told_at_once(facts: &[Fact], questions: &Questions) -> (String, Vec<Option<Outcome>>) {
    let graph = Graph::options().in_memory().unwrap();
    let told = graph.write(NOW, |tx| Ok(facts.iter().map(|fact| tx.apply(fact).ok()).collect())).unwrap();
    (text(questions.all(&graph.view())), told.value)
}

fn options(disk: &SimDisk, delta_bytes: u64) -> Options {
    Graph::options().vfs(disk.vfs()).auto_checkpoint(false).delta_bytes(delta_bytes)
}

fn load(disk: &SimDisk, delta_bytes: u64, facts: &[Fact]) -> Result<(Graph, Vec<Option<Outcome>>)> {
    options(disk, delta_bytes)
        .bulk_load(Path::new(DIR), NOW, |load| Ok(facts.iter().map(|fact| load.apply(fact).ok()).collect()))
}

#[test]
fn a_bulk_load_is_one_commit_of_the_same_facts_numbers_included() {
    for seed in 0..24 {
        let facts = facts(seed, 200);
        let questions = questions(&facts);
        let (right, outcomes) = told_at_once(&facts, &questions);
        for delta_bytes in [SPILL_ALWAYS, 60_000, 1 << 30] {
            let disk = SimDisk::new();
            let (graph, told) = load(&disk, delta_bytes, &facts).unwrap();
            assert_eq!(told, outcomes, "seed {seed}");
            assert_eq!(text(questions.all(&graph.view())), right, "seed {seed}, {delta_bytes} bytes");
            assert_eq!(graph.check().unwrap(), [], "seed {seed}");
            assert_eq!(graph.verify(VerifyLevel::Full).unwrap().segments, 1, "seed {seed}");
            assert_eq!(leftovers(&disk), Vec::<String>::new(), "seed {seed}");
            graph.close().unwrap();
            let graph = options(&disk, 1 << 30).open(DIR).unwrap();
            assert_eq!(text(questions.all(&graph.view())), right, "seed {seed}, opened again");
        }
    }
}

fn told(tx: &mut Tx, facts: &[Fact]) -> Result<()> {
    facts.iter().for_each(|fact| drop(tx.apply(fact)));
    Ok(())
}

#[test]
fn life_goes_on_after_a_bulk_load() {
    let facts = facts(5, 200);
    let (loaded, later) = facts.split_at(120);
    let questions = questions(&facts);
    let once = Graph::options().in_memory().unwrap();
    let disk = SimDisk::new();
    let (graph, _) = load(&disk, SPILL_ALWAYS, loaded).unwrap();
    for half in [loaded, later] {
        once.write(NOW, |tx| told(tx, half)).unwrap();
    }
    graph.write(NOW, |tx| told(tx, later)).unwrap();
    assert_eq!(text(questions.all(&graph.view())), text(questions.all(&once.view())));
    graph.checkpoint().unwrap();
    graph.close().unwrap();
    let graph = options(&disk, 1 << 30).open(DIR).unwrap();
    assert_eq!(text(questions.all(&graph.view())), text(questions.all(&once.view())));
}

#[test]
fn a_load_of_nothing_is_an_empty_database() {
    let disk = SimDisk::new();
    let (graph, ()) = options(&disk, 1 << 20).bulk_load(DIR, NOW, |_| Ok(())).unwrap();
    assert_eq!(graph.view().seq(), 0);
    graph.close().unwrap();
    assert_eq!(options(&disk, 1 << 20).open(DIR).unwrap().view().seq(), 0);
}

#[test]
fn a_load_goes_to_a_new_database_only() {
    let disk = SimDisk::new();
    let facts = facts(1, 40);
    let (graph, _) = load(&disk, SPILL_ALWAYS, &facts).unwrap();
    assert!(matches!(load(&disk, SPILL_ALWAYS, &facts), Err(Error::AlreadyExists { .. })));
    graph.close().unwrap();
    assert!(matches!(load(&disk, SPILL_ALWAYS, &facts), Err(Error::AlreadyExists { .. })));
}

#[test]
fn a_load_that_its_caller_gives_up_leaves_no_database() {
    let disk = SimDisk::new();
    let facts = facts(2, 100);
    let given_up = options(&disk, SPILL_ALWAYS).bulk_load(DIR, NOW, |load| {
        facts.iter().for_each(|fact| drop(load.apply(fact)));
        Err::<(), _>(Error::Poisoned)
    });
    assert!(matches!(given_up, Err(Error::Poisoned)));
    assert!(matches!(options(&disk, 1).open(DIR), Err(Error::NotFound { .. })));
    let files = disk.live_image();
    let of_segments: Vec<_> = files.files().filter(|(path, _)| path.starts_with("/db/segments")).collect();
    assert!(of_segments.is_empty(), "{of_segments:?}");
    load(&disk, SPILL_ALWAYS, &facts).unwrap();
}

#[test]
fn a_load_in_which_any_call_fails_is_an_error_and_is_simply_begun_again() {
    let facts = stream(3, Flavour::ALL[1], 16);
    let questions = questions(&facts);
    let (right, _) = told_at_once(&facts, &questions);
    let mut failed = 0;
    for index in 0.. {
        let disk = SimDisk::new();
        disk.inject(Some(Fault::Call { index, forever: index % 2 == 0 }));
        let loaded = load(&disk, SPILL_ALWAYS, &facts).map(|(graph, _)| graph);
        let is_met = disk.calls() > index;
        disk.inject(None);
        let graph = match loaded {
            Ok(graph) => graph,
            Err(Error::Io { .. } | Error::Broken | Error::Poisoned) => {
                failed += 1;
                match options(&disk, 1 << 20).open(DIR) {
                    // It failed after the database had its name.
                    Ok(graph) => graph,
                    Err(Error::NotFound { .. }) => load(&disk, SPILL_ALWAYS, &facts).unwrap().0,
                    Err(error) => panic!("call {index}: {error}"),
                }
            }
            Err(error) => panic!("call {index}: {error}"),
        };
        assert_eq!(text(questions.all(&graph.view())), right, "call {index}");
        assert_eq!(leftovers(&disk), Vec::<String>::new(), "call {index}");
        if !is_met {
            break;
        }
    }
    assert!(failed > 100, "{failed}");
}

#[test]
fn a_crash_of_a_load_leaves_the_database_or_none_and_the_load_can_be_begun_again() {
    let facts = stream(4, Flavour::ALL[0], 12);
    let questions = questions(&facts);
    let (right, _) = told_at_once(&facts, &questions);
    let disk = SimDisk::new();
    let (graph, _) = load(&disk, SPILL_ALWAYS, &facts).unwrap();
    std::mem::forget(graph);
    let (mut none, mut whole) = (0_usize, 0_usize);
    for cut in 0..=disk.cuts() {
        let mode = Mode::ALL[cut % Mode::ALL.len()];
        for image in disk.crash_images(cut, mode, 1, cut as u64) {
            let disk = SimDisk::from_image(&image);
            let label = format!("cut {cut} {mode:?}");
            let graph = match options(&disk, 1 << 20).open(DIR) {
                Ok(graph) => {
                    whole += 1;
                    graph
                }
                Err(Error::NotFound { .. }) => {
                    none += 1;
                    if !none.is_multiple_of(4) {
                        continue;
                    }
                    load(&disk, 20_000, &facts).unwrap_or_else(|error| panic!("{label}: {error}")).0
                }
                Err(error) => panic!("{label}: {error}"),
            };
            if (none + whole).is_multiple_of(8) {
                assert_eq!(text(questions.all(&graph.view())), right, "{label}");
            } else {
                assert_eq!(graph.view().seq(), 1, "{label}");
            }
            assert_eq!(leftovers(&disk), Vec::<String>::new(), "{label}");
        }
    }
    assert!(none > 300 && whole >= 3, "{none} {whole}");
}
