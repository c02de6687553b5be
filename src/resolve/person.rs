//! 3.8 Persons: entities joined by hints and by what operators say across accounts.
//!
//! The hint hub check counts entities around an id and is made where the graph is kept; it comes in here as
//! a flag of the edge.

use crate::model::{Id, Rules, Strength, Time};
use crate::resolve::rank::{Ranked, by_rank};
use crate::resolve::verdict::{Reason, Status};

/// An edge looked at on the level of persons.
#[derive(Debug)]
pub(crate) struct PersonEdge<'a> {
    pub(crate) x: &'a Id,
    pub(crate) y: &'a Id,
    /// The superseded end of a supersede edge.
    pub(crate) old: Option<&'a Id>,
    /// Index of the entity of one end.
    pub(crate) a: usize,
    /// Index of the entity of the other end.
    pub(crate) b: usize,
    pub(crate) strength: Strength,
    pub(crate) since: Time,
    /// It came as `cardinality`, not as a hint.
    pub(crate) from_cardinality: bool,
    /// An end is a hub of hints.
    pub(crate) at_hub: bool,
    /// An end is blocked.
    pub(crate) blocked: bool,
    /// It holds counting evidence from a person source.
    pub(crate) confirmed: bool,
}

impl<'a> PersonEdge<'a> {
    fn ranked(&self) -> Ranked<'a> {
        Ranked { x: self.x, y: self.y, old: self.old, strength: self.strength, since: self.since }
    }
}

/// Entities that could become persons. They are in order of their numbers.
#[derive(Debug)]
pub(crate) struct PersonGroup<'a> {
    pub(crate) entity_count: usize,
    pub(crate) edges: Vec<PersonEdge<'a>>,
    /// Pairs of entities that a ban stands between.
    pub(crate) bans: Vec<(usize, usize)>,
}

/// What became of a group.
#[derive(Debug)]
pub(crate) struct SettledPersons {
    /// One per edge.
    pub(crate) statuses: Vec<Status>,
    /// One per entity: the smallest index of its person.
    pub(crate) person: Vec<usize>,
}

/// Joins entities into persons by 3.8.
#[expect(clippy::indexing_slicing, reason = "every index is one of the group's own entities or edges")]
pub(crate) fn settle_persons(group: &PersonGroup<'_>, rules: &Rules) -> SettledPersons {
    let mut order: Vec<usize> = (0..group.edges.len()).collect();
    order.sort_by(|left, right| by_rank(&group.edges[*left].ranked(), &group.edges[*right].ranked()));
    let mut label: Vec<usize> = (0..group.entity_count).collect();
    let mut members: Vec<Vec<usize>> = (0..group.entity_count).map(|index| vec![index]).collect();
    let mut statuses = vec![Status::Accepted; group.edges.len()];
    for index in order {
        let edge = &group.edges[index];
        let (left, right) = (label[edge.a], label[edge.b]);
        let verdict = judge(group, edge, &label, &members, rules);
        if verdict == Status::Accepted && left != right {
            let (kept, gone) = if left < right { (left, right) } else { (right, left) };
            let moved = std::mem::take(&mut members[gone]);
            for member in &moved {
                label[*member] = kept;
            }
            members[kept].extend(moved);
        }
        statuses[index] = match verdict {
            Status::Rejected(_) if edge.from_cardinality => Status::Rejected(Reason::Cardinality),
            verdict => verdict,
        };
    }
    SettledPersons { statuses, person: label }
}

#[expect(clippy::indexing_slicing, reason = "every index is one of the group's own entities")]
fn judge(
    group: &PersonGroup<'_>,
    edge: &PersonEdge<'_>,
    label: &[usize],
    members: &[Vec<usize>],
    rules: &Rules,
) -> Status {
    let (left, right) = (label[edge.a], label[edge.b]);
    let between = |ban: &(usize, usize)| {
        let sides = (label[ban.0], label[ban.1]);
        sides == (left, right) || sides == (right, left)
    };
    if edge.at_hub && !edge.from_cardinality {
        Status::Rejected(Reason::Hub)
    } else if edge.blocked {
        Status::Rejected(Reason::Blocked)
    } else if left == right {
        Status::Accepted
    } else if !edge.confirmed {
        Status::Rejected(Reason::Suggestion)
    } else if group.bans.iter().any(between) {
        Status::Rejected(Reason::Banned)
    } else if members[left].len() + members[right].len() > rules.max_entities {
        Status::Rejected(Reason::Size)
    } else {
        Status::Accepted
    }
}
