//! The layers: which module may use which. A new arrow is a line of this table, argued in its commit.

use std::collections::BTreeSet;

use crate::architecture::code::{Token, paths};
use crate::architecture::sources::{Source, none, sources};

/// A module, what it may import, and why no more and no less.
type Layer = (&'static str, &'static [&'static str], &'static str);

/// Lowest first: a module imports from lines above its own only.
const LAYERS: &[Layer] = &[
    ("error", &[], "names nothing of ours, so that anyone may fail without a cycle"),
    ("model", &["error"], "values; an id that breaks a rule is an error"),
    ("vfs", &["error"], "files; knows bytes and paths, and nothing of what they mean"),
    ("kv", &["error"], "rows of bytes in a store of somebody else; knows nothing of what they mean"),
    ("observe", &[], "what is told to whoever watches, in numbers: no ids, nothing of ours"),
    ("http", &["error"], "requests in, answers out, over sockets; knows nothing of what they mean"),
    ("codec", &["error", "model"], "the bytes of single values; no files, no records"),
    ("resolve", &["model"], "pure decisions, which cannot fail: no I/O, no bytes, no state"),
    ("page", &["model", "resolve"], "markup, times and texts for people; knows nothing of what a page says"),
    (
        "feed",
        &["codec", "error", "model", "resolve", "vfs"],
        "what commits changed, in numbers, and the files it is kept in; no state and no journal",
    ),
    ("journal", &["error", "vfs"], "frames of bytes; never sees an id or a fact"),
    (
        "kvlog",
        &["error", "kv", "vfs"],
        "the journal's counterpart on a key-value store; never sees an id or a fact",
    ),
    ("records", &["model", "resolve"], "records keep what resolution said of them; values in memory only"),
    (
        "segment",
        &["codec", "error", "kv", "model", "records", "resolve", "vfs"],
        "immutable files, or rows, of records, with what resolution said of them; no state and no journal",
    ),
    (
        "store",
        &["codec", "error", "journal", "kvlog", "model", "records", "resolve", "segment", "vfs"],
        "the state, its layers and what becomes of them; a home of commits is a journal, a log of rows, or memory",
    ),
    (
        "engine",
        &["codec", "error", "feed", "model", "records", "resolve", "store"],
        "what a commit will hold (entries of codec); no files and no journal",
    ),
    (
        "analytics",
        &["engine", "error", "model", "records", "resolve", "segment", "store"],
        "counts what resolution said: reads records in the order of files, and walks as the engine's verbs do; changes nothing",
    ),
    ("wechat", &["error", "model"], "bodies in, facts out; no engine, no I/O"),
    (
        "graph",
        &[
            "analytics",
            "codec",
            "engine",
            "error",
            "feed",
            "journal",
            "kv",
            "kvlog",
            "model",
            "observe",
            "segment",
            "store",
            "vfs",
            "wechat",
        ],
        "ties a journal to an engine, what it knows to the planner, notes of bodies to the graph; decides nothing about identities",
    ),
    (
        "export",
        &["engine", "error", "model", "vfs"],
        "a graph as files of columns, read by the engine's verbs and written through the vfs; no store and no records",
    ),
    (
        "picture",
        &["engine", "error", "graph", "model", "page", "resolve"],
        "draws what the verbs answer, now and of the past; asks for nothing but that",
    ),
    (
        "report",
        &["analytics", "error", "model", "page"],
        "writes down what was measured; asks the graph for nothing",
    ),
    (
        "simulator",
        &["error", "http", "wechat"],
        "platforms of one's own: spells their fields itself, and takes the seal of callbacks only; no graph, no facts",
    ),
    (
        "sync",
        &["engine", "error", "graph", "http", "model", "observe", "vfs", "wechat"],
        "callbacks and calls: bodies to facts of a graph, which it reads by the engine's verbs; no store",
    ),
];

/// Built for fuzzing only; may use anything, and nothing uses it.
const HOOKS: &str = "fuzzing";

fn allowed(module: &str) -> Option<&'static [&'static str]> {
    LAYERS.iter().find(|(name, _, _)| *name == module).map(|(_, below, _)| *below)
}

/// What is wrong with the arrows of a file, and the modules it imports.
fn judge(path: &str, module: &str, tokens: &[Token]) -> (Vec<String>, BTreeSet<String>) {
    let (mut found, mut used) = (Vec::new(), BTreeSet::new());
    for (line, segments) in paths(tokens, "crate") {
        let head = segments[1].as_str();
        if head == module {
            continue;
        }
        if allowed(head).is_none() && head != HOOKS {
            found.push(format!("{path}:{line}: crate::{head} is no module; name the one it comes from"));
        } else if module != HOOKS && !allowed(module).is_some_and(|below| below.contains(&head)) {
            found.push(format!("{path}:{line}: {module} -> {head} is no arrow of the table"));
        } else {
            used.insert(head.to_owned());
        }
    }
    // In the topmost file of a module, `super` is the crate.
    if path.matches('/').count() == 1 || (path.matches('/').count() == 2 && path.ends_with("/mod.rs")) {
        let above = paths(tokens, "super").into_iter();
        found
            .extend(above.map(|(line, _)| format!("{path}:{line}: super is the crate; write crate::MODULE")));
    }
    (found, used)
}

fn crate_sources(sources: &[Source]) -> impl Iterator<Item = (&Source, &str)> {
    sources.iter().filter_map(|source| Some((source, source.module()?)))
}

#[test]
fn arrows_between_modules_are_those_of_the_table() {
    let sources = sources();
    let judged =
        crate_sources(&sources).map(|(source, module)| judge(&source.path, module, &source.shipped()));
    let found: Vec<String> = judged.flat_map(|(found, _)| found).collect();
    none("arrows point down, along the table of tests/it/architecture/layers.rs:", &found);
}

#[test]
fn every_arrow_of_the_table_is_used_and_points_down() {
    let sources = sources();
    let mut found = Vec::new();
    for (index, (module, below, why)) in LAYERS.iter().enumerate() {
        assert!(!why.is_empty(), "{module} is argued");
        let files: Vec<_> = crate_sources(&sources).filter(|(_, name)| name == module).collect();
        if files.is_empty() {
            found.push(format!("{module} is in the table and not in src"));
        }
        let judged = files.into_iter().map(|(source, name)| judge(&source.path, name, &source.shipped()).1);
        let used: BTreeSet<String> = judged.flatten().collect();
        for arrow in *below {
            if !LAYERS[..index].iter().any(|(lower, _, _)| lower == arrow) {
                found.push(format!("{module} -> {arrow} does not point down"));
            }
            if !used.contains(*arrow) {
                found.push(format!("{module} -> {arrow} is allowed and not used: take it out"));
            }
        }
    }
    none("the table says what is, and no more:", &found);
}

#[test]
fn every_module_has_its_layer() {
    let sources = sources();
    let modules: BTreeSet<&str> = crate_sources(&sources).map(|(_, module)| module).collect();
    let unknown = modules.into_iter().filter(|module| allowed(module).is_none() && *module != HOOKS);
    let found: Vec<String> = unknown.map(|module| format!("src/{module}")).collect();
    none("a module without a line in the table:", &found);
}

#[test]
fn a_wrong_arrow_is_noticed() {
    use crate::architecture::code::tokens;
    let wrong = |path: &str, module: &str, text: &str| judge(path, module, &tokens(text)).0;
    let upwards =
        wrong("src/model/id.rs", "model", "use crate::error::Result;\nuse crate::{codec::X, model::Y};");
    assert_eq!(upwards, ["src/model/id.rs:2: model -> codec is no arrow of the table"]);
    let inline = wrong("src/resolve/rank.rs", "resolve", "fn f() {\n let x: crate::store::Node;\n}");
    assert_eq!(inline, ["src/resolve/rank.rs:2: resolve -> store is no arrow of the table"]);
    let root = wrong("src/graph/tx.rs", "graph", "use crate::Id;");
    assert_eq!(root, ["src/graph/tx.rs:1: crate::Id is no module; name the one it comes from"]);
    let parent = wrong("src/vfs/mod.rs", "vfs", "use super::engine::Change;");
    assert_eq!(parent, ["src/vfs/mod.rs:1: super is the crate; write crate::MODULE"]);
    assert!(wrong("src/vfs/real.rs", "vfs", "use super::Vfs; // crate::engine").is_empty());
}
