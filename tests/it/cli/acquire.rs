//! `acquire`: routes for people in two languages and for programs, from a database, a snapshot and the past.

use crate::cli::support::{Db, EXTERNAL, NOW, OPENID, UNIONID, link, run, text_of};

const FACTS: &[&str] = &[
    r#"{"op":"app","appid":"wx00000000000000a1","type":"service account","subject":"Acme","open_account":"wx00000000000000f0","from":1700000000000,"at":1700000000000}"#,
    r#"{"op":"corp","key":"ww00000000000000c0","subject":"Acme","bound_appid":"wx00000000000000a1","from":1700000000000,"at":1700000000000}"#,
    r#"{"op":"provider","key":"ww00000000000000e0","subject":"Tools","at":1700000000000}"#,
    r#"{"op":"relate","kind":"subscribes","from":"openid:wx00000000000000a1:oA1bcdefgh","to":"app::wx00000000000000a1","source":"mp.user_info","at":1748000000000}"#,
];
const WANT: &str = "unionid:wx00000000000000f0";

fn db() -> Db {
    Db::with(FACTS)
}

fn ask<'a>(have: &'a str, want: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["acquire", "--have", have, "--want", want], more].concat()
}

#[test]
fn a_route_is_told_in_english() {
    let ran = db().run(&ask(OPENID, WANT, &[])).exits(0);
    insta::assert_snapshot!("acquire_en", ran.stdout);
}

#[test]
fn a_route_is_told_in_chinese() {
    let ran = db().run(&ask(OPENID, WANT, &["--lang", "zh"])).exits(0);
    insta::assert_snapshot!("acquire_zh", ran.stdout);
}

#[test]
fn routes_of_several_steps_name_the_endpoints_of_each_and_say_a_step_once() {
    let want = "external_userid:ww00000000000000c0@ww00000000000000e0";
    for (lang, above) in [("en", "(as in 1.1)"), ("zh", "\u{ff08}\u{540c} 1.1\u{ff09}")] {
        let ran = db().run(&ask(OPENID, want, &["--lang", lang, "--all"])).exits(0);
        let first = ran.stdout.split("\n2. ").next().unwrap();
        assert!(first.contains("cgi-bin/user/info"), "{first}");
        assert!(first.contains("cgi-bin/idconvert/unionid_to_external_userid"), "{first}");
        assert!(first.contains("pending_id:ww00000000000000c0@ww00000000000000e0"), "{first}");
        assert!(ran.stdout.contains(above), "{ran:?}");
    }
    let few = db().run(&ask(OPENID, want, &[])).exits(0);
    assert!(few.stdout.contains("more routes; --all shows them"), "{few:?}");
}

#[test]
fn what_is_known_already_is_the_answer() {
    let db = db();
    db.run_with(&["import", "-"], &link(OPENID, UNIONID, "mp.user_info")).exits(0);
    let ran = db.run(&ask(OPENID, WANT, &[])).exits(0);
    assert!(ran.stdout.contains(&format!("Known already: {UNIONID}")), "{ran:?}");
    let answer = db.run(&ask(OPENID, WANT, &["--json"])).exits(0).json();
    assert_eq!(answer["routes"][0]["answer"], "known");
    assert_eq!(answer["routes"][0]["ids"][0], UNIONID);
    // Before that commit it was to be asked for.
    let before = db.run(&ask(OPENID, WANT, &["--json", "--as-of", "1"])).exits(0).json();
    assert_eq!(before["routes"][0]["steps"][0]["way"], "mp.user_info");
}

#[test]
fn programs_get_names_keys_and_reasons() {
    let answer = db().run(&ask(OPENID, WANT, &["--json"])).exits(0).json();
    let step = &answer["routes"][0]["steps"][0];
    assert_eq!(step["way"], "mp.user_info");
    assert_eq!(step["access"][0]["endpoints"][0], "cgi-bin/user/info");
    assert_eq!(step["to"], WANT);
    let follows = step["conditions"].as_array().unwrap().iter().find(|one| one["condition"] == "follows");
    assert_eq!(follows.unwrap()["standing"], "met");
    let blocked = answer["blocked"].as_array().unwrap();
    let login = blocked.iter().find(|one| one["way"] == "mini.code2session").unwrap();
    assert_eq!(login["reasons"][0]["reason"], "other_app_sort_official_account");
    let zh = db().run(&ask(OPENID, WANT, &["--json", "--lang", "zh"])).exits(0).json();
    assert_ne!(zh["routes"][0]["steps"][0]["title"], step["title"]);
    assert_eq!(zh["routes"][0]["steps"][0]["way"], step["way"]);
}

#[test]
fn a_snapshot_answers_as_its_database_does() {
    let db = db();
    let file = text_of(&db.beside("s.snap"));
    db.run(&["snapshot", &file]).exits(0);
    let args = ask(EXTERNAL, WANT, &["--json", "--now", NOW]);
    let of_snapshot = run(&[&args[..], &["--snapshot", &file]].concat(), "").exits(0).json();
    let of_database = db.run(&ask(EXTERNAL, WANT, &["--json"])).exits(0).json();
    assert_eq!(of_snapshot, of_database);
    assert_eq!(of_database["routes"][0]["steps"][0]["way"], "work.contact_get");
}

#[test]
fn no_way_is_a_lawful_no_and_a_bad_question_is_a_wrong_command_line() {
    let ran = db().run(&ask("department:ww00000000000000c0:7", "app:", &[])).exits(1);
    assert!(ran.stdout.contains("No way leads there"), "{ran:?}");
    for (have, want) in [("openid", WANT), (OPENID, "unionid"), (OPENID, "nothing:x"), ("tmp_x:y:z", WANT)] {
        let ran = db().run(&ask(have, want, &[])).exits(2);
        assert!(ran.stdout.is_empty() && !ran.stderr.contains("oA1b"), "{ran:?}");
    }
    db().run(&["acquire", "--have", OPENID]).exits(2);
    db().run(&ask(OPENID, WANT, &["--lang", "fr"])).exits(2);
}

#[test]
fn every_way_can_be_listed_without_a_database() {
    let rows = run(&["acquire", "--list", "--json"], "").exits(0).json_lines();
    assert_eq!(rows.len(), idweave::wechat::acquire::ways().count());
    for lang in ["en", "zh"] {
        let ran = run(&["acquire", "--list", "--lang", lang], "").exits(0);
        for way in idweave::wechat::acquire::ways() {
            assert!(ran.stdout.contains(&format!("\n{}: ", way.name)), "{} in {lang}", way.name);
            assert!(way.endpoints().all(|endpoint| ran.stdout.contains(endpoint)), "{} in {lang}", way.name);
        }
        assert!(!ran.stdout.contains('{') && !ran.stdout.contains("ui."), "a text is not filled in: {lang}");
    }
}
