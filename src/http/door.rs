//! Who is inside, and how all of them are made to leave.
//!
//! # Order
//!   closing is set and those inside are woken under the lock under which a connection is let in: so each of them is
//!   woken, or turned away.

use std::collections::BTreeMap;
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Who is inside, and whether the server is closing.
#[derive(Default)]
pub(super) struct Door {
    inside: Mutex<Inside>,
    changed: Condvar,
}

#[derive(Default)]
struct Inside {
    closing: bool,
    /// The listener has stopped listening.
    left: bool,
    next: u64,
    connections: BTreeMap<u64, Arc<TcpStream>>,
}

impl Door {
    /// True once the server is being stopped.
    pub(super) fn is_closing(&self) -> bool {
        self.held().closing
    }

    /// Waits so long; false if the server was stopped meanwhile.
    pub(super) fn pause(&self, ms: u64) -> bool {
        let (inside, _) = self
            .changed
            .wait_timeout_while(self.held(), Duration::from_millis(ms), |inside| !inside.closing)
            .unwrap_or_else(PoisonError::into_inner);
        !inside.closing
    }

    fn held(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Nobody is let in any more; who waits for a request is woken.
    pub(super) fn close(&self) {
        let mut inside = self.held();
        inside.closing = true;
        // Readers wake and find the end of the stream; answers that are being written go out.
        for stream in inside.connections.values() {
            drop(stream.shutdown(Shutdown::Read));
        }
        self.changed.notify_all();
    }

    /// The listener has stopped listening.
    pub(super) fn leave(&self) {
        self.held().left = true;
        self.changed.notify_all();
    }

    /// Waits so long at most; true once the listener has stopped listening.
    pub(super) fn has_left(&self, ms: u64) -> bool {
        let (inside, _) = self
            .changed
            .wait_timeout_while(self.held(), Duration::from_millis(ms), |inside| !inside.left)
            .unwrap_or_else(PoisonError::into_inner);
        inside.left
    }
}

/// A connection that is inside; it is taken off the register when this is dropped, also when its thread panics.
pub(super) struct Place<'a> {
    door: &'a Door,
    number: u64,
}

impl<'a> Place<'a> {
    /// Lets a connection in, unless there are so many already or the server is closing.
    pub(super) fn take(door: &'a Door, stream: &Arc<TcpStream>, max: usize) -> Option<Place<'a>> {
        let mut inside = door.held();
        if inside.closing || inside.connections.len() >= max {
            return None;
        }
        inside.next = inside.next.wrapping_add(1);
        let number = inside.next;
        inside.connections.insert(number, stream.clone());
        Some(Place { door, number })
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.door.held().connections.remove(&self.number);
    }
}
