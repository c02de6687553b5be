//! The one integration-test binary.

mod generator;
mod oracle_examples;
mod support;
mod laws;
