//! What there is to see at one moment: ids and the edges between them.

use std::collections::BTreeMap;

use crate::engine::{Decision, EdgeDump, EvidenceInfo, MoreEdges, Read, Verdict};
use crate::error::Result;
use crate::model::{EntityId, Id};
use crate::resolve::EdgeKind;

/// Ids outside an entity that are looked at for each of its ids and each kind and scope; the others are counted.
const AROUND_MAX: usize = 2_000;

/// What is to be seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// The entity of an id, and what it was kept apart from.
    Entity(Id),
    /// The way between two ids.
    Way(Id, Id),
}

impl Asked {
    /// The ids that were asked about.
    pub(crate) fn ids(&self) -> Vec<&Id> {
        match self {
            Asked::Entity(id) => vec![id],
            Asked::Way(a, b) => vec![a, b],
        }
    }
}

/// What names an edge of a picture: its ends, and its kind.
pub(crate) type EdgeKey = (Id, Id, EdgeKind);

/// What one sees of an id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct SeenId {
    pub(crate) entity: Option<EntityId>,
    pub(crate) superseded: bool,
    pub(crate) blocked: bool,
    /// It belongs to what was asked about.
    pub(crate) is_member: bool,
}

/// What one sees of an edge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SeenEdge {
    pub(crate) edge: EdgeDump,
    pub(crate) evidence: Vec<EvidenceInfo>,
}

/// The ids and edges of one moment. Debug shows no values of ids.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scene {
    pub(crate) ids: BTreeMap<Id, SeenId>,
    pub(crate) edges: BTreeMap<EdgeKey, SeenEdge>,
    pub(crate) bans: Vec<(Id, Id)>,
    /// Ids beside that were not looked at.
    pub(crate) more: Vec<MoreEdges>,
    pub(crate) verdict: Option<Verdict>,
    pub(crate) decisions: Vec<Decision>,
    /// There may be a way that was not found.
    pub(crate) is_cut: bool,
}

impl Scene {
    /// Nothing.
    pub(crate) const NOTHING: Scene = Scene {
        ids: BTreeMap::new(),
        edges: BTreeMap::new(),
        bans: Vec::new(),
        more: Vec::new(),
        verdict: None,
        decisions: Vec::new(),
        is_cut: false,
    };

    /// What a graph knows of what was asked; empty where it does not know the ids.
    ///
    /// # Errors
    /// See [`Read::resolve`].
    pub fn of(read: &dyn Read, asked: &Asked) -> Result<Scene> {
        match asked {
            Asked::Entity(id) => Scene::of_entity(read, id),
            Asked::Way(a, b) => Scene::of_way(read, a, b),
        }
    }

    /// Whether there is nothing to see.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Of a way: whether the two ids are the same.
    pub fn verdict(&self) -> Option<Verdict> {
        self.verdict
    }

    /// The commits that brought what is to be seen.
    pub(crate) fn seqs(&self) -> impl Iterator<Item = u64> + '_ {
        let told = self.edges.values().flat_map(|seen| &seen.evidence).map(|told| told.recorded_seq);
        told.chain(self.decisions.iter().map(|decision| decision.recorded_seq))
    }

    fn of_entity(read: &dyn Read, id: &Id) -> Result<Scene> {
        let mut scene = Scene::default();
        let Some(entity) = read.resolve(id)? else { return Ok(scene) };
        for member in entity.members {
            let seen = SeenId {
                entity: Some(entity.entity),
                superseded: member.superseded,
                blocked: member.blocked,
                is_member: true,
            };
            scene.ids.insert(member.id, seen);
        }
        let around = read.edges_around(id, AROUND_MAX)?;
        for edge in around.edges {
            for (end, of) in [&edge.edge.a, &edge.edge.b].into_iter().zip(edge.entities) {
                scene.ids.entry(end.clone()).or_default().entity = Some(of);
            }
            scene.see(edge.edge, edge.evidence);
        }
        for (a, b) in around.bans {
            for end in [&a, &b] {
                scene.note(read, end)?;
            }
            scene.bans.push((a, b));
        }
        scene.more = around.more;
        Ok(scene)
    }

    fn of_way(read: &dyn Read, a: &Id, b: &Id) -> Result<Scene> {
        let explanation = read.explain(a, b)?;
        let mut scene = Scene {
            verdict: Some(explanation.verdict),
            is_cut: !explanation.complete,
            decisions: explanation.decisions,
            ..Scene::default()
        };
        for end in [a, b] {
            scene.note(read, end)?;
        }
        for step in explanation.steps {
            scene.note(read, &step.from)?;
            scene.note(read, &step.to)?;
            scene.see(step.edge, step.evidence);
        }
        for (x, y) in explanation.bans {
            for end in [&x, &y] {
                scene.note(read, end)?;
            }
            scene.bans.push((x, y));
        }
        Ok(scene)
    }

    fn see(&mut self, edge: EdgeDump, evidence: Vec<EvidenceInfo>) {
        let key = (edge.a.clone(), edge.b.clone(), edge.kind);
        self.edges.insert(key, SeenEdge { edge, evidence });
    }

    /// Notes an id as its entity has it; one that is not known is not there.
    fn note(&mut self, read: &dyn Read, id: &Id) -> Result<()> {
        if self.ids.contains_key(id) {
            return Ok(());
        }
        let Some(entity) = read.resolve(id)? else { return Ok(()) };
        let Some(member) = entity.members.iter().find(|member| member.id == *id) else {
            // It goes by another form of its scope there.
            self.ids.insert(id.clone(), SeenId { entity: Some(entity.entity), ..SeenId::default() });
            return Ok(());
        };
        let seen = SeenId {
            entity: Some(entity.entity),
            superseded: member.superseded,
            blocked: member.blocked,
            is_member: self.verdict.is_some(),
        };
        self.ids.insert(id.clone(), seen);
        Ok(())
    }
}
