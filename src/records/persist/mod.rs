//! Persistent (immutable, structure-sharing) collections: the reason a view is O(1) to take and stays
//! consistent while the writer goes on, a transaction can be dropped, and a "what if" is a clone.
//!
//! # Invariants
//!   P1 a clone is O(1) and never sees later changes of its origin.
//!   P2 a change copies only the path to what it changes, and not even that where nobody else holds it.

mod sorted_set;
mod table;
mod trie;

pub(crate) use sorted_set::{Items, SortedSet};
pub(crate) use table::Table;
pub(crate) use trie::Trie;
