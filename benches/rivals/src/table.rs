//! The tables that people read.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use comfy_table::{CellAlignment, ContentArrangement, Table};

use crate::physical::median;
use crate::report::{Figure, Report, Work};

const TIMED: &[Work] = &[
    Work::Ingest,
    Work::IngestLast,
    Work::Known,
    Work::Single,
    Work::Merge,
    Work::Lookup,
    Work::Batch,
    Work::Mix,
    Work::MixRead,
    Work::MixWrite,
    Work::Settle,
    Work::Open,
];

pub fn print(reports: &[Report]) -> Result<String> {
    let idweave = &reports.first().context("idweave ran")?.figures;
    let mut times = grid();
    times.set_header(header(reports));
    for work in TIMED {
        // Upkeep is nothing for some, hence nothing to compare with.
        let ours = idweave.get(work).filter(|_| *work != Work::Settle);
        let cells = reports.iter().map(|report| cell(report.figures.get(work), ours));
        times.add_row([work.title().to_owned()].into_iter().chain(cells));
    }
    align(&mut times, reports.len());
    let mut space = grid();
    space.set_header(header(reports));
    type Reading = fn(&Report) -> u64;
    let rows: [(&str, Reading); 4] = [
        ("on disk after upkeep", |report| report.disk_bytes),
        ("resident after ingest", |report| report.memory_after_ingest.resident_bytes),
        ("resident after reopening and looking up", |report| report.memory_after_lookups.resident_bytes),
        ("of that, not of a file", |report| report.memory_after_lookups.anonymous_bytes),
    ];
    for (title, bytes) in rows {
        let cells = reports.iter().map(|report| format!("{:.1} MB", bytes(report) as f64 / 1e6));
        space.add_row([title.to_owned()].into_iter().chain(cells));
    }
    align(&mut space, reports.len());
    Ok(format!("{}\n{times}\n{LEGEND}\n{space}", physical(reports)))
}

const LEGEND: &str = "A cell: the time; its ratio to what the machine needs at least, measured in turns with \
    it (ingest, unions, single: a bare append + fdatasync of as many bytes as idweave's journal takes; \
    translate: a dependent random read; translate_many: an independent one); its ratio to idweave.";

fn grid() -> Table {
    let mut table = Table::new();
    table.load_style(comfy_table::presets::ASCII_MARKDOWN);
    table.set_content_arrangement(ContentArrangement::Disabled);
    table
}

fn align(table: &mut Table, stores: usize) {
    for column in 1..=stores {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
}

fn header(reports: &[Report]) -> Vec<String> {
    [String::new()].into_iter().chain(reports.iter().map(|report| report.store.clone())).collect()
}

/// The machine, over all runs.
fn physical(reports: &[Report]) -> String {
    let over = |of: fn(&Report) -> f64| median(&mut reports.iter().map(of).collect::<Vec<_>>());
    let appended = |work: Work| {
        let figures = reports.iter().filter_map(|report| report.figures.get(&work)?.baseline_ns);
        median(&mut figures.collect::<Vec<_>>())
    };
    let checked: u64 = reports.iter().map(|report| report.answers_checked).sum();
    let sizes: BTreeMap<&str, u64> = reports
        .first()
        .map(|report| {
            [
                ("buffer", report.buffer_bytes),
                ("append", report.append_bytes),
                ("single", report.single_append_bytes),
            ]
            .into()
        })
        .unwrap_or_default();
    let size = |name: &str| sizes.get(name).copied().unwrap_or(0);
    format!(
        "{checked} answers checked, all right.\n\
         The machine, over {} MB (idweave's files): a dependent random read {}, an independent one {}.\n\
         Bare append + fdatasync: {} bytes {}, {} bytes {}.\n",
        size("buffer") / 1_000_000,
        time(over(|report| report.dependent_read_ns)),
        time(over(|report| report.independent_read_ns)),
        size("append"),
        time(appended(Work::Ingest) * 1_000.0),
        size("single"),
        time(appended(Work::Single)),
    )
}

fn cell(figure: Option<&Figure>, idweave: Option<&Figure>) -> String {
    let Some(figure) = figure else { return "-".to_owned() };
    let base = figure.baseline_ns.map(|base| format!(" {}x", ratio(figure.ns / base))).unwrap_or_default();
    let ours = idweave.map(|ours| format!(" ({})", ratio(figure.ns / ours.ns))).unwrap_or_default();
    format!("{}{base}{ours}", time(figure.ns))
}

/// Two digits that count.
fn ratio(value: f64) -> String {
    let digits = if value < 0.1 {
        3
    } else if value < 1.0 {
        2
    } else {
        usize::from(value < 10.0)
    };
    format!("{value:.digits$}")
}

pub fn time(ns: f64) -> String {
    match ns {
        ns if ns < 1e3 => format!("{ns:.0} ns"),
        ns if ns < 1e4 => format!("{:.2} us", ns / 1e3),
        ns if ns < 1e6 => format!("{:.0} us", ns / 1e3),
        ns if ns < 1e9 => format!("{:.1} ms", ns / 1e6),
        ns => format!("{:.1} s", ns / 1e9),
    }
}

#[cfg(test)]
mod tests {
    use super::{ratio, time};

    #[test]
    fn times_and_ratios_keep_two_digits_or_more() {
        assert_eq!(
            [time(12.4), time(1_234.0), time(45_678.0), time(2.5e9)],
            ["12 ns", "1.23 us", "46 us", "2.5 s"]
        );
        assert_eq!([ratio(0.012), ratio(0.25), ratio(3.21), ratio(52.4)], ["0.012", "0.25", "3.2", "52"]);
    }
}
