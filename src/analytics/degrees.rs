//! How many others ids are linked with.

use std::collections::BTreeMap;

/// Histograms of ids by how many other ids they are linked with.
///
/// # Definition
/// `links` counts for an id the distinct other ends of its edges that are stronger than hint and not rejected as
/// `scope_mismatch` or `pending_expired`: the degree of 3.4, over all kinds and scopes, before hubs and blocks take edges out.
/// `hints` counts the distinct other ends of its edges of strength hint, with the same exception. Retracted edges do not count.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Degrees {
    /// By the id's kind: how many others, and how many ids have so many.
    pub links: BTreeMap<String, BTreeMap<u64, u64>>,
    /// The same of hints; ids without any are left out.
    pub hints: BTreeMap<String, BTreeMap<u64, u64>>,
}
