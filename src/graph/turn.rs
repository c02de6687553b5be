//! Which thread settles a large change, so that a commit made by the same thread does not wait for itself.
//!
//! A large change holds the turn of checkpoints until it is complete, and calls its caller's `progress` meanwhile. Others
//! wait for room behind it; the thread that calls cannot.

use std::sync::{Mutex, PoisonError};
use std::thread::{self, ThreadId};

/// The thread that settles a large change, if one does.
#[derive(Debug, Default)]
pub(crate) struct Turn(Mutex<Option<ThreadId>>);

/// The turn is this thread's until this is dropped.
#[derive(Debug)]
pub(crate) struct Taken<'t>(&'t Turn);

impl Turn {
    /// Takes the turn; the lock of checkpoints is held, so that nobody else has it.
    pub(crate) fn take(&self) -> Taken<'_> {
        self.set(Some(thread::current().id()));
        Taken(self)
    }

    /// Whether the turn is this thread's.
    pub(crate) fn is_mine(&self) -> bool {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) == Some(thread::current().id())
    }

    fn set(&self, thread: Option<ThreadId>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = thread;
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        self.0.set(None);
    }
}
