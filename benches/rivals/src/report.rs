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
