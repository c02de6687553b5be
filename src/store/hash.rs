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
    // A trie asks for four bits at a time, the lowest first. Those that tell neighbours apart come last, so that they
    // share a leaf; those before them are in an order that fills every level, however many numbers there are.
    let digit = |at: u32| number >> (4 * at) & 0xf;
    let order = [3, 2, 1, 4, 5, 6, 7, 0];
    u64::from(order.into_iter().rev().fold(0, |hash, at| hash << 4 | digit(at)))
}

/// A pair's place in tables in memory, beside those of the same and the next nodes.
pub(crate) fn hash_pair(key: PairKey) -> u64 {
    hash_node(key.a) | hash_node(key.b) << 32
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn different_numbers_and_pairs_have_different_hashes() {
        let numbers: Vec<NodeNo> = (0..20_000)
            .chain((0..20_000).map(|n| n * 4_099))
            .chain(NodeNo::MAX - 5_000..=NodeNo::MAX)
            .collect();
        let distinct: BTreeSet<NodeNo> = numbers.iter().copied().collect();
        assert_eq!(numbers.iter().map(|n| hash_node(*n)).collect::<BTreeSet<u64>>().len(), distinct.len());
        assert_ne!(hash_pair(PairKey::new(1, 2)), hash_pair(PairKey::new(1, 3)));
        assert_ne!(hash_pair(PairKey::new(1, 2)), hash_pair(PairKey::new(0, 2)));
    }
}
