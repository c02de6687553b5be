//! contacts_of: whose contact is this entity, since when, and how?

use crate::engine::answer::{Contact, RelationInterval};
use crate::engine::neighbors::answered_intervals;
use crate::engine::reading::restricted_free;
use crate::engine::relations::of_node;
use crate::engine::resolve::{answerable, number_now};
use crate::engine::walk::entity_members;
use crate::model::{Direction, EntityId, Id, Kind, KindScope, RelationKind, When};
use crate::records::NodeNo;
use crate::store::Source;

/// The employees who have, or had, an id of the id's entity as contact in this view.
pub(crate) fn contacts_of(source: &impl Source, id: &Id, view: &str) -> Vec<Contact> {
    answerable(source, id).map_or_else(Vec::new, |number| contacts_around(source, number, view))
}

/// The same of the entity that now holds a number ever handed out.
pub(crate) fn contacts_of_entity(source: &impl Source, entity: EntityId, view: &str) -> Vec<Contact> {
    number_now(source, entity).map_or_else(|_| Vec::new(), |number| contacts_around(source, number, view))
}

/// Open ones first, then latest first.
fn contacts_around(source: &impl Source, entity: NodeNo, view: &str) -> Vec<Contact> {
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
        let intervals = relations.into_iter().flat_map(|key| answered_intervals(source, key, When::Ever));
        contacts.extend(intervals.map(contact));
    }
    contacts.sort_by(|x, y| {
        (y.until.is_none(), y.since, &x.userid).cmp(&(x.until.is_none(), x.since, &y.userid))
    });
    contacts
}

fn contact(interval: RelationInterval) -> Contact {
    let attr = |name: &str| interval.attrs.get(name).cloned();
    Contact {
        add_way: attr("add_way"),
        state: attr("state"),
        userid: interval.from,
        external_userid: interval.to,
        since: interval.since,
        until: interval.until,
        attrs: interval.attrs,
    }
}
