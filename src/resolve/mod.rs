//! Resolution (design section 3): pure decisions over what counts. No I/O, no bytes, no state.
//!
//! Read in the order of the design: verdicts, what evidence counts (3.1, 3.2), strength and rank (3.3),
//! one family (3.5-3.7), one group of persons (3.8). Hubs and blocks (3.4) need the neighbourhood of an id
//! and are counted where the graph is kept, in `engine::settle`.

mod family;
mod person;
mod rank;
mod relation;
mod scope;
mod strength;
mod verdict;

pub use verdict::{Conflict, EdgeKind, Level, Reason, Status};

pub(crate) use family::{Family, FamilyEdge, FamilyId, SettledFamily, settle_family};
pub(crate) use person::{PersonEdge, PersonGroup, settle_persons};
pub(crate) use relation::{RelationEvent, attributes, intervals};
pub(crate) use scope::scope_counts;
pub(crate) use strength::{EdgeForce, Voice, edge_force};
