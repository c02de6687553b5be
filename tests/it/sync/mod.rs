//! Calls of the platforms, against the simulator: jobs, what events make due, every way to an id.

mod binding;
pub(crate) mod canary;
mod faults;
mod fidelity;
mod jobs;
mod live;
mod pushes;
mod ranges;
mod reasked;
mod repair;
mod rig;
mod simulated;
mod snapshot;
mod traced;
mod upgrade;
mod urls;
mod ways;
