//! Hubs: what is added to one while a checkpoint is under way, or failed, is written once.

use std::path::Path;

use idweave::model::{Direction, RelationKind, When};
use idweave::{Graph, Read, VerifyLevel, ndjson};

use crate::segments::history::open;
use crate::support::generate::NOW;
use crate::support::sim_disk::{Fault, SimDisk};

const MEMBERS: u64 = 20_000;
/// One more member, its record and what every segment has.
const SMALL_SEGMENT: usize = 4_096;

fn join(graph: &Graph, members: std::ops::Range<u64>) {
    let lines = members.map(|member| {
        let (from, to) = (format!("external_userid:corp:wm{member}"), "chat_id:corp:wr1");
        format!(
            r#"{{"op":"relate","kind":"member_of","from":"{from}","to":"{to}","source":"work.group_get","at":1735689600000}}"#
        )
    });
    let facts: Vec<_> = lines.map(|line| ndjson::parse(&line, 1, &Default::default()).unwrap()).collect();
    graph.write(NOW, |tx| facts.iter().try_for_each(|fact| tx.apply(fact).map(drop))).unwrap();
}

fn members(read: &impl Read) -> (u64, u64) {
    let (chat, kind) = ("chat_id:corp:wr1".parse().unwrap(), RelationKind::MemberOf);
    let walked = read.neighbors(&chat, &kind, Direction::In, When::Ever);
    let walked = walked.map(|interval| interval.unwrap().from).collect::<Vec<_>>();
    assert!(walked.is_sorted_by_key(|id| id.value().trim_start_matches("wm").parse::<u64>().unwrap()));
    let told = read.count_neighbors(&chat, &kind, Direction::In, When::Ever).unwrap();
    (walked.len() as u64, told)
}

fn segment_sizes(disk: &SimDisk) -> Vec<usize> {
    let image = disk.live_image();
    let segments = image.files().filter(|(path, _)| path.starts_with(Path::new("/db/segments")));
    segments.map(|(_, bytes)| bytes.len()).collect()
}

/// Every commit copied the whole list of a hub that a checkpoint was writing out, and the next checkpoint wrote all
/// of it again.
#[test]
fn what_joins_a_hub_beside_a_checkpoint_is_all_that_the_next_one_writes() {
    let disk = SimDisk::new();
    let graph = open(&disk);
    join(&graph, 0..MEMBERS);
    // The delta is frozen, and its segment cannot be written.
    disk.inject(Some(Fault::Space { bytes: 100 }));
    graph.checkpoint().unwrap_err();
    disk.inject(None);
    join(&graph, MEMBERS..MEMBERS + 1);
    let view = graph.view();
    assert_eq!(members(&view), (MEMBERS + 1, MEMBERS + 1));
    graph.checkpoint().unwrap();
    let sizes = segment_sizes(&disk);
    assert_eq!(sizes.len(), 2, "what was frozen, and what came since");
    assert!(sizes.iter().any(|size| *size < SMALL_SEGMENT), "{sizes:?}");
    for read in [view, graph.view()] {
        assert_eq!(members(&read), (MEMBERS + 1, MEMBERS + 1));
    }
    assert_eq!(graph.check().unwrap(), []);
    graph.verify(VerifyLevel::Full).unwrap();
    drop(graph);
    assert_eq!(members(&open(&disk).view()), (MEMBERS + 1, MEMBERS + 1));
}
