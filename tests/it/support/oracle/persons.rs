//! Persons, section 3.8 of the design: entities joined by hints and by an operator's word.

use std::collections::{BTreeMap, BTreeSet};

use idweave::Id;

use super::counting::State;
use super::outcome::Power;
use super::resolve::{Groups, Work};

impl State {
    /// Joins entities (by their group numbers) into persons. `edges` come in rank order.
    pub(crate) fn build_persons(&self, edges: &mut [Work], entities: &Groups<Id>) -> Groups<usize> {
        let entity_numbers: BTreeSet<usize> = self.ids.iter().map(|id| entities.number(id)).collect();
        let mut persons = Groups::alone(entity_numbers);
        let reach = reach_by_hints(edges, entities);
        let is_hint_hub =
            |id: &Id| reach.get(id).is_some_and(|reached| reached.len() > self.settings.hint_hub_limit());
        for edge in edges.iter_mut() {
            let is_hint = edge.power == Power::Hint && edge.rejected.is_none();
            let has_word = edge.counting().any(|e| self.settings.is_person_source(&e.key.source));
            let is_told_of_accounts = edge.rejected == Some("cardinality") && has_word;
            if !is_hint && !is_told_of_accounts {
                continue;
            }
            let (a, b) = (&edge.key.a, &edge.key.b);
            let (left, right) = (entities.number(a), entities.number(b));
            let reason = if is_hint && (is_hint_hub(a) || is_hint_hub(b)) {
                Some("hub")
            } else if self.blocked.contains(a) || self.blocked.contains(b) {
                Some("blocked")
            } else if persons.number(&left) == persons.number(&right) {
                None
            } else if !has_word {
                Some("suggestion")
            } else if self
                .is_ban_between(&ids_of(&persons, left, entities), &ids_of(&persons, right, entities))
            {
                Some("banned")
            } else if persons.of(&left).len() + persons.of(&right).len() > self.settings.max_entities() {
                Some("size")
            } else {
                persons.unite(&left, &right);
                None
            };
            match reason {
                None => {
                    edge.rejected = None;
                    edge.is_person_level = true;
                }
                Some(reason) if is_hint => edge.rejected = Some(reason),
                // An edge that came as `cardinality` keeps that reason.
                Some(_) => {}
            }
        }
        persons
    }
}

/// For each id the entities of the other ends of its hint edges.
///
/// Reading: of the hint edges not rejected by 3.1 and 3.2, all taken before the first is judged; the id's own
/// entity is one of them where a hint edge stays inside of it.
fn reach_by_hints(edges: &[Work], entities: &Groups<Id>) -> BTreeMap<Id, BTreeSet<usize>> {
    let mut reach: BTreeMap<Id, BTreeSet<usize>> = BTreeMap::new();
    for edge in edges.iter().filter(|edge| edge.power == Power::Hint && edge.rejected.is_none()) {
        for (id, other) in [(&edge.key.a, &edge.key.b), (&edge.key.b, &edge.key.a)] {
            reach.entry(id.clone()).or_default().insert(entities.number(other));
        }
    }
    reach
}

/// The ids of the person that holds an entity.
fn ids_of(persons: &Groups<usize>, entity: usize, entities: &Groups<Id>) -> BTreeSet<Id> {
    let numbers = persons.of(&entity);
    entities
        .all()
        .filter(|ids| ids.first().is_some_and(|first| numbers.contains(&entities.number(first))))
        .flatten()
        .cloned()
        .collect()
}
