//! The rows of erasures and restrictions: what was done, and what is still owed of it.
//!
//! # Layout
//! The table is at the head of `mod.rs`.

use crate::codec::{Reader, What, Writer};
use crate::model::Time;
use crate::records::{Act, Audit};
use crate::segment::rows::keys::take_audit_key;

const ERASED: u8 = 0;
const RESTRICTED: u8 = 1;
const UNRESTRICTED: u8 = 2;

/// Writes what was done.
pub(crate) fn put_audit(audit: &Audit) -> Vec<u8> {
    let mut out = Writer::default();
    let (tag, sticky, entity) = match audit.act {
        Act::Erased { sticky, entity } => (ERASED, sticky, entity),
        Act::Restricted => (RESTRICTED, false, false),
        Act::Unrestricted => (UNRESTRICTED, false, false),
    };
    out.u8(tag);
    out.signed(audit.at.ms());
    out.flags(sticky, [entity]);
    out.varint(audit.macs.len() as u64);
    audit.macs.iter().for_each(|mac| out.raw(mac));
    out.into_bytes()
}

/// Reads it.
pub(crate) fn take_audit(key: &[u8], bytes: &[u8]) -> Result<Audit, What> {
    let (seq, place) = take_audit_key(key)?;
    let mut reader = Reader::new(bytes);
    let tag = reader.u8()?;
    let at = Time::from_ms(reader.signed()?);
    let (sticky, [entity]) = reader.flags::<1>()?;
    let act = match tag {
        ERASED => Act::Erased { sticky, entity },
        RESTRICTED if !sticky && !entity => Act::Restricted,
        UNRESTRICTED if !sticky && !entity => Act::Unrestricted,
        _ => return Err("an unknown act"),
    };
    let mut macs = Vec::new();
    for _ in 0..reader.varint()? {
        macs.push(reader.array()?);
    }
    if reader.left() == 0 { Ok(Audit { seq, place, at, act, macs }) } else { Err("too long a row") }
}

/// Writes which segment may still hold something that was erased.
pub(crate) fn put_owed(segment: u64) -> Vec<u8> {
    let mut out = Writer::default();
    out.varint(segment);
    out.into_bytes()
}

/// Reads it.
pub(crate) fn take_owed(bytes: &[u8]) -> Result<u64, What> {
    let mut reader = Reader::new(bytes);
    let segment = reader.varint()?;
    if reader.left() == 0 { Ok(segment) } else { Err("too long a row") }
}
