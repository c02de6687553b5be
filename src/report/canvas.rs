//! What charts are drawn on: SVG of `plotters`, which needs no fonts and no system library, in the colours of Okabe and Ito,
//! which those who tell few colours apart tell apart.

use plotters::backend::SVGBackend;
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, IntoFont, RGBColor, TextStyle};

use crate::error::{Error, Result};
use crate::page::width;

pub(crate) const INK: RGBColor = RGBColor(34, 34, 34);
pub(crate) const SOFT: RGBColor = RGBColor(95, 99, 104);
pub(crate) const LIGHT: RGBColor = RGBColor(158, 202, 225);
pub(crate) const DARK: RGBColor = RGBColor(0, 114, 178);
pub(crate) const WARM: RGBColor = RGBColor(213, 94, 0);

/// Where a chart is drawn.
pub(crate) type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// What drawing returns.
pub(crate) type Painted = std::result::Result<(), Box<dyn std::error::Error>>;

/// Draws a chart of a size in pixels: its SVG.
pub(crate) fn draw(size: (u32, u32), paint: impl FnOnce(&Area<'_>) -> Painted) -> Result<String> {
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, size).into_drawing_area();
        paint(&area).map_err(|_| Error::Internal { what: "a chart that cannot be drawn" })?;
        area.present().map_err(|_| Error::Internal { what: "a chart that cannot be drawn" })?;
    }
    Ok(svg)
}

/// Text of a size in a colour, its right end, its left end or its middle at a place.
pub(crate) fn text(size: i32, color: RGBColor, at: HPos) -> TextStyle<'static> {
    let style: TextStyle<'static> = ("sans-serif", size).into_font().into();
    TextStyle { color: color.to_backend_color(), pos: Pos::new(at, VPos::Center), ..style }
}

/// Room that a text of a size takes, about: half its height a column.
pub(crate) fn room(text: &str, size: i32) -> i32 {
    i32::try_from(width(text)).unwrap_or(0).saturating_mul(size) * 53 / 100
}
