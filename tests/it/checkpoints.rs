//! Checkpoints while others read and write: what is kept in memory stays bounded, nothing is lost, views hold.

use std::path::Path;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};

use idweave::model::Placeholders;
use idweave::{Durability, Error, Fact, Graph, Read, Time, Translation, ndjson};

use crate::support::sim_disk::SimDisk;

const START_MS: i64 = 1_735_689_600_000;
const NOW: Time = Time::from_ms(START_MS + 1_000_000);

fn link(number: usize) -> Fact {
    let line = format!(
        r#"{{"op":"link","a":"openid:app{}:o{number:07}x","b":"unionid:open:u{:07}x","source":"mp.user_info","at":{START_MS}}}"#,
        number % 2,
        number / 2
    );
    ndjson::parse(&line, 1, &Placeholders::default()).unwrap()
}

fn write(graph: &Graph, numbers: std::ops::Range<usize>) {
    graph
        .write_with(NOW, Durability::Buffered, |tx| {
            numbers.clone().try_for_each(|n| tx.apply(&link(n)).map(drop))
        })
        .unwrap();
}

/// What the openid of a link is translated to.
fn found(read: &impl Read, number: usize) -> Translation {
    let openid = format!("openid:app{}:o{number:07}x", number % 2).parse().unwrap();
    read.translate(&openid, &"unionid:open".parse().unwrap(), NOW).unwrap()
}

fn right(number: usize) -> Translation {
    Translation::Found(vec![format!("unionid:open:u{:07}x", number / 2).parse().unwrap()])
}

#[test]
fn a_graph_that_grows_past_its_bound_writes_itself_out_and_answers_on() {
    let place = tempfile::tempdir().unwrap();
    let graph = Graph::options().delta_bytes(1 << 20).create(place.path()).unwrap();
    for commit in 0..300 {
        write(&graph, commit * 100..(commit + 1) * 100);
    }
    graph.sync().unwrap();
    let view = graph.view();
    assert!((0..30_000).step_by(7).all(|number| found(&view, number) == right(number)));
    graph.close().unwrap();
    let segments = std::fs::read_dir(place.path().join("segments")).unwrap().count();
    assert!(segments > 0, "thirty times the bound were written and nothing was written out");
    let graph = Graph::open(place.path()).unwrap();
    assert!(graph.check().unwrap().is_empty());
    let view = graph.view();
    assert!((0..30_000).all(|number| found(&view, number) == right(number)));
}

#[test]
fn without_the_thread_a_writer_sees_to_room_itself() {
    let disk = SimDisk::new();
    let options = Graph::options().vfs(disk.vfs()).delta_bytes(100_000).auto_checkpoint(false);
    let graph = options.create(Path::new("/db")).unwrap();
    for commit in 0..60 {
        write(&graph, commit * 20..(commit + 1) * 20);
    }
    let done = graph.checkpoint().unwrap();
    assert!(done.segments > 0);
    assert!((0..1_200).all(|number| found(&graph.view(), number) == right(number)));
}

#[test]
fn readers_and_writers_go_on_while_checkpoints_run() {
    let place = tempfile::tempdir().unwrap();
    let graph = Graph::options().auto_checkpoint(false).create(place.path()).unwrap();
    write(&graph, 0..2_000);
    graph.sync().unwrap();
    let (done, start) = (AtomicBool::new(false), Barrier::new(3));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            start.wait();
            for commit in 20..120 {
                write(&graph, commit * 100..(commit + 1) * 100);
                graph.sync().unwrap();
            }
            done.store(true, Ordering::Release);
        });
        scope.spawn(|| {
            start.wait();
            while !done.load(Ordering::Acquire) {
                let view = graph.view();
                assert!((0..2_000).step_by(37).all(|number| found(&view, number) == right(number)));
            }
        });
        start.wait();
        while !done.load(Ordering::Acquire) {
            graph.checkpoint().unwrap();
        }
    });
    graph.checkpoint().unwrap();
    assert!((0..12_000).all(|number| found(&graph.view(), number) == right(number)));
    assert!(graph.check().unwrap().is_empty());
}

#[test]
fn a_view_keeps_its_commit_through_checkpoints_and_merges() {
    let place = tempfile::tempdir().unwrap();
    let graph = Graph::options().auto_checkpoint(false).create(place.path()).unwrap();
    write(&graph, 0..10);
    graph.sync().unwrap();
    let before = graph.view();
    for round in 1..12 {
        write(&graph, round * 10..(round + 1) * 10);
        graph.checkpoint().unwrap();
        assert_eq!(found(&before, 3), right(3));
        assert_eq!(found(&before, round * 10), Translation::Unknown);
        assert_eq!(found(&graph.view(), round * 10), right(round * 10));
    }
}

#[test]
fn a_view_that_fell_too_far_behind_says_so() {
    let place = tempfile::tempdir().unwrap();
    let graph = Graph::options().max_pinned_bytes(10_000).create(place.path()).unwrap();
    write(&graph, 0..2);
    graph.sync().unwrap();
    let old = graph.view();
    assert_eq!(found(&old, 1), right(1));
    write(&graph, 2..400);
    graph.sync().unwrap();
    let openid = "openid:app1:o0000001x".parse().unwrap();
    assert!(matches!(old.resolve(&openid), Err(Error::ViewExpired)));
    assert!(matches!(old.entities().next(), Some(Err(Error::ViewExpired))));
    assert_eq!(found(&graph.view(), 1), right(1));

    let aged = Graph::options().max_view_age_ms(1_000).in_memory().unwrap();
    let old = aged.view();
    let later = Time::from_ms(NOW.ms() + 5_000);
    aged.write(NOW, |tx| tx.apply(&link(1)).map(drop)).unwrap();
    let recent = aged.view();
    aged.write(Time::from_ms(NOW.ms() + 500), |tx| tx.apply(&link(2)).map(drop)).unwrap();
    assert!(recent.stats().is_ok());
    aged.write(later, |tx| tx.apply(&link(3)).map(drop)).unwrap();
    assert!(matches!(recent.stats(), Err(Error::ViewExpired)));
    assert!(matches!(old.stats(), Err(Error::ViewExpired)));
}

#[test]
fn a_checkpoint_of_nothing_new_writes_nothing() {
    let place = tempfile::tempdir().unwrap();
    let graph = Graph::create(place.path()).unwrap();
    assert_eq!(graph.checkpoint().unwrap().written_bytes, 0);
    write(&graph, 0..2);
    assert!(graph.checkpoint().unwrap().written_bytes > 0);
    let again = graph.checkpoint().unwrap();
    assert_eq!((again.written_bytes, again.merged_bytes, again.segments), (0, 0, 1));
    let memory = Graph::options().in_memory().unwrap();
    write(&memory, 0..2);
    assert_eq!(memory.checkpoint().unwrap().segments, 0);
}

#[test]
fn log_files_that_segments_cover_are_gone_and_the_cost_is_that_of_the_change() {
    let place = tempfile::tempdir().unwrap();
    let graph = Graph::options().auto_checkpoint(false).create(place.path()).unwrap();
    write(&graph, 0..20_000);
    let large = graph.checkpoint().unwrap().written_bytes;
    write(&graph, 20_000..20_010);
    let small = graph.checkpoint().unwrap().written_bytes;
    assert!(small * 50 < large, "{small} bytes for ten links, {large} for twenty thousand");
    let logs = std::fs::read_dir(place.path().join("journal")).unwrap();
    let logs = logs
        .filter(|file| file.as_ref().is_ok_and(|file| file.path().extension().is_some_and(|e| e == "log")));
    assert_eq!(logs.count(), 1);
}

#[test]
fn a_follower_keeps_up_while_the_writer_checkpoints_and_merges() {
    let place = tempfile::tempdir().unwrap();
    let graph = Graph::options().auto_checkpoint(false).create(place.path()).unwrap();
    write(&graph, 0..100);
    graph.sync().unwrap();
    let follower = Graph::options().open_read_only(place.path()).unwrap();
    let (done, start) = (AtomicBool::new(false), Barrier::new(2));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            start.wait();
            for commit in 1..150 {
                write(&graph, commit * 100..(commit + 1) * 100);
                graph.sync().unwrap();
                if commit % 7 == 0 {
                    graph.checkpoint().unwrap();
                }
            }
            done.store(true, Ordering::Release);
        });
        start.wait();
        let mut last = 0;
        while !done.load(Ordering::Acquire) {
            let seq = follower.refresh().unwrap();
            assert!(seq >= last, "a follower never goes back");
            last = seq;
            let view = follower.view();
            let commits = usize::try_from(view.seq()).unwrap();
            assert_eq!(found(&view, commits * 100 - 1), right(commits * 100 - 1));
            assert_eq!(found(&view, commits * 100), Translation::Unknown);
        }
    });
    assert_eq!(follower.refresh().unwrap(), graph.view().seq());
    assert!((0..15_000).step_by(11).all(|number| found(&follower.view(), number) == right(number)));
    graph.close().unwrap();
    assert_eq!(follower.refresh().unwrap(), 150);
}
