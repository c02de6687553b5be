//! Walks over the rows of a kind, which are all there or the walk fails (C1).

use serde::Deserialize;

use crate::error::Result;
use crate::kv::{Row, Scan};
use crate::segment::kept::reader::KeptSegment;
use crate::segment::kept::row::{END, Kind, Link, key_of};

/// A walk over the rows of a kind from a place on.
pub(super) struct Chain<'f> {
    kept: &'f KeptSegment,
    rows: Scan<'f>,
    /// Bytes of a key before its rest.
    skip: usize,
    /// The rest of the last key; of the place to begin at, until there was a row.
    last: Vec<u8>,
    has_begun: bool,
}

/// A row of a chain.
pub(super) struct Linked {
    row: Row,
    skip: usize,
}

impl Linked {
    /// The key without what all keys of the kind begin with.
    pub(super) fn rest(&self) -> &[u8] {
        self.row.0.get(self.skip..).unwrap_or_default()
    }

    /// What the row says.
    pub(super) fn says<'v, T: Deserialize<'v>>(&'v self, kept: &KeptSegment) -> Result<T> {
        Ok(kept.read::<Link<'v, T>>(&self.row)?.says)
    }
}

impl<'f> Chain<'f> {
    /// Begins at the first row whose key has at least this rest.
    pub(super) fn new(kept: &'f KeptSegment, kind: Kind, from: &[u8]) -> Chain<'f> {
        let first = key_of(kept.prefix(), kind, from);
        let below = [&key_of(kept.prefix(), kind, &END)[..], &[0]].concat();
        let skip = kept.prefix().len() + 1;
        Chain {
            kept,
            rows: kept.rows().kv().scan(&first, &below),
            skip,
            last: from.to_vec(),
            has_begun: false,
        }
    }

    /// The next row; `None` at the end of the chain.
    pub(super) fn next(&mut self) -> Result<Option<Linked>> {
        let row = self.rows.next().transpose()?;
        let row = row.ok_or_else(|| self.kept.corrupt("rows are missing: a chain has no end"))?;
        let linked = Linked { row, skip: self.skip };
        let is_end = linked.rest() == END;
        let before = match is_end {
            true => self.kept.read::<Link<'_, ()>>(&linked.row)?.before,
            false => self.kept.before(&linked.row)?,
        };
        // Before the first row: nothing lies between the place to begin at and it.
        let follows = if self.has_begun {
            before == self.last
        } else {
            before < self.last.as_slice() || (before.is_empty() && self.last.is_empty())
        };
        if !follows {
            return Err(self.kept.corrupt("rows are missing: a chain is broken"));
        }
        if is_end {
            return Ok(None);
        }
        self.last = linked.rest().to_vec();
        self.has_begun = true;
        Ok(Some(linked))
    }
}
