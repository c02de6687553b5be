//! What changed since the layers below were written: records in memory, found by key.
//!
//! # Invariants
//!   E1 what is found here is newer than what lies below; `None` and `Slot::Gone` say that it is gone.
//!   E2 if a node is here, every id that its entity held in the layers below is in the filter, and so is
//!      every id of a node that was first numbered here.

use std::sync::Arc;

use crate::model::{Id, Time};
use crate::records::{
    Audit, ListKey, NodeNo, Pair, PairKey, Relation, RelationKey, Side, SideKey, Slot, SortedSet, Sym, Table,
    Trie,
};
use crate::store::filter::Filter;

/// What is left of an erased id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tomb {
    /// HMAC-SHA-256 of the key form under the database's secret.
    pub(crate) mac: [u8; 32],
    pub(crate) at: Time,
    pub(crate) sticky: bool,
}

/// The side records that name an id, by their hashes.
#[derive(Clone)]
pub(crate) struct Mention {
    pub(crate) id: Id,
    pub(crate) sides: SortedSet<u64>,
}

/// Changes in memory. A clone is O(1). It holds people's ids, so it has no Debug.
#[derive(Clone, Default)]
pub(crate) struct Delta {
    /// Ids that were numbered here.
    pub(crate) ids: Trie<NodeNo>,
    pub(crate) nodes: Trie<(NodeNo, Slot)>,
    pub(crate) pairs: Trie<(PairKey, Option<Arc<Pair>>)>,
    pub(crate) relations: Trie<(RelationKey, Option<Arc<Relation>>)>,
    pub(crate) sides: Trie<(Arc<SideKey>, Option<Arc<Side>>)>,
    pub(crate) mentions: Trie<Arc<Mention>>,
    /// The toggles that a batch told of, by their hashes.
    pub(crate) batch_sides: Trie<(Sym, SortedSet<u64>)>,
    /// By the hash of source and event.
    pub(crate) events: Trie<(u64, SortedSet<PairKey>)>,
    pub(crate) tombs: Trie<Arc<Tomb>>,
    /// Side records that an erasure emptied: what the layers below hold of them is to go.
    pub(crate) wiped: Trie<Arc<SideKey>>,
    /// What was done at request since the layers below, in order.
    pub(crate) audits: Table<Arc<Audit>>,
    /// What batches and sources touched and what numbers were given out in a space.
    pub(crate) postings: Trie<(ListKey, SortedSet<NodeNo>)>,
    /// When the commits were recorded that are not in the layers below, the last being the state's.
    pub(crate) commits: Table<Time>,
    pub(crate) filter: Filter,
    /// About how many bytes of memory it takes.
    pub(crate) bytes: usize,
}

impl Delta {
    /// Takes out the ids, nodes and pairs: what follows from facts about many ids is mostly that. The rest stays.
    pub(crate) fn take_records(&mut self) -> Delta {
        Delta {
            ids: std::mem::take(&mut self.ids),
            nodes: std::mem::take(&mut self.nodes),
            pairs: std::mem::take(&mut self.pairs),
            filter: std::mem::take(&mut self.filter),
            bytes: std::mem::take(&mut self.bytes),
            ..Delta::default()
        }
    }
}
