//! Embedded identity-graph database engine for the WeChat ecosystem.

pub mod error;
mod journal;
pub mod model;
pub mod vfs;
pub mod wechat;

pub use error::{Error, Result};
pub use model::{Fact, Id, Kind, KindScope, Op, Time};
