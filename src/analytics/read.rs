//! The trait that views and snapshots are measured through.

use std::num::NonZeroUsize;

use crate::analytics::analysis::Analysis;
use crate::analytics::ask::Measuring;
use crate::analytics::comparison::{Comparand, Comparison, compare};
use crate::analytics::views::{EdgeWeight, IdGraph, IdVertex};
use crate::error::Result;
use crate::model::{EntityId, Id};

/// Measures of a whole graph, and parts of it as graphs of `petgraph`. Views and snapshots have it.
pub trait Analyze {
    /// Measures the graph. Records are read once, in the order they lie in; what is held meanwhile are the counts, and of
    /// each number ever given to an id four bytes for [`Measure::Growth`](crate::analytics::Measure::Growth) and two bits for
    /// [`Measure::Funnel`](crate::analytics::Measure::Funnel).
    ///
    /// # Errors
    /// Damaged bytes; `ViewExpired`.
    fn analyze(&self, wanted: &Measuring) -> Result<Analysis>;

    /// What became of the graph since an earlier state of it, or since another graph, in so many threads. It need not be of
    /// the same sort: a view can be compared with a snapshot.
    ///
    /// ```
    /// use std::num::NonZeroUsize;
    /// use idweave::analytics::Analyze;
    /// use idweave::{Graph, Time, ndjson};
    /// let graph = Graph::options().in_memory()?;
    /// let before = graph.view();
    /// let line = r#"{"op":"link","a":"openid:wx01:o1","b":"unionid:main:u1","source":"mp.user_info","at":1735689600000}"#;
    /// let fact = ndjson::parse(line, 1, &Default::default())?;
    /// graph.apply(Time::from_ms(1_735_689_600_000), &fact)?;
    /// let changed = graph.view().compare_with(&before, NonZeroUsize::MIN)?;
    /// assert_eq!((changed.born, changed.ids_new), (1, 2));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// See [`Analyze::analyze`].
    fn compare_with(&self, earlier: &impl Analyze, threads: NonZeroUsize) -> Result<Comparison>
    where
        Self: Sized,
    {
        compare(&earlier.comparand()?, &self.comparand()?, threads)
    }

    /// What it shows, to be compared.
    ///
    /// # Errors
    /// `ViewExpired`.
    fn comparand(&self) -> Result<Comparand>;

    /// The ids of an entity and the edges between them: accepted ones and others. Empty if the number leads to none.
    ///
    /// # Errors
    /// See [`Analyze::analyze`].
    fn entity_graph(&self, entity: EntityId) -> Result<IdGraph>;

    /// The ids that are resolved together with an id, with all edges between them: those that edges lead to, over any number
    /// of others, that are stronger than hint and not rejected as `scope_mismatch`, `pending_expired`, `hub` or `blocked`. Empty if
    /// the id is not known or may not be answered.
    ///
    /// # Errors
    /// See [`Analyze::analyze`].
    fn family_graph(&self, id: &Id) -> Result<IdGraph>;

    /// The ids that `keep_id` wants, with those edges between them that `keep_edge` wants. Every id is looked at one by one;
    /// what is wanted is held.
    ///
    /// # Errors
    /// See [`Analyze::analyze`].
    fn subgraph(
        &self,
        keep_id: impl FnMut(&IdVertex) -> bool,
        keep_edge: impl FnMut(&EdgeWeight) -> bool,
    ) -> Result<IdGraph>
    where
        Self: Sized;
}
