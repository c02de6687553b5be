//! Calls in flight: WeCom answers an app only so many at a time, and refuses the rest with 45033 (wechat reference 19.2).
//!
//! A call is in flight from when it is read until its answer was written, however slowly that goes.

use std::collections::BTreeMap;

use crate::simulator::call::{Caller, Errcode, refused};
use crate::simulator::limit::Violation;
use crate::simulator::server::Simulator;
use crate::simulator::world::World;

/// How many calls of each caller are in flight.
#[derive(Default)]
pub(super) struct Flights(BTreeMap<Caller, u32>);

/// A call in flight. It has landed when this is dropped.
pub(super) struct Flight {
    simulator: Simulator,
    caller: Caller,
}

impl Drop for Flight {
    fn drop(&mut self) {
        let caller = self.caller;
        self.simulator.with(|world| {
            if let Some(count) = world.flights.0.get_mut(&caller) {
                *count = count.saturating_sub(1);
            }
        });
    }
}

impl World {
    /// A call of WeCom takes off, if there are not too many of its app in the air.
    pub(super) fn take_off(&mut self, path: &'static str, caller: Caller) -> Result<(), Errcode> {
        let most = self.plan.in_flight_max;
        let count = self.flights.0.entry(caller).or_default();
        if *count >= most {
            self.limits.violations.push(Violation { path, window_ms: 0, calls_max: most.into() });
            return refused(45033);
        }
        *count += 1;
        Ok(())
    }
}

impl Simulator {
    /// What lands a call that has taken off.
    pub(super) fn flight(&self, caller: Caller) -> Flight {
        Flight { simulator: self.clone(), caller }
    }
}
