//! What the journal promises when nothing goes wrong, on real files where that matters.

use std::sync::{Arc, Mutex};

use super::oracle::{Act, create, dir, identity, open, options, payload, recorded_at, run};
use super::sim_disk::SimDisk;
use crate::error::{Error, FactRule};
use crate::journal::format::PAYLOAD_BYTES_MAX;
use crate::journal::{Journal, Options, Tail};
use crate::vfs::{RealVfs, Vfs};

fn real() -> Arc<dyn Vfs> {
    Arc::new(RealVfs)
}

#[test]
fn frames_come_back_from_real_files_over_several_of_them() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("graph");
    let mut journal = Journal::create(real(), &dir, options()).unwrap();
    let uuid = *journal.uuid();
    for seq in 1..=20 {
        journal.append(seq, recorded_at(seq), &payload(seq, 300, 0)).unwrap();
    }
    assert_eq!((journal.last_seq(), journal.sync().unwrap()), (20, 20));
    drop(journal);
    let mut seen = Vec::new();
    let mut read = |journal_options| {
        seen.clear();
        let opened = Journal::open(real(), &dir, journal_options, &mut |frame| {
            seen.push((frame.seq, frame.recorded_at, frame.payload.to_vec()));
            Ok(())
        });
        let (journal, recovery) = opened.unwrap();
        super::oracle::compare(&seen, &(1..=20).map(|s| payload(s, 300, 0)).collect::<Vec<_>>()).unwrap();
        assert_eq!((recovery.last_seq, recovery.tail), (20, Tail::Clean));
        assert_eq!(*journal.uuid(), uuid);
        journal
    };
    read(options()).close().unwrap();
    read(Options::default()).close().unwrap();
    assert_eq!(std::fs::read_dir(dir.join("journal")).unwrap().count(), 5); // four logs of 2 KiB, and MARK
}

#[cfg(unix)]
#[test]
fn files_are_private_to_their_owner() {
    use std::os::unix::fs::PermissionsExt;
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("graph");
    Journal::create(real(), &dir, options()).unwrap().close().unwrap();
    let mode = |name: &str| std::fs::metadata(dir.join(name)).unwrap().permissions().mode() & 0o077;
    for name in ["", "LOCK", "MANIFEST", "journal", "journal/MARK", "journal/0000000001.log"] {
        assert_eq!(mode(name), 0, "{name}");
    }
}

#[test]
fn a_second_handle_is_refused_until_the_first_is_gone() {
    let home = tempfile::tempdir().unwrap();
    let journal = Journal::create(real(), home.path(), options()).unwrap();
    let again = Journal::open(real(), home.path(), options(), &mut |_| Ok(()));
    assert!(matches!(again, Err(Error::Locked { .. })));
    drop(journal);
    let (again, _) = Journal::open(real(), home.path(), options(), &mut |_| Ok(())).unwrap();
    again.close().unwrap();
    let disk = SimDisk::new();
    let held = create(&disk).unwrap();
    assert!(matches!(open(&disk), Err(Error::Locked { .. })));
    held.close().unwrap();
    open(&disk).unwrap().0.close().unwrap();
}

#[test]
fn a_directory_without_a_database_is_not_found_and_left_alone() {
    let home = tempfile::tempdir().unwrap();
    for dir in [home.path().to_owned(), home.path().join("missing")] {
        let found = Journal::open(real(), &dir, options(), &mut |_| Ok(()));
        assert!(matches!(found, Err(Error::NotFound { .. })));
    }
    assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0);
}

#[test]
fn create_refuses_a_directory_that_holds_anything_else() {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("notes.txt"), "mine").unwrap();
    let refused = Journal::create(real(), home.path(), options());
    assert!(matches!(refused, Err(Error::AlreadyExists { .. })));
    assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 1);
    let (disk, history) = run(&[Act::Small, Act::Reopen]);
    assert!(matches!(create(&disk), Err(Error::AlreadyExists { .. })));
    // Not even where the manifest is lost: the journal can still be saved by hand.
    let mut image = disk.live_image();
    image.remove(&dir().join("MANIFEST"));
    let lost = SimDisk::from_image(&image);
    assert!(matches!(create(&lost), Err(Error::AlreadyExists { .. })));
    assert_eq!(history.frames.len(), 1);
}

#[test]
fn the_longest_payload_is_kept_and_a_longer_one_refused_without_harm() {
    let disk = SimDisk::new();
    let mut journal = create(&disk).unwrap();
    let mut long = vec![7u8; PAYLOAD_BYTES_MAX as usize + 1];
    let refused = journal.append(1, recorded_at(1), &long);
    assert!(matches!(refused, Err(Error::TooLarge { limit: 67_108_864, .. })));
    assert!(!journal.is_poisoned());
    long.pop();
    journal.append(1, recorded_at(1), &long).unwrap();
    journal.append(2, recorded_at(2), b"").unwrap();
    journal.close().unwrap();
    let (_, recovery, frames) = open(&disk).unwrap();
    assert_eq!(recovery.last_seq, 2);
    assert!(frames[0].2 == long && frames[1].2.is_empty());
}

#[test]
fn an_open_that_appends_nothing_writes_nothing() {
    let (disk, _) = run(&[Act::Small, Act::Reopen]);
    let cuts = disk.cuts();
    let (mut journal, ..) = open(&disk).unwrap();
    assert_eq!(journal.sync().unwrap(), 1);
    journal.close().unwrap();
    assert_eq!(disk.cuts(), cuts);
}

#[test]
fn an_error_of_the_visitor_ends_the_open() {
    let (disk, _) = run(&[Act::Small, Act::Small, Act::Reopen]);
    let mut seen = 0;
    let opened = Journal::open(disk.vfs(), &dir(), options(), &mut |_| {
        seen += 1;
        Err(FactRule::SelfLink.into())
    });
    assert!(matches!(opened, Err(Error::InvalidFact(FactRule::SelfLink))));
    assert_eq!(seen, 1);
}

#[test]
fn group_commit_flushes_for_all_who_wait() {
    const THREADS: u64 = 4;
    const EACH: u64 = 100;
    let home = tempfile::tempdir().unwrap();
    let journal = Journal::create(real(), home.path(), options()).unwrap();
    let handle = journal.sync_handle();
    let journal = Mutex::new(journal);
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                for _ in 0..EACH {
                    let seq = {
                        let mut journal = journal.lock().unwrap();
                        let seq = journal.last_seq() + 1;
                        journal.append(seq, recorded_at(seq), &payload(seq, 100, 0)).unwrap();
                        seq
                    };
                    assert!(handle.sync_through(seq).unwrap() >= seq);
                    assert!(handle.durable_seq() >= seq);
                }
            });
        }
    });
    journal.into_inner().unwrap().close().unwrap();
    let mut frames = Vec::new();
    let (_, recovery) = Journal::open(real(), home.path(), options(), &mut |frame| {
        frames.push((frame.seq, frame.recorded_at, frame.payload.to_vec()));
        Ok(())
    })
    .unwrap();
    assert_eq!(recovery.last_seq, THREADS * EACH);
    super::oracle::compare(&frames, &(1..=THREADS * EACH).map(|s| payload(s, 100, 0)).collect::<Vec<_>>())
        .unwrap();
}

#[test]
fn the_resolver_version_is_kept_and_can_be_raised() {
    let disk = SimDisk::new();
    let mut journal = create(&disk).unwrap();
    assert_eq!(journal.resolver_version(), 7);
    journal.append(1, recorded_at(1), b"x").unwrap();
    journal.set_resolver_version(8).unwrap();
    drop(journal);
    let (mut journal, recovery, _) = open(&disk).unwrap();
    assert_eq!((journal.resolver_version(), recovery.last_seq), (8, 1));
    journal.set_resolver_version(9).unwrap();
    journal.close().unwrap();
    assert_eq!(open(&disk).unwrap().0.resolver_version(), 9);
}

#[test]
fn the_secret_is_random_and_never_in_debug_output() {
    let homes = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let journals = homes.each_ref().map(|h| Journal::create(real(), h.path(), options()).unwrap());
    assert_ne!(journals[0].secret(), journals[1].secret());
    assert_ne!(journals[0].uuid(), journals[1].uuid());
    let printed = format!("{:?} {:?}", journals[0], identity());
    let listed = format!("{:?}", &journals[0].secret()[..4]);
    assert!(printed.contains("Secret(..)") && !printed.contains(listed.trim_matches(['[', ']'])));
}
