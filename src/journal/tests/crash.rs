//! What a crash leaves is an exact prefix: all that was acknowledged, nothing that was not issued.
//!
//! `IDWEAVE_CRASH_BITS` (choices at a cut gone through exhaustively: 2 to the power of it), `IDWEAVE_CRASH_IMAGES`
//! and `IDWEAVE_SEED` make the campaigns longer or different; a failure prints workload, cut, mode and number.

use super::oracle::{ACTS, Act, Campaign, Want, open, payload, recorded_at, run, setting};
use super::sim_disk::{Fill, Image, Mode, SimDisk};

/// Where a cut leaves at most this many choices, every one of them is taken; above, `2^BITS_MAX` of them.
const BITS_MAX: u64 = 10;

fn bits() -> u32 {
    setting("IDWEAVE_CRASH_BITS", BITS_MAX) as u32
}

fn seed() -> u64 {
    setting("IDWEAVE_SEED", 1)
}

/// Every workload of one to three operations.
fn short_workloads() -> Vec<Vec<Act>> {
    let mut all: Vec<Vec<Act>> = Vec::new();
    let mut longest: Vec<Vec<Act>> = vec![Vec::new()];
    for _ in 0..3 {
        longest = longest.iter().flat_map(|w| ACTS.map(|act| [w.as_slice(), &[act]].concat())).collect();
        all.extend(longest.iter().cloned());
    }
    all
}

#[test]
fn a_crash_during_creation_leaves_no_database_or_an_empty_one() {
    let (disk, history) = run(&[]);
    let mut campaign = Campaign::default();
    for cut in 0..=disk.cuts() {
        let want = history.want(cut);
        campaign.cut((&disk, cut), &Mode::ALL, (bits(), seed()), &|| "create".into(), want, &mut |_, _| {});
    }
    campaign.report("creation");
    assert!(campaign.distinct > 1000);
}

#[test]
fn every_crash_of_up_to_three_operations_leaves_an_exact_prefix() {
    let mut campaign = Campaign::default();
    for acts in short_workloads() {
        let (disk, history) = run(&acts);
        // The cuts before the last operation are those of a shorter workload.
        for cut in history.last_act + 1..=disk.cuts() {
            let label = || format!("{acts:?}");
            let want = history.want(cut);
            campaign.cut((&disk, cut), &Mode::ALL, (bits(), seed()), &label, want, &mut |_, _| {});
        }
    }
    campaign.report("workloads of up to three operations");
    assert!(campaign.distinct > 10_000);
}

#[test]
fn a_crash_during_recovery_and_the_first_append_leaves_an_exact_prefix() {
    let mut campaign = Campaign::default();
    let mut inner = Campaign::default();
    let mut turn = 0u64;
    let every = setting("IDWEAVE_RECOVERY_EVERY", 8);
    for acts in short_workloads().iter().filter(|w| w.len() >= 2 && w.contains(&Act::Small)) {
        let (disk, history) = run(acts);
        for cut in history.last_act + 1..=disk.cuts() {
            let want = history.want(cut);
            let label = || format!("{acts:?}");
            let modes = [Mode::Prefix, LOST, NOISE];
            campaign.cut((&disk, cut), &modes, (4, seed()), &label, want, &mut |_, image| {
                turn += 1;
                if turn.is_multiple_of(every) {
                    crash_again(&mut inner, image, want, &|| format!("{acts:?} cut {cut} image {turn}"));
                }
            });
        }
    }
    campaign.report("before recovery");
    inner.report("during recovery");
    assert!(inner.distinct > 5_000);
}

const LOST: Mode = Mode::Subset { sector: 512, fill: Fill::Lost };
const NOISE: Mode = Mode::Subset { sector: 512, fill: Fill::Noise };

/// Recovers a disk, appends and flushes one frame, and crashes everywhere on the way.
fn crash_again(campaign: &mut Campaign, image: &Image, want: Want<'_>, label: &dyn Fn() -> String) {
    let disk = SimDisk::from_image(image);
    let Ok((mut journal, _, frames)) = open(&disk) else { return };
    let opened = disk.cuts();
    let count = frames.len() as u64;
    let mut after: Vec<Vec<u8>> = frames.into_iter().map(|f| f.2).collect();
    after.push(payload(count + 1, 41, 2));
    journal.append(count + 1, recorded_at(count + 1), &payload(count + 1, 41, 2)).unwrap();
    journal.sync().unwrap();
    let flushed = disk.cuts();
    journal.close().unwrap();
    for cut in 0..=disk.cuts() {
        // J6: what `open` handed out is durable when it returns.
        let want = match cut {
            cut if cut < opened => want,
            cut => Want {
                frames: &after,
                acked: count + u64::from(cut >= flushed),
                issued: count + u64::from(cut > opened),
                created: true,
            },
        };
        campaign.cut((&disk, cut), &[Mode::Prefix, LOST, NOISE], (4, seed()), label, want, &mut |_, _| {});
    }
}

#[test]
fn random_workloads_leave_an_exact_prefix() {
    let target = setting("IDWEAVE_CRASH_IMAGES", 20_000);
    let mut campaign = Campaign::default();
    let mut random = seed();
    let mut draw = |below: u64| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % below
    };
    let mut workload = 0u64;
    while campaign.distinct < target {
        workload += 1;
        let acts: Vec<Act> = (0..4 + draw(12)).map(|_| ACTS[draw(5) as usize]).collect();
        let (disk, history) = run(&acts);
        for cut in 0..=disk.cuts() {
            let mode = Mode::ALL[draw(Mode::ALL.len() as u64) as usize];
            let label = || format!("workload {workload} {acts:?}");
            campaign.cut(
                (&disk, cut),
                &[mode],
                (4, seed() ^ workload),
                &label,
                history.want(cut),
                &mut |_, _| {},
            );
        }
    }
    campaign.report(&format!("random, seed {}, {workload} workloads", seed()));
}
