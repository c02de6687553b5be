//! export_subject: everything that is held about an id, for whoever has to answer its owner.

use std::collections::BTreeSet;

use crate::codec::ndjson;
use crate::engine::answer::EdgeDump;
use crate::engine::dump::dump_edge;
use crate::engine::facts::{facts_of_relation, facts_of_side, tellings_of_pair};
use crate::engine::relations::all_relations;
use crate::engine::resolve::forms_of;
use crate::engine::walk::{all_pairs, entity_members};
use crate::model::{EntityId, Fact, Id, PersonId, Reach, Time};
use crate::records::{Node, NodeNo};
use crate::store::{Lens, Source, State};

/// Everything that is held about an id, or about every id of its entity.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Subject {
    /// The ids, in order.
    pub ids: Vec<SubjectId>,
    /// Every fact that names one of them, in the order they came; retracted ones too.
    pub facts: Vec<SubjectFact>,
    /// What became of the evidence on their edges.
    pub edges: Vec<EdgeDump>,
}

/// An id of a subject.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SubjectId {
    /// The id.
    pub id: Id,
    /// Its entity and person; `None` if only memos and retractions name it.
    pub entity: Option<(EntityId, PersonId)>,
    /// Another id took its place.
    pub superseded: bool,
    /// Its edges bind nobody.
    pub blocked: bool,
    /// It is kept and not answered.
    pub restricted: bool,
}

/// A fact, and when the graph learned of it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SubjectFact {
    /// The fact.
    pub fact: Fact,
    /// The commit that brought it.
    pub seq: u64,
    /// When that was recorded.
    pub recorded_at: Time,
}

/// Everything about an id; `None` if nothing names it. Restricted ids are told: this is for the operator.
pub(crate) fn export_subject(lens: &Lens<&State>, id: &Id, reach: Reach) -> Option<Subject> {
    let canonical = lens.topology().canonical_scope(id.scope()).and_then(|scope| id.with_scope(&scope).ok());
    let id = canonical.as_ref().unwrap_or(id);
    let mut numbers: BTreeSet<NodeNo> =
        lens.number_of(id).map(|number| forms_of(lens, number)).into_iter().flatten().collect();
    if reach == Reach::Entity {
        let members: Vec<NodeNo> = numbers.iter().flat_map(|number| entity_members(lens, *number)).collect();
        numbers.extend(members);
    }
    let nodes: Vec<&Node> = numbers.iter().filter_map(|number| lens.node(*number)).collect();
    let mut ids: BTreeSet<&Id> = nodes.iter().map(|node| &node.id).collect();
    ids.insert(id);
    let pairs: BTreeSet<_> =
        numbers.iter().flat_map(|number| all_pairs(lens, *number)).map(|(_, key)| key).collect();
    let relations: BTreeSet<_> =
        numbers.iter().flat_map(|number| all_relations(lens, *number)).map(|(_, key)| key).collect();
    let sides: BTreeSet<_> = ids.iter().flat_map(|id| lens.sides_naming(id)).collect();
    let mut told: Vec<(Fact, u64)> = pairs.iter().flat_map(|key| tellings_of_pair(lens, *key)).collect();
    told.extend(relations.iter().flat_map(|key| facts_of_relation(lens, *key)));
    told.extend(sides.iter().flat_map(|key| facts_of_side(lens, key)));
    if told.is_empty() {
        return None;
    }
    told.sort_by_cached_key(|(fact, seq)| (*seq, fact.at, ndjson::print(fact)));
    let fact =
        |(fact, seq)| SubjectFact { fact, seq, recorded_at: lens.commit_time(seq).unwrap_or_default() };
    let edges = pairs.iter().filter_map(|key| lens.pair(*key));
    let edges = edges.flat_map(|pair| pair.edges.iter().filter_map(|edge| dump_edge(lens, pair, edge)));
    Some(Subject {
        ids: ids.into_iter().map(|id| subject_id(lens, id)).collect(),
        facts: told.into_iter().map(fact).collect(),
        edges: edges.collect(),
    })
}

fn subject_id(lens: &Lens<&State>, id: &Id) -> SubjectId {
    let node = lens.number_of(id).and_then(|number| lens.node(number));
    let numbers = |node: &Node| {
        let person = lens.node(node.entity).map_or(node.person, |root| root.person);
        (EntityId(u64::from(node.entity)), PersonId(u64::from(person)))
    };
    let has = |flag: fn(&Node) -> bool| node.is_some_and(flag);
    SubjectId {
        id: node.map_or(id, |node| &node.id).clone(),
        entity: node.map(numbers),
        superseded: has(|node| node.superseded),
        blocked: has(|node| node.blocked),
        restricted: has(|node| node.restricted),
    }
}
