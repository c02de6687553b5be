//! What records are found by: numbers of ids and texts, and the keys of pairs, relations and lists.

use crate::model::Direction;

/// A node's number: the order of first appearance, never reused.
pub(crate) type NodeNo = u32;
/// An interned text: a source, a batch, a (kind, scope), a kind of relation.
pub(crate) type Sym = u32;

/// Two nodes that edges are between (N3: the smaller number first).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct PairKey {
    pub(crate) a: NodeNo,
    pub(crate) b: NodeNo,
}

impl PairKey {
    /// The key of the pair between two nodes.
    pub(crate) fn new(x: NodeNo, y: NodeNo) -> PairKey {
        PairKey { a: x.min(y), b: x.max(y) }
    }

    /// As one number.
    pub(crate) fn packed(self) -> u64 {
        u64::from(self.a) << 32 | u64::from(self.b)
    }
}

/// A kind of relation and the two nodes it is between.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct RelationKey {
    pub(crate) kind: Sym,
    pub(crate) from: NodeNo,
    pub(crate) to: NodeNo,
}

/// A list that may grow beyond what fits beside its owner: what it lists, and of whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum ListKey {
    /// The other ends of a node's pairs with ids of a space, candidates or others.
    Group { node: NodeNo, space: Sym, candidate: bool },
    /// The other ends of a node's pairs with hints.
    Hints(NodeNo),
    /// The other ends of a node's relations.
    Relations { node: NodeNo, kind: Sym, direction: Direction },
    /// When a pending id dies by each of its pairs.
    ClockEnds(NodeNo),
    /// When each pair of a pending id was last observed.
    ClockLatest(NodeNo),
    /// The smaller ends of pairs with evidence of a source.
    Source(Sym),
    /// The smaller ends of pairs with evidence of a batch.
    Batch(Sym),
    /// The numbers given out in a space, erased ones included.
    Space(Sym),
}

impl ListKey {
    /// The node whose list it is, if it is a node's.
    pub(crate) fn node(self) -> Option<NodeNo> {
        match self {
            ListKey::Group { node, .. } | ListKey::Relations { node, .. } => Some(node),
            ListKey::Hints(node) | ListKey::ClockEnds(node) | ListKey::ClockLatest(node) => Some(node),
            ListKey::Source(_) | ListKey::Batch(_) | ListKey::Space(_) => None,
        }
    }
}
