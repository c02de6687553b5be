//! Scopes: inside which a value is unique, and the pair of kind and scope.
//!
//! # Invariants
//!   S1 a part of a scope that is a plaintext corpid or appid is lower-cased; all else is kept.
//!   S2 a scope is 1-128 bytes of `[A-Za-z0-9_.@-]` with at most one `@`, empty only where its kind says so.

use std::fmt;
use std::str::FromStr;

use crate::error::IdRule;
use crate::model::kind::{Kind, ScopeForm};

/// Longest scope, in bytes.
const SCOPE_LEN_MAX: usize = 128;

/// A kind and a scope, written `kind:scope`: the space a value is unique in, and the target of a
/// translation. Compares and orders by its text.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct KindScope {
    text: Box<str>,
    kind: Kind,
}

impl KindScope {
    /// Checks `scope` for `kind` and brings it to key form.
    ///
    /// # Errors
    /// The rule of design section 1 that the scope breaks.
    pub fn new(kind: Kind, scope: &str) -> Result<KindScope, IdRule> {
        let scope = check_scope(&kind, scope)?;
        Ok(KindScope { text: [kind.name(), ":", &scope].concat().into(), kind })
    }

    /// The kind.
    pub fn kind(&self) -> &Kind {
        &self.kind
    }

    /// The scope in key form.
    pub fn scope(&self) -> &str {
        self.text.get(self.kind.name().len() + 1..).unwrap_or_default()
    }

    /// `kind:scope` in key form.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl FromStr for KindScope {
    type Err = IdRule;

    fn from_str(text: &str) -> Result<KindScope, IdRule> {
        let (kind, scope) = text.split_once(':').ok_or(IdRule::Shape)?;
        KindScope::new(Kind::parse(kind)?, scope)
    }
}

impl fmt::Display for KindScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for KindScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl PartialOrd for KindScope {
    fn partial_cmp(&self, other: &KindScope) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for KindScope {
    fn cmp(&self, other: &KindScope) -> std::cmp::Ordering {
        self.text.cmp(&other.text)
    }
}

/// True for `ww` or `wx` + 16 hex digits in any case: a plaintext corpid or appid.
fn is_plain_issuer(part: &str) -> bool {
    let bytes = part.as_bytes();
    bytes.len() == 18
        && matches!(bytes, [b'w' | b'W', b'w' | b'W' | b'x' | b'X', rest @ ..] if rest.iter().all(u8::is_ascii_hexdigit))
}

/// One key (an appid, a corp, an open account, a provider) in key form.
pub(crate) fn normalise_part(part: &str) -> String {
    if is_plain_issuer(part) { part.to_ascii_lowercase() } else { part.to_owned() }
}

/// Checks and normalises a key of the topology: one part of a scope, so without `@`.
pub(crate) fn normalise_key(key: &str) -> Result<String, IdRule> {
    if key.is_empty() {
        return Err(IdRule::ScopeMissing);
    }
    check_characters(key)?;
    if key.contains('@') {
        return Err(IdRule::ScopeForm);
    }
    Ok(normalise_part(key))
}

/// The parts of a scope around its `@`, if it has one.
pub(crate) fn split_scope(scope: &str) -> (&str, Option<&str>) {
    match scope.split_once('@') {
        Some((first, second)) => (first, Some(second)),
        None => (scope, None),
    }
}

fn check_characters(scope: &str) -> Result<(), IdRule> {
    if scope.len() > SCOPE_LEN_MAX {
        return Err(IdRule::ScopeTooLong);
    }
    let known = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'@' | b'-');
    if !scope.bytes().all(known) || scope.bytes().filter(|b| *b == b'@').count() > 1 {
        return Err(IdRule::ScopeCharacter);
    }
    Ok(())
}

/// Checks a scope for a kind and gives its key form (S1, S2).
fn check_scope(kind: &Kind, scope: &str) -> Result<String, IdRule> {
    check_characters(scope)?;
    let (first, second) = split_scope(scope);
    let form_holds = match (kind.scope_form(), first, second) {
        (ScopeForm::Empty, "", None) | (ScopeForm::EmptyOrProvider, "", None) => true,
        (ScopeForm::Empty, _, _) => return Err(IdRule::ScopeForbidden),
        (_, "", None) => return Err(IdRule::ScopeMissing),
        (ScopeForm::Key, _, _) => true,
        (ScopeForm::View, _, second) => second != Some(""),
        (ScopeForm::AppAndGroup, first, second) => !first.is_empty() && second.is_some_and(|s| !s.is_empty()),
        (ScopeForm::EmptyOrProvider, first, second) => {
            first.is_empty() && second.is_some_and(|s| !s.is_empty())
        }
    };
    if !form_holds {
        return Err(IdRule::ScopeForm);
    }
    let first = normalise_part(first);
    Ok(match second {
        Some(second) => format!("{first}@{}", normalise_part(second)),
        None => first,
    })
}
