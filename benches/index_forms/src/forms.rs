//! The tables that compare the forms.

use std::io;
use std::sync::Arc;
use std::time::Instant;

use ptr_hash::DefaultPtrHash;

use crate::backing::Backing;
use crate::build;
use crate::check::Crc;
use crate::form::{Choice, Form, Next, Perfect};
use crate::line::{Layout, Ten16, Ten32, Twelve};
use crate::lookup::{Style, batched, singles};
use crate::measure::{Cell, Row, table};
use crate::world::{Pages, World, place};

/// All of a record: 4.5 lines on average.
const WHOLE: Style = Style { ahead: 5, whole: true };
/// Its head alone.
const HEAD: Style = Style { ahead: 3, whole: false };
const DISTANCE: usize = 16;

/// The memory read, and how much of a record.
#[derive(Clone, Copy)]
struct How {
    pages: Pages,
    style: Style,
}

/// A form's bytes and what reads them.
struct Built {
    name: String,
    small: Backing,
    huge: Backing,
    function: Option<DefaultPtrHash>,
    row: for<'a> fn(&'a Built, &'a World, How, usize) -> Row<'a>,
    lines: usize,
}

impl Built {
    fn bytes(&self, pages: Pages) -> &[u8] {
        match pages {
            Pages::Small => self.small.bytes(),
            Pages::Huge => self.huge.bytes(),
        }
    }
}

/// The four cells of a form.
fn row<'a, F: Form + Send + 'a>(name: &str, form: F, world: &'a World, how: How) -> Row<'a> {
    let form = Arc::new(form);
    let records = world.records(how.pages);
    let mut cells = Vec::new();
    for (queries, exists) in [(&world.present, true), (&world.absent, false)] {
        let one = Arc::clone(&form);
        cells.push(Cell {
            run: Box::new(move |at, n| singles::<F, Crc, true>(&one, records, queries, (at, n), how.style)),
            exists,
            batched: false,
        });
        let many = Arc::clone(&form);
        cells.push(Cell {
            run: Box::new(move |at, n| {
                batched::<F, Crc, DISTANCE>(&many, records, queries, (at, n), how.style)
            }),
            exists,
            batched: true,
        });
    }
    Row { name: name.to_owned(), cells }
}

fn finish(
    name: String,
    bytes: &[u8],
    function: Option<DefaultPtrHash>,
    world: &World,
    began: Instant,
) -> io::Result<Built> {
    let seconds = began.elapsed().as_secs_f64();
    let n = world.pairs.len() as f64;
    let pilots = function.as_ref().map_or(0.0, |function| {
        let (pilots, remap) = function.bits_per_element();
        (pilots + remap) / 8.0
    });
    println!("| {name} | {:.2} | {seconds:.2} | {:.0} |", bytes.len() as f64 / n + pilots, seconds * 1e9 / n);
    Ok(Built {
        name,
        small: place(Pages::Small, bytes)?,
        huge: place(Pages::Huge, bytes)?,
        function,
        row: |_, _, _, _| Row { name: String::new(), cells: vec![] },
        lines: 0,
    })
}

fn next<L: Layout + Send>(world: &World, load: f64) -> io::Result<Built> {
    let lines = build::lines_for::<L>(world.pairs.len(), load);
    let began = Instant::now();
    let bytes = build::next::<L>(&world.pairs, lines);
    Ok(Built {
        row: |built, world, how, lines| {
            row(&built.name, Next::<L>::new(built.bytes(how.pages), lines), world, how)
        },
        lines,
        ..finish(format!("next line, {}, load {load}", L::NAME), &bytes, None, world, began)?
    })
}

fn choice<L: Layout + Send>(world: &World, load: f64) -> io::Result<Built> {
    let lines = build::lines_for::<L>(world.pairs.len(), load);
    let began = Instant::now();
    let bytes =
        build::choice::<L>(&world.pairs, lines).ok_or_else(|| io::Error::other("no place for a key"))?;
    Ok(Built {
        row: |built, world, how, lines| {
            row(&built.name, Choice::<L>::new(built.bytes(how.pages), lines), world, how)
        },
        lines,
        ..finish(format!("two lines, {}, load {load}", L::NAME), &bytes, None, world, began)?
    })
}

fn perfect<L: Layout + Send>(world: &World) -> io::Result<Built> {
    let began = Instant::now();
    let (function, bytes) =
        build::perfect::<L>(&world.pairs).ok_or_else(|| io::Error::other("no function found"))?;
    Ok(Built {
        row: |built, world, how, _| match &built.function {
            Some(function) => {
                row(&built.name, Perfect::<L>::new(built.bytes(how.pages), function), world, how)
            }
            None => Row { name: String::new(), cells: vec![] },
        },
        ..finish(format!("perfect hash, {}", L::NAME), &bytes, Some(function), world, began)?
    })
}

/// Builds the forms over `n` ids and prints the tables.
pub fn run(n: u64, all: bool, whole: bool) -> io::Result<()> {
    let world = World::new::<Crc>(n, 8)?;
    println!("\n| form | bytes an id | build s | ns a key |\n|---|---|---|---|");
    let mut built = Vec::new();
    if all {
        for load in [0.7, 0.8, 0.9] {
            built.push(next::<Ten32>(&world, load)?);
        }
        for load in [0.7, 0.8, 0.9] {
            built.push(choice::<Ten32>(&world, load)?);
        }
        built.push(next::<Ten16>(&world, 0.8)?);
        for load in [0.7, 0.8, 0.9] {
            built.push(next::<Twelve<Crc>>(&world, load)?);
        }
        built.push(choice::<Twelve<Crc>>(&world, 0.9)?);
        built.push(perfect::<Ten32>(&world)?);
    } else {
        built.push(next::<Ten32>(&world, 0.8)?);
        built.push(choice::<Ten32>(&world, 0.9)?);
        built.push(next::<Twelve<Crc>>(&world, 0.8)?);
        built.push(next::<Twelve<Crc>>(&world, 0.9)?);
    }
    built.push(perfect::<Twelve<Crc>>(&world)?);
    let (style, read) = if whole { (WHOLE, "records") } else { (HEAD, "heads") };
    for (pages, name) in [(Pages::Small, "4 KiB pages"), (Pages::Huge, "huge pages")] {
        for threads in [1, 2] {
            let rows: Vec<Row<'_>> =
                built.iter().map(|form| (form.row)(form, &world, How { pages, style }, form.lines)).collect();
            let title = format!("{n} ids, {name}, {threads} threads, {read} checked");
            let columns = [
                "one, found / dep.",
                "batch, found / indep.",
                "one, absent / dep.",
                "batch, absent / indep.",
            ];
            table(&title, &columns, &rows, world.records(pages), threads);
        }
    }
    Ok(())
}
