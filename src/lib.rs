//! Embedded identity-graph database engine for the WeChat ecosystem.

// The simulated disk is shared with tests/it, which see the crate from outside.
#[cfg(test)]
extern crate self as idweave;

pub mod error;
#[cfg_attr(
    not(test),
    expect(dead_code, unused_imports, reason = "the store that writes through it is not here yet")
)]
mod journal;
pub mod vfs;

pub use error::{Error, Result};
