//! What no file may say: unfinished marks, paths of somebody's machine, names that are not there.

use std::collections::BTreeSet;

use crate::architecture::code::functions;
use crate::architecture::sources::{Document, documents, none, root, sources};

/// Marks of unfinished work; written in two parts, for this file is read too.
const UNFINISHED: &[&str] = &[concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];
/// Code that stands for unfinished work.
const UNFINISHED_CODE: &[&str] =
    &[concat!("todo", "!"), concat!("unimplemented", "!"), concat!("dbg", "!"), concat!("#[ign", "ore")];
/// Where machines keep what is their owner's.
const MACHINE_ROOTS: &[&str] = &["work", "farm", "root", "home", "Users"];
/// Files that hold other text than ASCII, and why.
const NOT_ASCII: &[(&str, &str)] = &[
    ("testdata/", "bodies and facts as the platforms send them"),
    ("tests/data/", "facts as people write them"),
    ("README.zh-CN.md", "in Chinese"),
    ("docs/zh-CN/", "in Chinese"),
    ("src/wechat/acquire/texts/zh.txt", "in Chinese"),
    ("src/page/texts/zh.txt", "in Chinese"),
    ("src/picture/texts/zh.txt", "in Chinese"),
    ("src/report/texts/zh.txt", "in Chinese"),
    ("tests/it/snapshots/it__picture__", "signs that pictures are drawn with"),
    ("tests/it/cli/snapshots/it__cli__acquire__acquire_zh.snap", "what the tool prints in Chinese"),
    ("src/codec/ndjson/tests.rs", "Chinese values, and a mark that no line can hold"),
];

/// Whether `word` stands in `line` as a word.
fn has_word(line: &str, word: &str) -> bool {
    let is_word = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_');
    line.match_indices(word).any(|(at, _)| {
        !is_word(line[..at].chars().next_back()) && !is_word(line[at + word.len()..].chars().next())
    })
}

/// Whether a line names an absolute path below one of the roots.
fn has_machine_path(line: &str) -> bool {
    MACHINE_ROOTS.iter().any(|name| {
        let path = format!("/{name}/");
        let is_part = |c: char| c.is_ascii_alphanumeric() || "_.-/".contains(c);
        line.match_indices(&path).any(|(at, _)| !line[..at].chars().next_back().is_some_and(is_part))
    })
}

fn lines_that(documents: &[Document], says: impl Fn(&str) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    for document in documents.iter().filter(|document| !document.path.ends_with("Cargo.lock")) {
        let lines = document.text.lines().enumerate().filter(|(_, line)| says(line));
        found.extend(lines.map(|(at, line)| format!("{}:{}: {}", document.path, at + 1, line.trim())));
    }
    found
}

#[test]
fn nothing_is_left_unfinished() {
    let found = lines_that(&documents(), |line| UNFINISHED.iter().any(|mark| has_word(line, mark)));
    none("finish it, or say in a document that it is not there:", &found);
    let mut found = Vec::new();
    for source in sources() {
        for (at, token) in source.tokens.iter().enumerate() {
            let said: String = source.tokens[at..].iter().take(3).map(|token| token.text.as_str()).collect();
            if UNFINISHED_CODE.iter().any(|code| said.starts_with(code)) {
                found.push(format!("{}:{}: {said}", source.path, token.line));
            }
        }
    }
    none("finish it:", &found);
}

#[test]
fn no_file_names_a_path_of_somebodys_machine() {
    none("paths from the root of the repository, please:", &lines_that(&documents(), has_machine_path));
}

#[test]
fn text_is_ascii_except_where_it_is_data() {
    let exempt = |path: &str| NOT_ASCII.iter().any(|(place, _)| path.starts_with(place));
    let plain: Vec<Document> = documents().into_iter().filter(|document| !exempt(&document.path)).collect();
    none("an escape, or a line in NOT_ASCII:", &lines_that(&plain, |line| !line.is_ascii()));
}

/// The names in backquotes, with their lines.
fn quoted(document: &Document) -> Vec<(usize, String)> {
    let lines = document.text.lines().enumerate();
    let names = lines.flat_map(|(at, line)| {
        line.split('`').skip(1).step_by(2).map(move |name| (at + 1, name.to_owned())).collect::<Vec<_>>()
    });
    names.collect()
}

#[test]
fn documents_name_files_and_tests_that_exist() {
    let known: BTreeSet<String> =
        sources().iter().flat_map(|source| functions(&source.tokens)).map(|function| function.name).collect();
    let tops = ["src/", "tests/", "benches/", "fuzz/", "docs/", "testdata/", "examples/", ".ci/"];
    let mut found = Vec::new();
    for document in documents().into_iter().filter(|document| document.path.ends_with(".md")) {
        for (line, name) in quoted(&document) {
            let is_file = tops.iter().any(|top| name.starts_with(top)) && !name.contains([' ', '*']);
            let is_test = name.matches('_').count() >= 4
                && name.chars().all(|c| c.is_alphanumeric() || "_:".contains(c));
            let test = name.rsplit("::").next().unwrap_or_default();
            if (is_file && !root().join(&name).exists()) || (is_test && !known.contains(test)) {
                found.push(format!("{}:{line}: {name}", document.path));
            }
        }
    }
    none("a document that names what is not there misleads:", &found);
}

#[test]
fn unfinished_marks_and_machine_paths_are_noticed() {
    assert!(has_word(&format!("// {}: later", UNFINISHED[0]), UNFINISHED[0]));
    assert!(!has_word(&format!("A{}L", UNFINISHED[2]), UNFINISHED[2]));
    assert!(has_machine_path(&format!("see /{}/x", MACHINE_ROOTS[0])));
    assert!(has_machine_path(&format!("\"/{}/me\"", MACHINE_ROOTS[3])));
    assert!(!has_machine_path("https://example.com/home/x") && !has_machine_path("src/work/x"));
    let document = Document { path: String::new(), text: "a `b` c\n`d` `e`".to_owned() };
    assert_eq!(quoted(&document), [(1, "b".to_owned()), (2, "d".to_owned()), (2, "e".to_owned())]);
}
