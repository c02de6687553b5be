//! A family as it goes into a record and comes out of one.

use crate::records::{Node, NodeNo, Pair};

/// Nodes that lie side by side, and the pairs among them.
///
/// # Invariants
///   S1 entities are whole: the ids of an entity are all here or none is.
///   S2 nodes are in order of their numbers and pairs of their keys; both ends of a pair are here.
///   S3 a list of a node either lies below whole or is here whole.
#[derive(Debug, Clone, Default)]
pub(crate) struct Family {
    pub(crate) nodes: Vec<(NodeNo, Node)>,
    pub(crate) pairs: Vec<Pair>,
}

impl Family {
    /// The place of a node.
    pub(crate) fn place_of(&self, number: NodeNo) -> Option<usize> {
        self.nodes.binary_search_by_key(&number, |(number, _)| *number).ok()
    }
}
