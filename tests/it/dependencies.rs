//! What we depend on: sources, licences, denied crates and double versions, by the policy of `.deny.toml`.
//!
//! The lock files say which crates; `cargo metadata`, offline, says their licences and who needs them.
//!
//! # Not here
//!   advisories, which need a database that is new every day: `cargo deny check advisories`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// The one source that a locked crate may have.
const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";
/// Crates that features may bring and the default features may not: heads of unmaintained trees.
const NOT_BY_DEFAULT: &[&str] = &["bincode", "fxhash", "instant", "sled"];

fn read(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// What stands in quotes behind `key =`.
fn value<'t>(line: &'t str, key: &str) -> Option<&'t str> {
    let (_, rest) = line.split_once(&format!("{key} = \""))?;
    rest.split('"').next()
}

/// An entry of a list of crates: which crates it means, and why.
#[derive(Debug)]
struct Entry {
    name: String,
    /// Below this version, or above it; any version where there is none.
    bound: Option<(char, Vec<u64>)>,
    /// Crates that may need it all the same.
    wrappers: Vec<String>,
    reason: String,
}

impl Entry {
    fn means(&self, name: &str, version: &str) -> bool {
        let within = |(side, bound): &(char, Vec<u64>)| {
            let version = numbers(version);
            if *side == '<' { version < *bound } else { version > *bound }
        };
        self.name == name && self.bound.as_ref().is_none_or(within)
    }
}

/// The parts of a version; what follows a `-` or `+` is left out.
fn numbers(version: &str) -> Vec<u64> {
    let plain = version.split(['-', '+']).next().unwrap_or_default();
    let mut parts: Vec<u64> = plain.split('.').map(|part| part.parse().unwrap()).collect();
    parts.resize(3, 0);
    parts
}

/// The lines of a list in `.deny.toml`.
fn list<'t>(policy: &'t str, name: &str) -> Vec<&'t str> {
    let lines = policy.lines().skip_while(|line| *line != format!("{name} = ["));
    let lines = lines.skip(1).take_while(|line| *line != "]").map(str::trim);
    lines.filter(|line| !line.is_empty()).collect()
}

fn entries(policy: &str, name: &str) -> Vec<Entry> {
    let entry = |line: &str| {
        let krate = value(line, "crate").unwrap_or_else(|| panic!(".deny.toml: no crate in {line}"));
        let (name, bound) = krate.split_once('@').map_or((krate, None), |(name, bound)| (name, Some(bound)));
        let bound = bound.map(|bound| {
            let side = bound.chars().next().filter(|side| "<>".contains(*side));
            (side.unwrap_or_else(|| panic!("{krate}: a bound is <VERSION or >VERSION")), numbers(&bound[1..]))
        });
        let reason = value(line, "reason").unwrap_or_default().to_owned();
        let wrappers = line.split_once("wrappers = [").and_then(|(_, rest)| rest.split(']').next());
        let wrappers =
            wrappers.unwrap_or_default().split('"').skip(1).step_by(2).map(str::to_owned).collect();
        Entry { name: name.to_owned(), bound, wrappers, reason }
    };
    list(policy, name).into_iter().map(entry).collect()
}

/// A crate of a lock file.
struct Locked {
    name: String,
    version: String,
    source: Option<String>,
    /// The names of those it needs.
    needs: Vec<String>,
}

fn locked(path: &str) -> Vec<Locked> {
    let text = read(path);
    let packages = text.split("[[package]]").skip(1);
    let field = |package: &str, key: &str| {
        let line = package.lines().find(|line| line.starts_with(&format!("{key} = ")))?;
        value(line, key).map(str::to_owned)
    };
    let needs = |package: &str| {
        let list =
            package.split_once("dependencies = [").map_or("", |(_, rest)| rest.split(']').next().unwrap());
        let names = list.split('"').skip(1).step_by(2).map(|need| need.split(' ').next().unwrap().to_owned());
        names.collect()
    };
    let locked: Vec<Locked> = packages
        .map(|package| Locked {
            name: field(package, "name").unwrap(),
            version: field(package, "version").unwrap(),
            source: field(package, "source"),
            needs: needs(package),
        })
        .collect();
    assert!(locked.len() > 5, "{path} is read");
    locked
}

/// What cargo says of the crates; of every platform if they are all here, else of this one.
fn metadata(arguments: &[&str]) -> Value {
    let run = |more: &[&str]| {
        let mut command = cargo();
        command.args(["metadata", "--locked", "--offline", "--format-version=1"]).args(arguments).args(more);
        command.output().unwrap()
    };
    let mut output = run(&[]);
    if !output.status.success() && !arguments.contains(&"--filter-platform") {
        output = run(&["--filter-platform", &host()]);
    }
    assert!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(env!("CARGO_MANIFEST_DIR"));
    command
}

fn host() -> String {
    let text = String::from_utf8(cargo().arg("-vV").output().unwrap().stdout).unwrap();
    text.lines().find_map(|line| line.strip_prefix("host: ")).unwrap().to_owned()
}

/// Whether a licence expression leaves a choice that the list allows.
fn is_allowed(expression: &str, allowed: &[&str]) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut at = 0;
    let allowed = either(&words, &mut at, allowed);
    allowed && at == words.len()
}

fn either(words: &[&str], at: &mut usize, allowed: &[&str]) -> bool {
    let mut any = both(words, at, allowed);
    while words.get(*at) == Some(&"OR") {
        *at += 1;
        any |= both(words, at, allowed);
    }
    any
}

fn both(words: &[&str], at: &mut usize, allowed: &[&str]) -> bool {
    let mut all = one(words, at, allowed);
    while words.get(*at) == Some(&"AND") {
        *at += 1;
        all &= one(words, at, allowed);
    }
    all
}

fn one(words: &[&str], at: &mut usize, allowed: &[&str]) -> bool {
    let Some(word) = words.get(*at) else { return false };
    *at += 1;
    if *word == "(" {
        let inner = either(words, at, allowed);
        *at += 1;
        return inner;
    }
    let mut licence = (*word).to_owned();
    if words.get(*at) == Some(&"WITH") {
        licence = format!("{licence} WITH {}", words.get(*at + 1).unwrap_or(&""));
        *at += 2;
    }
    allowed.contains(&licence.as_str())
}

/// The crates that the default features build and link: no dev-dependencies. Name, version.
fn built_by_default() -> BTreeSet<(String, String)> {
    let metadata = metadata(&["--filter-platform", &host()]);
    let nodes: BTreeMap<&str, &Value> = metadata["resolve"]["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|node| (node["id"].as_str().unwrap(), node))
        .collect();
    let mut reached = BTreeSet::new();
    let mut stack = vec![metadata["resolve"]["root"].as_str().unwrap()];
    while let Some(id) = stack.pop() {
        if !reached.insert(id) {
            continue;
        }
        for dependency in nodes[id]["deps"].as_array().unwrap() {
            let kinds = dependency["dep_kinds"].as_array().unwrap();
            if kinds.iter().any(|kind| kind["kind"] != "dev") {
                stack.push(dependency["pkg"].as_str().unwrap());
            }
        }
    }
    let packages = metadata["packages"].as_array().unwrap().iter();
    let built = packages.filter(|package| reached.contains(package["id"].as_str().unwrap()));
    let text = |package: &Value, key: &str| package[key].as_str().unwrap().to_owned();
    let built: BTreeSet<_> = built.map(|package| (text(package, "name"), text(package, "version"))).collect();
    assert!(built.len() > 10, "the graph is walked");
    built
}

/// The versions of each crate that has several.
fn doubles<'a>(crates: impl Iterator<Item = (&'a str, &'a str)>) -> BTreeMap<&'a str, BTreeSet<Vec<u64>>> {
    let mut versions: BTreeMap<&str, BTreeSet<Vec<u64>>> = BTreeMap::new();
    for (name, version) in crates {
        versions.entry(name).or_default().insert(numbers(version));
    }
    versions.retain(|_, versions| versions.len() > 1);
    versions
}

#[test]
fn every_crate_comes_from_the_public_registry() {
    for (path, ours) in [("Cargo.lock", &["idweave"][..]), ("fuzz/Cargo.lock", &["idweave", "idweave-fuzz"])]
    {
        let strangers = locked(path).into_iter().filter(|locked| match &locked.source {
            Some(source) => source != REGISTRY,
            None => !ours.contains(&locked.name.as_str()),
        });
        let strangers: Vec<String> = strangers.map(|locked| locked.name).collect();
        assert!(strangers.is_empty(), "{path}: not from crates.io: {strangers:?}");
    }
}

#[test]
fn no_denied_crate_is_locked() {
    let denied = entries(&read(".deny.toml"), "deny");
    assert!(denied.len() > 20 && denied.iter().all(|entry| !entry.reason.is_empty()), "each with a reason");
    for path in ["Cargo.lock", "fuzz/Cargo.lock"] {
        let all = locked(path);
        for locked in &all {
            let hit = denied.iter().find(|entry| entry.means(&locked.name, &locked.version));
            let needed_by = all.iter().filter(|other| other.needs.contains(&locked.name));
            let needed_by: Vec<&String> = needed_by.map(|other| &other.name).collect();
            // Let pass where nobody but these needs it.
            let hit = hit.filter(|entry| {
                needed_by.is_empty() || !needed_by.iter().all(|name| entry.wrappers.contains(name))
            });
            assert!(
                hit.is_none(),
                "{path}: {} {} is denied: {}",
                locked.name,
                locked.version,
                hit.unwrap().reason
            );
        }
    }
}

#[test]
fn what_is_fuzzed_is_built_of_the_same_versions() {
    let ours = locked("Cargo.lock");
    for fuzzed in locked("fuzz/Cargo.lock") {
        let mut same = ours.iter().filter(|locked| locked.name == fuzzed.name).peekable();
        let agrees = same.peek().is_none() || same.any(|locked| locked.version == fuzzed.version);
        assert!(agrees, "fuzz/Cargo.lock: {} {} is not our version", fuzzed.name, fuzzed.version);
    }
}

#[test]
fn every_licence_is_allowed() {
    let policy = read(".deny.toml");
    let allowed: Vec<&str> =
        list(&policy, "allow").iter().filter_map(|line| line.split('"').nth(1)).collect();
    assert!(allowed.contains(&"MIT"), "the list is read");
    let exceptions: Vec<(&str, &str)> = list(&policy, "exceptions")
        .into_iter()
        .map(|line| (value(line, "crate").unwrap(), line.split("allow = [\"").nth(1).unwrap()))
        .map(|(name, rest)| (name, rest.split('"').next().unwrap()))
        .collect();
    let metadata = metadata(&["--all-features"]);
    for package in metadata["packages"].as_array().unwrap() {
        let (name, licence) = (&package["name"], package["license"].as_str().unwrap_or("none stated"));
        let mine =
            exceptions.iter().filter(|(of, _)| name.as_str() == Some(*of)).map(|(_, licence)| *licence);
        let allowed: Vec<&str> = allowed.iter().copied().chain(mine).collect();
        assert!(is_allowed(licence, &allowed), "{name}: {licence} is not in the list of .deny.toml");
    }
}

#[test]
fn the_default_features_bring_no_crate_that_only_a_feature_may() {
    let built = built_by_default();
    let found: Vec<_> = built.iter().filter(|(name, _)| NOT_BY_DEFAULT.contains(&name.as_str())).collect();
    assert!(found.is_empty(), "only behind a feature: {found:?}");
}

#[test]
fn no_crate_is_there_twice_but_those_let_pass() {
    let skip = entries(&read(".deny.toml"), "skip");
    let locked = locked("Cargo.lock");
    let is_skipped = |name: &str, version: &[u64]| {
        let version = version.iter().map(u64::to_string).collect::<Vec<_>>().join(".");
        skip.iter().any(|entry| entry.means(name, &version))
    };
    let twice = doubles(locked.iter().map(|locked| (locked.name.as_str(), locked.version.as_str())));
    for (name, versions) in &twice {
        let kept = versions.iter().filter(|version| !is_skipped(name, version)).count();
        assert!(kept <= 1, "{name} is locked in several versions: {versions:?}; agree, or argue a skip");
    }
    for entry in &skip {
        assert!(twice.contains_key(entry.name.as_str()), "{} is skipped and not there twice", entry.name);
    }
    let built = built_by_default();
    let twice = doubles(built.iter().map(|(name, version)| (name.as_str(), version.as_str())));
    let known = BTreeSet::from(["foldhash", "hashbrown"]);
    let found: BTreeSet<&str> = twice.keys().copied().collect();
    assert_eq!(found, known, "what the default features link twice: {twice:?}");
}

#[test]
fn the_policy_is_read_as_it_is_meant() {
    let allowed = ["MIT", "Apache-2.0", "Unicode-3.0", "Apache-2.0 WITH LLVM-exception"];
    let yes = ["MIT", "MIT/Apache-2.0", "GPL-3.0 OR MIT", "(MIT OR GPL-3.0) AND Unicode-3.0"];
    assert!(yes.iter().all(|licence| is_allowed(licence, &allowed)));
    assert!(is_allowed("Apache-2.0 WITH LLVM-exception OR GPL-3.0", &allowed));
    let no = ["GPL-3.0", "MIT AND GPL-3.0", "none stated", "", "MIT WITH X", "(MIT OR GPL-3.0) AND GPL-2.0"];
    assert!(no.iter().all(|licence| !is_allowed(licence, &allowed)));

    let policy = "deny = [\n    { crate = \"a@<1.2\", wrappers = [\"w\", \"v\"], reason = \"x\" },\n    { crate = \"b\", reason = \"y\" },\n    \
                  { crate = \"c@>2.0.1\", reason = \"z\" },\n]\n";
    let denied = entries(policy, "deny");
    let is_denied = |name: &str, version: &str| denied.iter().any(|entry| entry.means(name, version));
    assert!(is_denied("a", "1.1.9") && !is_denied("a", "1.2.0") && !is_denied("a", "1.10.0-rc.1"));
    assert!(is_denied("b", "0.0.1") && is_denied("c", "3.0.0") && !is_denied("c", "2.0.1"));
    assert!(!is_denied("d", "1.0.0"));
    assert_eq!(denied[0].wrappers, ["w", "v"]);
    assert!(denied[1].wrappers.is_empty());
}
