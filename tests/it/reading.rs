//! What the verbs answer, each sentence of design section 4 that the oracle does not cover.

use idweave::model::{Direction, Placeholders, RelationKind, When};
use idweave::{
    EntityId, Fact, Graph, Id, KindScope, Outcome, Reached, Read, Time, Translation, Verdict, ndjson,
};

const NOW: Time = Time::from_ms(1_735_700_000_000);
const DAY: u64 = 86_400_000;
const AT: u64 = 1_735_689_600_000;
const PHONE: &str = "phone:k:00000000000000000000000000000000000000000000000000000000000000ab";

fn fact(line: &str) -> Fact {
    ndjson::parse(line, 1, &Placeholders::default()).unwrap()
}

fn graph(lines: &[String]) -> Graph {
    let graph = Graph::options().in_memory().unwrap();
    for line in lines {
        graph.apply(NOW, &fact(line)).unwrap();
    }
    graph
}

fn link(a: &str, b: &str, source: &str, at: u64) -> String {
    format!(r#"{{"op":"link","a":"{a}","b":"{b}","source":"{source}","at":{at}}}"#)
}

fn id(text: &str) -> Id {
    text.parse().unwrap()
}

fn space(text: &str) -> KindScope {
    text.parse().unwrap()
}

fn translate(graph: &Graph, from: &str, to: &str) -> Translation {
    graph.view().translate(&id(from), &space(to), NOW).unwrap()
}

#[test]
fn translate_puts_what_is_not_superseded_first_and_then_what_was_seen_last() {
    let limit = r#"{"op":"rules","set":{"limit.openid":3},"at":1735689600000}"#.to_owned();
    let dead = r#"{"op":"supersede","old":"openid:a:dead","new":"openid:a:late","source":"mp.changeopenid","at":1735689600900}"#;
    let graph = graph(&[
        limit,
        link("openid:a:early", "unionid:u:x1", "mp.user_info", AT),
        link("openid:a:late", "unionid:u:x1", "mp.user_info", AT + 5),
        dead.to_owned(),
    ]);
    let found = ["openid:a:late", "openid:a:early", "openid:a:dead"].map(id).to_vec();
    assert_eq!(translate(&graph, "unionid:u:x1", "openid:a"), Translation::Found(found));
    assert_eq!(translate(&graph, "openid:a:dead", "unionid:u"), Translation::Found(vec![id("unionid:u:x1")]));
}

/// A hint between ids of one person once went on joining after it was retracted.
#[test]
fn a_retracted_hint_joins_nobody() {
    let (x, y) = ("openid:a:x1", "openid:a:y1");
    let graph = graph(&[
        format!(r#"{{"op":"supersede","old":"{x}","new":"{y}","source":"import.crm","at":{AT}}}"#),
        link(x, y, "hint.visit", AT),
        format!(r#"{{"op":"retract","a":"{x}","b":"{y}","source":"hint.visit","at":{}}}"#, AT + 1),
        format!(r#"{{"op":"ban","a":"{x}","b":"{y}","reason":"two","actor":"ann","at":{}}}"#, AT + 2),
    ]);
    let person = graph.view().person(&id(x)).unwrap().unwrap();
    assert_eq!(person.entities.len(), 1, "{person:?}");
}

/// Retracted evidence once counted as seen, as long as its edge had other evidence.
#[test]
fn translate_does_not_take_retracted_evidence_for_seen() {
    let kind = r#"{"op":"kind","name":"custom.many","per_scope":"many","at":1735689600000}"#.to_owned();
    let again =
        link("custom.many:s:aa1", "unionid:u:x1", "import.crm", AT + 5).replace("}", r#","batch":"x"}"#);
    let graph = graph(&[
        kind,
        link("custom.many:s:aa1", "unionid:u:x1", "import.crm", AT + 1),
        link("custom.many:s:bb1", "unionid:u:x1", "import.crm", AT + 3),
        again,
        r#"{"op":"retract","batch":"x","at":1735689600000}"#.to_owned(),
    ]);
    let found = ["custom.many:s:bb1", "custom.many:s:aa1"].map(id).to_vec();
    assert_eq!(translate(&graph, "unionid:u:x1", "custom.many:s"), Translation::Found(found));
}

#[test]
fn translate_says_provisional_where_only_one_login_leads_there() {
    let graph = graph(&[
        link("openid:a:o1", "custom.card:crm:c1", "import.crm", AT),
        link("openid:b:o2", "unionid:u:x1", "mini.code2session", AT),
        link("openid:a:o1", "unionid:u:x1", "mp.web_oauth", AT),
    ]);
    assert_eq!(
        translate(&graph, "openid:a:o1", "openid:b"),
        Translation::Provisional(vec![id("openid:b:o2")])
    );
}

#[test]
fn translate_says_pending_until_it_expires_or_a_newer_answer_says_absent() {
    let pending = link("unionid:u:x1", "pending_id:corp@saas:p1", "work.idconvert", AT - DAY);
    let absent = |at: u64| {
        format!(
            r#"{{"op":"absent","id":"unionid:u:x1","target":"external_userid:corp@saas","source":"work.idconvert","at":{at}}}"#
        )
    };
    let target = "external_userid:corp@saas";
    let valid_to = Time::from_ms(i64::try_from(AT - DAY + 90 * DAY).unwrap());
    let waiting = Translation::Pending { id: id("pending_id:corp@saas:p1"), valid_to: Some(valid_to) };
    let one = graph(&[pending.clone(), absent(AT - 2 * DAY)]);
    assert_eq!(translate(&one, "unionid:u:x1", target), waiting, "the older answer does not count");
    let view = one.view();
    let late = view.translate(&id("unionid:u:x1"), &space(target), valid_to.plus_ms(1)).unwrap();
    assert!(matches!(late, Translation::Absent { .. }), "expired");
    let other_view = view.translate(&id("unionid:u:x1"), &space("external_userid:corp"), NOW).unwrap();
    assert_eq!(other_view, Translation::Unknown, "a pending id stands for its own view only");
    let two = graph(&[pending, absent(AT)]);
    let as_of = Time::from_ms(i64::try_from(AT).unwrap());
    let answer = Translation::Absent { as_of, source: "work.idconvert".to_owned() };
    assert_eq!(translate(&two, "unionid:u:x1", target), answer);
}

#[test]
fn a_restricted_id_is_kept_but_not_answered() {
    let graph = graph(&[
        link("openid:a:o1", "unionid:u:x1", "mp.user_info", AT),
        r#"{"op":"restrict","id":"openid:a:o1","reason":"asked","at":1735689600000}"#.to_owned(),
    ]);
    let view = graph.view();
    assert_eq!(view.resolve(&id("openid:a:o1")).unwrap(), None);
    assert_eq!(view.resolve(&id("unionid:u:x1")).unwrap().unwrap().members.len(), 1);
    assert_eq!(translate(&graph, "unionid:u:x1", "openid:a"), Translation::Unknown);
    assert_eq!(view.entities().next().unwrap().unwrap().ids.len(), 2, "kept");
    graph.apply(NOW, &fact(r#"{"op":"unrestrict","id":"openid:a:o1","at":1735689600001}"#)).unwrap();
    assert_eq!(translate(&graph, "unionid:u:x1", "openid:a"), Translation::Found(vec![id("openid:a:o1")]));
}

#[test]
fn numbers_of_merged_entities_lead_on_and_of_erased_ones_to_the_oldest_survivor_or_nowhere() {
    let graph = graph(&[
        link("openid:a:o1", "unionid:u:x1", "mp.user_info", AT),
        link("openid:b:o2", "custom.card:crm:c1", "import.crm", AT),
        link("openid:b:o2", "unionid:u:x1", "mini.code2session", AT),
    ]);
    let reached = |number: u64| graph.view().entity(EntityId(number)).unwrap();
    let Reached::Entity(merged) = reached(2) else { panic!("a merged number leads to its entity") };
    assert_eq!((merged.entity, merged.members.len()), (EntityId(0), 4));
    let erase = |id: &str, reach: &str| {
        fact(&format!(
            r#"{{"op":"erase","id":"{id}","reach":"{reach}","reason":"asked","at":1735689600000}}"#
        ))
    };
    graph.apply(NOW, &erase("openid:a:o1", "id")).unwrap();
    let Reached::Entity(rest) = reached(0) else { panic!("an erased number leads to the survivors") };
    assert_eq!((rest.entity, rest.members.len()), (EntityId(1), 3));
    graph.apply(NOW, &erase("unionid:u:x1", "entity")).unwrap();
    assert_eq!((reached(0), reached(3), reached(4)), (Reached::Erased, Reached::Erased, Reached::Never));
}

#[test]
fn contacts_of_an_entity_are_the_union_over_its_ids_open_ones_first() {
    let follow = |op: &str, user: &str, who: &str, at: u64| {
        format!(
            r#"{{"op":"{op}","kind":"follows","from":"userid:corp:{user}","to":"external_userid:corp:{who}","source":"work.contact_get","at":{at}}}"#
        )
    };
    let limit = r#"{"op":"rules","set":{"limit.external_userid":2},"at":1735689600000}"#.to_owned();
    let graph = graph(&[
        limit,
        link("external_userid:corp:w1", "unionid:u:x1", "work.contact_get", AT),
        link("external_userid:corp:w2", "unionid:u:x1", "work.contact_get", AT),
        follow("relate", "ann", "w1", AT),
        follow("unrelate", "ann", "w1", AT + 10),
        follow("relate", "bob", "w2", AT + 1),
    ]);
    let view = graph.view();
    let contacts = view.contacts_of(&id("unionid:u:x1"), "corp").unwrap();
    let shown: Vec<(&str, bool)> = contacts.iter().map(|c| (c.userid.value(), c.until.is_none())).collect();
    assert_eq!(shown, [("bob", true), ("ann", false)]);
    assert!(view.contacts_of(&id("unionid:u:x1"), "corp@saas").unwrap().is_empty());
    let of_ann: Vec<Id> = view
        .neighbors(&id("userid:corp:ANN"), &RelationKind::Follows, Direction::Out, When::Ever)
        .map(|interval| interval.unwrap().to)
        .collect();
    assert_eq!(of_ann, [id("external_userid:corp:w1")]);
}

#[test]
fn explain_names_the_chain_or_the_edges_that_would_have_joined() {
    let graph = graph(&[
        link("openid:a:o1", "unionid:u:x1", "mp.user_info", AT),
        link("openid:a:o2", "unionid:u:x2", "mp.user_info", AT),
        link("custom.card:crm:c1", "openid:a:o1", "import.crm", AT),
        link("custom.card:crm:c1", "openid:a:o2", "import.crm", AT + 1),
        link("openid:z:alone", "unionid:z:alone", "mp.user_info", AT),
    ]);
    let view = graph.view();
    let explain = |a: &str, b: &str| view.explain(&id(a), &id(b)).unwrap();
    let same = explain("custom.card:crm:c1", "unionid:u:x1");
    assert_eq!((same.verdict, same.steps.len()), (Verdict::SameEntity, 2));
    assert_eq!(same.steps[0].evidence[0].source, "import.crm");
    let other = explain("unionid:u:x1", "unionid:u:x2");
    assert_eq!((other.verdict, other.complete), (Verdict::Different, true));
    let rejected: Vec<&str> =
        other.steps.iter().filter_map(|s| s.edge.status.reason()).map(|reason| reason.name()).collect();
    assert_eq!(rejected, ["cardinality"]);
    let nothing = explain("unionid:u:x1", "unionid:z:alone");
    assert_eq!((nothing.verdict, nothing.steps.len()), (Verdict::Different, 0));
    assert_eq!(explain("unionid:u:x1", "unionid:u:nobody").verdict, Verdict::Unknown);
}

#[test]
fn suggestions_go_through_a_shared_phone_to_whoever_else_uses_it() {
    let graph =
        graph(&[link("openid:a:o1", PHONE, "phone.mini", AT), link("openid:a:o2", PHONE, "phone.mini", AT)]);
    let found = graph.view().suggestions(&id("openid:a:o1")).unwrap();
    let shown: Vec<(u64, bool)> = found.iter().map(|s| (s.entity.0, s.via.is_some())).collect();
    assert_eq!(shown, [(1, false), (2, true)]);
    let confirm = link("openid:a:o1", PHONE, "operator.alice", AT).replace("}", r#","strength":"hint"}"#);
    graph.apply(NOW, &fact(&confirm)).unwrap();
    let person = graph.view().person(&id(PHONE)).unwrap().unwrap();
    assert_eq!(person.entities.len(), 2, "an operator's word joins persons");
}

#[test]
fn an_alias_of_a_corp_means_the_corp_in_every_question() {
    let graph = graph(&[
        link("external_userid:wpOld:w1", "unionid:u:x1", "work.contact_get", AT),
        r#"{"op":"corp","key":"corp","aliases":["wpOld"],"at":1735689600000}"#.to_owned(),
    ]);
    let view = graph.view();
    let twins = view.resolve(&id("external_userid:wpOld:w1")).unwrap().unwrap();
    assert_eq!(twins.members.len(), 3, "the old form, its twin and the unionid");
    assert_eq!(
        translate(&graph, "unionid:u:x1", "external_userid:wpOld"),
        Translation::Found(vec![id("external_userid:corp:w1")])
    );
}

/// A batch retraction once lifted restrictions, which it does not take (design section 5).
#[test]
fn retracting_a_batch_lifts_no_restriction() {
    let graph = graph(&[
        link("openid:a:o1", "unionid:u:x1", "mp.user_info", AT),
        r#"{"op":"restrict","id":"unionid:u:x1","reason":"asked","at":1735689600000,"batch":"b1"}"#
            .to_owned(),
        r#"{"op":"retract","batch":"b1","at":1735689600003}"#.to_owned(),
    ]);
    assert_eq!(graph.view().resolve(&id("unionid:u:x1")).unwrap(), None);
}

/// Restricted ids once showed up in conflicts, suggestions and absents.
#[test]
fn a_restricted_id_shows_up_in_no_answer() {
    let restrict =
        |id: &str| format!(r#"{{"op":"restrict","id":"{id}","reason":"asked","at":1735689600000}}"#);
    let graph = graph(&[
        link("openid:a:o1", "unionid:u:x1", "mp.user_info", AT),
        link("openid:a:o1", "unionid:u:x2", "mp.user_info", AT + 1),
        link("unionid:u:x2", PHONE, "phone.mini", AT),
        restrict("unionid:u:x2"),
        r#"{"op":"absent","id":"openid:b:o9","target":"external_userid:corp","source":"work.idconvert","at":1735689600000}"#
            .to_owned(),
        restrict("openid:b:o9"),
    ]);
    let view = graph.view();
    assert!(view.resolve(&id("openid:a:o1")).unwrap().unwrap().conflicts.is_empty());
    assert!(view.suggestions(&id(PHONE)).unwrap().is_empty());
    assert_eq!(view.entity(EntityId(2)).unwrap(), Reached::Never);
    assert_eq!(translate(&graph, "openid:b:o9", "external_userid:corp"), Translation::Unknown);
}

/// An entity's conflicts once depended on which of its ids had the smaller number.
#[test]
fn the_conflicts_of_an_entity_do_not_depend_on_the_order_of_facts() {
    let supersede = |old: &str, new: &str, at: u64| {
        format!(
            r#"{{"op":"supersede","old":"openid:a:{old}","new":"openid:a:{new}","source":"mp.changeopenid","at":{at}}}"#
        )
    };
    let mut facts = vec![supersede("o1", "o2", AT), supersede("o2", "o1", AT + 1)];
    let count = |facts: &[String]| {
        let graph = graph(facts);
        graph.view().resolve(&id("openid:a:o1")).unwrap().unwrap().conflicts.len()
    };
    let there = count(&facts);
    facts.reverse();
    assert_eq!((there, count(&facts)), (1, 1), "one of the two closes a cycle");
}

/// A peer of an erased id, named again by a newer fact, once lost its number.
#[test]
fn erasing_an_id_leaves_the_numbers_of_those_that_newer_facts_still_name() {
    let graph = graph(&[
        link("openid:a:o1", "unionid:u:x1", "mp.user_info", AT),
        link("openid:a:o1", "custom.card:crm:c1", "import.crm", AT + 9),
        format!(r#"{{"op":"erase","id":"openid:a:o1","reach":"id","reason":"asked","at":{}}}"#, AT + 5),
    ]);
    let Reached::Entity(card) = graph.view().entity(EntityId(2)).unwrap() else {
        panic!("it was not erased")
    };
    let ids: Vec<&str> = card.members.iter().map(|member| member.id.as_str()).collect();
    assert_eq!(ids, ["custom.card:crm:c1", "openid:a:o1"]);
    assert_eq!(graph.view().resolve(&id("unionid:u:x1")).unwrap(), None, "only erased facts named it");
    assert_eq!(graph.check().unwrap(), []);
}

/// `refresh` once dropped what the same evidence said more, and what corrected a retracted one.
#[test]
fn refresh_drops_re_observations_only() {
    let options = || Graph::options().refresh_ms(3_600_000);
    let graph = options().in_memory().unwrap();
    let plain = link("openid:a:o1", "unionid:u:x1", "import.crm", AT);
    let stronger = plain.replace(r#","at""#, r#","strength":"platform","at""#);
    let later = link("openid:a:o1", "unionid:u:x1", "import.crm", AT + 60_000);
    let apply = |graph: &Graph, line: &str| graph.apply(NOW, &fact(line)).unwrap().value;
    assert_eq!(apply(&graph, &plain), Outcome::Recorded);
    assert_eq!(apply(&graph, &stronger), Outcome::Recorded);
    assert_eq!(apply(&graph, &later), Outcome::AlreadyKnown);
    let graph = options().in_memory().unwrap();
    let bad = plain.replace("}", r#","batch":"bad"}"#);
    assert_eq!(apply(&graph, &bad), Outcome::Recorded);
    assert_eq!(apply(&graph, r#"{"op":"retract","batch":"bad","at":1735689600000}"#), Outcome::Recorded);
    assert_eq!(apply(&graph, &later), Outcome::Recorded);
    assert_eq!(graph.view().same(&id("openid:a:o1"), &id("unionid:u:x1")).unwrap(), Verdict::SameEntity);
}

/// Two ids of one entity were once explained by hints over a phone.
#[test]
fn one_entity_is_explained_by_the_edges_that_bind_it() {
    let graph = graph(&[
        link("openid:a:o1", "unionid:u:x1", "mp.user_info", AT),
        link("openid:b:o2", "unionid:u:x1", "mp.user_info", AT),
        link("openid:a:o1", PHONE, "operator.alice", AT).replace("}", r#","strength":"hint"}"#),
        link("openid:b:o2", PHONE, "operator.alice", AT).replace("}", r#","strength":"hint"}"#),
    ]);
    let chain = graph.view().explain(&id("openid:a:o1"), &id("openid:b:o2")).unwrap();
    let levels: Vec<&str> = chain.steps.iter().map(|step| step.edge.level.name()).collect();
    assert_eq!(levels, ["entity", "entity"]);
}

/// What was stored of a contact under an alias, before that meant the corp, was once out of reach.
#[test]
fn an_alias_takes_relations_and_restrictions_along() {
    let alias = r#"{"op":"corp","key":"corp","aliases":["wpOld"],"at":1735689600000}"#.to_owned();
    let follows = r#"{"op":"relate","kind":"follows","from":"userid:wpOld:ann","to":"external_userid:wpOld:w1","source":"work.contact_get","at":1735689600000}"#.to_owned();
    let one = graph(&[
        link("external_userid:wpOld:w1", "unionid:u:x1", "work.contact_get", AT),
        follows,
        alias.clone(),
    ]);
    let view = one.view();
    assert_eq!(view.contacts_of(&id("unionid:u:x1"), "corp").unwrap().len(), 1);
    assert_eq!(view.contacts_of(&id("unionid:u:x1"), "wpOld").unwrap().len(), 1);
    let of_ann =
        |text: &str| view.neighbors(&id(text), &RelationKind::Follows, Direction::Out, When::Ever).count();
    assert_eq!((of_ann("userid:corp:ann"), of_ann("userid:wpOld:ann")), (1, 1));
    let two = graph(&[
        link("external_userid:wpOld:w1", "unionid:u:x1", "work.contact_get", AT),
        r#"{"op":"restrict","id":"external_userid:wpOld:w1","reason":"asked","at":1735689600000}"#.to_owned(),
        alias,
    ]);
    assert_eq!(two.view().resolve(&id("external_userid:wpOld:w1")).unwrap(), None);
}

/// A state token and an open_corpid of nobody known once passed.
#[test]
fn strict_topology_refuses_ids_of_unknown_issuers() {
    let graph = Graph::options().strict_topology(true).in_memory().unwrap();
    for id in ["state_token:ww00000000000000c1:t1", "corpid:@saas:wpX", "openid:app:o1", "chat_id:corp:r1"] {
        let block = format!(r#"{{"op":"block","id":"{id}","reason":"r","actor":"a","at":{AT}}}"#);
        let refused = graph.apply(NOW, &fact(&block));
        assert!(matches!(refused, Err(idweave::Error::ScopeMismatch { .. })), "{id}");
    }
    let provider = format!(r#"{{"op":"provider","key":"saas","at":{AT}}}"#);
    graph.apply(NOW, &fact(&provider)).unwrap();
    let block = format!(r#"{{"op":"block","id":"corpid:@saas:wpX","reason":"r","actor":"a","at":{AT}}}"#);
    assert_eq!(graph.apply(NOW, &fact(&block)).unwrap().value, Outcome::Recorded);
}

/// A corpid has no case; and what a corp noted about a contact is nobody's business in a log.
#[test]
fn a_contact_is_found_whatever_the_case_of_the_corp_and_debug_shows_no_attributes() {
    let follows = r#"{"op":"relate","kind":"follows","from":"userid:ww00000000000000C1:ann","to":"external_userid:ww00000000000000c1:w1","source":"work.contact_get","at":1735689600000,"attrs":{"remark":"Zhang San"}}"#;
    let graph = graph(&[follows.to_owned()]);
    let contact = id("external_userid:ww00000000000000c1:w1");
    let contacts = graph.view().contacts_of(&contact, "WW00000000000000C1").unwrap();
    assert_eq!(contacts.len(), 1);
    assert!(!format!("{contacts:?}").contains("Zhang"));
}
