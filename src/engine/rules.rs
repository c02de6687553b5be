//! The rules in force, and every value they were given.

use std::collections::BTreeMap;

use crate::engine::past::Horizon;
use crate::engine::settings::{kind_rule, rule_text};
use crate::model::{Op, PerScope, RuleValue, Rules, Time};
use crate::store::State;

/// A value that a rule, or a kind, was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleVersion {
    /// The rule, as a `rules` fact names it; `kind NAME` of a kind: `one` or `many`.
    pub name: String,
    /// The value.
    pub value: RuleValue,
    /// The time of the fact: of several, the greatest counts, then the greater text.
    pub at: Time,
    /// The commit that brought it.
    pub recorded_seq: u64,
    /// It is the one that counts.
    pub in_force: bool,
}

/// Every value that rules and kinds were given, by name, then in order of their times; what was undone is left out.
pub(crate) fn rule_versions(state: &State, horizon: Horizon) -> Vec<RuleVersion> {
    let mut versions: BTreeMap<(String, Time, String), RuleVersion> = BTreeMap::new();
    let undone = state.undone.until(horizon.seq);
    for (_, setting) in state.settings.iter() {
        let (at, recorded_seq) = (setting.fact.at, setting.recorded_seq);
        if !horizon.reaches(at, recorded_seq) || !undone.counts(recorded_seq) {
            continue;
        }
        let told: Vec<(String, RuleValue)> = match &setting.fact.op {
            Op::Rules { set } => set.iter().map(|(name, value)| (name.clone(), value.clone())).collect(),
            Op::Kind { name, per_scope } => vec![kind_rule(name, *per_scope)],
            _ => Vec::new(),
        };
        for (name, value) in told {
            let key = (name.clone(), at, rule_text(&value));
            let version = RuleVersion { name, value, at, recorded_seq, in_force: false };
            versions.entry(key).or_insert(version);
        }
    }
    let mut versions: Vec<RuleVersion> = versions.into_values().collect();
    let last_of_name: Vec<usize> = (0..versions.len())
        .filter(|place| {
            let name = |place: usize| versions.get(place).map(|version| &version.name);
            name(*place) != name(place + 1)
        })
        .collect();
    for place in last_of_name {
        versions.get_mut(place).into_iter().for_each(|version| version.in_force = true);
    }
    versions
}

/// The rules that the versions in force make.
pub(crate) fn rules_of(versions: &[RuleVersion]) -> Rules {
    let mut rules = Rules::default();
    for version in versions.iter().filter(|version| version.in_force) {
        match version.name.strip_prefix("kind ") {
            Some(kind) => {
                let many = version.value == RuleValue::Text(PerScope::Many.name().to_owned());
                rules.set_kind(kind, if many { PerScope::Many } else { PerScope::One });
            }
            // A rule that this version does not know stays without effect, as in replay.
            None => drop(rules.set(&version.name, &version.value)),
        }
    }
    rules
}
