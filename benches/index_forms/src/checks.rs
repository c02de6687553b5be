//! What the checks cost: on lines and records that are in the cache, one after the other and each waiting for the last.

use std::hint::black_box;
use std::time::Instant;

use twox_hash::XxHash3_64;

use crate::backing::crc32c_inline;

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
    for len in [54, 60, 64, 248, 250, 256] {
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
