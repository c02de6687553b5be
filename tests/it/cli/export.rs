//! `export`: what it is told, what it answers, and how it refuses.

use std::path::Path;

use tempfile::TempDir;

use crate::cli::support::{Db, run};

const FACTS: [&str; 2] = [
    r#"{"op":"link","a":"openid:wx00000000000000a1:oA1","b":"unionid:open:oU1","source":"mp.user_info","at":1735689600000}"#,
    r#"{"op":"link","a":"openid:wx00000000000000a1:oA2","b":"unionid:open:oU2","source":"mp.user_info","at":1735689600000}"#,
];

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn a_database_and_its_snapshot_export_the_same_and_say_what_was_written() {
    let (db, place) = (Db::with(&FACTS), TempDir::new().unwrap());
    let at = |name: &str| place.path().join(name);
    db.run(&["snapshot", text(&at("snapshot"))]).exits(0);
    let said = db.run(&["export", "-o", text(&at("db")), "--format", "csv", "--json"]).exits(0).json();
    assert_eq!((&said["seq"], &said["tables"]["ids"]["rows"]), (&1.into(), &4.into()));
    let said =
        run(&["export", text(&at("snapshot")), "-o", text(&at("file")), "--format", "csv"], "").exits(0);
    assert!(said.stdout.starts_with("wrote commit 1 to "), "{said:?}");
    let edges = said.lines().into_iter().find(|line| line.starts_with("edges")).map(str::split_whitespace);
    assert_eq!(edges.unwrap().take(3).collect::<Vec<_>>(), ["edges", "2", "1"]);
    for file in ["export.json", "ids/part-00000.csv", "history/part-00000.csv"] {
        assert_eq!(
            std::fs::read(at("db").join(file)).unwrap(),
            std::fs::read(at("file").join(file)).unwrap()
        );
    }
    let ids = std::fs::read_to_string(at("db").join("ids/part-00000.csv")).unwrap();
    assert_eq!(
        ids.lines().nth(1),
        Some(r#"0,"openid","wx00000000000000a1","oA1","account",0,0,false,false,false,"#)
    );
}

#[test]
fn a_part_of_the_tables_and_the_past_are_exported_where_they_are_named() {
    let (db, place) = (Db::with(&FACTS[..1]), TempDir::new().unwrap());
    db.run_with(&["import", "-"], FACTS[1]).exits(0);
    let out = place.path().join("out");
    let told = ["export", "-o", text(&out), "--format", "ndjson", "--tables", "ids,edges", "--as-of", "1"];
    let said = db.run(&[&told[..], &["--json"]].concat()).exits(0).json();
    assert_eq!(said["tables"].as_object().unwrap().keys().collect::<Vec<_>>(), ["edges", "ids"]);
    assert_eq!(said["tables"]["ids"]["rows"], 2);
    assert!(!out.join("history").exists());
    db.run(&told).exits(5);
    db.run(&[&told[..], &["--force"]].concat()).exits(0);
}

#[test]
fn a_keyed_export_needs_its_key_and_holds_no_id() {
    let (db, place) = (Db::with(&FACTS), TempDir::new().unwrap());
    let at = |name: &str| place.path().join(name);
    std::fs::write(at("key"), "0123456789abcdef\n").unwrap();
    std::fs::write(at("short"), "012345678\n").unwrap();
    let (out, key, short) = (at("out"), at("key"), at("short"));
    let keyed = ["export", "-o", text(&out), "--format", "ndjson", "--privacy", "keyed"];
    db.run(&keyed).exits(2);
    db.run(&[&keyed[..], &["--privacy-key", text(&short)]].concat()).exits(3);
    db.run(&[&keyed[..], &["--privacy-key", text(&at("none"))]].concat()).exits(5);
    db.run(&[&keyed[..], &["--privacy-key", text(&key), "--include-private"]].concat()).exits(2);
    db.run(&["export", "-o", text(&out), "--privacy-key", text(&key)]).exits(2);
    assert!(!out.exists(), "nothing was begun");
    db.run(&[&keyed[..], &["--privacy-key", text(&key)]].concat()).exits(0);
    let ids = std::fs::read_to_string(out.join("ids/part-00000.ndjson")).unwrap();
    assert!(ids.lines().count() == 4 && !ids.contains("oA1") && !ids.contains("oU1"), "{ids}");
    let summary: serde_json::Value =
        serde_json::from_slice(&std::fs::read(out.join("export.json")).unwrap()).unwrap();
    assert_eq!(summary["privacy"], "keyed");
    assert_eq!(summary["key_check"].as_str().unwrap().len(), 32);
}

#[test]
fn wrong_places_are_refused() {
    let (db, place) = (Db::with(&FACTS), TempDir::new().unwrap());
    let out = place.path().join("out");
    let within = db.path().join("tables");
    db.run(&["export", "-o", text(&within)]).exits(2);
    assert!(!within.exists());
    run(&["export", "-o", text(&out)], "").exits(2);
    db.run(&["export", "elsewhere", "-o", text(&out)]).exits(2);
    run(&["export", text(&place.path().join("none")), "-o", text(&out)], "").exits(5);
    db.run(&["export", "-o", text(&out), "--partition-rows", "0"]).exits(2);
    db.run(&["export", "-o", text(&out), "--partition-rows", "10000001"]).exits(3);
    std::fs::create_dir(&out).unwrap();
    std::fs::write(out.join("mine"), "mine").unwrap();
    db.run(&["export", "-o", text(&out), "--force"]).exits(5);
    assert_eq!(std::fs::read(out.join("mine")).unwrap(), b"mine");
}
