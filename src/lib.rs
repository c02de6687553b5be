//! Embedded identity-graph database engine for the WeChat ecosystem.

pub mod error;
mod journal;
pub mod vfs;

pub use error::{Error, Result};
