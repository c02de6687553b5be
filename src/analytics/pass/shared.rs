//! What all threads of a pass look at.

use crate::analytics::ask::{Measure, Measuring};
use crate::analytics::pass::bits::Bits;
use crate::analytics::pass::columns::Columns;
use crate::analytics::pass::family::Depth;
use crate::analytics::pass::fresh::fresh_numbers;
use crate::error::Result;
use crate::records::NodeNo;
use crate::store::State;

/// The state, what is wanted of it, and what was found out before families are read.
pub(crate) struct Shared<'s> {
    pub(crate) state: &'s State,
    pub(crate) wanted: &'s Measuring,
    pub(crate) columns: Columns,
    pub(crate) depth: Depth,
    fresh: Option<Bits>,
}

impl<'s> Shared<'s> {
    pub(crate) fn new(state: &'s State, wanted: &'s Measuring) -> Result<Shared<'s>> {
        let wants = |measures: &[Measure]| measures.iter().any(|measure| wanted.wants(*measure));
        let depth = Depth {
            pairs: wants(&[Measure::Edges, Measure::Growth, Measure::WeakJoints, Measure::Suspects]),
            links: wants(&[Measure::Degrees, Measure::Hubs]),
            persons: wants(&[Measure::Sizes]),
            clocks: wants(&[Measure::Funnel]),
        };
        let fresh = fresh_numbers(state)?;
        Ok(Shared { state, wanted, columns: Columns::of(state), depth, fresh })
    }

    /// The numbers that are fresh.
    pub(crate) fn fresh(&self) -> Option<&Bits> {
        self.fresh.as_ref()
    }

    /// Whether a number is fresh.
    pub(crate) fn is_fresh(&self, number: NodeNo) -> bool {
        self.fresh.as_ref().is_some_and(|fresh| fresh.has(number))
    }
}
