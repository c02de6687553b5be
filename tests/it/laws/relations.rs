//! Relations: intervals, attributes and counts are those of the oracle, in both directions, of ever and of a moment.

use std::collections::{BTreeMap, BTreeSet};

use idweave::model::{Direction, RelationKind, When};
use idweave::{Fact, Id, Read, RelationInterval, Time};

use crate::laws::campaign::{Sizes, campaign, campaign_on, report};
use crate::laws::engine::{feed, new_graph};
use crate::laws::{Check, SMALL};
use crate::support::generate::{Flavour, Random, commits, hub_stream};
use crate::support::oracle::Oracle;

/// Long enough for lists that do not fit into a record.
const HUBS: Sizes = Sizes { least: 150, most: 400, one_in: 10 };

type Told = (String, String, Time, Option<Time>, BTreeMap<String, String>);

fn told(interval: RelationInterval) -> Told {
    let RelationInterval { from, to, since, until, attrs } = interval;
    (from.to_string(), to.to_string(), since, until, attrs)
}

/// What the oracle says of everybody: by kind, id and direction, the ids told of, and the intervals asked for.
type Expected = BTreeMap<(RelationKind, Id, Direction), (u64, BTreeSet<Told>)>;

fn expected(oracle: &Oracle, when: When) -> Expected {
    let (state, restricted) = (oracle.state(), oracle.restricted());
    let mut expected = Expected::new();
    for (kind, from, to) in oracle.relations_told() {
        let is_answered = ![&from, &to].iter().any(|id| restricted.contains(&id.to_string()));
        let mut intervals = BTreeSet::new();
        for interval in state.intervals(&kind, &from, &to).into_iter().filter(|_| is_answered) {
            let is_asked = match when {
                When::Ever => true,
                When::Open => interval.to.is_none(),
                When::At(t) => interval.from <= t && interval.to.is_none_or(|to| t < to),
            };
            let end = interval.to.unwrap_or(Time::MAX);
            let moment = if let When::At(t) = when { t } else { end };
            let attrs = state.relation_at(&kind, &from, &to, moment).1;
            if is_asked {
                intervals.insert((from.to_string(), to.to_string(), interval.from, interval.to, attrs));
            }
        }
        for (id, direction) in [(from, Direction::Out), (to, Direction::In)] {
            let asked_is_restricted = restricted.contains(&id.to_string());
            let of_id = expected.entry((kind.clone(), id, direction)).or_default();
            of_id.0 += u64::from(!asked_is_restricted);
            of_id.1.extend(intervals.iter().cloned());
        }
    }
    expected
}

pub(super) fn agree(view: &impl Read, oracle: &Oracle, when: When) -> Check {
    for ((kind, id, direction), (count, intervals)) in expected(oracle, when) {
        let asked = format!("{kind} of {id}, {direction:?}, {when:?}");
        let found = view.neighbors(&id, &kind, direction, when).collect::<Result<Vec<_>, _>>();
        let found: Vec<Told> =
            found.map_err(|error| format!("{asked}: {error}"))?.into_iter().map(told).collect();
        let distinct: BTreeSet<Told> = found.iter().cloned().collect();
        if distinct != intervals || distinct.len() != found.len() {
            return Err(format!("{asked}:\nengine {found:?}\noracle {intervals:?}"));
        }
        let counted = view.count_neighbors(&id, &kind, direction, when).map_err(|error| error.to_string())?;
        let count = if when == When::Ever { count } else { intervals.len() as u64 };
        if counted != count {
            return Err(format!("{asked}: {counted} counted, oracle {count}"));
        }
    }
    Ok(())
}

fn relations_agree(facts: &[Fact], random: &mut Random) -> Check {
    let graph = new_graph()?;
    let mut oracle = Oracle::new();
    let commits = commits(facts, random);
    let last = commits.len().saturating_sub(1);
    for (place, commit) in commits.iter().enumerate() {
        feed(&graph, commit)?;
        oracle.commit(commit);
        if place == last || random.one_in(12) {
            let moment = facts.get(random.below(facts.len())).map_or(Time::MIN, |fact| fact.at);
            for when in [When::Ever, When::Open, When::At(moment), When::At(moment.plus_ms(-1))] {
                agree(&graph.view(), &oracle, when)?;
            }
        }
    }
    let findings = graph.check().map_err(|error| format!("check: {error}"))?;
    if findings.is_empty() { Ok(()) } else { Err(format!("check finds {findings:?}")) }
}

#[test]
pub(super) fn relations_are_those_of_the_oracle_whatever_was_retracted_erased_or_restricted() {
    for flavour in [Flavour::Commuting, Flavour::Kept, Flavour::EntityErasure] {
        report(campaign("relations", flavour, SMALL, relations_agree));
    }
}

#[test]
pub(super) fn relations_of_hubs_are_those_of_the_oracle() {
    report(campaign_on("relations of hubs", hub_stream, HUBS, relations_agree));
}
