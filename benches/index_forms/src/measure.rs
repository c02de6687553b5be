//! Interleaved rounds: each round runs each cell of each row once, beside the two baselines, and a ratio is of one
//! round; what is printed is the median.

use std::hint::black_box;
use std::sync::Barrier;
use std::time::Instant;

use crate::lookup::{self, Tally};

/// Rounds of each table.
pub const ROUNDS: usize = 5;

/// What one cell runs: `(start, count)`.
pub type Run<'a> = Box<dyn Fn(usize, usize) -> Tally + Sync + 'a>;

/// A cell of a table.
pub struct Cell<'a> {
    /// The work.
    pub run: Run<'a>,
    /// Whether its keys exist.
    pub exists: bool,
    /// Whether to divide by the independent read; else by the dependent one.
    pub batched: bool,
}

/// A row of a table.
pub struct Row<'a> {
    /// What was run.
    pub name: String,
    /// One a column.
    pub cells: Vec<Cell<'a>>,
}

/// The middle value.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Runs `run` on each of `threads` threads; ns an operation of wall time, and the first thread's tally.
fn time(
    threads: usize,
    start: usize,
    count: usize,
    run: &(dyn Fn(usize, usize) -> Tally + Sync),
) -> (f64, Tally) {
    let began;
    let mut first = Tally::default();
    if threads == 1 {
        began = Instant::now();
        first = run(start, count);
    } else {
        let barrier = Barrier::new(threads);
        began = Instant::now();
        std::thread::scope(|scope| {
            let handles: Vec<_> = (0..threads)
                .map(|thread| {
                    let barrier = &barrier;
                    scope.spawn(move || {
                        barrier.wait();
                        run(start + thread * count, count)
                    })
                })
                .collect();
            for handle in handles {
                first = handle.join().unwrap_or_default();
            }
        });
    }
    black_box(first.token);
    (began.elapsed().as_nanos() as f64 / (count * threads) as f64, first)
}

/// Prints a table; `bytes` is what the baselines read.
pub fn table(title: &str, columns: &[&str], rows: &[Row<'_>], bytes: &[u8], threads: usize) {
    const SINGLES: usize = 150_000;
    const BATCHED: usize = 400_000;
    let mut ratios = vec![vec![vec![]; columns.len()]; rows.len()];
    let mut second = vec![vec![(0.0, 0.0); columns.len()]; rows.len()];
    let (mut dependent, mut independent) = (vec![], vec![]);
    let mut start = 0;
    for _ in 0..ROUNDS {
        let bases = [
            time(threads, start, SINGLES * 4, &|at, n| lookup::dependent(bytes, at as u64, n)).0,
            time(threads, start, BATCHED * 4, &|at, n| lookup::independent(bytes, at as u64, n)).0,
        ];
        dependent.push(bases[0]);
        independent.push(bases[1]);
        for (r, row) in rows.iter().enumerate() {
            for (c, cell) in row.cells.iter().enumerate() {
                let count = if cell.batched { BATCHED } else { SINGLES };
                let (ns, tally) = time(threads, start, count, &cell.run);
                start += count * threads;
                assert_eq!(tally.corrupt, 0, "a sound file has no bad checksum");
                assert_eq!(tally.found, if cell.exists { count as u64 } else { 0 }, "each answer is right");
                ratios[r][c].push(ns / bases[usize::from(cell.batched)]);
                second[r][c] = (tally.lines as f64 / count as f64, tally.records as f64 / count as f64);
            }
        }
    }
    println!(
        "\n**{title}**; medians of {ROUNDS} rounds; dependent read {:.0} ns, independent read {:.1} ns\n",
        median(dependent),
        median(independent)
    );
    println!("| form | {} | lines, records read if found | if absent |", columns.join(" | "));
    println!("|---|{}---|---|", "---|".repeat(columns.len()));
    for ((row, ratios), read) in rows.iter().zip(ratios).zip(second) {
        let cells: Vec<String> = ratios.into_iter().map(|values| format!("{:.2}", median(values))).collect();
        let read_by = |exists| {
            let first = row.cells.iter().position(|cell| cell.exists == exists);
            first.map_or(String::new(), |c| format!("{:.3}, {:.3}", read[c].0, read[c].1))
        };
        println!("| {} | {} | {} | {} |", row.name, cells.join(" | "), read_by(true), read_by(false));
    }
}
