//! `analyze` and `compare`, and the worked example of docs/ANALYTICS.md.

use serde_json::json;

use crate::cli::support::{Db, Ran, run, text_of};

const DOCUMENT: &str = include_str!("../../../docs/ANALYTICS.md");
const EXAMPLE: &str = include_str!("../../../testdata/analytics/example.ndjson");
const LATER: &str = include_str!("../../../testdata/analytics/later.ndjson");

/// Two snapshots of the example: of its first day, and of its second.
fn example() -> (Db, String, String) {
    let db = Db::new();
    let (before, after) = (text_of(&db.beside("before.snapshot")), text_of(&db.beside("after.snapshot")));
    let path = text_of(&db.path());
    let tell = |facts: &str, now: &str, snapshot: &str| {
        run(&["import", "-", "--db", &path, "--now", now], facts).exits(0);
        run(&["snapshot", snapshot, "--db", &path, "--now", now], "").exits(0);
    };
    tell(EXAMPLE, "2025-03-10T12:00:00+08:00", &before);
    tell(LATER, "2025-03-21T12:00:00+08:00", &after);
    (db, before, after)
}

fn asked(args: &[&str]) -> Ran {
    run(&[args, &["--now", "2025-03-10T12:00:00+08:00"]].concat(), "").exits(0)
}

#[test]
fn the_document_shows_what_the_tool_prints() {
    let (_db, before, after) = example();
    let mut missing = Vec::new();
    let measures = [
        "coverage",
        "reach",
        "funnel",
        "growth",
        "sizes",
        "degrees",
        "edges",
        "hubs",
        "weak-joints",
        "suspects",
        "contacts",
        "followers",
    ];
    for measure in measures {
        missing.push((
            format!("analyze before.snapshot {measure}"),
            asked(&["analyze", &before, measure]).stdout,
        ));
    }
    missing.push((
        "compare before.snapshot after.snapshot".to_owned(),
        asked(&["compare", &before, &after]).stdout,
    ));
    missing.retain(|(command, printed)| !DOCUMENT.contains(&format!("$ idweave {command}\n{printed}```")));
    let told: String = missing
        .iter()
        .map(|(command, printed)| format!("```text\n$ idweave {command}\n{printed}```\n\n"))
        .collect();
    assert!(missing.is_empty(), "docs/ANALYTICS.md does not show:\n{told}");
}

#[test]
fn a_snapshot_and_its_database_are_measured_alike_in_every_way_of_asking() {
    let (db, _, after) = example();
    let path = text_of(&db.path());
    let of_snapshot = asked(&["analyze", &after, "--json"]).json();
    for place in [["--db", path.as_str()], ["--snapshot", &after], ["--db", &after]] {
        for threads in ["1", "3"] {
            let found = asked(&[&["analyze", "--json", "--threads", threads], &place[..]].concat()).json();
            assert_eq!(found, of_snapshot, "{place:?}");
        }
    }
    assert_eq!(of_snapshot["funnel"]["all"]["entities"], json!(7));
    let one = asked(&["analyze", &after, "reach", "--json"]).json();
    assert_eq!(one["reach"], of_snapshot["reach"]);
    assert!(one.get("coverage").is_none(), "what was not asked for is not there");
    let changed = asked(&["compare", &path, "--snapshot", &after, "--json"]).json();
    assert_eq!((&changed["ids_new"], &changed["born"], &changed["split"]), (&json!(0), &json!(0), &json!(0)));
}

#[test]
fn a_wrong_question_is_told_so() {
    let (db, before, _) = example();
    let path = text_of(&db.path());
    let misspelt = run(&["analyze", "--db", &path, "reach", "covrage"], "").exits(2);
    assert!(misspelt.stderr.contains("coverage, reach"), "{misspelt:?}");
    run(&["analyze", &before, "--db", &path], "").exits(2);
    run(&["analyze"], "").exits(2);
    run(&["analyze", &before, "--as-of", "1"], "").exits(2);
    run(&["compare", &before], "").exits(2);
}
