//! memberships: which entity held each id, from which commit to which; of every id, entity by entity.
//!
//! `history` answers the same of one id, and why. Here the ids of an entity are asked about together, and the past
//! states are shared by entities one after the other, since ids that came together mostly changed together.
//!
//! # Invariants
//!   M1 a number that nothing ever paired has been its own entity since the first fact that named it.
//!   M2 an entity all of whose evidence came with one commit, counts, and joins it, has been what it is since then,
//!      unless settings, retractions or undos came later.
//!   M3 everything else is asked of the past: at each commit that told of an id that was ever in the family or beside it,
//!      at each that changed what counts of that, and, where a list beside it is too long to go through, between stages
//!      that differ.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::engine::past::horizon::Horizon;
use crate::engine::past::state::{Depth, PastState};
use crate::engine::past::told::{General, Told, first_told};
use crate::engine::past::unchanged::is_unchanged;
use crate::engine::walk::entity_members;
use crate::error::Result;
use crate::model::{EntityId, Id, Time};
use crate::records::NodeNo;
use crate::store::{Lens, Source, State};

/// Past states that are kept, and questions they answer, before they are let go.
const PASTS_MAX: usize = 64;
const ASKED_MAX: usize = 1 << 12;

/// An id, and the entity that held it for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Membership {
    /// The id's number.
    pub number: u64,
    /// The id.
    pub id: Id,
    /// It is kept and not answered.
    pub restricted: bool,
    /// The entity.
    pub entity: EntityId,
    /// The commit since which the entity holds it.
    pub from_seq: u64,
    /// When that was recorded.
    pub from: Time,
    /// The commit since which another does; `None` = it still does.
    pub until_seq: Option<u64>,
    /// When that was recorded.
    pub until: Option<Time>,
}

/// By number of an id: the entity that each stage left it in.
type Stages = BTreeMap<u64, BTreeMap<NodeNo, NodeNo>>;

/// The memberships of every id: those of an entity of today together, in order of the ids' numbers, then of time.
pub(crate) struct Memberships {
    today: Lens<Arc<State>>,
    state: Arc<State>,
    last: u64,
    general: General,
    pasts: BTreeMap<u64, PastState>,
    asked: usize,
    next: NodeNo,
    ready: std::vec::IntoIter<Membership>,
}

/// The memberships up to a commit.
pub(crate) fn memberships(state: Arc<State>, last: u64) -> Memberships {
    Memberships {
        today: Lens::on(state.clone()),
        general: General::of(&state),
        last: last.min(state.seq),
        pasts: BTreeMap::new(),
        asked: 0,
        next: 0,
        ready: Vec::new().into_iter(),
        state,
    }
}

impl Memberships {
    /// The memberships of the ids of an entity; none if the number is no entity's.
    fn of_entity(&mut self, root: NodeNo) -> Result<Vec<Membership>> {
        let members = self.today.ask(|today| {
            let is_root = today.node(root).is_some_and(|node| node.entity == root);
            if is_root { entity_members(today, root) } else { Vec::new() }
        })?;
        if members.is_empty() {
            return Ok(Vec::new());
        }
        let last = self.last;
        let mut firsts = BTreeMap::new();
        for member in &members {
            if let Some(first) = first_told(&mut self.today, *member)?.filter(|first| *first <= last) {
                firsts.insert(*member, first);
            }
        }
        let stages = self.stages(root, &members, &firsts)?;
        self.spell(&members, &stages)
    }

    fn stages(&mut self, root: NodeNo, members: &[NodeNo], firsts: &BTreeMap<NodeNo, u64>) -> Result<Stages> {
        let Some(first) = firsts.values().min().copied() else { return Ok(Stages::new()) };
        let together = || members.iter().map(|member| (*member, root)).collect();
        let is_bare = self.today.ask(|today| today.node(root).is_some_and(|node| node.groups.is_empty()))?;
        if is_bare && members.len() == 1 {
            return Ok(Stages::from([(first, together())]));
        }
        let mut told = Told::default();
        for member in members {
            told.note(&mut self.today, *member)?;
        }
        let is_at_once = firsts.values().chain(&told.seqs).all(|seq| *seq == first);
        if is_at_once && self.general.since(first, &told).is_empty() {
            let then = Horizon { seq: first, until: Time::MAX };
            if self.today.ask(|today| is_unchanged(today, root, then))?.is_some() {
                return Ok(Stages::from([(first, together())]));
            }
        }
        self.ask_stages(members, firsts, told)
    }

    /// The stages, asked of the past (M3).
    fn ask_stages(
        &mut self,
        members: &[NodeNo],
        firsts: &BTreeMap<NodeNo, u64>,
        mut told: Told,
    ) -> Result<Stages> {
        let last = self.last;
        let first = firsts.values().min().copied().unwrap_or(last);
        let mut stages = Stages::new();
        let mut wanted: BTreeSet<u64> = firsts.values().copied().chain([last]).collect();
        while !wanted.is_empty() {
            for seq in std::mem::take(&mut wanted) {
                let is_there = |member: &NodeNo| firsts.get(member).is_some_and(|first| *first <= seq);
                let there: Vec<NodeNo> = members.iter().copied().filter(is_there).collect();
                let (stage, family) = self.ask_stage(seq, &there)?;
                for number in family {
                    told.note(&mut self.today, number)?;
                }
                stages.insert(seq, stage);
            }
            let changed = told.seqs.iter().copied().chain(self.general.since(first, &told));
            wanted.extend(changed.filter(|seq| (first..=last).contains(seq) && !stages.contains_key(seq)));
            if wanted.is_empty() && told.is_long() {
                wanted = between(&stages);
            }
        }
        Ok(stages)
    }

    /// Which entities held ids then, and the numbers of their families then.
    fn ask_stage(
        &mut self,
        seq: u64,
        members: &[NodeNo],
    ) -> Result<(BTreeMap<NodeNo, NodeNo>, BTreeSet<NodeNo>)> {
        self.asked += 1;
        let is_there = self.pasts.contains_key(&seq);
        if self.asked > ASKED_MAX || (!is_there && self.pasts.len() >= PASTS_MAX) {
            self.pasts.clear();
            self.asked = 0;
        }
        let ids = self.today.ask(|today| {
            let nodes = members.iter().filter_map(|member| today.node(*member));
            nodes.map(|node| node.id.clone()).collect::<Vec<Id>>()
        })?;
        let horizon = Horizon { seq, until: Time::MAX };
        let mut past = match self.pasts.remove(&seq) {
            Some(past) => past,
            None => PastState::begin(self.state.clone(), horizon)?,
        };
        let ids: Vec<&Id> = ids.iter().collect();
        let stage = past.ask(&ids, Depth::Families, |seen| {
            let held = |member: &NodeNo| Some((*member, seen.node(*member)?.entity));
            members.iter().filter_map(held).collect()
        })?;
        let mut family = BTreeSet::new();
        for member in members {
            if !family.contains(member) {
                family.extend(past.family_then(*member)?);
            }
        }
        self.pasts.insert(seq, past);
        Ok((stage, family))
    }

    /// Stages as memberships.
    fn spell(&mut self, members: &[NodeNo], stages: &Stages) -> Result<Vec<Membership>> {
        let mut all: Vec<Membership> = Vec::new();
        for member in members {
            let Some((id, restricted)) =
                self.today.ask(|today| today.node(*member).map(|node| (node.id.clone(), node.restricted)))?
            else {
                continue;
            };
            let mut held: Option<NodeNo> = None;
            for (seq, stage) in stages {
                let Some(entity) = stage.get(member).filter(|entity| held != Some(**entity)) else {
                    continue;
                };
                let at = self.today.ask(|today| today.commit_time(*seq))?.unwrap_or_default();
                if held.is_some()
                    && let Some(before) = all.last_mut()
                {
                    (before.until_seq, before.until) = (Some(*seq), Some(at));
                }
                held = Some(*entity);
                all.push(Membership {
                    number: u64::from(*member),
                    id: id.clone(),
                    restricted,
                    entity: EntityId(u64::from(*entity)),
                    from_seq: *seq,
                    from: at,
                    until_seq: None,
                    until: None,
                });
            }
        }
        Ok(all)
    }
}

/// Commits half-way between stages that differ.
fn between(stages: &Stages) -> BTreeSet<u64> {
    let known = stages.iter().zip(stages.iter().skip(1));
    let apart = known.filter(|((x, before), (y, after))| before != after && *y - *x > 1);
    apart.map(|((x, _), (y, _))| x + (y - x) / 2).collect()
}

impl Iterator for Memberships {
    type Item = Result<Membership>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(membership) = self.ready.next() {
                return Some(Ok(membership));
            }
            if self.next >= self.state.number_count {
                return None;
            }
            let root = self.next;
            self.next += 1;
            match self.of_entity(root) {
                Ok(memberships) => self.ready = memberships.into_iter(),
                Err(error) => return Some(Err(error)),
            }
        }
    }
}
