//! `export-subject`: everything that is held about an id, for its owner.

use clap::Args;
use idweave::model::Reach;
use idweave::{Subject, SubjectFact, SubjectId, ndjson};
use serde_json::json;

use crate::answers::EdgeLine;
use crate::cli::Common;
use crate::database;
use crate::erase::ReachArg;
use crate::exit::{Done, Failure};
use crate::moment::show;
use crate::output::Out;

#[derive(Debug, Args)]
pub(crate) struct SubjectArgs {
    /// kind:scope:value
    #[arg(value_name = "ID")]
    id: String,
    /// The id alone, or every id of its entity
    #[arg(long, value_enum, default_value = "id")]
    reach: ReachArg,
    /// Only the facts, in canonical NDJSON
    #[arg(long, conflicts_with = "json")]
    facts: bool,
}

pub(crate) fn run(args: &SubjectArgs, common: &Common, out: &mut Out) -> Result<Done, Failure> {
    let id = database::id("ID", &args.id)?;
    let reach = Reach::from(args.reach);
    let Some(subject) = database::read(common)?.export_subject(&id, reach)? else {
        if common.json {
            out.json(&json!({"ids": [], "facts": [], "edges": []}))?;
        } else if !args.facts {
            out.line("nothing is held about it")?;
        }
        return Ok(Done::No);
    };
    if common.json {
        out.json(&subject_json(&subject)?)?;
    } else if args.facts {
        subject.facts.iter().try_for_each(|told| out.line(&ndjson::print(&told.fact)))?;
    } else {
        show_subject(&subject, out)?;
    }
    Ok(Done::Yes)
}

fn subject_json(subject: &Subject) -> Result<serde_json::Value, Failure> {
    let id = |id: &SubjectId| {
        json!({
            "id": id.id.to_string(),
            "entity": id.entity.map(|(entity, _)| entity.0),
            "person": id.entity.map(|(_, person)| person.0),
            "superseded": id.superseded,
            "blocked": id.blocked,
            "restricted": id.restricted,
        })
    };
    let fact = |told: &SubjectFact| {
        let fact: serde_json::Value = serde_json::from_str(&ndjson::print(&told.fact))?;
        Ok(json!({"seq": told.seq, "recorded_at": show(told.recorded_at), "fact": fact}))
    };
    let facts = subject.facts.iter().map(fact).collect::<Result<Vec<_>, serde_json::Error>>()?;
    Ok(json!({
        "ids": subject.ids.iter().map(id).collect::<Vec<_>>(),
        "facts": facts,
        "edges": subject.edges.iter().map(EdgeLine::from).collect::<Vec<_>>(),
    }))
}

fn show_subject(subject: &Subject, out: &mut Out) -> Result<(), Failure> {
    for id in &subject.ids {
        let place = match id.entity {
            Some((entity, person)) => format!("entity {entity}, person {person}"),
            None => "named beside the graph only".to_owned(),
        };
        let flags = [(id.superseded, "superseded"), (id.blocked, "blocked"), (id.restricted, "restricted")];
        let flags: Vec<&str> = flags.iter().filter(|(is, _)| *is).map(|(_, word)| *word).collect();
        let flags = if flags.is_empty() { String::new() } else { format!(" ({})", flags.join(", ")) };
        out.line(&format!("{}: {place}{flags}", id.id))?;
    }
    out.line("what was said, when it was recorded:")?;
    for told in &subject.facts {
        out.line(&format!("  {}  {}", show(told.recorded_at), ndjson::print(&told.fact)))?;
    }
    if !subject.edges.is_empty() {
        out.line("what became of it:")?;
    }
    for edge in &subject.edges {
        let reason = edge.status.reason().map_or("", |reason| reason.explanation());
        out.line(&format!("  {} and {}: {} {reason}", edge.a, edge.b, edge.status.name()))?;
    }
    Ok(())
}
