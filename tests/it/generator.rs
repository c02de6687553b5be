//! The generator of fact streams: only valid facts, and enough of everything.

use std::collections::BTreeSet;

use idweave::model::{Selector, validate};
use idweave::{Fact, Op, Time};
use proptest::prelude::{ProptestConfig, any, prop_assert_eq, proptest};

use crate::support::generate::{Flavour, NOW, Random, commits, stream, streams};
use crate::support::oracle::{Door, Edge, Entity, Oracle};
use crate::support::show::{show, show_all};
use crate::support::shrink::{hold, shrink};

const STREAM_COUNT: u64 = 600;
const FACT_COUNT: usize = 50;

fn flavour_of(seed: u64) -> Flavour {
    *Random::new(seed).pick(&Flavour::ALL)
}

#[test]
fn every_generated_fact_is_valid_and_lies_in_2024_to_2026() {
    let (first, last) = (Time::from_ms(1_704_067_200_000), NOW);
    for seed in 0..STREAM_COUNT {
        for fact in stream(seed, flavour_of(seed), FACT_COUNT) {
            assert_eq!(validate(&fact), Ok(()), "{}", show(&fact));
            assert!(first <= fact.at && fact.at < last, "{}", show(&fact));
        }
    }
}

#[test]
fn a_stream_is_a_function_of_its_seed() {
    for seed in 0..20 {
        let flavour = flavour_of(seed);
        assert!(stream(seed, flavour, FACT_COUNT) == stream(seed, flavour, FACT_COUNT));
    }
    assert!(stream(1, Flavour::Kept, FACT_COUNT) != stream(2, Flavour::Kept, FACT_COUNT));
}

#[test]
fn commits_hold_the_stream_in_order() {
    let facts = stream(3, Flavour::Commuting, FACT_COUNT);
    let split = commits(&facts, &mut Random::new(3));
    assert!(split.len() > 1);
    assert!(split.concat() == facts);
}

fn selector_form(selector: &Selector) -> &'static str {
    match selector {
        Selector::Pair { source: None, .. } => "pair",
        Selector::Pair { .. } => "pair of a source",
        Selector::Source { scope: None, .. } => "source",
        Selector::Source { .. } => "source in a scope",
        Selector::Event { .. } => "event",
        Selector::Batch(_) => "batch",
    }
}

#[test]
fn the_streams_meet_every_operation_every_selector_and_every_reason() {
    let mut seen: BTreeSet<String> = BTreeSet::new();
    for seed in 0..STREAM_COUNT {
        let facts = stream(seed, flavour_of(seed), FACT_COUNT);
        let mut oracle = Oracle::new();
        for (fact, door) in facts.iter().zip(oracle.commit(&facts)) {
            seen.insert(fact.op.name().to_owned());
            if let Op::Retract(selector) | Op::Unretract(selector) = &fact.op {
                seen.insert(format!("{} {}", fact.op.name(), selector_form(selector)));
            }
            if let Door::Refused(rule) = door {
                seen.insert(format!("refused {rule}"));
            }
        }
        let outcome = oracle.resolve();
        for edge in &outcome.edges {
            seen.insert(format!("{} {} {}", edge.kind, edge.strength, edge.status));
            seen.insert(format!("{} {}", edge.level, edge.reason.unwrap_or(edge.status)));
            if let Some(reason) = edge.reason {
                seen.insert(format!("{} {reason}", edge.kind));
            }
        }
        if outcome.persons.iter().any(|person| person.len() > 1) {
            seen.insert("a person of several entities".to_owned());
        }
        seen.extend(outcome.entities.iter().map(|entity| format!("class {}", entity.class)));
        if !oracle.absents().is_empty() && !oracle.marks().is_empty() && !oracle.restricted().is_empty() {
            seen.insert("absents, marks and restrictions".to_owned());
        }
    }
    let wanted = "link|supersede|retract|unretract|ban|unban|block|unblock|restrict|unrestrict|relate|unrelate|\
        absent|erase|open_account|app|corp|provider|kind|rules|mark|\
        retract pair|retract pair of a source|retract source|retract source in a scope|retract event|\
        retract batch|unretract pair|unretract pair of a source|unretract source|\
        unretract source in a scope|unretract event|unretract batch|refused erased|refused self link|\
        same hint accepted|same provisional accepted|same business accepted|same confirmed accepted|\
        same platform accepted|same asserted accepted|supersede business accepted|\
        supersede platform accepted|supersede asserted accepted|\
        entity scope_mismatch|entity pending_expired|entity hub|entity blocked|entity cycle|entity banned|\
        entity oversize|entity provisional|entity cardinality|entity size|entity accepted|\
        person scope_mismatch|person pending_expired|person hub|person blocked|person suggestion|\
        person banned|person size|person accepted|\
        supersede banned|supersede oversize|supersede cardinality|supersede size|supersede hub|\
        supersede blocked|\
        a person of several entities|absents, marks and restrictions|\
        class account|class staff|class chat|class corp|class department|class app";
    let missing: Vec<&str> = wanted.split('|').filter(|what| !seen.contains(*what)).collect();
    assert_eq!(missing, Vec::<&str>::new());
}

#[test]
fn a_failing_stream_shrinks_to_the_facts_that_matter() {
    let facts = stream(11, Flavour::Commuting, 60);
    let needed: Vec<Fact> = [7, 31, 44].map(|place| facts[place].clone()).to_vec();
    let fails = |left: &[Fact]| {
        if needed.iter().all(|fact| left.contains(fact)) { Err("together".to_owned()) } else { Ok(()) }
    };
    let (kept, failure) = shrink(&facts, String::new(), fails);
    assert_eq!(failure, "together");
    assert_eq!(show_all(&kept), show_all(&needed));
    let told = hold("an example", 11, &facts, fails).unwrap_err();
    assert!(told.contains("from 60 facts to 3") && told.contains(&show(&needed[0])), "{told}");
    assert_eq!(hold("an example", 11, &facts, |_| Ok(())), Ok(()));
    let told = hold("an example", 11, &facts, |left| match left.len() {
        0 => Ok(()),
        _ => panic!("a panic is a failure"),
    });
    assert!(told.unwrap_err().contains("a panic is a failure"));
}

fn holds_both_ends(entity: &Entity, edge: &Edge) -> bool {
    entity.ids.contains(&edge.a) && entity.ids.contains(&edge.b)
}

/// The oracle against itself: what section 3 says of every graph holds of its own answers.
fn broken_promise(oracle: &Oracle) -> Option<String> {
    let outcome = oracle.resolve();
    let mut ids = BTreeSet::new();
    for entity in &outcome.entities {
        if entity.ids.iter().any(|id| !ids.insert(id.clone())) {
            return Some("an id in two entities".to_owned());
        }
    }
    let in_persons: usize = outcome.persons.iter().map(BTreeSet::len).sum();
    if in_persons != outcome.entities.len() {
        return Some("an entity in no person or in two".to_owned());
    }
    for edge in &outcome.edges {
        let together = outcome.entities.iter().any(|entity| holds_both_ends(entity, edge));
        if edge.level == "entity" && edge.status == "accepted" && !together {
            return Some(format!("accepted, but not one entity: {} {}", edge.a, edge.b));
        }
        if !ids.contains(&edge.a) || !ids.contains(&edge.b) || edge.evidence == 0 {
            return Some(format!("an edge without its ids or evidence: {} {}", edge.a, edge.b));
        }
    }
    None
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_oracle_keeps_what_every_answer_promises(facts in streams(Flavour::EntityErasure, 40)) {
        let mut oracle = Oracle::new();
        oracle.commit(&facts);
        prop_assert_eq!(broken_promise(&oracle), None, "{}", show_all(&facts));
    }

    #[test]
    fn the_oracle_does_not_care_for_order(facts in streams(Flavour::Commuting, 30), seed in any::<u64>()) {
        let mut shuffled = facts.clone();
        Random::new(seed).shuffle(&mut shuffled);
        let (mut one, mut other) = (Oracle::new(), Oracle::new());
        one.commit(&facts);
        for fact in &shuffled {
            other.commit(std::slice::from_ref(fact));
        }
        prop_assert_eq!(one.resolve(), other.resolve(), "{}", show_all(&facts));
        prop_assert_eq!(one.absents(), other.absents());
        prop_assert_eq!(one.marks(), other.marks());
        prop_assert_eq!(one.relations(), other.relations());
    }
}
