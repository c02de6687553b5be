//! The one integration-test binary.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test's helpers fail by panicking, as its test functions may"
)]

/// Answers and events of the platforms become facts.
mod wechat;

mod generator;
mod oracle_examples;
mod support;
