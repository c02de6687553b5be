//! What was done to ids at request: noted in the delta, read from there and from the rows below.

use std::borrow::Borrow;
use std::sync::Arc;

use crate::error::Result;
use crate::records::{Act, Audit};
use crate::segment::rows::{Tag, take_audit};
use crate::segment::{Absences, Merge};
use crate::store::draft::Draft;
use crate::store::lens::Lens;
use crate::store::state::{State, full};

impl<S: Borrow<State>> Lens<S> {
    /// Everything that was done, in order.
    pub(crate) fn audits(&self) -> Result<Vec<Arc<Audit>>> {
        let mut audits: Vec<Arc<Audit>> = Vec::new();
        if let Some(newest) = self.segments().first() {
            let prefix = Tag::Audit.prefix();
            let scans = self.segments().iter().map(|segment| Ok(segment.table()?.prefix(&prefix)));
            let mut rows = Merge::new(scans.collect::<Result<_>>()?, Absences::Dropped);
            while let Some(row) = rows.next()? {
                let taken = take_audit(row.key, row.value.unwrap_or_default());
                audits.push(Arc::new(taken.map_err(|what| newest.corrupt(0, what))?));
            }
        }
        let mut deltas: Vec<_> = self.deltas().collect();
        deltas.reverse();
        audits.extend(deltas.iter().flat_map(|delta| delta.audits.iter().map(|(_, audit)| audit.clone())));
        Ok(audits)
    }
}

impl State {
    /// Whether a commit in the delta erased something.
    pub(crate) fn erases(&self) -> bool {
        self.delta.audits.iter().any(|(_, audit)| matches!(audit.act, Act::Erased { .. }))
    }
}

impl Draft {
    /// Puts on record what was done.
    pub(crate) fn note_audit(&mut self, audit: Audit) -> Result<()> {
        let delta = &mut self.state.delta;
        delta.bytes += size_of::<Audit>() + size_of_val(audit.macs.as_slice());
        delta.audits.push(Arc::new(audit)).map(drop).ok_or_else(|| full("the acts in memory"))
    }
}
