//! The chart: a panel each for ingest, lookup, batch and mix; bars on a logarithmic scale, shorter is faster.

use std::path::Path;

use anyhow::{Result, anyhow};
use plotters::backend::SVGBackend;
use plotters::chart::ChartBuilder;
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters::element::{PathElement, Rectangle, Text};
use plotters::prelude::IntoLogRange;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, IntoFont, RGBColor, TextStyle, WHITE};

use crate::report::{Report, Work};
use crate::table::time;

const PANELS: [(Work, &str); 4] = [
    (Work::Ingest, "ingest: a fact, in durable commits of 1,000"),
    (Work::Lookup, "translate: an id"),
    (Work::Batch, "translate_many: an id, in batches of 1,000"),
    (Work::Mix, "mix of an application: an operation"),
];

const INK: RGBColor = RGBColor(51, 51, 51);
const OURS: RGBColor = RGBColor(0, 114, 178);
const THEIRS: RGBColor = RGBColor(160, 160, 160);
const MACHINE: RGBColor = RGBColor(213, 94, 0);

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// A bar: its name, its nanoseconds, its colour.
struct Bar {
    name: String,
    ns: f64,
    color: RGBColor,
}

pub fn draw(path: &Path, title: &str, reports: &[Report]) -> Result<()> {
    let rows = u32::try_from(reports.len())? + 1;
    let root = SVGBackend::new(path, (1_080, 120 + 2 * (rows * 26 + 80))).into_drawing_area();
    paint(&root, title, reports).map_err(|error| anyhow!("drawing the chart: {error}"))
}

type Painted = Result<(), Box<dyn std::error::Error>>;

fn paint(root: &Area<'_>, title: &str, reports: &[Report]) -> Painted {
    root.fill(&WHITE)?;
    let root = root.titled(title, style(18).color(&INK))?;
    let (panels, foot) = {
        let height = root.dim_in_pixel().1;
        root.split_vertically(height - 24)
    };
    for ((work, title), panel) in PANELS.into_iter().zip(panels.split_evenly((2, 2))) {
        let mut bars: Vec<Bar> = reports.iter().filter_map(|report| bar(report, work)).collect();
        bars.extend(machine(reports, work));
        paint_panel(&panel, title, &bars)?;
    }
    let note =
        "Shorter is faster, each grid line ten times. Blue: idweave. Grey: the others. Orange: the machine.";
    foot.draw(&Text::new(note, (14, 4), style(13).color(&INK)))?;
    root.present()?;
    Ok(())
}

fn style(size: i32) -> TextStyle<'static> {
    ("sans-serif", size).into_font().into()
}

fn bar(report: &Report, work: Work) -> Option<Bar> {
    let ns = report.figures.get(&work)?.ns;
    let color = if report.store == "idweave" { OURS } else { THEIRS };
    let name = if report.store == "hashmap" { "hashmap (memory only)" } else { &report.store };
    Some(Bar { name: name.to_owned(), ns, color })
}

/// What the machine needs at least, as idweave's run measured it.
fn machine(reports: &[Report], work: Work) -> Option<Bar> {
    let ns = reports.first()?.figures.get(&work)?.baseline_ns?;
    let name = match work {
        Work::Ingest => "append + fdatasync",
        Work::Lookup => "dependent read",
        _ => "independent read",
    };
    Some(Bar { name: name.to_owned(), ns, color: MACHINE })
}

fn paint_panel(panel: &Area<'_>, title: &str, bars: &[Bar]) -> Painted {
    let least = bars.iter().map(|bar| bar.ns).fold(f64::INFINITY, f64::min);
    let most = bars.iter().map(|bar| bar.ns).fold(1.0, f64::max);
    let from = 10_f64.powf(least.log10().floor());
    // Room for the figure behind the longest bar.
    let to = most * (most / from).powf(0.25);
    let rows = bars.len() as f64;
    let mut chart = ChartBuilder::on(panel)
        .caption(title, style(15).color(&INK))
        .margin(10)
        .x_label_area_size(22)
        .y_label_area_size(150)
        .build_cartesian_2d((from..to).log_scale(), 0.0..rows)?;
    chart
        .configure_mesh()
        .disable_y_mesh()
        .light_line_style(WHITE)
        .bold_line_style(INK.mix(0.15))
        .x_labels(((to / from).log10().ceil() as usize).max(2))
        .y_labels(0)
        .x_label_formatter(&|ns| time(*ns))
        .label_style(style(12).color(&INK))
        .axis_style(INK.mix(0.4))
        .draw()?;
    let right = Pos::new(HPos::Right, VPos::Center);
    let left = Pos::new(HPos::Left, VPos::Center);
    for (row, bar) in bars.iter().enumerate() {
        let y = rows - row as f64 - 0.5;
        let corners = [(from, y - 0.36), (bar.ns, y + 0.36)];
        chart.draw_series([Rectangle::new(corners, bar.color.filled())])?;
        let origin = panel.get_base_pixel();
        let pixel = |ns: f64, aside: i32| {
            let at = chart.backend_coord(&(ns, y));
            (at.0 - origin.0 + aside, at.1 - origin.1)
        };
        let name = (bar.name.clone(), pixel(from, -6), style(13).color(&INK).pos(right));
        let figure = (time(bar.ns), pixel(bar.ns, 5), style(13).color(&INK).pos(left));
        for (text, place, style) in [name, figure] {
            panel.draw(&Text::new(text, place, style))?;
        }
    }
    chart.draw_series([PathElement::new([(from, 0.0), (from, rows)], INK)])?;
    Ok(())
}
