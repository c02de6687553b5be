//! Random streams of valid facts over small universes, so that ids, times, events and rules collide a lot.
//!
//! # Invariants
//!   G1 a stream is a function of its seed and its flavour.
//!   G2 every fact passes `model::validate`; its times lie in 2024-2026.
//!   G3 a fact is a function of the universe and its own seed, so that streams shrink by leaving facts out.

mod facts;
mod random;
mod universe;

use idweave::{Fact, Op, Time};
use proptest::prelude::*;

pub(crate) use random::Random;
use universe::Universe;

/// The moment every commit of a test is given: after every generated time.
pub(crate) const NOW: Time = Time::from_ms(1_798_761_600_000); // 2027-01-01

/// What a stream may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flavour {
    /// Everything that commutes: no erasure of entities, no aliases.
    Commuting,
    /// Commuting, and nothing erased at all.
    Kept,
    /// Also erasures of whole entities.
    EntityErasure,
    /// Also aliases of corps.
    Aliases,
}

impl Flavour {
    pub(crate) const ALL: [Flavour; 4] =
        [Flavour::Commuting, Flavour::Kept, Flavour::EntityErasure, Flavour::Aliases];
}

/// A stream of `count` facts.
pub(crate) fn stream(seed: u64, flavour: Flavour, count: usize) -> Vec<Fact> {
    let mut random = Random::new(seed);
    let universe = Universe::draw(random.next(), flavour);
    let mut facts: Vec<Fact> = Vec::with_capacity(count);
    while facts.len() < count {
        let earlier = random.below(facts.len().max(1));
        match facts.get(earlier).filter(|_| random.one_in(12)) {
            Some(earlier) => {
                let again = told_again(earlier.clone(), &mut random);
                facts.push(again);
            }
            None => facts.push(universe.fact(random.next())),
        }
    }
    facts
}

/// The fact word for word, or another telling of its evidence.
fn told_again(mut fact: Fact, random: &mut Random) -> Fact {
    if random.one_in(2) {
        return fact;
    }
    match &mut fact.op {
        Op::Link { a, b, strength, expires_at, .. } => {
            let has_phone = a.kind().name() == "phone" || b.kind().name() == "phone";
            *strength = facts::stated(random).filter(|_| !has_phone);
            *expires_at = facts::expiry(fact.at, random);
            std::mem::swap(a, b);
        }
        Op::Supersede { strength, .. } => *strength = facts::stated(random),
        _ => {}
    }
    fact
}

/// The facts in commits of one to five.
pub(crate) fn commits(facts: &[Fact], random: &mut Random) -> Vec<Vec<Fact>> {
    let mut commits = Vec::new();
    let mut rest = facts;
    while !rest.is_empty() {
        let (commit, later) = rest.split_at((1 + random.below(5)).min(rest.len()));
        commits.push(commit.to_vec());
        rest = later;
    }
    commits
}

/// For proptest: streams that shrink by leaving facts out.
pub(crate) fn streams(flavour: Flavour, count_max: usize) -> impl Strategy<Value = Vec<Fact>> {
    (any::<u64>(), prop::collection::vec(any::<u64>(), 0..count_max)).prop_map(move |(seed, seeds)| {
        let universe = Universe::draw(seed, flavour);
        seeds.into_iter().map(|seed| universe.fact(seed)).collect()
    })
}
