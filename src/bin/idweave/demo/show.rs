//! Prints what went in, who came out, what did not join, and the scenes.

use idweave::{EdgeDump, EntityDump};

use crate::demo::names::Names;
use crate::demo::play::{Beat, Played, Scene};
use crate::demo::run::Outcome;
use crate::exit::Failure;
use crate::moment::show as show_time;
use crate::output::{Out, count};

/// Where lines of ids are broken.
const LINE_LEN: usize = 108;

pub(crate) fn show(
    from: &str,
    place: &str,
    played: &Played,
    outcome: &Outcome,
    out: &mut Out,
) -> Result<(), Failure> {
    let names = &played.names;
    out.line(&format!("idweave demo: {} from {from}, into {place}", count(played.told.len(), "file")))?;
    wrapped("Issuers by name: ", names.list(), out)?;
    out.line("")?;
    out.line("WHAT WENT IN")?;
    went_in(played, out)?;
    for scene in &played.scenes {
        out.line("")?;
        show_scene(scene, out)?;
    }
    out.line("")?;
    out.line(&format!(
        "WHO CAME OUT  (closed, opened again; check: {})",
        if outcome.findings == 0 {
            "everything holds".to_owned()
        } else {
            count(outcome.findings, "finding")
        }
    ))?;
    for entity in &outcome.entities {
        show_entity(entity, names, out)?;
    }
    out.line("")?;
    out.line("WHAT DID NOT JOIN, AND WHY")?;
    for edge in &outcome.rejected {
        show_rejected(edge, names, out)?;
    }
    Ok(())
}

fn went_in(played: &Played, out: &mut Out) -> Result<(), Failure> {
    let date = |told: &crate::demo::play::ToldFile| show_time(told.at).chars().take(10).collect::<String>();
    let rows = played.told.iter().map(|told| {
        let facts = if told.refused.is_empty() {
            told.facts.to_string()
        } else {
            format!("{}, {} refused", told.facts, told.refused.len())
        };
        [date(told), told.from.clone(), told.say.clone(), facts]
    });
    out.table(["RECORDED", "FROM", "WHAT", "FACTS"], rows)?;
    for told in &played.told {
        for refused in &told.refused {
            out.line(&format!("  refused in {}: {refused}", told.file))?;
        }
    }
    Ok(())
}

fn show_scene(scene: &Scene, out: &mut Out) -> Result<(), Failure> {
    wrapped("SCENE ", scene.say.split(' ').map(|word| format!("{word} ")).collect(), out)?;
    for beat in &scene.beats {
        match beat {
            Beat::Told(told) => out.line(&format!("  + {} ({})", told.say, told.from))?,
            Beat::Asked { say, text, .. } => {
                let answers = if text.is_empty() { "nobody's" } else { "" };
                out.line(&format!("  ? {say}  {answers}{}", text.join("; ")))?;
            }
        }
    }
    Ok(())
}

fn show_entity(entity: &EntityDump, names: &Names, out: &mut Out) -> Result<(), Failure> {
    let id = |id: &idweave::Id| {
        let mark = if entity.superseded.contains(id) { " (superseded)" } else { "" };
        format!("{}{mark}", names.short(id))
    };
    let lead = format!("  {:>3} {:<8} ", entity.entity, entity.class.name());
    wrapped(&lead, entity.ids.iter().map(id).collect(), out)
}

fn show_rejected(edge: &EdgeDump, names: &Names, out: &mut Out) -> Result<(), Failure> {
    let reason = edge.status.reason().map_or(("", ""), |reason| (reason.name(), reason.explanation()));
    out.line(&format!("  {:<17}{} and {}", reason.0, names.short(&edge.a), names.short(&edge.b)))?;
    out.line(&format!("  {:<17}  {}", "", reason.1))?;
    Ok(())
}

/// Items one after another, broken into lines that begin below the first item.
fn wrapped(lead: &str, items: Vec<String>, out: &mut Out) -> Result<(), Failure> {
    let indent = " ".repeat(lead.chars().count());
    let mut line = lead.to_owned();
    for (number, item) in items.iter().enumerate() {
        let gap = if number == 0 || item.ends_with(' ') { "" } else { "  " };
        if number > 0 && line.chars().count() + gap.len() + item.chars().count() > LINE_LEN {
            out.line(line.trim_end())?;
            line = format!("{indent}{item}");
        } else {
            line.push_str(gap);
            line.push_str(item);
        }
    }
    out.line(line.trim_end())?;
    Ok(())
}
