//! Journal frames: a database whose log was changed in any way opens as a prefix of its commits, or says what
//! is damaged. Never a panic, never a wrong answer.
//!
//! The input is a list of edits: which database (closed or killed), then (offset, byte) pairs that are
//! XORed into the log, and how much of its end is cut.
#![no_main]

#[path = "../../tests/it/support/sim_disk/mod.rs"]
#[allow(dead_code, unused_imports, reason = "the fuzzer needs a part of the simulated disk")]
mod sim_disk;

use std::path::Path;
use std::sync::LazyLock;

use idweave::model::Placeholders;
use idweave::{Graph, Read, Time, ndjson};
use libfuzzer_sys::fuzz_target;
use sim_disk::SimDisk;

const DIR: &str = "/db";
const LOG: &str = "/db/journal/0000000001.log";
const COMMITS: [&str; 4] = [
    r#"{"op":"link","a":"openid:a:o1","b":"unionid:u:u1","source":"mp.user_info","at":1735689600000}"#,
    r#"{"op":"link","a":"openid:b:o2","b":"unionid:u:u1","source":"mini.code2session","at":1735689600001}"#,
    r#"{"op":"erase","id":"openid:a:o1","reach":"id","reason":"asked","at":1735689600002}"#,
    r#"{"op":"ban","a":"openid:b:o2","b":"openid:a:o3","reason":"r","actor":"a","at":1735689600003}"#,
];

/// What a graph answers, as text.
fn dump(graph: &Graph) -> String {
    let view = graph.view();
    let entities: Vec<String> = view.entities().map(|e| format!("{:?}", e.map(|e| e.ids).ok())).collect();
    format!("{entities:?} {}", view.edges().count())
}

/// The two databases, and what a graph answers after each number of commits.
static BASE: LazyLock<([SimDisk; 2], Vec<String>)> = LazyLock::new(|| {
    let disk = SimDisk::new();
    let graph = Graph::options().vfs(disk.vfs()).create(DIR).expect("a graph");
    let mut dumps = vec![dump(&graph)];
    for line in COMMITS {
        let fact = ndjson::parse(line, 1, &Placeholders::default()).expect("a fact");
        graph.apply(Time::from_ms(1_735_689_700_000), &fact).expect("a commit");
        dumps.push(dump(&graph));
    }
    let killed = SimDisk::from_image(&disk.live_image());
    graph.close().expect("a clean close");
    ([SimDisk::from_image(&disk.live_image()), killed], dumps)
});

fuzz_target!(|input: &[u8]| {
    let (disks, dumps) = &*BASE;
    let [which, cut, edits @ ..] = input else { return };
    let disk = disks[usize::from(which & 1)].damage(Path::new(LOG), |log| {
        log.truncate(log.len().saturating_sub(usize::from(*cut) * usize::from(which >> 1 & 3)));
        for edit in edits.chunks_exact(3) {
            let at = usize::from(u16::from_le_bytes([edit[0], edit[1]]));
            match log.get_mut(at) {
                Some(byte) => *byte ^= edit[2],
                None => log.push(edit[2]),
            }
        }
    });
    if let Ok(graph) = Graph::options().vfs(disk.vfs()).open(DIR) {
        // Debug hides values behind a hash that is the same within this process.
        assert!(dumps.contains(&dump(&graph)), "a damaged log gave a state that never was");
    }
});
