//! Damaged bytes under a graph with several segments: every answer is a typed error or the right one.
//!
//! `IDWEAVE_DAMAGE_STEP` 1 flips every bit of every segment and of the manifest; `IDWEAVE_SEED` takes another life.

use std::path::{Path, PathBuf};

use idweave::model::{Placeholders, RelationKind};
use idweave::{Durability, Error, Fact, Graph, Read, ReadMode, Snapshot, VerifyLevel, ndjson};

use crate::segments::answers::{Answer, Questions};
use crate::segments::history::{DIR, HUB, commit, hub, open};
use crate::support::generate::{Flavour, NOW, Random, commits, stream};
use crate::support::sim_disk::{Image, SimDisk};

/// From one flipped bit to the next, unless the environment says otherwise.
const STEP: usize = 907;
/// A short segment gets as many flips all the same.
const FLIPS_MIN: usize = 50;

const MANIFEST: &str = "/db/MANIFEST";
const SNAPSHOT: &str = "/snapshot";

/// A number of the environment.
pub(crate) fn setting(name: &str, default: usize) -> usize {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// A database of three segments and a commit that the journal alone has, closed.
struct Kept {
    image: Image,
    questions: Questions,
    /// What an undamaged graph answers.
    right: Vec<Vec<String>>,
    /// Commits still to be told.
    rest: Vec<Vec<Fact>>,
    /// Every segment there ever was, by path and bytes, and every manifest.
    past: Vec<(PathBuf, Vec<u8>)>,
}

fn listed(answers: Vec<Answer>) -> Vec<Vec<String>> {
    answers.into_iter().map(|answer| answer.into_iter().map(Result::unwrap).collect()).collect()
}

/// Users who make the first segment much larger than those above it.
fn bulk() -> Vec<Fact> {
    let line = |user: usize| {
        let at = NOW.ms() - 2_000_000;
        let (openid, unionid) =
            (format!("openid:wx00000000000000b1:oBulk{user:03}"), format!("unionid:bulk:uBulk{user:03}"));
        let line =
            format!(r#"{{"op":"link","a":"{openid}","b":"{unionid}","source":"mp.user_info","at":{at}}}"#);
        ndjson::parse(&line, 1, &Placeholders::default()).unwrap()
    };
    (0..400).map(line).collect()
}

impl Kept {
    fn new() -> Kept {
        let seed = setting("IDWEAVE_SEED", 3) as u64;
        let mut random = Random::new(seed);
        let told = |more: u64, count| stream(seed * 12 + more, Flavour::EntityErasure, count);
        let mut questions = Questions::about(&told(0, 160));
        questions.add(HUB.parse().unwrap(), RelationKind::Follows);
        let [hub, changes @ ..] = hub();
        // Each so much smaller than the one below that they are not merged.
        let facts: Vec<Fact> = (0..7).flat_map(|more| told(more, 160)).collect();
        let base: Vec<Vec<Fact>> = commits(&facts, &mut random).into_iter().chain([hub, bulk()]).collect();
        let middle = changes.into_iter().chain(commits(&[told(7, 22), told(8, 22)].concat(), &mut random));
        let shares = [base, middle.collect(), vec![told(9, 1)]];
        let disk = SimDisk::new();
        let graph = open(&disk);
        let mut past = Vec::new();
        for share in &shares {
            for facts in share {
                commit(&graph, facts, Durability::Sync).unwrap();
            }
            graph.checkpoint().unwrap();
            let files = disk.live_image();
            let is_kept = |path: &Path| path.starts_with("/db/segments") || path.ends_with("MANIFEST");
            let kept = files.files().filter(|(path, _)| is_kept(path));
            past.extend(kept.map(|(path, bytes)| (path.to_owned(), bytes.to_vec())));
        }
        past.dedup();
        graph.snapshot(SNAPSHOT).unwrap();
        let right = listed(questions.all(&graph.view()));
        graph.close().unwrap();
        Kept { image: disk.live_image(), questions, right, rest: commits(&told(11, 30), &mut random), past }
    }

    /// The paths and lengths of the segments, the oldest first.
    fn segments(&self) -> Vec<(PathBuf, usize)> {
        let of_segments = self.image.files().filter(|(path, _)| path.starts_with("/db/segments"));
        of_segments.map(|(path, bytes)| (path.to_owned(), bytes.len())).collect()
    }

    fn bytes(&self, path: &Path) -> Vec<u8> {
        self.image.file(path).unwrap().to_vec()
    }

    fn with(&self, path: &Path, change: impl FnOnce(&mut Vec<u8>)) -> Image {
        let mut image = self.image.clone();
        image.change(path, change);
        image
    }
}

/// What became of damage.
#[derive(Debug, Default)]
struct Tally {
    refused: usize,
    told: usize,
    unseen: usize,
    gone_on: usize,
}

impl Tally {
    fn all(&self) -> usize {
        self.refused + self.told + self.unseen
    }

    /// Opens a damaged database and asks everything; whether any answer was refused.
    fn judge(&mut self, kept: &Kept, image: &Image, label: &str) -> bool {
        let disk = SimDisk::from_image(image);
        let mode = if self.all().is_multiple_of(5) { ReadMode::Pread } else { ReadMode::Mapped };
        let options = Graph::options().vfs(disk.vfs()).auto_checkpoint(false).read_mode(mode);
        match options.open(DIR) {
            Ok(graph) => {
                let told = right_or_refused(&kept.questions.all(&graph.view()), &kept.right, label);
                if self.all().is_multiple_of(13) {
                    self.go_on(kept, &graph, label);
                }
                std::mem::forget(graph);
                *(if told { &mut self.told } else { &mut self.unseen }) += 1;
                told
            }
            Err(error) => {
                assert!(is_told(&error), "{label}: {error}");
                self.refused += 1;
                true
            }
        }
    }

    /// Commits and checkpoints on damaged bytes: what is written is right, or nothing is.
    fn go_on(&mut self, kept: &Kept, graph: &Graph, label: &str) {
        let twin = open(&SimDisk::from_image(&kept.image));
        for facts in kept.rest.iter().take(6) {
            match commit(graph, facts, Durability::Sync) {
                Ok(is_new) => assert_eq!(commit(&twin, facts, Durability::Sync).unwrap(), is_new, "{label}"),
                // What made a fact fail half-way was told to the one who told it.
                Err(Error::Broken) => {}
                Err(error) => assert!(is_told(&error), "{label}: {error}"),
            }
            if let Err(error) = graph.checkpoint() {
                assert!(is_told(&error), "{label}: {error}");
            }
        }
        let right = listed(kept.questions.all(&twin.view()));
        right_or_refused(&kept.questions.all(&graph.view()), &right, &format!("{label}, gone on"));
        self.gone_on += 1;
    }
}

/// Whether an error says that bytes are damaged.
pub(crate) fn is_told(error: &Error) -> bool {
    matches!(error, Error::Corrupt { .. } | Error::FormatVersion { .. })
}

/// Holds answers against the right ones; whether any is refused.
fn right_or_refused(answers: &[Answer], right: &[Vec<String>], label: &str) -> bool {
    let mut refused = false;
    assert_eq!(answers.len(), right.len(), "{label}");
    for (answer, right) in answers.iter().zip(right) {
        let errors = answer.iter().filter_map(|item| item.as_ref().err());
        errors.clone().for_each(|error| assert!(is_told(error), "{label}: {error}"));
        let found: Vec<&String> = answer.iter().filter_map(|item| item.as_ref().ok()).collect();
        if errors.count() == 0 {
            assert_eq!(found, right.iter().collect::<Vec<_>>(), "{label}");
        } else {
            refused = true;
            assert!(found.iter().all(|item| right.contains(item)), "{label}: {found:?}, not of {right:?}");
        }
    }
    refused
}

#[test]
fn a_flipped_bit_of_a_segment_is_told_or_harmless_and_a_full_verification_sees_it() {
    let kept = Kept::new();
    let segments = kept.segments();
    assert!(segments.len() >= 3, "{segments:?}");
    let (step, mut tally) = (setting("IDWEAVE_DAMAGE_STEP", STEP), Tally::default());
    let mut turn = 0_usize;
    for (path, len) in &segments {
        for bit in (0..len * 8).step_by(step.min(len * 8 / FLIPS_MIN)) {
            let label = format!("{} bit {bit}", path.display());
            let image = kept.with(path, |bytes| bytes[bit / 8] ^= 1 << (bit % 8));
            let was_refused = tally.refused;
            tally.judge(&kept, &image, &label);
            turn += 1;
            if tally.refused == was_refused && turn.is_multiple_of(7) {
                let graph = open(&SimDisk::from_image(&image));
                assert!(is_told(&graph.verify(VerifyLevel::Full).unwrap_err()), "{label}: not seen");
            }
        }
    }
    println!("flipped bits of {segments:?}: {}, {tally:?}", tally.all());
    assert!(tally.told * 5 > tally.all() && tally.refused > 10, "{tally:?}");
}

#[test]
fn a_flipped_bit_of_the_manifest_changes_nothing() {
    let kept = Kept::new();
    let (step, mut tally) = (setting("IDWEAVE_DAMAGE_STEP", STEP), Tally::default());
    let len = kept.bytes(Path::new(MANIFEST)).len();
    let dense = |bit: &usize| bit % 32_768 < 1_600 || bit % 32_768 > 32_700;
    let every = if step == 1 { 1 } else { 29 };
    let bits = (0..len * 8).filter(|bit| if dense(bit) { bit % every == 0 } else { bit % step == 0 });
    for bit in bits {
        let image = kept.with(Path::new(MANIFEST), |bytes| bytes[bit / 8] ^= 1 << (bit % 8));
        tally.judge(&kept, &image, &format!("manifest bit {bit}"));
        // The same in both slots leaves none.
        if bit < 32_768 && bit % 3 == 0 {
            let mut both = image;
            both.change(Path::new(MANIFEST), |bytes| bytes[4096 + bit / 8] ^= 1 << (bit % 8));
            let opened = Graph::options().vfs(SimDisk::from_image(&both).vfs()).open(DIR);
            assert!(is_told(&opened.unwrap_err()), "both slots, bit {bit}");
        }
    }
    println!("flipped bits of the manifest: {}, {tally:?}", tally.all());
    assert!(tally.unseen > 150 && tally.told + tally.refused == 0, "{tally:?}");
}

#[test]
fn a_segment_or_manifest_that_is_cut_swapped_or_stale_is_told() {
    let kept = Kept::new();
    let (mut tally, mut random) = (Tally::default(), Random::new(1));
    let segments = kept.segments();
    for (path, len) in &segments {
        for at in (0..*len).step_by(293.min(len / 8)).chain([*len - 1]) {
            let image = kept.with(path, |bytes| bytes.truncate(at));
            assert!(tally.judge(&kept, &image, &format!("{} cut at {at}", path.display())));
        }
        for more in [1, 8, 64, 4096] {
            let image = kept.with(path, |bytes| bytes.resize(len + more, 0));
            assert!(tally.judge(&kept, &image, &format!("{} and {more} bytes", path.display())));
        }
        // Pieces of the same file or of any segment there ever was, at their own place or elsewhere.
        for size in [8, 64, 512, 4096] {
            for _ in 0..25 {
                let (_, other) = random.pick(&kept.past);
                let to = random.below(len / size + 1) * size;
                let from = if random.one_in(2) { to } else { random.below(other.len() / size + 1) * size };
                let image = kept.with(path, |bytes| {
                    let source = other.get(from..).unwrap_or_default();
                    bytes.iter_mut().skip(to).take(size).zip(source).for_each(|(byte, stale)| *byte = *stale);
                });
                tally.judge(&kept, &image, &format!("{} at {to}: {size} bytes from {from}", path.display()));
            }
            let image = kept.with(path, |bytes| {
                let at = random.below(len / size + 1) * size;
                bytes.iter_mut().skip(at).take(size).for_each(|byte| *byte = 0);
            });
            tally.judge(&kept, &image, &format!("{size} zeros"));
        }
        // Whole files of other segments, and of earlier times.
        let own = kept.bytes(path);
        for (of, stale) in kept.past.iter().filter(|(_, stale)| *stale != own) {
            let image = kept.with(path, |bytes| bytes.clone_from(stale));
            let label = format!("{} in the place of {}", of.display(), path.display());
            assert!(tally.judge(&kept, &image, &label), "{label}");
        }
    }
    let now = kept.bytes(Path::new(MANIFEST));
    let stale = kept.past.iter().filter(|(path, bytes)| path.ends_with("MANIFEST") && *bytes != now);
    // The last one names what there is, as a crash before the end would leave it.
    let stale: Vec<_> = stale.collect();
    for (number, (_, stale)) in stale.iter().rev().skip(1).enumerate() {
        let image = kept.with(Path::new(MANIFEST), |bytes| bytes.clone_from(stale));
        assert!(tally.judge(&kept, &image, &format!("manifest {number} of an earlier time")));
    }
    println!("cuts, swaps and stale pieces: {}, {tally:?}", tally.all());
    assert!(tally.all() > 400, "{tally:?}");
}

#[test]
fn a_missing_segment_is_an_error() {
    let kept = Kept::new();
    for (path, _) in kept.segments() {
        let mut image = kept.image.clone();
        image.remove(&path);
        let opened = Graph::options().vfs(SimDisk::from_image(&image).vfs()).open(DIR);
        let error = opened.unwrap_err();
        assert!(is_told(&error), "{}: {error:?}", path.display());
    }
}

#[test]
fn segments_of_one_length_in_each_others_place_are_told() {
    let (disk, mut random) = (SimDisk::new(), Random::new(4));
    let graph = open(&disk);
    let mark = |key: &str, value: &str, at: u64| {
        let line =
            format!(r#"{{"op":"mark","key":"{key}","value":"{value}","at":{}}}"#, 1_735_689_600_000 + at);
        ndjson::parse(&line, 1, &Placeholders::default()).unwrap()
    };
    // Two segments that differ in a value of one length, and a small one above them, so that none is merged.
    for (turn, (key, len)) in [("k", 100), ("k", 100), ("j", 1)].into_iter().enumerate() {
        let more: Vec<Fact> = (0..40)
            .filter(|_| len > 1)
            .map(|n| mark(&format!("{n:03}"), &format!("{:0100}", random.next()), turn as u64))
            .chain([mark(key, &"x".repeat(len), turn as u64)])
            .collect();
        assert!(commit(&graph, &more, Durability::Sync).unwrap());
        assert_eq!(graph.checkpoint().unwrap().segments, turn + 1);
    }
    let right = graph.view().mark("001").unwrap();
    graph.close().unwrap();
    let image = disk.live_image();
    let path = |number: usize| PathBuf::from(format!("/db/segments/{number:010}.seg"));
    let bytes = |number| image.file(&path(number)).unwrap().to_vec();
    assert_eq!(bytes(1).len(), bytes(2).len(), "the swap is not seen by length");
    let mut swapped = image.clone();
    swapped.change(&path(1), |file| *file = bytes(2));
    swapped.change(&path(2), |file| *file = bytes(1));
    match Graph::options().vfs(SimDisk::from_image(&swapped).vfs()).open(DIR) {
        Err(error) => assert!(is_told(&error), "{error}"),
        Ok(graph) => assert_eq!(graph.view().mark("001").unwrap(), right, "an older value came back"),
    }
}

#[test]
fn a_flipped_bit_of_a_snapshot_is_told_or_harmless() {
    let kept = Kept::new();
    let intact = kept.bytes(Path::new(SNAPSHOT));
    let open = |image: &Image, mode| {
        Snapshot::open_on(&*SimDisk::from_image(image).vfs(), Path::new(SNAPSHOT), mode)
    };
    // A snapshot has fewer bytes to meet than the graph: what it answers undamaged is right by the laws.
    let right = listed(kept.questions.all(&open(&kept.image, ReadMode::InMemory).unwrap()));
    let (mut refused, mut told, mut unseen) = (0, 0, 0);
    for bit in (0..intact.len() * 8).step_by(setting("IDWEAVE_DAMAGE_STEP", STEP)) {
        let image = kept.with(Path::new(SNAPSHOT), |bytes| bytes[bit / 8] ^= 1 << (bit % 8));
        let mode = if bit % 5 == 0 { ReadMode::Pread } else { ReadMode::InMemory };
        let label = format!("snapshot bit {bit}");
        match open(&image, mode) {
            Err(error) => {
                assert!(is_told(&error), "{label}: {error}");
                refused += 1;
            }
            Ok(snapshot) => {
                match right_or_refused(&kept.questions.all(&snapshot), &right, &label) {
                    true => told += 1,
                    false => unseen += 1,
                }
                if bit % 7 == 0 {
                    assert!(is_told(&snapshot.verify(VerifyLevel::Full).unwrap_err()), "{label}: not seen");
                }
            }
        }
    }
    println!("flipped bits of a snapshot: refused {refused}, told {told}, met by no read {unseen}");
    assert!(told * 4 > refused + told + unseen && refused > 10, "{refused} {told} {unseen}");
}
