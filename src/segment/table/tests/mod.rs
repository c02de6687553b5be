//! Tests of sorted tables.

// Tables made from a map, and walks turned into lists.
mod made;

// What tables answer is what a map answers, in every read mode and merged.
mod model;
// Flipped bits, cuts, swapped and stale blocks, forged checksums.
mod damage;
// Blocks that nobody could have written, under checksums that hold.
mod forged;
// The bytes of a small table.
mod golden;
// Limits, keys out of order, failing sinks.
mod limits;
