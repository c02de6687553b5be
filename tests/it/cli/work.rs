//! What people work through: relations, conflicts and what they decide about them.

use serde_json::json;

use crate::cli::support::{Db, EXTERNAL, OPENID, UNIONID, USERID, link};

const OTHER: &str = "openid:wx00000000000000a1:oB2bcdefgh";

fn relate(kind: &str, from: &str, to: &str, at: u64, attrs: &str) -> String {
    format!(
        r#"{{"op":"relate","kind":"{kind}","from":"{from}","to":"{to}","source":"work.contact_get","at":{at},"attrs":{{{attrs}}}}}"#
    )
}

fn unrelate(kind: &str, from: &str, to: &str, at: u64) -> String {
    format!(
        r#"{{"op":"unrelate","kind":"{kind}","from":"{from}","to":"{to}","source":"work.contact_get","at":{at}}}"#
    )
}

#[test]
fn neighbors_of_ever_of_now_and_of_a_moment_one_a_line() {
    let second = "userid:ww00000000000000c0:lisi";
    let db = Db::with(&[
        &relate("follows", USERID, EXTERNAL, 1_748_000_000_000, r#""add_way":"1","state":"c7""#),
        &relate("follows", second, EXTERNAL, 1_748_000_001_000, ""),
        &unrelate("follows", second, EXTERNAL, 1_748_000_002_000),
    ]);
    let ask = |more: &[&str]| db.run(&[&["neighbors", EXTERNAL, "--kind", "follows"][..], more].concat());
    let both = ask(&["--direction", "in"]).exits(0);
    assert_eq!(
        both.lines(),
        [
            format!("{USERID}\t2025-05-23T11:33:20Z\t-\tadd_way=1 state=c7"),
            format!("{second}\t2025-05-23T11:33:21Z\t2025-05-23T11:33:22Z\t"),
        ]
    );
    assert_eq!(ask(&["--direction", "in", "--open"]).exits(0).lines(), both.lines()[..1]);
    assert_eq!(ask(&["--direction", "in", "--at", "1748000001500"]).exits(0).lines(), both.lines());
    assert_eq!(ask(&["--direction", "in", "--limit", "1"]).exits(0).lines(), both.lines()[..1]);
    assert_eq!(
        ask(&["--direction", "in", "--open", "--json"]).exits(0).json(),
        json!({"from": USERID, "to": EXTERNAL, "since": 1_748_000_000_000_i64, "until": null,
            "attrs": {"add_way": "1", "state": "c7"}})
    );
    assert_eq!(ask(&["--direction", "in", "--count"]).exits(0).stdout, "2\n");
    assert_eq!(
        ask(&["--direction", "in", "--count", "--open", "--json"]).exits(0).json(),
        json!({"count": 1})
    );
    assert_eq!(ask(&["--direction", "out"]).exits(1).stdout, "nothing\n");
    assert_eq!(ask(&["--direction", "out", "--count"]).exits(1).stdout, "0\n");
    db.run(&["neighbors", EXTERNAL, "--kind", "likes"]).exits(2);
}

#[test]
fn contacts_of_an_entity_by_its_number_and_in_a_providers_view() {
    let (seen, by) = ("external_userid:ww00000000000000c0@saas:wmS1", "userid:ww00000000000000c0@saas:woS1");
    let db = Db::with(&[
        &link(OPENID, UNIONID, "mini.code2session"),
        &link(EXTERNAL, UNIONID, "work.contact_get"),
        &link(EXTERNAL, seen, "work.new_external"),
        &relate(
            "follows",
            USERID,
            EXTERNAL,
            1_748_000_000_000,
            r#""add_way":"1","state":"c7","remark":"vip""#,
        ),
        &relate("follows", by, seen, 1_748_000_000_000, ""),
        &unrelate("follows", by, seen, 1_748_000_001_000),
    ]);
    let ran = db.run(&["contacts-of", "0", "--view", "ww00000000000000c0"]).exits(0);
    let words: Vec<&str> = ran.lines()[1].split_whitespace().collect();
    assert_eq!(words, [USERID, EXTERNAL, "2025-05-23T11:33:20Z", "-", "1", "c7", "remark=vip"]);
    let of_provider = ["contacts-of", UNIONID, "--view", "ww00000000000000c0@saas"];
    assert_eq!(db.run(&[&of_provider[..], &["--json"]].concat()).exits(0).json()["userid"], by);
    assert_eq!(
        db.run(&[&of_provider[..], &["--open"]].concat()).exits(1).stdout,
        "nobody's contact in this view\n"
    );
    db.run(&["contacts-of", "77", "--view", "ww00000000000000c0"]).exits(1);
}

/// An account whose openid changed: two openids of one app on one unionid.
fn moved() -> Db {
    let late = link(OTHER, UNIONID, "mp.user_info").replace("1748000000000", "1748000009000");
    Db::with(&[&link(OPENID, UNIONID, "mp.user_info"), &late])
}

#[test]
fn a_conflict_shows_both_sides_and_its_first_act_closes_it() {
    let db = moved();
    let ran = db.run(&["conflicts", "--actor", "alice"]).exits(0);
    assert!(ran.lines()[0].starts_with("high: "), "{ran:?}");
    assert_eq!(ran.lines().last(), Some(&"1 conflict"));
    let conflict = db.run(&["conflicts", "--actor", "alice", "--json"]).exits(0).json();
    assert_eq!(conflict["severity"], "high");
    assert_eq!(conflict["too_many"], json!({"space": "openid:wx00000000000000a1", "ids": [OPENID, OTHER]}));
    assert_eq!(conflict["evidence"][0]["source"], "mp.user_info");
    let held = |side: usize| &conflict["sides"][side]["held"][0];
    // The ends of the edge in the order of their text: the openid that came later stands alone.
    assert_eq!(held(0), &json!({"id": OTHER, "edges": []}));
    assert_eq!(held(1)["id"], OPENID);
    assert_eq!(held(1)["edges"][0]["evidence"][0]["source"], "mp.user_info");
    let acts: Vec<&str> =
        conflict["acts"].as_array().unwrap().iter().map(|a| a["act"].as_str().unwrap()).collect();
    assert_eq!(acts, ["supersede", "retract", "ban"]);
    let first = conflict["acts"][0]["fact"].to_string();
    db.run_with(&["import", "-"], &first).exits(0);
    assert_eq!(db.run(&["conflicts"]).exits(1).stdout, "0 conflicts\n");
    let found = db.run(&["translate", UNIONID, "--to", "openid:wx00000000000000a1"]).exits(0);
    assert_eq!(found.stdout, format!("found  {OTHER}  {OPENID}\n"), "the new one first");
    assert!(db.run(&["conflicts", "--json"]).exits(1).stdout.is_empty());
    db.run(&["conflicts", "--actor", ""]).exits(2);
}

#[test]
fn a_weak_claim_is_a_conflict_of_low_severity_that_can_be_left_out() {
    let db = Db::with(&[&link(OPENID, UNIONID, "mp.user_info"), &link(OTHER, UNIONID, "import.crm")]);
    assert_eq!(db.run(&["conflicts", "--json"]).exits(0).json()["severity"], "medium");
    db.run(&["conflicts", "--least", "high"]).exits(1);
}

#[test]
fn what_people_decide_is_written_and_explain_shows_who_and_why() {
    let db = Db::with(&[&link(OPENID, UNIONID, "mp.user_info")]);
    let ran = db.run(&["ban", OPENID, UNIONID, "--actor", "alice", "--reason", "a shared tablet"]).exits(0);
    assert_eq!(ran.stdout, "commit 2; now: different\n");
    let explained = db.run(&["explain", OPENID, UNIONID]).exits(1);
    let told = format!(
        "  ban of {OPENID} and {UNIONID} by alice at 2025-06-01T00:00:00Z (commit 2): a shared tablet"
    );
    assert!(explained.lines().contains(&told.as_str()), "{explained:?}");
    let decision = db.run(&["explain", OPENID, UNIONID, "--json"]).exits(1).json()["decisions"][0].clone();
    assert_eq!(
        decision,
        json!({"what": "ban", "id": OPENID, "other": UNIONID, "actor": "alice", "reason": "a shared tablet",
            "at": 1_748_736_000_000_i64, "seq": 2, "in_force": true})
    );
    let again = db.run(&["ban", OPENID, UNIONID, "--actor", "alice", "--reason", "a shared tablet"]).exits(0);
    assert_eq!(again.stdout, "already known; now: different\n");
    db.run(&["link", OPENID, UNIONID, "--actor", "bob", "--event", "T-17"]).exits(0);
    let explained = db.run(&["explain", OPENID, UNIONID]).exits(1);
    assert!(explained.stdout.contains("operator.bob said so"), "{explained:?}");
    db.run(&["block", UNIONID, "--actor", "carol", "--reason", "test account"]).exits(0);
    let blocked = db.run(&["explain", OPENID, UNIONID]).exits(1);
    assert!(blocked.stdout.contains(&format!("block of {UNIONID} by carol")), "{blocked:?}");
    assert_eq!(db.run(&["unblock", UNIONID, "--actor", "carol", "--json"]).exits(0).json()["new"], true);
    db.run(&["ban", OPENID, UNIONID, "--actor", "", "--reason", "x"]).exits(2);
    db.run(&["link", OPENID, OPENID, "--actor", "bob"]).exits(2);
}

#[test]
fn an_unlinked_pair_is_apart_until_somebody_says_otherwise_later() {
    let db = Db::with(&[&link(OPENID, UNIONID, "mp.user_info")]);
    db.run(&["link", OPENID, UNIONID, "--actor", "bob"]).exits(0);
    let of_bob = db.run(&["unlink", OPENID, UNIONID, "--source", "operator.bob", "--json"]).exits(0).json();
    assert_eq!(of_bob["now"], "same_entity");
    let all = db.run(&["unlink", OPENID, UNIONID, "--json"]).exits(0).json();
    assert_eq!((&all["new"], &all["now"]), (&json!(true), &json!("different")));
    assert!(db.run(&["explain", OPENID, UNIONID]).exits(1).stdout.contains("nothing joins them"));
}
