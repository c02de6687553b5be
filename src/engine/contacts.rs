//! contacts_of and neighbors: whose contact is this entity, and what is related to an id?

use crate::engine::answer::{Contact, RelationInterval};
use crate::engine::facts::flatten;
use crate::engine::reading::restricted_free;
use crate::engine::relations::{of_node, read_intervals};
use crate::engine::resolve::{answerable, forms_of};
use crate::engine::walk::entity_members;
use crate::error::Result;
use crate::model::{Direction, Id, Kind, KindScope, RelationKind};
use crate::records::{NodeNo, RelationKey};
use crate::store::{Lens, Source, State};

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
        if !is_seen || !restricted_free(node) {
            continue;
        }
        let relations = of_node(source, number, RelationKind::Follows.name(), Direction::In);
        for interval in relations.into_iter().flat_map(|key| answered_intervals(source, key)) {
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
pub(crate) fn neighbors<'s>(
    state: &'s State,
    id: &Id,
    kind: &RelationKind,
    direction: Direction,
) -> impl Iterator<Item = Result<RelationInterval>> + use<'s> {
    let relations = Lens::on(state).answer(|lens| {
        let relations =
            related_forms(lens, id).into_iter().flat_map(|node| of_node(lens, node, kind.name(), direction));
        relations.collect()
    });
    // Each with a lens of its own, so that what a hub's millions load is let go on the way.
    flatten(relations).flat_map(move |relation| {
        let intervals = |key| Lens::on(state).answer(|lens| answered_intervals(lens, key));
        flatten(relation.and_then(intervals))
    })
}

/// The nodes at which an id has relations; none if it may not be answered.
pub(crate) fn related_forms(source: &impl Source, id: &Id) -> Vec<NodeNo> {
    answerable(source, id).map_or_else(Vec::new, |number| forms_of(source, number))
}

/// The intervals of a relation whose ends may both be answered.
pub(crate) fn answered_intervals(source: &impl Source, key: RelationKey) -> Vec<RelationInterval> {
    let answered = |id: &Id| answerable(source, id).is_some();
    let intervals = read_intervals(source, key).into_iter();
    intervals.filter(|interval| answered(&interval.from) && answered(&interval.to)).collect()
}
