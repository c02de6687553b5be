//! Lookups: one at a time, each waiting for the one before; and batched, with lines and records asked for ahead.

use std::hint::black_box;

use crate::check::Check;
use crate::form::{Form, Plan};
use crate::ids::{PACKED, Query};
use crate::record::{self, Corrupt};

/// What a run of lookups saw.
#[derive(Default, Clone, Copy)]
pub struct Tally {
    /// Lookups that found their key.
    pub found: u64,
    /// Lookups that met a bad checksum: none in a sound file.
    pub corrupt: u64,
    /// Index lines read.
    pub lines: u64,
    /// Records read.
    pub records: u64,
    /// Depends on every answer.
    pub token: u64,
}

/// How lookups treat memory.
#[derive(Clone, Copy)]
pub struct Style {
    /// Cache lines of a record to ask for as soon as its location is known.
    pub ahead: usize,
    /// Whether to verify all of a record, or its head alone.
    pub whole: bool,
}

/// Question `i` from `start` on, once around the end; a division would be as dear as a step of the lookup.
#[inline(always)]
fn at(queries: &[Query], start: usize, i: usize) -> &Query {
    let place = start + i;
    &queries[if place < queries.len() { place } else { place - queries.len() }]
}

#[inline(always)]
fn check<C: Check>(
    records: &[u8],
    at: u32,
    space: u16,
    value: &[u8; PACKED],
    whole: bool,
    tally: &mut Tally,
) -> Result<Option<u64>, Corrupt> {
    tally.records += 1;
    Ok(record::member(record::read::<C>(records, at, whole)?, space, value))
}

/// The whole of a lookup after its plan.
#[inline(always)]
fn resolve<F: Form, C: Check>(
    form: &F,
    records: &[u8],
    query: &Query,
    plan: Plan,
    style: Style,
    tally: &mut Tally,
) {
    let Some(value) = query.pack() else { return };
    let mut lines = 0;
    let answer = form.find(plan, &mut lines, |at| {
        record::prefetch_record(records, at, style.ahead);
        check::<C>(records, at, query.space, &value, style.whole, tally)
    });
    tally.lines += lines;
    count(answer, tally);
}

#[inline(always)]
fn count(answer: Result<Option<u64>, Corrupt>, tally: &mut Tally) {
    match answer {
        Ok(Some(token)) => {
            tally.found += 1;
            tally.token ^= token;
        }
        Ok(None) => tally.token ^= 1,
        Err(Corrupt) => tally.corrupt += 1,
    }
}

/// `count` lookups from `start` on (around the end). Chained, the next question depends on the last answer.
pub fn singles<F: Form, C: Check, const CHAINED: bool>(
    form: &F,
    records: &[u8],
    queries: &[Query],
    (start, count): (usize, usize),
    style: Style,
) -> Tally {
    let mut tally = Tally::default();
    let start = start % queries.len();
    let mask = if CHAINED { black_box(0) } else { 0 };
    for i in 0..count {
        // Zero, but only known once the answer before is.
        let wait = if CHAINED { (tally.token ^ tally.lines) as usize & mask } else { 0 };
        let query = at(queries, start, i + wait);
        resolve::<F, C>(form, records, query, form.plan(query.hash()), style, &mut tally);
    }
    tally
}

/// The same, in a pipeline: hash and ask for the line `2 * D` questions ahead, read the line and ask for the record
/// `D` ahead, read the record now.
pub fn batched<F: Form, C: Check, const D: usize>(
    form: &F,
    records: &[u8],
    queries: &[Query],
    (start, count): (usize, usize),
    style: Style,
) -> Tally {
    let mut tally = Tally::default();
    let mut plans = [Plan::default(); 64];
    let mut candidates: [Result<Option<u32>, Corrupt>; 64] = [Ok(None); 64];
    let start = start % queries.len();
    let at = |i: usize| at(queries, start, i);
    for i in 0..count + 2 * D {
        if i < count {
            let plan = form.plan(at(i).hash());
            form.prefetch(plan);
            plans[i % 64] = plan;
        }
        if i >= D && i - D < count {
            let slot = (i - D) % 64;
            let mut lines = 0;
            candidates[slot] = form.find(plans[slot], &mut lines, |location| {
                record::prefetch_record(records, location, style.ahead);
                Ok(Some(location))
            });
            tally.lines += lines;
        }
        if i >= 2 * D {
            let (slot, query) = ((i - 2 * D) % 64, at(i - 2 * D));
            let Some(value) = query.pack() else { continue };
            match candidates[slot] {
                Ok(Some(location)) => {
                    match check::<C>(records, location, query.space, &value, style.whole, &mut tally) {
                        // A fingerprint of another key: the long way.
                        Ok(None) => resolve::<F, C>(form, records, query, plans[slot], style, &mut tally),
                        answer => self::count(answer, &mut tally),
                    }
                }
                Ok(None) => self::count(Ok(None), &mut tally),
                Err(Corrupt) => self::count(Err(Corrupt), &mut tally),
            }
        }
    }
    tally
}

/// One dependent random read of a 64-byte line after the other.
pub fn dependent(bytes: &[u8], seed: u64, count: usize) -> Tally {
    let lines = bytes.as_chunks::<64>().0;
    let mut token = seed;
    for _ in 0..count {
        let random = crate::ids::mix(token);
        let at = ((u128::from(random) * lines.len() as u128) >> 64) as usize;
        token = random ^ u64::from(lines[at][at & 63]);
    }
    Tally { token, ..Tally::default() }
}

/// Random reads of 64-byte lines, none of which waits for another.
pub fn independent(bytes: &[u8], seed: u64, count: usize) -> Tally {
    let lines = bytes.as_chunks::<64>().0;
    let mut token = 0;
    for i in 0..count as u64 {
        let random = crate::ids::mix(seed.wrapping_add(i));
        let at = ((u128::from(random) * lines.len() as u128) >> 64) as usize;
        token ^= u64::from(lines[at][at & 63]);
    }
    Tally { token, ..Tally::default() }
}
