//! Who stands by while a change is settled: told how far it has come, and free to take from its state what has grown
//! large there.

use crate::error::Result;
use crate::store::Draft;

/// How far settling a change has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settling {
    /// How many edges, or ids where rules concern all of them, are settled.
    pub done: u64,
    /// How many there are.
    pub total: u64,
}

/// Stands by while a change is settled.
pub(crate) trait Attend {
    /// How many edges, or ids, are settled at once: what they touch is in memory together.
    fn piece(&self) -> usize;

    /// Between two pieces of work. The state may be written out and go on with the same answers.
    ///
    /// # Errors
    /// The change cannot go on.
    fn between(&mut self, state: &mut Draft, settling: Settling) -> Result<()>;
}

/// Nobody.
pub(crate) struct Unattended;

impl Attend for Unattended {
    fn piece(&self) -> usize {
        1 << 16
    }

    fn between(&mut self, _: &mut Draft, _: Settling) -> Result<()> {
        Ok(())
    }
}
