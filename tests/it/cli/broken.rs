//! Places and disks that refuse: no database, a locked one, a damaged one, a full disk, a closed pipe.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::cli::support::{Db, OPENID, UNIONID, link, run, text_of};

fn journal(db: &Db) -> PathBuf {
    let mut logs: Vec<PathBuf> = std::fs::read_dir(db.path().join("journal"))
        .unwrap()
        .map(|f| f.unwrap().path())
        .filter(|p| p.extension().is_some_and(|e| e == "log"))
        .collect();
    logs.sort();
    logs.pop().unwrap()
}

#[test]
fn no_database_there_exits_5_and_says_how_to_make_one() {
    let db = Db::new();
    let ran = run(&["stats", "--db", &text_of(&db.beside("none"))], "").exits(5);
    assert!(ran.stderr.contains("create one with `init`"), "{ran:?}");
    db.run(&["init"]).exits(5);
    let missing = db.run(&["import", "/no/such/file"]).exits(5);
    assert!(missing.stderr.contains("could not open /no/such/file"), "{missing:?}");
}

#[test]
fn a_database_in_use_is_read_all_the_same_and_written_by_nobody_else() {
    let db = Db::new();
    let mut child = Command::new(env!("CARGO_BIN_EXE_idweave"))
        .args(["import", "-", "--ack", "--commit-every", "1", "--db", &text_of(&db.path())])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    writeln!(stdin, "{}", link(OPENID, UNIONID, "import.crm")).unwrap();
    // The acknowledgement shows that it holds the database.
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert_eq!(lines.next().unwrap().unwrap(), r#"{"line":1,"seq":1}"#);
    let ran = db.run(&["resolve", OPENID]).exits(0);
    assert!(ran.stdout.contains(UNIONID), "{ran:?}");
    for writing in ["check", "checkpoint"] {
        let ran = db.run(&[writing]).exits(5);
        assert!(ran.stderr.contains("in use by another process"), "{ran:?}");
    }
    drop(stdin);
    assert!(child.wait().unwrap().success());
    db.run(&["resolve", OPENID]).exits(0);
}

#[test]
fn a_damaged_journal_exits_4_with_file_and_offset() {
    let db = Db::with(&[&link(OPENID, UNIONID, "import.crm")]);
    let log = journal(&db);
    let mut bytes = std::fs::read(&log).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    std::fs::write(&log, bytes).unwrap();
    let ran = db.run(&["check"]).exits(4);
    assert!(ran.stderr.contains(&text_of(&log)) && ran.stderr.contains("is damaged at byte"), "{ran:?}");
}

#[test]
fn a_cut_tail_is_told_once_and_the_rest_is_answered() {
    let db = Db::new();
    let mut child = Command::new(env!("CARGO_BIN_EXE_idweave"))
        .args(["import", "-", "--ack", "--commit-every", "1", "--db", &text_of(&db.path())])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    for openid in [OPENID, "openid:wx00000000000000a2:oB2bcdefgh"] {
        writeln!(stdin, "{}", link(openid, UNIONID, "import.crm")).unwrap();
        lines.next().unwrap().unwrap();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let log = std::fs::OpenOptions::new().write(true).open(journal(&db)).unwrap();
    log.set_len(log.metadata().unwrap().len() - 3).unwrap();

    let ran = db.run(&["stats", "--json"]).exits(0);
    assert!(ran.stderr.contains("commits from 2 on are gone"), "{ran:?}");
    assert_eq!(ran.json()["evidence"], 1);
    assert!(db.run(&["check"]).exits(0).stderr.is_empty());
}

/// A full disk, as near as a test gets without a disk of its own: the system refuses to let the journal grow.
#[cfg(unix)]
#[test]
fn a_full_disk_is_an_error_and_what_was_acknowledged_is_kept() {
    let db = Db::new();
    let many: Vec<String> = (0..4_000)
        .map(|n| link(&format!("openid:wx00000000000000a1:o{n:08}x"), UNIONID, "import.crm"))
        .collect();
    let file = db.file("facts", many.join("\n"));
    let command = "ulimit -f 64; exec \"$0\" import \"$1\" --ack --commit-every 100 --db \"$2\"";
    let output = Command::new("sh")
        .args(["-c", command, env!("CARGO_BIN_EXE_idweave"), &file, &text_of(&db.path())])
        .output()
        .unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(5), "{stderr}");
    assert!(stderr.contains("make room") && stderr.contains("committed: lines 1 to"), "{stderr}");
    let stdout = String::from_utf8(output.stdout).unwrap();
    let acks = stdout.lines().filter(|line| line.contains("\"seq\"")).count();
    assert!(acks > 0 && acks < 40, "{stdout}");

    // There is room again.
    assert_eq!(db.run(&["stats", "--json"]).exits(0).json()["evidence"], acks * 100);
    db.run(&["check"]).exits(0);
    db.run(&["import", &file]).exits(0);
    assert_eq!(db.run(&["stats", "--json"]).exits(0).json()["evidence"], 4_000);
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let db = Db::new();
    let many: Vec<String> = (0..4_000)
        .map(|n| link(&format!("openid:wx00000000000000a1:o{n:08}x"), UNIONID, "import.crm"))
        .collect();
    db.run_with(&["import", "-"], &many.join("\n")).exits(0);
    let mut child = Command::new(env!("CARGO_BIN_EXE_idweave"))
        .args(["dump", "facts", "--db", &text_of(&db.path())])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = [0; 100];
    child.stdout.take().unwrap().read_exact(&mut first).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn help_names_the_exit_codes() {
    let ran = run(&["--help"], "").exits(0);
    for code in ["0  yes", "1  a lawful no", "2  a wrong", "3  bad input", "4  the database", "5  the system"]
    {
        assert!(ran.stdout.contains(code), "{code}: {}", ran.stdout);
    }
}
