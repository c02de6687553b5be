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

/// Two openids without a unionid, one of them asked about; pending ids of one view.
#[test]
fn what_should_be_asked_again_comes_in_order_of_worth() {
    let app = "openid:wx00000000000000a9";
    let view = "ww00000000000000c0@ww00000000000000d0";
    let subscribes = |value: &str, at: u64| {
        relate("subscribes", &format!("{app}:{value}"), "app::wx00000000000000a9", at, "")
    };
    let absent = |value: &str, at: u64| {
        format!(
            r#"{{"op":"absent","id":"{app}:{value}","target":"unionid:shop","source":"mp.user_info","at":{at}}}"#
        )
    };
    let day = 86_400_000_u64;
    // The commands are run at 1748736000000.
    let now = 1_748_736_000_000_u64;
    let pending = |value: &str, unionid: &str, dies: u64| {
        format!(
            r#"{{"op":"link","a":"pending_id:{view}:{value}","b":"unionid:shop:{unionid}","source":"work.idconvert","at":{at},"expires_at":{dies}}}"#,
            at = now - day
        )
    };
    let db = Db::with(&[
        &subscribes("early", now - 9 * day),
        &subscribes("late", now - 2 * day),
        &subscribes("asked", now - day),
        &subscribes("fresh", now - day),
        &subscribes("known", now - day),
        &absent("asked", now - 8 * day),
        &absent("fresh", now - 6 * day),
        &link(&format!("{app}:known"), "unionid:shop:u9", "mp.user_info"),
        &pending("p1", "u1", now + 13 * day),
        &pending("p2", "u2", now + 2 * day),
        &pending("p3", "u3", now + 15 * day),
        &pending("p4", "u4", now + day),
        &link(&format!("external_userid:{view}:w4"), "unionid:shop:u4", "work.contact_get"),
        &pending("p5", "u5", now - 1),
    ]);
    let values = |args: &[&str]| -> Vec<String> {
        let ran = db.run(&[&["unresolved", "--json", "--scope"][..], args].concat());
        let value =
            |line: &serde_json::Value| line["id"].as_str().unwrap().rsplit(':').next().unwrap().to_owned();
        ran.json_lines().iter().map(value).collect()
    };
    assert_eq!(values(&[app]), ["late", "early", "asked"]);
    assert_eq!(values(&[app, "--limit", "1"]), ["late"]);
    assert_eq!(values(&[app, "--older-than", "5d"]), ["late", "early", "asked", "fresh"]);
    assert_eq!(values(&[app, "--older-than", "9d"]), ["late", "early"]);
    let pendings = format!("pending_id:{view}");
    assert_eq!(values(&[&pendings]), ["p2", "p1"]);
    assert_eq!(values(&[&pendings, "--within", "400h"]), ["p2", "p1", "p3"]);

    let lines = db.run(&["unresolved", "--scope", app, "--json"]).exits(0).json_lines();
    let seen = now - 8 * day;
    assert_eq!(
        lines[2],
        json!({"id": format!("{app}:asked"), "reason": "no_unionid", "lacks": "unionid", "expires_at": null,
            "since": now - day, "last_seen": now - day,
            "absent": {"as_of": seen, "source": "mp.user_info", "age_ms": 8 * day}})
    );
    let first = db.run(&["unresolved", "--scope", &pendings, "--limit", "1"]).exits(0);
    assert!(first.lines()[1].contains("dies in 2d  external_userid:"), "{first:?}");
    // The topology says where a unionid would be; an app that is bound nowhere has none to ask for.
    let bound = |to: &str| {
        format!(
            r#"{{"op":"app","appid":"wx00000000000000a9","open_account":{to},"from":{from},"at":{now}}}"#,
            from = now - 30 * day
        )
    };
    db.run_with(&["import", "-"], &bound(r#""other""#)).exits(0);
    // The answer was about another open account, and so is the unionid that is known: it does not count any more.
    assert_eq!(values(&[app]), ["asked", "fresh", "known", "late", "early"]);
    db.run_with(&["import", "-"], &bound("null").replace(&now.to_string(), &(now + 1).to_string())).exits(0);
    assert_eq!(db.run(&["unresolved", "--scope", app]).exits(1).stdout, "nothing to ask again\n");
    db.run(&["unresolved", "--scope", "userid:ww00000000000000c0"]).exits(2);
    db.run(&["unresolved", "--scope", app, "--within", "2w"]).exits(2);
}

#[test]
fn a_list_of_new_ids_is_written_once_and_goes_on_where_it_was_stopped() {
    let (old, new) = ("openid:wx00000000000000a1", "openid:wx00000000000000a2");
    let db = Db::with(&[&link("openid:wx00000000000000a1:old7", UNIONID, "mp.user_info")]);
    let list = |count: usize| {
        let lines = (0..count).map(|n| format!("old{n},new{n}\n"));
        std::iter::once("from,to\n".to_owned()).chain(lines).collect::<String>()
    };
    let file = db.file("moved.csv", list(10).replace("old8,new8", "old8;new8"));
    let fixed = ["rekey", "--from-scope", old, "--to-scope", new, "--kind", "supersede", "--header"];
    let rekey = |more: &[&str]| db.run(&[&fixed[..], more].concat());
    let stopped = rekey(&[&file, "--commit-every", "4"]).exits(3);
    assert_eq!(stopped.stdout, "7 facts: 7 new, 0 already known, 0 refused; 1 wrong line\n");
    assert!(stopped.stderr.contains("moved.csv:10:1: field line: expected two columns"), "{stopped:?}");
    assert!(stopped.stderr.contains("committed: 8 lines"), "{stopped:?}");
    assert!(!stopped.stderr.contains("old8"), "{stopped:?}");
    // Corrected behind what is committed: only the rest is told.
    db.file("moved.csv", list(10));
    let later = |args: &[&str]| {
        let db = db.path();
        crate::cli::support::run(
            &[args, &["--db", db.to_str().unwrap(), "--now", "2025-06-03T00:00:00Z"]].concat(),
            "",
        )
    };
    let more = later(&[&fixed[..], &[&file]].concat()).exits(0);
    assert!(more.stderr.contains("8 lines are committed already"), "{more:?}");
    assert_eq!(more.stdout, "3 facts: 3 new, 0 already known, 0 refused; 0 wrong lines\n");
    let again = later(&[&fixed[..], &[&file]].concat()).exits(0);
    assert_eq!(again.stdout, "0 facts: 0 new, 0 already known, 0 refused; 0 wrong lines\n");

    // Other lines than those that were committed: from the beginning, and what is known is known.
    db.file("moved.csv", list(10).replace("old0,", "oldX,"));
    let anew = later(&[&fixed[..], &[&file, "--json"]].concat()).exits(0);
    assert!(anew.stderr.contains("begins anew"), "{anew:?}");
    assert_eq!((&anew.json()["new"], &anew.json()["already_known"]), (&json!(1), &json!(9)));
    assert_eq!(db.run(&["dump", "edges"]).exits(0).lines().len(), 12);
    rekey(&["-"]).exits(2);
}

#[test]
fn ids_of_two_views_are_joined_by_a_list_and_both_stay() {
    let seen = "external_userid:ww00000000000000c0@saas";
    let db = Db::with(&[&link(EXTERNAL, UNIONID, "work.contact_get")]);
    let list = "\"wmA1bcdefgh\",wmS1\nwmA1bcdefgh,a,b\n";
    let args = [
        "rekey",
        "-",
        "--from-scope",
        "external_userid:ww00000000000000c0",
        "--to-scope",
        seen,
        "--kind",
        "same",
    ];
    let more = ["--job", "upgrade", "--source", "work.new_external", "--on-error", "skip", "--batch", "b1"];
    let ran = db.run_with(&[&args[..], &more[..]].concat(), list).exits(3);
    assert_eq!(ran.stdout, "1 fact: 1 new, 0 already known, 0 refused; 1 wrong line\n");
    assert_eq!(
        db.run(&["translate", UNIONID, "--to", seen]).exits(0).stdout,
        format!("found  {seen}:wmS1\n")
    );
    let again = db.run_with(&[&args[..], &more[..]].concat(), list).exits(3);
    assert_eq!(again.stdout, "1 fact: 0 new, 1 already known, 0 refused; 1 wrong line\n");
    let retract = r#"{"op":"retract","batch":"b1","at":1748736000000}"#;
    db.run_with(&["import", "-"], retract).exits(0);
    db.run(&["translate", UNIONID, "--to", seen]).exits(1);
}
