//! The tables that tune one form: how much of a record to ask for and to check, by which check, how far ahead, and
//! where records begin.

use std::io;

use crate::backing::Backing;
use crate::build;
use crate::check::{Check, Crc, Straight, Xxh};
use crate::form::Next;
use crate::line::Twelve;
use crate::lookup::{Style, Tally, batched, singles};
use crate::measure::{Cell, Row, table};
use crate::world::{Pages, World, place};

const LOAD: f64 = 0.8;
const STYLES: [Style; 4] = [
    Style { ahead: 0, whole: true },
    Style { ahead: 5, whole: true },
    Style { ahead: 0, whole: false },
    Style { ahead: 3, whole: false },
];

/// A world and the index over it, under one check.
struct Side {
    world: World,
    lines: usize,
    index: Backing,
}

impl Side {
    fn new<C: Check>(n: u64, align: usize, pages: Pages) -> io::Result<Side> {
        let world = World::new::<C>(n, align)?;
        let lines = build::lines_for::<Twelve<C>>(world.pairs.len(), LOAD);
        let index = place(pages, &build::next::<Twelve<C>>(&world.pairs, lines))?;
        Ok(Side { world, lines, index })
    }

    fn rows<C: Check>(&self, pages: Pages) -> Vec<Row<'_>> {
        let (queries, records) = (&self.world.present, self.world.records(pages));
        let row = |style: Style| {
            let form = || Next::<Twelve<C>>::new(self.index.bytes(), self.lines);
            let (a, b, c, d, e, f) = (form(), form(), form(), form(), form(), form());
            let cells = vec![
                cell(false, move |at, n| singles::<_, C, true>(&a, records, queries, (at, n), style)),
                cell(false, move |at, n| singles::<_, C, false>(&b, records, queries, (at, n), style)),
                cell(true, move |at, n| batched::<_, C, 4>(&c, records, queries, (at, n), style)),
                cell(true, move |at, n| batched::<_, C, 8>(&d, records, queries, (at, n), style)),
                cell(true, move |at, n| batched::<_, C, 16>(&e, records, queries, (at, n), style)),
                cell(true, move |at, n| batched::<_, C, 24>(&f, records, queries, (at, n), style)),
            ];
            let checked = if style.whole { "record" } else { "head" };
            Row { name: format!("{}, {checked} checked, {} lines asked for", C::NAME, style.ahead), cells }
        };
        STYLES.into_iter().map(row).collect()
    }
}

/// Prints the tables for `n` ids.
pub fn run(n: u64) -> io::Result<()> {
    for (pages, name) in [(Pages::Small, "4 KiB pages"), (Pages::Huge, "huge pages")] {
        for align in [8, 64] {
            let (crc, straight, xxh) = (
                Side::new::<Crc>(n, align, pages)?,
                Side::new::<Straight>(n, align, pages)?,
                Side::new::<Xxh>(n, align, pages)?,
            );
            let mut rows = crc.rows::<Crc>(pages);
            rows.extend(straight.rows::<Straight>(pages));
            rows.extend(xxh.rows::<Xxh>(pages));
            let title = format!("{n} ids, records at multiples of {align}, {name}");
            let columns = ["one / dep.", "one, not chained / dep.", "4 ahead / indep.", "8", "16", "24"];
            table(&title, &columns, &rows, crc.world.records(pages), 1);
        }
    }
    Ok(())
}

fn cell<'a>(batched: bool, run: impl Fn(usize, usize) -> Tally + Sync + 'a) -> Cell<'a> {
    Cell { run: Box::new(run), exists: true, batched }
}
