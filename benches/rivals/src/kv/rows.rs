//! The bytes of rows, as a careful team would pack them.
//!
//! # Layout
//! ```text
//! ids       space u16 BE, value            -> node u32 LE, entity u32 LE
//! entities  entity u32 BE                  -> members: (space u8, node u32 LE, length u8, value)*
//!           key "n"                        -> next node u32 LE
//! edges     low u32 BE, high u32 BE,       -> strength u8, status u8
//!           source u8, batch u32 BE,
//!           observed_at i64 BE              rejected: and the key in `ids` of the far end
//! ```
//! An edge stands under (low, high); a rejected one under (high, low) too, so that both ends find it and
//! where it leads.
//! Ids are numbered once (`node`); an entity's number is the node of one of its members.

use anyhow::{Context, Result, bail};

/// Status of an evidence: it counts and unites, it counts and would break the limit, it was taken back.
pub const ACCEPTED: u8 = 0;
pub const REJECTED: u8 = 1;
pub const RETRACTED: u8 = 2;

/// Where the number of the next node is kept, in the table of entities.
pub const NEXT: &[u8] = b"n";

/// A row of `ids`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    pub node: u32,
    pub entity: u32,
}

/// A member of an entity, with the row it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    pub space: u8,
    pub node: u32,
    pub value: Vec<u8>,
}

fn u32_at(bytes: &[u8], at: usize) -> Result<u32> {
    let part = bytes.get(at..at + 4).context("a row is cut short")?;
    Ok(u32::from_le_bytes(part.try_into()?))
}

pub fn number(bytes: &[u8]) -> Result<u32> {
    u32_at(bytes, 0)
}

pub fn id_key(space: u8, value: &[u8]) -> Vec<u8> {
    let mut key = Vec::with_capacity(2 + value.len());
    key.extend(u16::from(space).to_be_bytes());
    key.extend(value);
    key
}

impl Place {
    pub fn encode(self) -> [u8; 8] {
        let mut bytes = [0; 8];
        bytes[..4].copy_from_slice(&self.node.to_le_bytes());
        bytes[4..].copy_from_slice(&self.entity.to_le_bytes());
        bytes
    }

    pub fn decode(bytes: &[u8]) -> Result<Place> {
        Ok(Place { node: u32_at(bytes, 0)?, entity: u32_at(bytes, 4)? })
    }
}

/// Walks the members of an entity's row without copying them.
pub fn members(mut row: &[u8], mut visit: impl FnMut(u8, u32, &[u8])) -> Result<()> {
    while let [space, rest @ ..] = row {
        let node = u32_at(rest, 0)?;
        let len = usize::from(*rest.get(4).context("a row is cut short")?);
        let value = rest.get(5..5 + len).context("a row is cut short")?;
        visit(*space, node, value);
        row = &rest[5 + len..];
    }
    Ok(())
}

pub fn push_member(row: &mut Vec<u8>, member: &Member) -> Result<()> {
    row.push(member.space);
    row.extend(member.node.to_le_bytes());
    row.push(u8::try_from(member.value.len())?);
    row.extend(&member.value);
    Ok(())
}

/// An evidence: its edge, who said it, in which batch, when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    pub from: u32,
    pub to: u32,
    pub source: u8,
    pub batch: u32,
    pub at: i64,
    pub strength: u8,
    pub status: u8,
    /// Where a rejected one leads: the key of `to` in `ids`.
    pub far: Vec<u8>,
}

impl Evidence {
    pub fn key(&self) -> [u8; 21] {
        let mut key = [0; 21];
        key[..4].copy_from_slice(&self.from.to_be_bytes());
        key[4..8].copy_from_slice(&self.to.to_be_bytes());
        key[8] = self.source;
        key[9..13].copy_from_slice(&self.batch.to_be_bytes());
        key[13..].copy_from_slice(&self.at.to_be_bytes());
        key
    }

    pub fn value(&self) -> Vec<u8> {
        let mut value = vec![self.strength, self.status];
        if self.status == REJECTED {
            value.extend(&self.far);
        }
        value
    }

    /// The same evidence as the other end, whose far end is `far`, has it.
    pub fn turned(&self, far: &[u8]) -> Evidence {
        Evidence { from: self.to, to: self.from, far: far.to_vec(), ..*self }
    }

    pub fn decode(key: &[u8], value: &[u8]) -> Result<Evidence> {
        let key: &[u8; 21] = key.try_into()?;
        let [strength, status, far @ ..] = value else { bail!("an evidence is at least two bytes") };
        let u32_from = |at: usize| key[at..at + 4].try_into().map(u32::from_be_bytes);
        Ok(Evidence {
            from: u32_from(0)?,
            to: u32_from(4)?,
            source: key[8],
            batch: u32_from(9)?,
            at: i64::from_be_bytes(key[13..].try_into()?),
            strength: *strength,
            status: *status,
            far: far.to_vec(),
        })
    }

    /// What counts first: the stronger, then the earlier.
    pub fn rank(&self) -> (u8, i64) {
        (u8::MAX - self.strength, self.at)
    }
}
