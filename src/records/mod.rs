//! The records of a graph, and the persistent collections they are kept in: what segments hold as bytes and a
//! state holds in memory.
//!
//! Read in this order: keys, nodes with their pairs and relations, records beside the graph, what was
//! done at request, which commits were undone, lists, collections.

mod audit;
mod keys;
mod list;
mod node;
mod persist;
mod sides;
mod undone;

pub(crate) use audit::{Act, Audit};
pub(crate) use keys::{ListKey, NodeNo, PairKey, RelationKey, Sym};
pub(crate) use list::{List, ListItem};
pub(crate) use node::{
    Direct, Edge, EdgeState, Evidence, Group, MemberRef, Node, NodeItem, Pair, PendingClock, PendingPair,
    Phase, Relation, RelationGroup, RelationOp, Slot, Telling,
};
pub(crate) use persist::{Items, SortedSet, Table, Trie};
pub(crate) use sides::{AbsentTold, Lifting, Side, SideKey, ToggleOp, ToldAt, forbids};
pub(crate) use undone::Undone;
