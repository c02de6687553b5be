//! The files of the project, as the checks read them.

use std::path::{Path, PathBuf};

use crate::architecture::code::{TestOnly, Token, test_only, tokens};

/// Directories that hold what was built or found, not what was written.
const LEFT_OUT: &[&str] = &[".git", "target", "corpus", "artifacts", "coverage"];

/// A text file of the project.
pub(super) struct Document {
    /// From the root, with `/`.
    pub(super) path: String,
    pub(super) text: String,
}

/// A Rust source.
pub(super) struct Source {
    pub(super) path: String,
    pub(super) text: String,
    pub(super) tokens: Vec<Token>,
    pub(super) test_only: Vec<TestOnly>,
    /// Built for tests only, all of it.
    pub(super) is_test: bool,
}

impl Source {
    /// The tokens that are not for tests only.
    pub(super) fn shipped(&self) -> Vec<Token> {
        let is_test = |token: &&Token| {
            let line =
                |part: &TestOnly| matches!(part, TestOnly::Lines(lines) if lines.contains(&token.line));
            self.test_only.iter().any(line)
        };
        if self.is_test { Vec::new() } else { self.tokens.iter().filter(|t| !is_test(t)).cloned().collect() }
    }

    /// The module of the crate that the file belongs to: `src/NAME.rs` or `src/NAME/...`.
    pub(super) fn module(&self) -> Option<&str> {
        let inside = self.path.strip_prefix("src/").filter(|inside| *inside != "lib.rs")?;
        let name = inside.split('/').next()?;
        let name = name.strip_suffix(".rs").unwrap_or(name);
        (name != "bin").then_some(name)
    }
}

pub(super) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn walk(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if LEFT_OUT.contains(&name.as_str()) || path.join("CACHEDIR.TAG").exists() {
            continue;
        }
        if path.is_dir() {
            walk(&path, found);
        } else {
            found.push(path);
        }
    }
}

/// Every text file of the project, in order.
pub(super) fn documents() -> Vec<Document> {
    let mut paths = Vec::new();
    walk(root(), &mut paths);
    paths.sort();
    let text = |path: PathBuf| {
        let relative = path.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/");
        Some(Document { path: relative, text: std::fs::read_to_string(path).ok()? })
    };
    paths.into_iter().filter_map(text).collect()
}

/// Every Rust source of the project, in order.
pub(super) fn sources() -> Vec<Source> {
    let rust = documents().into_iter().filter(|document| document.path.ends_with(".rs"));
    let read = rust.map(|Document { path, text }| {
        let tokens = tokens(&text);
        let test_only = test_only(&tokens);
        let is_test = !path.starts_with("src/");
        Source { path, text, tokens, test_only, is_test }
    });
    let mut sources: Vec<Source> = read.collect();
    let test_places: Vec<String> = sources.iter().flat_map(test_modules).collect();
    for source in &mut sources {
        let within = |place: &String| {
            let rest = source.path.strip_prefix(place.as_str());
            rest.is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
        };
        source.is_test |= test_places.iter().any(within);
    }
    assert!(sources.len() > 100, "the sources are found");
    sources
}

/// Where the files of a source's test modules begin, without `.rs` or `/`.
fn test_modules(source: &Source) -> Vec<String> {
    let (dir, name) = source.path.rsplit_once('/').unwrap();
    let home = match name {
        "mod.rs" | "lib.rs" | "main.rs" => dir.to_owned(),
        _ => format!("{dir}/{}", name.trim_end_matches(".rs")),
    };
    let names = source.test_only.iter().filter_map(|part| match part {
        TestOnly::Module(name) => Some(format!("{home}/{name}")),
        TestOnly::Lines(_) => None,
    });
    names.collect()
}

/// Fails if anything was found, and says all of it.
#[track_caller]
pub(super) fn none(rule: &str, found: &[String]) {
    assert!(found.is_empty(), "{rule}\n  {}\n", found.join("\n  "));
}
