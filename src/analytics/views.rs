//! Parts of a graph as graphs of `petgraph`, with typed weights: what a user's own algorithms run on.

use petgraph::Graph;

use crate::model::{EntityId, Id, PersonId, Strength, Time};
use crate::resolve::{EdgeKind, Level, Status};

/// Ids and the edges between them. An edge leads from the old id of a supersede edge to the new one, and from the smaller id
/// of a same edge to the greater; two ids may have up to three edges.
pub type IdGraph = Graph<IdVertex, EdgeWeight>;

/// An id as a vertex. Restricted ids are in no graph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdVertex {
    /// The id.
    pub id: Id,
    /// Its entity.
    pub entity: EntityId,
    /// Its person.
    pub person: PersonId,
    /// Another id took its place.
    pub superseded: bool,
    /// It binds nothing.
    pub blocked: bool,
    /// Its hint edges reach too many entities (3.8).
    pub hint_hub: bool,
}

/// An edge and what stands behind it. Edges whose evidence is all retracted are in no graph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EdgeWeight {
    /// Its kind.
    pub kind: EdgeKind,
    /// Its strength; of an edge left without counting evidence, the strength it had.
    pub strength: Strength,
    /// What became of it, with the reason if it was rejected.
    pub status: Status,
    /// Where that was decided.
    pub level: Level,
    /// Evidences of it that are not retracted.
    pub evidence: u64,
    /// When the first evidence of it was observed, retracted ones too.
    pub first_observed: Time,
    /// When the last was.
    pub last_observed: Time,
    /// The commit that brought the first.
    pub first_recorded: u64,
}
