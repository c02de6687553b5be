//! Reach: how many ids of each space there are, and how many entities hold them.

use std::cmp::Reverse;

use crate::analytics::Scopes;
use crate::error::Result;
use crate::report::bars::{Bar, Scale, bars};
use crate::report::sheet::{Sheet, short_space};
use crate::report::table::table;

pub(crate) fn write(sheet: &mut Sheet<'_>, reach: &Scopes) -> Result<()> {
    let mut spaces: Vec<_> = reach.spaces.iter().collect();
    spaces.sort_by_key(|(space, reach)| (Reverse(reach.ids), *space));
    let rows: Vec<Bar> = spaces
        .iter()
        .map(|(space, reach)| Bar::with_part(short_space(space), reach.ids, reach.entities))
        .collect();
    sheet.chart("reach.chart", &bars(&rows, Scale::Linear)?);
    let all = spaces.len();
    let rows = spaces.into_iter().map(|(space, reach)| {
        [
            space.to_string().into(),
            reach.ids.into(),
            reach.entities.into(),
            reach.entities_with_many.into(),
            reach.entities_alone.into(),
            reach.superseded.into(),
            reach.blocked.into(),
            reach.restricted.into(),
        ]
    });
    let heading = [
        "space",
        "ids",
        "entities",
        "reach.many",
        "reach.alone",
        "reach.superseded",
        "reach.blocked",
        "reach.restricted",
    ];
    table(sheet, heading, rows, all);
    Ok(())
}
