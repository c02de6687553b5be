//! Tests of whole segments.

// What the golden segments hold.
mod golden;
// Changed bytes behind checksums that are right again.
mod resealed;
