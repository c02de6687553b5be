//! A database of one segment with every kind of content, as long as a test wants it.

use std::collections::BTreeSet;
use std::path::PathBuf;

use idweave::model::{PerScope, Placeholders, Reach, RelationKind, Selector};
use idweave::{Durability, Fact, Id, KindScope, Op, Read, Stats, Time, ndjson};

use crate::segments::answers::Questions;
use crate::segments::history::{HUB, commit, open};
use crate::segments::watched::Watched;
use crate::support::generate::{Flavour, NOW, stream};
use crate::support::sim_disk::{Image, SimDisk};

const STREAM_FACTS: usize = 150;
/// What a customer comes to in a segment, measured.
const BYTES_OF_CUSTOMER: usize = 200;

/// A database of one segment, closed.
pub(crate) struct Kept {
    image: Image,
    path: PathBuf,
    pub(crate) questions: Questions,
    /// Facts to be told in commits that are given up.
    pub(crate) trials: Vec<Fact>,
    pub(crate) stats: Stats,
}

impl Kept {
    /// A segment of about so many bytes: a third of it is a hub and its customers.
    pub(crate) fn of(bytes: usize) -> Kept {
        let (customers, mut streams) = (bytes / 3 / BYTES_OF_CUSTOMER, bytes / 20_000);
        loop {
            let kept = Kept::made(customers, streams);
            let len = kept.bytes().len();
            if len * 100 > bytes * 95 && len * 100 < bytes * 110 {
                return kept;
            }
            let others = |len: usize| len.saturating_sub(customers * BYTES_OF_CUSTOMER).max(1);
            let next = (streams * others(bytes)).div_ceil(others(len));
            assert_ne!(next, streams, "{len} bytes of {streams} streams and {customers} customers");
            streams = next;
        }
    }

    fn made(customers: usize, streams: usize) -> Kept {
        let mut facts: Vec<Fact> = (0..streams).flat_map(own_stream).collect();
        facts.extend(hub(customers));
        let mut questions = Questions::about(&facts);
        (0..customers).for_each(|number| questions.add(stranger(number), RelationKind::Follows));
        let disk = SimDisk::new();
        let graph = open(&disk);
        for facts in facts.chunks(64) {
            commit(&graph, facts, Durability::Buffered).unwrap();
        }
        assert_eq!(graph.checkpoint().unwrap().segments, 1);
        let stats = graph.view().stats().unwrap();
        graph.close().unwrap();
        let image = disk.live_image();
        let path = image.files().find(|(path, _)| path.starts_with("/db/segments")).unwrap().0.to_owned();
        Kept { trials: trials_of(&facts), image, path, questions, stats }
    }

    pub(crate) fn watched(&self) -> Watched {
        Watched::new(&self.image, &self.path)
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        self.image.file(&self.path).unwrap()
    }
}

/// An id that nothing names: it is looked for in vain.
fn stranger(number: usize) -> Id {
    format!("openid:wx00000000000000a1:stranger{number}").parse().unwrap()
}

/// A stream about ids that no other stream names. What reaches beyond them is told by the first ones only.
fn own_stream(number: usize) -> Vec<Fact> {
    let flavour = Flavour::ALL[number % Flavour::ALL.len()];
    let facts = stream(number as u64, flavour, STREAM_FACTS);
    let fits = |fact: &&Fact| !flattens(&fact.op) && (number < 4 || !reaches_far(&fact.op));
    facts.iter().filter(fits).map(|fact| own(fact, number)).collect()
}

fn own(fact: &Fact, stream: usize) -> Fact {
    let mut line = ndjson::print(fact).replace(&"0".repeat(60), &format!("{stream:060x}"));
    for value in 1..=9 {
        line = line.replace(&format!(":v{value}\""), &format!(":v{value}of{stream}\""));
        // Events and batches.
        for letter in ["e", "b"] {
            line = line.replace(&format!("\"{letter}{value}\""), &format!("\"{letter}{value}of{stream}\""));
        }
    }
    ndjson::parse(&line, 1, &Placeholders::default()).unwrap()
}

fn reaches_far(op: &Op) -> bool {
    let is_setting =
        matches!(op, Op::OpenAccount { .. } | Op::App { .. } | Op::Corp { .. } | Op::Provider { .. });
    is_setting || matches!(op, Op::Rules { .. } | Op::Kind { .. } | Op::Retract(Selector::Source { .. }))
}

/// Whether little would stand beside it: families of a few ids at most, a source of which nothing counts.
fn flattens(op: &Op) -> bool {
    match op {
        Op::Retract(Selector::Source { scope, .. }) => scope.is_none(),
        Op::Rules { set } => !set.keys().all(|name| name.starts_with("strength.")),
        _ => false,
    }
}

/// A staff id that follows many customers, some of whom it leaves.
fn hub(customers: usize) -> Vec<Fact> {
    let line = |op: &str, customer: usize, at: i64| {
        let at = NOW.ms() - 1_000_000 + at;
        let line = format!(
            r#"{{"op":"{op}","kind":"follows","from":"{HUB}","to":"external_userid:ww00000000000000c1:customer{customer:04}","source":"work.contact_get","at":{at}}}"#
        );
        ndjson::parse(&line, 1, &Placeholders::default()).unwrap()
    };
    let followed = (0..customers).map(|customer| line("relate", customer, 0));
    followed.chain((0..customers).step_by(7).map(|customer| line("unrelate", customer, 1))).collect()
}

/// Facts that make a commit look for what no question looks for: everything again, and what undoes it.
fn trials_of(facts: &[Fact]) -> Vec<Fact> {
    let (mut ids, mut events) = (BTreeSet::new(), BTreeSet::new());
    let (mut batches, mut sources) = (BTreeSet::new(), BTreeSet::new());
    for fact in facts {
        ids.extend(fact.op.ids().into_iter().cloned());
        batches.extend(fact.batch.clone());
        match &fact.op {
            Op::Link { source, event, .. } | Op::Supersede { source, event, .. } => {
                sources.insert(source.clone());
                events.extend(event.clone().map(|event| (source.clone(), event)));
            }
            Op::Relate { source, .. } => drop(sources.insert(source.clone())),
            _ => {}
        }
    }
    let erased = |id: Id| Op::Erase { id, reach: Reach::Id, reason: "asked".to_owned(), sticky: true };
    let of_source = |source| Selector::Source { source, scope: None, from: None, to: Time::from_ms(0) };
    let of_event = |(source, event)| Selector::Event { source, event };
    // Events that nobody told of lead to a place between those that were told of.
    let unheard = (0..facts.len() / 8).map(|number| ("import.crm".to_owned(), format!("unheard{number}")));
    let selectors = events.into_iter().chain(unheard).map(of_event);
    let selectors =
        selectors.chain(batches.into_iter().map(Selector::Batch)).chain(sources.into_iter().map(of_source));
    let spaces: BTreeSet<KindScope> = ids.iter().filter_map(|id| id.kind_scope().ok()).collect();
    let ops = ids.into_iter().map(erased).chain(selectors.map(Op::Retract));
    let ops = ops.chain(spaces.iter().flat_map(settings_of));
    let undone = ops.map(|op| Fact { at: NOW.plus_ms(-1), batch: None, op });
    facts.iter().cloned().chain(undone).collect()
}

/// What makes a commit look for all ids of a space.
fn settings_of(space: &KindScope) -> [Op; 3] {
    let (name, scope) = (space.kind().to_string(), space.scope().to_owned());
    let (from, other) = (Time::from_ms(0), Some("wx00000000000000ff".to_owned()));
    let open_account = Some("openZ".to_owned());
    let app = Op::App { appid: scope.clone(), app_type: None, subject: None, open_account, from };
    let bound_appid = Some(other);
    let (from, aliases) = (Some(from), Vec::new());
    let corp = Op::Corp { key: scope, subject: None, bound_appid, kf_bound_appid: None, from, aliases };
    [app, corp, Op::Kind { name, per_scope: PerScope::Many }]
}
