//! Checkpoints, snapshots, backups: `checkpoint`, `snapshot`, `restore`, `verify`, and every answer from a snapshot.

use std::fs;
use std::path::{Path, PathBuf};

use idweave::Graph;
use serde_json::{Value, json};

use crate::cli::support::{Db, EXTERNAL, NOW, OPENID, Ran, UNIONID, USERID, link, run, text_of};

const OTHER: &str = "openid:wx00000000000000a1:oB2bcdefgh";

/// A customer of an employee, and a stranger who cannot be him.
fn shop() -> Db {
    let follows = format!(
        r#"{{"op":"relate","kind":"follows","from":"{USERID}","to":"{EXTERNAL}","source":"work.contact_get","at":1748000000000}}"#
    );
    Db::with(&[
        &link(OPENID, UNIONID, "mini.code2session"),
        &link(EXTERNAL, UNIONID, "work.contact_get"),
        &link(OTHER, UNIONID, "import.crm"),
        &follows,
    ])
}

/// Its snapshot, written beside it.
fn snapshot_of(db: &Db) -> String {
    let file = text_of(&db.beside("snapshot"));
    db.run(&["snapshot", &file]).exits(0);
    file
}

/// A file's length in bytes.
fn len(path: impl AsRef<Path>) -> u64 {
    fs::metadata(path).unwrap().len()
}

/// The segments of a database; none before its first checkpoint.
fn segments(dir: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(dir.join("segments")).into_iter().flatten().map(|file| file.unwrap().path());
    files.filter(|path| path.extension().is_some_and(|e| e == "seg")).collect()
}

/// What was asked and printed, without what differs from run to run: the place, and lengths of files.
fn transcript(db: &Db, commands: &[&[&str]]) -> String {
    let mut text = String::new();
    for args in commands {
        let ran = run(args, "").exits(0);
        assert!(ran.stderr.is_empty(), "{ran:?}");
        text.push_str(&format!("$ {}\n{}", args.join(" "), ran.stdout));
    }
    without_lengths(&text.replace(&text_of(&db.beside("")), ""))
}

/// Puts LEN in place of numbers of bytes, except 0.
fn without_lengths(text: &str) -> String {
    let mut shown = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, number) = rest.split_at(at);
        let end = number.find(|c: char| !c.is_ascii_digit()).unwrap_or(number.len());
        let (number, after) = number.split_at(end);
        shown.push_str(before);
        let is_length = after.starts_with(" byte") || shown.ends_with("bytes\":");
        shown.push_str(if is_length && number != "0" { "LEN" } else { number });
        rest = after;
    }
    shown + rest
}

/// The values of the ids of these facts, which no error may repeat.
fn assert_names_nobody(ran: &Ran) {
    for id in [OPENID, OTHER, UNIONID, EXTERNAL, USERID] {
        let value = id.rsplit(':').next().unwrap();
        assert!(!ran.stderr.contains(value), "{ran:?}");
    }
}

/// Runs each question on a database or a snapshot, and on another: every answer is the same.
fn assert_answer_alike(questions: &[Vec<String>], one: [&str; 2], other: [&str; 2]) {
    let ask = |question: &[String], place: [&str; 2]| {
        let args: Vec<&str> =
            question.iter().map(String::as_str).chain(place).chain(["--now", NOW]).collect();
        run(&args, "")
    };
    for question in questions {
        let (ran, again) = (ask(question, one), ask(question, other));
        assert!(ran.code == 0 || ran.code == 1, "{question:?}: {ran:?}");
        assert_eq!((ran.code, ran.stdout), (again.code, again.stdout), "{question:?}");
        assert_eq!((ran.stderr, again.stderr), (String::new(), String::new()), "{question:?}");
    }
}

/// Every command that reads, for people and as JSON, about some ids, views and spaces of a database.
fn questions(db: &Db, path: &str) -> Vec<Vec<String>> {
    let entities = run(&["dump", "entities", "--db", path], "").exits(0).json_lines();
    let ids = entities.iter().flat_map(|entity| entity["ids"].as_array().unwrap());
    let ids: Vec<String> = ids.map(|id| id.as_str().unwrap().to_owned()).collect();
    let stats = run(&["stats", "--db", path, "--json"], "").exits(0).json();
    let spaces: Vec<String> = stats["ids_by_space"].as_object().unwrap().keys().cloned().collect();
    let views = spaces.iter().filter_map(|space| space.strip_prefix("external_userid:"));
    let views: Vec<&str> = views.collect();
    let batch = db.file("ids", ids.join("\n"));

    let mut asked: Vec<Vec<String>> = Vec::new();
    let mut ask = |args: &[&str]| {
        let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
        asked.push([args.clone(), vec!["--json".to_owned()]].concat());
        asked.push(args);
    };
    for id in ids.iter().step_by(5).map(String::as_str).chain(["openid:wx00000000000000a1:nobody"]) {
        for verb in ["resolve", "person", "suggestions"] {
            ask(&[verb, id]);
        }
        for verb in ["same", "explain"] {
            ask(&[verb, &ids[0], id]);
        }
        for view in &views {
            ask(&["contacts-of", id, "--view", view]);
        }
    }
    for space in &spaces {
        ask(&["translate", "--to", space, "--batch", &batch]);
    }
    ask(&["translate", &ids[0], "--to", "unionid:wxfdab2cd51a3bf069"]);
    for what in ["entities", "edges", "facts"] {
        ask(&["dump", what]);
    }
    ask(&["stats"]);
    asked.push(["explain", &ids[0], &ids[1], "--dot"].map(str::to_owned).to_vec());
    asked
}

#[test]
fn each_command_says_what_it_did() {
    let db = shop();
    let beside = |name: &str| text_of(&db.beside(name));
    let (path, file) = (text_of(&db.path()), beside("today.snapshot"));
    let mut text = transcript(
        &db,
        &[
            &["verify", "--db", &path],
            &["checkpoint", "--db", &path],
            &["checkpoint", "--db", &path],
            &["checkpoint", "--db", &path, "--json"],
        ],
    );
    for number in 2..=3 {
        let openid = format!("openid:wx00000000000000a{number}:oC3bcdefgh");
        db.run_with(&["import", "-"], &link(&openid, UNIONID, "mini.code2session")).exits(0);
        text.push_str(&transcript(&db, &[&["checkpoint", "--db", &path]]));
    }
    text.push_str(&transcript(
        &db,
        &[
            &["verify", "--db", &path],
            &["verify", "--db", &path, "--json"],
            &["verify", "--db", &path, "--fast"],
            &["snapshot", &file, "--db", &path],
            &["snapshot", &file, "--db", &path, "--force", "--json"],
            &["verify", &file],
            &["verify", &file, "--fast"],
            &["verify", &file, "--fast", "--json"],
            &["verify", "--db", &file],
            &["restore", &file, "--db", &beside("second")],
            &["restore", &file, "--db", &beside("third"), "--json"],
        ],
    ));
    insta::assert_snapshot!("segments_commands", text);
}

#[test]
fn the_lengths_they_tell_are_those_of_the_files() {
    let db = shop();
    let told = |args: &[&str], key: &str| db.run(&[args, &["--json"]].concat()).exits(0).json()[key].clone();
    let written = told(&["checkpoint"], "written_bytes");
    let [first] = segments(&db.path()).try_into().unwrap();
    assert_eq!(written, len(&first));
    // The third of alike segments brings all of them together.
    for (card, is_third) in [("custom.card:crm:1", false), ("custom.card:crm:2", true)] {
        db.run_with(&["import", "-"], &link(OTHER, card, "import.crm")).exits(0);
        let merged = told(&["checkpoint"], "merged_bytes");
        let newest = segments(&db.path()).into_iter().max().unwrap();
        assert_eq!(merged, if is_third { len(newest) } else { 0 });
    }
    let [merged] = segments(&db.path()).try_into().unwrap();
    assert_ne!(first, merged);
    assert_eq!(told(&["verify"], "bytes"), len(&merged));

    let file = text_of(&db.beside("snapshot"));
    assert_eq!(told(&["snapshot", &file], "bytes"), len(&file));
    assert_eq!(run(&["verify", &file, "--json"], "").exits(0).json()["bytes"], len(&file));
    let dir = db.beside("restored");
    let restored = run(&["restore", &file, "--db", &text_of(&dir), "--json"], "").exits(0).json();
    let [only] = segments(&dir).try_into().unwrap();
    assert_eq!(restored, json!({"seq": 3, "bytes": len(only)}));
}

#[test]
fn a_snapshot_answers_every_question_as_its_database_does() {
    let place = Db::new();
    let db = text_of(&place.beside("demo"));
    run(&["demo", "--db", &db], "").exits(0);
    let questions = questions(&place, &db);
    // From the journal: nothing has been checkpointed yet.
    let journal = text_of(&place.beside("journal"));
    run(&["demo", "--db", &journal], "").exits(0);
    let file = text_of(&place.beside("snapshot"));
    run(&["snapshot", &file, "--db", &db], "").exits(0);
    assert!(segments(Path::new(&journal)).is_empty() && !segments(Path::new(&db)).is_empty());
    assert_answer_alike(&questions, ["--db", &journal], ["--snapshot", &file]);
    assert_answer_alike(&questions, ["--db", &db], ["--db", &file]);
}

#[test]
fn a_snapshot_is_read_while_its_database_is_in_use_and_after_it_is_gone() {
    let db = shop();
    let file = snapshot_of(&db);
    let dump = db.run(&["dump", "facts"]).exits(0).stdout;
    let in_use = Graph::open(db.path()).unwrap();
    assert_eq!(db.run(&["dump", "facts"]).exits(0).stdout, dump);
    assert_eq!(run(&["dump", "facts", "--snapshot", &file], "").exits(0).stdout, dump);
    run(&["verify", &file], "").exits(0);
    drop(in_use);
    fs::remove_dir_all(db.path()).unwrap();
    assert_eq!(run(&["dump", "facts", "--snapshot", &file], "").exits(0).stdout, dump);
}

#[test]
fn a_snapshot_shows_its_own_commit_whatever_comes_later() {
    let db = shop();
    let file = snapshot_of(&db);
    let before = run(&["dump", "entities", "--snapshot", &file], "").exits(0).stdout;
    db.run_with(&["import", "-"], &link(OTHER, "custom.card:crm:1", "import.crm")).exits(0);
    db.run(&["checkpoint"]).exits(0);
    assert_eq!(run(&["dump", "entities", "--snapshot", &file], "").exits(0).stdout, before);
    assert_ne!(db.run(&["dump", "entities"]).exits(0).stdout, before);
}

#[test]
fn a_snapshot_replaces_a_file_only_if_asked_to() {
    let db = shop();
    let file = db.file("taken", "somebody's");
    let ran = db.run(&["snapshot", &file]).exits(5);
    assert!(ran.stderr.contains("it exists already (--force replaces it)"), "{ran:?}");
    assert_eq!(fs::read(&file).unwrap(), b"somebody's");
    assert!(segments(&db.path()).is_empty(), "refused before anything is written");
    db.run(&["snapshot", &file, "--force"]).exits(0);
    run(&["verify", &file], "").exits(0);
}

#[test]
fn a_snapshot_that_fails_leaves_what_was_there() {
    let db = shop();
    let dir = db.beside("dir");
    fs::create_dir(&dir).unwrap();
    db.run(&["snapshot", &text_of(&dir), "--force"]).exits(5);
    db.run(&["snapshot", &text_of(&db.beside("none/snapshot"))]).exits(5);
    // Among the files of the database it could take the place of one.
    for name in ["MANIFEST", "today", "segments/today", "../db/today"] {
        let ran = db.run(&["snapshot", &text_of(&db.path().join(name)), "--force"]).exits(2);
        assert!(ran.stderr.contains("outside the database's directory"), "{ran:?}");
    }
    let mut names: Vec<_> =
        fs::read_dir(db.beside("")).unwrap().map(|file| file.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["db", "dir"]);
    assert!(fs::read_dir(dir).unwrap().next().is_none());
    db.run(&["check"]).exits(0);
}

#[test]
fn a_restored_database_is_the_one_of_the_snapshot_and_goes_on() {
    let erase =
        format!(r#"{{"op":"erase","id":"{OTHER}","reach":"id","reason":"asked","at":1748000000000}}"#);
    let db = shop();
    db.run_with(&["import", "-"], &erase).exits(0);
    let file = snapshot_of(&db);
    let dir = text_of(&db.beside("restored"));
    run(&["restore", &file, "--db", &dir], "").exits(0);
    for what in ["entities", "edges", "facts"] {
        let dump = run(&["dump", what, "--db", &dir], "").exits(0).stdout;
        assert_eq!(dump, db.run(&["dump", what]).exits(0).stdout, "{what}");
    }
    assert_eq!(run(&["check", "--db", &dir, "--json"], "").exits(0).json()["seq"], 2);

    // What was erased stays out, what is new comes in.
    let import = |fact: &str| run(&["import", "-", "--db", &dir, "--now", NOW], fact);
    assert!(import(&link(OTHER, UNIONID, "import.crm")).exits(3).stderr.contains("erased"));
    import(&link(OPENID, "custom.card:crm:1", "import.crm")).exits(0);
    assert_eq!(run(&["check", "--db", &dir, "--json"], "").exits(0).json()["seq"], 3);
}

#[test]
fn restore_touches_no_directory_that_holds_something() {
    let db = shop();
    let file = snapshot_of(&db);
    let before = db.run(&["dump", "facts"]).stdout;
    let ran = db.run(&["restore", &file]).exits(5);
    assert!(ran.stderr.contains("already holds a database or other files"), "{ran:?}");
    assert_eq!(db.run(&["dump", "facts"]).exits(0).stdout, before);

    let other = db.beside("other");
    fs::create_dir(&other).unwrap();
    fs::write(other.join("letter"), "dear").unwrap();
    run(&["restore", &file, "--db", &text_of(&other)], "").exits(5);
    assert_eq!(fs::read_dir(&other).unwrap().count(), 1);
    fs::remove_file(other.join("letter")).unwrap();
    run(&["restore", &file, "--db", &text_of(&other)], "").exits(0);
}

#[test]
fn a_flipped_bit_is_found_wherever_it_is() {
    let db = shop();
    let file = snapshot_of(&db);
    let dump = run(&["dump", "facts", "--snapshot", &file], "").exits(0).stdout;
    let good = fs::read(&file).unwrap();
    for at in (0..good.len()).step_by(13) {
        let mut bytes = good.clone();
        bytes[at] ^= 1 << (at % 8);
        let bad = db.file("bad", bytes);
        let ran = run(&["verify", &bad], "").exits(4);
        assert!(ran.stderr.contains(&format!("{bad} is damaged at byte")), "{at}: {ran:?}");
        assert!(ran.stdout.is_empty(), "{at}: {ran:?}");
        assert_names_nobody(&ran);
        // Who only reads either comes by the damage, or is answered rightly.
        let ran = run(&["dump", "facts", "--snapshot", &bad], "");
        assert!(ran.code == 4 || (ran.code == 0 && ran.stdout == dump), "{at}: {ran:?}");
        assert_names_nobody(&ran);
    }
    let mut bytes = good;
    bytes[40] ^= 1;
    let bad = db.file("bad", bytes);
    let dir = db.beside("restored");
    run(&["restore", &bad, "--db", &text_of(&dir)], "").exits(4);
    assert!(!dir.exists(), "a damaged snapshot makes no database");
}

#[test]
fn a_flipped_bit_of_a_segment_is_found() {
    let db = shop();
    db.run(&["checkpoint"]).exits(0);
    let [segment] = segments(&db.path()).try_into().unwrap();
    let mut bytes = fs::read(&segment).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(&segment, bytes).unwrap();
    let ran = db.run(&["verify"]).exits(4);
    assert!(ran.stderr.contains(&format!("{} is damaged at byte", text_of(&segment))), "{ran:?}");
    assert_names_nobody(&ran);
}

#[test]
fn a_snapshot_that_is_cut_short_or_none_at_all_is_damaged() {
    let db = shop();
    let file = snapshot_of(&db);
    let good = fs::read(&file).unwrap();
    let cuts = (0..good.len()).step_by(97).chain([good.len() - 1]);
    let others = [b"{\"op\":\"link\"}\n".repeat(100), [good.as_slice(), b"\0"].concat()];
    for bytes in cuts.map(|cut| good[..cut].to_vec()).chain(others) {
        let bad = db.file("bad", bytes);
        for args in [&["verify", &bad][..], &["verify", &bad, "--fast"], &["stats", "--snapshot", &bad]] {
            let ran = run(args, "").exits(4);
            assert!(ran.stderr.contains("is damaged at byte") && ran.stdout.is_empty(), "{ran:?}");
        }
        run(&["restore", &bad, "--db", &text_of(&db.beside("restored"))], "").exits(4);
    }
}

#[test]
fn a_part_of_a_database_is_no_snapshot_unless_it_is_whole() {
    let db = shop();
    // Many facts below a few: the few become a segment of their own.
    let card = |n: usize| {
        link(&format!("custom.card:crm:c{n}"), &format!("custom.owner:crm:o{}", n / 2), "import.crm")
    };
    db.run_with(&["import", "-"], &(0..2_000).map(card).collect::<Vec<_>>().join("\n")).exits(0);
    db.run(&["checkpoint"]).exits(0);
    db.run_with(&["import", "-"], &link(OPENID, "custom.card:crm:x", "import.crm")).exits(0);
    assert_eq!(db.run(&["checkpoint", "--json"]).exits(0).json()["segments"], 2);
    assert_eq!(db.run(&["verify", "--json"]).exits(0).json()["segments"], 2);
    let upper = segments(&db.path()).into_iter().min_by_key(|path| len(path)).unwrap();
    let ran = run(&["stats", "--snapshot", &text_of(&upper)], "").exits(4);
    assert!(ran.stderr.contains("a part of a database is no snapshot"), "{ran:?}");
}

#[test]
fn a_snapshot_that_is_not_there_exits_5_and_a_directory_is_none() {
    let db = shop();
    let none = text_of(&db.beside("none"));
    for args in
        [&["verify", &none][..], &["stats", "--snapshot", &none], &["restore", &none, "--db", "never"]]
    {
        let ran = run(args, "").exits(5);
        assert!(ran.stderr.contains(&format!("could not open {none}")), "{ran:?}");
    }
    assert!(run(&["stats", "--db", &none], "").exits(5).stderr.contains("holds no database"));
    let dir = text_of(&db.path());
    for args in [&["verify", &dir][..], &["stats", "--snapshot", &dir], &["restore", &dir, "--db", &none]] {
        let ran = run(args, "").exits(2);
        assert!(ran.stderr.contains("a snapshot is a file"), "{ran:?}");
    }
}

#[test]
fn a_command_takes_a_database_or_a_snapshot_and_not_both() {
    let db = shop();
    let (dir, file) = (text_of(&db.path()), snapshot_of(&db));
    let to = "unionid:wx00000000000000f0";
    for args in [
        &["resolve", OPENID][..],
        &["translate", OPENID, "--to", to],
        &["translate", "--batch", "-", "--to", to],
        &["same", OPENID, OTHER],
        &["explain", OPENID, OTHER],
        &["person", OPENID],
        &["suggestions", OPENID],
        &["contacts-of", OPENID, "--view", "ww00000000000000c0"],
        &["dump", "facts"],
        &["stats"],
        &["verify"],
    ] {
        let both = [&["--db", &dir][..], args, &["--snapshot", &file]].concat();
        let ran = run(&both, "").exits(2);
        assert!(ran.stderr.contains("--db DIR or --snapshot FILE, not both"), "{ran:?}");
        let ran = run(args, "").exits(2);
        assert!(ran.stderr.contains("--db DIR (or --snapshot FILE"), "{ran:?}");
        assert_names_nobody(&ran);
    }
    for more in [["--db", &dir], ["--snapshot", &file]] {
        assert!(run(&[&["verify", &file], &more[..]].concat(), "").exits(2).stderr.contains("one thing"));
    }
}

#[test]
fn what_writes_or_checks_needs_a_database_and_says_so() {
    let db = shop();
    let file = snapshot_of(&db);
    let before = fs::read(&file).unwrap();
    let (other, body) = (text_of(&db.beside("other")), "{}");
    for args in [
        &["check"][..],
        &["checkpoint"],
        &["init"],
        &["demo"],
        &["import", "-"],
        &["ingest", "--from", "mini.code2session", "--appid", "wx00000000000000a1", "-"],
        &["snapshot", &other],
        &["restore", &file],
    ] {
        for place in [["--snapshot", &file], ["--db", &file]] {
            let ran = run(&[args, &place, &["--now", NOW]].concat(), body).exits(2);
            assert!(ran.stderr.contains("this command needs a database: --db DIR"), "{args:?}: {ran:?}");
        }
    }
    assert_eq!(fs::read(&file).unwrap(), before);
    assert!(!Path::new(&other).exists());
}

#[test]
fn an_empty_database_has_a_snapshot_too() {
    let db = Db::new();
    let file = snapshot_of(&db);
    let stats = run(&["stats", "--snapshot", &file, "--json"], "").exits(0);
    assert_eq!(stats.stdout, db.run(&["stats", "--json"]).exits(0).stdout);
    assert_eq!(stats.json()["recorded_at"], Value::Null);
    run(&["resolve", OPENID, "--snapshot", &file], "").exits(1);
    assert_eq!(run(&["dump", "facts", "--snapshot", &file], "").exits(0).stdout, "");
    assert_eq!(run(&["verify", &file, "--json"], "").exits(0).json()["seq"], 0);

    let dir = text_of(&db.beside("restored"));
    run(&["restore", &file, "--db", &dir], "").exits(0);
    run(&["import", "-", "--db", &dir, "--now", NOW], &link(OPENID, UNIONID, "import.crm")).exits(0);
    assert_eq!(run(&["check", "--db", &dir, "--json"], "").exits(0).json()["seq"], 1);
    run(&["same", OPENID, UNIONID, "--db", &dir], "").exits(0);
}
