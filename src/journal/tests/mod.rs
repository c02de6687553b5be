//! Tests of the journal on a simulated disk.
