//! `rules`, `retract`, `unretract`, and dry runs of what else changes much.

use serde_json::{Value, json};

use crate::cli::support::{Db, EXTERNAL, OPENID, UNIONID, link, run, text_of};

const OTHER_OPENID: &str = "openid:wx00000000000000a1:oB2bcdefgh";

fn object(text: &str) -> Value {
    serde_json::from_str(text.lines().next().unwrap()).unwrap()
}

fn two_openids() -> Db {
    Db::with(&[
        &link(OPENID, UNIONID, "mini.code2session"),
        &link(OTHER_OPENID, UNIONID, "mini.code2session"),
        &link(EXTERNAL, UNIONID, "work.contact_get"),
    ])
}

#[test]
fn rules_are_shown_foreseen_changed_and_kept_in_versions() {
    let db = two_openids();
    insta::assert_snapshot!("rules_default", db.run(&["rules"]).exits(0).stdout);
    db.run(&["same", OPENID, OTHER_OPENID]).exits(1);
    let change = ["rules", "--set", "limit.openid=2", "--set", "strength.import.*=platform"];
    let kind = ["--kind", "custom.card=many", "--at", "1748000000000"];
    let change = [&change[..], &kind].concat();
    let foreseen = db.run(&[&change[..], &["--dry-run", "--json"]].concat()).exits(0);
    let foreseen = object(&foreseen.stdout);
    assert_eq!(foreseen["changes"]["conflicts_closed"][0]["reason"], "cardinality");
    assert_eq!(foreseen["changes"]["merged"][0]["from"], json!([0, 2]));
    db.run(&["same", OPENID, OTHER_OPENID]).exits(1);
    let told = object(&db.run(&[&change[..], &["--json"]].concat()).exits(0).stdout);
    assert_eq!((&told["seq"], &told["new"]), (&json!(2), &json!(true)));
    db.run(&["same", OPENID, OTHER_OPENID]).exits(0);
    assert!(db.run(&change).exits(0).stdout.contains("already known"));
    let later = ["rules", "--set", "limit.openid=3", "--at", "1748000000001"];
    assert!(db.run(&later).exits(0).stdout.contains("commit 3"));
    insta::assert_snapshot!("rules_versions", db.run(&["rules", "--versions"]).exits(0).stdout);
    // As of the commit before, they were the older ones.
    let then = db.run(&["rules", "--json", "--as-of", "2"]).exits(0);
    let of_then = then.lines().iter().map(|line| object(line)).find(|line| line["rule"] == "limit.openid");
    assert_eq!(of_then.unwrap()["value"], 2);
    for wrong in ["limit.openid=many", "no_such_rule=1", "hub_limit"] {
        let ran = db.run(&["rules", "--set", wrong]).exits(2);
        assert!(ran.stdout.is_empty(), "{ran:?}");
    }
    db.run(&["rules", "--kind", "custom.card=two"]).exits(2);
    db.run(&["rules", "--set", "hub_limit=3", "--versions"]).exits(2);
    db.run(&["check"]).exits(0);
}

#[test]
fn what_a_source_said_is_taken_back_and_lifted_again() {
    let db = two_openids();
    let source = ["--source", "work.contact_get", "--at", "1748000000000"];
    let foreseen =
        object(&db.run(&[&["retract", "--dry-run", "--json"], &source[..]].concat()).exits(0).stdout);
    assert_eq!(foreseen["changes"]["split"][0]["into"][1]["ids"], json!([EXTERNAL]));
    db.run(&["same", EXTERNAL, UNIONID]).exits(0);
    db.run(&[&["retract"], &source[..]].concat()).exits(0);
    db.run(&["same", EXTERNAL, UNIONID]).exits(1);
    assert!(db.run(&[&["retract"], &source[..]].concat()).exits(0).stdout.contains("already known"));
    db.run(&[&["unretract"], &source[..]].concat()).exits(0);
    db.run(&["same", EXTERNAL, UNIONID]).exits(0);
    // Of a pair, of another kind and scope, of a batch that nobody told.
    db.run(&["retract", "--a", OPENID, "--b", UNIONID]).exits(0);
    db.run(&["same", OPENID, UNIONID]).exits(1);
    let elsewhere = ["--source", "work.contact_get", "--scope", "openid:wx00000000000000a1"];
    db.run(&[&["retract"], &elsewhere[..]].concat()).exits(0);
    db.run(&["retract", "--source", "work.contact_get", "--event", "e1"]).exits(0);
    db.run(&["retract", "--batch", "b1"]).exits(0);
    db.run(&["same", EXTERNAL, UNIONID]).exits(0);
    for wrong in
        [&["retract"][..], &["retract", "--a", OPENID], &["retract", "--batch", "b", "--source", "s"]]
    {
        db.run(wrong).exits(2);
    }
    db.run(&["check"]).exits(0);
}

#[test]
fn erasures_and_new_keys_can_be_looked_at_first() {
    let db = two_openids();
    let erase = ["erase", OPENID, "--reach", "entity", "--at", "1748000000000", "--dry-run"];
    let at_now = ["--db", &text_of(&db.path()), "--recorded-at", "1748000000000"];
    let ran = run(&[&erase[..], &at_now].concat(), "").exits(0);
    assert!(ran.stdout.contains("nothing is written") && ran.stdout.contains(EXTERNAL), "{ran:?}");
    db.run(&["resolve", OPENID]).exits(0);
    let rekey = ["rekey", "-", "--job", "move", "--kind", "supersede", "--at", "1748000000000"];
    let scopes = ["--from-scope", "openid:wx00000000000000a1", "--to-scope", "openid:wx00000000000000a2"];
    let rekey = [&rekey[..], &scopes, &["--json"]].concat();
    let lines = "oA1bcdefgh,oNew1bcdefg\n";
    let foreseen = object(&db.run_with(&[&rekey[..], &["--dry-run"]].concat(), lines).exits(0).stdout);
    assert_eq!(foreseen["changes"]["superseded"], json!([OPENID]));
    assert_eq!(db.run(&["dump", "facts"]).exits(0).lines().len(), 3);
    db.run_with(&rekey, lines).exits(0);
    assert_eq!(db.run(&["dump", "facts"]).exits(0).lines().len(), 5, "a supersede and the mark of the job");
}
