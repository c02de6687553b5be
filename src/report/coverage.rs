//! Coverage: how many entities hold ids of two spaces.

use std::cmp::Reverse;

use crate::analytics::Coverage;
use crate::error::Result;
use crate::page::count;
use crate::report::heat::{FEW, heat};
use crate::report::sheet::{Sheet, percent, short_space};
use crate::report::table::table;

/// Spaces that the matrix shows: those that most entities hold.
const SPACES_MAX: usize = 20;

pub(crate) fn write(sheet: &mut Sheet<'_>, coverage: &Coverage) -> Result<()> {
    let mut shown: Vec<usize> = (0..coverage.spaces.len()).collect();
    shown.sort_by_key(|at| (Reverse(coverage.at(*at, *at)), *at));
    let left_out = shown.len().saturating_sub(SPACES_MAX);
    shown.truncate(SPACES_MAX);
    // In the order of their names again: spaces of a kind stand together.
    shown.sort_unstable();
    let names: Vec<String> =
        shown.iter().filter_map(|at| coverage.spaces.get(*at)).map(short_space).collect();
    let both = |x: usize, y: usize| match (shown.get(x), shown.get(y)) {
        (Some(x), Some(y)) => coverage.at(*x, *y),
        _ => 0,
    };
    let svg = heat(&names, |x, y| both(x, y) as f64 / both(x, x).max(1) as f64)?;
    if names.len() > FEW {
        sheet.wide_chart("coverage.chart", &svg);
    } else {
        sheet.chart("coverage.chart", &svg);
    }
    if left_out > 0 {
        let text = sheet.texts.filled("coverage.more", &[("n", &count(left_out as u64))]);
        sheet.say(&text);
    }
    let mut pairs: Vec<((usize, usize), u64)> =
        coverage.both.iter().filter(|((x, y), _)| x != y).map(|(pair, both)| (*pair, *both)).collect();
    pairs.sort_by_key(|(pair, both)| (Reverse(*both), *pair));
    let all = pairs.len();
    let rows = pairs.into_iter().filter_map(|((x, y), both)| {
        let (a, b) = (coverage.spaces.get(x)?, coverage.spaces.get(y)?);
        let share = |of: usize| percent(both, coverage.at(of, of));
        let figure = crate::report::table::Cell::Figure;
        Some([a.to_string().into(), b.to_string().into(), both.into(), figure(share(x)), figure(share(y))])
    });
    let heading = ["coverage.a", "coverage.b", "coverage.both", "coverage.of_a", "coverage.of_b"];
    table(sheet, heading, rows, all);
    Ok(())
}
