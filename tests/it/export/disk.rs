//! What an export does where the disk refuses, is full, or loses what was not flushed; and what it does not touch.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use idweave::export::{Export, Format};
use idweave::{Error, View};

use crate::export::tables::{random_graph, rows};
use crate::support::generate::Flavour;
use crate::support::sim_disk::{Fault, Image, Mode, SimDisk};

const DIR: &str = "/out";

fn view(seed: u64) -> View {
    random_graph(seed, Flavour::Kept, 60).view()
}

fn export(disk: &SimDisk) -> Export {
    Export::to(Format::Csv).part_rows(rows(8)).replace(true).vfs(disk.vfs())
}

fn files(image: &Image) -> BTreeMap<PathBuf, Vec<u8>> {
    image.files().map(|(path, bytes)| (path.to_owned(), bytes.to_vec())).collect()
}

/// What lies there once a view is exported.
fn complete(view: &View) -> BTreeMap<PathBuf, Vec<u8>> {
    let disk = SimDisk::new();
    export(&disk).write(view, DIR).unwrap();
    let files = files(&disk.live_image());
    assert!(files.len() > 10 && files.contains_key(&Path::new(DIR).join("export.json")));
    files
}

/// Nothing that a reader looks for.
fn is_no_export(files: &BTreeMap<PathBuf, Vec<u8>>) -> bool {
    files.keys().all(|path| path.extension().is_some_and(|ending| ending == "unfinished"))
}

#[test]
fn a_call_that_fails_leaves_the_export_before_or_none_and_a_second_try_succeeds() {
    let (old, new) = (view(1), view(2));
    let (before, after) = (complete(&old), complete(&new));
    let disk = SimDisk::new();
    export(&disk).write(&old, DIR).unwrap();
    disk.inject(None);
    let calls = {
        let counted = SimDisk::from_image(&disk.live_image());
        export(&counted).write(&new, DIR).unwrap();
        counted.calls()
    };
    assert!(calls > 50);
    let (mut kept, mut gone) = (0, 0);
    for index in 0..calls {
        for forever in [false, true] {
            let disk = SimDisk::from_image(&disk.live_image());
            disk.inject(Some(Fault::Call { index, forever }));
            let failed = export(&disk).write(&new, DIR);
            disk.inject(None);
            let left = files(&disk.live_image());
            match failed {
                // A file that is not whole could not be removed, or the like: what counts was done.
                Ok(_) => assert_eq!(left, after, "call {index}"),
                Err(Error::Io { .. }) => {
                    let named = || left.iter().filter(|(path, _)| path.extension().unwrap() != "unfinished");
                    let named: BTreeMap<_, _> =
                        named().map(|(path, file)| (path.clone(), file.clone())).collect();
                    let is_kept = named == before;
                    // While names are given there is no summary, or all is done but the last flush.
                    let is_told = named.contains_key(&Path::new(DIR).join("export.json"));
                    assert!(is_kept || !is_told || named == after, "call {index}: {:?}", named.keys());
                    *(if is_kept { &mut kept } else { &mut gone }) += 1;
                }
                Err(other) => panic!("call {index}: {other}"),
            }
            export(&disk).write(&new, DIR).unwrap();
            assert_eq!(files(&disk.live_image()), after, "call {index}, tried again");
        }
    }
    assert!(kept > gone, "until all is written nothing is touched: {kept} and {gone}");
}

#[test]
fn a_full_disk_is_an_error_that_says_so_and_leaves_nothing_that_looks_like_a_table() {
    let view = view(1);
    let needed: usize = complete(&view).values().map(Vec::len).sum();
    for bytes in (0..needed).step_by(needed / 40) {
        let disk = SimDisk::new();
        disk.inject(Some(Fault::Space { bytes }));
        let error = export(&disk).write(&view, DIR).unwrap_err();
        let Error::Io { source, .. } = &error else { panic!("{bytes} bytes: {error}") };
        assert_eq!(source.kind(), std::io::ErrorKind::StorageFull, "{bytes} bytes");
        let left = files(&disk.live_image());
        let told = left.contains_key(&Path::new(DIR).join("export.json"));
        assert!(is_no_export(&left) || !told, "{bytes} bytes: {:?}", left.keys());
    }
}

#[test]
fn a_crash_leaves_the_export_before_or_the_new_one_or_no_summary() {
    let (old, new) = (view(1), view(2));
    let (before, after) = (complete(&old), complete(&new));
    let disk = SimDisk::new();
    export(&disk).write(&old, DIR).unwrap();
    let begun = disk.cuts();
    export(&disk).write(&new, DIR).unwrap();
    let (mut whole, mut none) = (0, 0);
    for cut in begun..=disk.cuts() {
        for mode in [Mode::ALL[0], Mode::ALL[4], Mode::ALL[9]] {
            for image in disk.crash_images(cut, mode, 2, cut as u64) {
                let mut left = files(&image);
                left.retain(|path, _| path.extension().is_some_and(|ending| ending != "unfinished"));
                if left.contains_key(&Path::new(DIR).join("export.json")) {
                    assert!(left == before || left == after, "cut {cut}: {:?}", left.keys());
                    whole += 1;
                } else {
                    none += 1;
                }
            }
        }
    }
    assert!(whole > 50 && none > 5, "both are seen: {whole} and {none}");
}

#[test]
fn a_directory_that_holds_something_is_left_alone() {
    let view = view(1);
    let place = tempfile::tempdir().unwrap();
    let dir = place.path().join("out");
    let export = |replaces| Export::to(Format::Ndjson).replace(replaces).write(&view, &dir);
    export(false).unwrap();
    assert!(matches!(export(false).unwrap_err(), Error::AlreadyExists { .. }), "an export");
    export(true).unwrap();
    for foreign in ["notes.txt", "ids/notes.parquet", "ids/part-00000.txt", "edges/part-1.csv"] {
        std::fs::write(dir.join(foreign), "mine").unwrap();
        let before = crate::export::tables::files(&dir);
        assert!(matches!(export(true).unwrap_err(), Error::AlreadyExists { .. }), "{foreign}");
        assert_eq!(crate::export::tables::files(&dir), before, "{foreign}");
        std::fs::remove_file(dir.join(foreign)).unwrap();
    }
    // Another format takes its place whole.
    Export::to(Format::Parquet).replace(true).write(&view, &dir).unwrap();
    let names = crate::export::tables::files(&dir).into_keys();
    assert!(names.map(|name| name.to_string_lossy().into_owned()).all(|name| !name.contains("ndjson")));
}

#[test]
fn what_an_export_left_that_was_killed_is_in_nobodys_way() {
    let view = view(1);
    let place = tempfile::tempdir().unwrap();
    let dir = place.path().join("out");
    std::fs::create_dir_all(dir.join("ids")).unwrap();
    std::fs::write(dir.join("ids/part-00007.csv.unfinished"), "half").unwrap();
    std::fs::write(dir.join("export.json.unfinished"), "half").unwrap();
    Export::to(Format::Csv).write(&view, &dir).unwrap();
    let names: Vec<PathBuf> = crate::export::tables::files(&dir).into_keys().collect();
    assert!(names.iter().all(|name| !name.to_string_lossy().contains("unfinished")), "{names:?}");
}
