//! Walking several tables as one: of the entries of a key the newest table's counts.

use crate::error::Result;
use crate::segment::table::scan::Entry;

/// What becomes of absences.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Absences {
    /// They are passed on, for there are older tables they speak to.
    Kept,
    /// They are left out, for there are none.
    Dropped,
}

/// A walk over sorted entries.
pub(crate) trait Walk {
    /// The next entry; `None` when there is none left. After an error it is an error to ask again.
    fn next(&mut self) -> Result<Option<Entry<'_>>>;
    /// The entry that `next` gave last; `None` before the first and after the last.
    fn entry(&self) -> Result<Option<Entry<'_>>>;
}

/// Several walks as one, the newest first.
pub(crate) struct Merge<W> {
    heads: Vec<Head<W>>,
    absences: Absences,
    /// The least key, in memory that serves again.
    key: Vec<u8>,
}

struct Head<W> {
    scan: W,
    /// Its entry was handed out, or lost to a newer one.
    is_spent: bool,
}

impl<W: Walk> Merge<W> {
    /// The entries of these walks, the newest of which comes first.
    pub(crate) fn new(newest_first: Vec<W>, absences: Absences) -> Merge<W> {
        let heads = newest_first.into_iter().map(|scan| Head { scan, is_spent: true }).collect();
        Merge { heads, absences, key: Vec::new() }
    }

    /// The next entry; `None` when there is none left. After an error it is an error to ask again.
    pub(crate) fn next(&mut self) -> Result<Option<Entry<'_>>> {
        let newest = loop {
            let Some(newest) = self.advance()? else { return Ok(None) };
            let is_absent = match self.heads.get(newest) {
                Some(head) => head.scan.entry()?.is_some_and(|entry| entry.value.is_none()),
                None => false,
            };
            if !is_absent || self.absences == Absences::Kept {
                break newest;
            }
        };
        self.heads.get(newest).map_or(Ok(None), |head| head.scan.entry())
    }

    /// Moves what is spent, finds the least key, and spends every entry of it: the newest head that has it.
    fn advance(&mut self) -> Result<Option<usize>> {
        for head in &mut self.heads {
            // An end stays one, and asking it again costs nothing.
            if head.is_spent {
                head.scan.next()?;
            }
        }
        // Few tables are merged at a time: looking at every head is cheaper than keeping a heap.
        let mut least: Option<(usize, &[u8])> = None;
        for (index, head) in self.heads.iter().enumerate() {
            if let Some(entry) = head.scan.entry()?
                && least.is_none_or(|(_, key)| entry.key < key)
            {
                least = Some((index, entry.key));
            }
        }
        let Some((newest, key)) = least else { return Ok(None) };
        self.key.clear();
        self.key.extend_from_slice(key);
        for head in &mut self.heads {
            head.is_spent = head.scan.entry()?.is_some_and(|entry| entry.key == self.key);
        }
        Ok(Some(newest))
    }
}
