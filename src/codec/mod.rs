//! The bytes of single values: facts as NDJSON lines, commits as journal payloads.
//!
//! Read in this order: [`ndjson`], what people and programs exchange; `bytes`, the pieces every binary form
//! is made of; `entry`, what a journal frame carries.

#[cfg(test)]
mod arbitrary_fact;
mod bytes;
mod entry;
pub mod ndjson;

pub(crate) use bytes::{Reader, What, Writer};
pub(crate) use entry::{Entry, ErasedId, Erasure, decode_commit, encode_commit};
