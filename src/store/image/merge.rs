//! Writes several segments as one.
//!
//! Records are copied as they are: those of the newest segment, and of each older one those that no newer one
//! replaced (M1 of `image`).

use std::iter::Peekable;
use std::sync::Arc;

use crate::error::Result;
use crate::records::NodeNo;
use crate::segment::rows::Tag;
use crate::segment::rows::merge_list_rows;
use crate::segment::{Absences, Gone, Known, Merge, Record, Segment, SegmentWriter, Spaces};
use crate::store::image::owed::{is_paid_by, speaks_of};

/// How many bytes `merge` writes, or a little more.
pub(crate) fn room_for_merge(segments: &[Arc<Segment>]) -> u64 {
    segments.iter().fold(0, |room, segment| room.saturating_add(segment.bytes()))
}

/// Writes the segments, the newest first, which lie on those `below`: of absences only what these still have is left
/// (M3). A snapshot has the secret too.
pub(crate) fn merge(
    segments: &[Arc<Segment>],
    below: &[Arc<Segment>],
    secret: Option<&[u8; 32]>,
    spaces: &impl Spaces,
    out: &mut SegmentWriter,
) -> Result<()> {
    copy_records(segments, below, spaces, out)?;
    copy_rows(segments, below, secret, out)
}

/// Writes the rows of these segments.
pub(crate) fn copy_rows(
    segments: &[Arc<Segment>],
    below: &[Arc<Segment>],
    secret: Option<&[u8; 32]>,
    out: &mut SegmentWriter,
) -> Result<()> {
    let is_base = below.is_empty();
    if let Some(secret) = secret {
        out.put(&Tag::Secret.prefix(), Some(secret))?;
    }
    let scans = segments.iter().map(|segment| Ok(segment.table()?.scan(b"")));
    let absences = if is_base { Absences::Dropped } else { Absences::Kept };
    let mut rows = Merge::new(scans.collect::<Result<_>>()?, absences);
    let mut lists_done = false;
    while let Some(row) = rows.next()? {
        let is_secret = row.key == Tag::Secret.prefix();
        if !is_secret && !row.key.starts_with(&Tag::List.prefix()) {
            // Lists stand between other rows, at their place in the order.
            if !lists_done && row.key > Tag::List.prefix().as_slice() {
                merge_list_rows(segments, is_base, |key, value| out.put(key, Some(value)))?;
                lists_done = true;
            }
            if is_kept(segments, below, row.key, row.value)? {
                out.put(row.key, row.value)?;
            }
        }
    }
    if !lists_done {
        merge_list_rows(segments, is_base, |key, value| out.put(key, Some(value)))?;
    }
    Ok(())
}

/// Whether a row says something of what lies below, or of what is here.
fn is_kept(
    segments: &[Arc<Segment>],
    below: &[Arc<Segment>],
    key: &[u8],
    value: Option<&[u8]>,
) -> Result<bool> {
    match value {
        Some(row) if key == Tag::Owed.prefix() => Ok(!is_paid_by(segments, row)?),
        Some(_) => Ok(true),
        None => any(below, |segment| speaks_of(segment, key)),
    }
}

fn any(segments: &[Arc<Segment>], holds: impl Fn(&Segment) -> Result<bool>) -> Result<bool> {
    for segment in segments {
        if holds(segment)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A record waiting to be written, by its first number.
type Waiting<'s> = (NodeNo, Known<'s>);

fn copy_records(
    segments: &[Arc<Segment>],
    below: &[Arc<Segment>],
    spaces: &impl Spaces,
    out: &mut SegmentWriter,
) -> Result<()> {
    let mut records = Records::of(segments);
    while records.copy_next(NodeNo::MAX, below, spaces, out)? {}
    Ok(())
}

/// A walk over the records of several segments that no newer one replaced, in order of their first numbers.
pub(crate) struct Records<'s> {
    segments: &'s [Arc<Segment>],
    walks: Vec<Peekable<Walk<'s>>>,
}

type Walk<'s> = Box<dyn Iterator<Item = Result<Waiting<'s>>> + 's>;

impl<'s> Records<'s> {
    /// Those of segments, the newest first.
    pub(crate) fn of(segments: &'s [Arc<Segment>]) -> Records<'s> {
        let walk = |(place, segment): (usize, &'s Arc<Segment>)| {
            let walk: Walk<'s> = Box::new(current(segment, segments.get(..place).unwrap_or_default()));
            walk.peekable()
        };
        Records { segments, walks: segments.iter().enumerate().map(walk).collect() }
    }

    /// The next one, if its first number is not greater than `last`.
    fn next(&mut self, last: NodeNo) -> Result<Option<(&'s Segment, Known<'s>)>> {
        let mut least: Option<(usize, NodeNo)> = None;
        for (place, walk) in self.walks.iter_mut().enumerate() {
            let first = match walk.peek() {
                None => continue,
                Some(Ok((first, _))) => *first,
                Some(Err(_)) => 0,
            };
            if least.is_none_or(|(_, known)| first < known) {
                least = Some((place, first));
            }
        }
        let Some((place, _)) = least.filter(|(_, first)| *first <= last) else { return Ok(None) };
        match (self.walks.get_mut(place).and_then(Iterator::next), self.segments.get(place)) {
            (Some(next), Some(segment)) => Ok(Some((segment, next?.1))),
            _ => Ok(None),
        }
    }

    /// Copies the next one, if its first number is not greater than `last`; whether there was such.
    pub(crate) fn copy_next(
        &mut self,
        last: NodeNo,
        below: &[Arc<Segment>],
        spaces: &impl Spaces,
        out: &mut SegmentWriter,
    ) -> Result<bool> {
        let Some((segment, known)) = self.next(last)? else { return Ok(false) };
        match known {
            Known::Family(record) => out.copy_family(segment, &record, spaces)?,
            Known::Gone(gone) => {
                let names =
                    |segment: &Segment| Ok(matches!(segment.find_node(gone.number)?, Known::Family(_)));
                let is_named = gone.hashes.is_some() && any(below, names)?;
                let hashes = gone.hashes.filter(|_| is_named);
                out.add_gone(&Gone { hashes, ..gone })?;
            }
            Known::Nothing => {}
        }
        Ok(true)
    }

    /// Leaves out every record whose first number is not greater than `last`.
    #[cfg(feature = "kv")]
    pub(crate) fn skip_through(&mut self, last: NodeNo) -> Result<()> {
        while self.next(last)?.is_some() {}
        Ok(())
    }
}

/// The records of a segment that no newer one replaced, in order.
fn current<'s>(
    segment: &'s Segment,
    newer: &'s [Arc<Segment>],
) -> impl Iterator<Item = Result<Waiting<'s>>> + 's {
    segment.scan().filter_map(move |known| {
        let keep = known.and_then(|known| {
            let first = match &known {
                Known::Family(record) => first_number(segment, record)?,
                Known::Gone(gone) => gone.number,
                Known::Nothing => return Ok(None),
            };
            for newer in newer {
                if !matches!(newer.find_node(first)?, Known::Nothing) {
                    return Ok(None);
                }
            }
            Ok(Some((first, known)))
        });
        keep.transpose()
    })
}

fn first_number(segment: &Segment, record: &Record<'_>) -> Result<NodeNo> {
    segment
        .members(record)?
        .first()
        .map(|member| member.number)
        .ok_or_else(|| segment.corrupt(record.at(), "no members"))
}
