//! Random streams of valid facts over small universes, so that ids, times, events and rules collide a lot.
//!
//! # Invariants
//!   G1 a stream is a function of its seed and its flavour.
//!   G2 every fact passes `model::validate`; its times lie in 2024-2026.
//!   G3 a fact is a function of the universe and its own seed, so that streams shrink by leaving facts out.

mod facts;
mod hubs;
mod random;
mod universe;

use std::collections::BTreeMap;

use idweave::model::{PerScope, RuleValue, Selector};
use idweave::{Fact, Op, Time};
use proptest::prelude::{Strategy, any, prop};

pub(crate) use hubs::hub_stream;
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
        let next = match (facts.get(earlier), random.below(16)) {
            (Some(earlier), 0 | 1) => told_again(earlier.clone(), &mut random),
            (Some(earlier), 2 | 3) => answered(earlier.clone(), &mut random),
            _ => universe.fact(random.next()),
        };
        facts.push(next);
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

/// What undoes the fact or stands against it, at nearly the same time.
fn answered(fact: Fact, random: &mut Random) -> Fact {
    let beside = *random.pick(&[0, 0, 1, -1, Time::DAY_MS, -Time::DAY_MS]);
    let actor = "alice".to_owned();
    let op = match fact.op.clone() {
        Op::Retract(selector) => Op::Unretract(selector),
        Op::Unretract(selector) => Op::Retract(selector),
        Op::Ban { a, b, .. } => Op::Unban { a: b, b: a, actor },
        Op::Unban { a, b, actor } => Op::Ban { a, b, reason: "test".to_owned(), actor },
        Op::Block { id, .. } => Op::Unblock { id, actor },
        Op::Unblock { id, actor } => Op::Block { id, reason: "test".to_owned(), actor },
        Op::Restrict { id, .. } => Op::Unrestrict { id },
        Op::Unrestrict { id } => Op::Restrict { id, reason: "test".to_owned() },
        Op::Relate { kind, from, to, source, .. } => Op::Unrelate { kind, from, to, source },
        Op::Unrelate { kind, from, to, source } => {
            Op::Relate { kind, from, to, source, attrs: BTreeMap::new() }
        }
        Op::Link { a, b, source, .. } if random.one_in(3) => {
            Op::Retract(Selector::Pair { a: b, b: a, source: Some(source).filter(|_| random.one_in(2)) })
        }
        Op::Link { a, b, source, strength, event, .. }
            if random.one_in(2) && a.kind().name() != "phone" && b.kind().name() != "phone" =>
        {
            Op::Supersede { old: a, new: b, source, strength, event }
        }
        Op::Supersede { old, new, source, strength, event } if random.one_in(2) => {
            Op::Supersede { old: new, new: old, source, strength, event }
        }
        Op::Erase { id, reach, reason, .. } => Op::Erase { id, reach, reason, sticky: random.one_in(3) },
        Op::Rules { set } => {
            Op::Rules { set: set.into_iter().map(|(name, value)| (name, other(value))).collect() }
        }
        Op::Kind { name, per_scope: PerScope::One } => Op::Kind { name, per_scope: PerScope::Many },
        Op::Kind { name, .. } => Op::Kind { name, per_scope: PerScope::One },
        Op::Mark { key, value } => Op::Mark { key, value: value + "0" },
        Op::App { appid, app_type, subject, open_account, from } => {
            let open_account = if open_account.is_some() { None } else { Some("openA".to_owned()) };
            Op::App { appid, app_type, subject, open_account, from }
        }
        // A second telling of it, some time beside: another evidence of the same edge.
        same => same,
    };
    let has_selector = matches!(op, Op::Retract(_) | Op::Unretract(_));
    let batch = fact.batch.filter(|_| !has_selector);
    Fact { at: fact.at.plus_ms(beside), batch, op }
}

/// Another value of the same rule.
fn other(value: RuleValue) -> RuleValue {
    match value {
        RuleValue::Number(number) => RuleValue::Number(if number > 2 { 2 } else { number + 7 }),
        RuleValue::Text(text) if text == "hint" => RuleValue::Text("platform".to_owned()),
        RuleValue::Text(_) => RuleValue::Text("hint".to_owned()),
        RuleValue::List(words) => RuleValue::List(words.into_iter().chain(["*".to_owned()]).collect()),
    }
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
