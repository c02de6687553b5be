//! Tables: what a chart shows, to be read and copied.

use crate::page::{Markup, count};
use crate::report::sheet::Sheet;

/// Rows of a table; it says how many more there are.
pub(crate) const ROWS_MAX: usize = 20;

/// Columns of a table that stands beside a chart.
const BESIDE_MAX: usize = 5;

/// A cell: a text, or a figure, which stands at the right.
pub(crate) enum Cell {
    Text(String),
    Number(u64),
    Figure(String),
}

impl From<&str> for Cell {
    fn from(text: &str) -> Cell {
        Cell::Text(text.to_owned())
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Cell {
        Cell::Text(text)
    }
}

impl From<u64> for Cell {
    fn from(number: u64) -> Cell {
        Cell::Number(number)
    }
}

/// A table with a heading of these keys. `all` = how many rows there are, those included that are not at hand.
pub(crate) fn table<const N: usize>(
    sheet: &mut Sheet<'_>,
    heading: [&str; N],
    rows: impl IntoIterator<Item = [Cell; N]>,
    all: usize,
) {
    let texts = sheet.texts;
    let mut rows = rows.into_iter().peekable();
    if rows.peek().is_none() {
        return;
    }
    let rows: Vec<[Cell; N]> = rows.take(ROWS_MAX).collect();
    let is_figure = |column: usize| {
        let first = rows.first().and_then(|row| row.get(column));
        matches!(first, Some(Cell::Number(_) | Cell::Figure(_)))
    };
    // Beside a chart there is room for a few columns.
    let class = if N > BESIDE_MAX { "table wide" } else { "table" };
    sheet.out.element("div", &[("class", &class), ("tabindex", &0)], |out| {
        out.element("table", &[], |table| {
            table.element("thead", &[], |head| {
                head.element("tr", &[], |row| {
                    for (column, key) in heading.iter().enumerate() {
                        let class = if is_figure(column) { "n" } else { "t" };
                        row.said("th", &[("scope", &"col"), ("class", &class)], texts.text(key));
                    }
                });
            });
            table.element("tbody", &[], |body| {
                for row in &rows {
                    body.element("tr", &[], |out| {
                        row.iter().zip(heading).for_each(|(cell, key)| write(out, cell, texts.text(key)));
                    });
                    body.line();
                }
            });
        });
    });
    let unseen = all.saturating_sub(rows.len()) as u64;
    if unseen > 0 {
        let more = texts.filled("more", &[("n", &count(unseen))]);
        sheet.out.said("p", &[("class", &"more")], &more);
    }
}

/// A cell. On a narrow screen a row is a list, and each cell has its heading beside it.
fn write(out: &mut Markup, cell: &Cell, heading: &str) {
    let (class, text) = match cell {
        Cell::Text(text) => ("t", text.clone()),
        Cell::Number(number) => ("n", count(*number)),
        Cell::Figure(text) => ("n", text.clone()),
    };
    out.said("td", &[("class", &class), ("data-of", &heading)], &text);
}
