//! The trait that views and snapshots are measured through.

use crate::analytics::analysis::Analysis;
use crate::analytics::ask::Measuring;
use crate::error::Result;

/// Measures of a whole graph, and parts of it as graphs of `petgraph`. Views and snapshots have it.
pub trait Analyze {
    /// Measures the graph. Records are read in the order they lie in, once; what is held meanwhile are the counts, and for
    /// [`Measure::Growth`](crate::analytics::Measure::Growth) four bytes, for
    /// [`Measure::Funnel`](crate::analytics::Measure::Funnel) two bits of each number ever given to an id.
    ///
    /// # Errors
    /// Damaged bytes; `ViewExpired`.
    fn analyze(&self, wanted: &Measuring) -> Result<Analysis>;
}
