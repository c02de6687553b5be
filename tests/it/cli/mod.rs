//! The command-line tool, run as a program of its own. Each file tests a family of commands.

mod acquire;
mod analyze;
mod answers;
mod broken;
mod build;
/// Answering callbacks, as a process.
#[cfg(feature = "sync")]
mod callbacks;
mod changes;
mod demo;
mod dry_run;
mod erasure;
/// Files for data tools.
#[cfg(feature = "export")]
mod export;
/// A database in sled.
#[cfg(feature = "sled")]
mod homes;
mod import;
mod ingest;
mod kill;
mod merge;
mod past;
mod rules;
mod segments;
/// The simulated platforms, as a process.
#[cfg(all(feature = "simulator", feature = "sync"))]
mod simulate;
mod support;
#[cfg(all(feature = "simulator", feature = "sync"))]
mod sync_kill;
mod undo;
mod work;
