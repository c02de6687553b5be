//! Failing calls, a full disk and rot: typed errors, nothing acknowledged lost, no wrong answer.

use std::path::Path;

use idweave::model::Placeholders;
use idweave::{Error, Fact, Graph, Read, Recovery, Time, ndjson};

use crate::support::sim_disk::{Fault, SimDisk};

const DIR: &str = "/db";
const LOG: &str = "/db/journal/0000000001.log";
const NOW: Time = Time::from_ms(1_735_700_000_000);

fn link(turn: u64) -> Fact {
    let at = 1_735_689_600_000 + turn;
    let line = format!(
        r#"{{"op":"link","a":"openid:app:o{turn}x","b":"unionid:open:u{turn}x","source":"mp.user_info","at":{at}}}"#
    );
    ndjson::parse(&line, 1, &Placeholders::default()).unwrap()
}

fn open(disk: &SimDisk) -> Graph {
    Graph::options().vfs(disk.vfs()).create_if_missing(true).open(DIR).unwrap()
}

fn ids(graph: &Graph) -> u64 {
    graph.view_dirty().stats().unwrap().ids
}

#[test]
fn after_any_failing_call_the_writer_is_poisoned_and_reopening_has_all_that_was_acknowledged() {
    let mut met = 0;
    for forever in [false, true] {
        for index in 0.. {
            let disk = SimDisk::new();
            let graph = open(&disk);
            graph.apply(NOW, &link(0)).unwrap();
            disk.inject(Some(Fault::Call { index, forever }));
            let mut acknowledged = 1;
            let mut failed = false;
            for turn in 1..6 {
                match graph.apply(NOW, &link(turn)) {
                    Ok(_) => {
                        assert!(!failed, "a poisoned writer acknowledged a commit");
                        acknowledged += 1;
                    }
                    Err(Error::Io { .. }) => failed = true,
                    Err(Error::Poisoned) => assert!(failed, "poisoned without a failure"),
                    Err(error) => panic!("{error}"),
                }
            }
            drop(graph);
            disk.inject(None);
            let graph = open(&disk);
            assert!((2 * acknowledged..=2 * acknowledged + 2).contains(&ids(&graph)), "call {index}");
            assert_eq!(graph.check().unwrap(), []);
            met += u64::from(failed);
            if !failed {
                break;
            }
        }
    }
    assert!(met > 10, "the faults hit nothing");
}

#[test]
fn a_full_disk_is_an_error_and_after_space_returns_everything_acknowledged_is_there() {
    let mut met = 0;
    for room in (0..3_000).step_by(97) {
        let disk = SimDisk::new();
        let graph = open(&disk);
        disk.inject(Some(Fault::Space { bytes: room }));
        let written = (0..20).take_while(|turn| graph.apply(NOW, &link(*turn)).is_ok()).count() as u64;
        met += u64::from(written < 20);
        drop(graph);
        disk.inject(None);
        let graph = open(&disk);
        assert!((2 * written..=2 * written + 2).contains(&ids(&graph)), "room {room}");
        graph.apply(NOW, &link(99)).unwrap();
    }
    assert!(met > 5, "the disk was never full");
}

/// A database of five commits; closed, or as a kill leaves it.
fn five_commits(closed: bool) -> (SimDisk, Vec<u64>) {
    let disk = SimDisk::new();
    let graph = open(&disk);
    let mut counts = vec![ids(&graph)];
    for turn in 0..5 {
        graph.apply(NOW, &link(turn)).unwrap();
        counts.push(ids(&graph));
    }
    if closed {
        graph.close().unwrap();
        return (SimDisk::from_image(&disk.live_image()), counts);
    }
    let killed = SimDisk::from_image(&disk.live_image());
    std::mem::forget(graph);
    (killed, counts)
}

/// Opens a damaged database: damage told with file and offset, or a lawful prefix.
fn judge(disk: &SimDisk, counts: &[u64], closed: bool, what: &str) {
    match Graph::options().vfs(disk.vfs()).open(DIR) {
        Err(Error::Corrupt { file, .. }) => assert!(file.starts_with(DIR), "{what}"),
        Err(Error::FormatVersion { .. }) => {}
        Err(error) => panic!("{what}: {error}"),
        Ok(graph) => {
            assert!(!closed, "{what}: damage of a sealed log went unseen");
            let found = ids(&graph);
            assert!(counts.contains(&found), "{what}: a state that never was");
            let lost = found < *counts.last().unwrap();
            assert_eq!(lost, graph.recovery() != Recovery::Clean, "{what}: a loss is told, and nothing else");
            if let Recovery::TailCut { from_seq } = graph.recovery() {
                assert_eq!(counts[usize::try_from(from_seq).unwrap() - 1], found, "{what}: from_seq");
            }
        }
    }
}

#[test]
fn a_flipped_bit_of_the_journal_is_told_and_never_a_wrong_answer() {
    for closed in [true, false] {
        let (disk, counts) = five_commits(closed);
        let mut len = 0;
        disk.damage(Path::new(LOG), |log| len = log.len());
        for bit in 0..len * 8 {
            let rotten = disk.damage(Path::new(LOG), |log| log[bit / 8] ^= 1 << (bit % 8));
            judge(&rotten, &counts, closed, &format!("bit {bit}, closed {closed}"));
        }
    }
}

#[test]
fn a_shortened_journal_is_told_and_never_a_wrong_answer() {
    for closed in [true, false] {
        let (disk, counts) = five_commits(closed);
        let mut len = 0;
        disk.damage(Path::new(LOG), |log| len = log.len());
        for kept in 0..len {
            let short = disk.damage(Path::new(LOG), |log| log.truncate(kept));
            judge(&short, &counts, closed, &format!("{kept} of {len} bytes, closed {closed}"));
        }
    }
}
