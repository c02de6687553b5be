//! `import`: counts, wrong lines with stop and skip, rejects, labels, acknowledgements.

use serde_json::json;

use crate::cli::support::{Db, EXTERNAL, NOW, OPENID, UNIONID, link, run, text_of};

fn lines(count: usize) -> Vec<String> {
    (0..count)
        .map(|n| link(&format!("openid:wx00000000000000a1:o{n:08}x"), UNIONID_OF[n % 2], "import.crm"))
        .collect()
}

const UNIONID_OF: [&str; 2] = ["custom.card:crm:a", "custom.card:crm:b"];

#[test]
fn counts_new_and_known_facts() {
    let db = Db::new();
    let file = db.file("facts", lines(5).join("\n"));
    let counts = db.run(&["import", &file, "--json"]).exits(0).json();
    assert_eq!(counts, json!({"facts": 5, "new": 5, "already_known": 0, "refused": 0, "errors": 0}));
    let ran = db.run(&["import", &file]).exits(0);
    assert_eq!(ran.stdout, "5 facts: 0 new, 5 already known, 0 refused; 0 wrong lines\n");
    assert!(ran.stderr.is_empty(), "no bar without a terminal: {ran:?}");
}

#[test]
fn the_counts_keep_their_order_of_keys() {
    let db = Db::new();
    let ran = db.run_with(&["import", "-", "--json"], "").exits(0);
    assert_eq!(ran.stdout, "{\"facts\":0,\"new\":0,\"already_known\":0,\"refused\":0,\"errors\":0}\n");
}

#[test]
fn stop_names_file_line_column_and_rule_and_drops_its_commit_only() {
    let db = Db::new();
    let mut text = lines(5);
    text[3] = r#"{"op":"link","a":"secretvalue"}"#.to_owned();
    let file = db.file("facts", text.join("\n"));
    let ran = db.run(&["import", &file, "--commit-every", "2", "--json"]).exits(3);
    assert!(
        ran.stderr.contains(&format!("{file}:4:18: field a: an id is written kind:scope:value")),
        "{ran:?}"
    );
    assert!(ran.stderr.contains("committed: lines 1 to 2"), "{ran:?}");
    assert!(!ran.stderr.contains("secretvalue"), "{ran:?}");
    assert_eq!(ran.json(), json!({"facts": 2, "new": 2, "already_known": 0, "refused": 0, "errors": 1}));
    assert_eq!(db.run(&["dump", "facts"]).lines().len(), 2);
}

#[test]
fn skip_costs_the_wrong_lines_only_and_keeps_them_with_their_reasons() {
    let db = Db::new();
    let old = link(OPENID, UNIONID, "import.crm").replace("1748000000000", "1748000000");
    let good = link(OPENID, EXTERNAL, "import.crm");
    let long = format!(r#"{{"op":"mark","key":"k","value":"{}"}}"#, "x".repeat(1 << 20));
    let text = [
        b"nonsense\n".as_slice(),
        b"\xff\xfe\n",
        b"\n",
        long.as_bytes(),
        b"\n",
        old.as_bytes(),
        b"\n",
        good.as_bytes(),
    ]
    .concat();
    let file = db.file("facts", text);
    let rejects = text_of(&db.beside("rejects"));
    let args = ["import", &file, "--on-error", "skip", "--rejects", &rejects, "--json"];
    let ran = db.run(&args).exits(3);
    assert_eq!(ran.json(), json!({"facts": 2, "new": 1, "already_known": 0, "refused": 1, "errors": 4}));
    let kept: Vec<serde_json::Value> = std::fs::read_to_string(&rejects)
        .unwrap()
        .lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect();
    let not_json = "not a JSON object: ";
    let implausible = "a time before 2011 or more than a day ahead; times are milliseconds, not seconds";
    assert_eq!(
        kept,
        [
            json!({"line": 1, "column": 1, "rule": format!("{not_json}expected `{{`"), "text": "nonsense"}),
            json!({"line": 2, "column": 1, "rule": format!("{not_json}the line is not UTF-8"), "text": "\u{fffd}\u{fffd}"}),
            json!({"line": 3, "column": 1, "rule": format!("{not_json}expected `{{`"), "text": ""}),
            json!({"line": 4, "column": (1 << 20) + 1, "rule": "the line is longer than 1048576 bytes", "text": null}),
            json!({"line": 5, "column": 1, "rule": implausible, "text": old}),
        ]
    );
    assert_eq!(db.run(&["dump", "facts"]).lines(), [good]);
    assert_eq!(ran.stderr.lines().count(), 5, "each is named: {ran:?}");
}

#[test]
fn a_refused_fact_stops_too() {
    let db = Db::with(&[&format!(
        r#"{{"op":"erase","id":"{OPENID}","reach":"id","reason":"asked","at":1748000000001,"sticky":true}}"#
    )]);
    let ran = db.run_with(&["import", "-", "--json"], &link(OPENID, UNIONID, "import.crm")).exits(3);
    assert!(ran.stderr.contains("stdin:1:1: the id was erased"), "{ran:?}");
    assert_eq!(ran.json(), json!({"facts": 1, "new": 0, "already_known": 0, "refused": 1, "errors": 0}));
}

#[test]
fn only_so_many_rejects_are_listed() {
    let db = Db::new();
    let ran = db.run_with(&["import", "-", "--on-error", "skip"], &"x\n".repeat(100)).exits(3);
    assert_eq!(ran.stderr.lines().count(), 21, "{ran:?}");
}

#[test]
fn a_label_goes_to_facts_that_have_none_and_can_carry_one() {
    let db = Db::new();
    let labelled = link(OPENID, EXTERNAL, "import.crm").replace('}', r#","batch":"b-0"}"#);
    let retract = r#"{"op":"retract","batch":"b-9","at":1748000000000}"#;
    let text = [&link(OPENID, UNIONID, "import.crm"), &labelled, retract].join("\n");
    db.run_with(&["import", "-", "--batch", "b-1"], &text).exits(0);
    let mut facts = db.run(&["dump", "facts"]).stdout.lines().map(str::to_owned).collect::<Vec<_>>();
    let mut expected = [
        link(OPENID, UNIONID, "import.crm").replace('}', r#","batch":"b-1"}"#),
        labelled,
        retract.to_owned(),
    ];
    facts.sort();
    expected.sort();
    assert_eq!(facts, expected);
    db.run_with(&["import", "-", "--batch", ""], &text).exits(2);
}

#[test]
fn acknowledgements_say_which_lines_are_kept() {
    let db = Db::new();
    let ran = db
        .run_with(&["import", "-", "--ack", "--commit-every", "2", "--json"], &lines(5).join("\n"))
        .exits(0);
    let answers = ran.json_lines();
    assert_eq!(
        answers[..3],
        [json!({"seq": 1, "line": 2}), json!({"seq": 2, "line": 4}), json!({"seq": 3, "line": 5})]
    );
    assert_eq!(answers[3]["facts"], 5);
}

#[test]
fn the_recorded_time_is_the_callers() {
    let db = Db::new();
    let path = text_of(&db.path());
    let early = "2025-05-20T00:00:00Z";
    let ran =
        run(&["import", "-", "--db", &path, "--recorded-at", early], &link(OPENID, UNIONID, "import.crm"));
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(ran.stderr.contains("more than a day ahead"), "{ran:?}");
    run(&["import", "-", "--db", &path, "--now", NOW], &link(OPENID, UNIONID, "import.crm")).exits(0);
    run(&["import", "-", "--db", &path, "--now", "soon"], "").exits(2);
}
