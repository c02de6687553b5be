//! `changes`: the feed as NDJSON.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::cli::support::{Db, EXTERNAL, OPENID, UNIONID, link, run, text_of};

fn records(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn every_commit_has_a_line_that_stands_for_itself() {
    let db = Db::with(&[&link(OPENID, UNIONID, "mini.code2session")]);
    let write = |line: String| db.run_with(&["import", "-"], &line).exits(0);
    write(link(EXTERNAL, "unionid:wx00000000000000f0:oU2bcdefgh", "work.contact_get"));
    write(link(EXTERNAL, UNIONID, "operator.alice").replace("}", r#","batch":"b1"}"#));
    db.run(&["checkpoint"]).exits(0);
    write(r#"{"op":"retract","batch":"b1","at":1748000000000}"#.to_owned());
    write(format!(r#"{{"op":"erase","id":"{OPENID}","reach":"id","reason":"asked","at":1748000000001}}"#));
    let told = records(&db.run(&["changes"]).exits(0).stdout);
    let seqs: Vec<u64> = told.iter().map(|record| record["seq"].as_u64().unwrap()).collect();
    assert_eq!(seqs, [1, 2, 3, 4, 5]);
    // What is erased now prints as erased everywhere.
    assert_eq!(told[0]["created"], json!([{"entity": 0, "ids": [{"erased": 0}, UNIONID]}]));
    assert_eq!(told[4]["erased"], json!([0]));
    assert_eq!(told[4]["rekeyed"][0]["to"], 1);
    assert!(told.iter().all(|record| !record.to_string().contains(OPENID)));
    assert_eq!(records(&db.run(&["changes", "--from", "4"]).exits(0).stdout), told[3..]);
    db.run(&["changes", "--from", "6"]).exits(1);
}

#[test]
fn a_feed_that_begins_later_says_where() {
    let db = Db::with(&[&link(OPENID, UNIONID, "mini.code2session")]);
    let snapshot = text_of(&db.beside("a.snapshot"));
    db.run(&["snapshot", &snapshot]).exits(0);
    let restored = text_of(&db.beside("restored"));
    run(&["restore", &snapshot, "--db", &restored], "").exits(0);
    let ran = run(&["changes", "--db", &restored], "").exits(5);
    assert!(ran.stderr.contains("commit 2"), "{ran:?}");
    run(&["changes", "--db", &restored, "--from", "2"], "").exits(1);
}

#[test]
fn who_follows_sees_what_another_process_commits() {
    let db = Db::with(&[&link(OPENID, UNIONID, "mini.code2session")]);
    let mut follower = Command::new(env!("CARGO_BIN_EXE_idweave"))
        .args(["changes", "--follow", "--every", "10", "--db", &text_of(&db.path())])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(follower.stdout.take().unwrap()).lines();
    let mut next = || -> Value { serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap() };
    assert_eq!(next()["seq"], 1);
    db.run_with(&["import", "-"], &link(EXTERNAL, UNIONID, "work.contact_get")).exits(0);
    let second = next();
    assert_eq!((&second["seq"], &second["grown"][0]["ids"]), (&json!(2), &json!([EXTERNAL])));
    follower.kill().unwrap();
    follower.wait().unwrap();
}

#[test]
fn who_follows_ends_when_nobody_reads_on() {
    let db = Db::with(&[&link(OPENID, UNIONID, "mini.code2session")]);
    let mut follower = Command::new(env!("CARGO_BIN_EXE_idweave"))
        .args(["changes", "--follow", "--every", "1", "--db", &text_of(&db.path())])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(follower.stdout.take().unwrap()).lines();
    assert!(lines.next().unwrap().unwrap().contains(r#""seq":1"#));
    drop(lines);
    db.run_with(&["import", "-"], &link(EXTERNAL, UNIONID, "work.contact_get")).exits(0);
    assert_eq!(follower.wait().unwrap().code(), Some(0));
}

#[test]
fn restricted_ids_are_not_told_and_not_called_erased() {
    let db = Db::with(&[&link(OPENID, UNIONID, "mini.code2session")]);
    let restrict = format!(r#"{{"op":"restrict","id":"{OPENID}","reason":"asked","at":1748000000000}}"#);
    db.run_with(&["import", "-"], &restrict).exits(0);
    let told = records(&db.run(&["changes"]).exits(0).stdout);
    assert_eq!(told[0]["created"], json!([{"entity": 0, "ids": [{"restricted": 0}, UNIONID]}]));
    assert_eq!(told[1]["erased"], json!([]));
}
