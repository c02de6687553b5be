//! What would change: a transaction that is looked at and dropped.

use std::sync::Arc;

use crate::engine::{Change, ChangedId, changes_of, named, settle, settle_attended};
use crate::error::{Error, Result};
use crate::feed::Changes;
use crate::graph::handle::Graph;
use crate::graph::overflow::Overflow;
use crate::graph::read_only::ReadOnly;
use crate::graph::shared::held;
use crate::graph::tx::Tx;
use crate::model::Time;
use crate::store::{Differing, Lens, State};

/// What a commit would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WhatIf<T> {
    /// What the closure returned.
    pub value: T,
    /// How many facts the commit would hold.
    pub facts: usize,
    /// What it would change about identities.
    pub changes: Changes<ChangedId>,
}

impl Graph {
    /// What [`Graph::write`] would change, without writing anything: entities created, merged and split, persons,
    /// conflicts. It takes the time of that write; other writers go on meanwhile. What it makes in memory past
    /// [`crate::Options::delta_bytes`] goes to files that are removed again; checkpoints wait then.
    ///
    /// # Errors
    /// What `fill` returned; `Io`, `Poisoned`, `Corrupt`.
    pub fn what_if<T>(&self, now: Time, fill: impl FnOnce(&mut Tx) -> Result<T>) -> Result<WhatIf<T>> {
        let (tx, before) = {
            let writer = held(&self.shared().writer);
            (writer.begin(now)?, Arc::clone(writer.state()))
        };
        let mut progress = |_| {};
        let mut overflow = Overflow::begin(self.shared(), before.clone(), false, &mut progress);
        let (value, mut change) = filled(tx, fill)?;
        settle_attended(&mut change, &mut overflow)?;
        let differing = overflow.differing(&before, &mut change.state)?;
        told(value, change, &differing, &before)
    }
}

impl ReadOnly {
    /// What a commit of the process that writes would change, were it made on what is shown here: see
    /// [`Graph::what_if`].
    ///
    /// # Errors
    /// What `fill` returned; `Corrupt`.
    pub fn what_if<T>(&self, now: Time, fill: impl FnOnce(&mut Tx) -> Result<T>) -> Result<WhatIf<T>> {
        let (tx, before) = self.begin(now);
        let (value, mut change) = filled(tx, fill)?;
        settle(&mut change)?;
        let differing = Differing::between(&before, &change.state);
        told(value, change, &differing, &before)
    }
}

/// A transaction with its facts.
fn filled<T>(mut tx: Tx, fill: impl FnOnce(&mut Tx) -> Result<T>) -> Result<(T, Change)> {
    let value = fill(&mut tx)?;
    if tx.change.broken { Err(Error::Broken) } else { Ok((value, tx.change)) }
}

/// What a settled change would change of the state before it; it is dropped then.
fn told<T>(value: T, mut change: Change, differing: &Differing, before: &State) -> Result<WhatIf<T>> {
    let changes = changes_of(differing);
    let changes = Lens::on(before).answer(|before| named(changes, &change.state, before))?;
    change.checked()?;
    Ok(WhatIf { value, facts: change.entries.len(), changes })
}
