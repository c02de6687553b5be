//! sled from outside: its files are changed, cut and left half-written, and what was erased is looked for in them.
//!
//! `IDWEAVE_SLED_FLIPS` says how many changes of files are tried (default 60), `IDWEAVE_SEED` which.

use std::fs;
use std::path::{Path, PathBuf};

use idweave::{ErasedBytes, Error, Graph, HomeKind, Read};

use crate::kv::{dump, erase, link, opened, setting, write};
use crate::support::generate::Random;

fn create(dir: &Path) -> Graph {
    Graph::options().home(HomeKind::sled()).create(dir).unwrap()
}

/// A database of segments and commits beyond them; what it answers.
fn made(dir: &Path, closes: bool) -> String {
    let graph = create(dir);
    for commit in 0..6 {
        write(&graph, &(commit * 20..(commit + 1) * 20).map(link).collect::<Vec<_>>()).unwrap();
    }
    graph.checkpoint().unwrap();
    write(&graph, &[erase(4)]).unwrap();
    for commit in 6..9 {
        write(&graph, &(commit * 20..(commit + 1) * 20).map(link).collect::<Vec<_>>()).unwrap();
    }
    let expected = dump(&graph.view()).unwrap();
    if closes {
        graph.close().unwrap();
    }
    expected
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// The files of the store and the one that vouches for it.
fn files(dir: &Path) -> Vec<PathBuf> {
    let mut all = vec![dir.join("HOME")];
    for entry in fs::read_dir(dir).unwrap().map(Result::unwrap) {
        if entry.file_name().to_string_lossy().starts_with("kv-") {
            let inside = fs::read_dir(entry.path()).unwrap().map(|entry| entry.unwrap().path());
            all.extend(inside.filter(|path| path.is_file()));
        }
    }
    all.sort();
    all
}

#[test]
fn a_changed_bit_or_a_cut_anywhere_is_an_error_or_changes_no_answer() {
    let (count, seed) = (setting("IDWEAVE_SLED_FLIPS", 60), setting("IDWEAVE_SEED", 1));
    let place = tempfile::tempdir().unwrap();
    // In its first session sled has no snapshot, which is where it loses rows without a word; later it has one.
    let (first, later) = (place.path().join("first"), place.path().join("later"));
    let expected = made(&first, true);
    copy(&first, &later);
    drop(Graph::open(&later).unwrap());
    assert_eq!(opened(Graph::options(), &later).unwrap(), expected);
    let mut random = Random::new(seed);
    let (mut detected, mut same) = (0, 0);
    for turn in 0..count {
        let of = if turn % 3 == 2 { &later } else { &first };
        let all = files(of);
        let sizes: Vec<u64> = all.iter().map(|path| fs::metadata(path).unwrap().len()).collect();
        // Half of them in the file that holds the rows, the rest in any.
        let pick = random.below(all.len());
        let pick = if turn % 2 == 0 { sizes.iter().zip(0..).max().map_or(pick, |(_, at)| at) } else { pick };
        if sizes[pick] == 0 {
            continue;
        }
        let harmed = place.path().join("harmed");
        copy(of, &harmed);
        let path = harmed.join(all[pick].strip_prefix(of).unwrap());
        let mut bytes = fs::read(&path).unwrap();
        let used = bytes.iter().rposition(|byte| *byte != 0).map_or(bytes.len(), |last| last + 1);
        let at = random.below(used);
        let cuts = turn % 5 == 4;
        if cuts {
            bytes.truncate(at);
        } else {
            bytes[at] ^= 1 << random.below(8);
        }
        fs::write(&path, &bytes).unwrap();
        let what = format!("turn {turn}, seed {seed}: {} at {at}, cut {cuts}", path.display());
        match opened(Graph::options(), &harmed) {
            Ok(found) => {
                assert!(found == expected, "silent loss, {what}");
                same += 1;
            }
            Err(error) => {
                let is_told = matches!(
                    error,
                    Error::Corrupt { .. } | Error::FormatVersion { .. } | Error::NotFound { .. }
                );
                assert!(is_told, "{what}: {error}");
                detected += 1;
            }
        }
        fs::remove_dir_all(&harmed).unwrap();
    }
    println!(
        "sled: {count} changes of its files, seed {seed}: {detected} detected, {same} without effect, 0 silent losses, 0 panics out of it"
    );
    assert!(detected > 0);
}

#[test]
fn a_snapshot_that_sled_began_and_did_not_finish_is_no_obstacle() {
    let place = tempfile::tempdir().unwrap();
    let expected = made(place.path(), true);
    for left in [&b""[..], &[7; 40]] {
        fs::write(place.path().join("kv-0000000001/snap.0000000000000FFF.generating"), left).unwrap();
        assert_eq!(opened(Graph::options(), place.path()).unwrap(), expected);
    }
}

#[test]
fn a_store_put_back_to_an_earlier_day_is_damage() {
    let place = tempfile::tempdir().unwrap();
    let (dir, kept) = (place.path().join("db"), place.path().join("kept"));
    let graph = create(&dir);
    write(&graph, &[link(0)]).unwrap();
    graph.close().unwrap();
    copy(&dir.join("kv-0000000001"), &kept);
    let graph = Graph::open(&dir).unwrap();
    write(&graph, &[link(1)]).unwrap();
    graph.close().unwrap();
    fs::remove_dir_all(dir.join("kv-0000000001")).unwrap();
    copy(&kept, &dir.join("kv-0000000001"));
    let error = Graph::open(&dir).unwrap_err();
    assert!(error.is_corruption(), "{error}");
    fs::remove_dir_all(dir.join("kv-0000000001")).unwrap();
    let error = Graph::open(&dir).unwrap_err();
    assert!(error.is_corruption(), "{error}");
}

/// How often some bytes are in the files of a directory.
fn count_in(dir: &Path, bytes: &[u8]) -> usize {
    let mut found = 0;
    for entry in fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() {
            found += count_in(&entry, bytes);
        } else {
            found += fs::read(&entry).unwrap().windows(bytes.len()).filter(|window| *window == bytes).count();
        }
    }
    found
}

#[test]
fn what_is_erased_is_in_no_file_when_the_checkpoint_returns() {
    for is_written_out in [false, true] {
        let place = tempfile::tempdir().unwrap();
        let graph = create(place.path());
        // A value that no packing changes.
        let canary = "canary~\u{3a9}~that~is~not~packed";
        let line = format!(
            r#"{{"op":"link","a":"custom.card:crm:{canary}","b":"unionid:open:u1xx","source":"import.crm","at":1735689600000}}"#
        );
        write(&graph, &[crate::kv::fact(&line), link(0), link(1)]).unwrap();
        if is_written_out {
            graph.checkpoint().unwrap();
        }
        let before = graph.view();
        assert!(count_in(place.path(), canary.as_bytes()) > 0);
        let line = format!(
            r#"{{"op":"erase","id":"custom.card:crm:{canary}","reach":"id","reason":"asked","at":1735699999000}}"#
        );
        write(&graph, &[crate::kv::fact(&line)]).unwrap();
        assert_eq!(graph.erased_bytes().unwrap(), ErasedBytes::AtNextCheckpoint);
        graph.checkpoint().unwrap();
        assert_eq!(graph.erased_bytes().unwrap(), ErasedBytes::Gone);
        assert_eq!(count_in(place.path(), canary.as_bytes()), 0, "written out before: {is_written_out}");
        // Who looked before still sees what there was.
        assert_eq!(
            before
                .entities()
                .filter(|entity| entity.as_ref().is_ok_and(|entity| entity.ids.len() > 1))
                .count(),
            2
        );
        drop(before);
        write(&graph, &[link(2)]).unwrap();
        let expected = dump(&graph.view()).unwrap();
        graph.close().unwrap();
        assert_eq!(opened(Graph::options(), place.path()).unwrap(), expected);
        assert_eq!(count_in(place.path(), canary.as_bytes()), 0);
    }
}

#[test]
fn a_graph_is_opened_again_while_a_view_of_it_lives_on() {
    let place = tempfile::tempdir().unwrap();
    let expected = made(place.path(), false);
    let graph = Graph::open(place.path()).unwrap();
    let view = graph.view();
    assert!(matches!(Graph::open(place.path()), Err(Error::Locked { .. })));
    graph.close().unwrap();
    let again = Graph::open(place.path()).unwrap();
    assert_eq!(dump(&view).unwrap(), expected);
    assert_eq!(dump(&again.view()).unwrap(), expected);
    let reader = Graph::options().open_read_only(place.path());
    assert!(matches!(reader, Err(Error::Home(_))), "{reader:?}");
}
