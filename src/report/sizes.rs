//! Sizes of entities and persons, and how many edges ids have: histograms, in steps that double.

use std::collections::BTreeMap;

use crate::analytics::{Degrees, Sizes};
use crate::error::Result;
use crate::model::Class;
use crate::report::bars::{Bar, Scale, bars};
use crate::report::sheet::Sheet;
use crate::report::table::{Cell, table};

pub(crate) fn write(sheet: &mut Sheet<'_>, sizes: &Sizes) -> Result<()> {
    let accounts = sizes.entities.get(&Class::Account).cloned().unwrap_or_default();
    sheet.chart("sizes.accounts", &histogram(&accounts)?);
    if sizes.persons.keys().any(|entities| *entities > 1) {
        sheet.chart("sizes.persons", &histogram(&sizes.persons)?);
    }
    let by_class = sizes.entities.iter().map(|(class, sizes)| (class.name().to_owned(), sizes));
    let persons = (sheet.text("sizes.person").to_owned(), &sizes.persons);
    let rows: Vec<[Cell; 6]> = by_class.chain([persons]).map(|(name, sizes)| row(name, sizes)).collect();
    let all = rows.len();
    table(
        sheet,
        ["sizes.of", "sizes.count", "sizes.mean", "sizes.half", "sizes.most_of", "sizes.most"],
        rows,
        all,
    );
    Ok(())
}

pub(crate) fn write_degrees(sheet: &mut Sheet<'_>, degrees: &Degrees) -> Result<()> {
    let mut all_links: BTreeMap<u64, u64> = BTreeMap::new();
    for links in degrees.links.values() {
        links.iter().for_each(|(degree, ids)| *all_links.entry(*degree).or_default() += ids);
    }
    sheet.chart("degrees.chart", &histogram(&all_links)?);
    for (key, degrees) in [("degrees.links", &degrees.links), ("degrees.hints", &degrees.hints)] {
        if degrees.is_empty() {
            continue;
        }
        sheet.out.said("h3", &[], sheet.texts.text(key));
        let rows: Vec<[Cell; 6]> = degrees.iter().map(|(kind, degrees)| row(kind.clone(), degrees)).collect();
        let all = rows.len();
        table(sheet, ["kind", "ids", "sizes.mean", "sizes.half", "sizes.most_of", "sizes.most"], rows, all);
    }
    Ok(())
}

/// Bars of 1, 2, 3-4, 5-8, .. on a scale of digits.
fn histogram(counts: &BTreeMap<u64, u64>) -> Result<String> {
    let mut steps: BTreeMap<u64, u64> = BTreeMap::new();
    for (size, times) in counts {
        *steps.entry(size.next_power_of_two()).or_default() += times;
    }
    if counts.contains_key(&0) {
        // The power of two above nothing is 1.
        let none = counts.get(&0).copied().unwrap_or_default();
        steps.insert(0, none);
        if let Some(ones) = steps.get_mut(&1) {
            *ones -= none;
        }
    }
    let name = |step: u64| match step {
        0..=2 => step.to_string(),
        step => format!("{}\u{2013}{step}", step / 2 + 1),
    };
    let most = steps.keys().max().copied().unwrap_or(0);
    let first = steps.keys().min().copied().unwrap_or(0);
    let all = std::iter::successors(Some(first), |step| Some(if *step == 0 { 1 } else { step * 2 }));
    let rows: Vec<Bar> = all
        .take_while(|step| *step <= most)
        .map(|step| Bar::of(name(step), steps.get(&step).copied().unwrap_or(0)))
        .collect();
    bars(&rows, Scale::Log)
}

/// How many there are, their mean, the size that half of them do not exceed, that 99 % do not exceed, and the greatest.
fn row(name: String, counts: &BTreeMap<u64, u64>) -> [Cell; 6] {
    let all: u64 = counts.values().sum();
    let sum: u128 = counts.iter().map(|(size, times)| u128::from(*size) * u128::from(*times)).sum();
    let mean = if all == 0 { 0.0 } else { sum as f64 / all as f64 };
    let at_most = |percent: u64| {
        let wanted = u128::from(all) * u128::from(percent);
        let mut below = 0_u128;
        let found = counts.iter().find(|(_, times)| {
            below += u128::from(**times) * 100;
            below >= wanted
        });
        found.map_or(0, |(size, _)| *size)
    };
    let most = counts.keys().max().copied().unwrap_or(0);
    [
        name.into(),
        all.into(),
        Cell::Figure(format!("{mean:.2}")),
        at_most(50).into(),
        at_most(99).into(),
        most.into(),
    ]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{histogram, row};
    use crate::report::table::Cell;

    #[test]
    fn a_histogram_has_a_bar_for_every_step_between() {
        let svg = histogram(&BTreeMap::from([(0, 3), (1, 5), (9, 1)])).unwrap();
        for name in [">\n0\n<", ">\n1\n<", ">\n2\n<", "3\u{2013}4", "5\u{2013}8", "9\u{2013}16"] {
            assert!(svg.contains(name), "{name}: {svg}");
        }
    }

    #[test]
    fn figures_of_a_histogram() {
        let cells = row("x".to_owned(), &BTreeMap::from([(1, 50), (2, 49), (100, 1)]));
        let shown: Vec<String> = cells
            .into_iter()
            .map(|cell| match cell {
                Cell::Text(text) | Cell::Figure(text) => text,
                Cell::Number(number) => number.to_string(),
            })
            .collect();
        assert_eq!(shown, ["x", "100", "2.48", "1", "2", "100"]);
    }
}
