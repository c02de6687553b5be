//! `undo`: a commit that counts no more, and counts again.

use serde_json::json;

use crate::cli::support::{Db, EXTERNAL, OPENID, UNIONID, link};

/// An openid with a unionid, then, in a commit of its own, the contact.
fn two_commits() -> Db {
    let db = Db::with(&[&link(OPENID, UNIONID, "mini.code2session")]);
    db.run_with(&["import", "-"], &link(EXTERNAL, UNIONID, "work.contact_get")).exits(0);
    db
}

#[test]
fn an_undone_commit_counts_no_more_until_the_undo_is_undone() {
    let db = two_commits();
    db.run(&["same", OPENID, EXTERNAL]).exits(0);
    let ran = db.run(&["undo", "2"]).exits(0);
    assert_eq!(ran.stdout, "commit 3; commit 2 counts no more\n");
    db.run(&["same", OPENID, EXTERNAL]).exits(1);
    db.run(&["same", OPENID, UNIONID]).exits(0);
    db.run(&["same", OPENID, EXTERNAL, "--as-of", "2"]).exits(0);
    // The id stays, alone.
    let alone = db.run(&["resolve", EXTERNAL, "--json"]).exits(0).json();
    assert_eq!(alone["ids"].as_array().unwrap().len(), 1);
    assert_eq!(db.run(&["undo", "2"]).exits(0).stdout, "already undone\n");
    assert_eq!(db.run(&["undo", "3", "--json"]).exits(0).json(), json!({"seq": 4, "new": true}));
    db.run(&["same", OPENID, EXTERNAL]).exits(0);
    assert_eq!(db.run(&["undo", "3", "--json"]).exits(0).json(), json!({"seq": 4, "new": false}));
    db.run(&["check"]).exits(0);
    let steps = db.run(&["history", EXTERNAL, "--json"]).exits(0).json_lines();
    let told: Vec<_> = steps.iter().map(|step| (step["seq"].clone(), step["undid"].clone())).collect();
    assert_eq!(told, [(json!(2), json!([])), (json!(3), json!([2])), (json!(4), json!([3]))]);
    assert_eq!(steps[1]["because"], steps[2]["because"]);
    let text = db.run(&["history", EXTERNAL]).exits(0).stdout;
    assert!(text.contains("  undoes commit 2\n"), "{text}");
}

#[test]
fn a_dry_run_tells_what_would_change_and_writes_nothing() {
    let db = two_commits();
    let told = db.run(&["undo", "2", "--dry-run", "--json"]).exits(0).json();
    assert_eq!(told["dry_run"], true);
    assert_eq!(told["changes"]["split"][0]["into"][1]["ids"], json!([EXTERNAL]));
    let text = db.run(&["undo", "2", "--dry-run"]).exits(0).stdout;
    assert!(text.contains("\nsplit entity 0 into"), "{text}");
    db.run(&["same", OPENID, EXTERNAL]).exits(0);
    let writer = idweave::Graph::open(db.path()).unwrap();
    assert_eq!(db.run(&["undo", "2", "--dry-run", "--json"]).exits(0).json(), told);
    db.run(&["undo", "2"]).exits(5);
    writer.close().unwrap();
    db.run(&["undo", "2"]).exits(0);
    assert_eq!(db.run(&["undo", "2", "--dry-run"]).exits(0).stdout, "already undone\n");
    // What a commit changed is told of undos as well.
    let changes = db.run(&["changes", "--from", "3"]).exits(0).json_lines();
    assert_eq!(changes[0]["split"], told["changes"]["split"]);
}

#[test]
fn what_cannot_be_undone_is_refused() {
    let db = two_commits();
    for seq in ["0", "3", "99"] {
        let ran = db.run(&["undo", seq]).exits(3);
        assert!(ran.stderr.contains("no such commit"), "{ran:?}");
        db.run(&["undo", seq, "--dry-run"]).exits(3);
    }
    db.run(&["undo", "two"]).exits(2);
    let erase =
        format!(r#"{{"op":"erase","id":"{OPENID}","reach":"id","reason":"asked","at":1748000000001}}"#);
    db.run_with(&["import", "-"], &erase).exits(0);
    let ran = db.run(&["undo", "3"]).exits(3);
    assert!(ran.stderr.contains("erasure"), "{ran:?}");
    assert!(!ran.stderr.contains(OPENID));
}

#[test]
fn the_dump_of_an_undone_graph_makes_an_equal_one() {
    let db = two_commits();
    db.run(&["undo", "1"]).exits(0);
    let facts = db.run(&["dump", "facts"]).exits(0).stdout;
    assert_eq!(facts.matches(r#""batch":"undone.1""#).count(), 2, "{facts}");
    let again = Db::new();
    again.run_with(&["import", "-"], &facts).exits(0);
    for what in ["entities", "edges"] {
        let dumps = [&db, &again].map(|db| db.run(&["dump", what]).exits(0).json_lines());
        assert_eq!(dumps[0].len(), dumps[1].len(), "{what}");
    }
    again.run(&["same", EXTERNAL, UNIONID]).exits(0);
    again.run(&["same", OPENID, UNIONID]).exits(1);
    again.run(&["resolve", OPENID]).exits(0);
    // Told again by its own words it counts.
    db.run_with(&["import", "-"], &link(OPENID, UNIONID, "mini.code2session")).exits(0);
    db.run(&["same", OPENID, EXTERNAL]).exits(0);
}

#[test]
fn explain_says_what_was_undone_and_what_was_retracted() {
    let db = two_commits();
    db.run_with(&["import", "-"], &link(EXTERNAL, UNIONID, "import.crm")).exits(0);
    db.run(&["undo", "3"]).exits(0);
    let text = db.run(&["explain", EXTERNAL, UNIONID]).exits(0).stdout;
    assert!(text.contains("commit 3, undone)"), "{text}");
    assert!(!text.contains("retracted"), "{text}");
}
