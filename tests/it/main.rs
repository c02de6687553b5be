//! The one integration-test binary.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test's helpers fail by panicking, as its test functions may"
)]

/// How missing ids can be had: the planner's answers, the catalogue, its texts.
mod acquire;
/// The sources keep the rules of ARCHITECTURE.md.
mod architecture;
/// Bulk loads.
mod bulk;
/// Callbacks of the platforms.
#[cfg(feature = "sync")]
mod callbacks;
/// Checkpoints while others read and write.
mod checkpoints;
/// The command-line tool, as its users run it.
#[cfg(feature = "cli")]
mod cli;
/// Writers that share flushes, and readers beside them.
mod concurrency;
/// What we depend on keeps the policy of `.deny.toml`.
mod dependencies;
/// Erasure in files, its receipts and its trail.
mod erasure;
/// Exports, read back.
#[cfg(feature = "export")]
mod export;
/// The change feed: damage, retention, crashes, who waits.
mod feed;
/// The random streams reach every operation and every reason.
mod generator;
/// Crashes of the whole graph, on the simulated disk.
mod graph_crash;
/// Failing calls, a full disk and rot under the whole graph.
mod graph_faults;
/// Homes on key-value stores.
#[cfg(feature = "kv")]
mod kv;
/// Crashes, faults and other writers while a large change is settled.
mod large;
/// The laws of the design, and the engine against the oracle, on random streams.
mod laws;
/// What a graph tells whoever watches it, and what it never tells.
mod observe;
/// The oracle against hand-worked examples, a sentence of the design each.
mod oracle_examples;
/// The past where lists are long.
mod past;
/// Pictures of entities and ways.
#[cfg(feature = "report")]
mod picture;
/// What the reading verbs answer.
mod reading;
/// Reports of a whole graph.
#[cfg(feature = "report")]
mod report;
/// Crashes, failing calls and damage where the state lies in segments.
mod segments;
/// The simulated disk itself: what was flushed is certain, all else is not.
mod sim_disk;
/// The oracle, the generator, the simulated disk.
mod support;
/// Calls of the platforms, against the simulator.
#[cfg(all(feature = "simulator", feature = "sync"))]
mod sync;
/// What others got wrong.
mod traps;
/// The real files.
mod vfs;
/// Answers and events of the platforms become facts.
mod wechat;
