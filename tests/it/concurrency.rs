//! Writers that share flushes, readers beside them, and one process at a time.

use std::sync::atomic::{AtomicBool, Ordering};

use idweave::model::Placeholders;
use idweave::{Durability, Error, Fact, Graph, Id, Outcome, Read, Time, ndjson};

use crate::support::sim_disk::SimDisk;

const NOW: Time = Time::from_ms(1_735_700_000_000);

fn fact(line: &str) -> Fact {
    ndjson::parse(line, 1, &Placeholders::default()).unwrap()
}

/// The chain's next link and the mark that counts its ids, in one commit.
fn grow(graph: &Graph, links: u64) {
    let at = 1_735_689_600_000 + links;
    let chain = fact(&format!(
        r#"{{"op":"link","a":"custom.many:x:c{links}x","b":"custom.many:x:c{}x","source":"import.crm","at":{at}}}"#,
        links + 1
    ));
    let mark = fact(&format!(r#"{{"op":"mark","key":"ids","value":"{}","at":{at}}}"#, links + 2));
    graph.write(NOW, |tx| [&chain, &mark].into_iter().try_for_each(|fact| tx.apply(fact).map(drop))).unwrap();
}

#[test]
fn every_view_beside_a_writer_sees_whole_commits_only() {
    const LINKS: u64 = 200;
    let graph = Graph::options().in_memory().unwrap();
    graph
        .apply(NOW, &fact(r#"{"op":"kind","name":"custom.many","per_scope":"many","at":1735689600000}"#))
        .unwrap();
    let first: Id = "custom.many:x:c0x".parse().unwrap();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let (mut seen, mut last) = (0_u64, 0);
            while !done.load(Ordering::Acquire) || seen == 0 {
                let view = graph.view();
                let marked = view.mark("ids").unwrap().map_or(0, |text| text.parse().unwrap());
                let ids = view.resolve(&first).unwrap().map_or(0, |entity| entity.members.len() as u64);
                assert_eq!(ids, marked, "a view mixed two commits");
                assert!(ids >= last, "a later view saw an earlier commit");
                (seen, last) = (seen + 1, ids);
            }
            seen
        });
        (0..LINKS).for_each(|links| grow(&graph, links));
        done.store(true, Ordering::Release);
        assert!(reader.join().unwrap() > 0);
    });
    let before = graph.view();
    grow(&graph, LINKS);
    assert_eq!(before.resolve(&first).unwrap().unwrap().members.len() as u64, LINKS + 1);
}

#[test]
fn concurrent_writers_share_flushes_and_all_their_commits_are_kept() {
    const WRITERS: u64 = 8;
    const COMMITS: u64 = 25;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("db");
    let graph = Graph::create(&path).unwrap();
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let graph = &graph;
            scope.spawn(move || {
                for commit in 0..COMMITS {
                    let line = format!(
                        r#"{{"op":"link","a":"openid:app:o{writer}x{commit}","b":"unionid:open:u{writer}x{commit}","source":"mp.user_info","at":1735689600000}}"#
                    );
                    let written = graph.apply(NOW, &fact(&line)).unwrap();
                    assert_eq!(written.value, Outcome::Recorded);
                    assert!(graph.view().seq() >= written.seq, "an acknowledged commit is in every later view");
                }
            });
        }
    });
    assert_eq!(graph.view().seq(), WRITERS * COMMITS);
    graph.close().unwrap();
    assert_eq!(Graph::open(&path).unwrap().view().stats().unwrap().ids, 2 * WRITERS * COMMITS);
}

#[test]
fn a_buffered_commit_is_seen_by_dirty_views_and_by_others_once_it_is_flushed() {
    let disk = SimDisk::new();
    let graph = Graph::options().vfs(disk.vfs()).durability(Durability::Buffered).create("/db").unwrap();
    let line = r#"{"op":"link","a":"openid:app:o1","b":"unionid:open:u1","source":"mp.user_info","at":1735689600000}"#;
    graph.apply(NOW, &fact(line)).unwrap();
    assert_eq!((graph.view().seq(), graph.view_dirty().seq()), (0, 1));
    // Told again and waited for: nothing is written, but what was known is durable when this returns.
    let again = graph.write_with(NOW, Durability::Sync, |tx| tx.apply(&fact(line))).unwrap();
    assert_eq!((again.value, again.seq, graph.view().seq()), (Outcome::AlreadyKnown, 1, 1));
}

#[test]
fn a_failed_closure_and_a_refused_fact_leave_no_trace() {
    let graph = Graph::options().in_memory().unwrap();
    let good = fact(
        r#"{"op":"link","a":"openid:app:o1","b":"unionid:open:u1","source":"mp.user_info","at":1735689600000}"#,
    );
    let failed: Result<_, Error> = graph.write(NOW, |tx| {
        assert_eq!(tx.apply(&good)?, Outcome::Recorded);
        Err::<(), _>(Error::Erased)
    });
    assert!(matches!(failed, Err(Error::Erased)));
    assert_eq!(graph.view_dirty().seq(), 0);
    let early = Fact { at: Time::from_ms(1_000), ..good.clone() };
    let kept = graph.write(NOW, |tx| {
        assert!(matches!(tx.apply(&early), Err(Error::ImplausibleTime)));
        tx.apply(&good)
    });
    assert_eq!(kept.unwrap().seq, 1);
    assert_eq!(graph.view().stats().unwrap().ids, 2);
}

#[test]
fn a_database_is_open_once_at_a_time() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("db");
    assert!(matches!(Graph::open(&path), Err(Error::NotFound { .. })));
    let graph = Graph::create(&path).unwrap();
    assert!(matches!(Graph::open(&path), Err(Error::Locked { .. })));
    assert!(matches!(Graph::create(&path), Err(Error::Locked { .. } | Error::AlreadyExists { .. })));
    graph.close().unwrap();
    assert!(Graph::open(&path).is_ok());
}
