//! The checkpoint that rewrites is cut short everywhere, or fails: the next one leaves nothing of what was erased.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};

use idweave::{ErasedBytes, Graph, VerifyLevel};

use crate::erasure::bytes::create;
use crate::erasure::world::{World, fact};
use crate::laws::engine::dump;
use crate::segments::history::leftovers;
use crate::support::generate::NOW;
use crate::support::sim_disk::{Fault, Fill, Image, Mode, SimDisk};

const DIR: &str = "/db";

fn open(disk: &SimDisk) -> Graph {
    Graph::options().vfs(disk.vfs()).auto_checkpoint(false).open(DIR).unwrap()
}

/// A database in several segments and a delta, its canaries erased and no checkpoint made since; as files.
fn erased(world: &World) -> Image {
    let disk = SimDisk::new();
    let graph = create(&disk);
    world.tell_all(&graph);
    graph.write(NOW, |tx| world.erasures.iter().try_for_each(|fact| tx.apply(fact).map(drop))).unwrap();
    graph.close().unwrap();
    disk.live_image()
}

#[test]
fn after_every_crash_of_the_rewriting_checkpoint_the_next_one_leaves_nothing() {
    let world = World::deep(12);
    let before = erased(&world);
    let disk = SimDisk::from_image(&before);
    let graph = open(&disk);
    let expected = dump(&graph.view());
    let begun = disk.cuts();
    graph.checkpoint().unwrap();
    std::mem::forget(graph);
    let (mut seen, hasher) = (HashSet::new(), RandomState::new());
    let (mut owing, mut paid) = (0, 0);
    let modes = [Mode::Prefix, Mode::Subset { sector: 512, fill: Fill::Noise }];
    for cut in begun..=disk.cuts() {
        for image in modes.iter().flat_map(|mode| disk.crash_images(cut, *mode, 2, cut as u64)) {
            if !seen.insert(hasher.hash_one(&image)) {
                continue;
            }
            let disk = SimDisk::from_image(&image);
            let graph = open(&disk);
            match graph.erased_bytes().unwrap() {
                ErasedBytes::Gone => {
                    paid += 1;
                    assert_eq!(
                        world.found_on(&disk.live_image(), DIR),
                        Vec::<String>::new(),
                        "cut {cut}: said to be gone"
                    );
                }
                _ => owing += 1,
            }
            assert_eq!(dump(&graph.view()), expected, "cut {cut}");
            graph.checkpoint().unwrap();
            assert_eq!(graph.erased_bytes().unwrap(), ErasedBytes::Gone);
            assert_eq!(world.found_on(&disk.live_image(), DIR), Vec::<String>::new(), "cut {cut}");
            assert_eq!(dump(&graph.view()), expected, "cut {cut}");
            assert_eq!(leftovers(&disk), Vec::<String>::new(), "cut {cut}");
            graph.verify(VerifyLevel::Full).unwrap();
        }
    }
    println!("{} crash images of a rewriting checkpoint, {owing} owing and {paid} done", seen.len());
    assert!(owing > 20 && paid > 1, "{owing} {paid}");
}

#[test]
fn after_any_failing_call_of_the_rewriting_checkpoint_the_next_one_leaves_nothing() {
    let world = World::new(12);
    let before = erased(&world);
    for index in 0.. {
        let disk = SimDisk::from_image(&before);
        let mut graph = open(&disk);
        let expected = dump(&graph.view());
        disk.inject(Some(Fault::Call { index, forever: false }));
        let failed = graph.checkpoint().is_err();
        let is_met = disk.calls() > index;
        disk.inject(None);
        // A commit and an ordinary checkpoint's worth of it go on top of what failed.
        let more = fact(r#"{"op":"mark","key":"k","value":"v","at":1735689600000}"#);
        if graph.apply(NOW, &more).is_err() {
            drop(graph);
            graph = open(&disk);
            graph.apply(NOW, &more).unwrap();
        }
        graph.checkpoint().unwrap();
        assert_eq!(graph.erased_bytes().unwrap(), ErasedBytes::Gone);
        assert_eq!(dump(&graph.view()), expected, "call {index}");
        graph.close().unwrap();
        drop(open(&disk));
        assert_eq!(world.found_on(&disk.live_image(), DIR), Vec::<String>::new(), "call {index}");
        if !is_met {
            assert!(!failed && index > 20, "a checkpoint takes more than {index} calls");
            return;
        }
    }
}
