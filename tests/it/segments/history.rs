//! The life of a graph: commits of a random stream of facts, checkpoints among them often enough that segments are
//! merged, and what the graph answered after each commit.

use idweave::model::{Placeholders, RelationKind};
use idweave::{Durability, Error, Fact, Graph, ndjson};

use crate::segments::answers::{Questions, text};
use crate::support::generate::{Flavour, NOW, Random, commits, stream};
use crate::support::sim_disk::SimDisk;

pub(crate) const DIR: &str = "/db";

/// A step of a life.
#[derive(Debug, Clone)]
pub(crate) enum Act {
    /// A commit that is durable when it returns.
    Commit(Vec<Fact>),
    /// A commit that waits for a later flush.
    Buffered(Vec<Fact>),
    Sync,
    Checkpoint,
    /// Closes and opens again.
    Reopen,
}

/// A stream of `facts` facts in commits, a checkpoint after every second or third.
pub(crate) fn history(seed: u64, facts: usize) -> (Vec<Act>, Questions) {
    let mut random = Random::new(seed);
    let flavours = Flavour::ALL;
    let facts = stream(seed, flavours[random.below(flavours.len())], facts);
    let mut acts = Vec::new();
    for commit in commits(&facts, &mut random) {
        acts.push(if random.one_in(4) { Act::Buffered(commit) } else { Act::Commit(commit) });
        match random.below(12) {
            0..=5 => acts.push(Act::Checkpoint),
            6 => acts.push(Act::Sync),
            7 => acts.push(Act::Reopen),
            _ => {}
        }
    }
    let mut questions = Questions::about(&facts);
    if seed.is_multiple_of(3) {
        add_hub(&mut acts, &mut random);
        questions.add(HUB.parse().unwrap(), RelationKind::Follows);
    }
    (acts, questions)
}

pub(crate) const HUB: &str = "userid:ww00000000000000c1:hub";

/// A staff id that follows so many customers that the list lies beside its record, and changes to that list.
pub(crate) fn hub() -> [Vec<Fact>; 4] {
    let fact = |line: &str| ndjson::parse(line, 1, &Placeholders::default()).unwrap();
    let line = |op: &str, customer: usize, at: i64| {
        let at = NOW.ms() - 1_000_000 + at;
        fact(&format!(
            r#"{{"op":"{op}","kind":"follows","from":"{HUB}","to":"external_userid:ww00000000000000c1:customer{customer:03}","source":"work.contact_get","at":{at}}}"#
        ))
    };
    let erase = r#"{"op":"erase","id":"external_userid:ww00000000000000c1:customer007","reach":"id","reason":"asked","at":1798760000000}"#;
    [
        (0..66).map(|customer| line("relate", customer, 0)).collect(),
        (64..68).map(|customer| line("relate", customer, 1)).collect(),
        (0..5).map(|customer| line("unrelate", customer, 2)).collect(),
        vec![fact(erase), line("relate", 70, 3)],
    ]
}

fn add_hub(acts: &mut Vec<Act>, random: &mut Random) {
    let mut at = 0;
    for change in hub() {
        at = (at + random.below(4)).min(acts.len());
        acts.insert(at, Act::Commit(change));
        acts.insert(at + 1, Act::Checkpoint);
        at += 2;
    }
}

pub(crate) fn open(disk: &SimDisk) -> Graph {
    Graph::options().vfs(disk.vfs()).auto_checkpoint(false).create_if_missing(true).open(DIR).unwrap()
}

/// A commit of facts, some of which may be refused; whether it was one.
pub(crate) fn commit(graph: &Graph, facts: &[Fact], durability: Durability) -> Result<bool, Error> {
    let before = graph.view_dirty().seq();
    graph.write_with(NOW, durability, |tx| {
        facts.iter().for_each(|fact| drop(tx.apply(fact)));
        Ok(())
    })?;
    Ok(graph.view_dirty().seq() > before)
}

/// What a graph answered after 0, 1, 2, ... commits.
#[derive(Default)]
pub(crate) struct Told {
    pub(crate) scans: Vec<String>,
    pub(crate) all: Vec<String>,
}

impl Told {
    fn note(&mut self, graph: &Graph, questions: &Questions) {
        self.scans.push(text(questions.scans(&graph.view_dirty())));
        self.all.push(text(questions.all(&graph.view_dirty())));
    }
}

/// A life that was lived on a simulated disk.
pub(crate) struct Lived {
    pub(crate) disk: SimDisk,
    pub(crate) questions: Questions,
    /// The facts of each commit.
    pub(crate) commits: Vec<Vec<Fact>>,
    pub(crate) told: Told,
    /// For each number of commits: the cut before it was begun, and the first one at which it must be on disk.
    issued_from: Vec<usize>,
    acked_from: Vec<usize>,
    pub(crate) created_at: usize,
    pub(crate) merges: usize,
}

impl Lived {
    /// Lives the acts, and is killed. That a checkpoint or an opening changes no answer is checked on the way.
    pub(crate) fn through(acts: &[Act], questions: Questions) -> Lived {
        let disk = SimDisk::new();
        let mut graph = open(&disk);
        let mut lived = Lived {
            created_at: disk.cuts(),
            issued_from: vec![0],
            acked_from: vec![disk.cuts()],
            commits: Vec::new(),
            told: Told::default(),
            merges: 0,
            questions,
            disk: disk.clone(),
        };
        lived.told.note(&graph, &lived.questions);
        for act in acts {
            match act {
                Act::Commit(facts) => lived.commit(&graph, facts, Durability::Sync),
                Act::Buffered(facts) => lived.commit(&graph, facts, Durability::Buffered),
                Act::Sync => {
                    graph.sync().unwrap();
                }
                Act::Checkpoint => {
                    lived.merges += usize::from(graph.checkpoint().unwrap().merged_bytes > 0);
                    let now = text(lived.questions.all(&graph.view_dirty()));
                    assert_eq!(Some(&now), lived.told.all.last(), "a checkpoint changed an answer");
                }
                Act::Reopen => {
                    graph.close().unwrap();
                    graph = open(&disk);
                    let now = text(lived.questions.all(&graph.view_dirty()));
                    assert_eq!(Some(&now), lived.told.all.last(), "opening changed an answer");
                }
            }
            if !matches!(act, Act::Buffered(_)) {
                let now = disk.cuts();
                lived.acked_from.iter_mut().for_each(|from| *from = (*from).min(now));
            }
        }
        // A drop would seal the journal: crashes come before that.
        std::mem::forget(graph);
        lived
    }

    fn commit(&mut self, graph: &Graph, facts: &[Fact], durability: Durability) {
        let before = self.disk.cuts();
        if commit(graph, facts, durability).unwrap() {
            self.told.note(graph, &self.questions);
            self.commits.push(facts.to_vec());
            self.issued_from.push(before);
            self.acked_from.push(usize::MAX);
        }
    }

    /// How many commits must be there after a crash at a cut, and how many may be.
    pub(crate) fn bounds(&self, cut: usize) -> (u64, u64) {
        let acked = self.acked_from.iter().filter(|from| **from <= cut).count() as u64;
        let issued = self.issued_from.iter().filter(|from| **from < cut || **from == 0).count() as u64;
        (acked.saturating_sub(1), issued.saturating_sub(1))
    }
}

/// What lies in the directories of a database that is open or was recovered, against its manifest: files that the
/// manifest does not need.
pub(crate) fn leftovers(disk: &SimDisk) -> Vec<String> {
    let image = disk.live_image();
    let manifest = image.file(std::path::Path::new("/db/MANIFEST")).unwrap();
    // Byte 16: generation; 72: the first log file; 144: the count of segments, their numbers behind it; last: crc.
    let u64_in = |slot: &[u8], at: usize| u64::from_le_bytes(slot[at..at + 8].try_into().unwrap());
    let u32_in = |slot: &[u8], at: usize| u32::from_le_bytes(slot[at..at + 4].try_into().unwrap());
    let whole = manifest.chunks(4096).filter(|slot| crc32c::crc32c(&slot[..4092]) == u32_in(slot, 4092));
    let slot = whole.max_by_key(|slot| u64_in(slot, 16)).unwrap();
    let (first_file, count) = (u64_in(slot, 72), u32_in(slot, 144) as usize);
    let segments: Vec<u64> = (0..count).map(|n| u64_in(slot, 148 + 16 * n)).collect();
    let mut needless: Vec<String> = Vec::new();
    let mut found = 0;
    for (path, _) in image.files() {
        let name = path.to_str().unwrap();
        if name.starts_with("/db/feed/") {
            continue; // It keeps what its option says.
        }
        let number = |suffix| name.rsplit('/').next()?.strip_suffix(suffix)?.parse::<u64>().ok();
        let needed = match (number(".log"), number(".seg")) {
            (Some(log), _) => log >= first_file,
            (_, Some(segment)) => segments.contains(&segment),
            _ => ["/db/LOCK", "/db/MANIFEST", "/db/journal/MARK"].contains(&name),
        };
        found += usize::from(name.ends_with(".seg"));
        if !needed {
            needless.push(name.to_owned());
        }
    }
    assert!(found >= count, "a segment is missing");
    needless
}
