//! What a store's process measured, as it is handed to the parent and written as JSON.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::physical::Memory;

/// What was timed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Work {
    Ingest,
    IngestLast,
    Known,
    Single,
    Settle,
    Open,
    Lookup,
    Batch,
    Merge,
    Mix,
    MixRead,
    MixWrite,
}

impl Work {
    pub fn title(self) -> &'static str {
        match self {
            Work::Ingest => "ingest, a fact in durable commits of 1,000",
            Work::IngestLast => "of that, a fact of the last tenth",
            Work::Known => "known facts again, a fact",
            Work::Single => "one durable commit of one fact",
            Work::Settle => "upkeep before reading, all",
            Work::Open => "closing and opening, all",
            Work::Lookup => "translate, an id",
            Work::Batch => "translate_many, an id in batches of 1,000",
            Work::Merge => "uniting two entities, a fact in durable commits of 1,000",
            Work::Mix => "mix, an operation",
            Work::MixRead => "mix, an id read",
            Work::MixWrite => "mix, a durable write",
        }
    }
}

/// A figure: nanoseconds for one, and what the machine needs at least, measured in turns with it.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Figure {
    pub ns: f64,
    pub baseline_ns: Option<f64>,
    pub count: u64,
}

impl Figure {
    pub fn bare(ns: f64, count: u64) -> Figure {
        Figure { ns, baseline_ns: None, count }
    }
}

/// What one store did.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Report {
    pub store: String,
    pub figures: BTreeMap<Work, Figure>,
    pub disk_bytes: u64,
    pub memory_after_ingest: Memory,
    pub memory_after_lookups: Memory,
    /// Answers compared with the truth; a report is written only if all were right.
    pub answers_checked: u64,
    pub dependent_read_ns: f64,
    pub independent_read_ns: f64,
    pub buffer_bytes: u64,
    /// What idweave's journal grows by: a commit of 1,000 facts, and one of a single fact.
    pub append_bytes: u64,
    pub single_append_bytes: u64,
}

/// The median of several runs of one store: of each figure the run in the middle, with the baseline that was
/// timed in turns with it. Sizes are those of the last run.
pub fn middle(runs: &[Report]) -> Option<Report> {
    let mut report = runs.last()?.clone();
    for (work, figure) in &mut report.figures {
        let mut of_runs: Vec<Figure> = runs.iter().filter_map(|run| run.figures.get(work).copied()).collect();
        of_runs.sort_by(|one, other| one.ns.total_cmp(&other.ns));
        *figure = *of_runs.get(of_runs.len() / 2)?;
    }
    report.answers_checked = runs.iter().map(|run| run.answers_checked).sum();
    Some(report)
}

#[cfg(test)]
mod tests {
    use super::{Figure, Report, Work, middle};

    #[test]
    fn the_middle_run_keeps_the_baseline_it_was_timed_with() {
        let run = |ns: f64| Report {
            store: "x".to_owned(),
            figures: [(Work::Lookup, Figure { ns, baseline_ns: Some(ns / 2.0), count: 1 })].into(),
            disk_bytes: 1,
            memory_after_ingest: Default::default(),
            memory_after_lookups: Default::default(),
            answers_checked: 10,
            dependent_read_ns: 1.0,
            independent_read_ns: 1.0,
            buffer_bytes: 1,
            append_bytes: 1,
            single_append_bytes: 1,
        };
        let report = middle(&[run(30.0), run(10.0), run(20.0)]);
        let figure = report.as_ref().and_then(|report| report.figures.get(&Work::Lookup));
        assert_eq!(figure.map(|figure| (figure.ns, figure.baseline_ns)), Some((20.0, Some(10.0))));
        assert_eq!(report.map(|report| report.answers_checked), Some(30));
    }
}
