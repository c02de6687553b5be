//! Edges: how strong those are that join, and why the others do not.

use std::cmp::Reverse;

use crate::analytics::Edges;
use crate::error::Result;
use crate::model::Strength;
use crate::report::bars::{Bar, Scale, bars};
use crate::report::sheet::{Sheet, short_space};
use crate::report::table::table;

pub(crate) fn write(sheet: &mut Sheet<'_>, edges: &Edges) -> Result<()> {
    let of = |strength: &Strength| edges.accepted.get(strength).copied().unwrap_or(0);
    let persons = |strength: &Strength| edges.accepted_persons.get(strength).copied().unwrap_or(0);
    let rows: Vec<Bar> = Strength::ALL
        .iter()
        .rev()
        .map(|strength| Bar::of(sheet.texts.strength(*strength), of(strength) + persons(strength)))
        .collect();
    sheet.chart("edges.accepted", &bars(&rows, Scale::Log)?);
    let rows: Vec<_> = Strength::ALL
        .iter()
        .rev()
        .map(|strength| {
            [sheet.texts.strength(*strength).into(), of(strength).into(), persons(strength).into()]
        })
        .collect();
    table(sheet, ["strength", "edges.among_ids", "edges.among_entities"], rows, Strength::ALL.len());

    let mut reasons: Vec<_> = edges.by_reason().into_iter().filter(|(_, times)| *times > 0).collect();
    reasons.sort_by_key(|(reason, times)| (Reverse(*times), *reason));
    if reasons.is_empty() {
        return Ok(());
    }
    let rows: Vec<Bar> =
        reasons.iter().map(|(reason, times)| Bar::of(sheet.texts.reason(*reason), *times)).collect();
    sheet.chart("edges.rejected", &bars(&rows, Scale::Log)?);
    let all = reasons.len();
    let rows: Vec<_> = reasons
        .into_iter()
        .map(|(reason, times)| {
            let is_conflict = if reason.is_conflict() { "yes" } else { "no" };
            [
                sheet.texts.reason(reason).into(),
                times.into(),
                sheet.text(is_conflict).into(),
                sheet.texts.why(reason).into(),
            ]
        })
        .collect();
    table(sheet, ["edges.reason", "edges.times", "edges.conflict", "edges.why"], rows, all);
    by_spaces(sheet, edges)
}

fn by_spaces(sheet: &mut Sheet<'_>, edges: &Edges) -> Result<()> {
    let mut rejected: Vec<_> = edges.rejected.iter().collect();
    rejected.sort_by_key(|(rejected, times)| (Reverse(**times), *rejected));
    let all = rejected.len();
    sheet.out.said("h3", &[], sheet.texts.text("edges.spaces"));
    let rows: Vec<_> = rejected
        .into_iter()
        .map(|(rejected, times)| {
            let (a, b) = &rejected.spaces;
            [
                sheet.texts.reason(rejected.reason).into(),
                a.to_string().into(),
                b.to_string().into(),
                (*times).into(),
            ]
        })
        .collect();
    table(sheet, ["edges.reason", "coverage.a", "coverage.b", "edges.times"], rows, all);
    if !edges.cardinality.is_empty() {
        let mut spaces: Vec<_> = edges.cardinality.iter().collect();
        spaces.sort_by_key(|(space, times)| (Reverse(**times), *space));
        let rows: Vec<Bar> =
            spaces.iter().map(|(space, times)| Bar::of(short_space(space), **times)).collect();
        sheet.chart("edges.cardinality", &bars(&rows, Scale::Linear)?);
        let all = spaces.len();
        let rows = spaces.into_iter().map(|(space, times)| [space.to_string().into(), (*times).into()]);
        table(sheet, ["space", "edges.times"], rows, all);
    }
    Ok(())
}
