//! Tests of whole segments.

// What the golden segments hold.
mod golden;
