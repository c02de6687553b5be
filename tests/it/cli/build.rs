//! `build`: a database from files at once, as `import` would make it.

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::json;

use crate::cli::support::{Db, NOW, Ran, link, run, text_of};

/// Lines of accounts that share cards, so that identities join across files.
fn lines(from: usize, to: usize) -> Vec<String> {
    let openid = |n: usize| format!("openid:wx00000000000000a1:o{n:08x}");
    let card = |n: usize| format!("custom.card:crm:card{}", n / 3);
    (from..to).map(|n| link(&openid(n), &card(n), "import.crm")).collect()
}

/// Builds beside an (unused) database.
fn build(place: &Db, args: &[&str], stdin: &str) -> Ran {
    let dir = text_of(&place.beside("built"));
    run(&[&["build", "--db", &dir, "--now", NOW], args].concat(), stdin)
}

fn dump(dir: &str) -> Vec<String> {
    let commands: [&[&str]; 3] = [&["dump", "entities"], &["dump", "edges"], &["dump", "facts"]];
    let dumped =
        commands.iter().map(|command| run(&[command, &["--db", dir][..]].concat(), "").exits(0).stdout);
    dumped.collect()
}

#[test]
fn a_build_of_several_files_is_the_import_of_all_their_lines() {
    let db = Db::new();
    let (one, two) = (lines(0, 400).join("\n"), lines(397, 800).join("\n"));
    let (one, two) = (db.file("one", one), db.file("two", two));
    for file in [&one, &two] {
        db.run(&["import", file, "--batch", "b", "--commit-every", "1000000"]).exits(0);
    }
    let counts = build(&db, &[&one, &two, "--batch", "b", "--memory", "1", "--json"], "").exits(0).json();
    assert_eq!(counts, json!({"facts": 803, "new": 800, "already_known": 3, "refused": 0, "errors": 0}));
    let built = text_of(&db.beside("built"));
    assert_eq!(dump(&built), dump(&text_of(&db.path())));
    run(&["verify", "--db", &built], "").exits(0);
    run(&["check", "--db", &built], "").exits(0);
}

#[test]
fn a_wrong_line_ends_the_build_though_the_pipe_stays_open() {
    let db = Db::new();
    let dir = text_of(&db.beside("built"));
    let mut child = Command::new(env!("CARGO_BIN_EXE_idweave"))
        .args(["build", "--db", &dir, "--now", NOW, "-"])
        .stdin(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut pipe = child.stdin.take().unwrap();
    pipe.write_all(b"no fact\n").unwrap();
    pipe.flush().unwrap();
    assert!(!child.wait().unwrap().success());
    drop(pipe);
}

#[test]
fn stdin_can_be_built_from() {
    let db = Db::new();
    let ran = build(&db, &["-"], &lines(0, 3).join("\n")).exits(0);
    assert_eq!(ran.stdout, "3 facts: 3 new, 0 already known, 0 refused; 0 wrong lines\n");
    assert!(ran.stderr.is_empty(), "no bar without a terminal: {ran:?}");
}

#[test]
fn a_wrong_line_stops_the_build_and_there_is_no_database() {
    let db = Db::new();
    let mut text = lines(0, 5);
    text[3] = r#"{"op":"link","a":"secretvalue"}"#.to_owned();
    let (good, bad) = (db.file("good", lines(0, 2).join("\n")), db.file("bad", text.join("\n")));
    let ran = build(&db, &[&good, &bad], "").exits(3);
    assert!(
        ran.stderr.contains(&format!("{bad}:4:18: field a: an id is written kind:scope:value")),
        "{ran:?}"
    );
    assert!(ran.stderr.contains("there is no database"), "{ran:?}");
    assert!(!ran.stderr.contains("secretvalue"), "{ran:?}");
    let built = text_of(&db.beside("built"));
    run(&["stats", "--db", &built], "").exits(5);
    build(&db, &[&good], "").exits(0);
}

#[test]
fn skip_costs_the_wrong_lines_only_and_keeps_them_with_their_reasons() {
    let db = Db::new();
    let mut text = lines(0, 5);
    text[1] = "nonsense".to_owned();
    text[2] = text[2].replace("1748000000000", "1748000000");
    let rejects = text_of(&db.beside("rejects"));
    let args = ["-", "--on-error", "skip", "--rejects", &rejects, "--json"];
    let counts = build(&db, &args, &text.join("\n")).exits(3).json();
    assert_eq!(counts, json!({"facts": 4, "new": 3, "already_known": 0, "refused": 1, "errors": 1}));
    let kept = std::fs::read_to_string(rejects).unwrap();
    let kept: Vec<serde_json::Value> = kept.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(kept.iter().map(|line| line["line"].as_u64().unwrap()).collect::<Vec<_>>(), [2, 3]);
    assert_eq!(kept[0]["text"], "nonsense");
}

#[test]
fn a_file_that_cannot_be_read_and_a_database_that_is_there_are_errors() {
    let db = Db::new();
    let ran = build(&db, &["/nowhere/at/all"], "").exits(5);
    assert!(ran.stderr.contains("could not open /nowhere/at/all"), "{ran:?}");
    let ran = db.run(&["build", "/nowhere/at/all"]).exits(5);
    assert!(!ran.stderr.contains("nowhere"), "the database is refused before any file is read: {ran:?}");
}
