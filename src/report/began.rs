//! New contacts and new followers: by day, by the way they came, by channel and by owner.

use crate::analytics::{Began, BeganCount};
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
type Row = (String, BeganCount);

/// What is said of which relations.
struct Told {
    /// What the keys of its texts begin with.
    chapter: &'static str,
    /// What the keys of its ways begin with.
    way: &'static str,
    /// Whether owners are people, who have no names unless ids were asked for.
    are_people: bool,
}

pub(crate) fn contacts(sheet: &mut Sheet<'_>, began: &Began) -> Result<()> {
    write(sheet, began, &Told { chapter: "contacts", way: "way", are_people: true })
}

pub(crate) fn followers(sheet: &mut Sheet<'_>, began: &Began) -> Result<()> {
    write(sheet, began, &Told { chapter: "followers", way: "scene", are_people: false })
}

fn write(sheet: &mut Sheet<'_>, began: &Began, told: &Told) -> Result<()> {
    let key = |name: &str| format!("{}.{name}", told.chapter);
    if let Some(days) = Days::of(began.days.iter().map(|(day, counted)| (*day, counted.began))) {
        let svg = days.draw(DARK)?;
        sheet.chart(&key("days"), &svg);
        let latest = began.days.iter().rev().take(DAYS_SHOWN);
        let rows: Vec<Row> = latest.map(|(day, counted)| (day.to_string(), *counted)).collect();
        counts_table(sheet, "day", &rows, began.days.len());
        if days.step > 1 {
            let text = sheet.texts.filled("days.step", &[("n", &count(u64::from(days.step)))]);
            sheet.say(&text);
        }
    }

    let ways = began.ways.iter();
    let mut ways: Vec<Row> =
        ways.map(|(way, counted)| (way_name(sheet, told.way, way.as_deref()), *counted)).collect();
    ways.sort_by_key(|(name, counted)| (u64::MAX - counted.began, name.clone()));
    by_name(sheet, &key("ways"), &key("way"), &ways, ways.len())?;

    let channels = began.channels.iter().enumerate().map(|(rank, (channel, counted))| {
        let name = match channel {
            None => sheet.text("began.no_channel").to_owned(),
            Some(channel) if sheet.with_ids => channel.clone(),
            Some(_) => numbered(sheet, "began.channel_n", rank),
        };
        (name, *counted)
    });
    let channels: Vec<Row> = channels.collect();
    let all = usize::try_from(began.channel_count).unwrap_or(usize::MAX);
    by_name(sheet, &key("channels"), "began.channel", &channels, all)?;

    let owners = began.owners.iter().enumerate().map(|(rank, owner)| {
        let name = match (sheet.with_ids, told.are_people) {
            (true, _) => owner.id.to_string(),
            (false, true) => numbered(sheet, "began.employee_n", rank),
            (false, false) => owner.id.value().to_owned(),
        };
        (name, owner.count)
    });
    let owners: Vec<Row> = owners.collect();
    let all = usize::try_from(began.owner_count).unwrap_or(usize::MAX);
    by_name(sheet, &key("owners"), &key("owner"), &owners, all)
}

fn numbered(sheet: &Sheet<'_>, key: &str, rank: usize) -> String {
    sheet.texts.filled(key, &[("n", &(rank + 1).to_string())])
}

/// What the platform's word for a way means: a number, or capitals.
fn way_name(sheet: &Sheet<'_>, kind: &str, way: Option<&str>) -> String {
    let Some(way) = way else { return sheet.text(&format!("{kind}.none")).to_owned() };
    let is_word = |c: char| c.is_ascii_digit() || c.is_ascii_uppercase() || c == '_';
    let known = if way.chars().all(is_word) { sheet.text(&format!("{kind}.{way}")) } else { "" };
    let other = || sheet.texts.filled(&format!("{kind}.other"), &[("way", way)]);
    if known.is_empty() { other() } else { known.to_owned() }
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
    table(sheet, [heading, "began.began", "began.first", "began.open"], rows, all);
}
