//! suggestions: the persons an id may belong to, which nobody has confirmed.

use crate::engine::answer::Suggestion;
use crate::engine::dump::dump_edge;
use crate::engine::reading::restricted_free;
use crate::engine::resolve::answerable;
use crate::engine::walk::entity_members;
use crate::model::{EntityId, Id, Kind, PersonId};
use crate::records::{Node, NodeNo, PairKey};
use crate::resolve::{Reason, Status};
use crate::store::Source;

/// The hint edges from the id's entity to others that no person source confirms, and, where such an edge
/// leads to a phone, those from the phone to whoever else uses it.
pub(crate) fn suggestions(source: &impl Source, id: &Id) -> Vec<Suggestion> {
    let Some(start) = answerable(source, id) else { return Vec::new() };
    let Some(own) = source.node(start).map(|node| node.entity) else { return Vec::new() };
    let mut found = Vec::new();
    for member in entity_members(source, start) {
        if source.node(member).is_none_or(|node| !restricted_free(node)) {
            continue;
        }
        for (other, suggestion) in open_hints(source, member, None) {
            let phone = source.node(other).filter(|node| *node.id.kind() == Kind::Phone);
            found.push(suggestion);
            let Some(phone) = phone else { continue };
            for (user, suggestion) in open_hints(source, other, Some(&phone.id)) {
                if source.node(user).is_some_and(|user| user.entity != own) {
                    found.push(suggestion);
                }
            }
        }
    }
    found.sort_by(|x, y| (x.entity, &x.edge.a, &x.edge.b).cmp(&(y.entity, &y.edge.a, &y.edge.b)));
    found.dedup();
    found
}

/// The suggestions that touch a node, with their other ends. A hub's hints suggest nothing and are not
/// walked.
fn open_hints(source: &impl Source, number: NodeNo, via: Option<&Id>) -> Vec<(NodeNo, Suggestion)> {
    let Some(node) = source.node(number).filter(|node| !node.hint_hub) else { return Vec::new() };
    let mut found = Vec::new();
    for other in source.hints(number, node) {
        let pair = source.pair(PairKey::new(number, other));
        let (Some(pair), Some(end)) = (pair, source.node(other)) else { continue };
        let Some(person) = person_of(source, end) else { continue };
        let open = pair.edges.iter().filter(|e| e.state.status == Status::Rejected(Reason::Suggestion));
        for edge in open.filter(|_| restricted_free(end)) {
            let entity = EntityId(u64::from(end.entity));
            let edge = dump_edge(source, pair, edge);
            let suggestion = edge.map(|edge| Suggestion { edge, via: via.cloned(), entity, person });
            found.extend(suggestion.map(|suggestion| (other, suggestion)));
        }
    }
    found
}

fn person_of(source: &impl Source, node: &Node) -> Option<PersonId> {
    source.node(node.entity).map(|root| PersonId(u64::from(root.person)))
}
