//! The sources keep the rules of ARCHITECTURE.md: layers, doors, shapes and words. Each rule is a test here.

/// Reads Rust well enough.
mod code;
/// What only one place may do.
mod doors;
/// Which module may use which.
mod layers;
/// First lines, lengths, maps, imports, names.
mod shape;
/// The files.
mod sources;
/// What no file may say, and what documents may name.
mod words;
