//! Bringing the past: the facts of today that counted then are told to the small graph of then, under the numbers that
//! their ids have.
//!
//! A list may be so long that nobody wants all of it: the users of a shared phone, the ids that junk was linked to. As
//! soon as what is here of it makes its id a hub, the rest changes nothing for anyone else (3.4, 3.8): more edges never
//! make less of a hub. Such a list is *capped*; a question that looks into it brings the rest.

use std::sync::Arc;

use crate::engine::apply::perform;
use crate::engine::facts::{facts_of_relation, facts_of_side};
use crate::engine::past::state::PastState;
use crate::engine::relations::relation_key;
use crate::engine::settle::settle;
use crate::engine::tell::put;
use crate::error::Result;
use crate::model::{Fact, Id, Kind, Op, Selector};
use crate::records::{Evidence, ListKey, Node, NodeNo, PairKey, RelationKey, SideKey, Slot, Sym, Telling};
use crate::store::Source;

/// Lists up to this length are always brought whole.
const SHORT: usize = 64;

impl PastState {
    /// Brings what decides about a number, and lets it exist if it did (P1).
    pub(in crate::engine::past) fn bring(&mut self, number: NodeNo) -> Result<()> {
        if !self.here.brought.insert(number) {
            return Ok(());
        }
        let node = match self.today.slot(number) {
            Some(Slot::Live(node)) => node.clone(),
            Some(gone) => {
                self.then.state.adopt(number, gone);
                return Ok(());
            }
            None => return Ok(()),
        };
        // First: what retractions of pairs take makes nobody a hub.
        self.bring_sides(&node.id)?;
        for space in spaces_of(&node) {
            if links_in(&node, space) <= SHORT || *node.id.kind() == Kind::PendingId {
                self.tell_pairs(number, self.others_in(number, &node, space))?;
            } else if *node.id.kind() == Kind::Phone {
                // Hints, which decide about persons only: `bring_hints`.
                self.cap(number, space);
            } else {
                self.bring_star(number, &node, space)?;
            }
        }
        // An id that no other fact names may be there for a relation.
        let mut relations = self.relations_of(number, &node).into_iter();
        while self.then.state.slot(number).is_none()
            && let Some(key) = relations.next()
        {
            self.tell_relation(key)?;
        }
        Ok(())
    }

    /// Brings a long list until its id is a hub.
    fn bring_star(&mut self, number: NodeNo, node: &Node, space: Sym) -> Result<()> {
        let limit = self.then.state.rules.hub_limit;
        let is_passing = node.groups.iter().any(|group| group.space == space && group.passing);
        let others = self.others_in(number, node, space);
        for chunk in others.chunks(limit.max(SHORT) + 1) {
            if !is_passing && self.then.state.node(number).is_some_and(|node| node.degree(space) > limit) {
                self.cap(number, space);
                return Ok(());
            }
            self.tell_pairs(number, chunk.to_vec())?;
            settle(&mut self.then)?;
        }
        Ok(())
    }

    /// Brings the long lists of a phone until it is a hub of hints.
    pub(in crate::engine::past) fn bring_hints(&mut self, number: NodeNo) -> Result<()> {
        if !self.here.capped.contains(&ListKey::Hints(number)) {
            return Ok(());
        }
        let Some(node) = self.today.node(number).cloned() else { return Ok(()) };
        let long = spaces_of(&node).into_iter().filter(|space| links_in(&node, *space) > SHORT);
        let others: Vec<NodeNo> = long.flat_map(|space| self.others_in(number, &node, space)).collect();
        let limit = self.then.state.rules.hint_hub_limit;
        for chunk in others.chunks(limit.saturating_add(1)) {
            if self.reached_by_hints(number) > limit {
                return Ok(());
            }
            self.tell_pairs(number, chunk.to_vec())?;
            for other in chunk {
                self.complete_family(*other)?;
            }
        }
        self.uncap(number);
        Ok(())
    }

    /// Brings the rest of a list that is here in part.
    pub(in crate::engine::past) fn bring_list(&mut self, list: ListKey) -> Result<()> {
        let (ListKey::Group { node: number, .. } | ListKey::Hints(number)) = list else { return Ok(()) };
        let Some(node) = self.today.node(number).cloned() else { return Ok(()) };
        for space in spaces_of(&node) {
            self.tell_pairs(number, self.others_in(number, &node, space))?;
        }
        self.uncap(number);
        settle(&mut self.then)
    }

    /// Notes that of what a number has to do with a space only part is here.
    fn cap(&mut self, number: NodeNo, space: Sym) {
        let lists = [true, false].map(|candidate| ListKey::Group { node: number, space, candidate });
        self.here.capped.extend(lists);
        self.here.capped.insert(ListKey::Hints(number));
    }

    fn uncap(&mut self, number: NodeNo) {
        let of_number = |list: &ListKey| match list {
            ListKey::Group { node, .. } | ListKey::Hints(node) => *node == number,
            _ => false,
        };
        self.here.capped.retain(|list| !of_number(list));
    }

    /// The other ends of a number's pairs with ids of a space.
    fn others_in(&self, number: NodeNo, node: &Node, space: Sym) -> Vec<NodeNo> {
        let groups = node.groups.iter().filter(|group| group.space == space);
        groups.flat_map(|group| self.today.links(number, group)).collect()
    }

    fn tell_pairs(&mut self, number: NodeNo, others: Vec<NodeNo>) -> Result<()> {
        for other in others {
            let key = PairKey::new(number, other);
            if self.then.state.pair(key).is_none() {
                self.tell_pair(key)?;
            }
        }
        Ok(())
    }

    /// Puts the evidence of a pair that counted on the pair of then.
    fn tell_pair(&mut self, key: PairKey) -> Result<()> {
        let Some(pair) = self.today.pair(key).cloned() else { return Ok(()) };
        for edge in pair.edges {
            for evidence in &edge.evidence {
                for Telling { stated, expires_at, recorded_seq } in evidence.all_tellings() {
                    if !self.horizon.reaches(evidence.observed_at, recorded_seq) {
                        continue;
                    }
                    self.adopt(key.a);
                    self.adopt(key.b);
                    let told =
                        Evidence { stated, expires_at, recorded_seq, tellings: None, ..evidence.clone() };
                    put(&mut self.then, key, edge.direct, told);
                    self.here.facts += 1;
                    if let Some(event) = &evidence.event {
                        self.retract_event(evidence.source, event)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Lets a number be there.
    fn adopt(&mut self, number: NodeNo) {
        if self.then.state.slot(number).is_none()
            && let Some(slot) = self.today.slot(number)
        {
            self.then.state.adopt(number, slot);
        }
    }

    /// Brings the relations of a number.
    pub(in crate::engine::past) fn bring_relations(&mut self, number: NodeNo) -> Result<()> {
        if !self.here.related.insert(number) {
            return Ok(());
        }
        let Some(node) = self.today.node(number).cloned() else { return Ok(()) };
        for key in self.relations_of(number, &node) {
            self.tell_relation(key)?;
        }
        Ok(())
    }

    fn relations_of(&self, number: NodeNo, node: &Node) -> Vec<RelationKey> {
        let keys = node.relations.iter().flat_map(|group| {
            let others = self.today.related(number, group);
            others.map(|other| relation_key(group.kind, group.direction, number, other))
        });
        keys.collect()
    }

    pub(in crate::engine::past) fn tell_relation(&mut self, key: RelationKey) -> Result<()> {
        if self.then.state.relation(key).is_some() {
            return Ok(());
        }
        self.tell(facts_of_relation(&self.today, key))
    }

    /// Brings the bans, blocks, answers and retractions that name an id.
    pub(in crate::engine::past) fn bring_sides(&mut self, id: &Id) -> Result<()> {
        for key in self.today.sides_naming(id) {
            if self.then.state.side(&key).is_none() {
                self.tell(facts_of_side(&self.today, &key))?;
            }
        }
        Ok(())
    }

    /// Tells what counted, under the numbers that its ids have.
    fn tell(&mut self, told: Vec<(Fact, u64)>) -> Result<()> {
        let horizon = self.horizon;
        for (fact, seq) in told.into_iter().filter(|told| horizon.holds(told)) {
            for id in fact.op.ids() {
                if names(&fact.op)
                    && let Some(number) = self.today.number_of(id)
                {
                    self.adopt(number);
                }
            }
            self.here.facts += 1;
            self.then.seq = seq;
            perform(&mut self.then, &fact)?;
        }
        Ok(())
    }

    /// Brings the retraction of an event.
    fn retract_event(&mut self, source: Sym, event: &Arc<str>) -> Result<()> {
        if self.today.state().event_retractions == 0 {
            return Ok(());
        }
        let key = SideKey::EventRetraction(source, event.clone());
        if self.then.state.side(&key).is_some() {
            return Ok(());
        }
        self.tell(facts_of_side(&self.today, &key))
    }
}

/// The spaces that a node has pairs with ids of.
fn spaces_of(node: &Node) -> Vec<Sym> {
    let mut spaces: Vec<Sym> = node.groups.iter().map(|group| group.space).collect();
    spaces.dedup();
    spaces
}

fn links_in(node: &Node, space: Sym) -> usize {
    node.groups.iter().filter(|group| group.space == space).map(|group| group.links.len()).sum()
}

/// Whether an operation lets the ids exist that it names.
fn names(op: &Op) -> bool {
    !matches!(
        op,
        Op::Retract(Selector::Pair { .. })
            | Op::Unretract(Selector::Pair { .. })
            | Op::Unban { .. }
            | Op::Unblock { .. }
            | Op::Unrestrict { .. }
            | Op::Absent { .. }
    )
}
