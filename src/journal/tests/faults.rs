//! Calls that fail: the writer is poisoned, and what was acknowledged is there when it is opened again.

use super::oracle::{Act, Campaign, History, Want, create, open, payload, perform, recorded_at};
use super::sim_disk::{Fault, Fill, Mode, SimDisk};
use crate::error::Error;

const WORKLOAD: [Act; 13] = [
    Act::Small,
    Act::Sync,
    Act::Large,
    Act::Sync,
    Act::Large,
    Act::Small,
    Act::Sync,
    Act::Reopen,
    Act::Small,
    Act::Roll,
    Act::Small,
    Act::Sync,
    Act::Reopen,
];

const MODES: [Mode; 3] = [
    Mode::Prefix,
    Mode::Subset { sector: 512, fill: Fill::Lost },
    Mode::Subset { sector: 512, fill: Fill::Noise },
];

/// Runs the workload with a fault and crashes where it ended.
fn fail(campaign: &mut Campaign, fault: Fault) -> (SimDisk, History, bool) {
    let disk = SimDisk::new();
    let mut history = History::default();
    disk.inject(Some(fault));
    let failed = match perform(&disk, &WORKLOAD, &mut history) {
        Ok(()) => false,
        Err(e) => {
            assert!(matches!(e, Error::Io { .. }), "{fault:?}: the first failure says what failed: {e:?}");
            true
        }
    };
    disk.inject(None);
    let (cut, label) = (disk.cuts(), || format!("{fault:?}"));
    campaign.cut((&disk, cut), &MODES, (6, 1), &label, history.want(cut), &mut |_, _| {});
    (disk, history, failed)
}

/// Opens without a crash in between, then crashes: what `open` handed out is durable.
fn reopen(campaign: &mut Campaign, disk: &SimDisk, history: &History, label: &dyn Fn() -> String) {
    let want = history.want(disk.cuts());
    let frames = match open(disk) {
        Err(Error::NotFound { .. }) if !want.created => return,
        other => other.unwrap().2,
    };
    let count = frames.len() as u64;
    assert!(count >= want.acked && count <= want.issued, "{} {count} {want:?}", label());
    let after = Want { acked: count, issued: count, created: true, ..want };
    campaign.cut((disk, disk.cuts()), &MODES, (6, 1), label, after, &mut |_, _| {});
}

#[test]
fn any_call_may_fail_once_or_for_ever_and_nothing_acknowledged_is_lost() {
    let mut campaign = Campaign::default();
    let disk = SimDisk::new();
    perform(&disk, &WORKLOAD, &mut History::default()).unwrap();
    let calls = disk.calls();
    assert!(calls > 100);
    for index in 0..calls {
        for forever in [false, true] {
            let fault = Fault::Call { index, forever };
            let (disk, history, failed) = fail(&mut campaign, fault);
            assert!(failed, "{fault:?} went unnoticed");
            reopen(&mut campaign, &disk, &history, &|| format!("{fault:?}, opened again"));
        }
    }
    campaign.report(&format!("{calls} failing calls"));
}

#[test]
fn a_flush_that_fails_and_drops_what_was_dirty_loses_nothing_acknowledged() {
    let mut campaign = Campaign::default();
    let disk = SimDisk::new();
    perform(&disk, &WORKLOAD, &mut History::default()).unwrap();
    let syncs = disk.syncs();
    assert!(syncs > 10);
    for index in 0..syncs {
        let fault = Fault::SyncDrops { index };
        let (disk, history, failed) = fail(&mut campaign, fault);
        assert!(failed, "{fault:?} went unnoticed");
        reopen(&mut campaign, &disk, &history, &|| format!("{fault:?}, opened again"));
    }
    campaign.report(&format!("{syncs} failing flushes"));
}

#[test]
fn a_full_disk_loses_nothing_acknowledged_and_space_makes_it_good() {
    let mut campaign = Campaign::default();
    let disk = SimDisk::new();
    perform(&disk, &WORKLOAD, &mut History::default()).unwrap();
    let used: usize = disk.live_image().files().map(|(_, bytes)| bytes.len()).sum();
    for bytes in (0..used).step_by(7) {
        let fault = Fault::Space { bytes };
        let (disk, history, failed) = fail(&mut campaign, fault);
        assert!(failed, "{fault:?} went unnoticed");
        reopen(&mut campaign, &disk, &history, &|| format!("{fault:?}, opened again"));
    }
    assert!(!fail(&mut campaign, Fault::Space { bytes: used }).2);
    campaign.report(&format!("a disk full at every 7th of {used} bytes"));
}

#[test]
fn after_a_failed_flush_everything_is_refused_and_nothing_is_flushed_again() {
    let disk = SimDisk::new();
    let mut journal = create(&disk).unwrap();
    journal.append(1, recorded_at(1), &payload(1, 9, 0)).unwrap();
    assert_eq!(journal.sync().unwrap(), 1);
    let handle = journal.sync_handle();
    disk.inject(Some(Fault::SyncDrops { index: 0 }));
    journal.append(2, recorded_at(2), &payload(2, 9, 0)).unwrap();
    assert!(matches!(handle.sync_through(2), Err(Error::Io { .. })));
    assert!(journal.is_poisoned() && handle.is_poisoned());
    let cuts = disk.cuts();
    assert!(matches!(journal.append(3, recorded_at(3), b""), Err(Error::Poisoned)));
    assert!(matches!(journal.sync(), Err(Error::Poisoned)));
    assert!(matches!(journal.roll(), Err(Error::Poisoned)));
    assert!(matches!(journal.set_resolver_version(8), Err(Error::Poisoned)));
    assert!(matches!(handle.sync_through(2), Err(Error::Poisoned)));
    assert_eq!((journal.durable_seq(), handle.sync_through(1).unwrap()), (1, 1));
    assert!(matches!(journal.close(), Err(Error::Poisoned)));
    assert_eq!(disk.cuts(), cuts, "J7: nothing is written or flushed any more");
}

#[test]
fn after_a_failed_append_everything_is_refused_and_its_part_is_cut() {
    let disk = SimDisk::new();
    let mut journal = create(&disk).unwrap();
    journal.append(1, recorded_at(1), &payload(1, 9, 0)).unwrap();
    journal.sync().unwrap();
    disk.inject(Some(Fault::Space { bytes: 30 }));
    assert!(matches!(journal.append(2, recorded_at(2), b"no room for this"), Err(Error::Io { .. })));
    assert!(matches!(journal.sync(), Err(Error::Poisoned)));
    drop(journal);
    disk.inject(None);
    let (_, recovery, frames) = open(&disk).unwrap();
    assert_eq!(frames.len(), 1);
    assert_eq!(recovery.tail, crate::journal::Tail::Cut { from_seq: 2 });
}
