//! Graphs whose state lies in segments: crashes, failing calls and damaged bytes.
//!
//! `answers` is everything a graph says, `history` a life of commits and checkpoints from the random streams of
//! facts; on them stand `crash`, `faults` and `damage`. `one_segment` is a database with every kind of content and
//! `watched` a file that changes under its readers, for `flips`.

pub(crate) mod answers;
pub(crate) mod history;
mod one_segment;
mod reviewed;
mod watched;

/// Crashes while checkpoints and merges run, and while what they left is recovered.
mod crash;
/// Damaged bytes of segments, manifests and snapshots.
mod damage;
/// Calls that fail in them.
mod faults;
/// Single bits of an open segment.
mod flips;
/// The bytes of the first version.
mod golden;
/// Lists of millions.
mod hubs;
