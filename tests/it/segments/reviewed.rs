//! What went wrong once between writers, readers, loads and snapshots, kept as it was found.

use std::path::PathBuf;
use std::sync::Arc;

use idweave::model::Placeholders;
use idweave::{Durability, Error, Fact, Graph, Options, Read, Snapshot, Translation, VerifyLevel, ndjson};

use crate::support::generate::NOW;
use crate::support::sim_disk::{Fault, SimDisk};

const START_MS: i64 = 1_735_689_600_000;
/// What no file may hold after it was erased.
const CANARY: &[u8] = b"PERSONALNUMBER";

fn fact(line: &str) -> Fact {
    ndjson::parse(line, 1, &Placeholders::default()).unwrap()
}

fn link_to(number: usize, to: &str) -> Fact {
    fact(&format!(
        r#"{{"op":"link","a":"openid:app:o{number:07}x","b":"unionid:open:{to}{number:07}x","source":"mp.user_info","at":{START_MS}}}"#
    ))
}

fn write(graph: &Graph, numbers: std::ops::Range<usize>) -> Result<(), Error> {
    let told = graph.write_with(NOW, Durability::Buffered, |tx| {
        numbers.clone().try_for_each(|number| tx.apply(&link_to(number, "u")).map(drop))
    });
    told.map(drop)
}

fn answer(read: &impl Read, number: usize) -> Translation {
    let openid = format!("openid:app:o{number:07}x").parse().unwrap();
    read.translate(&openid, &"unionid:open".parse().unwrap(), NOW).unwrap()
}

fn right(number: usize, to: &str) -> Translation {
    Translation::Found(vec![format!("unionid:open:{to}{number:07}x").parse().unwrap()])
}

fn options(disk: &SimDisk) -> Options {
    Graph::options().vfs(disk.vfs()).auto_checkpoint(false)
}

#[test]
fn a_reader_sees_that_another_database_stands_in_the_place_of_the_one_it_read() {
    let place = tempfile::tempdir().unwrap();
    let dir = place.path().join("db");
    let build = |to: &'static str| {
        let built = Graph::bulk_load(&dir, NOW, |load| {
            (0..50).try_for_each(|number| load.apply(&link_to(number, to)).map(drop))
        });
        built.unwrap().0
    };
    build("monday").close().unwrap();
    let reader = Graph::options().open_read_only(&dir).unwrap();
    std::fs::rename(&dir, place.path().join("old")).unwrap();
    let graph = build("tuesday");
    reader.refresh().unwrap();
    assert_eq!(answer(&reader.view(), 3), right(3, "tuesday"));
    graph.apply(NOW, &link_to(99, "tuesday")).unwrap();
    reader.refresh().unwrap();
    assert_eq!(answer(&reader.view(), 3), right(3, "tuesday"));
    assert_eq!(answer(&reader.view(), 99), right(99, "tuesday"));
}

#[test]
fn a_refresh_that_failed_anywhere_is_made_up_for_by_the_next() {
    const COMMITS: usize = 60;
    for index in 0.. {
        let disk = SimDisk::new();
        let graph = options(&disk).create("/db").unwrap();
        write(&graph, 0..10).unwrap();
        graph.sync().unwrap();
        let reader = Graph::options().vfs(disk.vfs()).open_read_only("/db").unwrap();
        for commit in 0..COMMITS {
            write(&graph, 10 + commit * 20..30 + commit * 20).unwrap();
        }
        graph.sync().unwrap();
        disk.inject(Some(Fault::Call { index, forever: false }));
        let failed = reader.refresh().is_err();
        let is_met = disk.calls() > index;
        disk.inject(None);
        assert!(is_met || !failed);
        assert_eq!(reader.refresh().unwrap(), 1 + COMMITS as u64, "call {index}");
        let view = reader.view();
        let wrong = (0..10 + COMMITS * 20).filter(|number| answer(&view, *number) != right(*number, "u"));
        assert_eq!(wrong.count(), 0, "call {index}");
        if !is_met {
            assert!(index > 5, "a refresh takes more than {index} calls");
            return;
        }
    }
}

#[test]
fn a_merge_without_room_takes_no_write_and_no_backup() {
    let disk = SimDisk::new();
    let graph = options(&disk).delta_bytes(400_000).create("/db").unwrap();
    let segments = || -> Vec<usize> {
        let image = disk.live_image();
        let of_segments = image.files().filter(|(path, _)| path.extension().is_some_and(|end| end == "seg"));
        of_segments.map(|(_, bytes)| bytes.len()).collect()
    };
    for part in 0..2 {
        write(&graph, part * 600..part * 600 + 600).unwrap();
        graph.checkpoint().unwrap();
    }
    graph.sync().unwrap();
    let before = segments();
    // Room for the log and one more segment, not for three as one.
    disk.inject(Some(Fault::Space { bytes: before.iter().sum::<usize>() * 5 / 4 }));
    let mut next = 1_200;
    while segments() == before {
        write(&graph, next..next + 60).unwrap();
        next += 60;
    }
    assert_eq!(segments().len(), 3, "the three were not merged");
    write(&graph, next..next + 60).unwrap();
    disk.inject(None);
    graph.snapshot("/backup").unwrap();
}

#[test]
fn an_id_that_was_erased_stands_in_no_row_of_a_batch() {
    let disk = SimDisk::new();
    let graph = options(&disk).create("/db").unwrap();
    let ids = ["custom.card:shop:PERSONALNUMBER1", "custom.card:shop:PERSONALNUMBER2"];
    let toggles = [
        format!(
            r#"{{"op":"block","id":"{}","reason":"r","actor":"a","at":{START_MS},"batch":"b1"}}"#,
            ids[0]
        ),
        format!(
            r#"{{"op":"ban","a":"{}","b":"{}","reason":"r","actor":"a","at":{START_MS},"batch":"b1"}}"#,
            ids[0], ids[1]
        ),
    ];
    for line in &toggles {
        graph.apply(NOW, &fact(line)).unwrap();
    }
    graph.checkpoint().unwrap();
    for id in ids {
        let line =
            format!(r#"{{"op":"erase","id":"{id}","reach":"id","reason":"r","at":{}}}"#, START_MS + 10);
        graph.apply(NOW, &fact(&line)).unwrap();
    }
    for part in 0..6 {
        write(&graph, part * 10..part * 10 + 10).unwrap();
        graph.checkpoint().unwrap();
    }
    graph.snapshot("/backup").unwrap();
    graph.close().unwrap();
    let image = disk.live_image();
    let holds = |bytes: &[u8]| bytes.windows(CANARY.len()).any(|part| part == CANARY);
    let held: Vec<PathBuf> =
        image.files().filter(|(_, bytes)| holds(bytes)).map(|(path, _)| path.to_owned()).collect();
    assert_eq!(held, Vec::<PathBuf>::new());
}

#[test]
fn what_a_killed_load_left_is_gone_when_another_database_was_made_in_its_place() {
    let disk = SimDisk::new();
    let mut killed = None;
    let given_up = options(&disk).delta_bytes(100_000).bulk_load("/db", NOW, |load| {
        (0..2_000).try_for_each(|number| load.apply(&link_to(number, "u")).map(drop))?;
        killed = Some(disk.live_image());
        Err::<(), _>(Error::Poisoned)
    });
    assert!(given_up.is_err());
    let disk = SimDisk::from_image(&killed.unwrap());
    let spills = || {
        let image = disk.live_image();
        image.files().filter(|(path, _)| path.to_string_lossy().contains("spill")).count()
    };
    assert!(spills() > 0, "the load was killed with something on disk");
    options(&disk).create("/db").unwrap().close().unwrap();
    options(&disk).open("/db").unwrap().close().unwrap();
    assert_eq!(spills(), 0);
}

#[test]
fn a_load_whose_caller_panics_leaves_nothing() {
    let disk = SimDisk::new();
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        options(&disk).delta_bytes(100_000).bulk_load("/db", NOW, |load| -> Result<(), Error> {
            (0..2_000).try_for_each(|number| load.apply(&link_to(number, "u")).map(drop))?;
            panic!("a caller's bug");
        })
    }));
    assert!(panicked.is_err());
    let image = disk.live_image();
    assert_eq!(image.files().filter(|(path, _)| path.to_string_lossy().contains("spill")).count(), 0);
}

#[test]
fn snapshots_to_one_path_at_once_are_each_whole() {
    let place = tempfile::tempdir().unwrap();
    let graph = Graph::options().auto_checkpoint(false).create(place.path().join("db")).unwrap();
    write(&graph, 0..4_000).unwrap();
    let graph = Arc::new(graph);
    let path = place.path().join("today.snapshot");
    for round in 0..30 {
        let threads: Vec<_> = (0..2)
            .map(|_| {
                let (graph, path) = (graph.clone(), path.clone());
                std::thread::spawn(move || graph.snapshot(&path).map(drop))
            })
            .collect();
        write(&graph, 4_000 + round * 10..4_010 + round * 10).unwrap();
        threads.into_iter().for_each(|thread| thread.join().unwrap().unwrap());
        Snapshot::open(&path).unwrap().verify(VerifyLevel::Full).unwrap();
    }
    let left = std::fs::read_dir(place.path()).unwrap().count();
    assert_eq!(left, 2, "the database and the snapshot");
}

#[test]
fn a_snapshot_clears_away_what_a_killed_one_left() {
    let place = tempfile::tempdir().unwrap();
    let graph = Graph::create(place.path().join("db")).unwrap();
    let left = place.path().join("today.unfinished-1");
    std::fs::write(&left, b"half").unwrap();
    graph.snapshot(place.path().join("today")).unwrap();
    assert!(!left.exists());
}

#[test]
fn a_list_that_ran_empty_is_no_damage() {
    let disk = SimDisk::new();
    let graph = options(&disk).create("/db").unwrap();
    let told = graph.write(NOW, |tx| {
        (0..80).try_for_each(|number| {
            let line = format!(
                r#"{{"op":"link","a":"unionid:open:HUBHUB","b":"openid:app:o{number}xyz","source":"mp.user_info","at":{START_MS},"batch":"b"}}"#
            );
            tx.apply(&fact(&line)).map(drop)
        })
    });
    told.unwrap();
    graph.checkpoint().unwrap();
    graph.apply(NOW, &fact(&format!(r#"{{"op":"retract","batch":"b","at":{START_MS}}}"#))).unwrap();
    assert_eq!(graph.check().unwrap(), []);
}

#[test]
fn a_relation_of_many_long_facts_is_written_out() {
    let place = tempfile::tempdir().unwrap();
    let graph = Graph::options().auto_checkpoint(false).create(place.path().join("db")).unwrap();
    let attrs: Vec<String> = (0..60).map(|n| format!(r#""a{n}":"{}""#, "x".repeat(4_000))).collect();
    let attrs = attrs.join(",");
    for number in 0..75 {
        let line = format!(
            r#"{{"op":"relate","kind":"follows","from":"userid:ww00000000000000c1:zhang","to":"external_userid:ww00000000000000c1:wmA","source":"work.contact_get","at":{},"attrs":{{{attrs}}}}}"#,
            START_MS + number
        );
        graph.apply(NOW, &fact(&line)).unwrap();
    }
    graph.checkpoint().unwrap();
    graph.snapshot(place.path().join("backup")).unwrap();
}
