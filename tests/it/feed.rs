//! The change feed beside its law: damage, retention, crashes where a file ends, who waits, what is not answered.

use std::path::{Path, PathBuf};
use std::time::Duration;

use idweave::model::Placeholders;
use idweave::{ChangeRecord, Durability, Error, Fact, FeedRetention, Graph, Options, Result, Time, ndjson};

use crate::support::sim_disk::{Fault, Mode, SimDisk};

const DIR: &str = "/db";
const START_MS: i64 = 1_735_689_600_000;

fn fact(line: &str) -> Fact {
    ndjson::parse(line, 1, &Placeholders::default()).unwrap()
}

/// Joins an openid of its own to one of a few unionids.
fn link(number: u64) -> Fact {
    fact(&format!(
        r#"{{"op":"link","a":"openid:app{}:o{number:07}x","b":"unionid:open:u{:07}x","source":"mp.user_info","at":{START_MS}}}"#,
        number % 3,
        number / 3
    ))
}

/// Commits, a link each, recorded a second apart.
fn write(graph: &Graph, numbers: std::ops::Range<u64>) {
    for number in numbers {
        let now = Time::from_ms(START_MS + 1_000 * i64::try_from(number).unwrap());
        let fill = |tx: &mut idweave::Tx| tx.apply(&link(number)).map(drop);
        graph.write_with(now, Durability::Buffered, fill).unwrap();
    }
    graph.sync().unwrap();
}

fn records(graph: &Graph, from: u64) -> Result<Vec<ChangeRecord>> {
    graph.changes(from)?.collect()
}

fn seqs(records: &[ChangeRecord]) -> Vec<u64> {
    records.iter().map(|record| record.seq).collect()
}

fn on(disk: &SimDisk) -> Options {
    Graph::options().vfs(disk.vfs()).create_if_missing(true).auto_checkpoint(false)
}

/// The files of the feed.
fn feed_files(disk: &SimDisk) -> Vec<PathBuf> {
    let image = disk.live_image();
    let files = image.files().map(|(path, _)| path.to_owned());
    files.filter(|path| path.starts_with("/db/feed")).collect()
}

#[test]
fn a_flipped_or_missing_byte_of_the_feed_never_shows_as_an_end_or_as_other_changes() {
    let disk = SimDisk::new();
    let graph = on(&disk).create(DIR).unwrap();
    write(&graph, 0..12);
    let told = records(&graph, 1).unwrap();
    graph.checkpoint().unwrap();
    graph.close().unwrap();
    let [path] = &feed_files(&disk)[..] else { panic!("one file") };
    let len = disk.live_image().file(path).unwrap().len();
    let mut wrong = 0;
    for at in 0..len {
        for (bit, cut) in (0..8).map(|bit| (bit, false)).chain([(0, true)]) {
            let damaged = disk.damage(path, |bytes| match cut {
                true => bytes.truncate(at),
                false => bytes[at] ^= 1 << bit,
            });
            // What segments cover is made again by nobody.
            match on(&damaged).open(DIR).and_then(|graph| records(&graph, 1)) {
                Ok(found) => assert_eq!(found, told, "byte {at}, bit {bit}, cut {cut}"),
                Err(Error::Corrupt { .. } | Error::FormatVersion { .. } | Error::ChangesNotKept { .. }) => {
                    wrong += 1;
                }
                Err(error) => panic!("byte {at}, bit {bit}, cut {cut}: {error}"),
            }
        }
    }
    assert_eq!(wrong, len * 9, "every byte counts");
}

#[test]
fn damage_that_comes_while_the_graph_is_open_is_told() {
    let place = tempfile::tempdir().unwrap();
    let graph = Graph::create(place.path()).unwrap();
    write(&graph, 0..12);
    let file = place.path().join("feed/0000000001.feed");
    let bytes = std::fs::read(&file).unwrap();
    for at in [40, bytes.len() / 2, bytes.len() - 1] {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1;
        std::fs::write(&file, damaged).unwrap();
        let told = records(&graph, 1);
        assert!(matches!(told, Err(Error::Corrupt { .. })), "byte {at}: {told:?}");
        std::fs::write(&file, &bytes[..at]).unwrap();
        let told = records(&graph, 1);
        assert!(matches!(told, Err(Error::Corrupt { .. })), "up to byte {at}: {told:?}");
    }
    std::fs::write(&file, bytes).unwrap();
    assert_eq!(records(&graph, 1).unwrap().len(), 12);
}

#[test]
fn what_is_damaged_for_good_is_kept_and_told_and_the_feed_goes_on_behind_it() {
    let disk = SimDisk::new();
    let graph = on(&disk).create(DIR).unwrap();
    write(&graph, 0..6);
    graph.checkpoint().unwrap();
    write(&graph, 6..9);
    graph.close().unwrap();
    let [path] = &feed_files(&disk)[..] else { panic!("one file") };
    let damaged = disk.damage(path, |bytes| bytes[100] ^= 1);
    let graph = on(&damaged).open(DIR).unwrap();
    assert!(matches!(records(&graph, 1), Err(Error::Corrupt { .. })));
    // The journal still has these.
    assert_eq!(seqs(&records(&graph, 7).unwrap()), [7, 8, 9]);
    write(&graph, 9..12);
    assert_eq!(seqs(&records(&graph, 7).unwrap()), [7, 8, 9, 10, 11, 12]);
    graph.close().unwrap();
    let graph = on(&damaged).open(DIR).unwrap();
    assert!(matches!(records(&graph, 1), Err(Error::Corrupt { .. })));
    assert_eq!(seqs(&records(&graph, 8).unwrap()), [8, 9, 10, 11, 12]);
}

#[test]
fn what_the_journal_still_has_is_made_again_the_same() {
    let disk = SimDisk::new();
    let graph = on(&disk).create(DIR).unwrap();
    write(&graph, 0..4);
    graph.checkpoint().unwrap();
    write(&graph, 4..20);
    let told = records(&graph, 1).unwrap();
    graph.close().unwrap();
    let [path] = &feed_files(&disk)[..] else { panic!("one file") };
    let len = disk.live_image().file(path).unwrap().len();
    for at in [len / 2, len - 30, len - 1] {
        let damaged = disk.damage(path, |bytes| bytes[at] ^= 1);
        assert_eq!(records(&on(&damaged).open(DIR).unwrap(), 1).unwrap(), told, "byte {at}");
        let cut = disk.damage(path, |bytes| bytes.truncate(at));
        assert_eq!(records(&on(&cut).open(DIR).unwrap(), 1).unwrap(), told, "up to byte {at}");
    }
}

#[test]
fn the_feed_of_a_newer_version_or_of_another_database_is_left_alone() {
    let disk = SimDisk::new();
    let graph = on(&disk).create(DIR).unwrap();
    write(&graph, 0..3);
    graph.close().unwrap();
    let [path] = &feed_files(&disk)[..] else { panic!("one file") };
    let with = |at: usize, byte: u8| {
        disk.damage(path, |bytes| {
            bytes[at] = byte;
            let sum = crc32c::crc32c(&bytes[..28]);
            bytes[28..32].copy_from_slice(&sum.to_le_bytes());
        })
    };
    let newer = with(8, 2);
    let opened = on(&newer).open(DIR);
    assert!(matches!(opened, Err(Error::FormatVersion { found: 2, .. })), "{opened:?}");
    let foreign = with(12, !disk.live_image().file(path).unwrap()[12]);
    assert!(matches!(on(&foreign).open(DIR), Err(Error::Corrupt { .. })));
    for disk in [&newer, &foreign] {
        assert_eq!(feed_files(disk), std::slice::from_ref(path));
    }
}

#[test]
fn as_many_commits_are_kept_as_were_asked_for_and_not_many_more() {
    let disk = SimDisk::new();
    let graph = on(&disk).feed(FeedRetention::Commits(1_200)).create(DIR).unwrap();
    let memory = Graph::options().feed(FeedRetention::Commits(1_200)).in_memory().unwrap();
    for round in 0..5 {
        write(&graph, round * 600..(round + 1) * 600);
        write(&memory, round * 600..(round + 1) * 600);
        graph.checkpoint().unwrap();
        let last = (round + 1) * 600;
        let oldest = |graph: &Graph| match records(graph, 1) {
            Ok(all) => all.first().map_or(0, |record| record.seq),
            Err(Error::ChangesNotKept { oldest }) => oldest,
            Err(error) => panic!("{error}"),
        };
        let (kept, exact) = (last + 1 - oldest(&graph), last + 1 - oldest(&memory));
        assert!((last.min(1_200)..=1_200 + 1_200 / 4 + 1).contains(&kept), "{kept} of {last} are kept");
        assert_eq!(exact, last.min(1_200));
        let told = records(&graph, oldest(&graph)).unwrap();
        assert_eq!(seqs(&told), (oldest(&graph)..=last).collect::<Vec<_>>());
        assert_eq!(records(&memory, oldest(&memory)).unwrap().len() as u64, exact);
    }
    graph.close().unwrap();
    // A limit beyond all numbers keeps everything.
    let graph = on(&disk).feed(FeedRetention::Commits(u64::MAX)).open(DIR).unwrap();
    let before = feed_files(&disk);
    write(&graph, 3_000..3_010);
    graph.checkpoint().unwrap();
    assert!(feed_files(&disk).starts_with(&before));
}

#[test]
fn as_long_a_time_is_kept_as_was_asked_for_and_not_much_more() {
    let disk = SimDisk::new();
    // Commits are recorded a second apart.
    let graph = on(&disk).feed(FeedRetention::For { ms: 1_200_000 }).create(DIR).unwrap();
    write(&graph, 0..3_000);
    assert_eq!(records(&graph, 1).unwrap().len(), 3_000);
    graph.checkpoint().unwrap();
    let Err(Error::ChangesNotKept { oldest }) = records(&graph, 1) else {
        panic!("the first commits are kept")
    };
    assert!((3_000 - 1_600..=3_000 - 1_200).contains(&oldest), "from {oldest}");
    assert_eq!(records(&graph, oldest).unwrap().len() as u64, 3_001 - oldest);
}

#[test]
fn a_graph_without_a_feed_says_so_and_keeps_none() {
    let disk = SimDisk::new();
    let graph = on(&disk).create(DIR).unwrap();
    write(&graph, 0..5);
    graph.close().unwrap();
    let graph = on(&disk).feed(FeedRetention::None).open(DIR).unwrap();
    assert!(matches!(graph.changes(1), Err(Error::NotKept { .. })));
    assert_eq!(feed_files(&disk), [] as [PathBuf; 0]);
    let reader = Graph::options().vfs(disk.vfs()).open_read_only(DIR).unwrap();
    assert!(matches!(reader.changes(1), Err(Error::ChangesNotKept { oldest: 6 })));
    write(&graph, 5..7);
    graph.checkpoint().unwrap();
    write(&graph, 7..9);
    graph.close().unwrap();
    // With one again it begins behind the last checkpoint.
    let graph = on(&disk).open(DIR).unwrap();
    assert!(matches!(graph.changes(7), Err(Error::ChangesNotKept { oldest: 8 })));
    assert_eq!(seqs(&records(&graph, 8).unwrap()), [8, 9]);
}

#[test]
fn crashes_where_a_file_of_the_feed_ends_leave_a_record_of_every_commit() {
    let disk = SimDisk::new();
    let graph = on(&disk).feed(FeedRetention::Commits(1)).create(DIR).unwrap();
    write(&graph, 0..250);
    graph.checkpoint().unwrap();
    write(&graph, 250..255);
    let begun = disk.cuts();
    for number in 255..258 {
        write(&graph, number..number + 1);
    }
    assert_eq!(feed_files(&disk).len(), 2, "a file ends here");
    let mut images = 0;
    for cut in begun..=disk.cuts() {
        for mode in Mode::ALL {
            for image in disk.crash_images(cut, mode, 3, 1) {
                images += 1;
                let left = SimDisk::from_image(&image);
                let graph = on(&left).open(DIR).unwrap();
                let told = seqs(&records(&graph, 1).unwrap());
                assert_eq!(told, (1..=graph.view().seq()).collect::<Vec<_>>(), "cut {cut}, {mode:?}");
            }
        }
    }
    std::mem::forget(graph);
    assert!(images > 300, "{images} images");
}

#[test]
fn a_flush_that_fails_and_drops_what_was_dirty_loses_no_record() {
    let mut failed = 0;
    for index in 0.. {
        let disk = SimDisk::new();
        let graph = on(&disk).create(DIR).unwrap();
        let failing = disk.syncs() + index;
        disk.inject(Some(Fault::SyncDrops { index: failing }));
        // Errors are what is expected here.
        for round in 0..3 {
            for number in round * 4..round * 4 + 4 {
                drop(graph.apply(Time::from_ms(START_MS), &link(number)));
            }
            drop(graph.checkpoint());
        }
        let is_over = disk.syncs() <= failing;
        disk.inject(None);
        drop(graph);
        let graph = on(&disk).open(DIR).unwrap();
        write(&graph, 50..53);
        graph.checkpoint().unwrap();
        let last = graph.view().seq();
        std::mem::forget(graph);
        for mode in [Mode::ALL[1], Mode::ALL[7]] {
            for image in disk.crash_images(disk.cuts(), mode, 2, 1) {
                let graph = on(&SimDisk::from_image(&image)).open(DIR).unwrap();
                assert_eq!(
                    seqs(&records(&graph, 1).unwrap()),
                    (1..=last).collect::<Vec<_>>(),
                    "flush {index}"
                );
            }
        }
        if is_over {
            break;
        }
        failed += 1;
    }
    assert!(failed > 15, "{failed} flushes");
}

#[test]
fn who_asks_again_and_again_is_told_the_same_as_who_asks_once() {
    let place = tempfile::tempdir().unwrap();
    let graph = Graph::options().feed(FeedRetention::Commits(2_000)).create(place.path()).unwrap();
    let reader = Graph::options().open_read_only(place.path()).unwrap();
    let (mut told, mut seen) = (Vec::new(), Vec::new());
    for number in 0..700 {
        write(&graph, number..number + 1);
        told.extend(records(&graph, number + 1).unwrap());
        if number % 3 == 0 {
            reader.refresh().unwrap();
            let from = seen.last().map_or(1, |record: &ChangeRecord| record.seq + 1);
            seen.extend(reader.changes(from).unwrap().map(Result::unwrap));
        }
    }
    let once = records(&graph, 1).unwrap();
    assert_eq!((told.len(), &told), (700, &once));
    assert_eq!(seen, once[..seen.len()]);
    // Places that others left do not lead astray.
    for from in [700, 1, 257, 699, 256, 258, 2] {
        assert_eq!(records(&graph, from).unwrap(), once[from as usize - 1..]);
    }
    assert_eq!(records(&graph, 701).unwrap(), []);
    assert_eq!(records(&graph, 0).unwrap(), once);
}

#[test]
fn who_waits_is_woken_by_a_durable_commit() {
    let graph = Graph::options().in_memory().unwrap();
    write(&graph, 0..1);
    let waited = graph.watch(2, Duration::from_millis(1)).unwrap();
    assert_eq!(waited.count(), 0, "nothing came");
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| graph.watch(3, Duration::from_secs(3_600)).unwrap());
        write(&graph, 1..2);
        write(&graph, 2..3);
        let told: Vec<ChangeRecord> = waiting.join().unwrap().map(Result::unwrap).collect();
        assert_eq!(seqs(&told), [3]);
    });
}

#[test]
fn restricted_ids_are_told_by_number_and_are_not_erased() {
    let graph = Graph::options().in_memory().unwrap();
    write(&graph, 0..1);
    let restrict = fact(&format!(
        r#"{{"op":"restrict","id":"openid:app0:o0000000x","reason":"asked","at":{START_MS}}}"#
    ));
    graph.apply(Time::from_ms(START_MS), &restrict).unwrap();
    let told = records(&graph, 1).unwrap();
    let ids = &told[0].changes.created[0].ids;
    assert_eq!((ids[0].number, &ids[0].id, ids[0].restricted), (0, &None, true));
    assert_eq!((ids[1].number, ids[1].restricted), (1, false));
    assert!(ids[1].id.is_some());
    assert!(told[1].changes.is_empty(), "no identity changed");
}

#[test]
fn a_question_is_put_to_a_graph_that_another_process_writes() {
    let place = tempfile::tempdir().unwrap();
    let graph = Graph::create(place.path()).unwrap();
    write(&graph, 0..5);
    let reader = Graph::options().open_read_only(place.path()).unwrap();
    let now = Time::from_ms(START_MS + 10_000);
    let told = reader.what_if(now, |tx| tx.apply(&link(5))).unwrap();
    assert_eq!(told.facts, 1);
    assert_eq!((reader.view().seq(), graph.view().seq()), (5, 5));
    write(&graph, 5..6);
    assert_eq!(records(&graph, 6).unwrap()[0].changes, told.changes);
    let erase = fact(&format!(
        r#"{{"op":"erase","id":"openid:app0:o0000000x","reach":"id","reason":"asked","at":{}}}"#,
        START_MS + 1
    ));
    graph.apply(now, &erase).unwrap();
    reader.refresh().unwrap();
    let told = reader.what_if(now, |tx| Ok(tx.apply(&link(0)).is_err())).unwrap();
    assert!(told.value, "what was erased is refused there too");
    assert!(Path::new(place.path()).join("feed").is_dir());
}
