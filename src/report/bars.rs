//! Bars: a row each, with its name before it and its figures behind it.

use plotters::element::{Rectangle, Text};
use plotters::style::Color;
use plotters::style::text_anchor::HPos;

use crate::error::Result;
use crate::page::{count, safe};
use crate::report::canvas::{DARK, INK, LIGHT, SOFT, draw, room, text};

/// Rows that a chart shows; the table beside it says how many there are.
pub(crate) const ROWS_MAX: usize = 20;

const ROW: i32 = 26;
/// The longest bar. What a chart takes beside it goes by its texts, so that a phone need not make them small.
const LONGEST: i32 = 160;
/// Between a bar and its texts.
const GAP: i32 = 8;
const NAME_SIZE: i32 = 13;
const FIGURES_SIZE: i32 = 12;

/// A row of a chart.
pub(crate) struct Bar {
    pub(crate) name: String,
    /// The length of the light bar.
    pub(crate) whole: u64,
    /// The length of the dark one on it.
    pub(crate) part: Option<u64>,
    /// What stands behind it.
    pub(crate) figures: String,
}

impl Bar {
    /// A bar of one count.
    pub(crate) fn of(name: impl Into<String>, whole: u64) -> Bar {
        Bar { name: name.into(), whole, part: None, figures: count(whole) }
    }

    /// A bar of which part is dark.
    pub(crate) fn with_part(name: impl Into<String>, whole: u64, part: u64) -> Bar {
        let figures = format!("{} / {}", count(part), count(whole));
        Bar { name: name.into(), whole, part: Some(part), figures }
    }
}

/// How long a bar is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scale {
    /// In proportion.
    Linear,
    /// By the number of digits: where there are many of one sort and one of another, both are seen.
    Log,
}

/// A chart of the first rows.
pub(crate) fn bars(rows: &[Bar], scale: Scale) -> Result<String> {
    let rows: Vec<&Bar> = rows.iter().take(ROWS_MAX).collect();
    let height = i32::try_from(rows.len()).unwrap_or(0) * ROW + 4;
    let most = rows.iter().map(|bar| bar.whole).max().unwrap_or(0);
    let names: Vec<String> = rows.iter().map(|bar| safe(&bar.name).into_owned()).collect();
    let widest = |texts: &mut dyn Iterator<Item = i32>| texts.max().unwrap_or(0) + GAP;
    let start = widest(&mut names.iter().map(|name| room(name, NAME_SIZE))) + GAP;
    let behind = widest(&mut rows.iter().map(|bar| room(&bar.figures, FIGURES_SIZE)));
    let length = |of: u64| {
        let share = match scale {
            Scale::Linear => of as f64 / (most.max(1)) as f64,
            Scale::Log => (1.0 + of as f64).ln() / (1.0 + most.max(1) as f64).ln(),
        };
        let length = (share * f64::from(LONGEST)).round() as i32;
        // What is there is seen.
        if of > 0 { length.max(2) } else { 0 }
    };
    let size = ((start + LONGEST + GAP + behind).unsigned_abs(), height.unsigned_abs());
    draw(size, |area| {
        for (at, (bar, name)) in (0..).zip(rows.into_iter().zip(names)) {
            let (top, middle) = (at * ROW + 4, at * ROW + ROW / 2 + 1);
            let bottom = top + ROW - 8;
            area.draw(&Text::new(name, (start - GAP, middle), text(NAME_SIZE, INK, HPos::Right)))?;
            let (end, filled) = (start + length(bar.whole), if bar.part.is_some() { LIGHT } else { DARK });
            area.draw(&Rectangle::new([(start, top), (end, bottom)], filled.filled()))?;
            if let Some(part) = bar.part {
                area.draw(&Rectangle::new([(start, top), (start + length(part), bottom)], DARK.filled()))?;
            }
            let style = text(FIGURES_SIZE, SOFT, HPos::Left);
            area.draw(&Text::new(bar.figures.clone(), (end + GAP, middle), style))?;
        }
        Ok(())
    })
}
