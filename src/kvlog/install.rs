//! Segments take the place of commits, and of other segments.
//!
//! # Order
//!   everything is flushed; the rows of the segment are written; one batch makes the meta row name it, and the store is
//!   flushed; only then are rows removed that nothing names any more. Into a new generation: the segment's rows, the
//!   commits that no segment covers, head and meta are written and flushed; `HOME` names the generation in both
//!   slots; only then is the old one removed. A crash anywhere leaves the old or the new, and rows or a generation
//!   that nothing names, which the next open removes.

use crate::error::{Error, Result};
use crate::kv::{Batch, Rows};
use crate::kvlog::log::{KvLog, KvPlace, Replaced, named, put_meta, write_fact};
use crate::kvlog::open::each_fact;
use crate::kvlog::rows::{HEAD_KEY, Head, Meta, fact_key, parts_key, segment_prefix};

/// Segments that a meta row may name.
const SEGMENTS_MAX: usize = 96;

impl KvLog {
    /// Flushes what was appended.
    pub(crate) fn begin_checkpoint(&mut self) -> Result<KvPlace> {
        self.sync()?;
        Ok(self.place())
    }

    /// Makes these segments, the newest first, which lie at `place`, the ones that count, durably. With `covers` they
    /// hold every commit up to the place's; `erased`: some of these erased something. Whether another generation counts now.
    pub(crate) fn install(
        &mut self,
        segments: &[(u64, u64)],
        place: &KvPlace,
        covers: bool,
        erased: bool,
    ) -> Result<bool> {
        self.shared.refuse_poisoned()?;
        if segments.len() > SEGMENTS_MAX {
            return Err(Error::TooLarge { what: "the number of segments", limit: SEGMENTS_MAX as u64 });
        }
        let mut meta = Meta { segments: named(segments), ..self.meta.clone() };
        let newest = segments.iter().map(|(number, _)| number + 1).max().unwrap_or(1);
        meta.next_segment = meta.next_segment.max(newest);
        meta.owes_bytes |= erased;
        if covers {
            meta.covered = place.from;
        }
        let moves = place.generation != self.place().generation;
        let installed = if moves {
            meta.owes_bytes = false;
            self.move_to(place, &meta)
        } else {
            self.name_segments(&meta)
        };
        self.shared.guard(installed)?;
        self.meta = meta;
        Ok(moves)
    }

    fn name_segments(&self, meta: &Meta) -> Result<()> {
        let rows = self.shared.rows();
        let mut batch = Batch::default();
        put_meta(&rows, &mut batch, meta)?;
        rows.kv().write(batch)?;
        rows.kv().sync()
    }

    /// Another generation counts from now on.
    fn move_to(&mut self, place: &KvPlace, meta: &Meta) -> Result<()> {
        let (old, new) = (self.shared.rows(), &place.rows);
        each_fact(&old, meta.covered, self.end, |fact| {
            new.kv().write(write_fact(new, fact.before, (fact.seq, fact.recorded_at), &fact.payload)?)
        })?;
        let mut batch = Batch::default();
        new.put(&mut batch, HEAD_KEY.to_vec(), self.end.seq, &Head { last: self.end })?;
        put_meta(new, &mut batch, meta)?;
        new.kv().write(batch)?;
        new.kv().sync()?;
        let mut home = self.shared.home();
        let mut said = home.said().clone();
        let before = said.generation;
        said.generation = place.generation;
        said.acknowledged = self.end;
        // In both slots: a slot that is lost later must not lead to what is removed now.
        home.say(said.clone())?;
        home.say(said)?;
        self.shared.set_rows(new.clone());
        drop(home);
        self.replaced.clear();
        self.store.remove(&self.dir, before)
    }

    /// Notes a segment that no meta row names any more.
    pub(crate) fn note_replaced(&mut self, number: u64, is_read: Box<dyn Fn() -> bool + Send>) {
        self.replaced.push(Replaced { number, is_read });
    }

    /// Removes commits that segments cover, and segments that were replaced and that nobody reads.
    pub(crate) fn retire(&mut self) -> Result<()> {
        self.shared.refuse_poisoned()?;
        let rows = self.shared.rows();
        let mut removed = remove_covered(&rows, &self.meta);
        self.replaced.retain(|segment| {
            let goes = removed.is_ok() && !(segment.is_read)();
            if goes {
                removed = remove_segment(&rows, segment.number);
            }
            !goes
        });
        self.shared.guard(removed)
    }
}

/// Removes the rows of commits that segments cover.
pub(super) fn remove_covered(rows: &Rows, meta: &Meta) -> Result<()> {
    let next = meta.covered.seq + 1;
    rows.remove_between(&fact_key(0), &fact_key(next))?;
    rows.remove_between(&parts_key(0), &parts_key(next))
}

/// Removes the rows of a segment.
pub(crate) fn remove_segment(rows: &Rows, number: u64) -> Result<()> {
    rows.remove_between(&segment_prefix(number), &segment_prefix(number + 1))
}
