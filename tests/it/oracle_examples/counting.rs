//! Sections 2 and 5: retractions by each selector and their lifting, batches, rules of the door.

use crate::support::oracle::Door;
use crate::support::say::{
    With, absent, alias, ban, batch, block, edge, entities, event, hour, id, link, mark, pair, relate,
    retract, source, supersede, told, unretract,
};

const MP: &str = "mp.user_info";
const CRM: &str = "import.crm";

#[test]
fn a_retraction_of_a_pair_takes_what_was_observed_up_to_its_time_whenever_it_arrives() {
    let facts = [
        retract(pair("o1", "u1", ""), 5),
        link("u1", "o1", MP, 5),
        link("u1", "o1", CRM, 6),
        supersede("u1", "o1", MP, 4),
    ];
    let outcome = told(&facts).resolve();
    assert_eq!(edge(&outcome, "u1", "o1"), "business accepted");
    assert_eq!(outcome.edges.iter().map(|edge| edge.evidence).sum::<usize>(), 1);
}

#[test]
fn a_retraction_of_a_pair_can_take_one_source_only() {
    let facts = [link("u1", "o1", MP, 0), link("u1", "o1", CRM, 0), retract(pair("u1", "o1", MP), 5)];
    assert_eq!(edge(&told(&facts).resolve(), "u1", "o1"), "business accepted");
}

#[test]
fn a_retraction_of_a_source_takes_its_interval_ends_included_and_the_scope_if_given() {
    let facts = [
        link("u1", "o1", CRM, 1),
        link("u2", "o2", CRM, 2),
        link("u3", "p3", CRM, 3),
        link("u4", "o4", CRM, 4),
        link("u5", "o5", MP, 3),
    ];
    let left = |selector| {
        let facts = [facts.to_vec(), vec![retract(selector, 0)]].concat();
        told(&facts).resolve().edges.len()
    };
    assert_eq!(left(source(CRM, "", Some(2), 3)), 3);
    assert_eq!(left(source(CRM, "", None, 3)), 2);
    assert_eq!(left(source(CRM, "openid:wx00000000000000a1", Some(2), 4)), 3);
    assert_eq!(left(source(CRM, "unionid:openA", None, 4)), 1);
}

#[test]
fn a_retraction_of_a_source_takes_its_relations_and_absents_too() {
    let facts = [
        relate("follows", "d1", "e1", 1),
        absent("u1", "external_userid:ww00000000000000c1", "work.contact_get", 1),
        absent("u2", "openid:wx00000000000000a1", "work.contact_get", 1),
        retract(source("work.contact_get", "external_userid:ww00000000000000c1", None, 1), 0),
    ];
    let oracle = told(&facts);
    assert_eq!(oracle.relations().len(), 0);
    assert_eq!(oracle.absents().len(), 1);
}

#[test]
fn a_retraction_of_an_event_takes_all_of_that_happening_and_nothing_else() {
    let facts = [
        link("u1", "o1", MP, 0).in_event("e1"),
        link("u2", "o2", MP, 9).in_event("e1"),
        link("u3", "o3", MP, 0).in_event("e2"),
        link("u4", "o4", CRM, 0).in_event("e1"),
        retract(event(MP, "e1"), 5),
    ];
    assert_eq!(told(&facts).resolve().edges.len(), 2);
}

#[test]
fn a_retraction_of_a_batch_takes_links_bans_blocks_and_relations_of_it() {
    let facts = [
        link("u1", "o1", MP, 0).in_batch("b1"),
        supersede("o1", "o2", MP, 0).in_batch("b1"),
        link("u3", "o3", MP, 0),
        ban("u3", "o3", 0).in_batch("b1"),
        link("u4", "o4", MP, 0),
        block("o4", 0).in_batch("b1"),
        relate("follows", "d1", "e1", 0).in_batch("b1"),
        mark("cursor", "7", 0).in_batch("b1"),
        retract(batch("b1"), 0),
    ];
    let oracle = told(&facts);
    let outcome = oracle.resolve();
    assert_eq!(entities(&outcome), "d1 e1 o1 o2 o3+u3 o4+u4 u1");
    assert_eq!(outcome.edges.len(), 2);
    assert_eq!(oracle.relations().len(), 0);
    assert_eq!(oracle.marks().get("cursor").map(String::as_str), Some("7"));
}

#[test]
fn lifting_reaches_retractions_of_the_same_selector_up_to_its_time() {
    let ended = |then: &[idweave::Fact]| {
        let facts = [&[link("u1", "o1", MP, 0).in_batch("b1")], then].concat();
        edge(&told(&facts).resolve(), "u1", "o1")
    };
    let (both, own) = (pair("u1", "o1", ""), pair("u1", "o1", MP));
    assert_eq!(ended(&[retract(both.clone(), 5), unretract(pair("o1", "u1", ""), 5)]), "platform accepted");
    assert_eq!(ended(&[unretract(both.clone(), 9), retract(both.clone(), 5)]), "platform accepted");
    assert_eq!(ended(&[retract(both.clone(), 5), unretract(both.clone(), 4)]), "no edge");
    assert_eq!(ended(&[retract(both.clone(), 5), unretract(own, 9)]), "no edge");
    assert_eq!(ended(&[retract(batch("b1"), 5), unretract(batch("b1"), 6)]), "platform accepted");
    assert_eq!(ended(&[retract(batch("b1"), 5), retract(both, 5), unretract(batch("b1"), 6)]), "no edge");
}

#[test]
fn retracting_a_merge_undoes_it_exactly() {
    let before = [link("u1", "o1", MP, 0), link("u2", "p1", MP, 0).stated("business")];
    let merge = link("o1", "p1", CRM, 1);
    let facts = [before.to_vec(), vec![merge, retract(pair("o1", "p1", ""), 2)]].concat();
    assert_eq!(told(&facts).resolve(), told(&before).resolve());
}

#[test]
fn an_absent_and_an_unban_bring_no_ids() {
    let facts = [
        absent("u1", "external_userid:ww00000000000000c1", "work.idconvert", 0),
        crate::support::say::unban("u2", "u3", 0),
        crate::support::say::unblock("u4", 0),
    ];
    let oracle = told(&facts);
    assert_eq!(entities(&oracle.resolve()), "");
    assert_eq!(oracle.absents().len(), 1);
}

#[test]
fn the_mark_with_the_greatest_time_holds_and_on_a_tie_the_greater_text() {
    let facts = [mark("k", "2", 5), mark("k", "10", 5), mark("k", "9", 4)];
    assert_eq!(told(&facts).marks().get("k").map(String::as_str), Some("2"));
}

#[test]
fn an_alias_links_the_stored_twins_and_means_the_corp_from_then_on() {
    let facts = [
        link("external_userid:wpOld:v1", "u1", MP, 0),
        alias("wpOld", 5),
        link("external_userid:wpOld:v2", "u2", MP, 6),
    ];
    let mut oracle = told(&facts);
    let outcome = oracle.resolve();
    assert_eq!(entities(&outcome), "e1+external_userid:wpOld:v1+u1 e2+u2");
    assert_eq!(edge(&outcome, "external_userid:wpOld:v1", "e1"), "asserted accepted");
    let now_the_same = link("external_userid:wpOld:v3", "e3", MP, 7);
    assert_eq!(oracle.commit(&[now_the_same]), [Door::Refused("self link")]);
}

#[test]
fn as_of_and_observed_until_answer_from_what_was_known_then() {
    let facts = [link("u1", "o1", MP, 9), link("u1", "e1", MP, 5)];
    let oracle = told(&facts);
    assert_eq!(entities(&oracle.as_of(1)), "o1+u1");
    assert_eq!(entities(&oracle.as_of(2)), "e1+o1+u1");
    assert_eq!(entities(&oracle.observed_until(hour(5))), "e1+u1");
    assert!(oracle.resolve().entities.iter().all(|entity| entity.ids.contains(id("e1").as_str())));
}
