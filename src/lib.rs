//! Embedded identity-graph database engine for the WeChat ecosystem.

pub mod error;
#[cfg_attr(
    not(test),
    expect(dead_code, unused_imports, reason = "the store that writes through it is not here yet")
)]
mod journal;
pub mod vfs;

pub use error::{Error, Result};
