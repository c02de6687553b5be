//! A database in sled, as the tool's users have it.

use crate::cli::support::{Db, EXTERNAL, NOW, OPENID, UNIONID, link, run, text_of};

#[test]
fn a_database_in_sled_answers_is_converted_and_erased_like_any() {
    let db = Db::new_in("sled");
    let facts = [link(OPENID, UNIONID, "mini.code2session"), link(EXTERNAL, UNIONID, "work.contact_get")];
    db.run_with(&["import", "-"], &facts.join("\n")).exits(0);
    let told = db.run(&["dump", "entities"]).exits(0).stdout;
    assert!(told.contains(OPENID), "{told}");
    db.run(&["checkpoint"]).exits(0);
    db.run(&["check"]).exits(0);
    db.run(&["verify"]).exits(0);
    let native = text_of(&db.beside("native"));
    let convert = |from: &str, to: &str, home: &str| {
        run(&["convert", "--from", from, "--to", to, "--home", home, "--json"], "")
    };
    convert(&text_of(&db.path()), &native, "native").exits(0);
    assert_eq!(run(&["dump", "entities", "--db", &native, "--now", NOW], "").exits(0).stdout, told);
    let again = text_of(&db.beside("again"));
    convert(&native, &again, "sled").exits(0);
    assert_eq!(run(&["dump", "entities", "--db", &again, "--now", NOW], "").exits(0).stdout, told);
    // There is one already.
    convert(&native, &again, "sled").exits(5);
    let merged = Db::new();
    merged.run(&["merge", "--from", &again]).exits(0);
    assert!(merged.run(&["dump", "entities"]).exits(0).stdout.contains(OPENID));
}

#[test]
fn a_damaged_database_in_sled_is_told_and_not_answered_from() {
    let db = Db::new_in("sled");
    db.run_with(&["import", "-"], &link(OPENID, UNIONID, "mini.code2session")).exits(0);
    let file = db.path().join("kv-0000000001/db");
    let mut bytes = std::fs::read(&file).unwrap();
    let used = bytes.iter().rposition(|byte| *byte != 0).unwrap();
    bytes[used / 2] ^= 4;
    bytes.truncate(used * 3 / 4);
    std::fs::write(&file, bytes).unwrap();
    let told = db.run(&["resolve", OPENID]).exits(4);
    assert!(told.stdout.is_empty(), "{told:?}");
}
