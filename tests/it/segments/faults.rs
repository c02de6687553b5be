//! Calls that fail in a checkpoint and in the merge behind it: a typed error, the answers stay, commits go on where
//! they can, and the next checkpoint, or the next opening, has all that was acknowledged.
//!
//! `IDWEAVE_FAULT_STEP` 1 makes a campaign of pairs of faults, and of crashes after faults; `IDWEAVE_SEED` takes
//! another life.

use idweave::error::Result;
use idweave::{Durability, Error, Fact, Graph, VerifyLevel};

use crate::segments::answers::text;
use crate::segments::history::{Act, Lived, commit, history, leftovers, open};
use crate::support::sim_disk::{Fault, Fill, Image, Mode, SimDisk};

/// Commits that two segments hold, and those that the third checkpoint writes.
const COVERED: usize = 4;
const BEGUN: usize = 6;

/// The life that every test of this file is a variation of, and the disk on which its third checkpoint is due.
struct Due {
    lived: Lived,
    disks: [Image; 2],
}

impl Due {
    /// A life whose third checkpoint merges.
    fn new() -> Due {
        let (acts, questions) = history(setting("IDWEAVE_SEED", 8), 60);
        let facts = |act: Act| match act {
            Act::Commit(facts) | Act::Buffered(facts) => Some(facts),
            _ => None,
        };
        let commits: Vec<Vec<Fact>> = acts.into_iter().filter_map(facts).collect();
        let lived = Lived::through(&commits.into_iter().map(Act::Commit).collect::<Vec<_>>(), questions);
        assert!(lived.commits.len() > BEGUN + 4, "a life long enough to go on");
        let disks = [true, false].map(|closed| {
            let disk = SimDisk::new();
            let graph = open(&disk);
            for (turn, facts) in lived.commits.iter().enumerate().take(BEGUN) {
                commit(&graph, facts, Durability::Sync).unwrap();
                if turn + 1 == COVERED / 2 || turn + 1 == COVERED {
                    graph.checkpoint().unwrap();
                }
            }
            if closed {
                graph.close().unwrap();
                return disk.live_image();
            }
            let image = disk.live_image();
            std::mem::forget(graph);
            image
        });
        let due = Due { lived, disks };
        for image in &due.disks {
            let graph = open(&SimDisk::from_image(image));
            assert!(graph.checkpoint().unwrap().merged_bytes > 0, "the third checkpoint merges");
        }
        due
    }

    /// The answers are those of the commits that the graph says it has.
    fn answers_as_told(&self, graph: &Graph, label: &str) {
        for view in [graph.view(), graph.view_dirty()] {
            let told = self.lived.told.all.get(view.seq() as usize);
            assert_eq!(Some(&text(self.lived.questions.all(&view))), told, "{label}");
        }
    }

    /// Tells the graph its next commits, until one fails.
    fn tell(&self, graph: &Graph, count: usize, label: &str) {
        let seq = graph.view_dirty().seq() as usize;
        for facts in self.lived.commits.iter().skip(seq).take(count) {
            match commit(graph, facts, Durability::Sync) {
                Ok(is_new) => assert!(is_new, "{label}"),
                error => return typed(&error.map(drop), label),
            }
        }
    }

    /// Opens what failures left: nothing acknowledged is missing, and life goes on to the same end.
    fn goes_on(&self, disk: &SimDisk, acked: u64, label: &str) {
        let graph = open(disk);
        let seq = graph.view().seq();
        assert!(seq >= acked, "{label}: {seq} commits where {acked} were acknowledged");
        self.answers_as_told(&graph, label);
        assert_eq!(leftovers(disk), Vec::<String>::new(), "{label}");
        self.tell(&graph, usize::MAX, label);
        graph.checkpoint().unwrap();
        assert_eq!(graph.view().seq() as usize, self.lived.commits.len(), "{label}: at the end");
        graph.verify(VerifyLevel::Full).unwrap();
        self.answers_as_told(&graph, label);
        assert_eq!(graph.check().unwrap(), [], "{label}");
    }
}

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

fn typed(result: &Result<()>, label: &str) {
    match result {
        Ok(()) | Err(Error::Io { .. } | Error::Poisoned) => {}
        Err(error) => panic!("{label}: {error}"),
    }
}

/// Whether a fault with this index was met by the calls since it was injected.
fn is_met(fault: Fault, disk: &SimDisk, failed: bool) -> bool {
    match fault {
        Fault::Call { index, .. } => disk.calls() > index,
        Fault::SyncDrops { index } => disk.syncs() > index,
        Fault::Space { .. } => failed,
    }
}

/// Kinds of faults by their index.
const KINDS: [fn(u64) -> Fault; 4] = [
    |index| Fault::Call { index, forever: false },
    |index| Fault::Call { index, forever: true },
    |index| Fault::SyncDrops { index },
    |index| Fault::Space { bytes: index as usize * 61 },
];

#[test]
fn a_checkpoint_or_merge_that_fails_anywhere_changes_no_answer_and_the_next_one_has_everything() {
    let due = Due::new();
    let (mut failed, mut unpoisoned) = (0, 0);
    for (which, image) in due.disks.iter().enumerate() {
        for kind in KINDS {
            for index in 0.. {
                let fault = kind(index);
                let label = format!("disk {which}, {fault:?}");
                let disk = SimDisk::from_image(image);
                let graph = open(&disk);
                disk.inject(Some(fault));
                let done = graph.checkpoint().map(drop);
                let met = is_met(fault, &disk, done.is_err());
                typed(&done, &label);
                due.answers_as_told(&graph, &label);
                if matches!(fault, Fault::Space { .. }) {
                    disk.inject(None);
                }
                due.tell(&graph, 2, &label);
                due.answers_as_told(&graph, &label);
                disk.inject(None);
                let poisoned = graph.sync().is_err();
                match graph.checkpoint() {
                    Ok(done) => {
                        assert!(!poisoned || done.written_bytes == 0, "{label}: a poisoned graph wrote")
                    }
                    Err(Error::Poisoned) => assert!(poisoned, "{label}"),
                    Err(error) => panic!("{label}: the next checkpoint: {error}"),
                }
                let acked = graph.view().seq();
                assert!(poisoned || acked == BEGUN as u64 + 2, "{label}: commits go on");
                due.answers_as_told(&graph, &label);
                drop(graph);
                due.goes_on(&disk, acked, &label);
                failed += u64::from(done.is_err());
                unpoisoned += u64::from(done.is_err() && !poisoned);
                if !met {
                    break;
                }
            }
        }
    }
    println!("failing checkpoints: {failed}, {unpoisoned} of them without harm to the writer");
    assert!(failed > 150 && unpoisoned > 50, "the faults hit nothing: {failed}, {unpoisoned}");
}

#[test]
fn a_checkpoint_that_finds_no_room_leaves_what_there_is_to_commits() {
    let due = Due::new();
    let mut refused = 0;
    for (which, image) in due.disks.iter().enumerate() {
        for bytes in (0..).step_by(127) {
            let label = format!("disk {which}, {bytes} bytes");
            let disk = SimDisk::from_image(image);
            let graph = open(&disk);
            disk.inject(Some(Fault::Space { bytes }));
            if graph.checkpoint().is_ok() {
                break;
            }
            // The journal has its next file; what fails now is the segment.
            let left = disk.space_left();
            assert!(graph.checkpoint().is_err(), "{label}");
            refused += u64::from(disk.space_left() == left);
            disk.inject(None);
            let acked = graph.view().seq();
            due.answers_as_told(&graph, &label);
            drop(graph);
            due.goes_on(&disk, acked, &label);
        }
    }
    assert!(refused > 10, "{refused} times there was too little room from the beginning");
}

#[test]
fn a_second_failure_in_the_checkpoint_after_a_failed_one_loses_nothing() {
    let due = Due::new();
    let step = setting("IDWEAVE_FAULT_STEP", 7);
    let mut pairs = 0;
    let image = &due.disks[1];
    for index in 0.. {
        let mut met = false;
        for second in (index % step..).step_by(step as usize) {
            let label = format!("call {index}, then call {second}");
            let disk = SimDisk::from_image(image);
            let graph = open(&disk);
            disk.inject(Some(Fault::Call { index, forever: false }));
            typed(&graph.checkpoint().map(drop), &label);
            met = disk.calls() > index;
            disk.inject(None);
            due.tell(&graph, 1, &label);
            disk.inject(Some(Fault::Call { index: second, forever: false }));
            typed(&graph.checkpoint().map(drop), &label);
            let second_met = disk.calls() > second;
            disk.inject(None);
            due.answers_as_told(&graph, &label);
            let acked = graph.view().seq();
            drop(graph);
            due.goes_on(&disk, acked, &label);
            pairs += 1;
            if !second_met {
                break;
            }
        }
        if !met {
            break;
        }
    }
    println!("pairs of failing calls: {pairs}");
    assert!(pairs > 200, "the faults hit nothing: {pairs}");
}

#[test]
fn a_crash_after_a_failed_checkpoint_and_in_the_one_after_it_loses_nothing() {
    let due = Due::new();
    let image = &due.disks[1];
    let modes = [Mode::Prefix, Mode::Subset { sector: 512, fill: Fill::Noise }];
    let mut images = 0_usize;
    for index in (0..).step_by(setting("IDWEAVE_FAULT_STEP", 3) as usize) {
        let disk = SimDisk::from_image(image);
        let graph = open(&disk);
        let opened = disk.cuts();
        disk.inject(Some(Fault::Call { index, forever: false }));
        typed(&graph.checkpoint().map(drop), "the first");
        let met = disk.calls() > index;
        disk.inject(None);
        typed(&graph.checkpoint().map(drop), "the second");
        std::mem::forget(graph);
        for cut in opened..=disk.cuts() {
            let mode = modes[(cut + index as usize) % 2];
            for left in disk.crash_images(cut, mode, 1, index) {
                images += 1;
                let label = format!("call {index}, cut {cut} {mode:?}");
                let again = SimDisk::from_image(&left);
                let graph = open(&again);
                assert_eq!(graph.view().seq(), BEGUN as u64, "{label}");
                if images.is_multiple_of(8) {
                    due.answers_as_told(&graph, &label);
                    drop(graph);
                    due.goes_on(&again, BEGUN as u64, &label);
                }
            }
        }
        if !met {
            break;
        }
    }
    println!("crashes after failing calls: {images}");
    assert!(images > 1_000, "the enumeration shrank: {images}");
}
