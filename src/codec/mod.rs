//! The bytes of single values: facts as NDJSON lines.

#[cfg(test)]
mod arbitrary_fact;
pub mod ndjson;
