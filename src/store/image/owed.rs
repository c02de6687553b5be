//! What still lies in segments of ids that were erased, and how far down.
//!
//! A segment never changes, so that one which holds an erased id has to be merged away with all above it. The
//! checkpoint that writes the erasure says how deep that is, in a row of the segment it writes; the merge that
//! goes so deep leaves the row out. A crash or a failed merge between the two loses nothing: the row is there.
//!
//! # Invariants
//!   O1 a segment that holds anything of an erased id is the one that the newest such row names, or a newer one.
//!   O2 whatever names a number or a side record was written with it or later: the oldest segment that knows
//!      the number or the record is as deep as anything of it lies.

use std::sync::Arc;

use crate::error::Result;
use crate::records::Slot;
use crate::segment::rows::{Tag, put_owed, side_key, take_owed};
use crate::segment::{Found, Known, Segment};
use crate::store::image::lists::Rows;
use crate::store::state::State;

/// How many of these segments, the newest first, have to be merged for what was erased to be gone; 0 = none.
pub(crate) fn owed(segments: &[Arc<Segment>]) -> Result<usize> {
    for segment in segments {
        if let Found::Value(row) = segment.table()?.get(&Tag::Owed.prefix())? {
            let number = take_owed(&row).map_err(|what| segment.corrupt(0, what))?;
            let place = segments.iter().position(|segment| segment.name().number == number);
            // One that is not there any more was merged into another: nobody knows which.
            return Ok(place.map_or(segments.len(), |place| place + 1));
        }
    }
    Ok(0)
}

/// Writes how deep something erased lies, if it does: what is in the delta, and what was owed before.
pub(super) fn put_owed_row(state: &State, rows: &mut Rows) -> Result<()> {
    let segments = state.layers.segments();
    let mut count = owed(segments)?;
    for (number, slot) in state.delta.nodes.values() {
        if matches!(slot, Slot::Gone(_)) {
            let holds = |segment: &Segment| Ok(matches!(segment.find_node(*number)?, Known::Family(_)));
            deepen(&mut count, segments, holds)?;
        }
    }
    for key in state.delta.wiped.values() {
        deepen(&mut count, segments, |segment| speaks_of(segment, &side_key(key)))?;
    }
    let deepest = count.checked_sub(1).and_then(|place| segments.get(place));
    if let Some(deepest) = deepest {
        rows.insert(Tag::Owed.prefix().to_vec(), Some(put_owed(deepest.name().number)));
    }
    Ok(())
}

/// Raises a count of segments to the place of the oldest one that holds something.
fn deepen(
    count: &mut usize,
    segments: &[Arc<Segment>],
    holds: impl Fn(&Segment) -> Result<bool>,
) -> Result<()> {
    for (place, segment) in segments.iter().enumerate().skip(*count).rev() {
        if holds(segment)? {
            *count = place + 1;
            break;
        }
    }
    Ok(())
}

/// Whether a segment has a row of this key, be it that there is nothing.
pub(super) fn speaks_of(segment: &Segment, key: &[u8]) -> Result<bool> {
    Ok(segment.table()?.get(key)? != Found::Nothing)
}

/// Whether a row says that something owed lies in one of these segments.
pub(super) fn is_paid_by(segments: &[Arc<Segment>], row: &[u8]) -> Result<bool> {
    let Some(newest) = segments.first() else { return Ok(false) };
    let number = take_owed(row).map_err(|what| newest.corrupt(0, what))?;
    Ok(segments.iter().any(|segment| segment.name().number == number))
}
