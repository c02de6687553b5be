//! What a crash leaves of a graph: exactly the first commits, all that were acknowledged among them.
//!
//! Every workload of up to three operations, a crash at every change of the disk, and every way unflushed
//! changes can be lost, torn or replaced; then a crash during the recovery of what that left.
//! `IDWEAVE_CRASH_BITS` and `IDWEAVE_SEED` make a campaign of it.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};

use idweave::model::Placeholders;
use idweave::{Durability, Error, Fact, Graph, Read, Time, VerifyLevel, ndjson};

use crate::laws::changes::followed;
use crate::support::sim_disk::{Image, Mode, SimDisk};

const DIR: &str = "/db";
const NOW: Time = Time::from_ms(1_735_700_000_000);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    /// A durable commit that links a new id.
    Grow,
    /// A durable commit of two facts that merges two entities.
    Merge,
    /// A durable commit that retracts the batch of every link.
    Retract,
    /// A durable erasure.
    Erase,
    /// A durable undo of the first commit, or of what undid it, and so on.
    Undo,
    /// A commit that waits for a later flush.
    Buffered,
    /// Makes everything durable.
    Sync,
    /// Closes and opens again.
    Reopen,
    /// A checkpoint of what there is.
    Checkpoint,
    /// A durable commit, then a checkpoint: three in a row make a merge of segments.
    GrowOut,
}

const ACTS: [Act; 10] = [
    Act::Grow,
    Act::Merge,
    Act::Retract,
    Act::Erase,
    Act::Undo,
    Act::Buffered,
    Act::Sync,
    Act::Reopen,
    Act::Checkpoint,
    Act::GrowOut,
];

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

fn fact(line: &str) -> Fact {
    ndjson::parse(line, 1, &Placeholders::default()).unwrap()
}

fn link(a: &str, b: &str, turn: usize) -> Fact {
    let at = 1_735_689_600_000_u64 + turn as u64;
    fact(&format!(
        r#"{{"op":"link","a":"openid:app:{a}","b":"unionid:open:{b}","source":"mp.user_info","at":{at},"batch":"b1"}}"#
    ))
}

/// The facts of the commit that an operation makes.
fn facts_of(act: Act, turn: usize) -> Vec<Fact> {
    let at = 1_735_689_700_000_u64 + turn as u64;
    match act {
        Act::Grow | Act::GrowOut | Act::Buffered => {
            vec![link(&format!("o{turn}x"), &format!("u{turn}x"), turn)]
        }
        Act::Merge => {
            let (x, y) = (format!("m{turn}x"), format!("m{turn}y"));
            let card = |other: &str| {
                fact(&format!(
                    r#"{{"op":"link","a":"custom.card:crm:c{turn}x","b":"openid:app:{other}","source":"import.crm","at":{at}}}"#
                ))
            };
            vec![link(&x, &format!("n{turn}x"), turn), card(&x), card(&y)]
        }
        Act::Retract => vec![fact(&format!(r#"{{"op":"retract","batch":"b1","at":{at}}}"#))],
        Act::Erase => vec![fact(&format!(
            r#"{{"op":"erase","id":"openid:app:o0x","reach":"entity","reason":"asked","at":{at}}}"#
        ))],
        Act::Undo | Act::Sync | Act::Reopen | Act::Checkpoint => Vec::new(),
    }
}

/// Everything a graph answers, numbers included.
fn dump(graph: &Graph) -> String {
    let view = graph.view_dirty();
    let mut text = String::new();
    for entity in view.entities().map(Result::unwrap) {
        let ids: Vec<String> = entity.ids.iter().map(ToString::to_string).collect();
        text += &format!("{} {} {ids:?}\n", entity.entity, entity.person);
    }
    for edge in view.edges().map(Result::unwrap) {
        text += &format!("{} {} {:?} {}\n", edge.a, edge.b, edge.status, edge.evidence);
    }
    text
}

/// A workload's run: what the graph answered after each commit, and what was issued and acknowledged when.
struct Run {
    disk: SimDisk,
    /// The answers after 0, 1, 2, ... commits.
    dumps: Vec<String>,
    /// For each number of commits: the first cut at which it may be on disk, and at which it must be.
    issued_from: Vec<usize>,
    acked_from: Vec<usize>,
    /// The cuts of the last operation begin here; earlier ones belong to a shorter workload.
    last_begins: usize,
    created_at: usize,
}

fn run(acts: &[Act]) -> Run {
    let disk = SimDisk::new();
    let open = || Graph::options().vfs(disk.vfs()).create_if_missing(true).open(DIR).unwrap();
    let mut graph = open();
    let created_at = disk.cuts();
    let mut run = Run {
        dumps: vec![dump(&graph)],
        issued_from: vec![0],
        acked_from: vec![created_at],
        last_begins: 0,
        created_at,
        disk: disk.clone(),
    };
    for (turn, act) in acts.iter().enumerate() {
        run.last_begins = disk.cuts();
        let facts = facts_of(*act, turn);
        if !facts.is_empty() || *act == Act::Undo {
            let durability = if *act == Act::Buffered { Durability::Buffered } else { Durability::Sync };
            let before = disk.cuts();
            let seq = graph.view_dirty().seq();
            let fill = |tx: &mut idweave::Tx| {
                // Nothing is undone where there is nothing yet, nor an erasure.
                (*act == Act::Undo).then(|| (1..=seq).find(|seq| matches!(tx.undo(*seq), Ok(true))));
                facts.iter().try_for_each(|f| tx.apply(f).map(drop))
            };
            graph.write_with(NOW, durability, fill).unwrap();
            if graph.view_dirty().seq() > seq {
                run.dumps.push(dump(&graph));
                run.issued_from.push(before);
                run.acked_from.push(usize::MAX);
            }
        }
        match act {
            Act::Buffered => continue,
            Act::Sync => {
                graph.sync().unwrap();
            }
            Act::Checkpoint | Act::GrowOut => {
                graph.checkpoint().unwrap();
            }
            Act::Reopen => {
                graph.close().unwrap();
                graph = open();
            }
            _ => {}
        }
        let now = disk.cuts();
        run.acked_from.iter_mut().for_each(|from| *from = (*from).min(now));
    }
    // A drop would seal the journal: these crashes come before that.
    std::mem::forget(graph);
    run
}

impl Run {
    /// How many commits must be there after a crash at a cut, and how many may be.
    fn bounds(&self, cut: usize) -> (usize, usize) {
        let acked = self.acked_from.iter().filter(|from| **from <= cut).count();
        let issued = self.issued_from.iter().filter(|from| **from < cut || **from == 0).count();
        (acked.saturating_sub(1), issued.saturating_sub(1))
    }
}

#[derive(Default)]
struct Campaign {
    images: u64,
    distinct: HashSet<u64>,
    hasher: RandomState,
}

impl Campaign {
    /// Opens what a crash left and holds it against the run; the state's number of commits.
    fn image(&mut self, run: &Run, cut: usize, image: &Image, label: &str) -> Option<usize> {
        self.images += 1;
        let (acked, issued) = run.bounds(cut);
        if !self.distinct.insert(self.hasher.hash_one((image, acked, issued, label))) {
            return None;
        }
        let disk = SimDisk::from_image(image);
        let graph = match Graph::options().vfs(disk.vfs()).open(DIR) {
            Ok(graph) => graph,
            Err(Error::NotFound { .. }) if cut < run.created_at => return None,
            Err(error) => panic!("{label}: {error}"),
        };
        let found = dump(&graph);
        let is_it = |count: &usize| run.dumps.get(*count) == Some(&found);
        let count = (acked..=issued).rev().find(is_it);
        assert!(count.is_some(), "{label}: between {acked} and {issued} commits, but found\n{found}");
        if self.distinct.len().is_multiple_of(16) {
            assert_eq!(graph.check().unwrap(), [], "{label}");
        }
        let segments = image_files(&disk, "/db/segments/");
        assert_eq!(segments, graph.verify(VerifyLevel::Full).unwrap().segments, "{label}: leftovers");
        // A second opening gives the same, and the graph goes on.
        drop(graph);
        let graph = Graph::options().vfs(disk.vfs()).open(DIR).unwrap();
        assert_eq!(dump(&graph), found, "{label}: opened twice");
        graph.apply(NOW, &link("later", "later", 9)).unwrap();
        let after = dump(&graph);
        if self.distinct.len().is_multiple_of(3) {
            graph.checkpoint().unwrap();
            assert_eq!(dump(&graph), after, "{label}: a checkpoint after recovery");
        }
        graph.close().unwrap();
        let graph = Graph::options().vfs(disk.vfs()).open(DIR).unwrap();
        assert_eq!(dump(&graph), after, "{label}: a commit after recovery");
        // The feed has a record of every commit, and they lead to what the graph is.
        let view = graph.view();
        let mirror = followed(graph.changes(1).unwrap(), view.seq());
        mirror.and_then(|mirror| mirror.shows(&view)).unwrap_or_else(|told| panic!("{label}: {told}"));
        count
    }
}

/// How many files there are below a directory.
fn image_files(disk: &SimDisk, below: &str) -> usize {
    disk.live_image().files().filter(|(path, _)| path.starts_with(below)).count()
}

/// Every workload of one to `longest` operations.
fn workloads(longest: usize) -> Vec<Vec<Act>> {
    let mut all: Vec<Vec<Act>> = Vec::new();
    let mut last: Vec<Vec<Act>> = vec![Vec::new()];
    for _ in 0..longest {
        last = last.iter().flat_map(|begun| ACTS.map(|act| [begun.as_slice(), &[act]].concat())).collect();
        // There is nothing to undo yet.
        last.retain(|acts| acts.first() != Some(&Act::Undo));
        all.extend(last.iter().cloned());
    }
    all
}

#[test]
fn every_crash_of_up_to_three_operations_leaves_the_first_commits_and_all_acknowledged_ones() {
    let bits = setting("IDWEAVE_CRASH_BITS", 2) as u32;
    let seed = setting("IDWEAVE_SEED", 1);
    let mut campaign = Campaign::default();
    for acts in workloads(3) {
        let run = run(&acts);
        for cut in run.last_begins + 1..=run.disk.cuts() {
            for mode in Mode::ALL {
                for image in run.disk.crash_images(cut, mode, bits, seed) {
                    campaign.image(&run, cut, &image, &format!("{acts:?} cut {cut} {mode:?}"));
                }
            }
        }
    }
    println!("graph crashes: {} images, {} distinct, 0 violations", campaign.images, campaign.distinct.len());
    assert!(campaign.images > 20_000, "the enumeration shrank");
}

#[test]
fn a_crash_during_recovery_leaves_the_same_commits() {
    let seed = setting("IDWEAVE_SEED", 1);
    let mut campaign = Campaign::default();
    for acts in workloads(2) {
        let run = run(&acts);
        for cut in run.last_begins + 1..=run.disk.cuts() {
            for image in run.disk.crash_images(cut, Mode::Prefix, 2, seed) {
                // Recovery of the first crash is itself cut everywhere.
                let disk = SimDisk::from_image(&image);
                let Ok(graph) = Graph::options().vfs(disk.vfs()).open(DIR) else { continue };
                std::mem::forget(graph);
                for again in 0..=disk.cuts() {
                    for image in disk.crash_images(again, Mode::Prefix, 2, seed) {
                        let label = format!("{acts:?} cut {cut}, recovery cut {again}");
                        campaign.image(&run, cut, &image, &label);
                    }
                }
            }
        }
    }
    println!("crashes in recovery: {} images, {} distinct", campaign.images, campaign.distinct.len());
    assert!(campaign.images > 500, "the enumeration shrank");
}
