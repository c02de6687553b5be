//! How keys are hashed: the same way in memory and in segments, seeded for each database.

use std::hash::BuildHasher;
use std::sync::LazyLock;

use hashbrown::DefaultHashBuilder;
use twox_hash::XxHash3_64;

use crate::model::Id;
use crate::records::{ListKey, NodeNo, PairKey, RelationKey, SideKey};

/// The hash of an id's key form.
pub(crate) fn hash_id(seed: u64, id: &Id) -> u64 {
    hash_text(seed, id.as_str())
}

/// The hash of a text.
pub(crate) fn hash_text(seed: u64, text: &str) -> u64 {
    XxHash3_64::oneshot_with_seed(seed, text.as_bytes())
}

/// A number spread over all bits; different numbers stay different.
const fn spread(number: u64) -> u64 {
    let mixed = (number ^ (number >> 32)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    let mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    mixed ^ (mixed >> 32)
}

/// A node number has a hash of its own.
pub(crate) fn hash_node(number: NodeNo) -> u64 {
    spread(u64::from(number))
}

/// A pair of nodes has a hash of its own.
pub(crate) fn hash_pair(key: PairKey) -> u64 {
    spread(key.packed())
}

/// Keyed at random once a process, so that nobody outside can choose keys that collide.
static IN_MEMORY: LazyLock<DefaultHashBuilder> = LazyLock::new(DefaultHashBuilder::default);

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

/// The hash of a source's event.
pub(crate) fn hash_event(seed: u64, source: &str, event: &str) -> u64 {
    hash_text(hash_text(seed, source), event)
}

/// An HMAC is as good a hash as any.
pub(crate) fn hash_mac(mac: &[u8; 32]) -> u64 {
    mac.first_chunk::<8>().map_or(0, |bytes| u64::from_le_bytes(*bytes))
}
