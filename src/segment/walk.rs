//! Walking the records of a segment in the order of the file, whole or in parts.

use std::ops::Range;

use crate::error::Result;
use crate::records::{NodeNo, Pair, Sym};
use crate::segment::any::Segment;
#[cfg(feature = "kv")]
use crate::segment::bytes::Piece;
use crate::segment::file::FileSegment;
use crate::segment::format::{RECORD_ALIGN, RECORD_HEAD_BYTES};
use crate::segment::known::{Known, Record, Tail};
use crate::segment::record::{Family, Head, Member, Spaces, take_family, take_pairs_alone, take_persons};

/// Numbers that are tried for where a part may begin; few lead to no record.
const TRIED: u64 = 64;

/// A family as it lies in the file, verified and not yet decoded.
pub(crate) struct Lying<'f> {
    segment: &'f Segment,
    record: Record<'f>,
    tail: Tail<'f>,
}

impl Lying<'_> {
    /// Shows its members, in order.
    pub(crate) fn each_member(&self, mut visit: impl FnMut(&Member<'_>)) -> Result<()> {
        let mut read = || {
            let mut head = Head::begin(self.record.head())?;
            while let Some(member) = head.next()? {
                visit(&member);
            }
            Ok(())
        };
        read().map_err(|what| self.segment.corrupt(self.record.at(), what))
    }

    /// The numbers of the persons of its entities, `roots` of them; `None` if each has its own number.
    pub(crate) fn persons(&self, roots: usize) -> Result<Option<Vec<NodeNo>>> {
        take_persons(self.record.head(), &self.tail, roots)
            .map_err(|what| self.segment.corrupt(self.record.at(), what))
    }

    /// All of it.
    pub(crate) fn family(&self, spaces: &impl Spaces) -> Result<Family> {
        take_family(self.record.head(), &self.tail, spaces)
            .map_err(|what| self.segment.corrupt(self.record.at(), what))
    }

    /// Its pairs, if they can be read without its nodes.
    pub(crate) fn pairs(&self, spaces: &impl Spaces) -> Result<Option<Vec<Pair>>> {
        take_pairs_alone(self.record.head(), &self.tail, spaces)
            .map_err(|what| self.segment.corrupt(self.record.at(), what))
    }
}

impl Segment {
    /// The space of a number in a record, its entity's number, and whether it is restricted.
    pub(crate) fn brief_in(
        &self,
        record: &Record<'_>,
        number: NodeNo,
    ) -> Result<Option<(Sym, NodeNo, bool)>> {
        let members = self.members(record)?;
        let found = members.iter().find(|member| member.number == number);
        Ok(found.map(|member| {
            let entity = members.get(member.root).map_or(number, |root| root.number);
            (member.space, entity, member.restricted)
        }))
    }

    /// The families of a part, in order.
    pub(crate) fn families_in(&self, part: Range<u64>) -> Box<dyn Iterator<Item = Result<Lying<'_>>> + '_> {
        let lying = move |record, tail| Lying { segment: self, record, tail };
        match self {
            Segment::File(file) => Box::new(file.records_in(part).filter_map(move |record| match record {
                Ok((record, tail)) => tail.map(|tail| Ok(lying(record, tail))),
                Err(error) => Some(Err(error)),
            })),
            #[cfg(feature = "kv")]
            Segment::Kept(kept) => Box::new(kept.scan_in(part).filter_map(move |known| match known {
                Ok(Known::Family(mut record)) => {
                    let tail = Tail::of(Piece::Owned(record.tail.take().unwrap_or_default()), 0);
                    Some(Ok(lying(record, tail)))
                }
                Ok(Known::Gone(_) | Known::Nothing) => None,
                Err(error) => Some(Err(error)),
            })),
        }
    }

    /// The records in so many parts, or fewer, of about as many ids each: where each begins and ends, in the file or among
    /// numbers.
    pub(crate) fn parts(&self, count: usize) -> Result<Vec<Range<u64>>> {
        match self {
            Segment::File(file) => file.parts(count),
            #[cfg(feature = "kv")]
            Segment::Kept(kept) => Ok(kept.parts(count)),
        }
    }
}

impl FileSegment {
    /// Every record with what it is, in order.
    pub(crate) fn scan(&self) -> impl Iterator<Item = Result<Known<'_>>> {
        self.records_in(self.all_records()).map(|record| {
            let (record, _) = record?;
            if record.is_gone() { self.gone(&record).map(Known::Gone) } else { Ok(Known::Family(record)) }
        })
    }

    /// The records in so many parts, or fewer, of about as many ids each: where each begins and ends in the file.
    fn parts(&self, count: usize) -> Result<Vec<Range<u64>>> {
        let all = self.all_records();
        let numbers = self.header().counts.numbers;
        let step = (numbers / count.max(1) as u64).max(1);
        let mut cuts = vec![all.start];
        for from in (step..numbers).step_by(usize::try_from(step).unwrap_or(usize::MAX)) {
            for number in from..from.saturating_add(TRIED).min(numbers) {
                if let Known::Family(record) = self.find_node(number as NodeNo)? {
                    cuts.push(record.at());
                    break;
                }
            }
        }
        cuts.push(all.end);
        cuts.sort_unstable();
        cuts.dedup();
        let ends = cuts.iter().skip(1);
        Ok(cuts.iter().zip(ends).map(|(start, end)| *start..*end).collect())
    }

    fn all_records(&self) -> Range<u64> {
        let records = self.header().records;
        records.at..records.at + records.len
    }

    /// The records from one on to another, and the tails of families.
    fn records_in(&self, part: Range<u64>) -> impl Iterator<Item = Result<(Record<'_>, Option<Tail<'_>>)>> {
        let mut at = Some(part.start);
        std::iter::from_fn(move || {
            let place = at.filter(|place| *place < part.end)?;
            let known = self.record_at(place).and_then(|record| {
                let mut end_of_record = record.end();
                let tail = if record.is_gone() { None } else { Some(self.tail(&record)?) };
                end_of_record += tail.as_ref().map_or(0, |tail| (tail.len() + RECORD_HEAD_BYTES) as u64);
                let next = end_of_record.next_multiple_of(RECORD_ALIGN);
                let padding = self.bytes().get(end_of_record, (next - end_of_record) as usize)?;
                if padding.iter().any(|byte| *byte != 0) {
                    return Err(self.corrupt(end_of_record, "bytes between records that are not zero"));
                }
                at = Some(next);
                Ok((record, tail))
            });
            if known.is_err() {
                at = None;
            }
            Some(known)
        })
    }
}
