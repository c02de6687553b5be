//! The file `HOME`: which store keeps the database, which generation of it counts, and how far it must reach.
//!
//! # Layout
//! Two slots, at 0 and [`SLOT_STEP`]; the one that holds and has the greater turn counts. A slot is written over the
//! other one, and flushed.
//! ```text
//! OFFSET SIZE FIELD       all little-endian
//!      0    8 magic       89 'i' 'w' 'h' CR LF 1A LF
//!      8    4 version     1
//!     12    4 flags       bit 0: closed; the store ends exactly here
//!     16    8 turn        one more than the other slot's
//!     24   16 uuid        of the database
//!     40   32 secret      that tombstones are keyed by
//!     72   32 store       its name, zeros after it
//!    104    8 generation  of the store that counts
//!    112    8 seq         the last commit that was acknowledged
//!    120    8 chain       the hash of everything up to it
//!    128    4 crc         CRC-32C of bytes 0..128
//! ```

use std::fmt;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::kvlog::rows::Reached;
use crate::vfs::{OpenMode, Vfs, VfsFile};

const MAGIC: &[u8; 8] = b"\x89iwh\r\n\x1a\n";
const VERSION: u32 = 1;
const SLOT_BYTES: usize = 132;
const SLOT_STEP: u64 = 4_096;
const STORE_BYTES: usize = 32;
const CLOSED: u32 = 1;

/// The name of the file.
pub(super) fn path_in(dir: &Path) -> PathBuf {
    dir.join("HOME")
}

/// The same while a database is being made.
pub(super) fn new_path_in(dir: &Path) -> PathBuf {
    dir.join("HOME.new")
}

/// The name of the store that keeps the database in this directory.
pub(crate) fn store_in(vfs: &dyn Vfs, dir: &Path) -> Result<String> {
    Ok(HomeFile::open(vfs, dir)?.said.store_name().to_owned())
}

/// What the file says. It holds the secret, so it has no derived Debug.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) uuid: [u8; 16],
    pub(crate) secret: [u8; 32],
    /// The name of the store, zeros after it.
    pub(super) store: [u8; STORE_BYTES],
    pub(crate) generation: u64,
    pub(crate) acknowledged: Reached,
    pub(crate) is_closed: bool,
}

impl fmt::Debug for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Said")
            .field("generation", &self.generation)
            .field("acknowledged", &self.acknowledged.seq)
            .field("is_closed", &self.is_closed)
            .finish_non_exhaustive()
    }
}

impl Said {
    /// What a new database says.
    pub(super) fn new(uuid: [u8; 16], secret: [u8; 32], store: &str) -> Said {
        let mut name = [0; STORE_BYTES];
        name.iter_mut().zip(store.bytes()).for_each(|(to, from)| *to = from);
        Said { uuid, secret, store: name, generation: 1, acknowledged: Reached::default(), is_closed: true }
    }

    /// The name of the store.
    pub(super) fn store_name(&self) -> &str {
        let len = self.store.iter().position(|byte| *byte == 0).unwrap_or(STORE_BYTES);
        self.store.get(..len).and_then(|name| std::str::from_utf8(name).ok()).unwrap_or_default()
    }

    fn encode(&self, turn: u64) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        out.extend(VERSION.to_le_bytes());
        out.extend(if self.is_closed { CLOSED } else { 0 }.to_le_bytes());
        out.extend(turn.to_le_bytes());
        out.extend(self.uuid);
        out.extend(self.secret);
        out.extend(self.store);
        let Reached { seq, chain } = self.acknowledged;
        [self.generation, seq, chain].iter().for_each(|number| out.extend(number.to_le_bytes()));
        out.extend(crc32c::crc32c(&out).to_le_bytes());
        out
    }
}

/// The fields of a slot, in order.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (field, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*field)
    }

    fn u64(&mut self) -> Option<u64> {
        self.take().map(u64::from_le_bytes)
    }
}

/// What a slot holds, and its turn; `None` if it does not hold. A version that is not ours is an error.
fn decode(bytes: &[u8]) -> Result<Option<(u64, Said)>> {
    let Some((body, crc)) = bytes.split_last_chunk::<4>() else { return Ok(None) };
    if crc32c::crc32c(body) != u32::from_le_bytes(*crc) {
        return Ok(None);
    }
    let mut fields = Fields(body);
    let is_ours = fields.take::<8>().is_some_and(|magic| magic == *MAGIC);
    let (Some(version), Some(flags)) =
        (fields.take().map(u32::from_le_bytes), fields.take().map(u32::from_le_bytes))
    else {
        return Ok(None);
    };
    if !is_ours {
        return Ok(None);
    }
    if version != VERSION {
        return Err(Error::FormatVersion { found: version, oldest: VERSION, newest: VERSION });
    }
    let mut said = || {
        let turn = fields.u64()?;
        let (uuid, secret, store) = (fields.take()?, fields.take()?, fields.take()?);
        let generation = fields.u64()?;
        let acknowledged = Reached { seq: fields.u64()?, chain: fields.u64()? };
        let is_closed = match flags {
            0 => false,
            CLOSED => true,
            _ => return None,
        };
        Some((turn, Said { uuid, secret, store, generation, acknowledged, is_closed }))
    };
    Ok(said())
}

/// The file, open for writing.
#[derive(Debug)]
pub(crate) struct HomeFile {
    file: Box<dyn VfsFile>,
    turn: u64,
    said: Said,
}

impl HomeFile {
    /// Writes the file of a new database, durably, under the name it has until the database is whole.
    pub(super) fn create(vfs: &dyn Vfs, dir: &Path, said: Said) -> Result<HomeFile> {
        let file = vfs.open(&new_path_in(dir), OpenMode::Create)?;
        file.set_len(0)?;
        file.write_at(0, &said.encode(1))?;
        file.write_at(SLOT_STEP, &said.encode(2))?;
        file.sync_all()?;
        Ok(HomeFile { file, turn: 2, said })
    }

    /// Reads the file.
    pub(super) fn open(vfs: &dyn Vfs, dir: &Path) -> Result<HomeFile> {
        let path = path_in(dir);
        let file = vfs.open(&path, OpenMode::Write)?;
        let mut newest: Option<(u64, Said)> = None;
        for slot in 0..2 {
            let mut bytes = [0; SLOT_BYTES];
            file.read_at(slot * SLOT_STEP, &mut bytes)?;
            let found = decode(&bytes)?.filter(|(turn, _)| turn % 2 == (slot + 1) % 2);
            if let Some((turn, said)) = found
                && newest.as_ref().is_none_or(|(known, _)| *known < turn)
            {
                newest = Some((turn, said));
            }
        }
        let damaged = || Error::Corrupt { file: path.clone(), offset: 0, what: "neither slot holds" };
        let (turn, said) = newest.ok_or_else(damaged)?;
        Ok(HomeFile { file, turn, said })
    }

    /// What it says.
    pub(super) fn said(&self) -> &Said {
        &self.said
    }

    /// Says something else, durably.
    pub(super) fn say(&mut self, said: Said) -> Result<()> {
        let turn = self.turn + 1;
        let slot = (turn + 1) % 2;
        self.file.write_at(slot * SLOT_STEP, &said.encode(turn))?;
        self.file.sync_data()?;
        (self.turn, self.said) = (turn, said);
        Ok(())
    }
}
