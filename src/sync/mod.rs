//! Feeding a graph from the platforms (feature `sync`): callbacks that come, and calls that are made.

pub mod api;
pub mod callback;
pub mod client;
pub mod job;
pub mod live;

mod secret;
mod transport;

pub use secret::Secret;
pub use transport::{HttpOptions, HttpTransport, Transport};
