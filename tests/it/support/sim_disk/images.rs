//! What a crash may leave: every unflushed change is kept, lost, torn, or replaced by something else.
//!
//! A write is torn at sector boundaries into pieces; each piece, each change of a length and each change of a name
//! is kept or missing independently of all others, whatever order they were made in. Only what was flushed is
//! certain. Writing the same bytes over flushed ones is no change (see the assumptions of `idweave::vfs`).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::disk::{Op, overwrite};

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Entry {
    Dir,
    File(usize),
}

/// A disk at rest: directories are `None`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Image(BTreeMap<PathBuf, Option<Vec<u8>>>);

impl Default for Image {
    fn default() -> Image {
        Image(BTreeMap::from([(PathBuf::from("/"), None)]))
    }
}

impl Image {
    pub(super) fn to_inodes(&self) -> (BTreeMap<PathBuf, Entry>, Vec<Vec<u8>>) {
        let mut files = Vec::new();
        let mut names = BTreeMap::new();
        for (path, node) in &self.0 {
            let entry = match node {
                None => Entry::Dir,
                Some(bytes) => {
                    files.push(bytes.clone());
                    Entry::File(files.len() - 1)
                }
            };
            names.insert(path.clone(), entry);
        }
        (names, files)
    }

    pub(super) fn from_inodes(names: &BTreeMap<PathBuf, Entry>, files: &[Vec<u8>]) -> Image {
        let mut image = Image::default();
        for (path, entry) in names {
            // Parents sort before children: what lies in a lost directory is lost.
            if path.parent().is_some_and(|p| image.0.get(p) == Some(&None)) {
                let node = match entry {
                    Entry::Dir => None,
                    Entry::File(inode) => Some(files[*inode].clone()),
                };
                image.0.insert(path.clone(), node);
            }
        }
        image
    }

    /// The bytes of a file, if it is there.
    pub(crate) fn file(&self, path: &Path) -> Option<&[u8]> {
        self.0.get(path)?.as_deref()
    }

    /// The files, by name.
    pub(crate) fn files(&self) -> impl Iterator<Item = (&Path, &[u8])> {
        self.0.iter().filter_map(|(path, node)| Some((path.as_path(), node.as_deref()?)))
    }

    /// Changes the bytes of a file that is there.
    pub(crate) fn change(&mut self, path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
        if let Some(Some(bytes)) = self.0.get_mut(path) {
            change(bytes);
        }
    }

    /// Takes a file away.
    pub(crate) fn remove(&mut self, path: &Path) {
        self.0.remove(path);
    }
}

/// What is in the place of a missing piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fill {
    /// As if it had not been written: old bytes, and the file does not grow by it.
    Lost,
    /// The file grows by it, with zeros; where there were bytes they stay.
    Length,
    /// Zeros, over old bytes too.
    Zeros,
    /// 0xFF, over old bytes too.
    Ones,
    /// Pseudo-random bytes, over old bytes too.
    Noise,
}

/// Which disks to make of a cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Everything up to the cut, the last write cut short at chosen bytes too: what a killed process leaves.
    Prefix,
    /// Every subset of the pieces; `sector` 0 does not tear.
    Subset { sector: usize, fill: Fill },
}

impl Mode {
    /// All the modes a campaign goes through.
    pub(crate) const ALL: [Mode; 10] = [
        Mode::Prefix,
        Mode::Subset { sector: 0, fill: Fill::Lost },
        Mode::Subset { sector: 0, fill: Fill::Length },
        Mode::Subset { sector: 512, fill: Fill::Lost },
        Mode::Subset { sector: 512, fill: Fill::Length },
        Mode::Subset { sector: 512, fill: Fill::Zeros },
        Mode::Subset { sector: 512, fill: Fill::Ones },
        Mode::Subset { sector: 512, fill: Fill::Noise },
        Mode::Subset { sector: 4096, fill: Fill::Lost },
        Mode::Subset { sector: 4096, fill: Fill::Noise },
    ];
}

/// A change of a file that is not flushed.
#[derive(Debug, Clone)]
enum Dirty {
    Write { inode: usize, at: usize, bytes: Vec<u8> },
    SetLen { inode: usize, len: usize },
}

impl Dirty {
    fn inode(&self) -> usize {
        match self {
            Dirty::Write { inode, .. } | Dirty::SetLen { inode, .. } => *inode,
        }
    }

    fn touches(&self, file: usize, from: usize, to: usize) -> bool {
        match self {
            Dirty::Write { inode, at, bytes } => *inode == file && *at < to && from < at + bytes.len(),
            Dirty::SetLen { inode, len } => *inode == file && *len < to,
        }
    }
}

/// A change of names in one step: the one that goes, and the one that comes.
type Renaming = (Option<PathBuf>, Option<(PathBuf, Entry)>);

/// The flushed state, and what is not flushed, after some changes.
#[derive(Debug)]
pub(super) struct Replay {
    names: BTreeMap<PathBuf, Entry>,
    files: Vec<Vec<u8>>,
    /// Names as a process sees them: a rename is of the file that had the name then.
    live: BTreeMap<PathBuf, Entry>,
    dirty_names: Vec<Renaming>,
    dirty: Vec<Dirty>,
}

impl Replay {
    pub(super) fn new(base: &Image) -> Replay {
        let (names, files) = base.to_inodes();
        Replay { live: names.clone(), names, files, dirty_names: Vec::new(), dirty: Vec::new() }
    }

    pub(super) fn apply(&mut self, op: &Op) {
        match op {
            Op::Add { path, entry } => {
                if let Entry::File(inode) = entry {
                    self.files.resize((*inode + 1).max(self.files.len()), Vec::new());
                }
                self.live.insert(path.clone(), *entry);
                self.dirty_names.push((None, Some((path.clone(), *entry))));
            }
            Op::Remove { path } => {
                self.live.remove(path);
                self.dirty_names.push((Some(path.clone()), None));
            }
            Op::Rename { from, to } => {
                let moved = self.live.remove(from).map(|entry| (to.clone(), entry));
                self.live.extend(moved.clone());
                self.dirty_names.push((Some(from.clone()), moved));
            }
            Op::Write { inode, at, bytes } => {
                let to = at + bytes.len();
                let flushed = self.files[*inode].get(*at..to) == Some(bytes);
                if !(flushed && self.dirty.iter().all(|d| !d.touches(*inode, *at, to))) {
                    self.dirty.push(Dirty::Write { inode: *inode, at: *at, bytes: bytes.clone() });
                }
            }
            Op::SetLen { inode, len } => self.dirty.push(Dirty::SetLen { inode: *inode, len: *len }),
            Op::Sync { inode } => self.flush(*inode),
            Op::SyncDropped { inode } => self.dirty.retain(|d| d.inode() != *inode),
            Op::SyncDir { dir } => self.flush_dir(dir),
        }
    }

    fn flush(&mut self, inode: usize) {
        for change in self.dirty.extract_if(.., |d| d.inode() == inode) {
            match change {
                Dirty::Write { inode, at, bytes } => overwrite(&mut self.files[inode], at, &bytes),
                Dirty::SetLen { inode, len } => self.files[inode].resize(len, 0),
            }
        }
    }

    fn flush_dir(&mut self, dir: &Path) {
        let here = |path: &PathBuf| path.parent() == Some(dir);
        let inside = |change: &mut Renaming| {
            change.0.as_ref().is_some_and(here) || change.1.as_ref().is_some_and(|(p, _)| here(p))
        };
        for change in self.dirty_names.extract_if(.., inside) {
            rename(&mut self.names, &change);
        }
    }

    /// The disks after one more change.
    pub(super) fn images(mut self, last: Option<&Op>, mode: Mode, bits_max: u32, seed: u64) -> Vec<Image> {
        let (sector, fill) = match mode {
            Mode::Prefix => return self.prefixes(last),
            Mode::Subset { sector, fill } => (sector, fill),
        };
        last.into_iter().for_each(|op| self.apply(op));
        let pieces: Vec<Dirty> = self.dirty.iter().flat_map(|d| torn(d, sector)).collect();
        let bits = pieces.len() + self.dirty_names.len();
        let choices = choices(bits, bits_max, seed);
        choices.iter().map(|kept| self.image(&pieces, kept, fill, seed)).collect()
    }

    fn prefixes(mut self, last: Option<&Op>) -> Vec<Image> {
        let mut images = Vec::new();
        let mut files = self.files.clone();
        if let Some(op) = last {
            for d in &self.dirty {
                keep(&mut files, d);
            }
            if let Op::Write { inode, at, bytes } = op {
                let len = bytes.len();
                for short in [1, 4, 40, 43, 44, 45, 63, len / 2, len.saturating_sub(1)] {
                    if short < len {
                        let mut files = files.clone();
                        overwrite(&mut files[*inode], *at, &bytes[..short]);
                        images.push(Image::from_inodes(&self.live, &files));
                    }
                }
            }
            self.apply(op);
        }
        let mut files = self.files.clone();
        for d in &self.dirty {
            keep(&mut files, d);
        }
        images.push(Image::from_inodes(&self.live, &files));
        images
    }

    fn image(&self, pieces: &[Dirty], kept: &[bool], fill: Fill, seed: u64) -> Image {
        let mut files = self.files.clone();
        let mut names = self.names.clone();
        for (piece, kept) in pieces.iter().zip(kept) {
            if *kept {
                keep(&mut files, piece);
            } else {
                miss(&mut files, piece, fill, seed);
            }
        }
        for (change, kept) in self.dirty_names.iter().zip(&kept[pieces.len()..]) {
            if *kept {
                rename(&mut names, change);
            }
        }
        Image::from_inodes(&names, &files)
    }
}

fn rename(names: &mut BTreeMap<PathBuf, Entry>, change: &Renaming) {
    if let Some(from) = &change.0 {
        names.remove(from);
    }
    if let Some((to, entry)) = &change.1 {
        names.insert(to.clone(), *entry);
    }
}

fn keep(files: &mut [Vec<u8>], change: &Dirty) {
    match change {
        Dirty::Write { inode, at, bytes } => overwrite(&mut files[*inode], *at, bytes),
        Dirty::SetLen { inode, len } => files[*inode].resize(*len, 0),
    }
}

fn miss(files: &mut [Vec<u8>], change: &Dirty, fill: Fill, seed: u64) {
    let Dirty::Write { inode, at, bytes } = change else { return };
    let file = &mut files[*inode];
    let mut random = Random(seed ^ *at as u64);
    let filler = match fill {
        Fill::Lost => return,
        Fill::Length => {
            let len = file.len().max(at + bytes.len());
            return file.resize(len, 0);
        }
        Fill::Zeros => vec![0; bytes.len()],
        Fill::Ones => vec![0xFF; bytes.len()],
        Fill::Noise => bytes.iter().map(|_| random.next() as u8).collect(),
    };
    overwrite(file, *at, &filler);
}

/// A write in pieces that end at sector boundaries of the file.
fn torn(change: &Dirty, sector: usize) -> Vec<Dirty> {
    let Dirty::Write { inode, at, bytes } = change else { return vec![change.clone()] };
    if sector == 0 {
        return vec![change.clone()];
    }
    let mut pieces = Vec::new();
    let (mut at, mut rest) = (*at, bytes.as_slice());
    while !rest.is_empty() {
        let (piece, after) = rest.split_at((sector - at % sector).min(rest.len()));
        pieces.push(Dirty::Write { inode: *inode, at, bytes: piece.to_vec() });
        at += piece.len();
        rest = after;
    }
    pieces
}

/// Which pieces are kept: every choice where there are few, else none, all, all but one, one, and a sample.
fn choices(bits: usize, bits_max: u32, seed: u64) -> Vec<Vec<bool>> {
    if bits <= bits_max as usize {
        return (0..1u64 << bits).map(|mask| (0..bits).map(|b| mask >> b & 1 == 1).collect()).collect();
    }
    let mut all = vec![vec![false; bits], vec![true; bits]];
    for one in 0..bits {
        all.push((0..bits).map(|b| b == one).collect());
        all.push((0..bits).map(|b| b != one).collect());
    }
    let mut random = Random(seed);
    for _ in 0..(1usize << bits_max).saturating_sub(all.len()) {
        all.push((0..bits).map(|_| random.next() & 1 == 1).collect());
    }
    all
}

/// SplitMix64: a sample that is the same for the same seed.
#[derive(Debug)]
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}
