//! How many streams a law is tried on, and what is told of one that breaks it.

use idweave::Fact;

use crate::laws::subject::with_shaking;
use crate::support::generate::{Flavour, Random, stream};
use crate::support::homes::streams;
use crate::support::shrink::hold;

/// Streams a law and flavour without `IDWEAVE_STREAMS`.
const STREAM_COUNT: u64 = 200;
/// Orders a stream without `IDWEAVE_PERMUTATIONS`.
const PERMUTATION_COUNT: u64 = 4;
/// The first seed without `IDWEAVE_SEED`.
const SEED: u64 = 1;

/// How many facts a stream has, and how many of the streams are tried.
#[derive(Clone, Copy)]
pub(crate) struct Sizes {
    pub(crate) least: usize,
    pub(crate) most: usize,
    pub(crate) one_in: u64,
}

fn number(name: &str, default: u64) -> u64 {
    match std::env::var(name) {
        Err(_) => default,
        Ok(text) => {
            let parsed = text.parse();
            assert!(parsed.is_ok(), "{name} is a number");
            parsed.unwrap_or(default)
        }
    }
}

pub(crate) fn permutation_count() -> u64 {
    number("IDWEAVE_PERMUTATIONS", PERMUTATION_COUNT)
}

/// Tries a law on streams; the check gets the same random numbers each time it is run on one of them.
pub(crate) fn campaign(
    law: &str,
    flavour: Flavour,
    sizes: Sizes,
    check: impl Fn(&[Fact], &mut Random) -> Result<(), String>,
) -> Result<(), String> {
    let generated = |seed, length| stream(seed, flavour, length);
    campaign_on(&format!("{law}, {flavour:?}"), generated, sizes, check)
}

/// The same on other streams, each of a seed and a length.
pub(crate) fn campaign_on(
    law: &str,
    generated: impl Fn(u64, usize) -> Vec<Fact>,
    sizes: Sizes,
    check: impl Fn(&[Fact], &mut Random) -> Result<(), String>,
) -> Result<(), String> {
    let count = streams().unwrap_or_else(|| number("IDWEAVE_STREAMS", STREAM_COUNT)).div_ceil(sizes.one_in);
    let first = number("IDWEAVE_SEED", SEED);
    for seed in (0..count).map(|place| first.wrapping_add(place)) {
        let length = sizes.least + Random::new(!seed).below(sizes.most - sizes.least + 1);
        let facts = generated(seed, length);
        let check = |facts: &[Fact]| check(facts, &mut Random::new(seed.rotate_left(32)));
        hold(law, seed, &facts, |facts| with_shaking(None, || check(facts)))?;
        hold(&format!("{law}, shaken"), seed, &facts, |facts| with_shaking(Some(seed), || check(facts)))?;
    }
    Ok(())
}

/// Fails the test with the whole story.
pub(crate) fn report(result: Result<(), String>) {
    let told = result.err().unwrap_or_default();
    assert!(told.is_empty(), "{told}");
}
