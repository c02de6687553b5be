//! suggestions: the persons an id may belong to, which nobody has confirmed.

use crate::engine::answer::{EntityId, PersonId, Suggestion};
use crate::engine::dump::dump_edge;
use crate::engine::reading::restricted_free;
use crate::engine::resolve::answerable;
use crate::engine::walk::{all_pairs, entity_members};
use crate::model::Id;
use crate::resolve::{Reason, Status};
use crate::store::Source;

/// The hint edges from the id's entity to others that no person source confirms.
pub(crate) fn suggestions(source: &impl Source, id: &Id) -> Vec<Suggestion> {
    let Some(start) = answerable(source, id) else { return Vec::new() };
    let mut found = Vec::new();
    for member in entity_members(source, start) {
        for (other, pair) in all_pairs(source, member) {
            let (Some(pair), Some(other)) = (source.pair(pair), source.node(other)) else { continue };
            if !restricted_free(&other) {
                continue;
            }
            let Some(person) = source.node(other.entity).map(|root| PersonId(u64::from(root.person))) else {
                continue;
            };
            let open = |edge: &&crate::store::Edge| edge.state.status == Status::Rejected(Reason::Suggestion);
            for edge in pair.edges.iter().filter(open) {
                let edge = dump_edge(source, &pair, edge);
                let entity = EntityId(u64::from(other.entity));
                found.extend(edge.map(|edge| Suggestion { edge, entity, person }));
            }
        }
    }
    found.sort_by(|x, y| (x.entity, &x.edge.a, &x.edge.b).cmp(&(y.entity, &y.edge.a, &y.edge.b)));
    found
}
