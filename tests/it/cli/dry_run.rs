//! `--dry-run`: what would change, and nothing is written.

use serde_json::json;

use crate::cli::support::{Db, EXTERNAL, OPENID, UNIONID, link};

#[test]
fn an_import_tells_what_it_would_change() {
    let db = Db::with(&[&link(OPENID, UNIONID, "mini.code2session")]);
    let more = [
        link(EXTERNAL, UNIONID, "work.contact_get"),
        link("openid:wx00000000000000a1:oB2bcdefgh", UNIONID, "mini.code2session"),
    ];
    let ran = db.run_with(&["import", "-", "--dry-run"], &more.join("\n")).exits(0);
    insta::assert_snapshot!("dry_run", ran.stdout);
    let told = db.run_with(&["import", "-", "--dry-run", "--json"], &more.join("\n")).exits(0);
    let told: serde_json::Value = serde_json::from_str(told.lines()[0]).unwrap();
    assert_eq!(told["changes"]["grown"], json!([{"entity": 0, "ids": [EXTERNAL]}]));
    assert_eq!(told["changes"]["conflicts_opened"][0]["reason"], "cardinality");
    // Nothing was written.
    db.run(&["resolve", EXTERNAL]).exits(1);
    assert_eq!(db.run(&["dump", "facts"]).exits(0).lines().len(), 1);
}

#[test]
fn erasures_retractions_and_rules_are_told_as_well() {
    let db = Db::with(&[
        &link(OPENID, UNIONID, "mini.code2session"),
        &link(EXTERNAL, UNIONID, "work.contact_get"),
    ]);
    let changes = |line: String| {
        let ran = db.run_with(&["import", "-", "--dry-run", "--json"], &line).exits(0);
        let told: serde_json::Value = serde_json::from_str(ran.lines()[0]).unwrap();
        told["changes"].clone()
    };
    let retracted =
        changes(format!(r#"{{"op":"retract","a":"{EXTERNAL}","b":"{UNIONID}","at":1748000000000}}"#));
    assert_eq!(retracted["split"][0]["entity"], 0);
    assert_eq!(retracted["split"][0]["into"][1]["ids"], json!([EXTERNAL]));
    let erased = changes(format!(
        r#"{{"op":"erase","id":"{OPENID}","reach":"id","reason":"asked","at":1748000000001}}"#
    ));
    assert_eq!(erased["erased"], json!([0]));
    assert_eq!(erased["rekeyed"], json!([{"from": 0, "to": 1, "ids": [UNIONID, EXTERNAL]}]));
    let ruled = changes(r#"{"op":"rules","set":{"max_ids":2},"at":1748000000001}"#.to_owned());
    assert_eq!(ruled["conflicts_opened"][0]["reason"], "size");
    let wrong = db.run_with(&["import", "-", "--dry-run"], "{}").exits(3);
    assert!(wrong.stdout.is_empty() || !wrong.stdout.contains("would change"), "{wrong:?}");
}

#[test]
fn what_another_process_writes_can_be_asked_about_too() {
    let db = Db::with(&[&link(OPENID, UNIONID, "mini.code2session")]);
    let writer = idweave::Graph::open(db.path()).unwrap();
    let more = link(EXTERNAL, UNIONID, "work.contact_get");
    let ran = db.run_with(&["import", "-", "--dry-run", "--json"], &more).exits(0);
    let told: serde_json::Value = serde_json::from_str(ran.lines()[0]).unwrap();
    assert_eq!(told["changes"]["grown"], json!([{"entity": 0, "ids": [EXTERNAL]}]));
    db.run_with(&["import", "-"], &more).exits(5);
    writer.close().unwrap();
}

#[test]
fn an_erasure_names_what_would_go() {
    let db = Db::with(&[&link(OPENID, UNIONID, "mini.code2session")]);
    let erase =
        format!(r#"{{"op":"erase","id":"{OPENID}","reach":"entity","reason":"asked","at":1748000000001}}"#);
    let ran = db.run_with(&["import", "-", "--dry-run"], &erase).exits(0);
    assert!(ran.stdout.contains(&format!("gone: {OPENID}, {UNIONID}")), "{ran:?}");
}
