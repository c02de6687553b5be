//! The coverage matrix as a picture: the darker a cell, the more of its row have its column too.

use plotters::element::{Rectangle, Text};
use plotters::style::text_anchor::HPos;
use plotters::style::{Color, RGBColor, WHITE};

use crate::error::Result;
use crate::page::safe;
use crate::report::canvas::{INK, SOFT, draw, room, text};

const CELL: (i32, i32) = (34, 24);
const NAME_SIZE: i32 = 12;
/// Rows up to which a phone shows the matrix whole.
pub(crate) const FEW: usize = 8;

/// A matrix: names, and the part of a row that has a column, from 0 to 1.
pub(crate) fn heat(names: &[String], share: impl Fn(usize, usize) -> f64) -> Result<String> {
    let count = i32::try_from(names.len()).unwrap_or(0);
    let names: Vec<String> =
        (1..).zip(names).map(|(row, name)| format!("{} \u{b7} {row}", safe(name))).collect();
    let start = names.iter().map(|name| room(name, NAME_SIZE)).max().unwrap_or(0) + 16;
    let size = (start + count * CELL.0 + 8, (count + 1) * CELL.1 + 8);
    draw((size.0.unsigned_abs(), size.1.unsigned_abs()), |area| {
        for (row, (at, name)) in (1..).zip(names.iter().enumerate()) {
            let (top, middle) = (row * CELL.1, row * CELL.1 + CELL.1 / 2);
            let column = start + (row - 1) * CELL.0;
            area.draw(&Text::new(
                row.to_string(),
                (column + CELL.0 / 2, CELL.1 / 2),
                text(12, SOFT, HPos::Center),
            ))?;
            area.draw(&Text::new(name.clone(), (start - 8, middle), text(NAME_SIZE, INK, HPos::Right)))?;
            for (other, left) in (0..names.len()).zip((0..).map(|column| start + column * CELL.0)) {
                let share = share(at, other);
                let shown = if at == other { RGBColor(222, 222, 222) } else { shade(share) };
                let corners = [(left + 1, top + 1), (left + CELL.0 - 1, top + CELL.1 - 1)];
                area.draw(&Rectangle::new(corners, shown.filled()))?;
                let ink = if share > 0.3 && at != other { WHITE } else { INK };
                let figure =
                    Text::new(figure(share), (left + CELL.0 / 2, middle), text(11, ink, HPos::Center));
                area.draw(&figure)?;
            }
        }
        Ok(())
    })
}

/// Percent without a sign; `<1` and `>99` for what is not nothing and not all.
fn figure(share: f64) -> String {
    match (share * 100.0).round() as u32 {
        0 if share > 0.0 => "<1".to_owned(),
        0 => "\u{b7}".to_owned(),
        100 if share < 1.0 => ">99".to_owned(),
        percent => percent.to_string(),
    }
}

fn shade(share: f64) -> RGBColor {
    let between = |light: u8, dark: u8| {
        (f64::from(light) + (f64::from(dark) - f64::from(light)) * share.clamp(0.0, 1.0).sqrt()).round() as u8
    };
    RGBColor(between(244, 8), between(248, 81), between(252, 140))
}
