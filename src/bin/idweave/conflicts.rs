//! `conflicts`: what contradicts what is known, with both sides and ready facts that would close each.

use clap::{Args, ValueEnum};
use idweave::{Act, ConflictSide, EdgeDump, EvidenceInfo, OpenConflict, Severity, Time, ndjson};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::answers::{EdgeLine, EvidenceAnswer, TooMany, texts};
use crate::cli::Common;
use crate::database;
use crate::exit::{Done, Failure};
use crate::explain::evidence_text;
use crate::moment;
use crate::output::{Out, count};

/// How grave a conflict is at least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Least {
    /// All of them
    Low,
    /// The company's own word, or more, on every side
    Medium,
    /// WeChat's word, or a person's, on every side
    High,
}

impl Least {
    fn severity(self) -> Severity {
        match self {
            Least::Low => Severity::Low,
            Least::Medium => Severity::Medium,
            Least::High => Severity::High,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct ConflictsArgs {
    /// Leave out what is less grave
    #[arg(long, value_enum, default_value_t = Least::Low)]
    least: Least,
    /// Who would decide: the suggested facts name this actor
    #[arg(long, value_name = "NAME", default_value = "somebody")]
    actor: String,
}

pub(crate) fn run(args: &ConflictsArgs, common: &Common, out: &mut Out) -> Result<Done, Failure> {
    crate::decide::check_actor(&args.actor)?;
    let now = moment::now(common)?;
    let read = database::read(common)?;
    let mut found = 0;
    for conflict in read.conflicts() {
        let conflict = conflict?;
        if conflict.severity < args.least.severity() {
            continue;
        }
        found += 1;
        if common.json {
            out.json(&ConflictLine::new(&conflict, &args.actor, now)?)?;
        } else {
            show(&conflict, &args.actor, now, out)?;
        }
    }
    if !common.json {
        out.line(&count(found, "conflict"))?;
    }
    Ok(Done::found(found > 0))
}

fn fact_of(conflict: &OpenConflict, act: &Act, actor: &str, now: Time) -> String {
    let reason = conflict.edge.status.reason().map_or("conflict", |reason| reason.name());
    ndjson::print(&act.fact(actor, reason, now))
}

fn act_word(act: &Act) -> &'static str {
    match act {
        Act::Supersede { .. } => "supersede",
        Act::Retract { .. } => "retract",
        Act::Ban { .. } => "ban",
    }
}

fn show(conflict: &OpenConflict, actor: &str, now: Time, out: &mut Out) -> Result<(), Failure> {
    let edge = &conflict.edge;
    let reason = edge.status.reason().map_or("", |reason| reason.explanation());
    out.line(&format!("{}: {} and {}: {reason}", conflict.severity.name(), edge.a, edge.b))?;
    show_edge("    ", edge, &conflict.evidence, out)?;
    for side in &conflict.sides {
        let ids: Vec<String> = side.ids.iter().map(ToString::to_string).collect();
        out.line(&format!("  entity {}: {}", side.entity, ids.join(", ")))?;
        for held in &side.held {
            out.line(&format!("    {} collides", held.id))?;
            for (edge, evidence) in &held.edges {
                show_edge("      ", edge, evidence, out)?;
            }
        }
    }
    for act in &conflict.acts {
        out.line(&format!("  {}: {}", act_word(act), fact_of(conflict, act, actor, now)))?;
    }
    Ok(())
}

fn show_edge(indent: &str, edge: &EdgeDump, evidence: &[EvidenceInfo], out: &mut Out) -> Result<(), Failure> {
    out.line(&format!("{indent}{} - {}, {}, {}", edge.a, edge.b, edge.strength, edge.status.name()))?;
    for evidence in evidence {
        out.line(&format!("{indent}  {}", evidence_text(evidence)))?;
    }
    Ok(())
}

/// A line of `conflicts --json`.
#[derive(Serialize)]
struct ConflictLine {
    severity: &'static str,
    edge: EdgeLine,
    too_many: Option<TooMany>,
    evidence: Vec<EvidenceAnswer>,
    sides: Vec<SideAnswer>,
    acts: Vec<ActAnswer>,
}

#[derive(Serialize)]
struct SideAnswer {
    entity: u64,
    ids: Vec<String>,
    held: Vec<HeldAnswer>,
}

#[derive(Serialize)]
struct HeldAnswer {
    id: String,
    edges: Vec<HoldingAnswer>,
}

#[derive(Serialize)]
struct HoldingAnswer {
    edge: EdgeLine,
    evidence: Vec<EvidenceAnswer>,
}

#[derive(Serialize)]
struct ActAnswer {
    act: &'static str,
    /// A line for `import`.
    fact: Box<RawValue>,
}

impl ConflictLine {
    fn new(conflict: &OpenConflict, actor: &str, now: Time) -> Result<ConflictLine, Failure> {
        let act = |act: &Act| {
            let fact = RawValue::from_string(fact_of(conflict, act, actor, now));
            Ok(ActAnswer { act: act_word(act), fact: fact.map_err(|error| Failure::Output(error.into()))? })
        };
        Ok(ConflictLine {
            severity: conflict.severity.name(),
            edge: (&conflict.edge).into(),
            too_many: conflict.edge.conflict.as_ref().map(TooMany::from),
            evidence: conflict.evidence.iter().map(EvidenceAnswer::from).collect(),
            sides: conflict.sides.iter().map(side).collect(),
            acts: conflict.acts.iter().map(act).collect::<Result<_, Failure>>()?,
        })
    }
}

fn side(side: &ConflictSide) -> SideAnswer {
    let holding = |(edge, evidence): &(EdgeDump, Vec<EvidenceInfo>)| HoldingAnswer {
        edge: edge.into(),
        evidence: evidence.iter().map(EvidenceAnswer::from).collect(),
    };
    let held = side
        .held
        .iter()
        .map(|held| HeldAnswer { id: held.id.to_string(), edges: held.edges.iter().map(holding).collect() });
    SideAnswer { entity: side.entity.0, ids: texts(&side.ids), held: held.collect() }
}
