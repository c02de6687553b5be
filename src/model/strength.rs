//! Strength of evidence and the strength a source has by default (design section 2).

use std::fmt;

/// How much an evidence or an edge counts, weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Strength {
    /// Suggests one person; never binds ids into one account.
    Hint,
    /// Web OAuth and the like: may be a snapshot account.
    Provisional,
    /// The company's own systems say so.
    Business,
    /// A provisional edge seen a second time. Never stated, only derived.
    Confirmed,
    /// WeChat said so.
    Platform,
    /// A person decided.
    Asserted,
}

impl Strength {
    /// Every strength, weakest first.
    pub const ALL: [Strength; 6] = [
        Strength::Hint,
        Strength::Provisional,
        Strength::Business,
        Strength::Confirmed,
        Strength::Platform,
        Strength::Asserted,
    ];

    /// The name in facts, dumps and answers.
    pub fn name(self) -> &'static str {
        match self {
            Strength::Hint => "hint",
            Strength::Provisional => "provisional",
            Strength::Business => "business",
            Strength::Confirmed => "confirmed",
            Strength::Platform => "platform",
            Strength::Asserted => "asserted",
        }
    }

    /// Parses a strength that a fact may state (so not `confirmed`).
    pub fn parse_stated(name: &str) -> Option<Strength> {
        Strength::ALL.into_iter().find(|s| s.name() == name && *s != Strength::Confirmed)
    }
}

impl fmt::Display for Strength {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The strength a source's evidence has where no rule and no telling says otherwise; first match.
pub fn default_strength(source: &str) -> Strength {
    const TABLE: [(&str, Strength); 12] = [
        ("operator.*", Strength::Asserted),
        ("phone.*", Strength::Hint),
        ("hint.*", Strength::Hint),
        ("*.web_oauth", Strength::Provisional),
        ("*.state", Strength::Provisional),
        ("mp.*", Strength::Platform),
        ("mini.*", Strength::Platform),
        ("open.*", Strength::Platform),
        ("work.*", Strength::Platform),
        ("shop.*", Strength::Platform),
        ("app.*", Strength::Platform),
        ("*", Strength::Business),
    ];
    TABLE.iter().find(|(pattern, _)| source_matches(pattern, source)).map_or(Strength::Business, |row| row.1)
}

/// Whether a source name fits a pattern: `family.*`, `*.name`, `*`, or the name itself.
pub fn source_matches(pattern: &str, source: &str) -> bool {
    if pattern == "*" {
        true
    } else if let Some(family) = pattern.strip_suffix('*') {
        source.starts_with(family)
    } else if let Some(name) = pattern.strip_prefix('*') {
        source.ends_with(name)
    } else {
        source == pattern
    }
}
