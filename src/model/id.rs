//! An identifier: kind, scope and value, in the key form everything compares and orders by.
//!
//! # Invariants
//!   I1 `text` is the key form `kind:scope:value`; equality, order and hash are those of its bytes.
//!   I2 an `Id` has passed every check of design section 1 (placeholders: those of the policy it was built
//!      with).
//!   I3 Debug never shows the value.

use std::borrow::Cow;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;
use std::sync::{Arc, LazyLock};

use crate::error::IdRule;
use crate::model::erased_debug::short_hash;
use crate::model::kind::{Class, Kind};
use crate::model::placeholder::Placeholders;
use crate::model::scope::{KindScope, normalise_part};

/// The list that ids are held against where none is given.
static DEFAULT_PLACEHOLDERS: LazyLock<Placeholders> = LazyLock::new(Placeholders::default);

/// Longest value, in bytes.
const VALUE_LEN_MAX: usize = 128;

/// An identifier issued by a platform or by the company itself: (kind, scope, value).
///
/// The same characters under another kind or scope are another id. Cheap to clone.
///
/// ```
/// use idweave::Id;
/// let id: Id = "openid:wx0123456789ABCDEF:oMwZmXj8OWfx0iSA_3TnoX74_AGw".parse()?;
/// assert_eq!(id.scope(), "wx0123456789abcdef"); // appids are not case-sensitive, openids are
/// assert!(!format!("{id:?}").contains("oMwZmX")); // values stay out of logs
/// # Ok::<(), idweave::error::IdRule>(())
/// ```
#[derive(Clone)]
pub struct Id {
    text: Arc<str>,
    kind: Kind,
    scope_at: u8,
    value_at: u8,
    /// The value as it was written, where the key form differs (plaintext userids and corpids).
    spelling: Option<Arc<str>>,
}

impl Id {
    /// Builds an id from its parts, refusing the default placeholders.
    ///
    /// # Errors
    /// The rule of design section 1 that was broken. Nothing is trimmed or repaired.
    pub fn new(kind: Kind, scope: &str, value: &str) -> Result<Id, IdRule> {
        Id::with_placeholders(kind, scope, value, &DEFAULT_PLACEHOLDERS)
    }

    /// Builds an id with a placeholder list of one's own; the graph it goes into must use the same list.
    ///
    /// # Errors
    /// As [`Id::new`].
    pub fn with_placeholders(
        kind: Kind,
        scope: &str,
        value: &str,
        placeholders: &Placeholders,
    ) -> Result<Id, IdRule> {
        let space = KindScope::new(kind, scope)?;
        check_value(space.kind(), value)?;
        if is_placeholder(space.kind(), value, placeholders) {
            return Err(IdRule::Placeholder);
        }
        Ok(Id::assemble(&space, value))
    }

    /// Builds an id in an already checked space, refusing the default placeholders.
    ///
    /// # Errors
    /// As [`Id::new`].
    pub fn in_space(space: &KindScope, value: &str) -> Result<Id, IdRule> {
        Id::new(space.kind().clone(), space.scope(), value)
    }

    /// Builds an id in an already checked space without looking for placeholders: for bytes that passed the
    /// door before, where checking the space again for every id would be most of the work.
    pub(crate) fn known_in_space(space: &KindScope, value: &str) -> Result<Id, IdRule> {
        check_value(space.kind(), value)?;
        Ok(Id::assemble(space, value))
    }

    /// The id of a key form in an already checked space, for bytes that passed the door before; `None` if it is none.
    pub(crate) fn of_key_form(space: &KindScope, text: &str) -> Option<Id> {
        let value = text.strip_prefix(space.as_str())?.strip_prefix(':')?;
        check_value(space.kind(), value).ok()?;
        let kind = space.kind().clone();
        let scope_at = u8::try_from(kind.name().len() + 1).ok()?;
        let value_at = u8::try_from(space.as_str().len() + 1).ok()?;
        Some(Id { text: text.into(), kind, scope_at, value_at, spelling: None })
    }

    /// Parses the text form with a placeholder list of one's own.
    ///
    /// # Errors
    /// As [`Id::new`].
    pub fn parse_with(text: &str, placeholders: &Placeholders) -> Result<Id, IdRule> {
        let mut parts = text.splitn(3, ':');
        let (Some(kind), Some(scope), Some(value)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(IdRule::Shape);
        };
        Id::with_placeholders(Kind::parse(kind)?, scope, value, placeholders)
    }

    fn assemble(space: &KindScope, value: &str) -> Id {
        let kind = space.kind().clone();
        let key = match kind {
            Kind::Userid if !space.scope().contains('@') => Cow::Owned(value.to_ascii_lowercase()),
            Kind::Corpid if space.scope().is_empty() => Cow::Owned(value.to_ascii_lowercase()),
            Kind::App => Cow::Owned(normalise_part(value)),
            _ => Cow::Borrowed(value),
        };
        let keeps_spelling = matches!(kind, Kind::Userid | Kind::Corpid) && key != value;
        let text: Arc<str> = [space.as_str(), ":", &key].concat().into();
        // I2: a kind's name is at most 39 bytes and a scope at most 128.
        let scope_at = u8::try_from(kind.name().len() + 1).unwrap_or(u8::MAX);
        let value_at = u8::try_from(space.as_str().len() + 1).unwrap_or(u8::MAX);
        Id { text, kind, scope_at, value_at, spelling: keeps_spelling.then(|| value.into()) }
    }

    /// The kind.
    pub fn kind(&self) -> &Kind {
        &self.kind
    }

    /// The class of the kind.
    pub fn class(&self) -> Class {
        self.kind.class()
    }

    /// The scope in key form; empty for corps and apps.
    pub fn scope(&self) -> &str {
        self.text.get(usize::from(self.scope_at)..usize::from(self.value_at) - 1).unwrap_or_default()
    }

    /// The value in key form.
    pub fn value(&self) -> &str {
        self.text.get(usize::from(self.value_at)..).unwrap_or_default()
    }

    /// The value as it was first written: differs from [`Id::value`] for plaintext userids and corpids.
    pub fn spelling(&self) -> &str {
        self.spelling.as_deref().unwrap_or_else(|| self.value())
    }

    /// The whole key form, `kind:scope:value`.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Kind and scope as text, `kind:scope`.
    pub fn space(&self) -> &str {
        self.text.get(..usize::from(self.value_at) - 1).unwrap_or_default()
    }

    /// Kind and scope.
    pub fn kind_scope(&self) -> Result<KindScope, IdRule> {
        KindScope::new(self.kind.clone(), self.scope())
    }

    /// The same value under another scope of the same kind, spelling kept.
    pub(crate) fn with_scope(&self, scope: &str) -> Result<Id, IdRule> {
        Id::with_placeholders(self.kind.clone(), scope, self.spelling(), &Placeholders::none())
    }

    /// The same id as somebody else spelt it; `None` if that spells another.
    pub(crate) fn spelt(&self, spelling: &str) -> Option<Id> {
        let spelt = Id::with_placeholders(self.kind.clone(), self.scope(), spelling, &Placeholders::none());
        spelt.ok().filter(|spelt| spelt == self)
    }

    /// Whether the value is a placeholder by `placeholders`.
    pub fn is_placeholder(&self, placeholders: &Placeholders) -> bool {
        is_placeholder(&self.kind, self.value(), placeholders)
    }
}

fn is_placeholder(kind: &Kind, value: &str, placeholders: &Placeholders) -> bool {
    matches!(kind.class(), Class::Account | Class::Chat) && placeholders.holds(value)
}

fn check_value(kind: &Kind, value: &str) -> Result<(), IdRule> {
    if value.is_empty() {
        return Err(IdRule::ValueEmpty);
    }
    if value.len() > VALUE_LEN_MAX {
        return Err(IdRule::ValueTooLong);
    }
    // What platforms issue needs no look at characters. All bytes at once: there is hardly ever another one.
    if !value.bytes().fold(true, |all, byte| all & byte.is_ascii_graphic()) {
        if value.chars().any(char::is_control) {
            return Err(IdRule::ValueControl);
        }
        if value.starts_with(char::is_whitespace) || value.ends_with(char::is_whitespace) {
            return Err(IdRule::ValueWhiteSpace);
        }
    }
    let is_hash = |b: u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
    if *kind == Kind::Phone && (value.len() != 64 || !value.bytes().all(is_hash)) {
        return Err(IdRule::PhoneNotHashed);
    }
    Ok(())
}

impl FromStr for Id {
    type Err = IdRule;

    fn from_str(text: &str) -> Result<Id, IdRule> {
        Id::parse_with(text, &DEFAULT_PLACEHOLDERS)
    }
}

impl PartialEq for Id {
    fn eq(&self, other: &Id) -> bool {
        self.text == other.text
    }
}

impl Eq for Id {}

impl PartialOrd for Id {
    fn partial_cmp(&self, other: &Id) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Id {
    fn cmp(&self, other: &Id) -> std::cmp::Ordering {
        self.text.as_bytes().cmp(other.text.as_bytes())
    }
}

impl Hash for Id {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:#{}", self.space(), short_hash(&self.text))
    }
}
