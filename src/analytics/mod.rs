//! Measures of a whole graph, differences between two, and parts of one as graphs of `petgraph`.
//!
//! Read in this order: what is wanted (`Measuring`) and the answer (`Analysis`), the trait; then one file a measure, with
//! its definition, its counts, and how they are put together; the pass that reads the graph once for all of them.
//!
//! # Invariants
//!   A1 an answer does not depend on the number of threads, nor on how the graph lies in memory and segments.
//!
//! # Not here
//!   decisions about identities: measures count what resolution said.

mod analysis;
mod ask;
mod began;
mod bridges;
mod comparison;
mod coverage;
mod day;
mod degrees;
mod edges;
mod funnel;
mod growth;
mod hubs;
mod joints;
mod pass;
mod ranked;
mod reach;
mod read;
mod sizes;
mod suspects;
mod views;

pub use analysis::Analysis;
pub use ask::{Measure, Measuring};
pub use began::{Began, BeganCount, OwnerBegan};
pub use comparison::{Comparand, Compared, Comparison, IdsChanged, compare};
pub use coverage::Coverage;
pub use day::ChinaDay;
pub use degrees::Degrees;
pub use edges::{Edges, Rejected};
pub use funnel::{AppFunnel, Funnel, FunnelSteps, PathSteps, ViewFunnel};
pub use growth::{Came, DayGrowth, Growth};
pub use hubs::{Hub, Hubs};
pub use joints::{Joint, JointCount, WeakJoints};
pub use reach::{ScopeReach, Scopes};
pub use read::Analyze;
pub use sizes::Sizes;
pub use suspects::{OverMerge, OverRule, Suspects, UnderMerge, UnderRule};
pub use views::{EdgeWeight, IdGraph, IdVertex};

pub(crate) use pass::analyze;
pub(crate) use views::{entity_graph, family_graph, subgraph};
