//! What reading needs of a state: the seam behind which layers, snapshots and other stores can stand.
//!
//! # Not here
//!   the verbs (`engine`), which are written against this trait and against nothing below it.

use std::sync::Arc;

use crate::model::{Id, Rules, Time, Topology};
use crate::records::{
    Group, List, ListKey, Node, NodeNo, Pair, PairKey, Relation, RelationGroup, RelationKey, Side, SideKey,
    Slot, Sym, Undone,
};

/// Records of one consistent state. A record whose bytes are damaged is not found, and the source remembers
/// the error: whoever made it asks for that before the answer is given out.
pub(crate) trait Source {
    /// The number of an id, if it exists.
    fn number_of(&self, id: &Id) -> Option<NodeNo>;
    /// What stands at a number.
    fn slot(&self, number: NodeNo) -> Option<&Slot>;
    /// How many numbers were given out.
    fn number_count(&self) -> NodeNo;
    /// A pair.
    fn pair(&self, key: PairKey) -> Option<&Pair>;
    /// A relation.
    fn relation(&self, key: RelationKey) -> Option<&Relation>;
    /// A side record.
    fn side(&self, key: &SideKey) -> Option<&Side>;
    /// The keys of the side records that name an id, in order.
    fn sides_about(&self, id: &Id) -> Vec<Arc<SideKey>>;
    /// The nodes that a record's list holds, in order.
    fn nodes_in<'s>(&'s self, key: ListKey, list: &'s List<NodeNo>) -> impl Iterator<Item = NodeNo> + 's;
    /// An interned text.
    fn text(&self, sym: Sym) -> &str;
    /// The number of a text, if it was interned.
    fn sym(&self, text: &str) -> Option<Sym>;
    /// The commits that were undone.
    fn undone(&self) -> &Undone;
    /// Whether a batch is retracted.
    fn batch_is_retracted(&self, batch: Option<Sym>) -> bool;
    /// Whether a source's word on something observed at a time is retracted, on edges that touch these spaces.
    fn source_is_retracted(&self, source: Sym, at: Time, spaces: &[&str]) -> bool;
    /// How often a pair of ids was retracted: none means that no lookup is needed.
    fn pair_retractions(&self) -> u64;
    /// How often an event was retracted.
    fn event_retractions(&self) -> u64;
    /// The topology.
    fn topology(&self) -> &Topology;
    /// The rules.
    fn rules(&self) -> &Rules;

    /// Whether what a commit told counts.
    fn counts(&self, seq: u64) -> bool {
        self.undone().counts(seq)
    }

    /// The pair between two nodes, if there is one.
    fn pair_between(&self, x: NodeNo, y: NodeNo) -> Option<PairKey> {
        let key = PairKey::new(x, y);
        self.pair(key).map(|_| key)
    }

    /// The other ends of a node's pairs in a group.
    fn links<'s>(&'s self, node: NodeNo, group: &'s Group) -> impl Iterator<Item = NodeNo> + 's {
        let key = ListKey::Group { node, space: group.space, candidate: group.candidate };
        self.nodes_in(key, &group.links)
    }

    /// The other ends of a node's pairs with hints.
    fn hints<'s>(&'s self, number: NodeNo, node: &'s Node) -> impl Iterator<Item = NodeNo> + 's {
        self.nodes_in(ListKey::Hints(number), &node.hints)
    }

    /// The other ends of a node's relations in a group.
    fn related<'s>(&'s self, node: NodeNo, group: &'s RelationGroup) -> impl Iterator<Item = NodeNo> + 's {
        let key = ListKey::Relations { node, kind: group.kind, direction: group.direction };
        self.nodes_in(key, &group.links)
    }

    /// The node of a number, if it was not erased.
    fn node(&self, number: NodeNo) -> Option<&Node> {
        match self.slot(number)? {
            Slot::Live(node) => Some(node),
            Slot::Gone(_) => None,
        }
    }
}
