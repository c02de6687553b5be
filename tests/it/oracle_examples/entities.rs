//! Sections 3.4 to 3.7: hubs, blocks, superseded ids, families, entities.

use idweave::model::PerScope;

use crate::support::say::{
    With, ban, block, edge, entities, id, kind, link, rule, supersede, told, unban, unblock,
};

const MP: &str = "mp.user_info";
const OAUTH: &str = "mp.web_oauth";
const CRM: &str = "import.crm";

#[test]
fn an_id_with_more_than_eight_others_of_one_kind_and_scope_is_a_hub_toward_them() {
    let star = |count: i64| {
        let mut facts: Vec<_> = (1..=count).map(|n| link("k1", &format!("o{n}"), CRM, n)).collect();
        facts.push(link("k1", "u1", CRM, 0));
        told(&facts).resolve()
    };
    let outcome = star(8);
    assert_eq!(edge(&outcome, "k1", "o1"), "business accepted");
    assert_eq!(edge(&outcome, "k1", "o8"), "business cardinality");
    let outcome = star(9);
    assert_eq!(edge(&outcome, "k1", "o1"), "business hub");
    // Toward another kind it is none.
    assert_eq!(edge(&outcome, "k1", "u1"), "business accepted");
}

#[test]
fn a_degree_counts_distinct_ids_and_neither_hints_nor_pending_ids_nor_state_tokens() {
    let facts = [
        rule("hub_limit", 1, 0),
        link("u1", "o1", MP, 0),
        supersede("u1", "o1", MP, 0),
        link("u1", "o2", "hint.name", 0),
        link("u1", "x1", MP, 0),
        link("u1", "x2", MP, 0),
        link("e1", "s1", MP, 0),
        link("e1", "s2", MP, 0),
    ];
    let outcome = told(&facts).resolve();
    assert_eq!(edge(&outcome, "u1", "o1"), "platform accepted, platform accepted");
    assert_eq!(edge(&outcome, "u1", "x2"), "platform accepted");
    assert_eq!(edge(&outcome, "e1", "s2"), "platform accepted");
}

#[test]
fn a_state_token_with_many_others_is_a_hub() {
    let facts = [rule("hub_limit", 1, 0), link("s1", "e1", MP, 0), link("s1", "e2", MP, 0)];
    assert_eq!(edge(&told(&facts).resolve(), "s1", "e1"), "platform hub");
}

#[test]
fn an_edge_with_a_blocked_end_binds_nothing_and_a_hub_is_a_hub_first() {
    let facts = [link("u1", "o1", MP, 0), block("o1", 5)];
    assert_eq!(edge(&told(&facts).resolve(), "u1", "o1"), "platform blocked");
    let facts = [rule("hub_limit", 1, 0), link("u1", "o1", MP, 0), link("u1", "o2", MP, 0), block("u1", 5)];
    assert_eq!(edge(&told(&facts).resolve(), "u1", "o1"), "platform hub");
}

#[test]
fn toggles_keep_the_greatest_time_and_the_one_that_forbids_on_a_tie() {
    let ended = |facts: &[idweave::Fact]| {
        let facts = [&[link("u1", "o1", MP, 0)], facts].concat();
        edge(&told(&facts).resolve(), "u1", "o1")
    };
    assert_eq!(ended(&[block("o1", 5), unblock("o1", 6)]), "platform accepted");
    assert_eq!(ended(&[unblock("o1", 5), block("o1", 5)]), "platform blocked");
    assert_eq!(ended(&[block("o1", 5), unblock("o1", 5)]), "platform blocked");
    assert_eq!(ended(&[unblock("o1", 6), block("o1", 5)]), "platform accepted");
    assert_eq!(ended(&[ban("u1", "o1", 5), unban("o1", "u1", 6)]), "platform accepted");
    assert_eq!(ended(&[unban("o1", "u1", 5), ban("u1", "o1", 5)]), "platform banned");
}

#[test]
fn a_ban_between_the_ends_rejects_a_supersede_and_so_the_old_one_is_not_superseded() {
    let outcome = told(&[supersede("o1", "o2", MP, 0), ban("o2", "o1", 9)]).resolve();
    assert_eq!(edge(&outcome, "o1", "o2"), "platform banned");
    assert_eq!(entities(&outcome), "o1 o2");
}

#[test]
fn the_edge_that_closes_a_ring_of_supersedes_is_a_cycle() {
    let facts = [supersede("o1", "o2", MP, 0), supersede("o2", "o3", MP, 1), supersede("o3", "o1", MP, 2)];
    let outcome = told(&facts).resolve();
    assert_eq!(edge(&outcome, "o3", "o1"), "platform cycle");
    assert_eq!(entities(&outcome), "-o1+-o2+o3");
}

#[test]
fn a_superseded_id_does_not_count_against_the_one_per_scope() {
    let outcome = told(&[link("u1", "o1", MP, 0), supersede("o1", "o2", MP, 5)]).resolve();
    assert_eq!(entities(&outcome), "-o1+o2+u1");
    // Superseded by one that is not in the union: it counts.
    let facts =
        [link("u1", "o1", MP, 0), link("u1", "o3", CRM, 1), ban("o2", "u1", 0), supersede("o1", "o2", MP, 5)];
    let outcome = told(&facts).resolve();
    assert_eq!(edge(&outcome, "o1", "o2"), "platform banned");
    assert_eq!(edge(&outcome, "u1", "o3"), "business cardinality");
    // 3.5 accepted it, so it is superseded although 3.7 kept them apart.
    assert_eq!(entities(&outcome), "-o1+u1 o2 o3");
}

#[test]
fn a_family_above_its_limit_loses_its_weakest_layer_until_it_fits() {
    let facts = [
        rule("max_family", 3, 0),
        link("u1", "o1", MP, 0),
        link("o1", "p1", CRM, 0),
        link("p1", "q1", MP, 0),
        link("q1", "k1", OAUTH, 0),
    ];
    let outcome = told(&facts).resolve();
    assert_eq!(edge(&outcome, "q1", "k1"), "provisional oversize");
    assert_eq!(edge(&outcome, "o1", "p1"), "business oversize");
    assert_eq!(entities(&outcome), "k1 o1+u1 p1+q1");
}

#[test]
fn a_provisional_edge_joins_only_where_one_side_stands_alone() {
    let facts = [link("u1", "o1", MP, 0), link("w1", "p1", MP, 0), link("o1", "p1", OAUTH, 0)];
    let outcome = told(&facts).resolve();
    assert_eq!(edge(&outcome, "o1", "p1"), "provisional provisional");
    assert_eq!(entities(&outcome), "o1+u1 p1+w1");
    let facts = [link("u1", "o1", MP, 0), link("o1", "p1", OAUTH, 0)];
    assert_eq!(entities(&told(&facts).resolve()), "o1+p1+u1");
}

#[test]
fn a_ban_between_members_keeps_two_entities_apart() {
    let facts =
        [link("u1", "o1", MP, 0), link("e1", "p1", MP, 0), link("o1", "p1", CRM, 0), ban("e1", "u1", 0)];
    let outcome = told(&facts).resolve();
    assert_eq!(edge(&outcome, "o1", "p1"), "business banned");
    assert_eq!(entities(&outcome), "e1+p1 o1+u1");
}

#[test]
fn too_many_of_one_kind_and_scope_are_told_with_the_smallest_scope_and_the_ids_sorted() {
    let facts = [
        link("u1", "o1", MP, 0),
        link("u2", "o2", MP, 0),
        link("o2", "p2", MP, 0),
        link("u1", "p1", MP, 0),
        link("u1", "p2", CRM, 1),
    ];
    let outcome = told(&facts).resolve();
    assert_eq!(edge(&outcome, "u1", "p2"), "business cardinality");
    let conflict = outcome.cardinality.first().expect("one conflict");
    assert_eq!(conflict.3, "openid:wx00000000000000a1");
    assert_eq!(conflict.4, [id("o1").to_string(), id("o2").to_string()]);
}

#[test]
fn kinds_of_which_an_entity_may_hold_many() {
    let facts = [
        link("u1", "x1", MP, 0),
        link("u1", "x2", MP, 0),
        link("u1", "s1", MP, 0),
        link("u1", "s2", MP, 0),
        link("u1", "k1", CRM, 0),
        link("u1", "k2", CRM, 1),
    ];
    let outcome = told(&facts).resolve();
    assert_eq!(entities(&outcome), "k1+s1+s2+u1+x1+x2 k2");
    let declared = [facts.to_vec(), vec![kind("custom.card", PerScope::Many, 9)]].concat();
    assert_eq!(entities(&told(&declared).resolve()), "k1+k2+s1+s2+u1+x1+x2");
    let tied = [declared, vec![kind("custom.card", PerScope::One, 9)]].concat();
    assert_eq!(entities(&told(&tied).resolve()), "k1+s1+s2+u1+x1+x2 k2", "`one` is the greater text");
}

#[test]
fn a_limit_above_one_is_a_limit() {
    let facts = [
        rule("limit.openid", 2, 0),
        link("u1", "o1", MP, 0),
        link("u1", "o2", MP, 1),
        link("u1", "o3", MP, 2),
    ];
    assert_eq!(entities(&told(&facts).resolve()), "o1+o2+u1 o3");
}

#[test]
fn an_entity_does_not_grow_above_max_ids() {
    let facts =
        [rule("max_ids", 2, 0), link("u1", "o1", MP, 0), link("u1", "p1", MP, 1), link("u1", "e1", MP, 2)];
    let outcome = told(&facts).resolve();
    assert_eq!(edge(&outcome, "u1", "p1"), "platform size");
    assert_eq!(entities(&outcome), "e1 o1+u1 p1");
}

#[test]
fn the_rule_with_the_greatest_time_is_in_force_and_on_a_tie_the_greater_text() {
    let limited = |rules: &[idweave::Fact]| {
        let links = [link("u1", "o1", MP, 0), link("u1", "p1", MP, 1), link("u1", "q1", MP, 2)];
        let facts = [&links, rules].concat();
        told(&facts).resolve().entities.len()
    };
    assert_eq!(limited(&[rule("max_ids", 9, 2), rule("max_ids", 2, 5)]), 3);
    assert_eq!(limited(&[rule("max_ids", 2, 5), rule("max_ids", 9, 2)]), 3);
    assert_eq!(
        limited(&[rule("max_ids", 2, 5), rule("max_ids", 10, 5)]),
        3,
        "`2` is a greater text than `10`"
    );
}

#[test]
fn an_edge_inside_of_one_entity_is_accepted_whatever_a_ban_says() {
    let facts =
        [link("u1", "o1", MP, 0), link("u1", "e1", MP, 0), link("o1", "e1", OAUTH, 5).stated("provisional")];
    assert_eq!(edge(&told(&facts).resolve(), "o1", "e1"), "provisional accepted");
}
