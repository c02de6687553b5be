//! `resolve`, `person`, `suggestions`: who is this, and who may it be?

use clap::Args;
use idweave::{EdgeDump, Entity, Member};

use crate::answers::{EntityAnswer, NobodyAnswer, PersonAnswer, SuggestionAnswer};
use crate::cli::Common;
use crate::database;
use crate::exit::{Done, Failure};
use crate::output::Out;

#[derive(Debug, Args)]
pub(crate) struct IdArgs {
    /// kind:scope:value
    #[arg(value_name = "ID")]
    pub(crate) id: String,
}

pub(crate) fn resolve(args: &IdArgs, common: &Common, out: &mut Out) -> Result<Done, Failure> {
    let id = database::id("ID", &args.id)?;
    let entity = database::read(common)?.resolve(&id)?;
    match &entity {
        Some(entity) if common.json => out.json(&EntityAnswer::from(entity))?,
        Some(entity) => show_entity(entity, out)?,
        None => nobody(common, out)?,
    }
    Ok(Done::found(entity.is_some()))
}

pub(crate) fn person(args: &IdArgs, common: &Common, out: &mut Out) -> Result<Done, Failure> {
    let id = database::id("ID", &args.id)?;
    let person = database::read(common)?.person(&id)?;
    match &person {
        Some(person) if common.json => out.json(&PersonAnswer::from(person))?,
        Some(person) => {
            out.line(&format!("person {}", person.person))?;
            for entity in &person.entities {
                show_entity(entity, out)?;
            }
        }
        None => nobody(common, out)?,
    }
    Ok(Done::found(person.is_some()))
}

pub(crate) fn suggestions(args: &IdArgs, common: &Common, out: &mut Out) -> Result<Done, Failure> {
    let id = database::id("ID", &args.id)?;
    let suggestions = database::read(common)?.suggestions(&id)?;
    if common.json {
        for suggestion in &suggestions {
            out.json(&SuggestionAnswer::from(suggestion))?;
        }
    } else if suggestions.is_empty() {
        out.line("nothing suggests another person")?;
    } else {
        let rows = suggestions.iter().map(|s| {
            let via = s.via.as_ref().map(ToString::to_string).unwrap_or_default();
            [s.person.to_string(), s.entity.to_string(), s.edge.a.to_string(), s.edge.b.to_string(), via]
        });
        out.table(["PERSON", "ENTITY", "BY THE LINK OF", "AND", "THROUGH"], rows)?;
    }
    Ok(Done::found(!suggestions.is_empty()))
}

fn nobody(common: &Common, out: &mut Out) -> Result<(), Failure> {
    if common.json {
        out.json(&NobodyAnswer { entity: None })?;
    } else {
        out.line("unknown")?;
    }
    Ok(())
}

fn show_entity(entity: &Entity, out: &mut Out) -> Result<(), Failure> {
    out.line(&format!("entity {} ({}), person {}", entity.entity, entity.class, entity.person))?;
    for member in &entity.members {
        out.line(&format!("  {}{}", member.id, flags(member)))?;
    }
    for edge in &entity.conflicts {
        out.line(&format!("  conflict: {}", conflict_text(edge)))?;
    }
    Ok(())
}

/// What is special about an id, for people.
pub(crate) fn flags(member: &Member) -> &'static str {
    match (member.superseded, member.blocked) {
        (false, false) => "",
        (true, false) => "  (superseded)",
        (false, true) => "  (blocked)",
        (true, true) => "  (superseded, blocked)",
    }
}

fn conflict_text(edge: &EdgeDump) -> String {
    let reason = edge.status.reason().map_or("", |reason| reason.explanation());
    let mut text = format!("{} and {}: {reason}", edge.a, edge.b);
    if let Some(conflict) = &edge.conflict {
        let ids: Vec<String> = conflict.ids.iter().map(ToString::to_string).collect();
        text.push_str(&format!(" ({}: {})", conflict.space, ids.join(", ")));
    }
    text
}
