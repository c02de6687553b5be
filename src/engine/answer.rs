//! What the verbs answer with.

use std::collections::BTreeMap;
use std::fmt;

use crate::engine::decisions::Decision;
use crate::model::{Class, EntityId, Fact, Id, KindScope, PersonId, Strength, Time};
use crate::resolve::{Conflict, EdgeKind, Level, Status};

/// An id of an entity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The id.
    pub id: Id,
    /// Another id took its place.
    pub superseded: bool,
    /// It binds nothing.
    pub blocked: bool,
}

/// An entity: the ids that are one WeChat account (one employee, one chat, ...).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entity {
    /// Its number.
    pub entity: EntityId,
    /// What its ids name.
    pub class: Class,
    /// The person it belongs to.
    pub person: PersonId,
    /// Its ids in order of their text; restricted ids are not answered.
    pub members: Vec<Member>,
    /// Edges that would have joined it with another entity but are in conflict with what is known.
    pub conflicts: Vec<EdgeDump>,
}

/// A person: entities that hints or operators joined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Its number.
    pub person: PersonId,
    /// Its entities in order of their numbers.
    pub entities: Vec<Entity>,
}

/// A commit that changed the entity of an id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryStep {
    /// The commit.
    pub seq: u64,
    /// When it was recorded.
    pub recorded_at: Time,
    /// The entity it left the id in; `None` if the id was not known then.
    pub entity: Option<EntityId>,
    /// The ids of that entity, sorted; restricted ids are not answered.
    pub ids: Vec<Id>,
    /// Those that another id took the place of, sorted.
    pub superseded: Vec<Id>,
    /// The ids that came.
    pub joined: Vec<Id>,
    /// The ids that went.
    pub left: Vec<Id>,
    /// The facts that this commit brought about these ids, and those that it undid or made count again; where there are
    /// none, its settings and retractions.
    pub because: Vec<Fact>,
    /// The commits that this one undid.
    pub undid: Vec<u64>,
}

/// One line of `dump entities`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntityDump {
    /// Its number.
    pub entity: EntityId,
    /// What its ids name.
    pub class: Class,
    /// The person it belongs to.
    pub person: PersonId,
    /// Its ids, sorted.
    pub ids: Vec<Id>,
    /// Those that another id took the place of, sorted.
    pub superseded: Vec<Id>,
}

/// An edge and what became of it: one line of `dump edges`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EdgeDump {
    /// One end; the old id of a supersede edge, the smaller one of a same edge.
    pub a: Id,
    /// The other end.
    pub b: Id,
    /// Its kind.
    pub kind: EdgeKind,
    /// Its strength; of an edge left without counting evidence, the strength it had.
    pub strength: Strength,
    /// What became of it.
    pub status: Status,
    /// Where that was decided.
    pub level: Level,
    /// How many evidences of it are not retracted.
    pub evidence: usize,
    /// What an edge rejected as `cardinality` would have brought together.
    pub conflict: Option<Conflict>,
}

/// The answer of `translate`: the first that applies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Translation {
    /// The entity holds these: not superseded first, then latest observed.
    Found(Vec<Id>),
    /// These are reached only over an edge that one web login is too weak for.
    Provisional(Vec<Id>),
    /// Not a contact yet, but a pending id of the same view stands for him.
    Pending {
        /// The pending id.
        id: Id,
        /// Until when; `None` = unbounded.
        valid_to: Option<Time>,
    },
    /// The platform was asked and had none.
    Absent {
        /// When it was asked last.
        as_of: Time,
        /// Who answered.
        source: String,
    },
    /// Nothing is known.
    Unknown,
}

/// The answer of `same`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// One entity.
    SameEntity,
    /// Two entities of one person.
    SamePerson,
    /// Neither.
    Different,
    /// At least one of the ids does not exist.
    Unknown,
}

/// An evidence, for people to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvidenceInfo {
    /// Who said so.
    pub source: String,
    /// Its strength, stated or by the rules.
    pub strength: Strength,
    /// When it was observed.
    pub observed_at: Time,
    /// The batch it came with.
    pub batch: Option<String>,
    /// The sender's key of the happening it came from.
    pub event: Option<String>,
    /// When the pending id dies by it.
    pub expires_at: Option<Time>,
    /// The commit that brought it; of those that are not undone, the first.
    pub recorded_seq: u64,
    /// No retraction takes it, and it is not undone.
    pub stands: bool,
    /// Every commit that told it was undone.
    pub undone: bool,
}

/// One edge on the way between two ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The id the step starts from.
    pub from: Id,
    /// The id it leads to.
    pub to: Id,
    /// The edge.
    pub edge: EdgeDump,
    /// Its evidence.
    pub evidence: Vec<EvidenceInfo>,
}

/// An edge of an entity's ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EdgeAround {
    /// The edge.
    pub edge: EdgeDump,
    /// Its evidence.
    pub evidence: Vec<EvidenceInfo>,
    /// The entities of its two ends, in the order of the edge.
    pub entities: [EntityId; 2],
}

/// Ids that an id has edges with and that were not looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MoreEdges {
    /// The id.
    pub id: Id,
    /// What they are.
    pub space: KindScope,
    /// How many: those that were ever told of, also where all that was said is retracted by now.
    pub ids: u64,
}

/// The answer of `edges_around`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EdgesAround {
    /// The edges with evidence that is not retracted: those within the entity, and those that lead out of it.
    pub edges: Vec<EdgeAround>,
    /// What was not looked at; empty = nothing was left out.
    pub more: Vec<MoreEdges>,
    /// Bans that name an id of the entity, the smaller id first.
    pub bans: Vec<(Id, Id)>,
}

/// The answer of `explain`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// Whether they are the same.
    pub verdict: Verdict,
    /// The chain of edges: accepted ones if they are the same, else the way with the fewest rejected edges.
    /// Empty if nothing joins them.
    pub steps: Vec<Step>,
    /// Bans between ids of the two sides.
    pub bans: Vec<(Id, Id)>,
    /// What people decided about the two ids, each step and its ids, and the bans between the sides: bans, blocks and
    /// their lifting, in force or not, with who and why. Who linked by hand is the source of an evidence,
    /// `operator.NAME`.
    pub decisions: Vec<Decision>,
    /// False if there may be a way that is not shown: the search was given up after a named number of ids, or
    /// the way leads through an id that may not be answered.
    pub complete: bool,
}

/// An employee who has, or had, an id of the entity as contact. Debug shows no attributes: some are private.
#[derive(Clone, PartialEq, Eq)]
pub struct Contact {
    /// The employee.
    pub userid: Id,
    /// The contact as the employee's corp sees him.
    pub external_userid: Id,
    /// Since when.
    pub since: Time,
    /// Until when; `None` = still.
    pub until: Option<Time>,
    /// By which way the contact was added: the platform's number for it.
    pub add_way: Option<String>,
    /// The channel it was added by: the company's own word.
    pub state: Option<String>,
    /// Everything that is known of it at the end of the interval, those two too.
    pub attrs: BTreeMap<String, String>,
}

/// An interval of a relation. Debug shows no attributes: some are private.
#[derive(Clone, PartialEq, Eq)]
pub struct RelationInterval {
    /// From whom.
    pub from: Id,
    /// To whom.
    pub to: Id,
    /// Since when.
    pub since: Time,
    /// Until when; `None` = still.
    pub until: Option<Time>,
    /// The attributes at the end of the interval, or at the moment asked about.
    pub attrs: BTreeMap<String, String>,
}

impl fmt::Debug for Contact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} -> {:?} since {}", self.userid, self.external_userid, self.since)
    }
}

impl fmt::Debug for RelationInterval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} -> {:?} since {}", self.from, self.to, self.since)
    }
}

/// A person an id may belong to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggestion {
    /// The edge that suggests it.
    pub edge: EdgeDump,
    /// The shared value that stands between (a phone that both use), where the edge does not touch the
    /// asked id's own entity.
    pub via: Option<Id>,
    /// The other entity.
    pub entity: EntityId,
    /// Its person.
    pub person: PersonId,
}

/// What an entity number leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reached {
    /// The entity that now holds the number.
    Entity(Entity),
    /// It was erased.
    Erased,
    /// It was never given out, or nothing of it may be answered.
    Never,
}

/// Figures about a graph.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Stats {
    /// The last commit.
    pub seq: u64,
    /// When it was recorded.
    pub recorded_at: Time,
    /// Ids.
    pub ids: u64,
    /// Entities.
    pub entities: u64,
    /// Persons.
    pub persons: u64,
    /// Edges with evidence that is not retracted.
    pub edges: u64,
    /// Evidences on all edges, retracted ones too.
    pub evidence: u64,
    /// Relations.
    pub relations: u64,
    /// Tombstones.
    pub erased: u64,
    /// Ids by kind and scope.
    pub ids_by_space: BTreeMap<KindScope, u64>,
    /// Rejected edges by reason.
    pub rejected: BTreeMap<crate::resolve::Reason, u64>,
}
