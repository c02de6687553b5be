//! Placeholder file for now, to be filled.
