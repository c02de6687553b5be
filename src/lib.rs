//! Embedded identity-graph database engine for the WeChat ecosystem.

mod codec;
pub mod error;
#[cfg(fuzzing)]
pub mod fuzzing;
mod journal;
pub mod model;
pub mod vfs;

pub use codec::ndjson;
pub use error::{Error, Result};
pub use model::{Fact, Id, Kind, KindScope, Op, Time};
