//! Sections 2, 3.1, 3.2 and 3.3: what counts, how strong it is, and which edge comes first.

use crate::support::oracle::Edge;
use crate::support::say::{
    DAY, With, app, corp, edge, entities, id, link, pair, retract, rule_text, supersede, told,
};

const MP: &str = "mp.user_info";
const OAUTH: &str = "mp.web_oauth";

#[test]
fn a_link_joins_two_ids_of_one_class() {
    let outcome = told(&[link("u1", "o1", MP, 0), link("o1", "p1", MP, 0)]).resolve();
    assert_eq!(entities(&outcome), "o1+p1+u1");
    assert_eq!(edge(&outcome, "u1", "o1"), "platform accepted");
}

#[test]
fn the_source_gives_the_strength_where_no_telling_states_one() {
    for (source, strength) in [
        ("operator.alice", "asserted"),
        ("operator.state", "asserted"),
        ("phone.mini", "hint"),
        ("hint.web_oauth", "hint"),
        ("mp.web_oauth", "provisional"),
        ("work.state", "provisional"),
        ("shop.order", "platform"),
        ("app.login", "platform"),
        ("import.crm", "business"),
        ("mpx.user", "business"),
    ] {
        let outcome = told(&[link("u1", "o1", source, 0)]).resolve();
        assert!(edge(&outcome, "u1", "o1").starts_with(strength), "{source}");
    }
}

#[test]
fn of_several_tellings_of_one_evidence_the_greatest_stated_strength_holds() {
    let tellings = [
        link("u1", "o1", MP, 0),
        link("u1", "o1", MP, 0).stated("business"),
        link("o1", "u1", MP, 0).stated("provisional"),
    ];
    let outcome = told(&tellings).resolve();
    assert_eq!(edge(&outcome, "u1", "o1"), "business accepted");
    assert_eq!(outcome.edges.iter().map(|edge| edge.evidence).sum::<usize>(), 1);
}

#[test]
fn source_batch_event_and_time_tell_evidences_apart() {
    let facts = [
        link("u1", "o1", MP, 0),
        link("u1", "o1", "work.contact_get", 0),
        link("u1", "o1", MP, 0).in_batch("b1"),
        link("u1", "o1", MP, 0).in_event("e1"),
        link("u1", "o1", MP, 1),
    ];
    let outcome = told(&facts).resolve();
    assert_eq!(outcome.edges.iter().map(|edge| edge.evidence).sum::<usize>(), 5);
}

#[test]
fn a_change_of_the_strength_rules_is_retroactive_and_the_longest_pattern_wins() {
    let facts = [
        link("u1", "o1", "import.crm", 0),
        link("u2", "o2", "import.crm", 0).stated("asserted"),
        rule_text("strength.import.*", "hint", 5),
        rule_text("strength.*.crm", "platform", 5),
    ];
    let outcome = told(&facts).resolve();
    assert_eq!(edge(&outcome, "u1", "o1"), "hint suggestion person");
    assert_eq!(edge(&outcome, "u2", "o2"), "asserted accepted");
}

#[test]
fn evidence_of_an_openid_counts_only_for_the_open_account_bound_at_that_time() {
    let facts = [
        app("o", "A", 10, 10),
        app("o", "B", 20, 20),
        link("u1", "o1", MP, 5),  // before the first statement: unknown, so it counts
        link("u2", "o2", MP, 10), // bound to A from this moment on
        link("u3", "o3", MP, 20), // now to B
        link("w4", "o4", MP, 20),
    ];
    let outcome = told(&facts).resolve();
    assert_eq!(edge(&outcome, "u1", "o1"), "platform accepted");
    assert_eq!(edge(&outcome, "u2", "o2"), "platform accepted");
    assert_eq!(edge(&outcome, "u3", "o3"), "platform scope_mismatch");
    assert_eq!(edge(&outcome, "w4", "o4"), "platform accepted");
    assert_eq!(entities(&outcome), "o1+u1 o2+u2 o3 o4+w4 u3");
}

#[test]
fn an_app_bound_to_none_makes_no_unionid_and_a_late_correction_wins() {
    let unbound = [app("o", "", 10, 10), link("u1", "o1", MP, 15)];
    assert_eq!(edge(&told(&unbound).resolve(), "u1", "o1"), "platform scope_mismatch");
    let corrected = [app("o", "", 10, 10), link("u1", "o1", MP, 15), app("o", "A", 10, 30)];
    assert_eq!(edge(&told(&corrected).resolve(), "u1", "o1"), "platform accepted");
    // Of two statements of one `from` and one `at` the greater text: none is the smallest, B beats A.
    let tied = [app("o", "A", 10, 10), app("o", "", 10, 10), link("u1", "o1", MP, 15)];
    assert_eq!(edge(&told(&tied).resolve(), "u1", "o1"), "platform accepted");
    let tied = [app("o", "B", 10, 10), app("o", "A", 10, 10), link("u1", "o1", MP, 15)];
    assert_eq!(edge(&told(&tied).resolve(), "u1", "o1"), "platform scope_mismatch");
}

#[test]
fn one_mismatched_evidence_does_not_take_the_others_with_it() {
    let facts = [app("o", "B", 20, 20), link("u1", "o1", MP, 5), link("u1", "o1", "mini.code2session", 25)];
    let outcome = told(&facts).resolve();
    assert_eq!(edge(&outcome, "u1", "o1"), "platform accepted");
    assert_eq!(outcome.edges.iter().map(|edge| edge.evidence).sum::<usize>(), 2);
}

#[test]
fn evidence_of_a_corps_own_view_counts_by_the_corps_bound_app() {
    let facts = [
        app("p", "B", 0, 0),
        corp("e", "p", Some(10), 30),
        corp("f", "", None, 0),
        link("e1", "u1", "work.contact_get", 5), // the corp's app is not known yet
        link("e2", "u2", "work.contact_get", 10),
        link("g3", "u3", "work.contact_get", 10), // a provider's view has no bound app
        link("f4", "u4", "work.contact_get", 10), // this corp has none
    ];
    let outcome = told(&facts).resolve();
    assert_eq!(edge(&outcome, "e1", "u1"), "platform accepted");
    assert_eq!(edge(&outcome, "e2", "u2"), "platform scope_mismatch");
    assert_eq!(edge(&outcome, "g3", "u3"), "platform accepted");
    assert_eq!(edge(&outcome, "f4", "u4"), "platform accepted");
}

#[test]
fn a_corp_fact_without_from_holds_from_its_at() {
    let facts = [app("p", "B", 0, 0), corp("e", "p", None, 10)];
    let told_with = |at| {
        let mut facts = facts.to_vec();
        facts.push(link("e1", "u1", "work.contact_get", at));
        edge(&told(&facts).resolve(), "e1", "u1")
    };
    assert_eq!(told_with(9), "platform accepted");
    assert_eq!(told_with(10), "platform scope_mismatch");
}

#[test]
fn a_link_of_a_pending_id_made_in_time_outlives_it_and_a_late_one_does_not_count() {
    let facts = [
        link("x1", "u1", "work.idconvert", 0),
        link("x1", "e1", "work.idconvert", 90 * DAY), // the last moment
        link("x1", "e2", "work.idconvert", 90 * DAY + 1),
    ];
    let outcome = told(&facts).resolve();
    assert_eq!(edge(&outcome, "x1", "e1"), "platform accepted");
    assert_eq!(edge(&outcome, "x1", "e2"), "platform pending_expired");
    assert_eq!(entities(&outcome), "e1+u1+x1 e2");
}

#[test]
fn the_end_of_a_pending_id_is_the_greatest_of_its_ends_and_unbounded_without_any() {
    let bounded = [
        link("x1", "u1", "work.idconvert", 0).until(10),
        link("x1", "o1", "work.idconvert", 5).until(20),
        link("x1", "e1", "work.idconvert", 20),
        link("x1", "e2", "work.idconvert", 21),
    ];
    let outcome = told(&bounded).resolve();
    assert_eq!(edge(&outcome, "x1", "e1"), "platform accepted");
    assert_eq!(edge(&outcome, "x1", "e2"), "platform pending_expired");
    let unbounded = [link("x1", "e1", "work.idconvert", 0), link("x1", "e1", "work.idconvert", 900 * DAY)];
    assert_eq!(edge(&told(&unbounded).resolve(), "x1", "e1"), "platform accepted");
}

#[test]
fn between_two_pending_ids_the_end_of_either_makes_evidence_late() {
    let facts = [
        link("x1", "u1", "work.idconvert", 0).until(10),
        link("x2", "o1", "work.idconvert", 0).until(20),
        link("x1", "x2", "work.idconvert", 15),
    ];
    assert_eq!(edge(&told(&facts).resolve(), "x1", "x2"), "platform pending_expired");
}

#[test]
fn provisional_evidence_of_two_sources_confirms() {
    let facts = [link("u1", "o1", OAUTH, 0), link("u1", "o1", "app.web_oauth", 0)];
    assert_eq!(edge(&told(&facts).resolve(), "u1", "o1"), "confirmed accepted");
}

#[test]
fn a_second_login_confirms_after_24_hours_and_not_before() {
    let facts = [link("u1", "o1", OAUTH, 0), link("u1", "o1", OAUTH, 23)];
    assert_eq!(edge(&told(&facts).resolve(), "u1", "o1"), "provisional accepted");
    let facts = [link("u1", "o1", OAUTH, 24), link("u1", "o1", OAUTH, 0)];
    assert_eq!(edge(&told(&facts).resolve(), "u1", "o1"), "confirmed accepted");
}

#[test]
fn one_event_does_not_confirm_itself() {
    let one = [link("u1", "o1", OAUTH, 0).in_event("e1"), link("u1", "o1", OAUTH, 48).in_event("e1")];
    assert_eq!(edge(&told(&one).resolve(), "u1", "o1"), "provisional accepted");
    let two = [link("u1", "o1", OAUTH, 0).in_event("e1"), link("u1", "o1", OAUTH, 48).in_event("e2")];
    assert_eq!(edge(&told(&two).resolve(), "u1", "o1"), "confirmed accepted");
    let unnamed = [link("u1", "o1", OAUTH, 0).in_event("e1"), link("u1", "o1", OAUTH, 48)];
    assert_eq!(edge(&told(&unnamed).resolve(), "u1", "o1"), "confirmed accepted");
}

#[test]
fn late_evidence_does_not_confirm() {
    let facts = [
        link("x1", "u1", "work.idconvert", 0).until(10),
        link("x1", "e1", OAUTH, 5),
        link("x1", "e1", "app.web_oauth", 11),
    ];
    assert_eq!(edge(&told(&facts).resolve(), "x1", "e1"), "provisional accepted");
}

#[test]
fn an_edge_with_a_phone_end_is_always_a_hint() {
    let outcome = told(&[link("o1", "t1", "operator.alice", 0)]).resolve();
    assert_eq!(edge(&outcome, "o1", "t1"), "hint accepted person");
}

#[test]
fn a_supersede_edge_is_at_least_business_and_is_never_confirmed() {
    let facts = [supersede("o1", "o2", OAUTH, 0), supersede("o1", "o2", "app.web_oauth", 0)];
    let outcome = told(&facts).resolve();
    assert_eq!(edge(&outcome, "o1", "o2"), "business accepted");
    assert_eq!(entities(&outcome), "-o1+o2");
    let outcome = told(&[supersede("o1", "o2", "hint.name", 0)]).resolve();
    assert_eq!(edge(&outcome, "o1", "o2"), "business accepted");
}

#[test]
fn the_incumbent_stays_against_a_later_challenger_of_equal_strength() {
    let facts = [link("u2", "o1", MP, 5), link("u1", "o1", MP, 4)];
    let outcome = told(&facts).resolve();
    assert_eq!(entities(&outcome), "o1+u1 u2");
    assert_eq!(edge(&outcome, "u2", "o1"), "platform cardinality");
}

#[test]
fn the_stronger_edge_goes_first_however_late() {
    let order = ["hint.name", OAUTH, "import.crm", "", MP, "operator.alice"];
    for (place, (weaker, stronger)) in order.iter().zip(order.iter().skip(1)).enumerate().skip(1) {
        let confirmed = |a: &str, b: &str, at: i64| vec![link(a, b, OAUTH, at), link(a, b, OAUTH, at + 24)];
        let one = |a: &str, b: &str, source: &str, at: i64| match source {
            "" => confirmed(a, b, at),
            source => vec![link(a, b, source, at)],
        };
        let facts = [one("u1", "o1", weaker, 0), one("u2", "o1", stronger, 100)].concat();
        assert!(entities(&told(&facts).resolve()).contains("o1+u2"), "pair {place}");
    }
}

#[test]
fn the_rank_time_is_that_of_the_evidence_as_strong_as_the_edge() {
    // u2's edge was first seen at 0, but only as provisional; as platform it is the later one.
    let facts = [link("u2", "o1", OAUTH, 0), link("u2", "o1", MP, 6), link("u1", "o1", MP, 5)];
    assert_eq!(entities(&told(&facts).resolve()), "o1+u1 u2");
}

#[test]
fn ties_of_strength_and_time_go_by_the_smaller_text() {
    let facts = [link("o1", "u2", MP, 0), link("o1", "u1", MP, 0)];
    assert_eq!(entities(&told(&facts).resolve()), "o1+u1 u2");
}

#[test]
fn of_two_opposite_supersedes_the_smaller_old_goes_first() {
    let facts = [supersede("o2", "o1", MP, 0), supersede("o1", "o2", MP, 0)];
    let outcome = told(&facts).resolve();
    assert_eq!(edge(&outcome, "o1", "o2"), "platform accepted");
    assert_eq!(edge(&outcome, "o2", "o1"), "platform cycle");
    assert_eq!(entities(&outcome), "-o1+o2");
}

#[test]
fn an_edge_without_unretracted_evidence_is_not_listed_but_its_ids_stay() {
    let facts = [link("u1", "o1", MP, 0), retract(pair("o1", "u1", ""), 9)];
    let outcome = told(&facts).resolve();
    assert_eq!(outcome.edges.len(), 0);
    assert_eq!(entities(&outcome), "o1 u1");
}

#[test]
fn an_edge_is_told_in_key_form_with_everything_of_it() {
    let facts = [link("u1", "o1", MP, 0), supersede("d2", "d1", "work.idconvert", 0)];
    let edges: Vec<Edge> = told(&facts).resolve().edges.into_iter().collect();
    let of = |a: &str, b: &str, kind: &'static str| Edge {
        a: id(a).to_string(),
        b: id(b).to_string(),
        kind,
        strength: "platform",
        status: "accepted",
        reason: None,
        level: "entity",
        evidence: 1,
    };
    assert_eq!(edges, [of("o1", "u1", "same"), of("d2", "d1", "supersede")]);
}

#[test]
fn plaintext_userids_compare_in_any_case_and_those_of_a_provider_do_not() {
    let facts = [
        link("userid:ww00000000000000c1:Zhang", "userid:ww00000000000000c1@provP:X", MP, 0),
        link("userid:WW00000000000000C1:ZHANG", "userid:ww00000000000000c1@provP:x", MP, 1),
    ];
    let outcome = told(&facts).resolve();
    let entity = outcome.entities.iter().find(|entity| entity.ids.len() == 2).expect("one pair");
    assert_eq!(entity.class, "staff");
    assert!(entity.ids.contains("userid:ww00000000000000c1:zhang"));
    assert_eq!(outcome.entities.len(), 2);
}
