//! The tables that tune one form: how much of a record to ask for, how far ahead, where records begin.

use std::io;

use crate::build;
use crate::form::Next;
use crate::line::Twelve;
use crate::lookup::{Style, batched, singles};
use crate::measure::{Cell, Row, table};
use crate::world::{Pages, World, place};

const LOAD: f64 = 0.8;

/// Prints the tables for `n` ids.
pub fn run(n: u64) -> io::Result<()> {
    for align in [8, 32, 64] {
        let world = World::new(n, align)?;
        let lines = build::lines_for::<Twelve>(world.pairs.len(), LOAD);
        let bytes = build::next::<Twelve>(&world.pairs, lines);
        for (pages, name) in [(Pages::Small, "4 KiB pages"), (Pages::Huge, "huge pages")] {
            let backing = place(pages, &bytes)?;
            let form = Next::<Twelve>::new(backing.bytes(), lines);
            let (form, queries, records) = (&form, &world.present, world.records(pages));
            let rows: Vec<Row<'_>> = [0, 1, 2, 3, 4, 5]
                .into_iter()
                .map(|ahead| {
                    let style = Style { ahead };
                    let cells = vec![
                        single(move |at, n| singles(form, records, queries, (at, n), style, true)),
                        single(move |at, n| singles(form, records, queries, (at, n), style, false)),
                        many(move |at, n| batched::<_, 4>(form, records, queries, (at, n), style)),
                        many(move |at, n| batched::<_, 8>(form, records, queries, (at, n), style)),
                        many(move |at, n| batched::<_, 16>(form, records, queries, (at, n), style)),
                        many(move |at, n| batched::<_, 24>(form, records, queries, (at, n), style)),
                    ];
                    Row { name: format!("{ahead} lines of a record asked for"), cells }
                })
                .collect();
            let title = format!("{n} ids, records at multiples of {align}, {name}");
            let columns = ["one / dep.", "one, not chained / dep.", "4 ahead / indep.", "8", "16", "24"];
            table(&title, &columns, &rows, records, 1);
        }
    }
    Ok(())
}

fn single<'a>(run: impl Fn(usize, usize) -> crate::lookup::Tally + Sync + 'a) -> Cell<'a> {
    Cell { run: Box::new(run), exists: true, batched: false }
}

fn many<'a>(run: impl Fn(usize, usize) -> crate::lookup::Tally + Sync + 'a) -> Cell<'a> {
    Cell { run: Box::new(run), exists: true, batched: true }
}
