//! Measures of whatever shows a state.

use crate::analytics::{Analysis, Analyze, Measuring, analyze};
use crate::error::Result;
use crate::graph::view::Shown;

impl<S: Shown> Analyze for S {
    fn analyze(&self, wanted: &Measuring) -> Result<Analysis> {
        analyze(self.state()?, wanted)
    }
}
