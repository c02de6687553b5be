//! Embedded identity-graph database engine for the WeChat ecosystem.

mod codec;
pub mod error;
#[cfg_attr(
    not(test),
    expect(dead_code, unused_imports, reason = "the store that writes through it is not here yet")
)]
mod journal;
pub mod model;
pub mod vfs;

pub use codec::ndjson;
pub use error::{Error, Result};
pub use model::{Fact, Id, Kind, KindScope, Op, Time};
