//! The thread that writes out a delta that has grown past its bound.
//!
//! # Invariants
//!   Y1 it ends before the graph that started it is closed; a checkpoint under way is finished first.
//!   Y2 what fails is tried again when the next commit finds the delta past its bound; a writer that has to wait for
//!      room does it itself and gets the error.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;

use crate::graph::shared::{Shared, held};

#[derive(Default)]
struct Wanted {
    checkpoint: bool,
    stop: bool,
}

#[derive(Default)]
struct Bell {
    wanted: Mutex<Wanted>,
    rung: Condvar,
}

/// The thread, to be woken and, when dropped, ended.
pub(crate) struct Checkpointer {
    bell: Arc<Bell>,
    thread: Option<JoinHandle<()>>,
}

impl Checkpointer {
    /// Starts the thread. Where the system has none to give, writers do the work when they have to.
    pub(crate) fn start(shared: Arc<Shared>) -> Checkpointer {
        let bell = Arc::new(Bell::default());
        let thread = std::thread::Builder::new().name("idweave-checkpoint".to_owned()).spawn({
            let bell = bell.clone();
            move || serve(&bell, &shared)
        });
        Checkpointer { bell, thread: thread.ok() }
    }

    /// Asks for a checkpoint.
    pub(crate) fn wake(&self) {
        held(&self.bell.wanted).checkpoint = true;
        self.bell.rung.notify_one();
    }
}

fn serve(bell: &Bell, shared: &Shared) {
    loop {
        {
            let mut wanted = held(&bell.wanted);
            while !wanted.checkpoint && !wanted.stop {
                wanted = bell.rung.wait(wanted).unwrap_or_else(PoisonError::into_inner);
            }
            if wanted.stop {
                return;
            }
            wanted.checkpoint = false;
        }
        // Y2: the graph is as it was, and the next commit asks again.
        drop(shared.checkpoint());
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        held(&self.bell.wanted).stop = true;
        self.bell.rung.notify_one();
        if let Some(thread) = self.thread.take() {
            // A panic of the thread is a bug that has been told on standard error already.
            drop(thread.join());
        }
    }
}
