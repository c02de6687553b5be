//! Feeding a graph from the platforms (feature `sync`).

pub mod callback;
