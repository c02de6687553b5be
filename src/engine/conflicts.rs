//! conflicts: what contradicts what is known, as work for people: both sides, how grave it is, and what to do.
//!
//! # Severity
//! A conflict is as grave as the weakest of what clashes in it is strong: the rejected edge, and of each side the
//! strongest edge that holds the colliding ids there. `High`: all of it is `platform` or `asserted`. `Medium`: all of it
//! is `business` or `confirmed` at least. `Low`: some of it is weaker. A cycle and a size have no colliding ids; there
//! the rejected edge alone says.
//!
//! # Acts
//! The first fits best. Two openids, userids or chat ids where there can be one: the one that was observed last has most
//! often taken the other's place (`supersede`), if all of what clashes is at least `business`; the two then collide no
//! more. Else what came last is the likelier error, and that is the edge: what was said of it is withdrawn (`retract`).
//! Or a person decides that the two are not the same (`ban`), but of an oversize family, which bans do not make
//! smaller. Either closes the conflict.

use crate::engine::answer::{EdgeDump, EvidenceInfo};
use crate::engine::dump::{dump_edge, is_conflict};
use crate::engine::facts::flatten;
use crate::engine::reading::{evidence_of, may_answer, restricted_free};
use crate::engine::retract::stands;
use crate::engine::translate::latest_observed;
use crate::engine::walk::{binds, entity_members, live_pairs, pairs_from};
use crate::error::Result;
use crate::model::{EntityId, Fact, Id, Kind, Op, Selector, Strength, Time};
use crate::records::{Edge, NodeNo, Pair};
use crate::resolve::{Conflict, Reason, Status};
use crate::store::{Lens, Source, State};

/// An edge that is in conflict with what is known, and what a person needs to decide it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenConflict {
    /// The edge, which was rejected.
    pub edge: EdgeDump,
    /// Its evidence.
    pub evidence: Vec<EvidenceInfo>,
    /// The entities of its two ends, in the order of the edge; of a cycle both may be one.
    pub sides: [ConflictSide; 2],
    /// How grave it is.
    pub severity: Severity,
    /// What would close it; the first fits best.
    pub acts: Vec<Act>,
}

/// An entity that a conflict keeps from another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConflictSide {
    /// Its number.
    pub entity: EntityId,
    /// Its ids in order of their text.
    pub ids: Vec<Id>,
    /// The ids in it that collide with some on the other side, and what holds each there.
    pub held: Vec<Held>,
}

/// A colliding id, and the evidence for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The id.
    pub id: Id,
    /// The accepted edges that join it with others of its side, with their evidence; none if it is alone there.
    pub edges: Vec<(EdgeDump, Vec<EvidenceInfo>)>,
}

/// How grave a conflict is, least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// Some of what clashes is weaker than the company's own word.
    Low,
    /// The company's own word clashes with something at least as strong.
    Medium,
    /// WeChat's word, or a person's, clashes with the like.
    High,
}

impl Severity {
    /// The name in answers.
    pub fn name(self) -> &'static str {
        match self {
            Severity::Low => "low",
            Severity::Medium => "medium",
            Severity::High => "high",
        }
    }

    fn of(weakest: Strength) -> Severity {
        match weakest {
            Strength::Asserted | Strength::Platform => Severity::High,
            Strength::Confirmed | Strength::Business => Severity::Medium,
            Strength::Provisional | Strength::Hint => Severity::Low,
        }
    }
}

/// What somebody may do about a conflict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// The new id took the old one's place.
    Supersede {
        /// The dead one.
        old: Id,
        /// Its successor.
        new: Id,
    },
    /// What was said of the edge does not count.
    Retract {
        /// One end.
        a: Id,
        /// The other end.
        b: Id,
        /// The source that said all of it; `None` if several did.
        source: Option<String>,
    },
    /// The two are not the same.
    Ban {
        /// One end.
        a: Id,
        /// The other end.
        b: Id,
    },
}

impl Act {
    /// The fact that does it: `actor` decides at `at`, for a `reason`. Only a ban has a place for actor and reason; of a
    /// supersede the source names the actor, a retraction names neither.
    pub fn fact(&self, actor: &str, reason: &str, at: Time) -> Fact {
        let op = match self.clone() {
            Act::Supersede { old, new } => {
                Op::Supersede { old, new, source: format!("operator.{actor}"), strength: None, event: None }
            }
            Act::Retract { a, b, source } => Op::Retract(Selector::Pair { a, b, source }),
            Act::Ban { a, b } => Op::Ban { a, b, reason: reason.to_owned(), actor: actor.to_owned() },
        };
        Fact { at, batch: None, op }
    }
}

/// The conflicts of the whole graph, in the order of its edges.
pub(crate) fn conflicts(state: &State) -> impl Iterator<Item = Result<OpenConflict>> + '_ {
    (0..state.number_count)
        .flat_map(move |number| flatten(Lens::on(state).answer(|lens| conflicts_from(lens, number))))
}

/// Those of the pairs that a node is the smaller end of, as far as they may be answered.
pub(crate) fn conflicts_from(source: &impl Source, number: NodeNo) -> Vec<OpenConflict> {
    let mut found = Vec::new();
    for pair in pairs_from(source, number).into_iter().filter_map(|key| source.pair(key)) {
        let rejected = pair.edges.iter().filter(|edge| edge.state.status != Status::Accepted);
        found.extend(rejected.filter_map(|edge| conflict_of(source, pair, edge)));
    }
    found
}

fn conflict_of(source: &impl Source, pair: &Pair, edge: &Edge) -> Option<OpenConflict> {
    let mut dumped = dump_edge(source, pair, edge).filter(is_conflict)?;
    let (x, y) = (source.node(pair.a)?, source.node(pair.b)?);
    if !restricted_free(x) || !restricted_free(y) {
        return None;
    }
    if let Some(conflict) = &mut dumped.conflict {
        conflict.ids.retain(|id| may_answer(source, id));
    }
    let evidence = evidence_of(source, edge, |evidence| stands(source, x, y, evidence));
    // In the order of the edge.
    let ends = if dumped.a == x.id { [pair.a, pair.b] } else { [pair.b, pair.a] };
    let sides = ends.map(|end| side_of(source, end, dumped.conflict.as_ref()));
    let weakest = sides.iter().filter_map(hold).fold(dumped.strength, Strength::min);
    let acts = acts(source, &dumped, &evidence, &sides, weakest);
    Some(OpenConflict { severity: Severity::of(weakest), edge: dumped, evidence, sides, acts })
}

fn side_of(source: &impl Source, end: NodeNo, conflict: Option<&Conflict>) -> ConflictSide {
    let mut side = ConflictSide { entity: EntityId(u64::from(end)), ids: Vec::new(), held: Vec::new() };
    for number in entity_members(source, end) {
        let Some(node) = source.node(number) else { continue };
        side.entity = EntityId(u64::from(node.entity));
        if !restricted_free(node) {
            continue;
        }
        side.ids.push(node.id.clone());
        if conflict.is_some_and(|conflict| conflict.ids.contains(&node.id)) {
            side.held.push(Held { id: node.id.clone(), edges: edges_at(source, number) });
        }
    }
    side.ids.sort_unstable();
    side.held.sort_unstable_by(|x, y| x.id.cmp(&y.id));
    side
}

/// The edges that hold a node in its entity.
fn edges_at(source: &impl Source, number: NodeNo) -> Vec<(EdgeDump, Vec<EvidenceInfo>)> {
    let mut edges = Vec::new();
    for pair in live_pairs(source, number).into_iter().filter_map(|(_, key)| source.pair(key)) {
        let (Some(x), Some(y)) = (source.node(pair.a), source.node(pair.b)) else { continue };
        if !restricted_free(x) || !restricted_free(y) {
            continue;
        }
        for edge in pair.edges.iter().filter(|edge| binds(edge)) {
            let evidence = evidence_of(source, edge, |evidence| stands(source, x, y, evidence));
            edges.extend(dump_edge(source, pair, edge).map(|dumped| (dumped, evidence)));
        }
    }
    edges
}

/// How strongly a side holds what collides; `None` if nothing does, or it is there by itself.
fn hold(side: &ConflictSide) -> Option<Strength> {
    side.held.iter().flat_map(|held| &held.edges).map(|(edge, _)| edge.strength).max()
}

fn acts(
    source: &impl Source,
    edge: &EdgeDump,
    evidence: &[EvidenceInfo],
    sides: &[ConflictSide; 2],
    weakest: Strength,
) -> Vec<Act> {
    let mut acts = Vec::new();
    if edge.status == Status::Rejected(Reason::Cardinality)
        && weakest >= Strength::Business
        && let Some((old, new)) = succession(source, sides)
    {
        acts.push(Act::Supersede { old, new });
    }
    let (a, b) = (edge.a.clone(), edge.b.clone());
    let mut sources = evidence.iter().filter(|evidence| evidence.stands).map(|evidence| &evidence.source);
    let first = sources.next();
    let source = first.filter(|first| sources.all(|source| source == *first)).cloned();
    acts.push(Act::Retract { a: a.clone(), b: b.clone(), source });
    // Families are cut down to size before bans are looked at.
    if edge.status != Status::Rejected(Reason::Oversize) {
        acts.push(Act::Ban { a, b });
    }
    acts
}

/// Where two ids collide of a kind whose ids take each other's place: the one seen last is the successor.
fn succession(source: &impl Source, sides: &[ConflictSide; 2]) -> Option<(Id, Id)> {
    let [x, y] = sides.each_ref().map(|side| match side.held.as_slice() {
        [only] if matches!(only.id.kind(), Kind::Openid | Kind::Userid | Kind::ChatId) => Some(&only.id),
        _ => None,
    });
    let (x, y) = (x?, y?);
    let seen = |id: &Id| source.number_of(id).and_then(|number| latest_observed(source, number));
    match (seen(x)?, seen(y)?) {
        (of_x, of_y) if of_x < of_y => Some((x.clone(), y.clone())),
        (of_x, of_y) if of_y < of_x => Some((y.clone(), x.clone())),
        _ => None,
    }
}
