//! `explain`: by which evidence two ids are the same, or what stands between them.

use clap::Args;
use idweave::picture::Asked;
use idweave::{Decision, EvidenceInfo, Explanation, Id, Status, Step, Verdict};

use crate::answers::ExplainAnswer;
use crate::cli::Common;
use crate::database;
use crate::exit::{Done, Failure};
use crate::moment::show;
use crate::output::{Out, count};
use crate::picture::{PictureArgs, draw};
use crate::same::{done_of, verdict_text};

#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// kind:scope:value
    #[arg(value_name = "A")]
    a: String,
    /// kind:scope:value; of a picture it may be left out: then it shows A's entity
    #[arg(value_name = "B", required_unless_present_any = ["html", "svg"])]
    b: Option<String>,
    /// The way as a graph for Graphviz
    #[arg(long, conflicts_with = "json", requires = "b")]
    dot: bool,
    #[command(flatten)]
    picture: PictureArgs,
}

pub(crate) fn run(args: &ExplainArgs, common: &Common, out: &mut Out) -> Result<Done, Failure> {
    let a = database::id("A", &args.a)?;
    let b = args.b.as_ref().map(|b| database::id("B", b)).transpose()?;
    if args.picture.is_asked() {
        let asked = match b {
            Some(b) => Asked::Way(a, b),
            None => Asked::Entity(a),
        };
        return draw(&args.picture, &asked, common, out);
    }
    let Some(b) = b else { return Err(Failure::Usage("B: say the other id".to_owned())) };
    let explanation = database::read(common)?.explain(&a, &b)?;
    if args.dot {
        show_dot(&a, &b, &explanation, out)?;
    } else if common.json {
        out.json(&ExplainAnswer::from(&explanation))?;
    } else {
        show_text(&explanation, out)?;
    }
    Ok(done_of(explanation.verdict))
}

fn show_text(explanation: &Explanation, out: &mut Out) -> Result<(), Failure> {
    let rejected = explanation.steps.iter().filter(|step| step.edge.status != Status::Accepted).count();
    let how = match (explanation.verdict, explanation.steps.is_empty()) {
        (Verdict::Unknown, _) => String::new(),
        (Verdict::SameEntity, true) => ": one id".to_owned(),
        (Verdict::SameEntity | Verdict::SamePerson, _) => {
            format!(": joined in {}", count(explanation.steps.len(), "step"))
        }
        (Verdict::Different, true) => ": nothing joins them".to_owned(),
        (Verdict::Different, false) => {
            format!(": the shortest way has {}", count(rejected, "rejected edge"))
        }
    };
    out.line(&format!("{}{how}", verdict_text(explanation.verdict)))?;
    if let Some(first) = explanation.steps.first() {
        out.line(&format!("  {}", first.from))?;
    }
    for step in &explanation.steps {
        out.line(&format!("    {}", edge_text(step)))?;
        for evidence in &step.evidence {
            out.line(&format!("      {}", evidence_text(evidence)))?;
        }
        out.line(&format!("  {}", step.to))?;
    }
    for (a, b) in &explanation.bans {
        out.line(&format!("  ban: {a} and {b} are not the same, somebody decided"))?;
    }
    for decision in &explanation.decisions {
        out.line(&format!("  {}", decision_text(decision)))?;
    }
    if !explanation.complete {
        out.line("  the search was given up: there may be a way through more ids than it looks at")?;
    }
    Ok(())
}

fn edge_text(step: &Step) -> String {
    let edge = &step.edge;
    let mut text = format!(
        "{}, {}, {} ({} level)",
        edge.kind.name(),
        edge.strength,
        edge.status.name(),
        edge.level.name()
    );
    if let Some(reason) = edge.status.reason() {
        text.push_str(&format!(": {reason}, {}", reason.explanation()));
    }
    text
}

/// An evidence for people.
pub(crate) fn evidence_text(evidence: &EvidenceInfo) -> String {
    let mut text = format!(
        "{} said so at {} ({}, commit {}",
        evidence.source,
        show(evidence.observed_at),
        evidence.strength,
        evidence.recorded_seq
    );
    if let Some(batch) = &evidence.batch {
        text.push_str(&format!(", batch {batch}"));
    }
    if let Some(expires_at) = evidence.expires_at {
        text.push_str(&format!(", expires {}", show(expires_at)));
    }
    text.push_str(match (evidence.stands, evidence.undone) {
        (true, _) => ")",
        (false, true) => ", undone)",
        (false, false) => ", retracted)",
    });
    text
}

/// `ban of A and B by alice at T (commit 7): another card`.
fn decision_text(decision: &Decision) -> String {
    let of = match &decision.other {
        Some(other) => format!("{} and {other}", decision.id),
        None => decision.id.to_string(),
    };
    let mut text = format!(
        "{} of {of} by {} at {} (commit {})",
        decision.ruling.name(),
        decision.actor,
        show(decision.at),
        decision.recorded_seq
    );
    if let Some(reason) = &decision.reason {
        text.push_str(&format!(": {reason}"));
        text.push_str(if decision.in_force { "" } else { " (not in force)" });
    }
    text
}

fn show_dot(a: &Id, b: &Id, explanation: &Explanation, out: &mut Out) -> Result<(), Failure> {
    out.line("graph explain {")?;
    out.line("  node [shape=box];")?;
    for end in [a, b] {
        out.line(&format!("  {} [style=bold];", quoted(end.as_str())))?;
    }
    for step in &explanation.steps {
        let edge = &step.edge;
        let reason = edge.status.reason().map_or_else(String::new, |reason| format!(" ({reason})"));
        let label = format!("{} {} {}{reason}", edge.kind.name(), edge.strength, edge.status.name());
        let style = if edge.status == Status::Accepted { "solid" } else { "dashed" };
        let (from, to, label) = (quoted(edge.a.as_str()), quoted(edge.b.as_str()), quoted(&label));
        let arrow = if edge.kind == idweave::EdgeKind::Supersede { ", dir=forward" } else { "" };
        out.line(&format!("  {from} -- {to} [label={label}, style={style}{arrow}];"))?;
    }
    for (a, b) in &explanation.bans {
        let (a, b) = (quoted(a.as_str()), quoted(b.as_str()));
        out.line(&format!("  {a} -- {b} [label=\"ban\", style=dotted];"))?;
    }
    out.line("}")?;
    Ok(())
}

/// A string of the dot language.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
