//! What changed since an earlier state.

use std::cmp::Reverse;

use crate::analytics::Comparison;
use crate::error::Result;
use crate::page::{count, moment};
use crate::report::bars::{Bar, Scale, bars};
use crate::report::sheet::{Sheet, short_space};
use crate::report::table::table;

pub(crate) fn write(sheet: &mut Sheet<'_>, change: &Comparison) -> Result<()> {
    let (before, after) = (&change.before, &change.after);
    let with = [
        ("before", count(before.seq)),
        ("then", moment(before.recorded_at)),
        ("after", count(after.seq)),
        ("entities", count(before.entities)),
        ("now", count(after.entities)),
    ];
    let with: Vec<(&str, &str)> = with.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let text = sheet.texts.filled("change.between", &with);
    sheet.say(&text);
    let counted = [
        ("change.born", change.born),
        ("change.grown", change.grown),
        ("change.shrunk", change.shrunk),
        ("change.merged", change.merged),
        ("change.merged_from", change.merged_from),
        ("change.split", change.split),
        ("change.split_into", change.split_into),
        ("change.gone", change.gone),
        ("change.unchanged", change.unchanged),
    ];
    let drawn = counted.map(|(key, times)| Bar::of(sheet.text(key), times));
    sheet.chart("change.chart", &bars(&drawn, Scale::Log)?);
    let rows = counted.map(|(key, times)| [sheet.text(key).into(), times.into()]);
    table(sheet, ["change.what_happened", "entities"], rows, counted.len());
    let mut spaces: Vec<_> = change.spaces.iter().filter(|(_, ids)| ids.new + ids.gone > 0).collect();
    spaces.sort_by_key(|(space, ids)| (Reverse(ids.new + ids.gone), *space));
    if spaces.is_empty() {
        return Ok(());
    }
    let drawn: Vec<Bar> = spaces.iter().map(|(space, ids)| Bar::of(short_space(space), ids.new)).collect();
    sheet.chart("change.ids", &bars(&drawn, Scale::Linear)?);
    let all = spaces.len();
    let rows =
        spaces.into_iter().map(|(space, ids)| [space.to_string().into(), ids.new.into(), ids.gone.into()]);
    table(sheet, ["space", "change.new", "change.lost"], rows, all);
    Ok(())
}
