//! A crash at every change of the disk, while checkpoints and merges run among commits, and what opening makes of
//! it: exactly the first commits, every acknowledged one among them, every answer as it was then, nothing left over.
//!
//! `IDWEAVE_CRASH_LIVES` (how many histories), `IDWEAVE_CRASH_MODES` (of ten, at each change), `IDWEAVE_CRASH_BITS`,
//! `IDWEAVE_RECOVERY_EVERY` and `IDWEAVE_SEED` make a campaign of it.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};

use idweave::{Durability, Error, Graph, VerifyLevel};

use crate::segments::answers::text;
use crate::segments::history::{DIR, Lived, commit, history, leftovers, open};
use crate::support::sim_disk::{Fill, Image, Mode, SimDisk};

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

#[derive(Default)]
struct Campaign {
    images: u64,
    distinct: HashSet<u64>,
    hasher: RandomState,
    /// Images whose recovery had a segment to read.
    with_segments: u64,
    gone_on: u64,
}

impl Campaign {
    /// Opens what a crash left and holds it against the life it ended.
    fn image(&mut self, lived: &Lived, cut: usize, image: &Image, label: &str) {
        self.images += 1;
        let (acked, issued) = lived.bounds(cut);
        if !self.distinct.insert(self.hasher.hash_one((image, acked, issued))) {
            return;
        }
        let turn = self.distinct.len();
        let disk = SimDisk::from_image(image);
        let graph = match Graph::options().vfs(disk.vfs()).auto_checkpoint(false).open(DIR) {
            Ok(graph) => graph,
            Err(Error::NotFound { .. }) if cut < lived.created_at => return,
            Err(error) => panic!("{label}: {error}"),
        };
        let seq = graph.view().seq();
        assert!((acked..=issued).contains(&seq), "{label}: {seq} commits, of {acked} to {issued}");
        let view = graph.view();
        let (found, told) = match turn.is_multiple_of(8) {
            true => (text(lived.questions.all(&view)), &lived.told.all),
            false => (text(lived.questions.scans(&view)), &lived.told.scans),
        };
        assert_eq!(Some(&found), told.get(seq as usize), "{label}: {seq} commits");
        assert_eq!(leftovers(&disk), Vec::<String>::new(), "{label}: left over");
        let segments = graph.verify(VerifyLevel::Fast).unwrap().segments;
        self.with_segments += u64::from(segments > 0);
        if turn.is_multiple_of(16) {
            self.go_on(lived, graph, &disk, seq, label);
        } else {
            std::mem::forget(graph);
        }
    }

    /// The rest of the life after the crash ends as it would have without it.
    fn go_on(&mut self, lived: &Lived, graph: Graph, disk: &SimDisk, seq: u64, label: &str) {
        self.gone_on += 1;
        assert_eq!(graph.check().unwrap(), [], "{label}");
        for (turn, facts) in lived.commits.iter().enumerate().skip(seq as usize) {
            assert!(commit(&graph, facts, Durability::Sync).unwrap(), "{label}");
            if (turn as u64).wrapping_add(seq).is_multiple_of(3) {
                graph.checkpoint().unwrap();
            }
        }
        graph.verify(VerifyLevel::Full).unwrap();
        let last = lived.told.all.last().unwrap();
        assert_eq!(text(lived.questions.all(&graph.view())), *last, "{label}: gone on");
        graph.close().unwrap();
        let graph = open(disk);
        assert_eq!(text(lived.questions.all(&graph.view())), *last, "{label}: gone on and reopened");
        assert_eq!(leftovers(disk), Vec::<String>::new(), "{label}: left over in the end");
    }

    fn report(&self, what: &str, merges: usize) {
        println!(
            "{what}: {} images, {} distinct, {} with segments, {} gone on with, {merges} merges, 0 violations",
            self.images,
            self.distinct.len(),
            self.with_segments,
            self.gone_on,
        );
    }
}

#[test]
fn every_crash_of_checkpoints_and_merges_leaves_the_first_commits_and_all_acknowledged_ones() {
    let (lives, bits) = (setting("IDWEAVE_CRASH_LIVES", 3), setting("IDWEAVE_CRASH_BITS", 1) as u32);
    let (first_seed, modes) = (setting("IDWEAVE_SEED", 1), setting("IDWEAVE_CRASH_MODES", 3) as usize);
    let (mut campaign, mut merges) = (Campaign::default(), 0);
    for seed in first_seed..first_seed + lives {
        let (acts, questions) = history(seed, 30);
        let lived = Lived::through(&acts, questions);
        merges += lived.merges;
        for cut in lived.created_at..=lived.disk.cuts() {
            for mode in Mode::ALL.into_iter().cycle().skip(cut * modes).take(modes) {
                for image in lived.disk.crash_images(cut, mode, bits, seed ^ cut as u64) {
                    campaign.image(&lived, cut, &image, &format!("seed {seed} cut {cut} {mode:?}"));
                }
            }
        }
    }
    campaign.report("crashes of checkpoints", merges);
    assert!(campaign.images > 5_000 && campaign.with_segments > 2_000 && merges > 2, "the histories shrank");
}

#[test]
fn a_crash_while_a_crash_of_a_checkpoint_is_recovered_leaves_the_same_commits() {
    let lives = setting("IDWEAVE_CRASH_LIVES", 3);
    let first_seed = setting("IDWEAVE_SEED", 1);
    let every = setting("IDWEAVE_RECOVERY_EVERY", 64) as usize;
    let (mut campaign, mut merges, mut turn) = (Campaign::default(), 0, 0_usize);
    let modes = [Mode::Prefix, Mode::Subset { sector: 512, fill: Fill::Noise }];
    for seed in first_seed..first_seed + lives {
        let (acts, questions) = history(seed, 30);
        let lived = Lived::through(&acts, questions);
        merges += lived.merges;
        for cut in lived.created_at..=lived.disk.cuts() {
            for image in lived.disk.crash_images(cut, modes[cut % 2], 1, seed ^ cut as u64) {
                turn += 1;
                if !turn.is_multiple_of(every) {
                    continue;
                }
                // The recovery of the crash, and a checkpoint at once after it, are themselves cut everywhere.
                let disk = SimDisk::from_image(&image);
                let graph = open(&disk);
                let seq = graph.view().seq();
                graph.checkpoint().unwrap();
                std::mem::forget(graph);
                let (acked, _) = lived.bounds(cut);
                assert!(acked <= seq);
                for again in 0..=disk.cuts() {
                    for mode in modes {
                        for image in disk.crash_images(again, mode, 1, seed) {
                            let label = format!("seed {seed} cut {cut}, recovery cut {again} {mode:?}");
                            campaign.image(&lived, cut, &image, &label);
                        }
                    }
                }
            }
        }
    }
    campaign.report("crashes in recovery", merges);
    assert!(campaign.images > 1_000 && merges > 2, "the histories shrank");
}
