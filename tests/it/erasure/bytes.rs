//! Byte searches: after an erasure and a checkpoint no file of the database holds an erased id, in no form, and telling
//! the old facts again brings none back.
//!
//! `IDWEAVE_CANARIES` says how many ids are erased (10,000 in the campaign).

use idweave::{Error, Fact, Graph, Outcome, Read, ReadMode, Snapshot, VerifyLevel};

use crate::erasure::world::{World, fact, tell};
use crate::laws::engine::{dump, equal};
use crate::support::generate::NOW;
use crate::support::sim_disk::SimDisk;

fn canary_count() -> usize {
    std::env::var("IDWEAVE_CANARIES").ok().and_then(|text| text.parse().ok()).unwrap_or(200)
}

pub(super) fn create(disk: &SimDisk) -> Graph {
    Graph::options().vfs(disk.vfs()).auto_checkpoint(false).create("/db").unwrap()
}

fn never_saw(world: &World) -> Graph {
    let graph = Graph::options().in_memory().unwrap();
    tell(&graph, &world.kept_facts());
    graph
}

fn erase_all(graph: &Graph, erasures: &[Fact]) {
    for commit in erasures.chunks(97) {
        graph.write(NOW, |tx| commit.iter().try_for_each(|fact| tx.apply(fact).map(drop))).unwrap();
    }
}

#[test]
fn after_erasures_and_a_checkpoint_no_file_holds_an_erased_id_and_the_old_facts_bring_none_back() {
    erase_and_search(&World::new(canary_count()), false);
}

#[test]
fn the_same_where_the_oldest_segment_holds_erased_ids() {
    erase_and_search(&World::deep(canary_count() / 2), true);
}

fn erase_and_search(world: &World, is_deep: bool) {
    let disk = SimDisk::new();
    let graph = create(&disk);
    world.tell_all(&graph);
    let segments = graph.verify(VerifyLevel::Fast).unwrap().segments;
    assert!(segments >= if is_deep { 2 } else { 3 }, "{segments} segments");
    let held = world.found_on(&disk.live_image(), "/db");
    assert!(held.len() > 8, "the canaries are there before: {held:?}");
    graph.snapshot("/before").unwrap();
    graph.apply(NOW, &fact(r#"{"op":"mark","key":"k","value":"v","at":1735689600000}"#)).unwrap();

    erase_all(&graph, &world.erasures);
    let done = graph.checkpoint().unwrap();
    assert!(done.merged_bytes > 0);
    assert!(done.segments == 1 || !is_deep, "the merge went as deep as it had to");
    let nowhere: Vec<String> = Vec::new();
    assert_eq!(world.found_on(&disk.live_image(), "/db"), nowhere);
    assert!(!world.found_on(&disk.live_image(), "/before").is_empty(), "published before");
    graph.snapshot("/after").unwrap();
    assert_eq!(world.found_on(&disk.live_image(), "/after"), nowhere);

    let expected = dump(&never_saw(world).view());
    equal("erased", "erased", &dump(&graph.view()), "never seen", &expected).unwrap();
    assert_eq!(graph.check().unwrap(), []);
    graph.verify(VerifyLevel::Full).unwrap();

    // The old facts again: those that name a canary are refused, the others known.
    let mut refused = 0;
    for commit in world.facts().cloned().collect::<Vec<_>>().chunks(500) {
        graph
            .write(NOW, |tx| {
                for fact in commit {
                    match tx.apply(fact) {
                        Err(Error::Erased) => refused += 1,
                        told => drop(told?),
                    }
                }
                Ok(())
            })
            .unwrap();
    }
    assert_eq!(refused, world.facts().count() - world.kept_facts().len());
    equal("told again", "erased", &dump(&graph.view()), "never seen", &expected).unwrap();
    graph.checkpoint().unwrap();
    graph.close().unwrap();
    assert_eq!(world.found_on(&disk.live_image(), "/db"), nowhere);
    let graph = Graph::options().vfs(disk.vfs()).open("/db").unwrap();
    equal("opened again", "erased", &dump(&graph.view()), "never seen", &expected).unwrap();
    let after = Snapshot::open_on(&*disk.vfs(), "/after".as_ref(), ReadMode::default()).unwrap();
    equal("snapshot", "erased", &dump(&after), "never seen", &expected).unwrap();
    println!(
        "{} canaries in {} facts erased from {segments} segments and a delta: none found; {refused} facts refused",
        world.canaries.len(),
        world.facts().count(),
    );
}

/// A few at a time, so that segments hold erased ids of several turns and merges that are due anyway run beside.
#[test]
fn each_checkpoint_lets_go_of_what_was_erased_before_it_and_of_nothing_else() {
    let world = World::new(60);
    let disk = SimDisk::new();
    let mut graph = create(&disk);
    world.tell_all(&graph);
    for (turn, erasures) in world.erasures.chunks(7).enumerate() {
        erase_all(&graph, erasures);
        tell(
            &graph,
            &[fact(&format!(
                r#"{{"op":"link","a":"openid:app:keepNew{turn}","b":"unionid:open:keepNew{turn}","source":"mp.user_info","at":1735689600000}}"#
            ))],
        );
        if turn % 3 == 1 {
            graph.close().unwrap();
            graph = Graph::options().vfs(disk.vfs()).auto_checkpoint(false).open("/db").unwrap();
        }
        graph.checkpoint().unwrap();
        for fact in erasures {
            let [id] = fact.op.ids()[..] else { panic!("an erasure names one id") };
            let packed_or_not = [id.value().as_bytes(), id.spelling().as_bytes()];
            let image = disk.live_image();
            let holds = |bytes: &[u8]| packed_or_not.iter().any(|v| bytes.windows(v.len()).any(|w| w == *v));
            // A canary's successor has its value as the beginning of its own.
            let is_prefix =
                world.canaries.iter().any(|other| other != id && other.value().starts_with(id.value()));
            let held: Vec<_> = image.files().filter(|(_, bytes)| !is_prefix && holds(bytes)).collect();
            assert!(held.is_empty(), "turn {turn}: {} files", held.len());
        }
    }
    assert_eq!(world.found_on(&disk.live_image(), "/db"), Vec::<String>::new());
    assert_eq!(graph.check().unwrap(), []);
    assert!(graph.view().stats().unwrap().ids > 2_000, "the keepers are there");
}

#[test]
fn a_bulk_load_leaves_nothing_of_what_was_erased_in_it() {
    let world = World::new(60);
    let disk = SimDisk::new();
    let options = Graph::options().vfs(disk.vfs()).auto_checkpoint(false).delta_bytes(200_000);
    let mut recorded = 0;
    let (graph, ()) = options
        .bulk_load("/db", NOW, |load| {
            world.facts().try_for_each(|fact| load.apply(fact).map(drop))?;
            world.erasures.iter().try_for_each(|fact| {
                recorded += usize::from(load.apply(fact)? == Outcome::Recorded);
                Ok(())
            })
        })
        .unwrap();
    assert_eq!(world.found_on(&disk.live_image(), "/db"), Vec::<String>::new());
    equal("loaded", "erased", &dump(&graph.view()), "never seen", &dump(&never_saw(&world).view())).unwrap();
    let audits = graph.view().audits().unwrap();
    let erasures = audits.iter().filter(|audit| audit.is_erasure()).count();
    assert_eq!([erasures, audits.len() - erasures], [recorded, world.restrictions()]);
}

#[test]
fn an_id_that_lives_on_keeps_its_newer_facts_and_loses_the_bytes_of_its_older_ones() {
    let disk = SimDisk::new();
    let graph = create(&disk);
    let id = "unionid:open:staysAlive1";
    let told = |at: i64, word: &str| {
        [
            format!(r#"{{"op":"link","a":"{id}","b":"openid:app:peer1xyz","source":"mp.user_info","at":{at},"event":"{word}"}}"#),
            format!(r#"{{"op":"block","id":"{id}","reason":"{word}","actor":"a","at":{at}}}"#),
            format!(r#"{{"op":"restrict","id":"{id}","reason":"{word}","at":{at}}}"#),
        ]
        .map(|line| fact(&line))
    };
    tell(&graph, &told(1_735_689_600_000, "ancientWord"));
    graph.checkpoint().unwrap();
    tell(&graph, &told(1_735_689_700_000, "recentWord"));
    graph.checkpoint().unwrap();
    let holds = |word: &[u8]| {
        let image = disk.live_image();
        image.files().any(|(_, bytes)| bytes.windows(word.len()).any(|window| window == word))
    };
    assert!(holds(b"ancientWord") && holds(b"recentWord"));
    graph
        .apply(
            NOW,
            &fact(&format!(r#"{{"op":"erase","id":"{id}","reach":"id","reason":"r","at":1735689650000}}"#)),
        )
        .unwrap();
    graph.checkpoint().unwrap();
    assert!(!holds(b"ancientWord"));
    assert!(holds(b"recentWord"));
    assert_eq!(graph.check().unwrap(), []);
}

/// Ids that have no number leave nothing but rows: one in the oldest segment, one that no segment has seen.
#[test]
fn an_id_that_only_answers_and_retractions_name_is_gone_wherever_it_was() {
    let disk = SimDisk::new();
    let graph = create(&disk);
    let told = |id: &str| {
        [
            format!(r#"{{"op":"absent","id":"{id}","target":"unionid:open","source":"mp.user_info","at":1735689600000,"batch":"b"}}"#),
            format!(r#"{{"op":"retract","a":"{id}","b":"unionid:open:keep0xyz","at":1735689600000}}"#),
            format!(r#"{{"op":"unblock","id":"{id}","actor":"a","at":1735689600000,"batch":"b"}}"#),
        ]
        .map(|line| fact(&line))
    };
    let keepers = |turn: usize| -> Vec<Fact> {
        let link = |number: usize| {
            format!(
                r#"{{"op":"link","a":"openid:app:keep{turn}xyz{number}","b":"unionid:open:keep{turn}xyz{number}","source":"mp.user_info","at":1735689600000}}"#
            )
        };
        (0..200 >> (2 * turn)).map(|number| fact(&link(number))).collect()
    };
    let ids = ["openid:app:memoryOld1", "openid:app:memoryNew1"];
    tell(&graph, &[&told(ids[0])[..], &keepers(0)].concat());
    graph.checkpoint().unwrap();
    tell(&graph, &keepers(1));
    graph.checkpoint().unwrap();
    let holds = |word: &str| {
        let image = disk.live_image();
        image.files().any(|(_, bytes)| bytes.windows(word.len()).any(|window| window == word.as_bytes()))
    };
    assert!(holds("memoryOld1") && graph.verify(VerifyLevel::Fast).unwrap().segments == 2);
    tell(&graph, &told(ids[1]));
    let erase = |id: &str| {
        fact(&format!(r#"{{"op":"erase","id":"{id}","reach":"id","reason":"r","at":1735689650000}}"#))
    };
    tell(&graph, &[erase(ids[1])]);
    graph.checkpoint().unwrap();
    assert!(!holds("memoryNew1"));
    tell(&graph, &[erase(ids[0])]);
    graph.checkpoint().unwrap();
    assert!(!holds("memoryOld1"));
    assert_eq!(graph.check().unwrap(), []);
}

#[test]
fn nothing_is_left_of_erased_ids_that_undone_commits_told_of() {
    let world = World::new(canary_count() / 4);
    let disk = SimDisk::new();
    let graph = create(&disk);
    world.tell_all(&graph);
    let told = graph.view().seq();
    for seq in (1..=told).filter(|seq| seq % 2 == 1) {
        // Some hold an erasure.
        match graph.undo(NOW, seq) {
            Ok(undone) => assert!(undone.value),
            Err(error) => assert!(matches!(error, Error::NotUndone { .. }), "{error}"),
        }
    }
    assert!(graph.view().seq() > told);
    let last = graph.view().seq();
    // An erasure takes what was stored under an alias as long as the alias means something.
    tell(&graph, &world.facts().filter(|fact| fact.op.name() == "corp").cloned().collect::<Vec<_>>());
    graph.checkpoint().unwrap();
    assert!(!world.found_on(&disk.live_image(), "/db").is_empty(), "an undo erases nothing");
    erase_all(&graph, &world.erasures);
    graph.checkpoint().unwrap();
    let nowhere: Vec<String> = Vec::new();
    assert_eq!(world.found_on(&disk.live_image(), "/db"), nowhere);
    assert_eq!(graph.check().unwrap(), []);
    // What is left of an undone commit counts again; what was erased does not come back.
    let undos: Vec<u64> = (told + 1..).take_while(|seq| *seq <= last).collect();
    for seq in undos {
        assert!(graph.undo(NOW, seq).unwrap().value);
    }
    graph.checkpoint().unwrap();
    assert_eq!(world.found_on(&disk.live_image(), "/db"), nowhere);
    let expected = dump(&never_saw(&world).view());
    equal("erased", "counting again", &dump(&graph.view()), "never seen", &expected).unwrap();
}
