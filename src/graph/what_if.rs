//! What would change: a transaction that is looked at and dropped.

use std::sync::Arc;

use crate::engine::{ChangedId, difference, named, settle};
use crate::error::{Error, Result};
use crate::feed::Changes;
use crate::graph::handle::Graph;
use crate::graph::read_only::ReadOnly;
use crate::graph::shared::held;
use crate::graph::tx::Tx;
use crate::model::Time;
use crate::store::{Lens, State};

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
    /// conflicts. It takes the time and the memory of that write; other writers go on meanwhile.
    ///
    /// # Errors
    /// What `fill` returned; `Poisoned`, `Corrupt`.
    pub fn what_if<T>(&self, now: Time, fill: impl FnOnce(&mut Tx) -> Result<T>) -> Result<WhatIf<T>> {
        let (tx, before) = {
            let writer = held(&self.shared().writer);
            (writer.begin(now)?, Arc::clone(writer.state()))
        };
        look_at(tx, &before, fill)
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
        look_at(tx, &before, fill)
    }
}

/// What a transaction would change of a state; it is dropped then.
fn look_at<T>(mut tx: Tx, before: &State, fill: impl FnOnce(&mut Tx) -> Result<T>) -> Result<WhatIf<T>> {
    let value = fill(&mut tx)?;
    let facts = tx.len();
    let mut change = tx.change;
    if change.broken {
        return Err(Error::Broken);
    }
    settle(&mut change)?;
    let changes = difference(before, &change.state);
    let changes = Lens::on(before).answer(|before| named(changes, &change.state, before))?;
    change.checked()?;
    Ok(WhatIf { value, facts, changes })
}
