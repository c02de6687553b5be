//! Observers, counters and spans: what they are told is what happened, and no identifier is in it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use idweave::observe::{CheckpointSeen, CommitSeen, Counters, LookupSeen, Observer, Verb};
use idweave::{Error, Fact, Graph, Id, Read, Time};

use crate::support::say;

const NOW: Time = Time::from_ms(1_720_000_000_000);

/// Keeps what it is told. Its clock goes on by a millisecond whenever it is read.
#[derive(Default)]
struct Notes {
    read: AtomicU64,
    has_clock: bool,
    commits: Mutex<Vec<CommitSeen>>,
    checkpoints: Mutex<Vec<CheckpointSeen>>,
    lookups: Mutex<Vec<LookupSeen>>,
}

impl Observer for Notes {
    fn clock(&self) -> Option<Duration> {
        let read = self.read.fetch_add(1, Ordering::Relaxed);
        self.has_clock.then(|| Duration::from_millis(read))
    }

    fn committed(&self, commit: &CommitSeen) {
        self.commits.lock().unwrap().push(*commit);
    }

    fn checkpointed(&self, checkpoint: &CheckpointSeen) {
        self.checkpoints.lock().unwrap().push(*checkpoint);
    }

    fn looked_up(&self, lookup: &LookupSeen) {
        self.lookups.lock().unwrap().push(*lookup);
    }
}

fn facts() -> Vec<Fact> {
    vec![
        say::link("o1", "u1", "mini.code2session", 1),
        say::link("e1", "u1", "work.contact_get", 2),
        say::link("x2", "o2", "work.idconvert", 3),
        say::absent("o1", "openid:wx00000000000000a2", "crm.lookup", 4),
    ]
}

/// Writes, asks and checkpoints a graph: one commit with a known and a refused fact, one that fails.
fn use_it(graph: &Graph) {
    let told = facts();
    let refused = say::link("o1", "u1", "mini.code2session", 1_000_000);
    graph
        .write(NOW, |tx| {
            told.iter().chain(&told[..1]).try_for_each(|fact| tx.apply(fact).map(drop))?;
            assert!(matches!(tx.apply(&refused), Err(Error::ImplausibleTime)));
            Ok(())
        })
        .unwrap();
    let failed = graph.write(NOW, |tx| {
        tx.apply(&say::link("o3", "u3", "mp.user_info", 5)).map(drop)?;
        tx.apply(&refused).map(drop)
    });
    assert!(failed.is_err());
    graph.checkpoint().unwrap();
    graph.checkpoint().unwrap();
    let view = graph.view();
    let to = |text: &str| text.parse().unwrap();
    let ids: Vec<Id> = ["o1", "o2", "o9"].map(say::id).to_vec();
    for (id, space) in [
        ("o1", "external_userid:ww00000000000000c1"),
        ("o2", "external_userid:ww00000000000000c1"),
        ("o1", "openid:wx00000000000000a2"),
        ("o9", "openid:wx00000000000000a2"),
    ] {
        view.translate(&say::id(id), &to(space), say::hour(5)).unwrap();
    }
    view.translate_many(&ids, &to("unionid:openA"), say::hour(5), &mut Vec::new()).unwrap();
    view.resolve(&say::id("o1")).unwrap();
    view.person(&say::id("o9")).unwrap();
    view.same(&say::id("o1"), &say::id("e1")).unwrap();
    view.explain(&say::id("o1"), &say::id("x2")).unwrap();
    view.contacts_of(&say::id("o1"), "ww00000000000000c1").unwrap();
}

fn on_disk(observer: Arc<dyn Observer>) -> (tempfile::TempDir, Graph) {
    let place = tempfile::tempdir().unwrap();
    let graph = Graph::options().observer(observer).create(place.path().join("db")).unwrap();
    (place, graph)
}

#[test]
fn an_observer_is_told_what_happened() {
    let notes = Arc::new(Notes { has_clock: true, ..Notes::default() });
    let (_place, graph) = on_disk(notes.clone());
    use_it(&graph);
    let commits = notes.commits.lock().unwrap().clone();
    let [good, failed] = commits.as_slice() else { panic!("two writes: {commits:?}") };
    assert_eq!((good.seq, good.has_failed), (1, false));
    assert_eq!((good.facts.recorded, good.facts.already_known, good.facts.refused), (4, 1, 1));
    assert_eq!((failed.seq, failed.has_failed), (0, true));
    assert_eq!((failed.facts.recorded, failed.facts.refused), (0, 1));
    assert!(good.delta_bytes > 0);
    // The clock was read when it began, before and after the wait for the medium, and when it returned.
    assert_eq!((good.took, good.synced), (Some(Duration::from_millis(3)), Some(Duration::from_millis(1))));
    assert_eq!((failed.took, failed.synced), (Some(Duration::from_millis(1)), None));
    let checkpoints = notes.checkpoints.lock().unwrap().clone();
    let [checkpoint] = checkpoints.as_slice() else {
        panic!("the second had nothing to do: {checkpoints:?}")
    };
    assert!(checkpoint.written_bytes > 0 && checkpoint.segments == 1 && !checkpoint.has_failed);
    let lookups = notes.lookups.lock().unwrap().clone();
    let told = |verb: Verb| {
        let of_verb = lookups.iter().filter(move |lookup| lookup.verb == verb);
        of_verb.map(|lookup| lookup.answered.named().map(|(_, times)| times)).collect::<Vec<_>>()
    };
    let (found, pending, absent, unknown) =
        ([1, 0, 0, 0, 0], [0, 0, 1, 0, 0], [0, 0, 0, 1, 0], [0, 0, 0, 0, 1]);
    assert_eq!(told(Verb::Translate), [found, pending, absent, unknown]);
    assert_eq!(told(Verb::TranslateMany), [[1, 0, 0, 0, 2]]);
    assert_eq!(told(Verb::Resolve), [found, unknown]);
    assert_eq!((told(Verb::Same), told(Verb::Explain)), (vec![found], vec![unknown]));
    assert_eq!(told(Verb::ContactsOf), [unknown]);
    assert!(lookups.iter().all(|lookup| lookup.took == Some(Duration::from_millis(1))));
}

#[test]
fn who_hands_in_no_clock_is_told_no_times() {
    let notes = Arc::new(Notes::default());
    let (_place, graph) = on_disk(notes.clone());
    use_it(&graph);
    assert!(
        notes.commits.lock().unwrap().iter().all(|commit| commit.took.is_none() && commit.synced.is_none())
    );
    assert!(notes.lookups.lock().unwrap().iter().all(|lookup| lookup.took.is_none()));
    assert!(notes.checkpoints.lock().unwrap().iter().all(|checkpoint| checkpoint.took.is_none()));
}

#[test]
fn a_large_change_is_told_as_the_commit_that_it_is() {
    let notes = Arc::new(Notes::default());
    let (_place, graph) = on_disk(notes.clone());
    graph.write_large(NOW, |tx| tx.apply(&say::rule("hub_limit", 5, 1)), |_| {}).unwrap();
    let commits = notes.commits.lock().unwrap().clone();
    assert_eq!(
        commits.iter().map(|commit| (commit.seq, commit.facts.recorded)).collect::<Vec<_>>(),
        [(1, 1)]
    );
}

#[test]
fn counters_add_up_and_name_nobody() {
    let ticks = AtomicU64::new(0);
    let clock = move || Duration::from_micros(700 * ticks.fetch_add(1, Ordering::Relaxed));
    let counters = Arc::new(Counters::default().with_clock(clock));
    let (_place, graph) = on_disk(counters.clone());
    use_it(&graph);
    assert_eq!((counters.commits(), counters.facts(), counters.checkpoints()), (1, (4, 1, 2), 1));
    assert_eq!(
        (counters.lookups(Verb::Translate, "found"), counters.lookups(Verb::TranslateMany, "unknown")),
        (1, 2)
    );
    assert_eq!(counters.lookups(Verb::Translate, "nonsense"), 0);
    let text = counters.prometheus();
    let is_size = |line: &&str| line.contains("bytes") && !line.starts_with('#');
    let shown: Vec<&str> = text.lines().filter(|line| !is_size(line)).collect();
    insta::assert_snapshot!("prometheus", shown.join("\n"));
    for canary in ["v1", "v2", "openA", "wx0000", "ww0000", "code2session", "crm"] {
        assert!(!text.contains(canary), "{canary}: {text}");
    }
    assert!(!format!("{counters:?} {:?}", Graph::options().observer(counters.clone())).contains("openA"));
}

#[test]
fn figures_are_at_hand_and_agree_with_those_that_are_counted() {
    let (place, graph) = on_disk(Arc::new(Notes::default()));
    use_it(&graph);
    let later = say::link("o7", "u7", "mp.user_info", 9);
    graph.apply(NOW, &later).unwrap();
    let (view, written) = (graph.view(), place.path().join("s"));
    let (figures, stats) = (view.figures().unwrap(), view.stats().unwrap());
    assert_eq!((figures.seq, figures.ids, figures.erased), (stats.seq, stats.ids, stats.erased));
    assert!(figures.delta_bytes > 0 && figures.segments == 1);
    let published = graph.snapshot(&written).unwrap();
    let figures = idweave::Snapshot::open(&written).unwrap().figures().unwrap();
    assert_eq!((figures.ids, figures.segment_bytes, figures.delta_bytes), (stats.ids, published.bytes, 0));
}

/// Spans, as a subscriber sees them.
#[cfg(feature = "tracing")]
mod spans {
    use std::fmt::{Debug, Write};
    use std::process::Command;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::sync::{Arc, Mutex};

    use tracing::field::{Field, Visit};
    use tracing::span::{Attributes, Id, Record};
    use tracing::{Event, Metadata, Subscriber};

    use super::{Notes, on_disk, use_it};

    /// Writes down the name and every field of every span and event.
    #[derive(Clone, Default)]
    struct Book {
        next: Arc<AtomicU64>,
        text: Arc<Mutex<String>>,
    }

    struct Fields<'t>(&'t mut String);

    impl Visit for Fields<'_> {
        fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
            write!(self.0, " {}={value:?}", field.name()).unwrap();
        }
    }

    impl Subscriber for Book {
        fn enabled(&self, _: &Metadata<'_>) -> bool {
            true
        }

        fn new_span(&self, span: &Attributes<'_>) -> Id {
            let mut text = self.text.lock().unwrap();
            text.push_str(span.metadata().name());
            span.record(&mut Fields(&mut text));
            text.push('\n');
            Id::from_u64(self.next.fetch_add(1, Ordering::Relaxed) + 1)
        }

        fn record(&self, _: &Id, values: &Record<'_>) {
            let mut text = self.text.lock().unwrap();
            values.record(&mut Fields(&mut text));
            text.push('\n');
        }

        fn record_follows_from(&self, _: &Id, _: &Id) {}

        fn event(&self, event: &Event<'_>) {
            event.record(&mut Fields(&mut self.text.lock().unwrap()));
        }

        fn enter(&self, _: &Id) {}

        fn exit(&self, _: &Id) {}
    }

    /// Says that one is the process of a test's own.
    const ALONE: &str = "IDWEAVE_SPANS";

    /// Whether this is a process of the test's own: which spans anybody wants is known to a whole process, and threads of other
    /// tests, who want none, have their part in that. Else one is run, and its outcome is the test's.
    fn is_alone(name: &str) -> bool {
        if std::env::var(ALONE).is_ok() {
            return true;
        }
        let mut child = Command::new(std::env::current_exe().unwrap());
        child.args(["--exact", "--nocapture", "--test-threads=1"]).arg(format!("observe::spans::{name}"));
        let ran = child.env(ALONE, "yes").output().unwrap();
        let said = String::from_utf8_lossy(&ran.stdout);
        let failed = String::from_utf8_lossy(&ran.stderr);
        assert!(ran.status.success() && said.contains("1 passed"), "{said}{failed}");
        false
    }

    fn told(run: impl FnOnce()) -> String {
        let book = Book::default();
        tracing::subscriber::with_default(book.clone(), run);
        let text = book.text.lock().unwrap();
        text.clone()
    }

    #[test]
    fn spans_have_fixed_names_and_hold_no_identifier() {
        if !is_alone("spans_have_fixed_names_and_hold_no_identifier") {
            return;
        }
        let text = told(|| {
            let (_place, graph) = on_disk(Arc::new(Notes::default()));
            use_it(&graph);
        });
        for line in [
            "idweave.commit\n",
            " seq=1",
            " facts=4",
            "idweave.checkpoint\n",
            "idweave.lookup verb=\"translate\"\n",
        ] {
            assert!(text.contains(line), "{line}: {text}");
        }
        for canary in ["v1", "v2", "openA", "wx0000", "ww0000", "code2session", "crm", "unionid", "openid"] {
            assert!(!text.contains(canary), "{canary}: {text}");
        }
    }

    #[cfg(all(feature = "sync", feature = "simulator"))]
    #[test]
    fn calls_are_spans_by_their_paths_and_hold_no_secret_and_no_identifier() {
        if !is_alone("calls_are_spans_by_their_paths_and_hold_no_secret_and_no_identifier") {
            return;
        }
        crate::sync::canary::spans_show_none_of_them(|run| told(run));
    }
}
