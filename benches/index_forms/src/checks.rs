//! What the checks cost: on lines and records that are in the cache, one after the other and each waiting for the last.

use std::hint::black_box;
use std::time::Instant;

use twox_hash::XxHash3_64;

use crate::backing::crc32c_inline;
use crate::build;
use crate::check::Crc;
use crate::line::{Layout, Ten32, Twelve};
use crate::record;
use crate::world::{Pages, World};

const BUFFER: usize = 16 << 10;
const COUNT: usize = 2_000_000;
const ROUNDS: usize = 7;

fn crate_crc(bytes: &[u8]) -> u32 {
    crc32c::crc32c(bytes)
}

fn straight_crc(bytes: &[u8]) -> u32 {
    crc32c_inline(bytes).unwrap_or(0)
}

fn xxh3(bytes: &[u8]) -> u32 {
    XxHash3_64::oneshot(bytes) as u32
}

fn length_only(bytes: &[u8]) -> u32 {
    bytes.len() as u32
}

/// ns a check; chained, where the bytes are depends on the check before.
fn time<const CHAINED: bool>(check: impl Fn(&[u8]) -> u32, bytes: &[u8], len: usize) -> f64 {
    let mask = if CHAINED { black_box(0) } else { 0 };
    let stride = len.next_multiple_of(8);
    let places = BUFFER / stride - 1;
    let began = Instant::now();
    let mut sum = 0_u32;
    let mut place = 0;
    for _ in 0..COUNT {
        place += 1;
        if place == places {
            place = 0;
        }
        let at = place * stride + (sum as usize & mask);
        sum ^= check(&bytes[at..at + len]);
    }
    black_box(sum);
    began.elapsed().as_nanos() as f64 / COUNT as f64
}

fn both(check: impl Fn(&[u8]) -> u32 + Copy, bytes: &[u8], len: usize) -> (f64, f64) {
    (time::<true>(check, bytes, len), time::<false>(check, bytes, len))
}

/// Prints the table.
pub fn run() {
    let bytes: Vec<u8> = (0..BUFFER as u64 + 512).map(|i| crate::ids::mix(i) as u8).collect();
    println!("| bytes | check | ns, each waits | ns, in a row |\n|---|---|---|---|");
    for len in [54, 60, 64, 124, 128, 248, 250, 256] {
        let checks = [
            "loop alone",
            "crc32c crate",
            "crc32 instruction, called straight",
            "XXH3-64 (twox-hash), 32 bits of it",
        ];
        let mut times = vec![[vec![], vec![]]; checks.len()];
        for _ in 0..ROUNDS {
            for (i, [waits, row]) in times.iter_mut().enumerate() {
                // Named one by one so that each may be inlined.
                let (waited, in_row) = match i {
                    0 => both(length_only, &bytes, len),
                    1 => both(crate_crc, &bytes, len),
                    2 => both(straight_crc, &bytes, len),
                    _ => both(xxh3, &bytes, len),
                };
                waits.push(waited);
                row.push(in_row);
            }
        }
        for (name, [waits, row]) in checks.iter().zip(times) {
            println!(
                "| {len} | {name} | {:.1} | {:.1} |",
                crate::measure::median(waits),
                crate::measure::median(row)
            );
        }
    }
}

/// Prints what each step of a lookup costs where all of it is in the cache: a loop over 512 questions, in a row.
pub fn steps() -> std::io::Result<()> {
    const LOOPS: usize = 4_000;
    let world = World::new::<Crc>(515, 8)?;
    let lines = build::lines_for::<Twelve<Crc>>(515, 0.8);
    let crc = build::next::<Twelve<Crc>>(&world.pairs, lines);
    let (queries, crc) = (&world.present[..512], crc.as_chunks::<64>().0);
    let records = world.records(Pages::Small);
    let places: Vec<u32> = world.pairs.iter().map(|pair| pair.1).collect();
    let values: Vec<_> = queries.iter().map(|query| query.pack().unwrap_or_default()).collect();
    let step = |name: &str, run: &dyn Fn(usize) -> u64| {
        let times = (0..ROUNDS).map(|_| {
            let began = Instant::now();
            let sum = (0..LOOPS).fold(0, |sum: u64, _| sum.wrapping_add(run(512)));
            black_box(sum);
            began.elapsed().as_nanos() as f64 / (LOOPS * 512) as f64
        });
        println!("| {name} | {:.1} |", crate::measure::median(times.collect()));
    };
    println!("\n| step | ns |\n|---|---|");
    step("XXH3-64 of the key", &|n| (0..n).map(|i| queries[i].hash()).fold(0, u64::wrapping_add));
    step("pack the value", &|n| {
        (0..n).map(|i| queries[i].pack().map_or(0, |value| u64::from(value[i % 21]))).sum()
    });
    step("match 12 fingerprints of 10 bits", &|n| {
        (0..n).map(|i| u64::from(Twelve::<Crc>::matches(&crc[i % lines], i as u64))).sum()
    });
    step("match 10 fingerprints of 16 bits", &|n| {
        (0..n).map(|i| u64::from(Ten32::matches(&crc[i % lines], i as u64))).sum()
    });
    step("read a head", &|n| {
        (0..n).map(|i| u64::from(record::read::<Crc>(records, places[i], false).is_ok())).sum()
    });
    step("read a record", &|n| {
        (0..n).map(|i| u64::from(record::read::<Crc>(records, places[i], true).is_ok())).sum()
    });
    step("compare 5 members", &|n| {
        let record = record::read::<Crc>(records, places[0], true).unwrap_or_default();
        (0..n)
            .map(|i| record::member(record, queries[i].space, &values[i]).unwrap_or(0))
            .fold(0, u64::wrapping_add)
    });
    Ok(())
}
