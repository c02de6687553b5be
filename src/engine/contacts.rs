//! contacts_of and neighbors: whose contact is this entity, and what is related to an id?

use crate::engine::answer::{Contact, RelationInterval};
use crate::engine::reading::restricted_free;
use crate::engine::relations::{of_node, read_intervals};
use crate::engine::resolve::{answerable, forms_of};
use crate::engine::walk::entity_members;
use crate::model::{Direction, Id, Kind, KindScope, RelationKind};
use crate::store::{NodeNo, Source};

/// The employees who have, or had, an id of the entity in this view as contact: latest first.
pub(crate) fn contacts_of(source: &impl Source, entity: NodeNo, view: &str) -> Vec<Contact> {
    let Ok(space) = KindScope::new(Kind::ExternalUserid, view) else { return Vec::new() };
    let view = source.topology().canonical_scope(space.scope()).unwrap_or_else(|| space.scope().to_owned());
    let mut contacts = Vec::new();
    for number in entity_members(source, entity) {
        let Some(node) = source.node(number) else { continue };
        let scope = source.topology().canonical_scope(node.id.scope());
        let is_seen =
            *node.id.kind() == Kind::ExternalUserid && scope.as_deref().unwrap_or(node.id.scope()) == view;
        if !is_seen || !restricted_free(&node) {
            continue;
        }
        for interval in related(source, vec![number], &RelationKind::Follows, Direction::In) {
            contacts.push(Contact {
                userid: interval.from,
                external_userid: interval.to,
                since: interval.since,
                until: interval.until,
                attrs: interval.attrs,
            });
        }
    }
    contacts.sort_by(|x, y| {
        (y.until.is_none(), y.since, &x.userid).cmp(&(x.until.is_none(), x.since, &y.userid))
    });
    contacts
}

/// The intervals of an id's relations of one kind and direction; restricted ids are not answered.
pub(crate) fn neighbors<'s, S: Source>(
    source: &'s S,
    id: &Id,
    kind: &'s RelationKind,
    direction: Direction,
) -> impl Iterator<Item = RelationInterval> + use<'s, S> {
    let forms = answerable(source, id).map_or_else(Vec::new, |number| forms_of(source, number));
    related(source, forms, kind, direction)
}

fn related<'s, S: Source>(
    source: &'s S,
    nodes: Vec<NodeNo>,
    kind: &'s RelationKind,
    direction: Direction,
) -> impl Iterator<Item = RelationInterval> + use<'s, S> {
    let relations = nodes.into_iter().flat_map(move |node| of_node(source, node, kind.name(), direction));
    let answered = |id: &Id| answerable(source, id).is_some();
    relations
        .flat_map(|number| read_intervals(source, number))
        .filter(move |interval| answered(&interval.from) && answered(&interval.to))
}
