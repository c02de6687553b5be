//! `merge`: another database, or a snapshot, brought in.

use serde_json::json;

use crate::cli::support::{Db, EXTERNAL, OPENID, UNIONID, link, text_of};

#[test]
fn a_database_and_a_snapshot_are_brought_in() {
    let mine = Db::with(&[&link(OPENID, UNIONID, "mini.code2session")]);
    let yours = Db::with(&[
        &link(EXTERNAL, UNIONID, "work.contact_get"),
        &link(OPENID, UNIONID, "mini.code2session"),
    ]);
    let snapshot = text_of(&yours.beside("yours.snapshot"));
    yours.run(&["snapshot", &snapshot]).exits(0);

    let counts = |new: u64, known: u64| json!({"facts": 2, "new": new, "already_known": known, "erased": 0});
    let from = text_of(&yours.path());
    assert_eq!(mine.run(&["merge", "--from", &from, "--json"]).exits(0).json(), counts(1, 1));
    assert_eq!(
        mine.run(&["merge", "--from", &snapshot]).exits(0).stdout,
        "2 facts: 0 new, 2 already known, 0 of erased ids left out\n"
    );
    mine.run(&["same", OPENID, EXTERNAL]).exits(0);
    assert_eq!(
        mine.run(&["dump", "entities"]).exits(0).lines().len(),
        yours.run(&["dump", "entities"]).exits(0).lines().len()
    );
    // The other one is only read.
    yours.run(&["check"]).exits(0);
}

#[test]
fn what_is_no_graph_is_refused() {
    let mine = Db::new();
    let file = mine.file("facts.ndjson", link(OPENID, UNIONID, "mini.code2session"));
    mine.run(&["merge", "--from", &file]).exits(4);
    mine.run(&["merge", "--from", &text_of(&mine.beside("nothing"))]).exits(5);
    mine.run(&["merge"]).exits(2);
}
