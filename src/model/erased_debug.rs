//! The short keyed hash that stands for an identifier's value in Debug output and logs.
//!
//! # Invariants
//!   D1 the key is drawn anew in every process, so hashes can be compared within one log only.

use std::hash::{BuildHasher, RandomState};
use std::sync::OnceLock;

/// Six hex digits that stand for `text` within this process: enough to tell ids in a log apart, useless
/// for finding out who they are.
pub fn short_hash(text: &str) -> String {
    static KEY: OnceLock<RandomState> = OnceLock::new();
    let hash = KEY.get_or_init(RandomState::new).hash_one(text);
    format!("{:06x}", hash >> 40)
}
