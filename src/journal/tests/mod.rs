//! Tests of the journal, most of them on a simulated disk.

// The disk the integration tests use too.
#[path = "../../../tests/it/support/sim_disk/mod.rs"]
mod sim_disk;

// What must be found after a crash, worked out without the engine.
mod oracle;

// Crashes: short workloads exhaustively, long ones by a seeded campaign, crashes during recovery.
mod crash;
// Rot, truncation, missing and swapped files.
mod damage;
// What is proof that a frame was durable, and what is not.
mod proof;
// Calls that fail, flushes that drop what was dirty, a full disk.
mod faults;
// The bytes of format version 1.
mod golden;
// The lawful behaviour: locks, limits, group commit, errors.
mod behaviour;
