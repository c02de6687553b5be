//! The keys of rows.

use std::sync::Arc;

use crate::codec::{Reader, What};
use crate::model::{Id, KindScope, Placeholders};
use crate::records::{NodeNo, PairKey, RelationKey, SideKey, Sym};

/// Commits whose times stand in one row.
pub(crate) const COMMITS_A_ROW: u64 = 1_024;

/// The first byte of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Tag {
    Secret = b'a',
    BatchSide = b'b',
    Setting = b'c',
    Event = b'e',
    Commits = b'h',
    Mark = b'k',
    List = b'l',
    Mention = b'm',
    SpaceCount = b'n',
    Owed = b'o',
    Pair = b'p',
    Relation = b'r',
    Side = b's',
    Tomb = b't',
    Audit = b'u',
    Undone = b'w',
    Text = b'x',
    BatchRetraction = b'y',
    SourceRetraction = b'z',
}

impl Tag {
    /// The prefix of all its keys.
    pub(crate) fn prefix(self) -> [u8; 1] {
        [self as u8]
    }
}

/// The key of what is found by one number.
pub(crate) fn number_key(tag: Tag, number: u32) -> [u8; 5] {
    let [a, b, c, d] = number.to_be_bytes();
    [tag as u8, a, b, c, d]
}

pub(crate) fn pair_key(key: PairKey) -> Vec<u8> {
    [&[Tag::Pair as u8][..], &key.packed().to_be_bytes()].concat()
}

pub(crate) fn relation_key(key: RelationKey) -> Vec<u8> {
    let RelationKey { kind, from, to } = key;
    let numbers = [kind, from, to].map(u32::to_be_bytes);
    [&[Tag::Relation as u8][..], numbers.as_flattened()].concat()
}

pub(crate) fn take_pair_key(key: &[u8]) -> Result<PairKey, What> {
    let mut reader = after(Tag::Pair, key)?;
    let (a, b) = (take_u32(&mut reader)?, take_u32(&mut reader)?);
    if a < b { done(&reader, PairKey { a, b }) } else { Err("a pair of no two numbers in order") }
}

pub(crate) fn take_relation_key(key: &[u8]) -> Result<RelationKey, What> {
    let mut reader = after(Tag::Relation, key)?;
    let (kind, from, to) = (take_u32(&mut reader)?, take_u32(&mut reader)?, take_u32(&mut reader)?);
    done(&reader, RelationKey { kind, from, to })
}

pub(crate) fn event_key(hash: u64, pair: Option<PairKey>) -> Vec<u8> {
    let mut key = [&[Tag::Event as u8][..], &hash.to_be_bytes()].concat();
    pair.iter().for_each(|pair| key.extend(pair.packed().to_be_bytes()));
    key
}

pub(crate) fn commits_key(chunk: u64) -> Vec<u8> {
    [&[Tag::Commits as u8][..], &chunk.to_be_bytes()].concat()
}

pub(crate) fn tomb_key(mac: &[u8; 32]) -> Vec<u8> {
    [&[Tag::Tomb as u8][..], mac].concat()
}

/// The key of what was done in a commit, the how-manieth thing of its sort.
pub(crate) fn audit_key(seq: u64, place: u32) -> Vec<u8> {
    [&[Tag::Audit as u8][..], &seq.to_be_bytes(), &place.to_be_bytes()].concat()
}

pub(crate) fn take_audit_key(key: &[u8]) -> Result<(u64, u32), What> {
    let mut reader = after(Tag::Audit, key)?;
    let (seq, place) = (reader.array().map(u64::from_be_bytes)?, take_u32(&mut reader)?);
    done(&reader, (seq, place))
}

/// The key of a commit that was ever undone.
pub(crate) fn undone_key(seq: u64) -> [u8; 9] {
    let mut key = [Tag::Undone as u8; 9];
    key.iter_mut().skip(1).zip(seq.to_be_bytes()).for_each(|(place, byte)| *place = byte);
    key
}

pub(crate) fn take_undone_key(key: &[u8]) -> Result<u64, What> {
    let mut reader = after(Tag::Undone, key)?;
    let seq = reader.array().map(u64::from_be_bytes)?;
    done(&reader, seq)
}

pub(crate) fn mark_key(key: &str) -> Vec<u8> {
    [&[Tag::Mark as u8][..], key.as_bytes()].concat()
}

/// Fields of a key after its tag, read.
fn after(tag: Tag, key: &[u8]) -> Result<Reader<'_>, What> {
    let rest = key.strip_prefix(&tag.prefix()).ok_or("a row of another kind")?;
    Ok(Reader::new(rest))
}

fn take_u32(reader: &mut Reader<'_>) -> Result<u32, What> {
    reader.array().map(u32::from_be_bytes)
}

fn take_pair(reader: &mut Reader<'_>) -> Result<PairKey, What> {
    let (a, b): (NodeNo, NodeNo) = (take_u32(reader)?, take_u32(reader)?);
    if a < b { Ok(PairKey { a, b }) } else { Err("a pair with its ends the wrong way round") }
}

fn done<T>(reader: &Reader<'_>, key: T) -> Result<T, What> {
    if reader.left() == 0 { Ok(key) } else { Err("too long a key") }
}

pub(crate) fn take_event_key(key: &[u8]) -> Result<(u64, PairKey), What> {
    let mut reader = after(Tag::Event, key)?;
    let hash = reader.array().map(u64::from_be_bytes)?;
    let pair = take_pair(&mut reader)?;
    done(&reader, (hash, pair))
}

/// A text that a zero ends: no id and no kind and scope holds one.
fn put_text(text: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(text.as_bytes());
    out.push(0);
}

fn take_text<'a>(reader: &mut Reader<'a>) -> Result<&'a str, What> {
    let rest = reader.raw(reader.left())?;
    let mut parts = rest.splitn(2, |byte| *byte == 0);
    let (Some(text), Some(rest)) = (parts.next(), parts.next()) else { return Err("a text without an end") };
    *reader = Reader::new(rest);
    std::str::from_utf8(text).map_err(|_| "a text that is not UTF-8")
}

fn take_id(reader: &mut Reader<'_>) -> Result<Id, What> {
    let text = take_text(reader)?;
    let id = Id::parse_with(text, &Placeholders::none()).map_err(|_| "a side record of what is no id")?;
    if id.as_str() == text { Ok(id) } else { Err("an id that is not in key form") }
}

/// A side key without a tag of rows before it.
fn bare_side_key(key: &SideKey) -> Vec<u8> {
    let mut out = Vec::new();
    match key {
        SideKey::Ban(a, b) => {
            out.push(1);
            put_text(a.as_str(), &mut out);
            put_text(b.as_str(), &mut out);
        }
        SideKey::Block(id) => {
            out.push(2);
            put_text(id.as_str(), &mut out);
        }
        SideKey::Restrict(id) => {
            out.push(3);
            put_text(id.as_str(), &mut out);
        }
        SideKey::Absent(id, target) => {
            out.push(4);
            put_text(id.as_str(), &mut out);
            put_text(target.as_str(), &mut out);
        }
        SideKey::PairRetraction(a, b, source) => {
            out.push(5);
            put_text(a.as_str(), &mut out);
            put_text(b.as_str(), &mut out);
            out.push(u8::from(source.is_some()));
            source.iter().for_each(|source| out.extend(source.to_be_bytes()));
        }
        SideKey::EventRetraction(source, event) => {
            out.push(6);
            out.extend(source.to_be_bytes());
            out.extend_from_slice(event.as_bytes());
        }
    }
    out
}

fn take_bare_side_key(mut reader: Reader<'_>) -> Result<SideKey, What> {
    let key = match reader.u8()? {
        1 => SideKey::Ban(take_id(&mut reader)?, take_id(&mut reader)?),
        2 => SideKey::Block(take_id(&mut reader)?),
        3 => SideKey::Restrict(take_id(&mut reader)?),
        4 => {
            let id = take_id(&mut reader)?;
            let target: KindScope = take_text(&mut reader)?.parse().map_err(|_| "no kind and scope")?;
            SideKey::Absent(id, target)
        }
        5 => {
            let (a, b) = (take_id(&mut reader)?, take_id(&mut reader)?);
            let source = match reader.u8()? {
                0 => None,
                1 => Some(take_u32(&mut reader)?),
                _ => return Err("an unknown flag"),
            };
            SideKey::PairRetraction(a, b, source)
        }
        6 => {
            let source: Sym = take_u32(&mut reader)?;
            let event =
                std::str::from_utf8(reader.raw(reader.left())?).map_err(|_| "a text that is not UTF-8")?;
            SideKey::EventRetraction(source, Arc::from(event))
        }
        _ => return Err("an unknown kind of side record"),
    };
    done(&reader, key)
}

pub(crate) fn side_key(key: &SideKey) -> Vec<u8> {
    [&[Tag::Side as u8][..], &bare_side_key(key)].concat()
}

pub(crate) fn take_side_key(key: &[u8]) -> Result<SideKey, What> {
    take_bare_side_key(after(Tag::Side, key)?)
}

/// The key that an id's side record is found by, or the prefix of all of an id's.
pub(crate) fn mention_key(id: &Id, side: Option<&SideKey>) -> Vec<u8> {
    let mut key = vec![Tag::Mention as u8];
    put_text(id.as_str(), &mut key);
    side.iter().for_each(|side| key.extend(bare_side_key(side)));
    key
}

pub(crate) fn take_mention_key(key: &[u8]) -> Result<SideKey, What> {
    let mut reader = after(Tag::Mention, key)?;
    take_text(&mut reader)?;
    take_bare_side_key(reader)
}

/// The key that a batch's toggle is found by, or the prefix of all of a batch's.
pub(crate) fn batch_side_key(batch: Sym, side: Option<&SideKey>) -> Vec<u8> {
    let mut key = number_key(Tag::BatchSide, batch).to_vec();
    side.iter().for_each(|side| key.extend(bare_side_key(side)));
    key
}

pub(crate) fn take_batch_side_key(key: &[u8]) -> Result<SideKey, What> {
    let mut reader = after(Tag::BatchSide, key)?;
    take_u32(&mut reader)?;
    take_bare_side_key(reader)
}
