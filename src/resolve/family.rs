//! 3.5-3.7 One family: superseded ids, families that are too large, and the entities within.
//!
//! The input may be several families at once (a connected neighbourhood before 3.5 and 3.6 took edges out);
//! the outcome is the same, since nothing here looks across edges that are gone.

use petgraph::unionfind::UnionFind;

use crate::model::{Id, Rules, Strength, Time};
use crate::resolve::rank::{Ranked, by_rank};
use crate::resolve::verdict::{Conflict, Reason, Status};

/// An id of a family.
#[derive(Debug)]
pub(crate) struct FamilyId<'a> {
    pub(crate) id: &'a Id,
    /// A number that stands for its (kind, scope).
    pub(crate) space: u32,
    /// How many ids of that space an entity may hold.
    pub(crate) limit: Option<usize>,
}

/// An edge of a family: stronger than hint and not rejected by 3.1-3.4.
#[derive(Debug)]
pub(crate) struct FamilyEdge {
    /// Index of one end; of a supersede edge the old id.
    pub(crate) a: usize,
    /// Index of the other end; of a supersede edge the new id.
    pub(crate) b: usize,
    pub(crate) supersedes: bool,
    pub(crate) strength: Strength,
    pub(crate) since: Time,
}

/// What `settle_family` works on. The ids are in order of their numbers.
#[derive(Debug)]
pub(crate) struct Family<'a> {
    pub(crate) ids: Vec<FamilyId<'a>>,
    pub(crate) edges: Vec<FamilyEdge>,
    /// Pairs of ids that a ban stands between.
    pub(crate) bans: Vec<(usize, usize)>,
}

/// What became of a family.
#[derive(Debug)]
pub(crate) struct SettledFamily {
    /// One per edge.
    pub(crate) statuses: Vec<Status>,
    /// What the edges rejected as `cardinality` would have brought together, by edge.
    pub(crate) conflicts: Vec<(usize, Conflict)>,
    /// One per id: an edge accepted by 3.5 has it as its old end.
    pub(crate) superseded: Vec<bool>,
    /// One per id: the smallest index of its entity.
    pub(crate) entity: Vec<usize>,
}

/// Resolves a family by 3.5, 3.6 and 3.7.
pub(crate) fn settle_family(family: &Family<'_>, rules: &Rules) -> SettledFamily {
    let mut walk = Walk::new(family);
    walk.supersede();
    walk.cap_size(rules.max_family);
    walk.unite(rules.max_ids);
    walk.finish()
}

struct Walk<'f, 'a> {
    family: &'f Family<'a>,
    /// Edges by rank.
    order: Vec<usize>,
    statuses: Vec<Option<Status>>,
    conflicts: Vec<(usize, Conflict)>,
    /// For each id, the ids that took its place (3.5).
    successors: Vec<Vec<usize>>,
    /// For each id, whether it took another's place.
    succeeds: Vec<bool>,
    /// For each id, the index that stands for its entity.
    label: Vec<usize>,
    /// For each label, its members.
    members: Vec<Vec<usize>>,
}

#[expect(clippy::indexing_slicing, reason = "every index is one of the family's own ids or edges")]
impl<'f, 'a> Walk<'f, 'a> {
    fn new(family: &'f Family<'a>) -> Walk<'f, 'a> {
        let count = family.ids.len();
        let mut order: Vec<usize> = (0..family.edges.len()).collect();
        let ranked = |edge: &FamilyEdge| Ranked {
            x: family.ids[edge.a].id,
            y: family.ids[edge.b].id,
            old: edge.supersedes.then_some(family.ids[edge.a].id),
            strength: edge.strength,
            since: edge.since,
        };
        order.sort_by(|left, right| by_rank(&ranked(&family.edges[*left]), &ranked(&family.edges[*right])));
        Walk {
            family,
            order,
            statuses: vec![None; family.edges.len()],
            conflicts: Vec::new(),
            successors: vec![Vec::new(); count],
            succeeds: vec![false; count],
            label: (0..count).collect(),
            members: (0..count).map(|index| vec![index]).collect(),
        }
    }

    /// 3.5: which ids are superseded by which.
    fn supersede(&mut self) {
        for place in 0..self.order.len() {
            let index = self.order[place];
            let edge = &self.family.edges[index];
            if !edge.supersedes {
                continue;
            }
            if self.family.bans.iter().any(|ban| *ban == (edge.a, edge.b) || *ban == (edge.b, edge.a)) {
                self.statuses[index] = Some(Status::Rejected(Reason::Banned));
            } else if self.leads_to(edge.b, edge.a) {
                self.statuses[index] = Some(Status::Rejected(Reason::Cycle));
            } else {
                self.successors[edge.a].push(edge.b);
                self.succeeds[edge.b] = true;
            }
        }
    }

    fn leads_to(&self, from: usize, to: usize) -> bool {
        if !self.succeeds[to] {
            return false;
        }
        let mut stack = vec![from];
        let mut seen = std::collections::BTreeSet::new();
        while let Some(at) = stack.pop() {
            if at == to {
                return true;
            }
            if seen.insert(at) {
                stack.extend(self.successors[at].iter().copied());
            }
        }
        false
    }

    /// 3.6: while a family is too large, leave out its weakest edges.
    fn cap_size(&mut self, max_family: usize) {
        let count = self.family.ids.len();
        if count <= max_family {
            return;
        }
        loop {
            let mut sets = UnionFind::<usize>::new(count);
            for (index, edge) in self.family.edges.iter().enumerate() {
                if self.statuses[index].is_none() {
                    sets.union(edge.a, edge.b);
                }
            }
            let roots = sets.into_labeling();
            let mut sizes = vec![0_usize; count];
            for root in &roots {
                sizes[*root] += 1;
            }
            let mut weakest: Vec<Option<Strength>> = vec![None; count];
            for (index, edge) in self.family.edges.iter().enumerate() {
                let root = roots[edge.a];
                if self.statuses[index].is_none() && sizes[root] > max_family {
                    let weak = weakest[root].get_or_insert(edge.strength);
                    *weak = edge.strength.min(*weak);
                }
            }
            let mut rejected = false;
            for (index, edge) in self.family.edges.iter().enumerate() {
                if self.statuses[index].is_none() && weakest[roots[edge.a]] == Some(edge.strength) {
                    self.statuses[index] = Some(Status::Rejected(Reason::Oversize));
                    rejected = true;
                }
            }
            if !rejected {
                return;
            }
        }
    }

    /// 3.7: unite in rank order what may be united.
    fn unite(&mut self, max_ids: usize) {
        for place in 0..self.order.len() {
            let index = self.order[place];
            if self.statuses[index].is_some() {
                continue;
            }
            let edge = &self.family.edges[index];
            let (left, right) = (self.label[edge.a], self.label[edge.b]);
            self.statuses[index] = Some(self.judge(index, left, right, max_ids));
        }
    }

    fn judge(&mut self, index: usize, left: usize, right: usize, max_ids: usize) -> Status {
        let edge = &self.family.edges[index];
        let (left_count, right_count) = (self.members[left].len(), self.members[right].len());
        if left == right {
            return Status::Accepted;
        }
        if edge.strength == Strength::Provisional && left_count > 1 && right_count > 1 {
            return Status::Rejected(Reason::Provisional);
        }
        let between = |ban: &(usize, usize)| {
            let sides = (self.label[ban.0], self.label[ban.1]);
            sides == (left, right) || sides == (right, left)
        };
        if self.family.bans.iter().any(between) {
            return Status::Rejected(Reason::Banned);
        }
        if let Some(conflict) = self.broken_limit(left, right) {
            self.conflicts.push((index, conflict));
            return Status::Rejected(Reason::Cardinality);
        }
        if left_count + right_count > max_ids {
            return Status::Rejected(Reason::Size);
        }
        let (kept, gone) = if left < right { (left, right) } else { (right, left) };
        let moved = std::mem::take(&mut self.members[gone]);
        for member in &moved {
            self.label[*member] = kept;
        }
        self.members[kept].extend(moved);
        Status::Accepted
    }

    /// 3.7.4: the smallest (kind, scope) of which the union would hold too many.
    fn broken_limit(&self, left: usize, right: usize) -> Option<Conflict> {
        let in_union = |index: usize| self.label[index] == left || self.label[index] == right;
        let counted = self.members[left].iter().chain(&self.members[right]).copied().filter(|index| {
            self.family.ids[*index].limit.is_some()
                && !self.successors[*index].iter().any(|new| in_union(*new))
        });
        let mut by_space: Vec<(u32, usize)> =
            counted.map(|index| (self.family.ids[index].space, index)).collect();
        by_space.sort_unstable();
        let mut broken: Option<&[(u32, usize)]> = None;
        for chunk in by_space.chunk_by(|x, y| x.0 == y.0) {
            let first = &self.family.ids[chunk[0].1];
            let text = first.id.space();
            if first.limit.is_some_and(|limit| chunk.len() > limit)
                && broken.is_none_or(|known| text < self.family.ids[known[0].1].id.space())
            {
                broken = Some(chunk);
            }
        }
        let chunk = broken?;
        let mut ids: Vec<Id> = chunk.iter().map(|(_, index)| self.family.ids[*index].id.clone()).collect();
        ids.sort_unstable();
        let space = ids.first().and_then(|id| id.kind_scope().ok())?;
        Some(Conflict { space, ids })
    }

    fn finish(self) -> SettledFamily {
        SettledFamily {
            // `unite` decides whatever was left open.
            statuses: self.statuses.into_iter().map(|status| status.unwrap_or(Status::Accepted)).collect(),
            conflicts: self.conflicts,
            superseded: self.successors.iter().map(|new| !new.is_empty()).collect(),
            entity: self.label,
        }
    }
}
