//! The demo: deterministic, and made from its files.

use crate::cli::support::{Db, run, text_of};

#[test]
fn the_demo_prints_this() {
    let ran = run(&["demo"], "").exits(0);
    insta::assert_snapshot!(ran.stdout);
    assert!(ran.stderr.is_empty(), "{ran:?}");
}

#[test]
fn the_demo_answers_as_json_too() {
    let answer = run(&["demo", "--json"], "").exits(0).json();
    let scenes = answer["scenes"].as_array().unwrap();
    assert_eq!(scenes.len(), 2);
    assert_eq!(answer["findings"], 0);
    let reasons: Vec<_> =
        answer["rejected"].as_array().unwrap().iter().map(|e| e["reason"].as_str()).collect();
    for reason in ["cardinality", "suggestion", "scope_mismatch", "pending_expired"] {
        assert!(reasons.contains(&Some(reason)), "{reasons:?}");
    }
}

#[test]
fn another_body_gives_another_demo() {
    let data = Db::new();
    let copy = data.beside("data");
    std::fs::create_dir(&copy).unwrap();
    for file in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/demo")).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), copy.join(file.file_name())).unwrap();
    }
    let same = run(&["demo", "--json", "--data", &text_of(&copy)], "").exits(0);
    assert_eq!(same.stdout, run(&["demo", "--json"], "").stdout);
    // The stranger of scene B is never told to be a customer.
    std::fs::write(copy.join("work_external_to_pending_wu.json"), r#"{"errcode":0,"result":[]}"#).unwrap();
    let other = run(&["demo", "--json", "--data", &text_of(&copy)], "").exits(0).json();
    let beats = other["scenes"][1]["beats"].as_array().unwrap();
    let asked = |say: &str| beats.iter().map(|b| &b["asked"]).find(|a| a["say"] == say).unwrap();
    assert_eq!(asked("a customer?")["answer"]["translation"]["answer"], "pending");
    // A body that is wrong ends the demo and says which.
    std::fs::write(copy.join("app_login.json"), "{").unwrap();
    let ran = run(&["demo", "--data", &text_of(&copy)], "").exits(3);
    assert!(ran.stderr.contains("app_login.json"), "{ran:?}");
}

#[test]
fn a_named_database_stays_and_is_not_overwritten() {
    let db = Db::new();
    let kept = text_of(&db.beside("kept"));
    run(&["demo", "--db", &kept], "").exits(0);
    run(&["check", "--db", &kept], "").exits(0);
    run(&["demo", "--db", &kept], "").exits(5);
}

#[test]
fn the_report_of_the_demo_is_one_page_without_an_id() {
    let data = Db::new();
    let (demo, file) = (text_of(&data.beside("demo")), text_of(&data.beside("demo.snapshot")));
    run(&["demo", "--db", &demo], "").exits(0);
    run(&["snapshot", &file, "--db", &demo], "").exits(0);
    let report = |name: &str, more: &[&str]| {
        let page = text_of(&data.beside(name));
        let args = [&["report", &file, "-o", &page, "--now", "2025-06-01T00:00:00Z"], more].concat();
        assert!(run(&args, "").exits(0).stdout.starts_with("wrote "));
        std::fs::read_to_string(page).unwrap()
    };
    let page = report("one.html", &[]);
    assert_eq!(page, report("again.html", &["--threads", "3"]), "the same, whatever counts");
    let ids: Vec<String> = run(&["dump", "entities", "--snapshot", &file], "")
        .json_lines()
        .iter()
        .flat_map(|line| line["ids"].as_array().unwrap().clone())
        .map(|id| id.as_str().unwrap().rsplit(':').next().unwrap().to_owned())
        .filter(|value| value.len() > 8)
        .collect();
    assert!(ids.len() > 20);
    // Apps and corps are public, and scopes name them.
    let named = |page: &str| ids.iter().filter(|id| page.contains(*id) && !id.starts_with('w')).count();
    assert_eq!(named(&page), 0);
    assert!(named(&report("with.html", &["--with-ids"])) > 0);
    assert!(page.contains(">38<") && page.contains(">14<"), "38 ids in 14 entities");
    let chinese = report("zh.html", &["--lang", "zh", "--since", &file]);
    assert!(chinese.contains("lang=\"zh-CN\"") && chinese.contains("\u{8986}\u{76d6}"));
    run(&["report", &file, "--db", &demo, "-o", "x"], "").exits(2);
    run(&["report", &text_of(&data.beside("nothing")), "-o", "x"], "").exits(5);
}
