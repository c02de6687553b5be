//! Measures and parts of whatever shows a state.

use std::sync::Arc;

use crate::analytics::{
    Analysis, Analyze, Comparand, EdgeWeight, IdGraph, IdVertex, Measuring, analyze, entity_graph,
    family_graph, subgraph,
};
use crate::error::Result;
use crate::graph::view::Shown;
use crate::model::{EntityId, Id};

impl<S: Shown> Analyze for S {
    fn analyze(&self, wanted: &Measuring) -> Result<Analysis> {
        analyze(self.state()?, wanted)
    }

    fn comparand(&self) -> Result<Comparand> {
        Ok(Comparand::of(Arc::clone(self.state()?)))
    }

    fn entity_graph(&self, entity: EntityId) -> Result<IdGraph> {
        entity_graph(self.state()?, entity)
    }

    fn family_graph(&self, id: &Id) -> Result<IdGraph> {
        family_graph(self.state()?, id)
    }

    fn subgraph(
        &self,
        keep_id: impl FnMut(&IdVertex) -> bool,
        keep_edge: impl FnMut(&EdgeWeight) -> bool,
    ) -> Result<IdGraph> {
        subgraph(self.state()?, keep_id, keep_edge)
    }
}
