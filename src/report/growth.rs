//! Growth: ids, joins and merges by day, as they were observed and as they were told.

use crate::analytics::{Came, Growth};
use crate::error::Result;
use crate::page::count;
use crate::report::canvas::{DARK, WARM};
use crate::report::days::{DAYS_SHOWN, Days};
use crate::report::sheet::Sheet;
use crate::report::table::table;

/// A count of what a day brought.
type Of = fn(&Came) -> u64;

/// What a day brought, by name.
const SERIES: [(&str, Of); 3] = [
    ("growth.ids", |came| came.ids),
    ("growth.joins", |came| came.joins),
    ("growth.merges", |came| came.merges),
];

pub(crate) fn write(sheet: &mut Sheet<'_>, growth: &Growth) -> Result<()> {
    let mut step = 1;
    for (key, of) in SERIES {
        // Days of all series, so that their charts begin and end alike.
        let observed = growth.days.iter().filter(|(_, grown)| grown.observed != Came::default());
        let counts = observed.map(|(day, grown)| (*day, of(&grown.observed)));
        if let Some(days) = Days::of(counts) {
            let color = if key == "growth.merges" { WARM } else { DARK };
            let svg = days.draw(color)?;
            sheet.chart(key, &svg);
            step = days.step;
        }
    }
    if step > 1 {
        let text = sheet.texts.filled("days.step", &[("n", &count(u64::from(step)))]);
        sheet.say(&text);
    }
    if growth.undated > 0 {
        let text = sheet.texts.filled("growth.undated", &[("n", &count(growth.undated))]);
        sheet.say(&text);
    }
    let all = growth.days.len();
    let rows = growth.days.iter().rev().take(DAYS_SHOWN).map(|(day, grown)| {
        let (observed, recorded) = (&grown.observed, &grown.recorded);
        [
            day.to_string().into(),
            observed.ids.into(),
            observed.joins.into(),
            observed.merges.into(),
            recorded.ids.into(),
            recorded.joins.into(),
            recorded.merges.into(),
        ]
    });
    let heading = [
        "day",
        "growth.observed_ids",
        "growth.observed_joins",
        "growth.observed_merges",
        "growth.recorded_ids",
        "growth.recorded_joins",
        "growth.recorded_merges",
    ];
    table(sheet, heading, rows, all);
    Ok(())
}
