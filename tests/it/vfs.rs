//! The real files keep the promises of `Vfs`.

use std::io::ErrorKind;

use idweave::Error;
use idweave::vfs::{OpenMode, RealVfs, Vfs};

fn kind<T: std::fmt::Debug>(outcome: Result<T, Error>) -> ErrorKind {
    match outcome {
        Err(Error::Io { source, .. }) => source.kind(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn files_are_made_written_cut_renamed_and_removed() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("d");
    RealVfs.create_dir(&dir).unwrap();
    RealVfs.create_dir(&dir).unwrap();
    let file = RealVfs.open(&dir.join("a"), OpenMode::CreateNew).unwrap();
    assert!(file.is_empty().unwrap());
    file.write_at(3, b"xyz").unwrap();
    file.sync_data().unwrap();
    file.set_len(5).unwrap();
    file.sync_all().unwrap();
    let mut buffer = [9; 8];
    assert_eq!((file.read_at(1, &mut buffer).unwrap(), file.len().unwrap()), (4, 5));
    assert_eq!(&buffer[..5], b"\0\0xy\x09");
    assert_eq!(file.read_at(99, &mut buffer).unwrap(), 0);
    RealVfs.rename(&dir.join("a"), &dir.join("b")).unwrap();
    RealVfs.open(&dir.join("a"), OpenMode::Create).unwrap();
    RealVfs.sync_dir(&dir).unwrap();
    assert_eq!(RealVfs.list(&dir).unwrap(), ["a", "b"]);
    assert_eq!(RealVfs.open(&dir.join("b"), OpenMode::Create).unwrap().len().unwrap(), 5, "not made empty");
    RealVfs.remove(&dir.join("b")).unwrap();
    assert!(!RealVfs.exists(&dir.join("b")).unwrap());
}

#[test]
fn room_is_taken_ahead_or_refused() {
    let home = tempfile::tempdir().unwrap();
    let file = RealVfs.open(&home.path().join("f"), OpenMode::CreateNew).unwrap();
    file.write_at(0, b"abc").unwrap();
    file.reserve(0).unwrap();
    file.reserve(1 << 20).unwrap();
    assert!([3, 1 << 20].contains(&file.len().unwrap()));
    if cfg!(target_os = "linux") {
        let before = file.len().unwrap();
        file.reserve(1 << 60).unwrap_err();
        assert_eq!(file.len().unwrap(), before);
    }
    file.set_len(3).unwrap();
    let mut buffer = [0; 8];
    assert_eq!(file.read_at(0, &mut buffer).unwrap(), 3);
    assert_eq!(&buffer[..3], b"abc");
}

#[test]
fn errors_say_what_failed_and_where() {
    let home = tempfile::tempdir().unwrap();
    let missing = home.path().join("missing");
    assert_eq!(kind(RealVfs.open(&missing, OpenMode::Read)), ErrorKind::NotFound);
    assert_eq!(kind(RealVfs.open(&missing, OpenMode::Write)), ErrorKind::NotFound);
    assert_eq!(kind(RealVfs.list(&missing)), ErrorKind::NotFound);
    assert_eq!(kind(RealVfs.remove(&missing)), ErrorKind::NotFound);
    RealVfs.open(&missing, OpenMode::CreateNew).unwrap();
    assert_eq!(kind(RealVfs.open(&missing, OpenMode::CreateNew)), ErrorKind::AlreadyExists);
    assert_eq!(kind(RealVfs.create_dir(&missing)), ErrorKind::AlreadyExists);
    let error = RealVfs.list(&home.path().join("none")).unwrap_err();
    assert!(error.to_string().ends_with("none"));
}

#[test]
fn a_lock_is_refused_to_a_second_handle_of_this_process() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("LOCK");
    let held = RealVfs.lock(&path).unwrap();
    let again = RealVfs.lock(&path);
    assert!(matches!(again, Err(Error::Locked { path }) if path == home.path()));
    drop(held);
    drop(RealVfs.lock(&path).unwrap());
}
