//! What of a graph is told in clear, and what as a keyed hash.
//!
//! Keyed, a value is the first 128 bits of HMAC-SHA-256 under the operator's key over what it is (`idweave.id`,
//! `idweave.event`, ...), a zero byte and its parts, zero bytes between them, in hex. So the same id is the same text in
//! every export with that key, and the hash of an id says nothing about an event with the same characters.
//!
//! In clear even then: kinds, classes, times, numbers, counts, sources but for the names of operators, ids of apps and
//! corps (public), and scopes, which are made of those and of names that the company chose for its accounts. The scope of
//! a `group_openid` holds a chat, and that of a custom kind whatever was put there: a keyed hash stands for those.

use std::borrow::Cow;
use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::error::{Error, Result};
use crate::model::{Id, Kind};

/// Bytes that a key has at least and at most.
const KEY_LEN: std::ops::RangeInclusive<usize> = 16..=4096;
/// Bytes of a hash that are told.
const TOLD: usize = 16;
/// Sources of this family are named for people.
const OPERATOR: &str = "operator.";
/// A platform's number for a way of adding has no more digits.
const WAY_DIGITS_MAX: usize = 4;

/// A key that is too short to be secret, or longer than any is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the key of a keyed export has 16 to 4096 bytes")]
pub struct KeyLength;

/// The operator's key of keyed exports. Debug shows nothing of it.
#[derive(Clone)]
pub struct PrivacyKey(Zeroizing<Vec<u8>>);

impl PrivacyKey {
    /// A key of 16 to 4096 bytes, made at random and kept secret: who has it can try out whether an id is in an export.
    ///
    /// # Errors
    /// It has another length.
    pub fn new(bytes: &[u8]) -> Result<PrivacyKey, KeyLength> {
        let key = PrivacyKey(Zeroizing::new(bytes.to_vec()));
        if KEY_LEN.contains(&bytes.len()) { Ok(key) } else { Err(KeyLength) }
    }

    fn hash(&self, what: &str, parts: &[&str]) -> Result<String> {
        let mac = Hmac::<Sha256>::new_from_slice(&self.0);
        let mut mac = mac.map_err(|_| Error::Internal { what: "HMAC takes keys of any length" })?;
        mac.update(what.as_bytes());
        for part in parts {
            mac.update(&[0]);
            mac.update(part.as_bytes());
        }
        let bytes = mac.finalize().into_bytes();
        Ok(bytes.iter().take(TOLD).fold(String::with_capacity(2 * TOLD), |mut text, byte| {
            for nibble in [byte >> 4, byte & 15] {
                text.extend(char::from_digit(u32::from(nibble), 16));
            }
            text
        }))
    }
}

impl fmt::Debug for PrivacyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivacyKey")
    }
}

/// How ids are told.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub enum Privacy {
    /// As they are.
    #[default]
    Plain,
    /// As hashes under a key: exports with the same key can be joined, and nobody without it can tell an id.
    Keyed(PrivacyKey),
}

impl Privacy {
    /// Its name in the summary.
    pub(in crate::export) fn name(&self) -> &'static str {
        match self {
            Privacy::Plain => "plain",
            Privacy::Keyed(_) => "keyed",
        }
    }

    pub(in crate::export) fn is_keyed(&self) -> bool {
        matches!(self, Privacy::Keyed(_))
    }

    /// What tells whether two exports can be joined, and nothing of the key.
    pub(in crate::export) fn key_check(&self) -> Result<Option<String>> {
        match self {
            Privacy::Plain => Ok(None),
            Privacy::Keyed(key) => key.hash("idweave.check", &[]).map(Some),
        }
    }

    /// The value of an id.
    pub(in crate::export) fn value<'i>(&self, id: &'i Id) -> Result<Cow<'i, str>> {
        match self {
            Privacy::Keyed(key) if !is_public(id.kind()) => {
                key.hash("idweave.id", &[id.kind().name(), id.scope(), id.value()]).map(Cow::Owned)
            }
            _ => Ok(Cow::Borrowed(id.value())),
        }
    }

    /// The scope of an id, or of a kind and scope.
    pub(in crate::export) fn scope<'i>(&self, kind: &Kind, scope: &'i str) -> Result<Cow<'i, str>> {
        let Privacy::Keyed(key) = self else { return Ok(Cow::Borrowed(scope)) };
        Ok(match kind {
            Kind::GroupOpenid => {
                // As the chat's own id is told.
                let (app, chat) = scope.split_once('@').unwrap_or((scope, ""));
                let chat = key.hash("idweave.id", &[Kind::Opengid.name(), app, chat])?;
                Cow::Owned(format!("{app}@{chat}"))
            }
            Kind::Custom(_) => Cow::Owned(key.hash("idweave.scope", &[kind.name(), scope])?),
            _ => Cow::Borrowed(scope),
        })
    }

    /// The name of a source.
    pub(in crate::export) fn source<'t>(&self, source: &'t str) -> Result<Cow<'t, str>> {
        Ok(match (self, source.strip_prefix(OPERATOR)) {
            (Privacy::Keyed(key), Some(name)) => {
                Cow::Owned(format!("{OPERATOR}{}", key.hash("idweave.operator", &[name])?))
            }
            _ => Cow::Borrowed(source),
        })
    }

    /// A text of a column that may hold anything.
    pub(in crate::export) fn text<'t>(&self, what: FreeText, text: &'t str) -> Result<Cow<'t, str>> {
        match self {
            Privacy::Plain => Ok(Cow::Borrowed(text)),
            Privacy::Keyed(key) => key.hash(what.name(), &[text]).map(Cow::Owned),
        }
    }

    /// The same of a text that may be missing.
    pub(in crate::export) fn some_text<'t>(
        &self,
        what: FreeText,
        text: Option<&'t str>,
    ) -> Result<Option<Cow<'t, str>>> {
        text.map(|text| self.text(what, text)).transpose()
    }

    /// The way by which a contact was added: the platform's number for it.
    pub(in crate::export) fn way<'t>(&self, way: &'t str) -> Result<Cow<'t, str>> {
        let is_number = way.len() <= WAY_DIGITS_MAX && way.bytes().all(|byte| byte.is_ascii_digit());
        if is_number { Ok(Cow::Borrowed(way)) } else { self.text(FreeText::Way, way) }
    }
}

/// Texts that may hold anything, an id too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::export) enum FreeText {
    Batch,
    Event,
    State,
    Way,
}

impl FreeText {
    /// What its hashes are made with.
    fn name(self) -> &'static str {
        match self {
            FreeText::Batch => "idweave.batch",
            FreeText::Event => "idweave.event",
            FreeText::State => "idweave.state",
            FreeText::Way => "idweave.way",
        }
    }
}

/// Whether ids of a kind name nobody.
fn is_public(kind: &Kind) -> bool {
    matches!(kind, Kind::App | Kind::Corpid)
}

/// Attributes of relations that are private: they are left out unless they are asked for.
const PRIVATE: [&str; 12] = [
    "alias",
    "avatar",
    "description",
    "email",
    "gender",
    "mobile",
    "name",
    "nickname",
    "phone",
    "remark",
    "remark_corp_name",
    "remark_mobiles",
];

/// Whether an attribute of a relation is private.
pub(in crate::export) fn is_private(attribute: &str) -> bool {
    PRIVATE.contains(&attribute)
}
