//! Every reading command, for people and as JSON, with its exit codes.

use serde_json::json;

use crate::cli::support::{Db, EXTERNAL, NOW, OPENID, UNIONID, USERID, link, run, text_of};

const OTHER: &str = "openid:wx00000000000000a1:oB2bcdefgh";
const PENDING: &str = "pending_id:ww00000000000000c0@ww00000000000000d0:pB2bcdefgh";
const PHONE: &str = "phone:key:00000000000000000000000000000000000000000000000000000000000000ff";

/// A customer with a phone he shares, and a stranger with a pending id.
fn shop() -> Db {
    let follows = format!(
        r#"{{"op":"relate","kind":"follows","from":"{USERID}","to":"{EXTERNAL}","source":"work.contact_get","at":1748000000000,"attrs":{{"add_way":"1"}}}}"#
    );
    let absent = format!(
        r#"{{"op":"absent","id":"{OPENID}","target":"openid:wx00000000000000a2","source":"crm.lookup","at":1748000000000}}"#
    );
    Db::with(&[
        &link(OPENID, UNIONID, "mini.code2session"),
        &link(EXTERNAL, UNIONID, "work.contact_get"),
        &link(OTHER, PENDING, "work.idconvert"),
        &link(OPENID, PHONE, "phone.mini"),
        &link(OTHER, PHONE, "phone.mini"),
        &link(OTHER, EXTERNAL, "import.crm"),
        &follows,
        &absent,
    ])
}

#[test]
fn resolve_shows_an_entity_and_its_conflicts() {
    let db = shop();
    let ran = db.run(&["resolve", OPENID]).exits(0);
    assert_eq!(ran.lines()[0], "entity 0 (account), person 0");
    assert_eq!(ran.lines()[1..4], [EXTERNAL, OPENID, UNIONID].map(|id| format!("  {id}")));
    assert!(ran.lines()[4].starts_with("  conflict: "), "{ran:?}");

    let answer = db.run(&["resolve", OPENID, "--json"]).exits(0).json();
    let member = |id| json!({"id": id, "superseded": false, "blocked": false});
    assert_eq!(answer["ids"], json!([member(EXTERNAL), member(OPENID), member(UNIONID)]));
    assert_eq!(answer["conflicts"][0]["edge"]["reason"], "cardinality");
    assert_eq!(answer["conflicts"][0]["too_many"]["space"], "openid:wx00000000000000a1");

    let stranger = "openid:wx00000000000000a1:nobody";
    assert_eq!(db.run(&["resolve", stranger]).exits(1).stdout, "unknown\n");
    assert_eq!(db.run(&["resolve", stranger, "--json"]).exits(1).json(), json!({"entity": null}));
}

#[test]
fn person_lists_entities() {
    let db = shop();
    assert_eq!(
        db.run(&["person", OPENID]).exits(0).lines()[..2],
        ["person 0", "entity 0 (account), person 0"]
    );
    let answer = db.run(&["person", OPENID, "--json"]).exits(0).json();
    assert_eq!(answer["person"], 0);
    assert_eq!(answer["entities"].as_array().unwrap().len(), 1);
    db.run(&["person", "openid:wx00000000000000a1:nobody"]).exits(1);
}

#[test]
fn suggestions_name_who_it_may_be() {
    let db = shop();
    assert!(db.run(&["suggestions", OPENID]).exits(0).stdout.contains(PHONE));
    let lines = db.run(&["suggestions", OPENID, "--json"]).exits(0).json_lines();
    assert_eq!(lines[0]["edge"]["reason"], "suggestion");
    assert_eq!(db.run(&["suggestions", USERID]).exits(1).stdout, "nothing suggests another person\n");
}

#[test]
fn translate_gives_each_sort_of_answer_a_word_and_an_exit_code() {
    let db = shop();
    let (own, theirs) =
        ("external_userid:ww00000000000000c0", "external_userid:ww00000000000000c0@ww00000000000000d0");
    let text = |args: &[&str], code| db.run(&[&["translate"], args].concat()).exits(code).stdout;
    assert_eq!(text(&[OPENID, "--to", own], 0), format!("found  {EXTERNAL}\n"));
    assert_eq!(text(&[OTHER, "--to", theirs], 1), format!("pending  {PENDING}  2025-08-21T11:33:20Z\n"));
    assert_eq!(
        text(&[OPENID, "--to", "openid:wx00000000000000a2"], 1),
        "absent  2025-05-23T11:33:20Z  crm.lookup  8d 12h old\n"
    );
    assert_eq!(text(&[OPENID, "--to", theirs], 1), "unknown\n");

    let json = |id, to, code| db.run(&["translate", id, "--to", to, "--json"]).exits(code).json();
    assert_eq!(json(OPENID, own, 0), json!({"answer": "found", "ids": [EXTERNAL]}));
    assert_eq!(
        json(OTHER, theirs, 1),
        json!({"answer": "pending", "id": PENDING, "valid_to": 1_755_776_000_000_i64})
    );
    assert_eq!(
        json(OPENID, "openid:wx00000000000000a2", 1),
        json!({"answer": "absent", "as_of": 1_748_000_000_000_i64, "source": "crm.lookup",
            "age_ms": 736_000_000})
    );
    assert_eq!(json(OPENID, theirs, 1), json!({"answer": "unknown"}));
}

#[test]
fn a_web_login_that_is_too_weak_is_answered_as_provisional() {
    let openid = "openid:wx00000000000000a2:oC3bcdefgh";
    let card = "custom.card:crm:1";
    let db = Db::with(&[
        &link(OPENID, UNIONID, "mini.code2session"),
        &link(openid, card, "import.crm"),
        &link(openid, UNIONID, "mp.web_oauth"),
    ]);
    let ran = db.run(&["translate", card, "--to", "unionid:wx00000000000000f0"]).exits(1);
    assert_eq!(ran.stdout, format!("provisional  {UNIONID}\n"));
}

#[test]
fn translate_answers_a_batch_line_by_line_in_its_order() {
    let db = shop();
    let ids = db.file("ids", format!("{OPENID}\nnonsense\r\n{USERID}\nopenid::x\tz\n{UNIONID}"));
    let to = "external_userid:ww00000000000000c0";
    let ran = db.run(&["translate", "--to", to, "--batch", &ids]).exits(3);
    let bad = [
        "nonsense\terror\tan id is written kind:scope:value",
        "openid::x\u{fffd}z\terror\tthis kind needs a scope",
    ];
    assert_eq!(
        ran.lines(),
        [
            &format!("{OPENID}\tfound\t{EXTERNAL}"),
            bad[0],
            &format!("{USERID}\tunknown"),
            bad[1],
            &format!("{UNIONID}\tfound\t{EXTERNAL}"),
        ]
    );
    assert!(ran.stderr.contains("2 lines are no ids"), "{ran:?}");

    let good = format!("{OPENID}\n{USERID}\n");
    let lines =
        db.run_with(&["translate", "--to", to, "--batch", "-", "--json"], &good).exits(0).json_lines();
    assert_eq!(
        lines,
        [
            json!({"id": OPENID, "answer": "found", "ids": [EXTERNAL]}),
            json!({"id": USERID, "answer": "unknown"}),
        ]
    );
}

#[test]
fn a_batch_longer_than_one_chunk_keeps_its_order() {
    let db = shop();
    let line = |n: usize| {
        if n.is_multiple_of(2) { OPENID.to_owned() } else { format!("openid:wx00000000000000a1:u{n}") }
    };
    let ids: Vec<String> = (0..9_000).map(line).collect();
    let to = "unionid:wx00000000000000f0";
    let ran = db.run_with(&["translate", "--to", to, "--batch", "-"], &ids.join("\n")).exits(0);
    assert_eq!(ran.lines().len(), ids.len());
    for (asked, answered) in ids.iter().zip(ran.lines()) {
        let answer = if asked == OPENID { format!("found\t{UNIONID}") } else { "unknown".to_owned() };
        assert_eq!(answered, format!("{asked}\t{answer}"));
    }
}

#[test]
fn same_has_four_verdicts() {
    let db = shop();
    for (a, b, code, word) in [
        (OPENID, EXTERNAL, 0, "same_entity"),
        (OPENID, OTHER, 1, "different"),
        (OPENID, "openid:wx00000000000000a1:nobody", 1, "unknown"),
    ] {
        db.run(&["same", a, b]).exits(code);
        assert_eq!(db.run(&["same", a, b, "--json"]).exits(code).json(), json!({"verdict": word}));
    }
    // An operator who says the same of two accounts of one scope says it of the person.
    db.run_with(&["import", "-"], &link(OPENID, OTHER, "operator.alice")).exits(0);
    assert_eq!(db.run(&["same", OPENID, OTHER]).exits(0).stdout, "same person, two entities\n");
    assert_eq!(db.run(&["person", OTHER, "--json"]).json()["entities"].as_array().unwrap().len(), 2);
}

#[test]
fn explain_shows_the_chain_or_what_is_in_its_way() {
    let db = shop();
    insta::assert_snapshot!("explain_same", db.run(&["explain", OPENID, EXTERNAL]).exits(0).stdout);
    insta::assert_snapshot!("explain_different", db.run(&["explain", UNIONID, OTHER]).exits(1).stdout);
    insta::assert_snapshot!("explain_dot", db.run(&["explain", UNIONID, OTHER, "--dot"]).exits(1).stdout);
    insta::assert_snapshot!("explain_json", db.run(&["explain", OPENID, EXTERNAL, "--json"]).exits(0).stdout);
    let ran = db.run(&["explain", OPENID, USERID]).exits(1);
    assert_eq!(ran.stdout, "different: nothing joins them\n");
}

#[test]
fn contacts_of_an_entity_in_a_view() {
    let db = shop();
    let args = ["contacts-of", OPENID, "--view", "ww00000000000000c0"];
    let ran = db.run(&args).exits(0);
    assert!(ran.lines()[1].starts_with(USERID), "{ran:?}");
    assert_eq!(
        db.run(&[&args[..], &["--json"]].concat()).json_lines(),
        [
            json!({"userid": USERID, "external_userid": EXTERNAL, "since": 1_748_000_000_000_i64, "until": null,
            "add_way": "1", "state": null, "attrs": {"add_way": "1"}})
        ]
    );
    let ran = db.run(&["contacts-of", OPENID, "--view", "ww00000000000000c1"]).exits(1);
    assert_eq!(ran.stdout, "nobody's contact in this view\n");
}

#[test]
fn dumps_have_exactly_the_documented_keys_in_their_order() {
    let new = "openid:wx00000000000000a2:oNbcdefgh";
    let supersede = format!(
        r#"{{"op":"supersede","old":"{OPENID}","new":"{new}","source":"mp.changeopenid","at":1748000000000}}"#
    );
    let db = Db::with(&[
        &link(UNIONID, OPENID, "mini.code2session"),
        &link(OPENID, PHONE, "phone.mini"),
        &supersede,
    ]);
    assert_eq!(
        db.run(&["dump", "entities"]).exits(0).lines(),
        [
            format!(
                r#"{{"entity":0,"class":"account","person":0,"ids":["{OPENID}","{new}","{UNIONID}"],"superseded":["{OPENID}"]}}"#
            ),
            format!(r#"{{"entity":2,"class":"account","person":2,"ids":["{PHONE}"],"superseded":[]}}"#),
        ]
    );
    assert_eq!(
        db.run(&["dump", "edges", "--json"]).exits(0).lines(),
        [
            format!(
                r#"{{"a":"{OPENID}","b":"{UNIONID}","kind":"same","strength":"platform","status":"accepted","reason":null,"level":"entity","evidence":1}}"#
            ),
            format!(
                r#"{{"a":"{OPENID}","b":"{PHONE}","kind":"same","strength":"hint","status":"rejected","reason":"suggestion","level":"person","evidence":1}}"#
            ),
            format!(
                r#"{{"a":"{OPENID}","b":"{new}","kind":"supersede","strength":"platform","status":"accepted","reason":null,"level":"entity","evidence":1}}"#
            ),
        ]
    );
    let facts = db.run(&["dump", "facts"]).exits(0);
    let copy = Db::new();
    copy.run_with(&["import", "-"], &facts.stdout).exits(0);
    assert_eq!(copy.run(&["dump", "facts"]).stdout, facts.stdout);
}

#[test]
fn stats_and_check_speak_of_the_whole_database() {
    let db = shop();
    let stats = db.run(&["stats", "--json"]).exits(0).json();
    assert_eq!((&stats["ids"], &stats["edges"], &stats["relations"]), (&json!(7), &json!(6), &json!(1)));
    assert_eq!(stats["rejected"], json!({"cardinality": 1, "suggestion": 2}));
    let table = db.run(&["stats"]).exits(0);
    let is_row = |line: &&str| line.starts_with("openid:wx00000000000000a1 ") && line.ends_with("  2");
    assert!(table.lines().iter().any(is_row), "{table:?}");
    assert_eq!(db.run(&["check"]).exits(0).stdout, "everything holds, up to commit 1\n");
    assert_eq!(db.run(&["check", "--json"]).exits(0).json(), json!({"ok": true, "seq": 1, "findings": []}));
    assert_eq!(Db::new().run(&["stats", "--json"]).exits(0).json()["recorded_at"], json!(null));
}

#[test]
fn a_wrong_command_line_exits_2_and_never_repeats_an_id() {
    let db = shop();
    for args in [
        &["resolve", "secretvalue"][..],
        &["resolve", "openid:a b:secretvalue"],
        &["translate", "openid:x:secretvalue", "--to", "nonsense"],
        &["same", "openid:x:null", "openid:x:secretvalue"],
        &["contacts-of", OPENID, "--view", "a@@b"],
        &["resolve"],
        &["translate", "--to", "openid:x"],
        &["dump", "everything"],
    ] {
        let ran = db.run(args).exits(2);
        assert!(!ran.stderr.is_empty() && ran.stdout.is_empty(), "{ran:?}");
        assert!(!ran.stderr.contains("secretvalue"), "{ran:?}");
    }
    let path = text_of(&db.path());
    let ran = run(&["stats", "--db", &path, "--now", "yesterday"], "");
    assert_eq!(ran.code, 0, "stats needs no time");
    run(&["translate", OPENID, "--to", "openid:x", "--db", &path, "--now", "yesterday"], "").exits(2);
    assert!(run(&["resolve", OPENID, "--now", NOW], "").exits(2).stderr.contains("--db"));
}

#[test]
fn explain_draws_pictures_of_an_entity_and_of_a_way() {
    let db = shop();
    let svg = db.run(&["explain", OPENID, "--svg"]).exits(0).stdout;
    assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"), "{svg}");
    assert!(svg.contains("Entity 0") && svg.contains("mini.code2session"), "{svg}");
    let way = db.run(&["explain", UNIONID, OTHER, "--svg", "--lang", "zh"]).exits(1).stdout;
    assert!(way.contains("\u{4e0d}\u{540c}") && way.contains("\u{6570}\u{91cf}\u{8d85}\u{9650}"), "{way}");
    let file = text_of(&db.beside("picture.html"));
    assert_eq!(db.run(&["explain", OPENID, "--html", "-o", &file, "--values", "hidden"]).exits(0).stdout, "");
    let page = std::fs::read_to_string(&file).unwrap();
    assert!(page.starts_with("<!DOCTYPE html>") && !page.contains("oA1bcdefgh"), "{page}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "only its owner reads ids");
    }
    db.run(&["explain", "openid:wx00000000000000a1:nobody", "--svg"]).exits(1);
    let then = db.run(&["explain", OPENID, "--html", "--as-of", "0"]).exits(1).stdout;
    assert!(then.contains("An id that is not known"));
    for wrong in
        [&["explain", OPENID][..], &["explain", OPENID, "--dot"], &["explain", OPENID, "--svg", "--json"]]
    {
        db.run(wrong).exits(2);
    }
}

#[test]
fn stats_tell_where_a_database_lies() {
    let db = shop();
    let files = db.run(&["stats", "--stored", "--json"]).exits(0).json()["stored"].clone();
    assert!(files["delta_bytes"].as_u64().unwrap() > 0 && files["segments"] == 0, "{files}");
    db.run(&["checkpoint"]).exits(0);
    let files = db.run(&["stats", "--stored", "--json"]).exits(0).json()["stored"].clone();
    assert_eq!((&files["delta_bytes"], &files["segments"]), (&json!(0), &json!(1)));
    assert!(files["segment_bytes"].as_u64().unwrap() > 0);
    assert!(db.run(&["stats", "--stored"]).exits(0).lines().contains(&"segments                    1"));
    for args in [&["stats", "--json", "--stored", "--as-of", "1"][..], &["stats", "--json"]] {
        assert_eq!(db.run(args).exits(0).json()["stored"], json!(null), "{args:?}");
    }
}
