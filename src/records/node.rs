//! The records of a graph: ids as nodes, the edges between two nodes as one pair, relations.
//!
//! # Invariants
//!   N1 a node's groups are sorted by (space, candidate) and none is empty; a pair stands in exactly one
//!      group of each of its ends: in the candidate one if an edge of it is stronger than hint and not
//!      rejected by 3.1 or 3.2, so that the group's size is the degree of 3.4.
//!   N2 `named` counts the facts that let the node exist; a node with none is gone.
//!   N3 a pair has its smaller node number as `a`.
//!   N4 `person` and `members` are meaningful on the node that carries its entity's number only.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::{Direction, Id, Strength, Time};
use crate::records::keys::{ListKey, NodeNo, PairKey, Sym};
use crate::records::list::{List, ListItem};
use crate::records::undone::Undone;
use crate::resolve::{Conflict, EdgeForce, EdgeKind, Level, Reason, Status};

/// A place in the node table.
#[derive(Debug, Clone)]
pub(crate) enum Slot {
    /// An id.
    Live(Arc<Node>),
    /// Erased; leads to the smallest surviving node of its entity at that moment.
    Gone(Option<NodeNo>),
}

/// An id and what touches it.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) id: Id,
    /// Its (kind, scope).
    pub(crate) space: Sym,
    pub(crate) named: u32,
    pub(crate) entity: NodeNo,
    pub(crate) person: NodeNo,
    /// The ids of the entity in order of their numbers, on the node that carries its number; `None` = alone.
    pub(crate) members: Option<Arc<[MemberRef]>>,
    pub(crate) superseded: bool,
    pub(crate) blocked: bool,
    pub(crate) restricted: bool,
    /// Its hint edges reach too many entities (3.8).
    pub(crate) hint_hub: bool,
    pub(crate) groups: Vec<Group>,
    /// The other end of every pair with an edge in `Phase::Hint`.
    pub(crate) hints: List<NodeNo>,
    /// Nodes that a ban stands between.
    pub(crate) bans: Vec<NodeNo>,
    pub(crate) relations: Vec<RelationGroup>,
    /// Some of its pairs may lie outside of its record in a segment.
    pub(crate) far_pairs: bool,
    /// Of pending ids.
    pub(crate) clock: Option<Box<PendingClock>>,
}

impl Node {
    /// A node that nothing touches yet, alone in its entity.
    pub(crate) fn new(id: Id, space: Sym, number: NodeNo) -> Node {
        Node {
            id,
            space,
            named: 0,
            entity: number,
            person: number,
            members: None,
            superseded: false,
            blocked: false,
            restricted: false,
            hint_hub: false,
            groups: Vec::new(),
            hints: List::default(),
            bans: Vec::new(),
            relations: Vec::new(),
            far_pairs: false,
            clock: None,
        }
    }
}

impl Node {
    /// degree(x, k) of 3.4: how many ids of a (kind, scope) its candidate pairs lead to.
    pub(crate) fn degree(&self, space: Sym) -> usize {
        let at = self.groups.binary_search_by_key(&(space, true), |group| (group.space, group.candidate));
        let group = at.ok().and_then(|at| self.groups.get(at)).filter(|group| !group.passing);
        group.map_or(0, |group| group.links.len())
    }
}

impl Node {
    /// The same node to be changed while a segment is written of this one: long lists lie below.
    pub(crate) fn on_top(&self) -> Node {
        let mut node = self.clone();
        node.groups.iter_mut().for_each(|group| group.links = group.links.on_top());
        node.hints = node.hints.on_top();
        node.relations.iter_mut().for_each(|group| group.links = group.links.on_top());
        if let Some(clock) = &mut node.clock {
            (clock.ends, clock.latest) = (clock.ends.on_top(), clock.latest.on_top());
        }
        node
    }
}

/// An item of a node's lists.
pub(crate) trait NodeItem: ListItem {
    /// The list of a node that a key names, if it has one.
    fn list_in(node: &Node, key: ListKey) -> Option<&List<Self>>;
}

impl NodeItem for NodeNo {
    fn list_in(node: &Node, key: ListKey) -> Option<&List<NodeNo>> {
        match key {
            ListKey::Group { space, candidate, .. } => {
                let group =
                    node.groups.iter().find(|group| (group.space, group.candidate) == (space, candidate));
                group.map(|group| &group.links)
            }
            ListKey::Hints(_) => Some(&node.hints),
            ListKey::Relations { kind, direction, .. } => {
                let group =
                    node.relations.iter().find(|group| (group.kind, group.direction) == (kind, direction));
                group.map(|group| &group.links)
            }
            _ => None,
        }
    }
}

impl NodeItem for (Reverse<Time>, NodeNo) {
    fn list_in(node: &Node, key: ListKey) -> Option<&List<Self>> {
        let clock = node.clock.as_ref()?;
        match key {
            ListKey::ClockEnds(_) => Some(&clock.ends),
            ListKey::ClockLatest(_) => Some(&clock.latest),
            _ => None,
        }
    }
}

/// An id of an entity, as the entity's root lists it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MemberRef {
    pub(crate) number: NodeNo,
    /// Its (kind, scope).
    pub(crate) space: Sym,
}

/// A node's pairs with ids of one (kind, scope).
#[derive(Debug, Clone)]
pub(crate) struct Group {
    pub(crate) space: Sym,
    pub(crate) candidate: bool,
    /// Ids of this space never make a hub (pending ids, state tokens).
    pub(crate) passing: bool,
    /// The other ends.
    pub(crate) links: List<NodeNo>,
}

/// A node's relations of one kind and direction.
#[derive(Debug, Clone)]
pub(crate) struct RelationGroup {
    pub(crate) kind: Sym,
    pub(crate) direction: Direction,
    /// The other ends.
    pub(crate) links: List<NodeNo>,
}

/// What a pending id's life depends on (3.2).
#[derive(Debug, Clone)]
pub(crate) struct PendingClock {
    /// When it dies by each pair that says so, and the pair's other end; latest first.
    pub(crate) ends: List<(Reverse<Time>, NodeNo)>,
    /// The latest observation on each of its pairs, and the pair's other end; latest first.
    pub(crate) latest: List<(Reverse<Time>, NodeNo)>,
    /// The greatest of `ends`; `Time::MAX` = unbounded.
    pub(crate) valid_to: Time,
}

/// What a pair contributes to the clocks of its pending ends, kept so that it can be taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PendingPair {
    /// When the pending end dies by this pair.
    pub(crate) end: Option<Time>,
    /// The latest observation on this pair.
    pub(crate) latest: Option<Time>,
}

/// Which edge between the two nodes of a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Direct {
    /// Undirected.
    Same,
    /// `a` is the old id.
    AToB,
    /// `b` is the old id.
    BToA,
}

impl Direct {
    /// The kind of the edge.
    pub(crate) fn kind(self) -> EdgeKind {
        match self {
            Direct::Same => EdgeKind::Same,
            Direct::AToB | Direct::BToA => EdgeKind::Supersede,
        }
    }
}

/// The edges between two nodes.
#[derive(Debug, Clone)]
pub(crate) struct Pair {
    pub(crate) a: NodeNo,
    pub(crate) b: NodeNo,
    /// One to three, by `direct`.
    pub(crate) edges: Vec<Edge>,
    /// In a candidate group (N1).
    pub(crate) candidate: bool,
    /// A candidate that no hub and no block took out (3.4): part of a family.
    pub(crate) live: bool,
    pub(crate) pending: Option<PendingPair>,
}

impl Pair {
    /// Its key.
    pub(crate) fn key(&self) -> PairKey {
        PairKey::new(self.a, self.b)
    }

    /// The end that is not `node`.
    pub(crate) fn other(&self, node: NodeNo) -> NodeNo {
        if self.a == node { self.b } else { self.a }
    }

    /// Its edge in one direction.
    pub(crate) fn edge(&self, direct: Direct) -> Option<&Edge> {
        self.edges.iter().find(|edge| edge.direct == direct)
    }
}

/// An edge and its evidence.
#[derive(Debug, Clone)]
pub(crate) struct Edge {
    pub(crate) direct: Direct,
    pub(crate) evidence: Vec<Evidence>,
    pub(crate) state: EdgeState,
}

/// One evidence: all tellings of it together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Evidence {
    pub(crate) source: Sym,
    pub(crate) batch: Option<Sym>,
    pub(crate) event: Option<Arc<str>>,
    /// The greatest strength a telling stated.
    pub(crate) stated: Option<Strength>,
    pub(crate) observed_at: Time,
    /// The greatest a telling gave.
    pub(crate) expires_at: Option<Time>,
    /// The commit that brought it.
    pub(crate) recorded_seq: u64,
    /// What each telling said that said more than those before it that counted, the first included; `None` = there was
    /// one.
    pub(crate) tellings: Option<Arc<[Telling]>>,
}

impl Evidence {
    /// All tellings as one.
    pub(crate) fn whole(&self) -> Telling {
        let Evidence { stated, expires_at, recorded_seq, .. } = *self;
        Telling { stated, expires_at, recorded_seq }
    }

    /// Every telling by itself.
    pub(crate) fn all_tellings(&self) -> impl Iterator<Item = Telling> {
        let all = self.tellings.as_deref().unwrap_or_default();
        all.iter().copied().chain(self.tellings.is_none().then(|| self.whole()))
    }

    /// The tellings of some commits as one; `None` if there is none.
    pub(crate) fn said_by(&self, mut commits: impl FnMut(u64) -> bool) -> Option<Telling> {
        self.all_tellings().filter(|telling| commits(telling.recorded_seq)).reduce(|x, y| Telling {
            stated: x.stated.max(y.stated),
            expires_at: x.expires_at.max(y.expires_at),
            recorded_seq: x.recorded_seq,
        })
    }

    /// What the tellings that count said together; `None` if none does.
    pub(crate) fn said(&self, undone: &Undone) -> Option<Telling> {
        if undone.is_empty() { Some(self.whole()) } else { self.said_by(|seq| undone.counts(seq)) }
    }
}

/// What one telling said of an evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Telling {
    pub(crate) stated: Option<Strength>,
    pub(crate) expires_at: Option<Time>,
    pub(crate) recorded_seq: u64,
}

/// How far an edge came before hubs, blocks and families.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// All its evidence is retracted.
    Silent,
    /// Rejected by 3.1 or 3.2.
    Void(Reason),
    /// For persons only.
    Hint,
    /// For families.
    Candidate,
}

/// What became of an edge.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct EdgeState {
    pub(crate) phase: Phase,
    pub(crate) force: EdgeForce,
    /// Holds counting evidence from a person source.
    pub(crate) joins_persons: bool,
    pub(crate) status: Status,
    pub(crate) level: Level,
    pub(crate) conflict: Option<Arc<Conflict>>,
    /// Evidences that are not retracted.
    pub(crate) evidence_count: u32,
}

impl EdgeState {
    /// Before the first resolution.
    pub(crate) fn new() -> EdgeState {
        EdgeState {
            phase: Phase::Silent,
            force: EdgeForce { strength: Strength::Hint, since: Time::MIN },
            joins_persons: false,
            status: Status::Accepted,
            level: Level::Entity,
            conflict: None,
            evidence_count: 0,
        }
    }

    /// An edge that 3.8 may use: a hint, or a cardinality conflict that a person source speaks for.
    pub(crate) fn is_personal(&self) -> bool {
        self.phase == Phase::Hint || self.came_as_cardinality()
    }

    /// Why it is in conflict with what is known, if it is.
    pub(crate) fn conflict_reason(&self) -> Option<Reason> {
        let rejected = self.status.reason().filter(|_| self.phase != Phase::Silent);
        rejected.filter(|reason| reason.is_conflict())
    }

    /// Rejected by 3.7 as cardinality, with counting evidence from a person source.
    pub(crate) fn came_as_cardinality(&self) -> bool {
        self.phase == Phase::Candidate && self.conflict.is_some() && self.joins_persons
    }
}

/// A relation between two nodes: its facts.
#[derive(Debug, Clone)]
pub(crate) struct Relation {
    pub(crate) ops: Vec<RelationOp>,
}

/// A relate or unrelate fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RelationOp {
    pub(crate) at: Time,
    pub(crate) opens: bool,
    pub(crate) source: Sym,
    pub(crate) batch: Option<Sym>,
    pub(crate) attrs: Option<Arc<BTreeMap<String, String>>>,
    pub(crate) recorded_seq: u64,
}
