//! What is done to an id at its owner's request: `erase`, `export-subject`, `restrict`, `unrestrict`, `audit`.

use std::fs;
use std::path::Path;

use serde_json::json;

use crate::cli::support::{Db, EXTERNAL, NOW, OPENID, Ran, UNIONID, USERID, link, run, text_of};

const OTHER: &str = "custom.card:shop:M.1001";

/// Facts about a customer whose ids are written as they are: the full stop keeps values from being packed.
fn told() -> Vec<String> {
    let follows = format!(
        r#"{{"op":"relate","kind":"follows","from":"{USERID}","to":"{EXTERNAL}","source":"work.contact_get","at":1748000000000,"attrs":{{"remark":"a friend"}}}}"#
    );
    let block =
        format!(r#"{{"op":"block","id":"{OTHER}","reason":"shared","actor":"alice","at":1748000000000}}"#);
    let unblock = format!(r#"{{"op":"unblock","id":"{OTHER}","actor":"alice","at":1748000000001}}"#);
    vec![
        link(OPENID, UNIONID, "mini.code2session"),
        link(EXTERNAL, UNIONID, "work.contact_get"),
        link(OTHER, UNIONID, "import.crm"),
        follows,
        block,
        unblock,
    ]
}

fn shop() -> Db {
    let lines = told();
    Db::with(&lines.iter().map(String::as_str).collect::<Vec<_>>())
}

/// Runs `erase` and the like, whose clock is `--recorded-at`.
fn at_now(db: &Db, args: &[&str]) -> Ran {
    let dir = text_of(&db.path());
    run(&[args, &["--db", &dir, "--recorded-at", NOW]].concat(), "")
}

/// Whether a file in a directory, or below, holds a text.
fn holds(dir: &Path, text: &str) -> bool {
    fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).any(|path| {
        if path.is_dir() {
            return holds(&path, text);
        }
        fs::read(&path).unwrap().windows(text.len()).any(|window| window == text.as_bytes())
    })
}

#[test]
fn erase_now_leaves_no_bytes_and_old_files_bring_none_back() {
    let db = shop();
    db.run(&["checkpoint"]).exits(0);
    let file = text_of(&db.beside("published"));
    db.run(&["snapshot", &file]).exits(0);
    assert!(holds(&db.path(), "M.1001"));

    let later = at_now(&db, &["erase", OTHER, "--reach", "id", "--json"]).exits(0).json();
    assert_eq!((&later["outcome"], &later["bytes"]), (&json!("erased"), &json!("next_checkpoint")));
    assert_eq!((&later["known_ids"], &later["seq"]), (&json!(1), &json!(2)));
    assert_eq!(later["published"][0]["path"], json!(file));
    assert_eq!(later["published"][0]["seq"], json!(1));
    assert!(holds(&db.path(), "M.1001"), "no checkpoint was made yet");
    let now = at_now(&db, &["erase", OTHER, "--reach", "id", "--now", "--json"]).exits(0).json();
    assert_eq!((&now["outcome"], &now["bytes"]), (&json!("already_erased"), &json!("gone")));
    assert_eq!(now["ids"], later["ids"]);
    assert!(!holds(&db.path(), "M.1001"));

    let all = told().join("\n");
    let refused = db.run_with(&["import", "--on-error", "skip", "--json", "-"], &all).exits(3).json();
    assert_eq!((&refused["new"], &refused["refused"]), (&json!(0), &json!(3)));
    db.run(&["resolve", OTHER]).exits(1);
    db.run(&["resolve", OPENID]).exits(0);
    db.run(&["checkpoint"]).exits(0);
    assert!(!holds(&db.path(), "M.1001"));
    db.run(&["check"]).exits(0);
}

#[test]
fn imported_erasures_and_a_checkpoint_do_the_same() {
    let db = shop();
    db.run(&["checkpoint"]).exits(0);
    let line = format!(
        r#"{{"op":"erase","id":"{OPENID}","reach":"entity","reason":"asked","at":{}}}"#,
        1_748_000_000_009_i64
    );
    db.run_with(&["import", "-"], &line).exits(0);
    assert!(holds(&db.path(), "M.1001"));
    db.run(&["checkpoint"]).exits(0);
    assert!(!holds(&db.path(), "M.1001"));
    for id in [OPENID, UNIONID, EXTERNAL, OTHER] {
        db.run(&["resolve", id]).exits(1);
    }
}

#[test]
fn an_erasure_tells_people_what_it_did() {
    let db = shop();
    let ran = at_now(&db, &["erase", OPENID, "--reach", "entity", "--now"]).exits(0);
    assert!(ran.stdout.starts_with("erased 4 ids, 4 of them known, in commit 2\n"), "{ran:?}");
    assert!(ran.stdout.contains("the bytes are gone"), "{ran:?}");
    assert!(!ran.stdout.contains("oA1bcdefgh"), "{ran:?}");
    let again = at_now(&db, &["erase", OPENID, "--reach", "id"]).exits(0);
    assert!(again.stdout.starts_with("erased before"), "{again:?}");
    let nobody =
        at_now(&db, &["erase", "openid:a:nobody", "--reach", "id", "--sticky", "--json"]).exits(0).json();
    assert_eq!((&nobody["outcome"], &nobody["known_ids"]), (&json!("erased"), &json!(0)));

    let trail = db.run(&["audit", "--json"]).exits(0).json_lines();
    assert_eq!(trail.len(), 2);
    assert_eq!(trail[0]["ids"].as_array().unwrap().len(), 4);
    assert_eq!(
        (&trail[0]["act"], &trail[0]["reach"], &trail[0]["sticky"]),
        (&json!("erased"), &json!("entity"), &json!(false))
    );
    assert_eq!((&trail[1]["seq"], &trail[1]["sticky"]), (&json!(3), &json!(true)));
    assert_eq!(trail[0]["recorded_at"], json!("2025-06-01T00:00:00Z"));
    let shown = db.run(&["audit"]).exits(0);
    assert!(
        shown.stdout.contains("erased (entity)") && shown.stdout.contains("erased (id), sticky"),
        "{shown:?}"
    );
}

#[test]
fn erase_says_what_it_needs() {
    let db = shop();
    at_now(&db, &["erase", OPENID]).exits(2);
    at_now(&db, &["erase", OPENID, "--reach", "all"]).exits(2);
    let ran = at_now(&db, &["erase", "not an id", "--reach", "id"]).exits(2);
    assert!(!ran.stderr.contains("not an id"), "{ran:?}");
    at_now(&db, &["erase", OPENID, "--reach", "id", "--at", "2031-01-01T00:00:00Z"]).exits(3);
    at_now(&db, &["erase", OPENID, "--reach", "id", "--as-of", "1"]).exits(2);
    db.run(&["resolve", OPENID]).exits(0);
    db.run(&["audit"]).exits(1);
}

#[test]
fn a_restricted_id_is_not_answered_but_exported() {
    let db = shop();
    at_now(&db, &["restrict", OPENID, "--reason", "asked"]).exits(0);
    for args in [
        &["resolve", OPENID][..],
        &["person", OPENID],
        &["same", OPENID, UNIONID],
        &["explain", OPENID, UNIONID],
        &["suggestions", OPENID],
        &["translate", OPENID, "--to", "external_userid:ww00000000000000c0"],
        &["translate", UNIONID, "--to", "openid:wx00000000000000a1"],
        &["contacts-of", OPENID, "--view", "ww00000000000000c0"],
    ] {
        let ran = db.run(args).exits(1);
        assert!(!ran.stdout.contains("oA1bcdefgh"), "{ran:?}");
    }
    let entity = db.run(&["resolve", UNIONID]).exits(0);
    assert!(!entity.stdout.contains("oA1bcdefgh"), "{entity:?}");

    let export = db.run(&["export-subject", OPENID, "--json"]).exits(0).json();
    assert_eq!(export["ids"][0]["id"], json!(OPENID));
    assert_eq!(export["ids"][0]["restricted"], json!(true));
    let ops: Vec<_> =
        export["facts"].as_array().unwrap().iter().map(|told| told["fact"]["op"].clone()).collect();
    assert_eq!(ops, [json!("link"), json!("restrict")]);

    at_now(&db, &["unrestrict", OPENID]).exits(0);
    db.run(&["resolve", OPENID]).exits(1); // told at one moment, what forbids wins
    let later = text_of(&db.path());
    run(&["unrestrict", OPENID, "--db", &later, "--recorded-at", "2025-06-01T08:00:01+08:00"], "").exits(0);
    db.run(&["resolve", OPENID]).exits(0);
    let trail = db.run(&["audit", "--json"]).exits(0).json_lines();
    let acts: Vec<_> = trail.iter().map(|line| line["act"].clone()).collect();
    assert_eq!(acts, [json!("restricted"), json!("unrestricted"), json!("unrestricted")]);
}

#[test]
fn an_export_is_all_that_is_held() {
    let db = shop();
    let facts = db.run(&["export-subject", OPENID, "--reach", "entity", "--facts"]).exits(0);
    let mut lines: Vec<String> = facts.lines().into_iter().map(str::to_owned).collect();
    let mut all: Vec<String> =
        db.run(&["dump", "facts"]).exits(0).lines().into_iter().map(str::to_owned).collect();
    lines.sort();
    all.sort();
    assert_eq!(lines, all, "the shop has one customer");
    let shown = db.run(&["export-subject", EXTERNAL]).exits(0);
    assert!(shown.stdout.contains("a friend") && shown.stdout.contains("accepted"), "{shown:?}");
    let ran = db.run(&["export-subject", "openid:a:nobody"]).exits(1);
    assert_eq!(ran.stdout, "nothing is held about it\n");
    let file = text_of(&db.beside("published"));
    db.run(&["snapshot", &file]).exits(0);
    let of_snapshot =
        run(&["export-subject", OPENID, "--reach", "entity", "--facts", "--snapshot", &file], "").exits(0);
    assert_eq!(of_snapshot.stdout, facts.stdout);
}

#[test]
fn the_clock_has_two_names_before_a_command_and_after_it() {
    let db = Db::new();
    let dir = text_of(&db.path());
    let early = "2011-06-01T00:00:00Z";
    for args in [
        ["--now", early, "import", "-"],
        ["import", "-", "--now", early],
        ["import", "-", "--recorded-at", early],
        ["--recorded-at", early, "import", "-"],
    ] {
        // The link is later than that clock by years.
        let ran = run(&[&args[..], &["--db", &dir]].concat(), &link(OPENID, UNIONID, "import.crm"));
        assert!(ran.exits(3).stderr.contains("time"), "{args:?}");
    }
    let wrong = run(&["stats", "--db", &dir, "--now"], "").exits(2);
    assert!(wrong.stderr.contains("--now"), "{wrong:?}");
}
