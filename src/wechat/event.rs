//! Decrypted callback events, XML or JSON, as one flat set of fields.
//!
//! # Invariants
//!   E1 names are compared trimmed and without case: published samples spell one field `OpenID`, `openid`
//!      and with leading spaces (wechat reference 6.10). Two fields that become one are refused where read.
//!   E2 a JSON integer is read as its digits: the same event comes as XML too, which has only text.
//!   E3 texts of an object inside are fields too, named `outer.inner`: shop events keep the order's number there
//!      (wechat reference 18). Nothing deeper is kept.

use std::collections::BTreeMap;

use zeroize::Zeroizing;

use crate::error::AnswerError;
use crate::model::{Id, KindScope, Time};
use crate::wechat::json::{Json, new_id, unix_seconds_text};
use crate::wechat::xml;

/// A field of an event.
enum Field {
    Text(Zeroizing<String>),
    /// It has parts of its own, or is no text.
    Other,
    Repeated,
}

impl Field {
    fn of(value: &Json) -> Field {
        match value {
            Json::Text(text) => Field::Text(Zeroizing::new(text.to_string())),
            Json::Int(value) => Field::Text(Zeroizing::new(value.to_string())),
            _ => Field::Other,
        }
    }
}

/// A decrypted event.
pub(crate) struct Event {
    fields: BTreeMap<String, Field>,
}

impl Event {
    /// Reads the body of a decrypted event, XML or JSON by its first character.
    pub(crate) fn parse(body: &[u8]) -> Result<Event, AnswerError> {
        let event = Event::read(body, Json::parse)?;
        if event.is_sealed() {
            return Err(AnswerError::Malformed("a decrypted event"));
        }
        Ok(event)
    }

    /// As [`Event::parse`], with the secrets of a JSON body, and also where it is an envelope that is still to be
    /// decrypted.
    #[cfg(feature = "sync")]
    pub(crate) fn parse_any(body: &[u8]) -> Result<Event, AnswerError> {
        Event::read(body, Json::parse_with_secrets)
    }

    fn read(body: &[u8], json: fn(&[u8]) -> Result<Json, AnswerError>) -> Result<Event, AnswerError> {
        let mut event = Event { fields: BTreeMap::new() };
        match body.iter().find(|byte| !byte.is_ascii_whitespace()) {
            Some(b'<') => {
                for child in xml::children(body)? {
                    event.add(
                        &child.name,
                        child.text.map_or(Field::Other, |text| Field::Text(Zeroizing::new(text))),
                    );
                }
            }
            _ => {
                for (name, value) in json(body)?.object("the event")?.fields() {
                    event.add(name, Field::of(value));
                    let inner = value.object("an object").ok();
                    for (inner, value) in inner.into_iter().flat_map(|object| object.fields()) {
                        event.add(&format!("{}.{}", name.trim(), inner.trim()), Field::of(value));
                    }
                }
            }
        }
        Ok(event)
    }

    /// Whether it is an envelope: what it says is in its field `Encrypt`.
    pub(crate) fn is_sealed(&self) -> bool {
        self.fields.contains_key("encrypt")
    }

    fn add(&mut self, name: &str, field: Field) {
        let name = name.trim().to_ascii_lowercase();
        let field = if self.fields.contains_key(&name) { Field::Repeated } else { field };
        self.fields.insert(name, field);
    }

    /// Every text, by its name in lower case.
    #[cfg(feature = "sync")]
    pub(crate) fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields.iter().filter_map(|(name, field)| match field {
            Field::Text(text) => Some((name.as_str(), text.as_str())),
            Field::Other | Field::Repeated => None,
        })
    }

    /// A text; absent or empty is nothing.
    pub(crate) fn text(&self, field: &'static str) -> Result<Option<&str>, AnswerError> {
        match self.fields.get(&field.to_ascii_lowercase()) {
            None => Ok(None),
            Some(Field::Text(text)) => Ok(Some(text.as_str()).filter(|text| !text.is_empty())),
            Some(Field::Other) => Err(AnswerError::WrongType { field, expected: "a text" }),
            Some(Field::Repeated) => Err(AnswerError::WrongType { field, expected: "given once" }),
        }
    }

    /// The first of two names of one thing that is there.
    pub(crate) fn either(&self, a: &'static str, b: &'static str) -> Result<Option<&str>, AnswerError> {
        Ok(match self.text(a)? {
            Some(text) => Some(text),
            None => self.text(b)?,
        })
    }

    /// An id that must be there.
    pub(crate) fn id(&self, field: &'static str, space: &KindScope) -> Result<Id, AnswerError> {
        new_id(space, field, self.text(field)?.ok_or(AnswerError::Missing(field))?)
    }

    /// An id; absent or empty is nothing.
    pub(crate) fn id_if_given(
        &self,
        field: &'static str,
        space: &KindScope,
    ) -> Result<Option<Id>, AnswerError> {
        self.text(field)?.map(|value| new_id(space, field, value)).transpose()
    }

    /// The platform's time of the event: `CreateTime`, or `TimeStamp` at a provider's command URL.
    pub(crate) fn time(&self) -> Result<Option<Time>, AnswerError> {
        for field in ["CreateTime", "TimeStamp"] {
            if let Some(digits) = self.text(field)? {
                return unix_seconds_text(field, digits).map(Some);
            }
        }
        Ok(None)
    }
}
