//! How files are shaped: their first line, their length, the length of their functions, what a map holds.

use std::path::Path;

use crate::architecture::code::{beyond_a_map, functions, paths};
use crate::architecture::sources::{Source, none, sources};

/// Lines of a file of the crate before its tests.
const FILE_LINES_MAX: usize = 500;
/// Lines of a function of the crate.
const FUNCTION_LINES_MAX: usize = 70;
/// Names that say nothing of what a module owns.
const EMPTY_NAMES: &[&str] =
    &["util", "utils", "common", "helper", "helpers", "manager", "core", "prelude", "misc", "types"];

fn of_crate(sources: &[Source]) -> impl Iterator<Item = &Source> {
    sources.iter().filter(|source| source.path.starts_with("src/"))
}

fn lines_before_tests(text: &str) -> usize {
    text.lines().take_while(|line| line.trim() != "#[cfg(test)]").count()
}

fn long_functions(source: &Source) -> Vec<String> {
    let long = functions(&source.tokens).into_iter().filter_map(|function| {
        let count = function.lines.end() - function.lines.start() + 1;
        let says = format!("{}:{}: {} has {count} lines", source.path, function.lines.start(), function.name);
        (count > FUNCTION_LINES_MAX).then_some(says)
    });
    long.collect()
}

#[test]
fn every_file_says_on_its_first_line_what_it_owns() {
    let silent = sources().into_iter().filter(|source| {
        let first = source.text.lines().next().unwrap_or_default();
        first.strip_prefix("//! ").is_none_or(|doc| doc.len() <= 10)
    });
    let found: Vec<String> = silent.map(|source| format!("{}:1", source.path)).collect();
    none("line 1 is `//!` and a sentence:", &found);
}

#[test]
fn no_file_of_the_crate_is_longer_than_500_lines_before_its_tests() {
    let sources = sources();
    let counted = of_crate(&sources).map(|source| (&source.path, lines_before_tests(&source.text)));
    let long = counted.filter(|(_, count)| *count > FILE_LINES_MAX);
    let found: Vec<String> = long.map(|(path, count)| format!("{path}: {count} lines")).collect();
    none("split by what the parts own:", &found);
}

#[test]
fn no_function_of_the_crate_is_longer_than_70_lines() {
    let sources = sources();
    let found: Vec<String> = of_crate(&sources).flat_map(long_functions).collect();
    none("name the steps:", &found);
}

#[test]
fn a_map_holds_docs_modules_and_re_exports_only() {
    let sources = sources();
    let maps = of_crate(&sources).filter(|s| s.path.ends_with("/mod.rs") || s.path == "src/lib.rs");
    let mut found = Vec::new();
    for map in maps {
        let beyond = beyond_a_map(&map.tokens).into_iter();
        let beyond = beyond.filter(|token| token.text != "extern"); // lib.rs names itself for the tests.
        found.extend(beyond.map(|token| format!("{}:{}: {}", map.path, token.line, token.text)));
    }
    none("what a map defines belongs in a file of its own:", &found);
}

#[test]
fn imports_name_what_they_take() {
    let mut found = Vec::new();
    for source in sources() {
        let globs =
            source.tokens.windows(3).filter(|w| w[0].text == "::" && w[1].text == "*" && w[2].text == ";");
        for glob in globs {
            let line = source.text.lines().nth(glob[1].line - 1).unwrap_or_default().trim().to_owned();
            let in_tests = source.is_test || source.shipped().iter().all(|token| token.line != glob[1].line);
            if !(line == "use super::*;" && in_tests) {
                found.push(format!("{}:{}: {line}", source.path, glob[1].line));
            }
        }
        let inner = source.tokens.windows(2).filter(|w| w[0].text == "::" && w[1].text == "*");
        let grouped = inner.filter(|w| {
            let line = source.text.lines().nth(w[1].line - 1).unwrap_or_default();
            line.contains("::*,") || line.contains("::*}")
        });
        found.extend(grouped.map(|w| format!("{}:{}: a glob in a group", source.path, w[1].line)));
        for (line, path) in paths(&source.tokens, "super") {
            if path.get(1).is_some_and(|next| next == "super") {
                found.push(format!("{}:{line}: super::super; write crate::MODULE", source.path));
            }
        }
    }
    none("arrows are visible to people and tools where every import is written out:", &found);
}

#[test]
fn module_names_say_what_they_own() {
    let mut found = Vec::new();
    for source in sources() {
        let parts = Path::new(&source.path).iter().filter_map(|part| part.to_str());
        let files = parts.map(|part| part.trim_end_matches(".rs").to_owned());
        let inline = source.tokens.windows(2).filter(|w| w[0].text == "mod").map(|w| w[1].text.clone());
        for name in files.chain(inline).filter(|name| EMPTY_NAMES.contains(&name.as_str())) {
            found.push(format!("{}: {name}", source.path));
        }
    }
    none("a name for everything is a name for nothing:", &found);
}

#[test]
fn what_is_too_long_is_noticed() {
    use crate::architecture::code::tokens;
    let body = "    x();\n".repeat(FUNCTION_LINES_MAX - 2);
    let source = |text: String| Source {
        path: "src/x.rs".to_owned(),
        tokens: tokens(&text),
        text,
        test_only: Vec::new(),
        is_test: false,
    };
    assert!(long_functions(&source(format!("fn fits() {{\n{body}}}\n"))).is_empty());
    let found = long_functions(&source(format!("\nfn long() {{\n{body}    \"}}\"; // }}\n}}\n")));
    assert_eq!(found, ["src/x.rs:2: long has 71 lines"]);
    assert_eq!(lines_before_tests("a\nb\n#[cfg(test)]\nmod tests {\n}\n"), 2);
}
