//! Section 5: erasure.

use idweave::model::Reach;

use crate::support::oracle::{Door, Oracle};
use crate::support::say::{
    absent, ban, block, edge, entities, erase, erase_for_good, link, relate, restrict, supersede, told,
};

const MP: &str = "mp.user_info";

#[test]
fn an_erased_id_is_a_graph_that_never_saw_the_facts_naming_it() {
    let others = [link("u1", "e1", MP, 0), link("u2", "o2", MP, 0)];
    let naming = [
        link("u1", "o1", MP, 0),
        supersede("o1", "o9", MP, 0),
        ban("o1", "u2", 0),
        block("o1", 0),
        restrict("o1", 0),
        relate("custom.knows", "o1", "u1", 0),
        absent("o1", "unionid:openA", MP, 0),
    ];
    let erased = told(&[&others[..], &naming[..], &[erase("o1", Reach::Id, 5)]].concat());
    let never = told(&others);
    assert_eq!(erased.resolve(), never.resolve());
    assert_eq!(erased.relations().len() + erased.absents().len() + erased.restricted().len(), 0);
    // o9 was named together with o1 only: the law leaves nothing of it.
    assert_eq!(entities(&erased.resolve()), "e1+u1 o2+u2");
}

#[test]
fn a_fact_not_later_than_the_erasure_is_refused_and_a_later_one_counts_afresh() {
    let mut oracle = told(&[link("u1", "o1", MP, 0), erase("o1", Reach::Id, 5)]);
    let late = [link("u1", "o1", MP, 5), link("o1", "p1", MP, 6)];
    assert_eq!(oracle.commit(&late), [Door::Refused("erased"), Door::Accepted]);
    assert_eq!(entities(&oracle.resolve()), "o1+p1", "u1 was named with o1 only");
}

#[test]
fn a_later_fact_counts_also_if_it_came_before_the_erasure() {
    let before = told(&[link("u1", "o1", MP, 9), erase("o1", Reach::Id, 5)]);
    let after = told(&[erase("o1", Reach::Id, 5), link("u1", "o1", MP, 9)]);
    assert_eq!(entities(&before.resolve()), "o1+u1");
    assert_eq!(before.resolve(), after.resolve());
}

#[test]
fn erased_again_the_greatest_time_holds() {
    for erasures in [[5, 8], [8, 5]] {
        let facts = [erase("o1", Reach::Id, erasures[0]), erase("o1", Reach::Id, erasures[1])];
        let mut oracle = told(&facts);
        assert_eq!(oracle.commit(&[link("u1", "o1", MP, 8)]), [Door::Refused("erased")]);
        assert_eq!(oracle.commit(&[link("u1", "o1", MP, 9)]), [Door::Accepted]);
    }
}

#[test]
fn a_sticky_erasure_refuses_later_facts_too() {
    let mut oracle = told(&[link("u1", "o1", MP, 9), erase_for_good("o1", 5)]);
    assert_eq!(entities(&oracle.resolve()), "");
    assert_eq!(oracle.commit(&[link("u1", "o1", MP, 99)]), [Door::Refused("erased")]);
    assert_eq!(oracle.commit(&[link("u1", "p1", MP, 1)]), [Door::Accepted]);
    assert_eq!(entities(&oracle.resolve()), "p1+u1");
}

#[test]
fn an_erasure_that_reaches_the_entity_takes_the_ids_it_has_at_that_moment() {
    let mut oracle = told(&[link("u1", "o1", MP, 0), link("u2", "o2", MP, 0)]);
    oracle.commit(&[erase("o1", Reach::Entity, 5), link("u1", "e1", MP, 6), link("o1", "e1", MP, 4)]);
    assert_eq!(entities(&oracle.resolve()), "e1+u1 o2+u2");
    assert_eq!(oracle.commit(&[link("u1", "p1", MP, 5)]), [Door::Refused("erased")]);
}

#[test]
fn within_a_commit_facts_act_one_by_one() {
    let mut oracle = Oracle::new();
    let doors = oracle.commit(&[
        link("u1", "o1", MP, 0),
        erase("u1", Reach::Entity, 5),
        link("u1", "o1", MP, 3),
        link("u1", "p1", MP, 6),
    ]);
    assert_eq!(doors[2], Door::Refused("erased"));
    assert_eq!(entities(&oracle.resolve()), "p1+u1");
    let mut oracle = Oracle::new();
    oracle.commit(&[erase("u1", Reach::Entity, 5), link("u1", "o1", MP, 6), link("u1", "e1", MP, 7)]);
    assert_eq!(edge(&oracle.resolve(), "u1", "o1"), "platform accepted");
}

#[test]
fn an_erasure_of_an_unknown_id_refuses_what_comes() {
    let mut oracle = told(&[erase("o1", Reach::Entity, 5)]);
    assert_eq!(oracle.commit(&[block("o1", 5)]), [Door::Refused("erased")]);
    assert_eq!(entities(&oracle.resolve()), "");
}

#[test]
fn looking_back_does_not_undo_an_erasure() {
    let oracle = told(&[link("u1", "o1", MP, 0), erase("o1", Reach::Id, 5)]);
    assert_eq!(entities(&oracle.as_of(1)), "");
}
