//! One JSON object of a line as its keys and values, each still a slice of the line, so that an error can
//! name the column.
//!
//! # Invariants
//!   O1 keys and values are syntactically valid JSON; a key is a string.
//!   O2 nothing here recurses or reserves by a size it was told: values are skipped, not built.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::error::{Error, ParseRule, Result};

/// Room for the fields of most facts.
const MEMBER_COUNT_USUAL: usize = 8;

/// A line and its number, for errors.
#[derive(Clone, Copy)]
pub(super) struct Line<'a> {
    pub(super) text: &'a str,
    pub(super) number: u64,
}

/// One key of an object and its value, as slices of the line.
pub(super) struct Member<'a> {
    /// The key, its escapes resolved.
    pub(super) key: Cow<'a, str>,
    /// The key where it stands in the line.
    pub(super) key_at: &'a str,
    /// The value where it stands in the line.
    pub(super) value: &'a str,
}

impl<'a> Line<'a> {
    /// An error at a slice of this line.
    pub(super) fn error(&self, place: &str, rule: ParseRule) -> Error {
        let column = place.as_ptr().addr().saturating_sub(self.text.as_ptr().addr());
        self.error_at(column, rule)
    }

    /// An error at a byte offset.
    pub(super) fn error_at(&self, offset: usize, rule: ParseRule) -> Error {
        Error::Parse { line: self.number, column: offset as u64 + 1, rule }
    }

    /// What serde_json says about `place`, with its column moved to where `place` stands. Its own texts
    /// about syntax are fixed words; those about wrong types quote the input and are not passed on.
    fn syntax(&self, place: &str, error: &serde_json::Error) -> Error {
        let start = place.as_ptr().addr().saturating_sub(self.text.as_ptr().addr());
        let what = if error.is_syntax() || error.is_eof() {
            let text = error.to_string();
            text.split(" at line ").next().unwrap_or_default().to_owned()
        } else {
            "unexpected value".to_owned()
        };
        self.error_at(start + error.column().saturating_sub(1), ParseRule::Json(what))
    }

    /// The members of the object at `place`, in the order of the line.
    ///
    /// # Errors
    /// Anything but one well-formed object.
    pub(super) fn members(&self, place: &'a str) -> Result<Vec<Member<'a>>> {
        let raw: RawMembers<'a> = serde_json::from_str(place).map_err(|e| self.syntax(place, &e))?;
        let mut members = Vec::with_capacity(raw.0.len());
        for (key, value) in raw.0 {
            let key_at = key.get();
            let key = self.string(key_at)?.unwrap_or_default();
            members.push(Member { key, key_at, value: value.get() });
        }
        Ok(members)
    }

    /// The elements of the list at `place`; `None` if it is something else.
    pub(super) fn elements(&self, place: &'a str) -> Result<Option<Vec<&'a str>>> {
        if !place.starts_with('[') {
            return Ok(None);
        }
        let raw: Vec<&'a RawValue> = serde_json::from_str(place).map_err(|e| self.syntax(place, &e))?;
        Ok(Some(raw.into_iter().map(RawValue::get).collect()))
    }

    /// The string at `place`; `None` if it is something else.
    pub(super) fn string(&self, place: &'a str) -> Result<Option<Cow<'a, str>>> {
        let Some(inner) = place.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
            return Ok(None);
        };
        if !inner.contains('\\') {
            return Ok(Some(Cow::Borrowed(inner)));
        }
        let text: String = serde_json::from_str(place).map_err(|e| self.syntax(place, &e))?;
        Ok(Some(Cow::Owned(text)))
    }
}

struct RawMembers<'a>(Vec<(&'a RawValue, &'a RawValue)>);

impl<'de> Deserialize<'de> for RawMembers<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<RawMembers<'de>, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = RawMembers<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<RawMembers<'de>, A::Error> {
                let mut members = Vec::with_capacity(MEMBER_COUNT_USUAL);
                while let Some(member) = map.next_entry::<&RawValue, &RawValue>()? {
                    members.push(member);
                }
                Ok(RawMembers(members))
            }
        }
        deserializer.deserialize_map(Members)
    }
}
