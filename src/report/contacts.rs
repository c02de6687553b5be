//! New contacts: by day, by the way they were added, by channel and by employee.

use crate::analytics::{ContactCount, NewContacts};
use crate::error::Result;
use crate::page::{count, shortened};
use crate::report::bars::{Bar, Scale, bars};
use crate::report::canvas::DARK;
use crate::report::days::{DAYS_SHOWN, Days};
use crate::report::sheet::Sheet;
use crate::report::table::{Cell, table};

/// Columns of a name beside a bar.
const NAME_COLUMNS: usize = 28;

/// A name and its counts.
type Row = (String, ContactCount);

pub(crate) fn write(sheet: &mut Sheet<'_>, contacts: &NewContacts) -> Result<()> {
    if let Some(days) = Days::of(contacts.days.iter().map(|(day, counted)| (*day, counted.began))) {
        let svg = days.draw(DARK)?;
        sheet.chart("contacts.days", &svg);
        let latest = contacts.days.iter().rev().take(DAYS_SHOWN);
        let rows: Vec<Row> = latest.map(|(day, counted)| (day.to_string(), *counted)).collect();
        counts_table(sheet, "day", &rows, contacts.days.len());
        if days.step > 1 {
            let text = sheet.texts.filled("days.step", &[("n", &count(u64::from(days.step)))]);
            sheet.say(&text);
        }
    }

    let mut ways: Vec<Row> =
        contacts.ways.iter().map(|(way, counted)| (way_name(sheet, way.as_deref()), *counted)).collect();
    ways.sort_by_key(|(name, counted)| (u64::MAX - counted.began, name.clone()));
    by_name(sheet, "contacts.ways", "contacts.way", &ways, ways.len())?;

    let channels = contacts.channels.iter().enumerate().map(|(rank, (channel, counted))| {
        let name = match channel {
            None => sheet.text("contacts.no_channel").to_owned(),
            Some(channel) if sheet.with_ids => channel.clone(),
            Some(_) => numbered(sheet, "contacts.channel_n", rank),
        };
        (name, *counted)
    });
    let channels: Vec<Row> = channels.collect();
    let all = usize::try_from(contacts.channel_count).unwrap_or(usize::MAX);
    by_name(sheet, "contacts.channels", "contacts.channel", &channels, all)?;

    let employees = contacts.employees.iter().enumerate().map(|(rank, employee)| {
        let name = if sheet.with_ids {
            employee.userid.to_string()
        } else {
            numbered(sheet, "contacts.employee_n", rank)
        };
        (name, employee.count)
    });
    let employees: Vec<Row> = employees.collect();
    let all = usize::try_from(contacts.employee_count).unwrap_or(usize::MAX);
    by_name(sheet, "contacts.employees", "contacts.employee", &employees, all)
}

fn numbered(sheet: &Sheet<'_>, key: &str, rank: usize) -> String {
    sheet.texts.filled(key, &[("n", &(rank + 1).to_string())])
}

/// What the platform's number for a way means.
fn way_name(sheet: &Sheet<'_>, way: Option<&str>) -> String {
    let Some(way) = way else { return sheet.text("way.none").to_owned() };
    let is_number = !way.is_empty() && way.chars().all(|c| c.is_ascii_digit());
    let known = if is_number { sheet.text(&format!("way.{way}")) } else { "" };
    if known.is_empty() { sheet.texts.filled("way.other", &[("way", way)]) } else { known.to_owned() }
}

fn by_name(sheet: &mut Sheet<'_>, chart: &str, heading: &str, rows: &[Row], all: usize) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let drawn: Vec<Bar> = rows
        .iter()
        .map(|(name, counted)| Bar::with_part(shortened(name, NAME_COLUMNS), counted.began, counted.open))
        .collect();
    sheet.chart(chart, &bars(&drawn, Scale::Linear)?);
    counts_table(sheet, heading, rows, all);
    Ok(())
}

fn counts_table(sheet: &mut Sheet<'_>, heading: &str, rows: &[Row], all: usize) {
    let rows = rows.iter().map(|(name, counted)| -> [Cell; 4] {
        [name.as_str().into(), counted.began.into(), counted.first.into(), counted.open.into()]
    });
    table(sheet, [heading, "contacts.began", "contacts.first", "contacts.open"], rows, all);
}
