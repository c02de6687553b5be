//! Which snapshots a database published, and where: what an erasure has to tell of.
//!
//! # Layout
//! The file `PUBLISHED` beside the manifest: 8 bytes `89 'i' 'w' 'p' CR LF 1A LF`; `u8` version, 1; uuid of the
//! database (16); `varint` count, and of each path: flags (exact), path `text`, seq `varint`, recorded at `signed`;
//! then a CRC-32C of all that, `u32`. Pieces are those of `codec/bytes.rs`.
//!
//! # Invariants
//!   K1 a snapshot is on the list, durably, before it has its name.
//!   K2 the file is replaced whole: temporary file, flush, rename, flush of the directory.
//!
//! # Not here
//!   copies of a snapshot, and readers in other processes: nobody tells the database of them. A database that was
//!   restored begins with an empty list.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::codec::{Reader, What, Writer};
use crate::error::{Error, Result};
use crate::graph::snapshot::Snapshot;
use crate::graph::view::Shown;
use crate::model::{Id, Time};
use crate::segment::ReadMode;
use crate::store::{Lens, Source};
use crate::vfs::{OpenMode, Vfs};

const MAGIC: &[u8; 8] = b"\x89iwp\r\n\x1a\n";
const VERSION: u8 = 1;
/// Longest file that is read: some hundred thousand paths.
const FILE_LEN_MAX: u64 = 64 << 20;

/// A snapshot that was published and whose file is still there.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Published {
    /// Its file.
    pub path: PathBuf,
    /// The commit it shows. Where it could not be read: that of the first snapshot published under this path.
    pub seq: u64,
    /// When that commit was recorded.
    pub recorded_at: Time,
    /// Whether the file could be read. What cannot be read may hold anything that was known at its commit.
    pub is_readable: bool,
}

/// A line of the list.
struct Listed {
    path: PathBuf,
    /// The path is no text, and stands here as well as text can say it: whether it is there is not known.
    is_exact: bool,
    seq: u64,
    recorded_at: Time,
}

/// The list of a database, read from its file when it is asked.
#[derive(Debug)]
pub(crate) struct Register {
    vfs: Arc<dyn Vfs>,
    dir: PathBuf,
    uuid: [u8; 16],
}

impl Register {
    /// The list of the database in a directory.
    pub(crate) fn new(vfs: Arc<dyn Vfs>, dir: PathBuf, uuid: [u8; 16]) -> Register {
        Register { vfs, dir, uuid }
    }

    fn path(&self) -> PathBuf {
        self.dir.join("PUBLISHED")
    }

    /// Notes that a snapshot of a commit is about to be published (K1).
    pub(crate) fn note(&self, path: &Path, seq: u64, recorded_at: Time) -> Result<()> {
        let path = self.vfs.absolute(path)?;
        let is_exact = path.to_str().is_some();
        let path = path.to_str().map_or_else(|| PathBuf::from(&*path.to_string_lossy()), PathBuf::from);
        let mut kept: Vec<Listed> = Vec::new();
        for listed in self.load()? {
            if !self.is_gone(&listed)? {
                kept.push(listed);
            }
        }
        // What has this name until the new one takes it is not newer.
        if !kept.iter().any(|listed| listed.path == path) {
            kept.push(Listed { path, is_exact, seq, recorded_at });
        }
        self.store(&kept)
    }

    /// Whether a file is not there though the place where it was is.
    fn is_gone(&self, listed: &Listed) -> Result<bool> {
        let place = listed.path.parent().unwrap_or(Path::new("."));
        Ok(listed.is_exact && !self.vfs.exists(&listed.path)? && self.vfs.exists(place)?)
    }

    /// The snapshots whose files are there, and which `is_meant` of; it is not asked of those that cannot be read.
    fn all(&self, before: u64, is_meant: impl Fn(&Snapshot) -> Result<bool>) -> Result<Vec<Published>> {
        let mut published = Vec::new();
        for Listed { path, is_exact, seq, recorded_at } in self.load()? {
            if is_exact && !self.vfs.exists(&path)? {
                continue;
            }
            let opened = Snapshot::open_on(&*self.vfs, &path, ReadMode::default());
            let looked = opened.and_then(|snapshot| {
                let is_ours = snapshot.uuid() == Some(self.uuid);
                Ok((is_ours && snapshot.seq() < before && is_meant(&snapshot)?, snapshot))
            });
            match looked {
                Ok((false, _)) => {}
                Ok((true, snapshot)) => {
                    let (seq, recorded_at) = (snapshot.seq(), snapshot.recorded_at());
                    published.push(Published { path, seq, recorded_at, is_readable: true });
                }
                Err(_) if seq >= before => {}
                Err(_) => published.push(Published { path, seq, recorded_at, is_readable: false }),
            }
        }
        Ok(published)
    }

    /// Every snapshot whose file is there.
    pub(crate) fn published(&self) -> Result<Vec<Published>> {
        self.all(u64::MAX, |_| Ok(true))
    }

    /// The snapshots from before a commit that hold one of these ids, or may.
    pub(crate) fn holding(&self, ids: &[Id], before: u64) -> Result<Vec<Published>> {
        self.all(before, |snapshot| {
            Lens::on(&**snapshot.state()?).answer(|lens| {
                ids.iter().any(|id| lens.number_of(id).is_some() || !lens.sides_naming(id).is_empty())
            })
        })
    }

    /// That the list can be read.
    pub(crate) fn check(&self) -> Result<()> {
        self.load().map(drop)
    }

    fn load(&self) -> Result<Vec<Listed>> {
        let path = self.path();
        if !self.vfs.exists(&path)? {
            return Ok(Vec::new());
        }
        let file = self.vfs.open(&path, OpenMode::Read)?;
        let damaged = |what| Error::Corrupt { file: path.clone(), offset: 0, what };
        let len = file.len()?;
        if len > FILE_LEN_MAX {
            return Err(damaged("a list of snapshots that is too long"));
        }
        let mut bytes = vec![0; usize::try_from(len).unwrap_or(0)];
        let read = file.read_at(0, &mut bytes)?;
        bytes.truncate(read);
        decode(&bytes, &self.uuid).map_err(damaged)
    }

    fn store(&self, all: &[Listed]) -> Result<()> {
        let new = self.dir.join("PUBLISHED.new");
        let bytes = encode(all, &self.uuid);
        let file = self.vfs.open(&new, OpenMode::Create)?;
        file.set_len(0)?;
        file.write_at(0, &bytes)?;
        file.sync_all()?;
        drop(file);
        self.vfs.rename(&new, &self.path())?;
        self.vfs.sync_dir(&self.dir)
    }
}

fn encode(all: &[Listed], uuid: &[u8; 16]) -> Vec<u8> {
    let mut out = Writer::default();
    out.raw(MAGIC);
    out.u8(VERSION);
    out.raw(uuid);
    out.varint(all.len() as u64);
    for listed in all {
        out.flags(listed.is_exact, []);
        out.text(&listed.path.to_string_lossy());
        out.varint(listed.seq);
        out.signed(listed.recorded_at.ms());
    }
    let mut bytes = out.into_bytes();
    bytes.extend(crc32c::crc32c(&bytes).to_le_bytes());
    bytes
}

fn decode(bytes: &[u8], uuid: &[u8; 16]) -> Result<Vec<Listed>, What> {
    let (body, sum) = bytes.split_last_chunk::<4>().ok_or("cut short")?;
    if crc32c::crc32c(body) != u32::from_le_bytes(*sum) {
        return Err("a list of snapshots whose checksum does not hold");
    }
    let mut reader = Reader::new(body);
    if reader.array::<8>()? != *MAGIC || reader.u8()? != VERSION {
        return Err("not a list of snapshots");
    }
    if reader.array::<16>()? != *uuid {
        return Err("the list of another database's snapshots");
    }
    let mut all = Vec::new();
    for _ in 0..reader.varint()? {
        let (is_exact, []) = reader.flags::<0>()?;
        let path = PathBuf::from(reader.text()?);
        let seq = reader.varint()?;
        all.push(Listed { path, is_exact, seq, recorded_at: Time::from_ms(reader.signed()?) });
    }
    if reader.left() == 0 { Ok(all) } else { Err("too long a list of snapshots") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(path: &str, seq: u64) -> Listed {
        Listed { path: path.into(), is_exact: true, seq, recorded_at: Time::from_ms(-7) }
    }

    #[test]
    fn a_list_reads_back_and_every_flipped_bit_of_it_is_told() {
        let bytes = encode(&[listed("/backups/monday", 3), listed("/backups/tuesday", 900)], &[7; 16]);
        let read = decode(&bytes, &[7; 16]).unwrap();
        let seen: Vec<_> =
            read.iter().map(|one| (one.path.to_str().unwrap(), one.seq, one.recorded_at.ms())).collect();
        assert_eq!(seen, [("/backups/monday", 3, -7), ("/backups/tuesday", 900, -7)]);
        assert!(decode(&bytes, &[8; 16]).is_err());
        for bit in 0..bytes.len() * 8 {
            let mut bytes = bytes.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(decode(&bytes, &[7; 16]).is_err(), "bit {bit}");
        }
    }
}
