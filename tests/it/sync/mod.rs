//! Calls of the platforms, against the simulator: jobs, what events make due, every way to an id.

mod canary;
mod faults;
mod fidelity;
mod jobs;
mod live;
mod pushes;
mod rig;
mod simulated;
mod ways;
