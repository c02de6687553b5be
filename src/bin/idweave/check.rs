//! `stats` and `check`: figures, and whether everything holds.

use std::collections::BTreeMap;

use clap::Args;
use idweave::{Figures, Stats};
use serde::Serialize;
use serde_json::json;

use crate::cli::Common;
use crate::database::{self, Timeline};
use crate::exit::{Done, Failure, say};
use crate::moment::show;
use crate::output::Out;

#[derive(Debug, Args)]
pub(crate) struct StatsArgs {
    /// And where it lies: segments, their bytes, bytes of changes in memory (of the present)
    #[arg(long)]
    stored: bool,
}

#[derive(Serialize)]
struct StatsAnswer {
    seq: u64,
    recorded_at: Option<i64>,
    ids: u64,
    entities: u64,
    persons: u64,
    edges: u64,
    evidence: u64,
    relations: u64,
    erased: u64,
    ids_by_space: BTreeMap<String, u64>,
    rejected: BTreeMap<&'static str, u64>,
    /// If it was asked for, of the present.
    #[serde(skip_serializing_if = "Option::is_none")]
    stored: Option<StoredAnswer>,
}

/// Where it lies: what segments hold, and what a checkpoint would write.
#[derive(Serialize)]
struct StoredAnswer {
    segments: u64,
    segment_bytes: u64,
    delta_bytes: u64,
}

impl From<Figures> for StoredAnswer {
    fn from(figures: Figures) -> StoredAnswer {
        let Figures { segments, segment_bytes, delta_bytes, .. } = figures;
        StoredAnswer { segments, segment_bytes, delta_bytes }
    }
}

impl From<&Stats> for StatsAnswer {
    fn from(stats: &Stats) -> StatsAnswer {
        StatsAnswer {
            seq: stats.seq,
            recorded_at: (stats.seq > 0).then(|| stats.recorded_at.ms()),
            ids: stats.ids,
            entities: stats.entities,
            persons: stats.persons,
            edges: stats.edges,
            evidence: stats.evidence,
            relations: stats.relations,
            erased: stats.erased,
            ids_by_space: stats.ids_by_space.iter().map(|(space, n)| (space.to_string(), *n)).collect(),
            rejected: stats.rejected.iter().map(|(reason, n)| (reason.name(), *n)).collect(),
            stored: None,
        }
    }
}

pub(crate) fn stats(args: &StatsArgs, common: &Common, out: &mut Out) -> Result<Done, Failure> {
    let Timeline { read, figures, .. } = database::timeline(common)?;
    // The figures of a graph are the same wherever it lies.
    let figures = figures.filter(|_| args.stored);
    let stats = read.stats()?;
    if common.json {
        out.json(&StatsAnswer { stored: figures.map(StoredAnswer::from), ..StatsAnswer::from(&stats) })?;
        return Ok(Done::Yes);
    }
    let recorded = if stats.seq == 0 { "-".to_owned() } else { show(stats.recorded_at) };
    let counted = [
        ("commits", stats.seq.to_string()),
        ("last recorded", recorded),
        ("ids", stats.ids.to_string()),
        ("entities", stats.entities.to_string()),
        ("persons", stats.persons.to_string()),
        ("edges", stats.edges.to_string()),
        ("evidence", stats.evidence.to_string()),
        ("relations", stats.relations.to_string()),
        ("erased", stats.erased.to_string()),
    ];
    out.table(["FIGURE", ""], counted.map(|(name, value)| [name.to_owned(), value]))?;
    if let Some(figures) = figures {
        let at_hand = [
            ("segments", figures.segments),
            ("bytes of segments", figures.segment_bytes),
            ("bytes of changes in memory", figures.delta_bytes),
        ];
        out.table(["STORED", ""], at_hand.map(|(name, value)| [name.to_owned(), value.to_string()]))?;
    }
    let spaces = stats.ids_by_space.iter().map(|(space, n)| [space.to_string(), n.to_string()]);
    out.table(["IDS OF", ""], spaces)?;
    if !stats.rejected.is_empty() {
        let reasons = stats.rejected.iter();
        let rows = reasons.map(|(r, n)| [r.name().to_owned(), n.to_string(), r.explanation().to_owned()]);
        out.table(["REJECTED EDGES", "", "WHY"], rows)?;
    }
    Ok(Done::Yes)
}

pub(crate) fn check(common: &Common, out: &mut Out) -> Result<Done, Failure> {
    let graph = database::open(common)?;
    let findings = graph.check()?;
    let seq = graph.view().seq();
    if common.json {
        let list: Vec<_> = findings.iter().map(|f| json!({"rule": f.rule, "at": f.at})).collect();
        out.json(&json!({"ok": findings.is_empty(), "seq": seq, "findings": list}))?;
    } else if findings.is_empty() {
        out.line(&format!("everything holds, up to commit {seq}"))?;
    } else {
        let rows = findings.iter().map(|f| [f.at.to_string(), f.rule.to_owned()]);
        out.table(["AT", "DOES NOT HOLD"], rows)?;
    }
    if findings.is_empty() {
        return Ok(Done::Yes);
    }
    say("the database does not agree with its own facts: keep a copy of its directory and report it; \
         `dump facts` into a new database resolves everything again");
    Ok(Done::Damaged)
}
