//! Who stands by while a change is settled: told how far it has come, and free to take from its state what has grown
//! large there.

use crate::error::Result;
use crate::store::Draft;

/// What settling a change is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SettleStep {
    /// Looking for what the change may touch.
    Looking,
    /// What the evidence of each edge is worth.
    Edges,
    /// Which ids are one entity.
    Families,
    /// Which entities are one person.
    Persons,
}

impl SettleStep {
    /// A word for it.
    pub fn name(self) -> &'static str {
        match self {
            SettleStep::Looking => "looking",
            SettleStep::Edges => "edges",
            SettleStep::Families => "families",
            SettleStep::Persons => "persons",
        }
    }
}

/// How far settling a change has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settling {
    /// What it is at.
    pub step: SettleStep,
    /// What is done of this step.
    pub done: u64,
    /// What there is to do in this step, as far as it is known.
    pub total: u64,
}

/// Stands by while a change is settled.
pub(crate) trait Attend {
    /// Between two pieces of work. The state may be written out and go on with the same answers.
    ///
    /// # Errors
    /// The change cannot go on.
    fn between(&mut self, state: &mut Draft, settling: Settling) -> Result<()>;
}

/// Nobody.
pub(crate) struct Unattended;

impl Attend for Unattended {
    fn between(&mut self, _: &mut Draft, _: Settling) -> Result<()> {
        Ok(())
    }
}

/// A step of settling, under way.
pub(crate) struct Pace<'a> {
    attend: &'a mut dyn Attend,
    settling: Settling,
}

impl<'a> Pace<'a> {
    /// Begins a step of so much work.
    pub(crate) fn begin(attend: &'a mut dyn Attend, step: SettleStep, total: usize) -> Pace<'a> {
        Pace { attend, settling: Settling { step, done: 0, total: total as u64 } }
    }

    /// One more piece is done: what was read is let go, and whoever stands by may act.
    ///
    /// # Errors
    /// The change cannot go on.
    pub(crate) fn next(&mut self, state: &mut Draft) -> Result<()> {
        state.shed();
        self.settling.done += 1;
        self.attend.between(state, self.settling)
    }
}
