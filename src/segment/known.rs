//! What a segment knows of an id or a number: a record, however the segment is kept.

use std::ops::Deref;

use crate::codec::What;
use crate::model::Id;
use crate::records::NodeNo;
use crate::segment::bytes::Piece;
use crate::segment::format::RECORD_HEAD_BYTES;
use crate::segment::record::{Gone, Head, Key, Member, Spaces};

/// What a segment knows of an id or a number.
pub(crate) enum Known<'f> {
    /// Nothing.
    Nothing,
    /// It is gone.
    Gone(Gone),
    /// It is in a family.
    Family(Record<'f>),
}

/// A record whose head was verified.
pub(crate) struct Record<'f> {
    head: Piece<'f>,
    /// Where the head begins in its piece.
    skip: usize,
    at: u64,
    is_gone: bool,
    /// The tail, where it came with the head.
    #[cfg(feature = "kv")]
    pub(in crate::segment) tail: Option<Vec<u8>>,
}

impl<'f> Record<'f> {
    /// A record of a file: its head stands after its fields.
    pub(in crate::segment) fn of_file(head: Piece<'f>, at: u64, is_gone: bool) -> Record<'f> {
        Record {
            head,
            skip: RECORD_HEAD_BYTES,
            at,
            is_gone,
            #[cfg(feature = "kv")]
            tail: None,
        }
    }

    /// A record of rows, under the first of its numbers; without a tail it is a number that is gone.
    #[cfg(feature = "kv")]
    pub(in crate::segment) fn of_rows(head: Vec<u8>, tail: Option<Vec<u8>>, first: NodeNo) -> Record<'f> {
        Record { head: Piece::Owned(head), skip: 0, at: u64::from(first), is_gone: tail.is_none(), tail }
    }

    /// Its head.
    pub(crate) fn head(&self) -> &[u8] {
        self.head.get(self.skip..).unwrap_or_default()
    }

    /// Where it is.
    pub(crate) fn at(&self) -> u64 {
        self.at
    }

    /// Whether it is that of a number that is gone.
    pub(in crate::segment) fn is_gone(&self) -> bool {
        self.is_gone
    }

    /// Where the head ends.
    pub(in crate::segment) fn end(&self) -> u64 {
        self.at + self.head.len() as u64
    }

    /// The first member that `is_it`.
    pub(in crate::segment) fn find_member(
        &self,
        is_it: impl Fn(&Member<'_>) -> bool,
    ) -> Result<Option<Member<'_>>, What> {
        let mut head = Head::begin(self.head())?;
        while let Some(member) = head.next()? {
            if is_it(&member) {
                return Ok(Some(member));
            }
        }
        Ok(None)
    }

    /// The members.
    pub(in crate::segment) fn members(&self) -> Result<Vec<Member<'_>>, What> {
        let mut head = Head::begin(self.head())?;
        let mut members = Vec::with_capacity(head.count());
        while let Some(member) = head.next()? {
            members.push(member);
        }
        Ok(members)
    }

    /// The number of a key.
    pub(in crate::segment) fn number_of(&self, key: &Key) -> Result<Option<NodeNo>, What> {
        Ok(self.find_member(|member| key.is(member))?.map(|member| member.number))
    }

    /// The id of a number, and whether it is restricted.
    pub(in crate::segment) fn id_of(
        &self,
        number: NodeNo,
        spaces: &impl Spaces,
    ) -> Result<Option<(Id, bool)>, What> {
        let member = self.find_member(|member| member.number == number)?;
        member.map(|member| Ok((member.id(spaces)?, member.restricted))).transpose()
    }
}

/// The tail of a family's record, verified.
pub(crate) struct Tail<'f> {
    bytes: Piece<'f>,
    skip: usize,
}

impl<'f> Tail<'f> {
    /// A tail that begins at a place of its piece.
    pub(in crate::segment) fn of(bytes: Piece<'f>, skip: usize) -> Tail<'f> {
        Tail { bytes, skip }
    }
}

impl Deref for Tail<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.bytes.get(self.skip..).unwrap_or_default()
    }
}
