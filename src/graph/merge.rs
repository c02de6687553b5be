//! Merging: another graph's facts brought into this one.

use std::num::NonZeroUsize;
use std::sync::Arc;

use crate::engine::verbs;
use crate::error::{Error, Result};
use crate::graph::handle::Graph;
use crate::graph::read_only::ReadOnly;
use crate::graph::snapshot::Snapshot;
use crate::graph::tx::{Outcome, Tx};
use crate::graph::view::Shown;
use crate::model::{Fact, Time};
use crate::store::State;

/// What a merge did so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Merged {
    /// Facts of the other graph that were told.
    pub facts: u64,
    /// Those that were new here.
    pub new: u64,
    /// Those that were known.
    pub already_known: u64,
    /// Those that name an id which was erased here after them: they are left out.
    pub erased: u64,
}

/// What can be merged from: a graph of this process, one that another process writes, or a snapshot.
pub trait MergeSource: sealed::Other {}

impl MergeSource for Graph {}
impl MergeSource for ReadOnly {}
impl MergeSource for Snapshot {}

mod sealed {
    use super::{Arc, Result, State};

    /// A graph to take facts from.
    pub trait Other {
        /// What is durable of it, and what its tombstones are keyed by.
        #[expect(private_interfaces, reason = "sealed: nobody else implements or calls it")]
        fn known(&self) -> Result<(Arc<State>, [u8; 32])>;
    }
}

#[expect(private_interfaces, reason = "sealed: nobody else implements or calls it")]
impl sealed::Other for Graph {
    fn known(&self) -> Result<(Arc<State>, [u8; 32])> {
        let (_, secret) = self.shared().identity();
        Ok((self.view().shared_state()?, secret))
    }
}

#[expect(private_interfaces, reason = "sealed: nobody else implements or calls it")]
impl sealed::Other for ReadOnly {
    fn known(&self) -> Result<(Arc<State>, [u8; 32])> {
        Ok((self.view().shared_state()?, self.secret()))
    }
}

#[expect(private_interfaces, reason = "sealed: nobody else implements or calls it")]
impl sealed::Other for Snapshot {
    fn known(&self) -> Result<(Arc<State>, [u8; 32])> {
        Ok((self.shared_state()?, self.secret()?))
    }
}

impl Graph {
    /// Brings the facts of another graph in, in commits of `commit_facts`, recorded at `now` (or later, if the other graph
    /// has come further). Facts commute: both graphs merged into each other, in either order, know the same, numbers
    /// aside. What the other graph erased is erased here as well, and what was erased here does not come back.
    ///
    /// `progress` is called after each commit. A merge that failed or was cut short goes on where it is begun again:
    /// what is known is not written twice.
    ///
    /// Not merged are tombstones of ids that neither graph knows: they are keyed by a secret of the other one.
    ///
    /// # Errors
    /// What [`Tx::apply`] says of a fact that this graph's options refuse; `Io`, `Poisoned`, `Corrupt`. Earlier commits
    /// are kept.
    pub fn merge_from(
        &self,
        other: &impl MergeSource,
        now: Time,
        commit_facts: NonZeroUsize,
        mut progress: impl FnMut(&Merged),
    ) -> Result<Merged> {
        let (theirs, secret) = other.known()?;
        let ours = self.shared().latest_state();
        let mut facts = verbs::facts_of_other(&ours, &theirs, &secret).peekable();
        let mut merged = Merged::default();
        while facts.peek().is_some() {
            let mut counts = merged;
            self.write(now.max(theirs.recorded_at), |tx| {
                facts.by_ref().take(commit_facts.get()).try_for_each(|fact| counts.tell(tx, &fact?))
            })?;
            merged = counts;
            progress(&merged);
        }
        Ok(merged)
    }
}

impl Merged {
    fn tell(&mut self, tx: &mut Tx, fact: &Fact) -> Result<()> {
        self.facts += 1;
        match tx.apply(fact) {
            Ok(Outcome::Recorded) => self.new += 1,
            Ok(Outcome::AlreadyKnown) => self.already_known += 1,
            Err(Error::Erased) => self.erased += 1,
            Err(error) => return Err(error),
        }
        Ok(())
    }
}
