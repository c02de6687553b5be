//! A family as measures see it, wherever it was read from.

use crate::analytics::pass::shared::Shared;
use crate::error::Result;
use crate::model::{Kind, Time};
use crate::records::{Node, NodeNo, Pair, Phase, Sym};
use crate::segment::{Family, Lying, Member, Spaces};
use crate::store::State;

/// How much of a family is looked at: no more is decoded than some measure needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Depth {
    /// The pairs inside.
    pub(crate) pairs: bool,
    /// How many others each id is linked with.
    pub(crate) links: bool,
    /// Persons of entities.
    pub(crate) persons: bool,
    /// When pending ids die.
    pub(crate) clocks: bool,
}

/// An id.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen {
    pub(crate) number: NodeNo,
    pub(crate) entity: NodeNo,
    /// Of its space.
    pub(crate) column: u32,
    pub(crate) superseded: bool,
    pub(crate) blocked: bool,
    pub(crate) restricted: bool,
    pub(crate) hint_hub: bool,
    /// Of the node that carries the entity's number, if persons are looked at.
    pub(crate) person: NodeNo,
    /// When a pending id dies, if clocks are looked at; `Time::MAX` = never.
    pub(crate) valid_to: Time,
    /// Its entity in the state beside this one, if it has one there.
    pub(crate) there: Option<NodeNo>,
}

/// How many ids of a space an id is linked with (3.4).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Links {
    pub(crate) number: NodeNo,
    pub(crate) space: Sym,
    pub(crate) count: u64,
    /// They never make a hub.
    pub(crate) passing: bool,
}

/// Whole entities, with the pairs among their ids.
#[derive(Default)]
pub(crate) struct FamilySeen {
    /// In order of entity and number.
    pub(crate) members: Vec<Seen>,
    /// In order of their keys.
    pub(crate) pairs: Vec<Pair>,
    /// In order of the ids' numbers.
    pub(crate) links: Vec<Links>,
    /// How many others hints lead to from an id, in order of the ids' numbers; none is zero.
    pub(crate) hints: Vec<(NodeNo, u64)>,
    spaces: Vec<Sym>,
    /// Every number and its place among the members, in order; none if those are in order of their numbers.
    places: Vec<(NodeNo, usize)>,
}

impl FamilySeen {
    /// The entities.
    pub(crate) fn entities(&self) -> impl Iterator<Item = &[Seen]> {
        self.members.chunk_by(|x, y| x.entity == y.entity)
    }

    /// An id by its number.
    pub(crate) fn member(&self, number: NodeNo) -> Option<&Seen> {
        let place = if self.places.is_empty() {
            self.members.binary_search_by_key(&number, |member| member.number).ok()?
        } else {
            let at = self.places.binary_search_by_key(&number, |(known, _)| *known).ok()?;
            self.places.get(at)?.1
        };
        self.members.get(place)
    }

    /// What an id is linked with, by space.
    pub(crate) fn links_of(&self, number: NodeNo) -> &[Links] {
        let from = self.links.partition_point(|links| links.number < number);
        let until = self.links.partition_point(|links| links.number <= number);
        self.links.get(from..until).unwrap_or_default()
    }

    /// Reads a record in place of what was read before.
    pub(crate) fn read(&mut self, lying: &Lying<'_>, shared: &Shared<'_>) -> Result<()> {
        let Shared { state, columns, depth, .. } = shared;
        let beside = |member: &Member<'_>| {
            shared.beside.as_ref().map_or(Ok(None), |beside| beside.entity_of_member(member))
        };
        let mut failed = None;
        self.clear();
        let (mut has_more, mut has_clock) = (false, false);
        let mut roots = 0;
        lying.each_member(|member| {
            let place = self.members.len();
            roots += usize::from(member.root == place);
            let root = self.members.get(member.root).map_or(member.number, |root| root.number);
            has_more |= member.has_more;
            let is_pending =
                || state.space(member.space).is_some_and(|space| *space.kind() == Kind::PendingId);
            has_clock |= depth.clocks && member.has_more && is_pending();
            let there = beside(member).unwrap_or_else(|error| {
                failed = Some(error);
                None
            });
            self.spaces.push(member.space);
            self.members.push(Seen {
                number: member.number,
                entity: root,
                column: columns.of_text(member.space),
                superseded: member.superseded,
                blocked: member.blocked,
                restricted: member.restricted,
                hint_hub: member.hint_hub,
                person: root,
                valid_to: Time::MAX,
                there,
            });
        })?;
        failed.map_or(Ok(()), Err)?;
        if has_clock || (has_more && (depth.pairs || depth.links)) {
            self.take_nodes(lying.family(*state)?, *depth);
        } else if depth.pairs || depth.links {
            self.pairs = lying.pairs(*state)?.unwrap_or_default();
            if depth.links {
                self.count_links(state);
            }
        }
        if depth.persons
            && let Some(persons) = lying.persons(roots)?
        {
            let mut persons = persons.into_iter();
            for member in self.members.iter_mut().filter(|member| member.entity == member.number) {
                member.person = persons.next().unwrap_or(member.entity);
            }
        }
        self.in_order();
        Ok(())
    }

    /// Forgets what was read.
    pub(crate) fn clear(&mut self) {
        self.members.clear();
        self.pairs.clear();
        self.links.clear();
        self.hints.clear();
        self.spaces.clear();
        self.places.clear();
    }

    /// Adds an id that was read from elsewhere.
    pub(crate) fn push(
        &mut self,
        number: NodeNo,
        node: &Node,
        person: NodeNo,
        shared: &Shared<'_>,
    ) -> Result<()> {
        let there = shared.beside.as_ref().map(|beside| beside.entity_of(&node.id)).transpose()?;
        self.members.push(Seen {
            number,
            entity: node.entity,
            column: shared.columns.of_text(node.space),
            superseded: node.superseded,
            blocked: node.blocked,
            restricted: node.restricted,
            hint_hub: node.hint_hub,
            person,
            valid_to: valid_to(node),
            there: there.flatten(),
        });
        if shared.depth.links {
            self.note_links(number, node);
        }
        Ok(())
    }

    /// Puts entities one after the other.
    pub(crate) fn in_order(&mut self) {
        if !self.members.is_sorted_by_key(|member| member.entity) {
            self.members.sort_by_key(|member| (member.entity, member.number));
        }
        if !self.members.is_sorted_by_key(|member| member.number) {
            self.places.extend(self.members.iter().enumerate().map(|(place, member)| (member.number, place)));
            self.places.sort_unstable();
        }
    }

    fn take_nodes(&mut self, family: Family, depth: Depth) {
        for (member, (number, node)) in self.members.iter_mut().zip(&family.nodes) {
            if member.number == *number {
                member.valid_to = valid_to(node);
            }
        }
        if depth.links {
            family.nodes.iter().for_each(|(number, node)| self.note_links(*number, node));
        }
        if depth.pairs {
            self.pairs = family.pairs;
        }
    }

    fn note_links(&mut self, number: NodeNo, node: &Node) {
        let candidates = node.groups.iter().filter(|group| group.candidate && !group.links.is_empty());
        self.links.extend(candidates.map(|group| Links {
            number,
            space: group.space,
            count: group.links.len() as u64,
            passing: group.passing,
        }));
        if !node.hints.is_empty() {
            self.hints.push((number, node.hints.len() as u64));
        }
    }

    /// Counts links of ids that have none outside.
    fn count_links(&mut self, state: &State) {
        let mut ends: Vec<(NodeNo, Sym)> = Vec::with_capacity(self.pairs.len() * 2);
        let mut hints: Vec<NodeNo> = Vec::new();
        let space = |number: NodeNo| {
            let place = self.members.binary_search_by_key(&number, |member| member.number).ok();
            place.and_then(|place| self.spaces.get(place)).copied()
        };
        for pair in &self.pairs {
            for (own, other) in [(pair.a, pair.b), (pair.b, pair.a)] {
                if pair.candidate {
                    ends.extend(space(other).map(|space| (own, space)));
                }
                if pair.edges.iter().any(|edge| edge.state.phase == Phase::Hint) {
                    hints.push(own);
                }
            }
        }
        ends.sort_unstable();
        for same in ends.chunk_by(|x, y| x == y) {
            let Some((number, space)) = same.first().copied() else { continue };
            let passing = state.space(space).is_some_and(|space| space.kind().is_passing());
            self.links.push(Links { number, space, count: same.len() as u64, passing });
        }
        hints.sort_unstable();
        let counted = hints.chunk_by(|x, y| x == y);
        self.hints.extend(counted.filter_map(|same| Some((*same.first()?, same.len() as u64))));
    }
}

fn valid_to(node: &Node) -> Time {
    node.clock.as_ref().map_or(Time::MAX, |clock| clock.valid_to)
}
