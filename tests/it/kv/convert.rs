//! Conversion: the same database in another home, whatever cuts it short.

use std::path::Path;

use idweave::{Error, Graph, HomeKind, Read};

use crate::kv::{NOW, dump, erase, fact, link, opened, write};
use crate::support::sim_disk::{Fault, SimDisk};
use crate::support::sim_store::SimStore;

fn facts() -> Vec<idweave::Fact> {
    let mut facts: Vec<_> = (0..60).map(link).collect();
    facts.push(fact(r#"{"op":"mark","key":"cursor","value":"seven","at":1735689600000}"#));
    facts.push(fact(
        r#"{"op":"relate","kind":"subscribes","from":"openid:app0:o000000x","to":"app::wx0000000000000001","source":"mp.user_info","at":1735689600000}"#,
    ));
    facts.push(fact(r#"{"op":"rules","set":{"hub_limit":6},"at":1735689600000}"#));
    facts
}

/// Everything that is to be the same.
fn told(graph: &Graph) -> String {
    let view = graph.view();
    let changes: Vec<_> = graph.changes(1).unwrap().map(Result::unwrap).collect();
    format!("{}\n{:?}\n{:?}", dump(&view).unwrap(), view.stats().unwrap(), changes)
}

fn made(disk: &SimDisk, home: HomeKind, dir: &str) -> Graph {
    let graph = Graph::options().vfs(disk.vfs()).home(home).create(Path::new(dir)).unwrap();
    for commit in facts().chunks(20) {
        write(&graph, commit).unwrap();
        graph.checkpoint().unwrap();
    }
    write(&graph, &[erase(7)]).unwrap();
    graph
}

#[test]
fn a_database_converted_there_and_back_is_the_same() {
    let (disk, store) = (SimDisk::new(), SimStore::new(None));
    let native = made(&disk, HomeKind::Native, "/native");
    let expected = told(&native);
    let to_kv = Graph::options().vfs(disk.vfs()).home(store.home());
    let converted = to_kv.clone().convert(&native, "/kv").unwrap();
    assert_eq!((converted.seq, converted.kept), (native.view().seq(), 0));
    let kv = to_kv.open("/kv").unwrap();
    assert_eq!(told(&kv), expected);
    // Both go on alike.
    write(&kv, &[link(100)]).unwrap();
    write(&native, &[link(100)]).unwrap();
    kv.checkpoint().unwrap();
    assert_eq!(told(&kv), told(&native));
    let back = Graph::options().vfs(disk.vfs());
    back.clone().convert(&kv, "/back").unwrap();
    let back = back.open("/back").unwrap();
    assert_eq!(told(&back), told(&native));
    assert!(back.check().unwrap().is_empty());
    // What was erased is not let in again: the secret went along.
    let again = back.write(NOW, |tx| tx.apply(&link(7)));
    assert!(matches!(again, Err(Error::Erased)), "{again:?}");
}

#[test]
fn a_conversion_that_is_cut_short_goes_on_where_it_was() {
    for to_kv in [true, false] {
        let source = SimDisk::new();
        let store = SimStore::new(None);
        let home = if to_kv { HomeKind::Native } else { store.home() };
        let from = made(&source, home, "/from");
        let expected = told(&from);
        let (mut kept, mut failures) = (0, 0);
        let target = SimDisk::new();
        let options = || {
            let options = Graph::options().vfs(target.vfs());
            if to_kv { options.home(store.home()) } else { options }
        };
        let converted = loop {
            // Each attempt comes a few calls further before one fails.
            let index = target.calls() + 12 + failures;
            target.inject(Some(Fault::Call { index, forever: true }));
            let converted = options().convert(&from, "/to");
            target.inject(None);
            match converted {
                Ok(converted) => break converted,
                Err(error) => {
                    assert!(matches!(error, Error::Io { .. }), "{error}");
                    assert!(failures < 300, "it never ends: {error:?}");
                }
            }
            failures += 1;
        };
        kept += converted.kept;
        assert!(failures > 3 && kept > 0, "to a store {to_kv}: {failures} failures, {kept} kept");
        let made = options().open("/to").unwrap();
        assert_eq!(told(&made), expected, "to a store {to_kv}");
        made.close().unwrap();
        assert!(options().convert(&from, "/to").is_err(), "there is a database");
    }
}

#[test]
fn a_conversion_into_a_directory_with_something_else_in_it_is_refused() {
    let disk = SimDisk::new();
    let from = made(&disk, HomeKind::Native, "/from");
    let refused = Graph::options().vfs(disk.vfs()).convert(&from, "/from");
    assert!(matches!(refused, Err(Error::AlreadyExists { .. })), "{refused:?}");
}

#[cfg(feature = "sled")]
#[test]
fn sled_takes_a_database_and_gives_it_back() {
    let place = tempfile::tempdir().unwrap();
    let dir = |name: &str| place.path().join(name);
    let native = Graph::create(dir("native")).unwrap();
    write(&native, &facts()).unwrap();
    write(&native, &[erase(7)]).unwrap();
    Graph::options().home(HomeKind::sled()).convert(&native, dir("sled")).unwrap();
    // Nobody has to say where it lives.
    let expected = dump(&native.view()).unwrap();
    assert_eq!(opened(Graph::options(), &dir("sled")).unwrap(), expected);
    let sled = Graph::open(dir("sled")).unwrap();
    Graph::options().convert(&sled, dir("back")).unwrap();
    assert_eq!(opened(Graph::options(), &dir("back")).unwrap(), expected);
}
