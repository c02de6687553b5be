//! How keys of tables in memory are hashed; ids and numbers as segments hash them.

use std::hash::BuildHasher;
use std::sync::LazyLock;

use hashbrown::DefaultHashBuilder;

use crate::records::{ListKey, NodeNo, PairKey, RelationKey, SideKey};
use crate::segment::{hash_text, spread};

pub(crate) use crate::segment::hash_id;

/// Keyed at random once a process, so that nobody outside can choose keys that collide.
static IN_MEMORY: LazyLock<DefaultHashBuilder> = LazyLock::new(DefaultHashBuilder::default);

/// A node's place in tables in memory: numbers that follow each other lie side by side, for they are met together. They
/// are given out by the graph itself, so nobody outside can choose ones that collide.
pub(crate) fn hash_node(number: NodeNo) -> u64 {
    u64::from(number.reverse_bits())
}

/// A pair's place in tables in memory, beside those of the same and the next nodes.
pub(crate) fn hash_pair(key: PairKey) -> u64 {
    key.packed().reverse_bits()
}

/// For tables in memory only.
pub(crate) fn hash_relation(key: RelationKey) -> u64 {
    spread(PairKey { a: key.from, b: key.to }.packed()).wrapping_add(spread(u64::from(key.kind)))
}

/// For tables in memory only.
pub(crate) fn hash_list(key: ListKey) -> u64 {
    IN_MEMORY.hash_one(key)
}

/// For tables in memory only.
pub(crate) fn hash_side(key: &SideKey) -> u64 {
    IN_MEMORY.hash_one(key)
}

/// The hash of a source's event; the same in memory and in segments.
pub(crate) fn hash_event(seed: u64, source: &str, event: &str) -> u64 {
    hash_text(hash_text(seed, source), event)
}

/// An HMAC is as good a hash as any.
pub(crate) fn hash_mac(mac: &[u8; 32]) -> u64 {
    mac.first_chunk::<8>().map_or(0, |bytes| u64::from_le_bytes(*bytes))
}
