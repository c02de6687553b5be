//! Section 3.9: relations.

use std::collections::BTreeMap;

use idweave::model::RelationKind;

use crate::support::oracle::Interval;
use crate::support::say::{With, hour, id, relate, told, unrelate};

fn interval(from: i64, to: Option<i64>) -> Interval {
    Interval { from: hour(from), to: to.map(hour) }
}

#[test]
fn relate_opens_unless_open_and_unrelate_closes() {
    let facts = [
        relate("follows", "d1", "e1", 9),
        unrelate("follows", "d1", "e1", 6),
        relate("follows", "d1", "e1", 3),
        relate("follows", "d1", "e1", 1),
        unrelate("follows", "d1", "e1", 7),
        relate("follows", "d1", "e2", 2),
    ];
    let oracle = told(&facts);
    let intervals = oracle.intervals(&RelationKind::Follows, &id("d1"), &id("e1"));
    assert_eq!(intervals, [interval(1, Some(6)), interval(9, None)]);
    let open = |at| oracle.relation_at(&RelationKind::Follows, &id("d1"), &id("e1"), hour(at)).0;
    assert_eq!([0, 1, 5, 6, 8, 9].map(open), [false, true, true, false, false, true]);
}

#[test]
fn on_a_tie_unrelate_comes_first() {
    let oracle = told(&[relate("follows", "d1", "e1", 1), unrelate("follows", "d1", "e1", 1)]);
    let intervals = oracle.intervals(&RelationKind::Follows, &id("d1"), &id("e1"));
    assert_eq!(intervals, [interval(1, None)]);
}

#[test]
fn an_attribute_has_its_latest_value_and_on_a_tie_the_greater_text() {
    let facts = [
        relate("follows", "d1", "e1", 1).attr("state", "a").attr("add_way", "1"),
        relate("follows", "d1", "e1", 3).attr("state", "b"),
        relate("follows", "d1", "e1", 3).attr("state", "c"),
        unrelate("follows", "d1", "e1", 4),
    ];
    let oracle = told(&facts);
    let attrs = |at| oracle.relation_at(&RelationKind::Follows, &id("d1"), &id("e1"), hour(at)).1;
    let map = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    };
    assert_eq!(attrs(0), map(&[]));
    assert_eq!(attrs(2), map(&[("add_way", "1"), ("state", "a")]));
    assert_eq!(attrs(3), map(&[("add_way", "1"), ("state", "c")]));
}

#[test]
fn a_relation_never_binds_and_its_ids_exist() {
    let oracle = told(&[relate("uses_account", "d1", "u1", 0), unrelate("member_of", "o1", "c1", 0)]);
    let outcome = oracle.resolve();
    assert_eq!((outcome.entities.len(), outcome.edges.len()), (4, 0));
}
