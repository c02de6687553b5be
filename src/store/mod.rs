//! The home of a graph: its records, the state that holds them, and where commits go.
//!
//! Read in this order: the records, the state (a persistent value), what reading needs of it (`Source`, the
//! seam for segments), and the home a commit is written to (`Home`, the seam for other stores).

mod home;
mod persist;
mod records;
mod sides;
mod source;
mod state;

pub(crate) use home::{Home, JournalHome, MemoryHome, SyncHandle};
pub(crate) use persist::{SortedSet, Table};
pub(crate) use records::{
    Direct, Edge, EdgeState, Evidence, MemberRef, Node, NodeNo, Pair, PairNo, PendingClock, PendingPair,
    Phase, Ref, Relation, RelationGroup, RelationNo, RelationOp, Slot, Sym,
};
pub(crate) use sides::{AbsentTold, Lifting, Side, SideKey, SideNo, ToggleOp, forbids};
pub(crate) use source::Source;
pub(crate) use state::{SourceRetraction, State};
