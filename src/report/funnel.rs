//! The funnel: from an openid to a contact of an employee, for all, by app, by view.

use std::cmp::Reverse;

use crate::analytics::{Funnel, FunnelSteps};
use crate::error::Result;
use crate::page::count;
use crate::report::bars::{Bar, Scale, bars};
use crate::report::sheet::{Sheet, percent};
use crate::report::table::{Cell, table};

pub(crate) fn write(sheet: &mut Sheet<'_>, funnel: &Funnel) -> Result<()> {
    let steps = steps_of(&funnel.all);
    let rows: Vec<Bar> = steps
        .iter()
        .map(|(key, number)| {
            let share = percent(*number, funnel.all.entities);
            let figures = format!("{} ({share})", count(*number));
            Bar { figures, ..Bar::of(sheet.text(key), *number) }
        })
        .collect();
    sheet.chart("funnel.chart", &bars(&rows, Scale::Linear)?);
    let rows = steps.map(|(key, number)| {
        [sheet.text(key).into(), number.into(), Cell::Figure(percent(number, funnel.all.entities))]
    });
    table(sheet, ["funnel.step", "entities", "share"], rows, steps.len());
    apps(sheet, funnel);
    views(sheet, funnel)?;
    paths(sheet, funnel);
    Ok(())
}

fn steps_of(steps: &FunnelSteps) -> [(&'static str, u64); 4] {
    [
        ("funnel.openid", steps.entities),
        ("funnel.unionid", steps.with_unionid),
        ("funnel.external", steps.with_external),
        ("funnel.contact", steps.contacts),
    ]
}

fn apps(sheet: &mut Sheet<'_>, funnel: &Funnel) {
    let mut apps: Vec<_> = funnel.apps.iter().collect();
    apps.sort_by_key(|(app, funnel)| (Reverse(funnel.steps.entities), *app));
    let all = apps.len();
    if all > 0 {
        sheet.out.said("h3", &[], sheet.texts.text("funnel.apps"));
    }
    let rows = apps.into_iter().map(|(app, funnel)| {
        let FunnelSteps { entities, with_unionid, with_external, contacts } = funnel.steps;
        let bound = funnel.open_account.as_deref().unwrap_or("\u{2013}");
        [
            app.as_str().into(),
            bound.into(),
            entities.into(),
            funnel.openid_only.into(),
            with_unionid.into(),
            with_external.into(),
            contacts.into(),
        ]
    });
    let heading = [
        "funnel.app",
        "funnel.open_account",
        "entities",
        "funnel.openid_only",
        "funnel.unionid",
        "funnel.external",
        "funnel.contact",
    ];
    table(sheet, heading, rows, all);
}

fn views(sheet: &mut Sheet<'_>, funnel: &Funnel) -> Result<()> {
    let mut views: Vec<_> = funnel.views.iter().collect();
    views.sort_by_key(|(view, funnel)| (Reverse(funnel.external + funnel.pending_open), *view));
    if views.is_empty() {
        return Ok(());
    }
    let sum = |of: fn(&crate::analytics::ViewFunnel) -> u64| views.iter().map(|(_, view)| of(view)).sum();
    let pending: [(&str, u64); 3] = [
        ("funnel.pending_closed", sum(|view| view.pending_closed)),
        ("funnel.pending_open", sum(|view| view.pending_open)),
        ("funnel.pending_expired", sum(|view| view.pending_expired)),
    ];
    if pending.iter().any(|(_, number)| *number > 0) {
        let rows = pending.map(|(key, number)| Bar::of(sheet.text(key), number));
        sheet.chart("funnel.pending", &bars(&rows, Scale::Linear)?);
    }
    let all = views.len();
    sheet.out.said("h3", &[], sheet.texts.text("funnel.views"));
    let rows = views.into_iter().map(|(view, funnel)| {
        [
            view.as_str().into(),
            funnel.external.into(),
            funnel.with_unionid.into(),
            funnel.contacts.into(),
            funnel.former.into(),
            funnel.pending_closed.into(),
            funnel.pending_open.into(),
            funnel.pending_expired.into(),
        ]
    });
    let heading = [
        "funnel.view",
        "funnel.external",
        "funnel.unionid",
        "funnel.contact",
        "funnel.former",
        "funnel.pending_closed",
        "funnel.pending_open",
        "funnel.pending_expired",
    ];
    table(sheet, heading, rows, all);
    Ok(())
}

fn paths(sheet: &mut Sheet<'_>, funnel: &Funnel) {
    let mut paths: Vec<_> = funnel.paths.iter().collect();
    paths.sort_by_key(|(path, steps)| (Reverse(steps.external), *path));
    let all = paths.len();
    if all > 0 {
        sheet.out.said("h3", &[], sheet.texts.text("funnel.paths"));
    }
    let rows = paths.into_iter().map(|((app, view), steps)| {
        [app.as_str().into(), view.as_str().into(), steps.external.into(), steps.contacts.into()]
    });
    table(sheet, ["funnel.app", "funnel.view", "funnel.external", "funnel.contact"], rows, all);
}
