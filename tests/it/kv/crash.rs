//! A crash at every change of the disk, with every beginning of what the store had not flushed: the graph is one of those
//! it was, not earlier than the last that was acknowledged.

use std::path::Path;

use idweave::{Durability, Graph, Recovery};

use crate::kv::{DIR, NOW, dump, erase, link};
use crate::support::sim_disk::{Fill, Mode, SimDisk};
use crate::support::sim_store::SimStore;

/// What the graph answered after each commit, and the changes of the disk when it was issued and acknowledged.
struct Run {
    disk: SimDisk,
    store: SimStore,
    dumps: Vec<(usize, usize, String)>,
}

fn open(disk: &SimDisk, store: &SimStore) -> idweave::Result<Graph> {
    Graph::options().vfs(disk.vfs()).home(store.home()).create_if_missing(true).open(Path::new(DIR))
}

fn run(turns: usize) -> Run {
    let disk = SimDisk::new();
    let store = SimStore::new(Some(disk.clone()));
    let mut graph = open(&disk, &store).unwrap();
    let mut dumps = vec![(0, disk.cuts(), dump(&graph.view_dirty()).unwrap())];
    for turn in 0..turns {
        let issued = disk.cuts();
        let durability = if turn % 4 == 3 { Durability::Buffered } else { Durability::Sync };
        let told = if turn % 5 == 4 { erase(turn - 2) } else { link(turn) };
        graph.write_with(NOW, durability, |tx| tx.apply(&told).map(drop)).unwrap();
        let acknowledged = if durability == Durability::Sync { disk.cuts() } else { usize::MAX };
        dumps.push((issued, acknowledged, dump(&graph.view_dirty()).unwrap()));
        match turn % 3 {
            1 => drop(graph.checkpoint().unwrap()),
            2 if turn % 2 == 0 => {
                graph.close().unwrap();
                graph = open(&disk, &store).unwrap();
            }
            _ => continue,
        }
        // What was buffered is durable now.
        for (_, acknowledged, _) in &mut dumps {
            *acknowledged = (*acknowledged).min(disk.cuts());
        }
    }
    drop(graph);
    Run { disk, store, dumps }
}

#[test]
fn a_crash_leaves_what_was_acknowledged_and_whole_commits_after_it() {
    let run = run(14);
    let (mut images, mut of_commits) = (0, std::collections::BTreeSet::new());
    let created = run.dumps[0].1;
    for cut in created..=run.disk.cuts() {
        // While the disk makes this change, those before it are done.
        let least = run.dumps.iter().rposition(|(_, acknowledged, _)| *acknowledged < cut).unwrap_or(0);
        for image in run.disk.crash_images(cut, Mode::Subset { sector: 512, fill: Fill::Length }, 4, 1) {
            // Opening one changes it.
            for store in run.store.crashed(cut) {
                let disk = SimDisk::from_image(&image);
                let graph = open(&disk, &store).unwrap_or_else(|error| panic!("cut {cut}: {error}"));
                assert_eq!(graph.recovery(), Recovery::Clean);
                let found = dump(&graph.view()).unwrap();
                let commits = run.dumps.iter().enumerate().skip(least);
                let which = commits.filter(|(_, (issued, _, _))| *issued <= cut);
                let which = which.filter(|(_, (_, _, dump))| *dump == found).map(|(commit, _)| commit).next();
                let which =
                    which.unwrap_or_else(|| panic!("cut {cut}: acknowledged {least}, found\n{found}"));
                of_commits.insert(which);
                assert!(graph.check().unwrap().is_empty());
                images += 1;
            }
        }
    }
    println!("crashes of a key-value home: {images} images");
    assert!(images > 200 && of_commits.len() > 5, "{images} images of {of_commits:?}");
}

#[test]
fn a_store_that_lost_acknowledged_commits_is_damage_and_no_earlier_graph() {
    let disk = SimDisk::new();
    let store = SimStore::new(Some(disk.clone()));
    let graph = open(&disk, &store).unwrap();
    let mut stores = vec![store.crashed(usize::MAX).pop().unwrap()];
    for turn in 0..6 {
        graph.write(NOW, |tx| tx.apply(&link(turn)).map(drop)).unwrap();
        stores.push(store.crashed(usize::MAX).pop().unwrap());
    }
    for is_closed in [false, true] {
        let image = disk.live_image();
        let last = stores.len() - 1;
        for (place, store) in stores.iter().enumerate() {
            // The disk says six commits were acknowledged; the store has `place`.
            let opened = open(&SimDisk::from_image(&image), store);
            match opened {
                Ok(_) => assert_eq!(place, last, "closed {is_closed}"),
                Err(error) => assert!(error.is_corruption() && place < last, "{place}: {error}"),
            }
        }
        if !is_closed {
            drop(open(&disk, &store));
        }
    }
    drop(graph);
}
