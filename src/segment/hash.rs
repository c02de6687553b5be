//! How ids and numbers are hashed in segments; memory uses the same hashes, so that an id is hashed once.

use twox_hash::XxHash3_64;

use crate::model::Id;
use crate::records::NodeNo;
use crate::segment::record::IdHashes;

/// The hash of an id's key form, seeded for each database.
pub(crate) fn hash_id(seed: u64, id: &Id) -> u64 {
    hash_text(seed, id.as_str())
}

/// The hash of a text.
pub(crate) fn hash_text(seed: u64, text: &str) -> u64 {
    XxHash3_64::oneshot_with_seed(seed, text.as_bytes())
}

/// Three hashes of an id.
pub(crate) fn hashes_of(seed: u64, id: &Id) -> IdHashes {
    let other = |step: u64| hash_id(seed.wrapping_add(step), id);
    IdHashes { first: hash_id(seed, id), others: [other(1), other(2)] }
}

/// A number spread over all bits; different numbers stay different.
pub(crate) const fn spread(number: u64) -> u64 {
    let mixed = (number ^ (number >> 32)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    let mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    mixed ^ (mixed >> 32)
}

/// A node number has a hash of its own.
pub(crate) fn hash_node(number: NodeNo) -> u64 {
    spread(u64::from(number))
}
