//! The past on the command line: `--as-of`, `--as-of-time`, `--observed-until`, `history`.

use serde_json::json;

use crate::cli::support::{Db, EXTERNAL, OPENID, UNIONID, link, run, text_of};

const LATER: i64 = 1_748_000_600_000;

/// Two commits ten minutes apart: an openid with a unionid, then the contact.
fn two_commits() -> Db {
    let db = Db::new();
    let contact = format!(
        r#"{{"op":"link","a":"{EXTERNAL}","b":"{UNIONID}","source":"work.contact_get","at":{LATER}}}"#
    );
    let dir = text_of(&db.path());
    let import = |line: &str, now: &str| run(&["import", "-", "--db", &dir, "--now", now], line).exits(0);
    import(&link(OPENID, UNIONID, "mini.code2session"), "2025-06-01T00:00:00Z");
    import(&contact, "2025-06-01T00:10:00Z");
    db
}

#[test]
fn every_reading_command_answers_of_then() {
    let db = two_commits();
    let to_contact = ["translate", OPENID, "--to", "external_userid:ww00000000000000c0"];
    db.run(&to_contact).exits(0);
    for then in [
        ["--as-of", "1"],
        ["--as-of", "2025-06-01T00:09:59Z"],
        ["--as-of-time", "1748736599999"],
        ["--observed-until", "1748000000000"],
    ] {
        let ran = db.run(&[&to_contact[..], &then].concat()).exits(1);
        assert_eq!(ran.stdout, "unknown\n", "{then:?}");
        let ids = db.run(&[&["resolve", UNIONID, "--json"], &then[..]].concat()).exits(0).json();
        assert_eq!(ids["ids"].as_array().unwrap().len(), 2, "{then:?}");
        db.run(&[&["resolve", EXTERNAL], &then[..]].concat()).exits(1);
        let dump = db.run(&[&["dump", "facts"], &then[..]].concat()).exits(0);
        assert_eq!(dump.lines(), [link(OPENID, UNIONID, "mini.code2session")], "{then:?}");
        db.run(&[&["stats"], &then[..]].concat()).exits(0);
        db.run(&[&["explain", OPENID, EXTERNAL], &then[..]].concat()).exits(1);
    }
    for now in [["--as-of", "2"], ["--as-of", "99"], ["--observed-until", "2025-06-01T00:00:00Z"]] {
        db.run(&[&to_contact[..], &now].concat()).exits(0);
    }
    db.run(&["resolve", OPENID, "--as-of", "0"]).exits(1);
}

#[test]
fn a_moment_that_is_none_and_two_at_once_are_refused() {
    let db = two_commits();
    db.run(&["resolve", OPENID, "--as-of", "yesterday"]).exits(2);
    db.run(&["resolve", OPENID, "--as-of", "1", "--observed-until", "1748000000000"]).exits(2);
    db.run(&["import", "-", "--as-of", "1"]).exits(2);
    db.run(&["checkpoint", "--observed-until", "1748000000000"]).exits(2);
}

#[test]
fn a_snapshot_answers_of_then_too() {
    let db = two_commits();
    let snapshot = text_of(&db.beside("a.snapshot"));
    db.run(&["snapshot", &snapshot]).exits(0);
    let asked = ["translate", OPENID, "--to", "external_userid:ww00000000000000c0", "--snapshot", &snapshot];
    run(&asked, "").exits(0);
    run(&[&asked[..], &["--as-of", "1"]].concat(), "").exits(1);
}

#[test]
fn history_shows_each_step_and_why() {
    let db = two_commits();
    let unban = format!(r#"{{"op":"retract","a":"{EXTERNAL}","b":"{UNIONID}","at":{LATER}}}"#);
    db.run_with(&["import", "-"], &unban).exits(0);
    let ran = db.run(&["history", OPENID]).exits(0);
    insta::assert_snapshot!("history", ran.stdout);
    let last = db.run(&["history", OPENID, "--json"]).exits(0);
    let last: serde_json::Value = serde_json::from_str(last.lines().last().unwrap()).unwrap();
    assert_eq!(last["left"], json!([EXTERNAL]));
    assert_eq!(last["because"][0]["op"], "retract");
    assert_eq!(last["entity"], 0);
    let then = db.run(&["history", OPENID, "--json", "--as-of", "1"]).exits(0);
    assert_eq!(then.lines().len(), 1);
    db.run(&["history", "openid:wx00000000000000a1:nobody"]).exits(1);
}
