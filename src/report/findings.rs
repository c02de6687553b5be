//! What to look at: hubs, weak joints, entities that may be several, and those that may be one.

use crate::analytics::{Hubs, JointCount, OverRule, Suspects, UnderRule, WeakJoints};
use crate::error::Result;
use crate::model::Strength;
use crate::page::count;
use crate::report::bars::{Bar, Scale, bars};
use crate::report::sheet::{Sheet, short_space};
use crate::report::table::{Cell, table};

pub(crate) fn hubs(sheet: &mut Sheet<'_>, hubs: &Hubs) -> Result<()> {
    let counted = [("hubs.hubs", hubs.hubs), ("hubs.hints", hubs.hint_hubs)];
    let rows = counted.map(|(key, number)| [sheet.text(key).into(), number.into()]);
    table(sheet, ["hubs.what.row", "ids"], rows, counted.len());
    if hubs.listed.is_empty() {
        return Ok(());
    }
    let drawn: Vec<Bar> = hubs
        .listed
        .iter()
        .map(|hub| {
            let name = sheet.texts.filled("entity_n", &[("n", &hub.entity.to_string())]);
            let toward = hub.toward.as_ref().map_or(sheet.text("hubs.hint"), |toward| toward.kind().name());
            Bar::of(format!("{name} \u{b7} {toward}"), hub.degree)
        })
        .collect();
    sheet.chart("hubs.chart", &bars(&drawn, Scale::Log)?);
    let hint = sheet.text("hubs.hint");
    let rows: Vec<[Cell; 5]> = hubs
        .listed
        .iter()
        .map(|hub| {
            let toward = hub.toward.as_ref().map_or_else(|| hint.to_owned(), short_space);
            let kind = sheet.texts.kind(hub.id.kind());
            [
                hub.entity.0.to_string().into(),
                kind.into(),
                sheet.id(&hub.id).into(),
                toward.into(),
                hub.degree.into(),
            ]
        })
        .collect();
    let all = usize::try_from(hubs.hubs + hubs.hint_hubs).unwrap_or(usize::MAX);
    if sheet.with_ids {
        table(sheet, ["entity", "kind", "id", "hubs.toward", "hubs.degree"], rows, all);
    } else {
        let rows = rows.into_iter().map(|[entity, kind, _, toward, degree]| [entity, kind, toward, degree]);
        table(sheet, ["entity", "kind", "hubs.toward", "hubs.degree"], rows, all);
    }
    Ok(())
}

pub(crate) fn joints(sheet: &mut Sheet<'_>, joints: &WeakJoints) -> Result<()> {
    let by_strength: Vec<(Strength, JointCount)> =
        joints.bridges.iter().rev().map(|(strength, counted)| (*strength, *counted)).collect();
    if by_strength.is_empty() {
        sheet.say(sheet.text("nothing"));
        return Ok(());
    }
    let drawn: Vec<Bar> = by_strength
        .iter()
        .map(|(strength, counted)| {
            let name = sheet.texts.strength(*strength);
            Bar::with_part(name, counted.between_groups, counted.single_between_groups)
        })
        .collect();
    sheet.chart("joints.chart", &bars(&drawn, Scale::Log)?);
    let text = sheet.texts.filled("joints.entities", &[("n", &count(joints.entities))]);
    sheet.say(&text);
    let all = by_strength.len();
    let bridges: u64 = by_strength.iter().map(|(_, counted)| counted.bridges).sum();
    let rows: Vec<[Cell; 5]> = by_strength
        .into_iter()
        .map(|(strength, counted)| {
            [
                sheet.texts.strength(strength).into(),
                counted.bridges.into(),
                counted.single_evidence.into(),
                counted.between_groups.into(),
                counted.single_between_groups.into(),
            ]
        })
        .collect();
    let heading = ["strength", "joints.bridges", "joints.single", "joints.groups", "joints.single_groups"];
    table(sheet, heading, rows, all);
    sheet.out.said("h3", &[], sheet.texts.text("joints.listed"));
    let rows: Vec<[Cell; 6]> = joints
        .listed
        .iter()
        .map(|joint| {
            let ends = format!("{} \u{2013} {}", joint.a.kind().name(), joint.b.kind().name());
            let ends = if sheet.with_ids { format!("{} \u{2013} {}", joint.a, joint.b) } else { ends };
            [
                joint.entity.0.to_string().into(),
                ends.into(),
                sheet.texts.strength(joint.strength).into(),
                joint.evidence.into(),
                joint.smaller_part.into(),
                joint.greater_part.into(),
            ]
        })
        .collect();
    let all = usize::try_from(bridges).unwrap_or(usize::MAX);
    table(
        sheet,
        ["entity", "joints.ends", "strength", "evidence", "joints.smaller", "joints.greater"],
        rows,
        all,
    );
    Ok(())
}

pub(crate) fn suspects(sheet: &mut Sheet<'_>, suspects: &Suspects) -> Result<()> {
    let over = |rule: &OverRule| suspects.over.get(rule).copied().unwrap_or(0);
    let under = |rule: &UnderRule| suspects.under.get(rule).copied().unwrap_or(0);
    let over: Vec<(String, u64)> =
        OverRule::ALL.iter().map(|rule| (format!("over.{}", rule.name()), over(rule))).collect();
    let under: Vec<(String, u64)> =
        UnderRule::ALL.iter().map(|rule| (format!("under.{}", rule.name()), under(rule))).collect();
    for (chart, counted) in [("suspects.over", &over), ("suspects.under", &under)] {
        let drawn: Vec<Bar> = counted.iter().map(|(key, times)| Bar::of(sheet.text(key), *times)).collect();
        sheet.chart(chart, &bars(&drawn, Scale::Log)?);
        let rows: Vec<[Cell; 3]> = counted
            .iter()
            .map(|(key, times)| {
                [sheet.text(key).into(), (*times).into(), sheet.text(&format!("{key}.what")).into()]
            })
            .collect();
        table(sheet, ["suspects.rule", "entities", "suspects.meaning"], rows, counted.len());
    }
    listed(sheet, suspects);
    Ok(())
}

fn listed(sheet: &mut Sheet<'_>, suspects: &Suspects) {
    if !suspects.over_listed.is_empty() {
        sheet.out.said("h3", &[], sheet.texts.text("suspects.over_listed"));
        let rows: Vec<[Cell; 5]> = suspects
            .over_listed
            .iter()
            .map(|found| {
                let joint = &found.joint;
                let parts = format!("{} + {}", count(joint.smaller_part), count(joint.greater_part));
                let rule = sheet.text(&format!("over.{}", found.rule.name()));
                [
                    joint.entity.0.to_string().into(),
                    rule.into(),
                    found.ids.into(),
                    Cell::Figure(parts),
                    found.conflicts.into(),
                ]
            })
            .collect();
        let all = usize::try_from(suspects.over.values().sum::<u64>()).unwrap_or(usize::MAX);
        table(sheet, ["entity", "suspects.rule", "ids", "suspects.parts", "suspects.conflicts"], rows, all);
    }
    if !suspects.under_listed.is_empty() {
        sheet.out.said("h3", &[], sheet.texts.text("suspects.under_listed"));
        let rows: Vec<[Cell; 4]> = suspects
            .under_listed
            .iter()
            .map(|found| {
                let entities: Vec<String> = found.entities.iter().map(ToString::to_string).collect();
                let kinds = found.by.iter().map(|id| match sheet.with_ids {
                    true => id.to_string(),
                    false => id.kind().name().to_owned(),
                });
                let by = kinds.collect::<Vec<_>>().join(" \u{2013} ");
                let rule = sheet.text(&format!("under.{}", found.rule.name()));
                [entities.join(", ").into(), rule.into(), found.ids.into(), by.into()]
            })
            .collect();
        let all = usize::try_from(suspects.under.values().sum::<u64>()).unwrap_or(usize::MAX);
        table(sheet, ["entities", "suspects.rule", "ids", "suspects.by"], rows, all);
    }
}
