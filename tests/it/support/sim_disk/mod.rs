//! A simulated disk: what a crash may leave of what was not flushed, and faults on demand.
//!
//! `disk.rs` implements the engine's `Vfs` in memory and logs every change; `images.rs` turns a cut of that log
//! into the disks a crash there may leave. The engine's own unit tests include these files too, which is why they
//! name the crate from outside and each other by `super`.

mod disk;
mod images;

pub(crate) use disk::{Fault, SimDisk};
pub(crate) use images::{Fill, Image, Mode};
