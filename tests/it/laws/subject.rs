//! A graph under test: in memory, or shaken: on a simulated disk, with checkpoints, merges and reopening at
//! random moments, which must not show.

use std::cell::{Cell, RefCell};
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;

use idweave::vfs::{RealVfs, Vfs};
use idweave::{
    ChangeStream, Committed, Finding, Graph, Merged, ReadOnly, Result, Snapshotted, Time, Tx, View, WhatIf,
};

use crate::laws::engine::{dump, numbers};
use crate::support::generate::Random;
use crate::support::homes::{Bed, Home, under_test};

thread_local! {
    /// The seed of the next shaken graph of this thread; `None` = graphs are not shaken.
    static SHAKEN: Cell<Option<u64>> = const { Cell::new(None) };
}

/// Runs a check with graphs that are shaken, or not.
pub(crate) fn with_shaking<T>(seed: Option<u64>, check: impl FnOnce() -> T) -> T {
    SHAKEN.set(seed);
    let checked = check();
    SHAKEN.set(None);
    checked
}

struct Shaker {
    random: Random,
    /// What another process would see.
    follower: Option<ReadOnly>,
}

/// A graph, shaken or not.
pub(crate) struct Subject {
    graph: RefCell<Option<Arc<Graph>>>,
    shaker: RefCell<Option<Shaker>>,
    /// Where it is reopened.
    bed: Option<Bed>,
}

impl Subject {
    /// A new graph.
    pub(crate) fn new() -> Subject {
        match (SHAKEN.get(), under_test()) {
            (None, None | Some(Home::Native)) => {
                Subject::made(Graph::options().in_memory().expect("a graph in memory"), None)
            }
            (_, home) => {
                let bed = Bed::new(home.unwrap_or(Home::Native));
                Subject::made(bed.open(), Some(bed))
            }
        }
    }

    /// A graph that somebody else opened: it is shaken, but not reopened.
    pub(crate) fn of(graph: Graph) -> Subject {
        Subject::made(graph, None)
    }

    fn made(graph: Graph, bed: Option<Bed>) -> Subject {
        let shaker = SHAKEN.get().map(|seed| {
            SHAKEN.set(Some(seed.wrapping_add(1)));
            Shaker { random: Random::new(seed), follower: None }
        });
        Subject { graph: RefCell::new(Some(Arc::new(graph))), shaker: RefCell::new(shaker), bed }
    }

    fn graph(&self) -> Arc<Graph> {
        self.graph.borrow().clone().expect("there is a graph but while it is reopened")
    }

    /// A commit, after which the graph may be shaken.
    pub(crate) fn write<T>(
        &self,
        now: Time,
        fill: impl FnOnce(&mut Tx) -> Result<T>,
    ) -> Result<Committed<T>> {
        let committed = self.graph().write(now, fill)?;
        self.shake()?;
        Ok(committed)
    }

    fn shake(&self) -> Result<()> {
        let mut shaker = self.shaker.borrow_mut();
        let Some(shaker) = shaker.as_mut() else { return Ok(()) };
        if shaker.random.below(3) == 0 {
            self.graph().checkpoint()?;
        }
        let Some(bed) = &self.bed else { return Ok(()) };
        let mut poisoned = false;
        if shaker.random.below(4) == 0 {
            // A call fails somewhere in a checkpoint or a merge; what was frozen then waits for the next one.
            bed.fail_soon(&mut shaker.random);
            let failed = self.graph().checkpoint().is_err();
            bed.heal();
            poisoned = failed && self.graph().sync().is_err();
        }
        if poisoned || shaker.random.below(6) == 0 {
            let graph = self.graph.borrow_mut().take();
            let closed = graph.and_then(Arc::into_inner).map_or(Ok(()), Graph::close);
            if !poisoned {
                closed?;
            }
            *self.graph.borrow_mut() = Some(Arc::new(bed.open()));
        }
        if shaker.random.below(3) == 0 && bed.is_followed() {
            let view = self.view();
            match &shaker.follower {
                None => {
                    shaker.follower = Some(bed.options().open_read_only(bed.path())?);
                }
                Some(follower) => {
                    assert_eq!(follower.refresh()?, view.seq(), "a follower sees what is durable")
                }
            }
            let followed = shaker.follower.as_ref().map(|follower| follower.view());
            for seen in followed.iter() {
                assert_eq!(
                    (dump(seen), numbers(seen)),
                    (dump(&view), numbers(&view)),
                    "a follower answers alike"
                );
            }
        }
        Ok(())
    }

    /// What commits changed.
    pub(crate) fn changes(&self, from_seq: u64) -> Result<ChangeStream> {
        self.graph().changes(from_seq)
    }

    /// What a commit would change.
    pub(crate) fn what_if<T>(&self, now: Time, fill: impl FnOnce(&mut Tx) -> Result<T>) -> Result<WhatIf<T>> {
        self.graph().what_if(now, fill)
    }

    pub(crate) fn view(&self) -> View {
        self.graph().view()
    }

    /// Brings another graph's facts in.
    pub(crate) fn merge_from(&self, other: &Subject, commit_facts: usize) -> Result<Merged> {
        let commit_facts = NonZeroUsize::new(commit_facts).unwrap_or(NonZeroUsize::MIN);
        let merged = self.graph().merge_from(&*other.graph(), Time::from_ms(0), commit_facts, |_| ())?;
        self.shake()?;
        Ok(merged)
    }

    /// Publishes a snapshot.
    pub(crate) fn snapshot(&self, path: &Path) -> Result<Snapshotted> {
        self.graph().snapshot(path)
    }

    /// The file system it is on.
    pub(crate) fn vfs(&self) -> Arc<dyn Vfs> {
        self.bed.as_ref().map_or_else(|| Arc::new(RealVfs), Bed::vfs)
    }

    pub(crate) fn check(&self) -> Result<Vec<Finding>> {
        self.graph().check()
    }
}
