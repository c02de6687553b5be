//! Calls of the platforms, against the simulator: jobs, what events make due, every way to an id.

pub(crate) mod canary;
mod faults;
mod fidelity;
mod jobs;
mod live;
mod pushes;
mod repair;
mod rig;
mod simulated;
mod traced;
mod ways;
