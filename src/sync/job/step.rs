//! What a job is: steps, each with its calls and facts, and where the next one begins.

use std::collections::BTreeMap;

use crate::error::Result;
use crate::graph::Graph;
use crate::model::{Fact, Kind, Time};
use crate::sync::api::Endpoint;
use crate::sync::client::Platform;
use crate::wechat::Ingest;

/// Where a job is: a leg of its way, a page of what the platform lists there, a part of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Place {
    /// From 0.
    pub leg: u32,
    /// From 0.
    pub page: u64,
    /// From 0.
    pub chunk: u64,
}

/// What one step gave. It holds ids, so it has no Debug.
#[derive(Default)]
pub struct Step {
    /// What the answers say.
    pub facts: Vec<Fact>,
    /// Records read.
    pub records: u64,
    /// Records that gave no facts, because the platform or a rule refused them.
    pub refused: u64,
    /// How many records the job has in all, where the platform says.
    pub total: Option<u64>,
    /// Where it goes on, with what the platform wants to hear to give that page, if it is another; `None` = it is done.
    pub next: Option<(Place, Option<String>)>,
}

impl Step {
    /// Takes what a body gave.
    pub(crate) fn take(&mut self, ingest: Ingest) {
        self.refused += ingest.refused.len() as u64;
        self.facts.extend(ingest.facts);
    }
}

/// What a step has at hand. It holds a cursor of the platform, so it has no Debug.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Turn<'r> {
    /// Who is asked.
    pub platform: &'r Platform,
    /// What is known so far.
    pub graph: &'r Graph,
    /// When the run first began: the time that facts bear for which the platform gives none.
    pub begun_at: Time,
    /// Where the job is.
    pub place: Place,
    /// What the platform wants to hear to give the page of this place; empty for the first one.
    pub cursor: &'r str,
}

/// So many calls, of those that a run will make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Planned {
    /// Which.
    pub endpoint: &'static Endpoint,
    /// How many.
    pub calls: u64,
    /// Whether there may be more: how much there is cannot be told before.
    pub is_least: bool,
}

impl Planned {
    /// Exactly so many.
    pub(super) fn exactly(endpoint: &'static Endpoint, calls: u64) -> Planned {
        Planned { endpoint, calls, is_least: false }
    }

    /// So many or more.
    pub(super) fn at_least(endpoint: &'static Endpoint, calls: u64) -> Planned {
        Planned { endpoint, calls, is_least: true }
    }
}

/// Of the ids of a kind that a job should leave with a counterpart, how many have one.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tally {
    /// The kind.
    pub kind: Kind,
    /// How many the graph has.
    pub known: u64,
    /// How many of them have a counterpart.
    pub linked: u64,
    /// Why others have none, and of how many that is true: with `linked` they are all.
    pub unlinked: BTreeMap<Unlinked, u64>,
}

/// Why an id has no counterpart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Unlinked {
    /// The platform refuses it, with this errcode.
    Refused(i64),
    /// The platform answers, and says nothing of it, or that it is none.
    LeftOut,
    /// The platform told a counterpart, and its link does not count: a conflict, a ban or a block is in its way.
    Rejected,
    /// Nobody asked for it: it came since, or nobody may, or an earlier process did and its reason is not kept.
    NotAsked,
}

impl std::fmt::Display for Unlinked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Unlinked::Refused(errcode) => write!(f, "refused with errcode {errcode}"),
            Unlinked::LeftOut => f.write_str("left out of the answer"),
            Unlinked::Rejected => f.write_str("told, and rejected by the graph"),
            Unlinked::NotAsked => f.write_str("not asked"),
        }
    }
}

/// A job of calls whose answers are facts.
pub trait Job {
    /// What tells it from others: its mark is kept under it.
    fn name(&self) -> String;

    /// What is asked once, at the beginning, and kept for the whole run: a list of employees, say.
    ///
    /// # Errors
    /// Of calls.
    fn outline(&mut self, platform: &Platform) -> Result<String>;

    /// Takes what [`Job::outline`] gave, now or in an earlier process.
    ///
    /// # Errors
    /// It is none of this job's.
    fn resume(&mut self, outline: &str) -> Result<()>;

    /// The calls that a run will make, as well as can be told before; what it takes to tell is a call or a few, and those
    /// are among them. Nothing is written.
    ///
    /// # Errors
    /// Of calls.
    fn plan(&mut self, turn: &Turn<'_>) -> Result<Vec<Planned>>;

    /// Makes the calls of a place.
    ///
    /// # Errors
    /// Of calls, and answers that are none. The same step can be made again.
    fn step(&mut self, turn: &Turn<'_>) -> Result<Step>;

    /// What a person should look at when the job is done, before anything is built on it; nothing, for most jobs.
    ///
    /// # Errors
    /// The graph's.
    fn tally(&self, _graph: &Graph) -> Result<Vec<Tally>> {
        Ok(Vec::new())
    }
}
