//! Section 3.8: persons.

use crate::support::say::{With, ban, block, edge, entities, link, persons, rule, rule_text, told};

const MP: &str = "mp.user_info";
const ALICE: &str = "operator.alice";

#[test]
fn a_hint_alone_is_a_suggestion() {
    let outcome = told(&[link("o1", "t1", "phone.mini", 0), link("o2", "t1", "phone.mini", 0)]).resolve();
    assert_eq!(edge(&outcome, "o1", "t1"), "hint suggestion person");
    assert_eq!(persons(&outcome), "");
    assert_eq!(entities(&outcome), "o1 o2 t1");
}

#[test]
fn an_operators_hint_joins_entities_into_a_person() {
    let facts = [
        link("u1", "o1", MP, 0),
        link("u2", "o2", MP, 0),
        link("o1", "o2", ALICE, 0).stated("hint"),
        link("u1", "u2", "hint.name", 5),
    ];
    let outcome = told(&facts).resolve();
    assert_eq!(persons(&outcome), "o1&o2");
    assert_eq!(edge(&outcome, "o1", "o2"), "hint accepted person");
    assert_eq!(edge(&outcome, "u1", "u2"), "hint accepted person", "both ends in one person already");
}

#[test]
fn an_operators_same_of_two_accounts_of_one_scope_is_said_of_the_person() {
    let facts =
        [link("u1", "o1", MP, 0), link("u2", "o2", MP, 0), ban("o1", "o2", 0), link("u1", "u2", ALICE, 0)];
    let outcome = told(&facts).resolve();
    assert_eq!(edge(&outcome, "u1", "u2"), "asserted cardinality");
    assert_eq!(persons(&outcome), "", "the ban holds for persons too");
    let outcome = told(&[link("u1", "u2", ALICE, 0)]).resolve();
    assert_eq!(edge(&outcome, "u1", "u2"), "asserted accepted person");
    assert_eq!(persons(&outcome), "u1&u2");
    assert_eq!(entities(&outcome), "u1 u2");
}

#[test]
fn a_cardinality_conflict_without_an_operators_word_keeps_its_reason() {
    let outcome = told(&[link("u1", "u2", "import.crm", 0)]).resolve();
    assert_eq!(edge(&outcome, "u1", "u2"), "business cardinality");
    assert_eq!(persons(&outcome), "");
}

#[test]
fn an_id_whose_hints_reach_too_many_entities_is_a_hub_of_hints() {
    let hints = |count: i64| {
        let facts: Vec<_> = (1..=count).map(|n| link("t1", &format!("o{n}"), ALICE, n)).collect();
        told(&facts).resolve()
    };
    assert_eq!(edge(&hints(8), "t1", "o1"), "hint accepted person");
    assert_eq!(edge(&hints(9), "t1", "o1"), "hint hub person");
}

#[test]
fn a_hub_of_hints_is_counted_in_entities_not_in_ids() {
    let facts = [
        rule("hint_hub_limit", 1, 0),
        link("u1", "o1", MP, 0),
        link("t1", "o1", ALICE, 0),
        link("t1", "u1", ALICE, 0),
    ];
    let outcome = told(&facts).resolve();
    assert_eq!(edge(&outcome, "t1", "o1"), "hint accepted person");
}

#[test]
fn a_blocked_end_joins_no_person() {
    let outcome = told(&[link("t1", "o1", ALICE, 0), block("t1", 0)]).resolve();
    assert_eq!(edge(&outcome, "t1", "o1"), "hint blocked person");
}

#[test]
fn a_ban_between_members_keeps_two_persons_apart() {
    let facts = [link("t1", "o1", ALICE, 0), link("t1", "o2", ALICE, 1), ban("o1", "o2", 0)];
    let outcome = told(&facts).resolve();
    assert_eq!(edge(&outcome, "t1", "o2"), "hint banned person");
    assert_eq!(persons(&outcome), "o1&t1");
}

#[test]
fn a_person_does_not_grow_above_max_entities() {
    let facts = [rule("max_entities", 2, 0), link("t1", "o1", ALICE, 0), link("t1", "o2", ALICE, 1)];
    let outcome = told(&facts).resolve();
    assert_eq!(edge(&outcome, "t1", "o2"), "hint size person");
    assert_eq!(persons(&outcome), "o1&t1");
}

#[test]
fn an_accepted_cardinality_edge_goes_before_every_hint() {
    let facts = [rule("max_entities", 2, 0), link("u1", "t1", ALICE, 0), link("u1", "u2", ALICE, 9)];
    let outcome = told(&facts).resolve();
    assert_eq!(persons(&outcome), "u1&u2");
    assert_eq!(edge(&outcome, "u1", "t1"), "hint size person");
}

#[test]
fn the_person_sources_are_a_rule() {
    let hint = [link("o1", "t1", "import.crm", 0)];
    assert_eq!(persons(&told(&hint).resolve()), "");
    let mut set = std::collections::BTreeMap::new();
    let list = idweave::model::RuleValue::List(vec!["*.crm".to_owned()]);
    set.insert("person_sources".to_owned(), list);
    let mut facts = hint.to_vec();
    facts.push(rule_text("strength.import.*", "hint", 0));
    facts.push(idweave::Fact { op: idweave::Op::Rules { set }, ..facts[0].clone() });
    assert_eq!(persons(&told(&facts).resolve()), "o1&t1");
}
